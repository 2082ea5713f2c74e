//! The whole flow with a certified server, begun at one pair and ended at another.

use ferrule_testkit::{Browser, Decision, Landing, OidcOptions, OidcProvider, Postgres};

use crate::vendors::{by_handshake, certified_at};
use crate::world::{CLIENT, World};

#[test]
fn a_login_may_begin_come_back_and_be_claimed_at_any_pair() {
    let world = World::of(2, Postgres::shared().fresh_database());
    let callback = format!("http://{}/oauth/callback/certified", world.gateways[0].address);
    let provider = OidcProvider::start(&[&callback], OidcOptions::default());
    let world = world.with_connector("certified", &certified_at(&provider)).up();

    for (begun, back, claimed) in [(0, 1, 1), (1, 0, 0), (1, 1, 0)] {
        let url = world.api(begun).oauth_url("certified", &CLIENT);
        let left = Browser::stopping_at(&callback).log_in(&url, Decision::Allow);
        assert_eq!(left.parameter("iss").as_deref(), Some(provider.issuer()));
        let handshake = left.parameter("state").unwrap();
        let claim = by_handshake("certified", &handshake);
        let early = world.api(claimed).create(&claim);
        assert_eq!(early.status, 409, "{}", early.text());

        let page = Browser::new().open(&world.at_gateway(back, left.url()));
        assert!(matches!(page, Landing::Page { status: 200, .. }), "{page:?}");
        let instance = world.api(claimed).created(&claim);
        for gateway in [0, 1] {
            assert_eq!(world.api(gateway).created(&claim), instance);
            let path = format!("/instances/{}", instance["id"]);
            assert_eq!(world.api(gateway).get(&path).json()["token"], instance["token"]);
        }
        let other = world
            .api(claimed)
            .delete(&format!("/instances/{}", instance["id"]));
        assert_eq!(other.status, 200, "{}", other.text());
    }

    // Denied at the other pair than where it began: told at both.
    let return_url = "https://mycoolapp.com/done";
    let query = [&CLIENT[..], &[("returnUrl", return_url), ("state", "mine")]].concat();
    let url = world.api(0).oauth_url("certified", &query);
    let left = Browser::stopping_at(&callback).log_in(&url, Decision::Deny);
    let handshake = left.parameter("state").unwrap();
    let done = Browser::new().open(&world.at_gateway(1, left.url()));
    assert!(done.url().starts_with(return_url), "{done:?}");
    assert_eq!(done.parameter("error").as_deref(), Some("access_denied"));
    assert_eq!(done.parameter("state").as_deref(), Some("mine"));
    assert_eq!(done.parameter("handshake").as_deref(), Some(handshake.as_str()));
    for gateway in [0, 1] {
        let answer = world.api(gateway).create(&by_handshake("certified", &handshake));
        assert_eq!(answer.status, 400, "{}", answer.text());
        let words = answer.json()["providerMessage"].to_string();
        assert!(words.contains("access_denied"), "{words}");
    }
    assert_eq!(
        provider.log().matches("grant.error").count(),
        0,
        "{}",
        provider.log()
    );
}
