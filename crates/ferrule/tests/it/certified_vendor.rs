//! The whole flow against an OpenID-certified server that someone else wrote.

use std::time::Duration;

use ferrule_testkit::{
    Answer, Browser, CLIENT_ID, CLIENT_SECRET, Decision, HttpClient, Landing, OidcOptions, OidcProvider,
    Relay, free_port, wait_until,
};

use crate::vendors::{by_handshake, certified_at};
use crate::world::{Ferrule, World};

const RETURN_URL: &str = "http://127.0.0.1:9/back";
const CLIENT: [(&str, &str); 4] = [
    ("apiKey", CLIENT_ID),
    ("apiSecret", CLIENT_SECRET),
    ("returnUrl", RETURN_URL),
    ("state", "mine"),
];

struct Certified {
    provider: OidcProvider,
    back_channel: Relay,
    ferrule: Ferrule,
    _world: World,
}

/// A server that takes this Ferrule's callback alone, and a Ferrule that knows the server.
fn certified() -> Certified {
    let port = free_port();
    let callback = format!("http://localhost:{port}/oauth/callback/certified");
    let provider = OidcProvider::start(&[&callback], OidcOptions::default());
    let back_channel = Relay::to(provider.issuer());
    let world = World::new()
        .with("FERRULE_LISTEN", &format!("127.0.0.1:{port}"))
        .with_connector("certified", &certified_at(&provider, back_channel.url()));
    let ferrule = world.start();
    Certified {
        provider,
        back_channel,
        ferrule,
        _world: world,
    }
}

impl Certified {
    fn log_in(&self, decision: Decision) -> Landing {
        let begun = self.ferrule.api.oauth_url("certified", &CLIENT);
        Browser::stopping_at(RETURN_URL).log_in(&begun, decision)
    }

    fn user_info(&self, access_token: &str) -> Answer {
        let bearer = format!("Bearer {access_token}");
        HttpClient::new().get(&self.provider.userinfo_url(), &[("Authorization", &bearer)])
    }
}

#[test]
fn a_login_becomes_an_instance_and_its_deletion_revokes_at_the_vendor() {
    let certified = certified();
    let begun = certified.ferrule.api.oauth_url("certified", &CLIENT);
    assert!(
        begun.contains("code_challenge_method=S256") && begun.contains("code_challenge="),
        "{begun}"
    );
    assert!(!begun.contains(CLIENT_SECRET), "{begun}");

    let landing = certified.log_in(Decision::Allow);
    assert_eq!(
        landing.parameter("state").as_deref(),
        Some("mine"),
        "{}",
        certified.provider.log()
    );
    let handshake = landing.parameter("handshake").unwrap();
    let made = certified
        .ferrule
        .api
        .post("/instances", &by_handshake("certified", &handshake));
    assert_eq!(made.status, 200, "{}\n{}", made.text(), certified.provider.log());

    let exchanges = certified.back_channel.heard_at("/token");
    let [exchange] = exchanges.as_slice() else {
        panic!("one token request was expected: {exchanges:?}")
    };
    assert!(exchange.basic, "{exchange:?}");
    assert_eq!(exchange.parameter("client_secret"), None);
    assert!(exchange.parameter("code_verifier").unwrap().len() >= 43);
    let tokens = exchange.answer.json();
    let access_token = tokens["access_token"].as_str().unwrap();
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(certified.user_info(access_token).status, 200);
    let text = made.text();
    assert!(
        !text.contains(access_token) && !text.contains(refresh_token),
        "{text}"
    );

    let path = format!("/instances/{}", made.json()["id"]);
    assert_eq!(certified.ferrule.api.delete(&path).status, 200);
    wait_until("the vendor was asked to revoke", Duration::from_secs(30), || {
        !certified.back_channel.heard_at("/token/revocation").is_empty()
    });
    let revocation = &certified.back_channel.heard_at("/token/revocation")[0];
    assert_eq!(
        revocation.answer.status,
        200,
        "{revocation:?}\n{}",
        certified.provider.log()
    );
    assert_eq!(revocation.parameter("token"), Some(refresh_token));
    assert_eq!(revocation.parameter("token_type_hint"), Some("refresh_token"));
    assert_eq!(certified.user_info(access_token).status, 401, "the grant is gone");
}

#[test]
fn a_user_who_says_no_comes_back_with_the_vendors_error() {
    let certified = certified();
    let landing = certified.log_in(Decision::Deny);
    assert!(
        matches!(&landing, Landing::Callback(url) if url.starts_with(RETURN_URL)),
        "{landing:?}"
    );
    assert_eq!(landing.parameter("error").as_deref(), Some("access_denied"));
    assert_eq!(landing.parameter("state").as_deref(), Some("mine"));
    assert_eq!(certified.back_channel.heard_at("/token").len(), 0);
}

#[test]
fn security_06_a_callback_without_the_certified_issuer_is_refused_and_consumes_nothing() {
    let certified = certified();
    let callback = format!("{}/oauth/callback/certified", certified.ferrule.url);
    let begun = certified.ferrule.api.oauth_url("certified", &CLIENT);
    let landing = Browser::stopping_at(&callback).log_in(&begun, Decision::Allow);
    let mut url = url::Url::parse(landing.url()).unwrap();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    assert!(
        pairs
            .iter()
            .any(|(name, value)| name == "iss" && value == certified.provider.issuer())
    );
    for iss in [None, Some("http://127.0.0.1:1"), Some("")] {
        let others = pairs.iter().filter(|(name, _)| name != "iss");
        url.query_pairs_mut()
            .clear()
            .extend_pairs(others)
            .extend_pairs(iss.map(|iss| ("iss", iss)));
        let refused = HttpClient::new().get(url.as_str(), &[]);
        assert_eq!(refused.status, 400, "{iss:?}: {}", refused.text());
    }
    assert_eq!(certified.back_channel.heard_at("/token").len(), 0);
    let accepted = HttpClient::new().get(landing.url(), &[]);
    assert_eq!(accepted.status, 303, "{}", accepted.text());
}

#[test]
fn security_11_a_connector_that_requires_pkce_is_not_for_callers_who_keep_no_handshake() {
    let certified = certified();
    let anonymous = certified.ferrule.api.called_by("");
    let url = format!(
        "{}/elements/certified/oauth/url?apiKey=k&callbackUrl=https://mycoolapp.com/auth",
        anonymous.base
    );
    let refused = HttpClient::new().get(&url, &[]);
    assert_eq!(refused.status, 401, "{}", refused.text());
}

#[test]
fn a_code_that_the_server_does_not_know_is_refused_with_its_words() {
    let certified = certified();
    let callback = format!("{}/oauth/callback/certified", certified.ferrule.url);
    let begun = certified.ferrule.api.oauth_url("certified", &CLIENT);
    let landing = Browser::stopping_at(&callback).log_in(&begun, Decision::Allow);
    let code = landing.parameter("code").unwrap();
    let forged = landing.url().replace(&code, "forged-code");
    let back = HttpClient::new().get(&forged, &[]);
    let handshake = url::Url::parse(back.header("location").unwrap()).unwrap();
    let handshake = handshake
        .query_pairs()
        .find(|(name, _)| name == "handshake")
        .unwrap()
        .1;
    let refused = certified
        .ferrule
        .api
        .post("/instances", &by_handshake("certified", &handshake));
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(
        refused.json()["providerMessage"]
            .as_str()
            .unwrap()
            .contains("invalid_grant")
    );
    assert!(!refused.text().contains("forged-code"));
}
