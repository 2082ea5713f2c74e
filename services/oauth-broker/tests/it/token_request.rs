//! What a vendor's token endpoint is sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ferrule_testkit::Request;
use ferrule_wire::Reason;
use ferrule_wire::v1::{AuthorizeRequest, ExchangeRequest};
use serde_json::{Value, json};
use url::form_urlencoded::{byte_serialize, parse};

use crate::requests::{
    API_KEY, API_SECRET, CALLBACK_URL, PUBLIC_URL, bring, came_back, claim, hosted, own, parameter,
    parameters,
};
use crate::world::{World, reason};

async fn sent(world: &World, request: ExchangeRequest) -> Request {
    world.granted(request).await;
    world.vendor.requests().pop().unwrap()
}

fn form(request: &Request) -> Vec<(String, String)> {
    parse(&request.body).into_owned().collect()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_with_the_client_in_the_body() {
    let world = World::embedded().await;
    let request = sent(&world, bring("acme", "the/code", "")).await;
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", "/token")
    );
    let want = pairs([
        ("grant_type", "authorization_code"),
        ("code", "the/code"),
        ("redirect_uri", CALLBACK_URL),
        ("client_id", API_KEY),
        ("client_secret", API_SECRET),
    ]);
    assert_eq!(form(&request), want);
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.header("accept"), Some("application/json"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hosted_login_repeats_ferrules_callback_and_proves_its_verifier() {
    let world = World::embedded().await;
    let state = world.attached("acme", "the-code").await;
    let request = sent(&world, claim("acme", &state)).await;
    let ours = format!("{PUBLIC_URL}/oauth/callback/acme");
    assert_eq!(request.parameter("redirect_uri").unwrap(), ours);
    assert_eq!(request.parameter("client_secret").unwrap(), API_SECRET);
    assert_eq!(request.parameter("code_verifier").unwrap().len(), 43);
}

/// RFC 6749 section 2.3.1: both parts are form-coded before they are joined.
#[tokio::test(flavor = "multi_thread")]
async fn the_client_in_a_basic_header() {
    let world = World::embedded().await;
    let request = sent(&world, bring("basic", "the-code", "")).await;
    let coded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let credentials = STANDARD.encode(format!("{}:{}", coded(API_KEY), coded(API_SECRET)));
    assert_eq!(
        request.header("authorization").unwrap(),
        format!("Basic {credentials}")
    );
    assert_eq!(request.parameter("client_secret"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_with_the_connectors_own_parameters() {
    let world = World::embedded().await;
    let request = sent(&world, bring("json", "the-code", "")).await;
    assert_eq!(request.header("content-type"), Some("application/json"));
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let want = json!({
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": CALLBACK_URL,
        "client_id": API_KEY,
        "client_secret": API_SECRET,
        "audience": "everyone",
    });
    assert_eq!(body, want);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_that_was_resolved_for_the_login_is_the_one_that_gets_the_code() {
    let world = World::embedded().await;
    let begin = AuthorizeRequest {
        parameters: parameters([("siteAddress", "mine")]),
        ..hosted("shops")
    };
    let state = world.begun(begin).await;
    world
        .callback(came_back("shops", &state, "hosted"))
        .await
        .unwrap();
    assert_eq!(
        sent(&world, claim("shops", &state)).await.target,
        "/token?shop=mine"
    );

    let alone = ExchangeRequest {
        parameters: parameters([("subdomain", "other")]),
        ..bring("shops", "alone", "")
    };
    let grant = world.granted(alone).await;
    assert_eq!(world.vendor.requests().pop().unwrap().target, "/token?shop=other");
    assert_eq!(grant.parameters, parameters([("shop", "other")]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_of_the_token_endpoint_may_come_with_the_claim() {
    let world = World::embedded().await;
    let state = world.attached("regional", "the-code").await;
    let refusal = world.exchange(claim("regional", &state)).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::InvalidRequest);
    assert!(refusal.message.contains("region"), "{refusal}");
    let with = |region| ExchangeRequest {
        parameters: parameters([("region", region)]),
        ..claim("regional", &state)
    };
    assert_eq!(
        reason(world.exchange(with("no region/")).await),
        Reason::InvalidRequest
    );
    assert_eq!(world.token_requests(), 0);

    let grant = world.granted(with("eu")).await;
    assert_eq!(world.vendor.requests().pop().unwrap().target, "/token?region=eu");
    assert_eq!(grant.parameters, parameters([("region", "eu")]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_the_login_did_not_have_may_come_with_the_claim() {
    let world = World::embedded().await;
    let begin = AuthorizeRequest {
        api_secret: String::new(),
        ..own("acme")
    };
    let url = world.authorize(begin).await.unwrap().oauth_url;
    let state = parameter(&url, "state").unwrap();
    let request = sent(&world, bring("acme", "the-code", &state)).await;
    assert_eq!(request.parameter("client_secret").unwrap(), API_SECRET);
}
