//! Ferrule itself, in one process or in three.

use std::path::Path;

use ferrule_testkit::{Process, free_port};

/// The key of the connector whose API is the upstream.
pub const CONNECTOR: &str = "bench";

pub const USER: &str = "user-secret-of-the-bench-7Yc2mQ4w";
pub const ORGANIZATION: &str = "organization-secret-of-the-bench";

/// Running; all of it ends on drop.
pub struct Product {
    processes: Vec<Process>,
    /// Where its API is.
    pub url: String,
}

/// What it stands on.
pub struct Ground<'a> {
    pub programs: &'a Path,
    pub connectors: &'a Path,
    pub redis: &'a str,
}

impl Product {
    /// All in one process, its instances in SQLite, its handshakes in Redis.
    ///
    /// `collector`: where its spans go, if anywhere.
    pub fn in_one(ground: &Ground<'_>, state: &Path, collector: Option<&str>) -> Self {
        let (listen, admin) = (address(), address());
        let state = state.display().to_string();
        let own = [
            ("FERRULE_LISTEN", listen.as_str()),
            ("FERRULE_ADMIN_LISTEN", &admin),
            ("FERRULE_DATA_DIR", &state),
            ("FERRULE_REDIS_URL", ground.redis),
            ("FERRULE_SANDBOX", "false"),
        ];
        let collector = collector.map(|url| ("OTEL_EXPORTER_OTLP_ENDPOINT", url));
        let own: Vec<_> = own.into_iter().chain(collector).collect();
        let process = spawn(ground, "ferrule", &own, &admin);
        Self {
            processes: vec![process],
            url: api(&listen),
        }
    }

    /// Gateway, registry and broker, over PostgreSQL and Redis.
    pub fn in_three(ground: &Ground<'_>, database: &str) -> Self {
        let (listen, broker, registry) = (address(), address(), address());
        let public = format!("http://{listen}");
        let (broker_url, registry_url) = (format!("http://{broker}"), format!("http://{registry}"));
        // Any 32 bytes.
        let ring = format!("bench:{}=", "A".repeat(43));
        let admins = [address(), address(), address()];
        let services: [(&str, &[(&str, &str)]); 3] = [
            (
                "oauth-broker",
                &[
                    ("FERRULE_GRPC_LISTEN", &broker),
                    ("FERRULE_ADMIN_LISTEN", &admins[0]),
                    ("FERRULE_PUBLIC_URL", &public),
                    ("FERRULE_REDIS_URL", ground.redis),
                    ("FERRULE_MASTER_KEYS", &ring),
                ],
            ),
            (
                "instance-registry",
                &[
                    ("FERRULE_GRPC_LISTEN", &registry),
                    ("FERRULE_ADMIN_LISTEN", &admins[1]),
                    ("FERRULE_BROKER_URL", &broker_url),
                    ("FERRULE_DATABASE_URL", database),
                    ("FERRULE_MASTER_KEYS", &ring),
                ],
            ),
            (
                "gateway",
                &[
                    ("FERRULE_LISTEN", &listen),
                    ("FERRULE_ADMIN_LISTEN", &admins[2]),
                    ("FERRULE_PUBLIC_URL", &public),
                    ("FERRULE_BROKER_URL", &broker_url),
                    ("FERRULE_REGISTRY_URL", &registry_url),
                ],
            ),
        ];
        let processes = services
            .iter()
            .zip(&admins)
            .map(|((name, own), admin)| spawn(ground, name, own, admin))
            .collect();
        Self {
            processes,
            url: api(&listen),
        }
    }

    pub fn ids(&self) -> Vec<u32> {
        self.processes.iter().map(Process::id).collect()
    }
}

/// The header of a call that needs no instance.
pub fn platform() -> String {
    format!("User {USER}, Organization {ORGANIZATION}")
}

/// A connector whose token endpoint and API are on this machine.
pub fn connector(token_url: &str, upstream: &str) -> String {
    format!(
        r#"key = "{CONNECTOR}"
name = "Bench"
hub = "bench"

[auth]
kind = "oauth2"
authorization_url = "https://vendor.example.com/authorize"
token_url = "{token_url}"
scopes = ["items"]
refresh = "rotating"

[api]
base_url = "http://{upstream}/base"
headers = {{ Accept = "application/json" }}
authorization = "Bearer {{access_token}}"

[[resources]]
path = "/items/{{id}}"
vendor_path = "/v2/items/{{id}}"
methods = ["GET"]
"#
    )
}

fn spawn(ground: &Ground<'_>, name: &str, own: &[(&str, &str)], admin: &str) -> Process {
    let connectors = ground.connectors.display().to_string();
    let mut environment = vec![
        ("FERRULE_CONNECTORS_DIR", connectors.as_str()),
        ("FERRULE_ALLOW_PRIVATE_NETWORKS", "true"),
        ("FERRULE_BOOTSTRAP_USER_SECRET", USER),
        ("FERRULE_BOOTSTRAP_ORG_SECRET", ORGANIZATION),
    ];
    environment.extend(own);
    let mut process = Process::spawn(&ground.programs.join(name), &environment);
    let ready = if name == "gateway" || name == "ferrule" {
        "readyz"
    } else {
        "healthz"
    };
    process.wait_until_ready(&format!("http://{admin}/{ready}"));
    process
}

fn api(listen: &str) -> String {
    format!("http://{listen}/elements/api-v2")
}

pub fn address() -> String {
    format!("127.0.0.1:{}", free_port())
}
