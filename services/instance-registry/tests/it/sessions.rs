use ferrule_model::Digest;
use ferrule_wire::v1::{
    CloseSessionRequest, Credentials, FindSessionRequest, GetInstanceRequest, ListInstancesRequest,
    OpenSessionRequest, ResolveRequest, Session,
};
use ferrule_wire::{Reason, Refusal};

use crate::world::{
    ORGANIZATION, THEIR_ORGANIZATION, USER, World, bearer, by_code, credentials, ours, theirs,
};

async fn open(world: &World, credentials: Credentials, cookie: &str) -> Result<Session, Refusal> {
    let request = OpenSessionRequest {
        credentials: Some(credentials),
        session: digest(cookie),
    };
    let answer = world.client.clone().open_session(request).await;
    answer.map(tonic::Response::into_inner).map_err(Refusal::from)
}

async fn find(world: &World, cookie: &str) -> Result<Session, Refusal> {
    let request = FindSessionRequest {
        session: digest(cookie),
    };
    let answer = world.client.clone().find_session(request).await;
    answer.map(tonic::Response::into_inner).map_err(Refusal::from)
}

fn digest(cookie: &str) -> Vec<u8> {
    Digest::of(cookie).as_bytes().to_vec()
}

fn signed_in(cookie: &str) -> Credentials {
    Credentials {
        session: digest(cookie),
        ..Credentials::default()
    }
}

#[tokio::test]
async fn a_session_reaches_as_far_as_the_secrets_that_opened_it() {
    for world in World::each().await {
        let world = world.with_their_organization().await;
        let session = open(&world, ours(), "cookie").await.unwrap();
        assert_eq!(session.organization_id, 1);
        assert!(!session.organization_name.is_empty());
        assert_eq!(find(&world, "cookie").await.unwrap(), session);

        let made = world.create(by_code("c1")).await.unwrap();
        let got = world.get(signed_in("cookie"), Some(made.id)).await.unwrap();
        assert_eq!(got.id, made.id);
        let mut client = world.client.clone();
        let listed = client.list_instances(ListInstancesRequest {
            credentials: Some(signed_in("cookie")),
            page_size: 10,
            ..ListInstancesRequest::default()
        });
        assert_eq!(listed.await.unwrap().into_inner().instances.len(), 1);

        open(&world, theirs(), "their cookie").await.unwrap();
        let foreign = world
            .get(signed_in("their cookie"), Some(made.id))
            .await
            .unwrap_err();
        assert_eq!(foreign.reason, Reason::InstanceUnknown);
    }
}

#[tokio::test]
async fn a_session_calls_through_its_organizations_instances_alone() {
    for world in World::each().await {
        let world = world.with_their_organization().await;
        open(&world, ours(), "cookie").await.unwrap();
        open(&world, theirs(), "their cookie").await.unwrap();
        let made = world.create(by_code("c1")).await.unwrap();
        let resolve = async |cookie: &str, id: Option<i64>| {
            let request = ResolveRequest {
                credentials: Some(signed_in(cookie)),
                instance_id: id,
                ..ResolveRequest::default()
            };
            let answer = world.client.clone().resolve(request).await;
            answer.map(tonic::Response::into_inner).map_err(Refusal::from)
        };
        let got = resolve("cookie", Some(made.id)).await.unwrap();
        assert_eq!(got.instance_id, made.id);
        assert!(!got.access_token.is_empty());
        for (cookie, id, reason) in [
            ("their cookie", Some(made.id), Reason::InstanceUnknown),
            ("cookie", Some(made.id + 1), Reason::InstanceUnknown),
            ("cookie", None, Reason::InvalidRequest),
            ("nobody's", Some(made.id), Reason::Unauthenticated),
        ] {
            let refused = resolve(cookie, id).await.unwrap_err();
            assert_eq!(refused.reason, reason, "{cookie} {id:?}");
        }
    }
}

#[tokio::test]
async fn a_closed_session_is_nobodys() {
    let world = World::new().await;
    open(&world, ours(), "cookie").await.unwrap();
    let request = CloseSessionRequest {
        session: digest("cookie"),
    };
    world.client.clone().close_session(request).await.unwrap();
    assert_eq!(
        find(&world, "cookie").await.unwrap_err().reason,
        Reason::Unauthenticated
    );
    let refusal = world.get(signed_in("cookie"), Some(1)).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::Unauthenticated);
}

#[tokio::test]
async fn only_an_organizations_user_signs_in() {
    let world = World::new().await.with_their_organization().await;
    let made = world.create(by_code("c1")).await.unwrap();
    open(&world, ours(), "open already").await.unwrap();
    for (presented, reason) in [
        (credentials(USER, THEIR_ORGANIZATION, ""), Reason::Unauthenticated),
        (credentials(USER, "junk", ""), Reason::Unauthenticated),
        (credentials(USER, "", ""), Reason::Unauthenticated),
        (credentials("", ORGANIZATION, ""), Reason::Unauthenticated),
        (bearer(&made), Reason::Forbidden),
        (signed_in("open already"), Reason::Unauthenticated),
    ] {
        assert_eq!(
            open(&world, presented, "cookie").await.unwrap_err().reason,
            reason
        );
        assert!(find(&world, "cookie").await.is_err());
    }
}

#[tokio::test]
async fn a_session_and_secrets_are_not_presented_together() {
    let world = World::new().await;
    let made = world.create(by_code("c1")).await.unwrap();
    open(&world, ours(), "cookie").await.unwrap();
    let both = Credentials {
        session: digest("cookie"),
        ..ours()
    };
    let refusal = world.get(both, Some(made.id)).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::Unauthenticated);
}

#[tokio::test]
async fn a_session_sees_a_token_when_it_asks() {
    for world in World::each().await {
        open(&world, ours(), "cookie").await.unwrap();
        let made = world.create(by_code("c1")).await.unwrap();
        let get = async |show_token| {
            let request = GetInstanceRequest {
                credentials: Some(signed_in("cookie")),
                id: Some(made.id),
                show_token,
                ..GetInstanceRequest::default()
            };
            let answer = world.client.clone().get_instance(request).await;
            answer.unwrap().into_inner().token
        };
        assert_eq!(get(false).await, "");
        assert_eq!(get(true).await, made.token);
    }
}
