//! Codes for tokens.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ferrule_sandbox_vendor::CLIENT_ID;

use crate::world::{World, exchange_form, query};

#[tokio::test]
async fn a_code_becomes_tokens_that_open_the_api() {
    let world = World::new();
    let answer = world.exchange(&world.code("Ada").await).await;
    let (access_token, _) = answer.tokens();
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    let json = answer.json();
    assert_eq!(
        (json["token_type"].as_str(), json["expires_in"].as_u64()),
        (Some("Bearer"), Some(3600))
    );
    assert_eq!(json["scope"], "contacts");

    let me = world.read("/me", &access_token).await.json();
    assert_eq!(
        (me["name"].as_str(), me["email"].as_str()),
        (Some("Ada"), Some("ada@sandbox.example"))
    );
    world.pass(3600);
    assert_eq!(
        world.read("/me", &access_token).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_code_used_twice_is_refused_and_takes_its_tokens_with_it() {
    let world = World::new();
    let code = world.code("Ada").await;
    let (access_token, refresh_token) = world.exchange(&code).await.tokens();
    world
        .exchange(&code)
        .await
        .assert_oauth_error(400, "invalid_grant");
    assert_eq!(
        world.read("/me", &access_token).await.status,
        StatusCode::UNAUTHORIZED
    );
    world
        .refresh(&refresh_token)
        .await
        .assert_oauth_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_code_lives_for_a_minute() {
    let world = World::new();
    let (early, late) = (world.code("Ada").await, world.code("Ada").await);
    world.pass(59);
    world.exchange(&early).await.tokens();
    world.pass(1);
    world
        .exchange(&late)
        .await
        .assert_oauth_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_code_is_bound_to_redirect_uri_and_verifier() {
    let world = World::new();
    for (name, value) in [
        ("redirect_uri", "http://localhost:8080/oauth/callback/sandbox"),
        ("redirect_uri", "https://evil.example/"),
        ("code_verifier", "another-verifier-that-is-long-enough-to-be-one"),
        ("code_verifier", ""),
        ("code", "unknown"),
    ] {
        let code = world.code("Ada").await;
        let mut form = exchange_form(&code).to_vec();
        form.retain(|(field, _)| *field != name);
        form.push((name, value));
        world.token(&form).await.assert_oauth_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn without_a_challenge_no_verifier_is_asked_and_none_accepted() {
    let world = World::new();
    for (sends_verifier, want) in [(false, StatusCode::OK), (true, StatusCode::BAD_REQUEST)] {
        let page = world
            .authorize(&[("code_challenge", ""), ("code_challenge_method", "")])
            .await;
        let transaction = page.field("transaction");
        let consent = [
            ("transaction", transaction.as_str()),
            ("name", "Ada"),
            ("decision", "allow"),
        ];
        let code = world.post("/authorize", &consent).await.location()["code"].clone();
        let mut form = exchange_form(&code).to_vec();
        form.retain(|(field, _)| sends_verifier || *field != "code_verifier");
        assert_eq!(world.token(&form).await.status, want);
    }
}

#[tokio::test]
async fn malformed_token_requests_are_named() {
    let world = World::new();
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[], "invalid_request"),
        (&[("grant_type", "password")], "unsupported_grant_type"),
        (
            &[("grant_type", "authorization_code"), ("code", "c")],
            "invalid_request",
        ),
        (&[("grant_type", "refresh_token")], "invalid_request"),
        (
            &[("grant_type", "refresh_token"), ("grant_type", "refresh_token")],
            "invalid_request",
        ),
        (
            &[("grant_type", "refresh_token"), ("refresh_token", "junk")],
            "invalid_grant",
        ),
    ];
    for (form, error) in cases {
        world.token(form).await.assert_oauth_error(400, error);
    }
    let json = Request::post("/token")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from("{}"));
    world
        .send(json.unwrap())
        .await
        .assert_oauth_error(400, "invalid_request");
}

#[tokio::test]
async fn a_wrong_client_gets_nothing_and_spends_nothing() {
    let world = World::new();
    let code = world.code("Ada").await;
    let client = [("client_id", CLIENT_ID), ("client_secret", "wrong")];
    let answer = world
        .post("/token", &[&client[..], &exchange_form(&code)].concat())
        .await;
    answer.assert_oauth_error(401, "invalid_client");
    assert!(answer.header(header::WWW_AUTHENTICATE).starts_with("Basic"));
    world
        .post("/revoke", &[("token", "x")])
        .await
        .assert_oauth_error(401, "invalid_client");
    world.exchange(&code).await.tokens();
}

#[tokio::test]
async fn the_client_may_show_itself_by_basic() {
    let world = World::new();
    let code = world.code("Ada").await;
    let request = Request::post("/token")
        .header(
            header::AUTHORIZATION,
            format!("Basic {}", STANDARD.encode("sandbox-client:sandbox-secret")),
        )
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(query(&exchange_form(&code)).into());
    world.send(request.unwrap()).await.tokens();
}

#[tokio::test]
async fn the_metadata_names_every_endpoint() {
    let metadata = World::new()
        .get("/.well-known/oauth-authorization-server")
        .await
        .json();
    assert_eq!(metadata["issuer"], crate::world::ISSUER);
    assert_eq!(metadata["token_endpoint"], "http://127.0.0.1:40123/token");
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    assert_eq!(
        metadata["code_challenge_methods_supported"],
        serde_json::json!(["S256"])
    );
}
