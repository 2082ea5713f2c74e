use ferrule_wire::v1::{Caller, Credentials, IdentifyRequest, UpdateInstanceRequest};
use ferrule_wire::{Reason, Refusal};

use crate::deleting::delete;
use crate::world::{
    ORGANIZATION, THEIR_ORGANIZATION, THEIR_USER, USER, World, bearer, by_code, change, code, credentials,
    map, ours, theirs,
};

async fn identify(world: &World, credentials: Option<Credentials>) -> Result<Caller, Refusal> {
    let answer = world
        .client
        .clone()
        .identify(IdentifyRequest {
            credentials,
            ..IdentifyRequest::default()
        })
        .await;
    answer.map(tonic::Response::into_inner).map_err(Refusal::from)
}

#[tokio::test]
async fn credentials_must_belong_together() {
    let world = World::new().await.with_their_organization().await;
    let token = world.create(by_code("c1")).await.unwrap();
    let (id, token) = (token.id, token.token);
    for (user, organization, element, instance) in [
        (USER, ORGANIZATION, "", None),
        (USER, "", token.as_str(), Some(id)),
        (USER, ORGANIZATION, &token, Some(id)),
    ] {
        let caller = identify(&world, Some(credentials(user, organization, element)))
            .await
            .unwrap();
        let want = Caller {
            organization_id: 1,
            user_id: 1,
            instance_id: instance,
            ..Caller::default()
        };
        assert_eq!(caller, want);
    }
    for (user, organization, element) in [
        ("", "", ""),
        (USER, "", ""),
        ("", ORGANIZATION, ""),
        ("", "", token.as_str()),
        ("", ORGANIZATION, &token),
        (USER, THEIR_ORGANIZATION, ""),
        (THEIR_USER, ORGANIZATION, ""),
        (THEIR_USER, "", &token),
        (THEIR_USER, THEIR_ORGANIZATION, &token),
        (THEIR_USER, ORGANIZATION, &token),
        (USER, THEIR_ORGANIZATION, &token),
        (USER, "junk", ""),
        ("junk", ORGANIZATION, ""),
        (USER, "", "junk"),
        (USER, ORGANIZATION, "junk"),
        (ORGANIZATION, USER, ""),
    ] {
        let refusal = identify(&world, Some(credentials(user, organization, element)))
            .await
            .unwrap_err();
        assert_eq!(
            refusal.reason,
            Reason::Unauthenticated,
            "{user} {organization} {element}"
        );
    }
    assert_eq!(
        identify(&world, None).await.unwrap_err().reason,
        Reason::Unauthenticated
    );
}

#[tokio::test]
async fn another_organizations_instance_looks_like_a_missing_one() {
    let world = World::new().await.with_their_organization().await;
    let made = world.create(by_code("c1")).await.unwrap();
    let missing = made.id ^ 1;
    let words = |id| Refusal::new(Reason::InstanceUnknown, format!("No instance found with ID {id}"));
    for id in [made.id, missing] {
        assert_eq!(world.get(theirs(), Some(id)).await.unwrap_err(), words(id));
        assert_eq!(delete(&world, theirs(), id).await.unwrap_err(), words(id));
        let update = UpdateInstanceRequest {
            credentials: Some(theirs()),
            id: Some(id),
            name: Some("mine".into()),
            ..UpdateInstanceRequest::default()
        };
        assert_eq!(world.update(update).await.unwrap_err(), words(id));
    }
    assert_eq!(world.get(ours(), Some(made.id)).await.unwrap().name, made.name);
}

#[tokio::test]
async fn an_element_token_reaches_its_own_instance_and_changes_name_and_tags_alone() {
    let world = World::new().await;
    let own = world.create(by_code("c1")).await.unwrap();
    let other = world.create(by_code("c2")).await.unwrap();
    let as_bearer = |request| UpdateInstanceRequest {
        credentials: Some(bearer(&own)),
        ..request
    };

    assert_eq!(world.get(bearer(&own), Some(own.id)).await.unwrap().id, own.id);
    let foreign = world.get(bearer(&own), Some(other.id)).await.unwrap_err();
    assert_eq!(foreign.reason, Reason::InstanceUnknown);

    let renamed = as_bearer(UpdateInstanceRequest {
        name: Some("Renamed".into()),
        tags: vec!["t".into()],
        replace_tags: true,
        id: None,
        ..change(&own)
    });
    let renamed = world.update(renamed).await.unwrap();
    assert_eq!(
        (renamed.name.as_str(), renamed.tags.as_slice()),
        ("Renamed", &["t".to_owned()][..])
    );

    for forbidden in [
        UpdateInstanceRequest {
            configuration: map([("note", "x")]),
            ..change(&own)
        },
        UpdateInstanceRequest {
            provider_data: Some(code("c3")),
            ..change(&own)
        },
    ] {
        let refusal = world.update(as_bearer(forbidden)).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::Forbidden);
    }
    let refusal = delete(&world, bearer(&own), own.id).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::Forbidden);
    assert!(world.get(bearer(&own), None).await.is_ok());
}

#[tokio::test]
async fn an_instance_of_another_connector_does_not_count() {
    let world = World::new().await;
    let made = world.create(by_code("c1")).await.unwrap();
    for (element, reason) in [
        ("acme", None),
        ("intercom", Some(Reason::InstanceUnknown)),
        ("nobody", Some(Reason::ElementUnknown)),
    ] {
        let request = ferrule_wire::v1::GetInstanceRequest {
            credentials: Some(ours()),
            id: Some(made.id),
            element: element.into(),
            ..ferrule_wire::v1::GetInstanceRequest::default()
        };
        let answer = world.client.clone().get_instance(request).await;
        assert_eq!(
            answer.err().map(|status| Refusal::from(status).reason),
            reason,
            "{element}"
        );
    }
}
