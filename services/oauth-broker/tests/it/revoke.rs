//! A token is revoked at its vendor (RFC 7009).

use ferrule_testkit::Scripted;
use ferrule_wire::Reason;
use ferrule_wire::v1::RevokeRequest;

use crate::requests::{API_KEY, API_SECRET};
use crate::world::{World, reason};

fn revocation(element: &str, refresh: bool) -> RevokeRequest {
    RevokeRequest {
        element: element.to_owned(),
        api_key: API_KEY.to_owned(),
        api_secret: API_SECRET.to_owned(),
        token: "the-token".to_owned(),
        refresh,
        ..RevokeRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vendor_is_told_which_token_and_by_whom() {
    let world = World::embedded().await;
    for (element, refresh, hint) in [("acme", true, "refresh_token"), ("basic", false, "access_token")] {
        assert!(world.revoke(revocation(element, refresh)).await.unwrap());
        let sent = world.vendor.requests_to("/revoke").pop().unwrap();
        assert_eq!(sent.method, "POST");
        assert_eq!(
            sent.header("content-type"),
            Some("application/x-www-form-urlencoded")
        );
        assert_eq!(sent.parameter("token").unwrap(), "the-token");
        assert_eq!(sent.parameter("token_type_hint").unwrap(), hint);
        let in_body = sent.parameter("client_secret").is_some();
        assert_eq!(
            (in_body, sent.header("authorization").is_some()),
            (element == "acme", element == "basic")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_cannot_now_is_asked_again_later() {
    let world = World::embedded().await;
    for answer in [
        Scripted::new(503, "text/plain", "").with_header("Retry-After", "1"),
        Scripted::new(429, "text/plain", ""),
        Scripted::cut(),
    ] {
        world.vendor.script_at("/revoke", answer);
        assert_eq!(
            reason(world.revoke(revocation("acme", true)).await),
            Reason::VendorUnreachable
        );
    }
    assert_eq!(
        reason(world.revoke(revocation("absent", true)).await),
        Reason::VendorUnreachable
    );
    assert!(world.revoke(revocation("acme", true)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_nothing_to_ask_nothing_is_revoked() {
    let world = World::embedded().await;
    assert!(!world.revoke(revocation("plain", true)).await.unwrap());
    assert!(world.vendor.requests().is_empty());
    world
        .vendor
        .script_at("/revoke", Scripted::new(400, "text/plain", "no"));
    assert!(!world.revoke(revocation("acme", true)).await.unwrap());
}
