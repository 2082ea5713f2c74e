//! Endpoints that come from an issuer's metadata (RFC 8414).

use ferrule_oauth_broker::Settings;
use ferrule_testkit::{
    Browser, CLIENT_ID, CLIENT_SECRET, Decision, OidcOptions, OidcProvider, Scripted, free_port,
};
use ferrule_wire::v1::{AuthorizeRequest, RefreshRequest, RevokeRequest};
use ferrule_wire::{Reason, Refusal};
use serde_json::{Value, json};

use crate::certified_vendor::arrived_at;
use crate::connectors::load;
use crate::refreshing::{refresh, spend, spend_version};
use crate::requests::{PUBLIC_URL, came_back, claim, hosted, parameter};
use crate::world::{World, blocking, client, exchange, granted, reason};

/// A file that names its issuer and no endpoint; `more` stands in its `[auth]`.
fn file(key: &str, issuer: &str, more: &str) -> String {
    format!(
        "key = \"{key}\"\nname = \"Found\"\nhub = \"crm\"\n[auth]\nkind = \"oauth2\"\nissuer = \"{issuer}\"\n\
         discovery = true\nscopes = [\"openid\", \"read\"]\n{more}\n"
    )
}

fn metadata(world: &World, issuer: &str) -> Value {
    json!({
        "issuer": world.vendor.url(issuer),
        "authorization_endpoint": world.vendor.authorization_url(),
        "token_endpoint": world.vendor.token_url(),
        "revocation_endpoint": world.vendor.revocation_url(),
        "code_challenge_methods_supported": ["plain", "S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    })
}

fn place(issuer: &str) -> String {
    format!("{issuer}/.well-known/openid-configuration")
}

fn publish(world: &World, issuer: &str, metadata: &Value) {
    world
        .vendor
        .script_at(&place(issuer), Scripted::json(200, metadata));
}

async fn url(world: &World, element: &str) -> Result<String, Refusal> {
    Ok(world.authorize(hosted(element)).await?.oauth_url)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_login_at_a_certified_server_needs_its_issuer_alone() {
    let callback = format!("{PUBLIC_URL}/oauth/callback/found");
    let vendor = blocking(|| OidcProvider::start(&[&callback], OidcOptions::default()));
    let files = load([file("found", vendor.issuer(), "")]);
    let world = World::embedded().await.with(None, Some(files)).await;
    let login = AuthorizeRequest {
        api_key: CLIENT_ID.to_owned(),
        api_secret: CLIENT_SECRET.to_owned(),
        ..hosted("found")
    };
    let answer = world.authorize(login).await.unwrap();
    assert!(
        answer.oauth_url.starts_with(&vendor.authorization_url()),
        "{}",
        answer.oauth_url
    );
    let state = answer.state.unwrap();
    let landing = blocking(|| Browser::new().log_in(&answer.oauth_url, Decision::Allow));
    let callback = arrived_at(&landing, "found");
    let nameless = ferrule_wire::v1::CallbackRequest {
        iss: None,
        ..callback.clone()
    };
    let refused = reason(world.callback(nameless).await);
    assert_eq!(refused, Reason::IssuerMismatch, "its metadata promise iss");
    world.callback(callback).await.unwrap();
    let grant = world.granted(claim("found", &state)).await;
    assert_eq!(grant.scope, "openid read", "{}", vendor.log());

    let request = RefreshRequest {
        api_key: CLIENT_ID.to_owned(),
        api_secret: CLIENT_SECRET.to_owned(),
        ..spend_version(1, "found", &grant.refresh_token)
    };
    let next = world.refreshed(request).await;
    assert_ne!(next.refresh_token, grant.refresh_token, "it rotates");
    let revocation = RevokeRequest {
        element: "found".to_owned(),
        api_key: CLIENT_ID.to_owned(),
        api_secret: CLIENT_SECRET.to_owned(),
        token: next.refresh_token,
        refresh: true,
        ..RevokeRequest::default()
    };
    assert!(world.revoke(revocation).await.unwrap(), "{}", vendor.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_issuer_is_asked_once_until_its_answer_is_old_and_not_needed_to_go_on() {
    let world = World::embedded().await;
    let files = load([file("found", &world.vendor.url(""), "")]);
    let world = world.with(None, Some(files)).await;
    let asked = || world.vendor.requests_to(&place("")).len();
    let old = metadata(&world, "");
    publish(&world, "", &old);
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let mut client = world.client();
            tokio::spawn(async move { client.authorize(hosted("found")).await })
        })
        .collect();
    for call in calls {
        let url = call.await.unwrap().unwrap().into_inner().oauth_url;
        assert!(url.starts_with(&world.vendor.authorization_url()), "{url}");
        assert!(parameter(&url, "code_challenge").is_some(), "{url}");
    }
    assert_eq!(asked(), 1, "all of them by one question");

    let mut moved = metadata(&world, "");
    moved["authorization_endpoint"] = world.vendor.url("/moved").into();
    moved["code_challenge_methods_supported"] = json!(null);
    let answer = Scripted::json(200, &moved).with_header("Cache-Control", "max-age=7200");
    world.vendor.script_at(&place(""), answer);
    world.move_clock(3599);
    url(&world, "found").await.unwrap();
    assert_eq!(asked(), 1, "an hour, where the issuer does not say");
    world.move_clock(2);
    let later = url(&world, "found").await.unwrap();
    assert!(later.starts_with(&world.vendor.url("/moved?")), "{later}");
    assert_eq!(parameter(&later, "code_challenge"), None);
    world.move_clock(7199);
    url(&world, "found").await.unwrap();
    assert_eq!(asked(), 2, "as long as the issuer says");

    for _ in 0..2 {
        world.move_clock(11);
        let away = Scripted::json(503, &json!({}));
        for place in [&place(""), "/.well-known/oauth-authorization-server"] {
            world.vendor.script_at(place, away.clone());
        }
        for _ in 0..2 {
            let still = url(&world, "found").await.unwrap();
            assert!(still.starts_with(&world.vendor.url("/moved?")), "{still}");
        }
    }
    assert_eq!(asked(), 4, "an issuer that is away is left alone for a moment");
    world.move_clock(11);
    publish(&world, "", &old);
    let back = url(&world, "found").await.unwrap();
    assert!(back.starts_with(&world.vendor.authorization_url()), "{back}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn metadata_that_cannot_be_used_are_refused_with_the_reason() {
    let world = World::embedded().await;
    let good = |issuer: &str| metadata(&world, issuer);
    let with = |issuer: &str, name: &str, value: Value| {
        let mut changed = good(issuer);
        changed[name] = value;
        changed
    };
    let cases = [
        ("empty", json!({}), "it holds no issuer"),
        ("list", json!([]), "it holds no JSON object"),
        (
            "other",
            with("/other", "issuer", "https://other.example".into()),
            "another issuer, https://other.example",
        ),
        (
            "slash",
            with("/slash", "issuer", world.vendor.url("/slash/").into()),
            "another issuer",
        ),
        (
            "insecure",
            with("/insecure", "token_endpoint", "http://vendor.example/t".into()),
            "token_endpoint: http:// is for loopback alone",
        ),
        (
            "stateful",
            with(
                "/stateful",
                "authorization_endpoint",
                "https://vendor.example/a?state=x".into(),
            ),
            "authorization_endpoint: it holds 'state' itself",
        ),
        (
            "keyed",
            with(
                "/keyed",
                "token_endpoint_auth_methods_supported",
                json!(["private_key_jwt"]),
            ),
            "no way to authenticate",
        ),
    ];
    let port = free_port();
    let nobody = format!("http://127.0.0.1:{port}");
    let files = cases
        .iter()
        .map(|(key, ..)| file(key, &world.vendor.url(&format!("/{key}")), ""));
    let files = load(files.chain([file("nobody", &nobody, "")]));
    for (key, metadata, _) in &cases {
        publish(&world, &format!("/{key}"), metadata);
    }
    let world = world.with(None, Some(files)).await;
    for (key, _, why) in &cases {
        for _ in 0..2 {
            let refusal = url(&world, key).await.unwrap_err();
            assert_eq!(refusal.reason, Reason::VendorUnreachable, "{key}");
            assert!(refusal.message.contains(why), "{key}: {}", refusal.message);
        }
        let issuer = format!("/{key}");
        assert_eq!(world.vendor.requests_to(&place(&issuer)).len(), 1, "{key}");
    }
    assert_eq!(reason(url(&world, "nobody").await), Reason::VendorUnreachable);
    world.move_clock(11);
    publish(&world, "/empty", &metadata(&world, "/empty"));
    url(&world, "empty").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_issuer_in_a_private_network_is_not_asked() {
    let world = World::embedded().await;
    let issuer = world.vendor.url("").replace("http://", "https://");
    let files = load([file("found", &issuer, "")]);
    let settings = Settings {
        allow_private_networks: false,
        ..world.settings()
    };
    let world = world.with(Some(settings), Some(files)).await;
    let refusal = url(&world, "found").await.unwrap_err();
    assert!(
        refusal.message.contains("private or reserved"),
        "{}",
        refusal.message
    );
    assert!(world.vendor.requests().is_empty());
}

/// What the file says stands, and nothing is spent while the issuer is away.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_code_waits_for_an_issuer_that_is_away() {
    let world = World::embedded().await;
    let issuer = world.vendor.url("");
    let own = "authorization_url = \"https://login.example/a\"\nclient_auth = \"basic\"\npkce = \"off\"\n";
    let world = world.with(None, Some(load([file("found", &issuer, own)]))).await;
    publish(&world, "", &metadata(&world, ""));
    let begun = world.authorize(hosted("found")).await.unwrap();
    assert!(
        begun.oauth_url.starts_with("https://login.example/a?"),
        "{}",
        begun.oauth_url
    );
    assert_eq!(parameter(&begun.oauth_url, "code_challenge"), None);
    let state = begun.state.unwrap();

    let mut world = world;
    world.restart().await;
    world
        .callback(came_back("found", &state, "the-code"))
        .await
        .unwrap();
    assert_eq!(
        reason(world.exchange(claim("found", &state)).await),
        Reason::VendorUnreachable,
        "it knows nothing of the issuer"
    );
    let spent = refresh(world.client(), spend("found", "a-token")).await;
    assert_eq!(reason(spent), Reason::VendorUnreachable);
    assert_eq!(world.token_requests(), 0);
    world.move_clock(11);
    publish(&world, "", &metadata(&world, ""));
    granted(exchange(client(world.broker()), claim("found", &state)).await);
    let request = world.vendor.requests_to("/token").remove(0);
    assert!(request.header("authorization").is_some(), "as the file says");
}
