//! How the world reaches Ferrule, what it offers there, and the operator's connectors.

use ferrule_catalog::check_directory;
use ferrule_service::settings::{Layers, Source};
use url::{Host, Url};

use super::report::Finding;

/// Whether browsers and vendors can send codes there safely; nothing where it cannot be read.
pub(super) fn public_url(program: &str, layers: &Layers) -> Vec<Finding> {
    const CHECK: &str = "public URL";
    let Some((text, url)) = read_public_url(layers) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let local = is_local(&url);
    let open = layers
        .address("FERRULE_LISTEN")
        .is_ok_and(|listen| listen.is_some_and(|listen| !listen.ip().is_loopback()));
    if local && open && layers.source("FERRULE_PUBLIC_URL") == Some(&Source::Default) {
        let remedy = "set FERRULE_PUBLIC_URL to how browsers reach it, e.g. https://connect.example.com";
        let what = format!("{text}, which only this machine can open, while others can reach the gateway");
        found.push(Finding::warn(CHECK, what, remedy));
    } else if url.scheme() == "http" && !local {
        let remedy = "put TLS in front of the gateway and write https://";
        found.push(Finding::warn(
            CHECK,
            format!("{text}: codes travel in clear text"),
            remedy,
        ));
    } else {
        found.push(Finding::ok(CHECK, text.clone()));
    }
    let behind_proxy = url.scheme() == "https" && program != "oauth-broker";
    if behind_proxy
        && layers
            .networks("FERRULE_TRUSTED_PROXIES")
            .is_ok_and(|proxies| proxies.is_empty())
    {
        let what = "no proxy is trusted: all anonymous callers share one limit";
        found.push(Finding::warn(
            CHECK,
            what,
            "name the proxy that ends TLS in FERRULE_TRUSTED_PROXIES",
        ));
    }
    found
}

/// The sandbox vendor is for trying Ferrule out.
pub(super) fn sandbox(layers: &Layers) -> Option<Finding> {
    const CHECK: &str = "sandbox";
    let on = layers.flag("FERRULE_SANDBOX").ok()??;
    let possible = layers
        .flag("FERRULE_ALLOW_PRIVATE_NETWORKS")
        .ok()?
        .unwrap_or(false);
    let local = read_public_url(layers).is_some_and(|(_, url)| is_local(&url));
    Some(match (on, possible, local) {
        (false, ..) => Finding::ok(CHECK, "off"),
        (true, false, _) => Finding::ok(CHECK, "off: it needs FERRULE_ALLOW_PRIVATE_NETWORKS"),
        (true, true, true) => Finding::ok(CHECK, "on, for this machine"),
        (true, true, false) => Finding::warn(
            CHECK,
            "on, where others can reach it",
            "set FERRULE_SANDBOX=false, and FERRULE_ALLOW_PRIVATE_NETWORKS=false unless vendors are in your network",
        ),
    })
}

/// The operator's connector files.
pub(super) fn connectors(layers: &Layers) -> Finding {
    const CHECK: &str = "connectors";
    let Ok(Some(directory)) = layers.path("FERRULE_CONNECTORS_DIR") else {
        return Finding::ok(CHECK, "the built-in ones");
    };
    let shown = directory.display();
    let private = layers.flag("FERRULE_ALLOW_PRIVATE_NETWORKS");
    let problems = check_directory(&directory, private.ok().flatten().unwrap_or(false));
    match problems.as_slice() {
        [] => Finding::ok(CHECK, format!("the built-in ones and those of {shown}")),
        [problem, more @ ..] => {
            let more = match more.len() {
                0 => String::new(),
                count => format!("; and {count} more"),
            };
            let remedy =
                format!("ferrule connectors check {shown} lists all; a wrong file is left out, alone");
            Finding::wrong(CHECK, format!("{problem}{more}"), remedy)
        }
    }
}

fn read_public_url(layers: &Layers) -> Option<(String, Url)> {
    let text = layers.url("FERRULE_PUBLIC_URL").ok()??;
    let url = Url::parse(&text).ok()?;
    Some((text, url))
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
