//! The gRPC addresses of the services that this one calls.

use std::time::Duration;

use ferrule_service::settings::Layers;
use ferrule_wire::Tls;

use super::report::Finding;

/// How long one may take to answer.
const LIMIT: Duration = Duration::from_secs(5);

/// A finding for each address; what cannot be read is told with the settings.
pub(super) async fn look(program: &str, layers: &Layers) -> Vec<Finding> {
    let called: &[(&'static str, &str)] = match program {
        "gateway" => &[
            ("oauth-broker", "FERRULE_BROKER_URL"),
            ("instance-registry", "FERRULE_REGISTRY_URL"),
        ],
        _ => &[("oauth-broker", "FERRULE_BROKER_URL")],
    };
    let Ok(files) = layers.grpc_tls_files() else {
        return Vec::new();
    };
    let files = files.map(|files| Tls::from_files(&files.certificate, &files.key, &files.authority));
    let Ok(tls) = files.transpose() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (check, name) in called {
        let Ok(Some(urls)) = layers.grpc_urls(name) else {
            continue;
        };
        for url in urls.split(',') {
            found.push(ask(check, name, url, tls.as_ref()).await);
        }
    }
    found
}

async fn ask(check: &'static str, name: &str, url: &str, tls: Option<&Tls>) -> Finding {
    let transport = match ferrule_wire::connect(url, tls, LIMIT) {
        Ok(transport) => transport,
        Err(error) => return Finding::wrong(check, error.to_string(), format!("correct {name}")),
    };
    match ferrule_wire::is_serving(transport).await {
        Ok(()) => Finding::ok(check, format!("{url} serves")),
        Err(why) if why == "is not ready" => Finding::wrong(
            check,
            format!("{url} {why}"),
            format!("ask {check}'s /readyz why"),
        ),
        Err(why) => {
            let trust = tls.map_or(
                "",
                |_| ", that its certificate bears this host and both come from FERRULE_GRPC_TLS_CA",
            );
            let remedy =
                format!("see that it runs, that {name} names it, that no firewall is between{trust}");
            Finding::wrong(check, format!("{url} {why}"), remedy)
        }
    }
}
