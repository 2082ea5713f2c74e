//! Connectors without a login: what a caller brings is the credential.

use ferrule_model::{Digest, MASK};
use ferrule_wire::v1::CreateInstanceRequest;
use ferrule_wire::{Reason, Refusal};

use crate::world::{World, basic, change, contains, dump, keyed, map};

#[tokio::test(flavor = "multi_thread")]
async fn user_name_and_password_are_kept_sealed_and_handed_to_calls() {
    for world in World::each().await {
        let made = world.create(basic("ada", "open sesame")).await.unwrap();
        assert_eq!(made.configuration, map([("username", "ada"), ("password", MASK)]));
        assert!(made.valid && !made.external_authentication);
        let credential = world.resolve(&made, None).await.unwrap();
        assert_eq!(
            (credential.username.as_str(), credential.password.as_str()),
            ("ada", "open sesame")
        );
        assert!(credential.access_token.is_empty() && credential.expires_at.is_none());
        assert_eq!(world.broker.token_requests(), 0);
        world.registry.close().await;
        assert!(!contains(&dump(world.folder.path()), "open sesame"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_configuration_replaces_the_credential() {
    for world in World::each().await {
        let made = world.create(basic("ada", "first")).await.unwrap();
        let mut other = change(&made);
        other.configuration = map([("password", "second")]);
        world.update(other).await.unwrap();
        let credential = world.resolve(&made, None).await.unwrap();
        assert_eq!(
            (credential.username.as_str(), credential.password.as_str()),
            ("ada", "second")
        );
        let mut masked = change(&made);
        masked.configuration = map([("username", "grace"), ("password", MASK)]);
        let changed = world.update(masked).await.unwrap();
        assert_eq!((changed.id, &changed.token), (made.id, &made.token));
        let credential = world.resolve(&made, None).await.unwrap();
        assert_eq!(
            (credential.username.as_str(), credential.password.as_str()),
            ("grace", "second")
        );
    }
}

#[tokio::test]
async fn what_is_missing_or_fits_in_no_header_is_refused_by_name() {
    let world = World::new().await;
    let bare = |element: &str, configuration| CreateInstanceRequest {
        element: element.into(),
        configuration,
        ..keyed()
    };
    for (request, words) in [
        (bare("basic", map([])), "Missing: username, password."),
        (basic("ada", ""), "Missing: password."),
        (basic("ada", MASK), "Missing: password."),
        (bare("keyed", map([("region", "eu")])), "Missing: api_key."),
        (bare("keyed", map([])), "Missing: api_key, region."),
        (
            basic("ada:lovelace", "x"),
            "username holds a ':', which no user name may (RFC 7617 section 2).",
        ),
        (
            basic("ada", "x\r\nHost: evil"),
            "password holds a control character: send it without.",
        ),
        (
            CreateInstanceRequest {
                external_authentication: true,
                ..keyed()
            },
            "Connector 'keyed' has no login that could be done elsewhere: leave externalAuthentication out.",
        ),
    ] {
        let refusal = world.create(request).await.unwrap_err();
        assert_eq!(refusal, Refusal::new(Reason::InvalidRequest, words));
    }
    let made = world.create(basic("ada", "x")).await.unwrap();
    let mut wrong = change(&made);
    wrong.configuration = map([("username", "a:b")]);
    let refusal = world.update(wrong).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::InvalidRequest);
    assert_eq!(world.resolve(&made, None).await.unwrap().username, "ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_idempotency_key_makes_one_instance_of_a_key() {
    for world in World::each().await {
        let request = || CreateInstanceRequest {
            idempotency_key: "once".into(),
            body_digest: Digest::of("body").as_bytes().to_vec(),
            ..basic("ada", "x")
        };
        let (one, two) = tokio::join!(world.create(request()), world.create(request()));
        let made = one.unwrap();
        assert_eq!(two.unwrap(), made);
        assert_ne!(world.create(basic("ada", "x")).await.unwrap().id, made.id);
    }
}
