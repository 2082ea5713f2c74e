//! How much a request may bring.

use axum::http::{Method, StatusCode, header};
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_long_query_is_refused_with_the_same_headers_as_any_answer() {
    let answer = World::new().authorize(&[("state", &"a".repeat(8 * 1024))]).await;
    assert_eq!(answer.status, StatusCode::URI_TOO_LONG);
    assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
}

#[tokio::test]
async fn a_large_body_is_refused_everywhere() {
    let world = World::new();
    let large = "a".repeat(64 * 1024);
    for path in ["/authorize", "/token", "/revoke"] {
        let answer = world.post(path, &[("token", &large)]).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
    let (token, _) = world.tokens("Ada").await;
    let answer = world
        .call(Method::POST, "/contacts", &token, Some(json!({ "name": large })))
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused_with_a_page() {
    let world = World::new();
    let answer = world.call(Method::POST, "/authorize", "", Some(json!({}))).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(answer.body.contains("application/x-www-form-urlencoded"));
}
