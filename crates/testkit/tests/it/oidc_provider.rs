//! The certified server, driven by hand as a client would.

use ferrule_testkit::{
    Answer, Browser, CLIENT_ID, CLIENT_SECRET, ClientAuthentication, Decision, HttpClient, Landing,
    OidcOptions, OidcProvider,
};
use url::form_urlencoded::Serializer;

const CALLBACK: &str = "http://localhost:8080/callback";

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn provider(options: OidcOptions) -> OidcProvider {
    OidcProvider::start(
        &[CALLBACK],
        OidcOptions {
            client_authentication: ClientAuthentication::Body,
            ..options
        },
    )
}

fn form(pairs: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn authorization_url(provider: &OidcProvider, extra: &[(&str, &str)]) -> String {
    let query = [
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", CALLBACK),
        ("scope", "openid read"),
        ("state", "s1"),
    ];
    format!(
        "{}?{}",
        provider.authorization_url(),
        form(&[&query, extra].concat())
    )
}

const PKCE: [(&str, &str); 2] = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];

fn token(provider: &OidcProvider, grant: &[(&str, &str)]) -> Answer {
    let client = [("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)];
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    HttpClient::new().post(&provider.token_url(), &headers, form(&[&client, grant].concat()))
}

#[test]
fn a_user_who_allows_comes_back_with_a_code_that_buys_tokens() {
    let provider = provider(OidcOptions {
        access_ttl: 77,
        ..OidcOptions::default()
    });
    let landing =
        Browser::stopping_at(CALLBACK).log_in(&authorization_url(&provider, &PKCE), Decision::Allow);
    assert!(
        matches!(&landing, Landing::Callback(url) if url.starts_with(CALLBACK)),
        "{landing:?}"
    );
    assert_eq!(landing.parameter("state").as_deref(), Some("s1"));
    assert_eq!(landing.parameter("iss").as_deref(), Some(provider.issuer()));

    let code = landing.parameter("code").unwrap();
    let grant = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let answer = token(&provider, &grant);
    assert_eq!(answer.status, 200, "{}\n{}", answer.text(), provider.log());
    let tokens = answer.json();
    assert_eq!(tokens["expires_in"], 77);

    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let me = HttpClient::new().get(&provider.userinfo_url(), &[("Authorization", &bearer)]);
    assert_eq!(me.json()["sub"], "alice");

    let spent = tokens["refresh_token"].as_str().unwrap();
    let grant = [("grant_type", "refresh_token"), ("refresh_token", spent)];
    assert_eq!(token(&provider, &grant).status, 200);
    assert_eq!(token(&provider, &grant).json()["error"], "invalid_grant");
}

#[test]
fn a_user_who_denies_comes_back_with_the_error_and_the_state() {
    let provider = provider(OidcOptions::default());
    let landing = Browser::stopping_at(CALLBACK).log_in(&authorization_url(&provider, &PKCE), Decision::Deny);
    assert_eq!(landing.parameter("error").as_deref(), Some("access_denied"));
    assert_eq!(landing.parameter("state").as_deref(), Some("s1"));
    assert_eq!(landing.parameter("code"), None);
}

#[test]
fn pkce_is_required_unless_the_test_says_otherwise() {
    for (pkce_required, error) in [(true, Some("invalid_request")), (false, None)] {
        let provider = provider(OidcOptions {
            pkce_required,
            ..OidcOptions::default()
        });
        let landing =
            Browser::stopping_at(CALLBACK).log_in(&authorization_url(&provider, &[]), Decision::Allow);
        assert_eq!(landing.parameter("error").as_deref(), error);
        assert_eq!(landing.parameter("code").is_some(), error.is_none());
    }
}

#[test]
fn a_refresh_token_lasts_where_the_vendor_does_not_rotate() {
    let provider = provider(OidcOptions {
        rotate: false,
        ..OidcOptions::default()
    });
    let landing =
        Browser::stopping_at(CALLBACK).log_in(&authorization_url(&provider, &PKCE), Decision::Allow);
    let code = landing.parameter("code").unwrap();
    let grant = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let tokens = token(&provider, &grant).json();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    for _ in 0..2 {
        assert_eq!(
            token(
                &provider,
                &[("grant_type", "refresh_token"), ("refresh_token", refresh)]
            )
            .status,
            200
        );
    }
}
