//! Neither the log, at its finest, nor the stores show what the broker handles.

use std::io;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ferrule_testkit::Scripted;
use ferrule_wire::v1::{AuthorizeRequest, CallbackRequest, RevokeRequest};
use serde_json::json;
use tracing::level_filters::LevelFilter;
use url::form_urlencoded::byte_serialize;

use crate::refreshing::{spend, spend_version};
use crate::requests::{API_SECRET, bring, came_back, claim, denied, hosted, own, parameter};
use crate::world::World;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Every way through the broker; gives all that must stay hidden.
async fn everything(world: &World) -> Vec<String> {
    let mut secrets = vec![API_SECRET.to_owned()];
    let with_secret = |request, secret: &str| AuthorizeRequest {
        api_secret: secret.to_owned(),
        state: "canary-state-of-the-caller".to_owned(),
        ..request
    };

    // Pending, denied, attached, exchanged, refused, unknown, unreachable.
    secrets.push(
        world
            .begun(with_secret(hosted("acme"), "canary-secret-pending"))
            .await,
    );
    let state = world.begun(hosted("acme")).await;
    world.callback(denied("acme", &state)).await.unwrap();
    secrets.push(state);
    secrets.push(world.attached("acme", "canary-code-attached").await);
    for code in ["canary-code-exchanged", "canary-code-refused", "canary-code-cut"] {
        if code.ends_with("refused") {
            let echo = format!("{code} {API_SECRET}");
            let no = json!({"error": code, "error_description": echo});
            world.vendor.script(Scripted::json(400, &no));
        } else if code.ends_with("cut") {
            world.vendor.script(Scripted::cut());
        }
        let state = world.attached("basic", code).await;
        let answer = world.exchange(claim("basic", &state)).await;
        assert_eq!(answer.is_ok(), code.ends_with("exchanged"));
        secrets.push(state);
    }
    let state = world.attached("absent", "canary-code-absent").await;
    world.exchange(claim("absent", &state)).await.unwrap_err();
    secrets.push(state);

    // The caller's own callback: with a verifier, and with nothing kept.
    let url = world
        .authorize(AuthorizeRequest {
            pkce: true,
            ..own("json")
        })
        .await
        .unwrap()
        .oauth_url;
    let state = parameter(&url, "state").unwrap();
    world.granted(bring("json", "canary-code-own", &state)).await;
    secrets.push(state);
    world
        .granted(bring("acme", "canary-code-alone", "canary-state-alone"))
        .await;

    // Refreshes: one that waits in the journal, and ones that bring nothing.
    world.refreshed(spend("basic", "canary-refresh-spent")).await;
    for (version, token) in [(2, "canary-refresh-refused"), (3, "canary-refresh-cut")] {
        let no = json!({"error": token, "error_description": format!("{token} {API_SECRET}")});
        world.vendor.script(match version {
            2 => Scripted::json(400, &no),
            _ => Scripted::cut(),
        });
        world.verdict(spend_version(version, "json", token)).await;
    }
    world
        .verdict(spend_version(4, "absent", "canary-refresh-absent"))
        .await;

    // Refusals of every kind.
    for request in [
        came_back("plain", &secrets[1], "canary-code-elsewhere"),
        came_back("acme", "canary-state-unknown", "canary-code-unknown"),
        CallbackRequest {
            error: "canary-code-error".to_owned(),
            ..came_back("acme", "canary-state-unknown", "")
        },
    ] {
        world.callback(request).await.unwrap_err();
    }
    world
        .exchange(claim("acme", "canary-state-unknown"))
        .await
        .unwrap_err();
    world
        .revoke(RevokeRequest {
            element: "basic".to_owned(),
            api_secret: API_SECRET.to_owned(),
            token: "canary-token-revoked".to_owned(),
            ..RevokeRequest::default()
        })
        .await
        .unwrap();

    secrets.extend(world.vendor.secrets());
    let verifiers = world.vendor.requests().into_iter();
    secrets.extend(verifiers.filter_map(|request| request.parameter("code_verifier")));
    // All that a test made up begins like this.
    secrets.push("canary".to_owned());
    secrets
}

/// Raw, URL-coded, and in either alphabet of base64.
fn spellings(secret: &str) -> Vec<String> {
    vec![
        secret.to_owned(),
        byte_serialize(secret.as_bytes()).collect(),
        STANDARD.encode(secret).trim_end_matches('=').to_owned(),
        URL_SAFE_NO_PAD.encode(secret),
    ]
}

fn hides(place: &str, bytes: &[u8], secrets: &[String]) {
    let text = String::from_utf8_lossy(bytes);
    for secret in secrets {
        for spelling in spellings(secret) {
            // The last character of base64 hangs on what follows.
            if let Some(at) = text.find(&spelling) {
                let around: String = text[at.saturating_sub(200)..].chars().take(400).collect();
                panic!("{place} shows {secret:?} as {spelling:?}: …{around}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn log_and_stores_show_no_secret_code_state_verifier_or_token() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    for world in [World::embedded().await, World::redis().await] {
        let secrets = everything(&world).await;
        assert!(secrets.len() > 15, "{}", secrets.len());
        let dump = world.dump();
        for record in ["handshake:", "exchange:", "refresh:"] {
            assert!(
                String::from_utf8_lossy(&dump).contains(record),
                "the dump holds the records"
            );
        }
        hides("a store", &dump, &secrets);
        let log = log.0.lock().unwrap().clone();
        assert!(
            String::from_utf8_lossy(&log).contains("TRACE"),
            "the log is at its finest"
        );
        hides("the log", &log, &secrets);
    }
}
