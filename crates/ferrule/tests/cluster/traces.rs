//! The spans of one whole flow, as a collector gets them.

use ferrule_testkit::{Authority, Postgres, wait_until};

use crate::api::TRACE_ID;
use crate::collector::{Collector, Span};
use crate::search::find;
use crate::service::{SOON, Service};
use crate::vendors::{acme_at, by_handshake};
use crate::world::{ORGANIZATION, USER, World};

/// What a caller's `traceparent` says of its own span.
const CALLERS_SPAN: &str = "b7ad6b7169203331";

/// Logs in, connects, calls through the instance, and waits for a refresh. The spans, and every secret of it.
fn one_flow(endpoint: &str, authority: &str) -> Vec<String> {
    let world = World::of(1, Postgres::shared().fresh_database())
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .with("OTEL_EXPORTER_OTLP_CERTIFICATE", authority)
        .with("FERRULE_LOG", "trace");
    let api = world.vendor.url("/api");
    let acme = format!(
        "{}\n[api]\nbase_url = \"{api}\"\nauthorization = \"Bearer {{access_token}}\"\n",
        acme_at(&world.vendor)
    );
    let mut world = world.with_connector("acme", &acme).up();
    world.vendor.behave(|behaviour| behaviour.access_ttl = 2);

    let handshake = world.logged_in(0, 0, "acme");
    let instance = world.api(0).created(&by_handshake("acme", &handshake));
    let call = world.api(0).through(&instance).get("/hubs/crm/me?token=canary");
    assert_eq!(call.status, 200, "{}", call.text());
    wait_until("the tokens were refreshed", SOON, || {
        world.vendor.refreshes().iter().any(|one| one.answered.is_some())
    });

    let mut secrets = world.vendor.secrets();
    let asked = world.vendor.requests_to("/token");
    secrets.extend(
        ["code", "code_verifier", "client_secret", "refresh_token"]
            .iter()
            .flat_map(|name| asked.iter().filter_map(|request| request.parameter(name))),
    );
    secrets.extend([USER, ORGANIZATION, "canary"].map(str::to_owned));
    secrets.extend([handshake, world.master_keys.clone()]);
    secrets.push(instance["token"].as_str().unwrap().to_owned());
    world.services().for_each(Service::terminate);
    world.services().for_each(Service::ends_well);
    secrets
}

fn assert_has(spans: &[Span], path: &[&str], attributes: &[(&str, &str)]) -> Span {
    let found = spans.iter().find(|span| {
        span.path(spans) == path
            && attributes
                .iter()
                .all(|(name, value)| span.attribute(name).as_deref() == Some(value))
    });
    let all = || spans.iter().map(|span| span.path(spans)).collect::<Vec<_>>();
    found
        .unwrap_or_else(|| panic!("{path:?} with {attributes:?} is not in {:#?}", all()))
        .clone()
}

#[test]
fn security_44_one_trace_from_the_caller_to_stores_and_vendor_and_no_secret_in_it() {
    let collector = Collector::start(None);
    let secrets = one_flow(&collector.endpoint(), "");
    let spans = collector.spans();

    let create = ["gateway POST /elements/api-v2/instances"];
    let root = assert_has(
        &spans,
        &create,
        &[
            ("http.request.method", "POST"),
            ("http.route", "/elements/api-v2/instances"),
            ("http.response.status_code", "200"),
        ],
    );
    assert_eq!(
        (root.trace.as_str(), root.parent.as_str()),
        (TRACE_ID, CALLERS_SPAN)
    );
    let to_registry = [
        &create[..],
        &["gateway ferrule.v1.InstanceRegistry/CreateInstance"],
    ]
    .concat();
    let registry = [
        &to_registry[..],
        &["instance-registry ferrule.v1.InstanceRegistry/CreateInstance"],
    ]
    .concat();
    let broker = [
        &registry[..],
        &[
            "instance-registry ferrule.v1.OauthBroker/Exchange",
            "oauth-broker ferrule.v1.OauthBroker/Exchange",
        ],
    ]
    .concat();
    let ok = ("rpc.grpc.status_code", "0");
    assert_has(&spans, &to_registry, &[("rpc.system", "grpc"), ok]);
    assert_has(&spans, &registry, &[("rpc.method", "CreateInstance"), ok]);
    assert_has(&spans, &broker, &[("rpc.service", "ferrule.v1.OauthBroker"), ok]);
    for (above, name, attributes) in [
        (
            &registry,
            "instance-registry sql",
            &[("db.system.name", "postgresql"), ("db.operation.name", "INSERT")][..],
        ),
        (
            &registry,
            "instance-registry sql",
            &[("db.operation.name", "COMMIT")],
        ),
        (
            &broker,
            "oauth-broker COMPARE_AND_SET",
            &[("db.system.name", "redis")],
        ),
        (
            &broker,
            "oauth-broker POST",
            &[
                ("server.address", "127.0.0.1"),
                ("http.response.status_code", "200"),
            ],
        ),
    ] {
        let found = assert_has(&spans, &[above, &[name][..]].concat(), attributes);
        assert_eq!(found.trace, TRACE_ID);
    }

    let call = ["gateway GET /elements/api-v2/hubs/{hub}/{*path}", "gateway GET"];
    assert_has(
        &spans,
        &call,
        &[
            ("server.address", "127.0.0.1"),
            ("http.response.status_code", "200"),
        ],
    );
    let refresh = [
        "instance-registry ferrule.v1.OauthBroker/Refresh",
        "oauth-broker ferrule.v1.OauthBroker/Refresh",
        "oauth-broker POST",
    ];
    assert_has(&spans, &refresh, &[("http.response.status_code", "200")]);

    for span in &spans {
        assert_eq!(find(&span.text, &secrets), None, "in {}", span.text);
    }
}

#[test]
fn a_collector_is_asked_by_tls_and_believed_by_its_authority_alone() {
    let authority = Authority::new();
    let collector = Collector::start(Some(&authority.certify("127.0.0.1")));
    one_flow(&collector.endpoint(), &authority.file().display().to_string());
    assert!(!collector.spans().is_empty());

    let collector = Collector::start(Some(&authority.certify("127.0.0.1")));
    one_flow(
        &collector.endpoint(),
        &Authority::new().file().display().to_string(),
    );
    assert!(collector.spans().is_empty());
}
