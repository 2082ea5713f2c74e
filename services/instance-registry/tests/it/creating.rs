use ferrule_model::{Digest, MASK};
use ferrule_wire::v1::{CreateInstanceRequest, ProviderData};
use ferrule_wire::{Reason, Refusal};

use crate::world::{World, bearer, by_code, code, credentials, keyed, map, ours};

#[tokio::test]
async fn a_code_becomes_an_instance_with_every_field() {
    let world = World::new().await;
    let made = world
        .create(CreateInstanceRequest {
            name: "<b>My</b> Acme".into(),
            tags: vec!["<i>red</i>".into(), "blue".into()],
            ..by_code("c1")
        })
        .await
        .unwrap();

    assert!((100_000..1 << 31).contains(&made.id));
    assert_eq!(made.name, "My Acme");
    assert_eq!(made.tags, ["red", "blue"]);
    assert_eq!(made.element_key, "acme");
    assert_eq!(made.token.len(), 44);
    assert!(made.valid && !made.disabled && made.reason.is_empty());
    assert!(made.created_at > 0);
    assert_eq!(made.user.as_ref().unwrap().id, 1);
    assert_eq!(
        made.configuration,
        map([
            ("oauth.api.key", MASK),
            ("oauth.api.secret", MASK),
            ("oauth.callback.url", "https://app.test/callback"),
            ("shop", "one"),
        ])
    );
    assert_eq!(world.get(ours(), Some(made.id)).await.unwrap(), made);
    assert_eq!(world.get(bearer(&made), None).await.unwrap(), made);
    assert_eq!(world.broker.confirmations(), 1);
}

#[tokio::test]
async fn what_is_not_given_has_its_default() {
    let world = World::new().await;
    let made = world
        .create(CreateInstanceRequest {
            name: String::new(),
            ..by_code("c1")
        })
        .await
        .unwrap();
    assert_eq!(made.name, "Acme");
    assert_eq!(made.tags, ["Acme"]);
}

#[tokio::test]
async fn the_broker_gets_what_the_exchange_needs() {
    let world = World::new().await;
    let provider_data = ProviderData {
        state: "their-state".into(),
        iss: Some("https://acme.com".into()),
        other: map([("realmId", "7")]),
        ..code("c1")
    };
    world
        .create(CreateInstanceRequest {
            provider_data: Some(provider_data),
            ..by_code("c1")
        })
        .await
        .unwrap();
    let asked = world.broker.exchanged().remove(0);
    assert_eq!((asked.organization_id, asked.element.as_str()), (1, "acme"));
    assert_eq!(asked.digest.len(), 32);
    assert_eq!((asked.code.as_str(), asked.state.as_str()), ("c1", "their-state"));
    assert_eq!(asked.iss.as_deref(), Some("https://acme.com"));
    assert_eq!(asked.parameters, map([("shop", "one")]));
    assert_eq!(asked.callback_parameters, map([("realmId", "7")]));
}

#[tokio::test]
async fn a_handshake_needs_nothing_but_itself_and_brings_its_own_client() {
    let world = World::new().await;
    for (n, provider_data) in [
        ProviderData {
            handshake: "state-1".into(),
            ..ProviderData::default()
        },
        ProviderData {
            state: "state-2".into(),
            ..ProviderData::default()
        },
    ]
    .into_iter()
    .enumerate()
    {
        let made = world
            .create(CreateInstanceRequest {
                configuration: map([]),
                provider_data: Some(provider_data),
                ..by_code("")
            })
            .await
            .unwrap();
        assert_eq!(made.configuration["oauth.api.secret"], MASK);
        assert_eq!(
            made.configuration["oauth.callback.url"],
            "https://ferrule.test/oauth/callback"
        );
        let asked = world.broker.exchanged().remove(n);
        assert_eq!(asked.handshake, format!("state-{}", n + 1));
        assert!(asked.code.is_empty() && asked.state.is_empty() && asked.api_key.is_empty());
    }
}

#[tokio::test]
async fn a_connector_without_a_login_keeps_what_is_given() {
    let world = World::new().await;
    let made = world.create(keyed()).await.unwrap();
    assert_eq!(
        made.configuration,
        map([("region", "eu"), ("pet", MASK), ("api_key", MASK)])
    );
    assert_eq!(world.broker.token_requests(), 0);
}

