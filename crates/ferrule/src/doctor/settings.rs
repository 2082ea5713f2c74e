//! Every setting that the program could not use, not only the first.

use ferrule_gateway as gateway;
use ferrule_instance_registry as registry;
use ferrule_oauth_broker as broker;
use ferrule_service::settings::{Layers, SettingsError, VARIABLES};

use super::report::Finding;

const ADDRESSES: &[&str] = &["FERRULE_LISTEN", "FERRULE_GRPC_LISTEN", "FERRULE_ADMIN_LISTEN"];
const FLAGS: &[&str] = &[
    "FERRULE_ANONYMOUS_CATALOGUE",
    "FERRULE_ALLOW_PRIVATE_NETWORKS",
    "FERRULE_SANDBOX",
    "FERRULE_GRPC_REFLECTION",
];
const URLS: &[&str] = &["FERRULE_PUBLIC_URL"];
const GRPC_URLS: &[&str] = &["FERRULE_BROKER_URL", "FERRULE_REGISTRY_URL"];
const NETWORKS: &[&str] = &["FERRULE_TRUSTED_PROXIES"];
const LIMITS: &[&str] = &[
    "FERRULE_LIMIT_ORGANIZATION_RATE",
    "FERRULE_LIMIT_ORGANIZATION_CONCURRENCY",
    "FERRULE_LIMIT_INSTANCE_RATE",
    "FERRULE_LIMIT_INSTANCE_CONCURRENCY",
];

/// What each service of its own cannot start without.
fn needed(program: &str) -> &'static [&'static str] {
    match program {
        "gateway" => &[
            "FERRULE_LISTEN",
            "FERRULE_PUBLIC_URL",
            "FERRULE_BROKER_URL",
            "FERRULE_REGISTRY_URL",
        ],
        "oauth-broker" => &[
            "FERRULE_GRPC_LISTEN",
            "FERRULE_PUBLIC_URL",
            "FERRULE_REDIS_URL",
            "FERRULE_MASTER_KEYS",
        ],
        "instance-registry" => &[
            "FERRULE_GRPC_LISTEN",
            "FERRULE_BROKER_URL",
            "FERRULE_DATABASE_URL",
            "FERRULE_MASTER_KEYS",
        ],
        _ => &[],
    }
}

/// One finding a setting that is wrong; one in all where none is.
pub(super) fn look(program: &str, layers: &Layers) -> Vec<Finding> {
    let mut problems = Problems(Vec::new());
    let read_here = |name: &&str| {
        let variable = VARIABLES.iter().find(|variable| variable.name == *name);
        variable.is_some_and(|variable| variable.used_by.contains(&program))
    };
    for name in needed(program) {
        problems.note(layers.required(name, Layers::secret));
    }
    for name in ADDRESSES.iter().filter(|name| read_here(name)) {
        problems.note(layers.address(name));
    }
    for name in FLAGS.iter().filter(|name| read_here(name)) {
        problems.note(layers.flag(name));
    }
    for name in URLS.iter().filter(|name| read_here(name)) {
        problems.note(layers.url(name));
    }
    for name in GRPC_URLS.iter().filter(|name| read_here(name)) {
        problems.note(layers.grpc_urls(name));
    }
    for name in NETWORKS.iter().filter(|name| read_here(name)) {
        problems.note(layers.networks(name));
    }
    for name in LIMITS.iter().filter(|name| read_here(name)) {
        problems.note(layers.number(name, 1..=u64::from(u32::MAX)));
    }
    problems.note(layers.grpc_tls_files());
    if program != "gateway" {
        problems.note(registry::peers(layers));
    }
    // What only their readers know of the rest: each stops at its first problem.
    if matches!(program, "ferrule" | "gateway") {
        problems.note(gateway::Settings::from_layers(layers));
    }
    if matches!(program, "ferrule" | "oauth-broker") {
        problems.note(broker::Settings::from_layers(layers));
    }
    if matches!(program, "ferrule" | "instance-registry") {
        problems.note(registry::RefreshSettings::from_layers(layers));
        problems.note(registry::Bootstrap::from_layers(layers));
    }
    match program {
        "gateway" => problems.note(gateway::ProcessSettings::from_layers(layers)),
        "oauth-broker" => problems.note(broker::ProcessSettings::from_layers(layers)),
        "instance-registry" => problems.note(registry::Settings::from_layers(layers)),
        _ => {}
    }
    problems.findings(layers)
}

struct Problems(Vec<String>);

impl Problems {
    fn note<T>(&mut self, read: Result<T, SettingsError>) {
        let Err(problem) = read else { return };
        let problem = problem.to_string();
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    fn findings(self, layers: &Layers) -> Vec<Finding> {
        let mut findings: Vec<_> = self
            .0
            .into_iter()
            .map(|problem| Finding::wrong("settings", problem, "see --print-config for where it came from"))
            .collect();
        if findings.is_empty() {
            findings.push(Finding::ok("settings", "every one can be used"));
        }
        for name in layers.unknown() {
            let what = format!("{name} is no setting of Ferrule and is ignored");
            findings.push(Finding::warn("settings", what, "look for it in --help"));
        }
        findings
    }
}