#[tokio::test]
async fn bad_input_is_refused_before_anything_is_exchanged() {
    let world = World::new().await;
    let without = |name: &str| {
        let mut request = by_code("c1");
        request.configuration.remove(name);
        request
    };
    let cases = [
        (
            without("oauth.api.key"),
            Reason::InvalidRequest,
            "Missing: oauth.api.key.",
        ),
        (
            without("oauth.callback.url"),
            Reason::InvalidRequest,
            "Missing: oauth.callback.url.",
        ),
        (
            CreateInstanceRequest {
                provider_data: None,
                ..by_code("")
            },
            Reason::InvalidRequest,
            "Missing: providerData.code.",
        ),
        (
            CreateInstanceRequest {
                element: "nobody".into(),
                ..by_code("c1")
            },
            Reason::ElementUnknown,
            "No element found with key or id nobody",
        ),
        (
            CreateInstanceRequest {
                name: "n".repeat(257),
                ..by_code("c1")
            },
            Reason::InvalidRequest,
            "name is too long: write at most 256 characters.",
        ),
        (
            CreateInstanceRequest {
                configuration: map([("region", "EU!")]),
                ..keyed()
            },
            Reason::InvalidRequest,
            "parameter 'region' (Region) has a value that does not fit: expected a value that matches [a-z]+.",
        ),
        (
            CreateInstanceRequest {
                configuration: map([]),
                ..keyed()
            },
            Reason::InvalidRequest,
            "Missing: api_key, region.",
        ),
    ];
    for (request, reason, words) in cases {
        let refusal = world.create(request).await.unwrap_err();
        assert_eq!(refusal, Refusal::new(reason, words));
    }
    assert!(world.broker.exchanged().is_empty());
}

#[tokio::test]
async fn a_client_without_a_secret_connects_too() {
    let world = World::new().await;
    let mut request = by_code("c1");
    request.configuration.remove("oauth.api.secret");
    let made = world.create(request).await.unwrap();
    assert!(!made.configuration.contains_key("oauth.api.secret"));
}

#[tokio::test]
async fn the_vendors_refusal_reaches_the_caller_and_leaves_no_instance() {
    let world = World::new().await;
    let refusal = Refusal::new(Reason::VendorRejected, "The vendor refused the code.")
        .with_provider_message("invalid_grant");
    world.broker.refuse(Some(refusal.clone()));
    assert_eq!(world.create(by_code("IAmBad")).await.unwrap_err(), refusal);
    world.broker.refuse(None);
    assert!(world.create(by_code("good")).await.is_ok());
}

#[tokio::test]
async fn an_element_token_makes_no_instance() {
    let world = World::new().await;
    let made = world.create(by_code("c1")).await.unwrap();
    let again = CreateInstanceRequest {
        credentials: Some(bearer(&made)),
        ..by_code("c2")
    };
    assert_eq!(world.create(again).await.unwrap_err().reason, Reason::Forbidden);
    let all_three = CreateInstanceRequest {
        credentials: Some(credentials(
            crate::world::USER,
            crate::world::ORGANIZATION,
            &made.token,
        )),
        ..by_code("c2")
    };
    assert!(world.create(all_three).await.is_ok());
}

#[tokio::test]
async fn an_idempotency_key_makes_one_instance_and_takes_one_body() {
    let world = World::new().await;
    let request = |body: &str| CreateInstanceRequest {
        idempotency_key: "key-1".into(),
        body_digest: Digest::of(body).as_bytes().to_vec(),
        ..keyed()
    };
    let (one, two) = tokio::join!(world.create(request("body")), world.create(request("body")));
    let made = one.unwrap();
    assert_eq!(two.unwrap(), made);
    assert_eq!(world.create(request("body")).await.unwrap(), made);
    let other = world.create(request("another body")).await.unwrap_err();
    assert_eq!(other.reason, Reason::IdempotencyConflict);
    assert_ne!(world.create(keyed()).await.unwrap().id, made.id);
}

#[tokio::test]
async fn an_idempotent_login_is_repeated_without_its_code() {
    let world = World::new().await;
    let request = |text: &str| CreateInstanceRequest {
        idempotency_key: "key-1".into(),
        body_digest: Digest::of("body").as_bytes().to_vec(),
        ..by_code(text)
    };
    let made = world.create(request("c1")).await.unwrap();
    assert_eq!(world.create(request("c1")).await.unwrap(), made);
    assert_eq!(world.broker.exchanged().len(), 1);
}
