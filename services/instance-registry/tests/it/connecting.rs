//! A link makes one instance for the organization that opened it, and shows no token to anybody.

use ferrule_instance_registry::Bootstrap;
use ferrule_model::Digest;
use ferrule_wire::v1::connect_session::Status;
use ferrule_wire::v1::{
    ConnectLink, ConnectSession, CreateConnectSessionRequest, FinishConnectRequest, GetConnectSessionRequest,
    OpenConnectLinkRequest, PutAppRequest,
};
use ferrule_wire::{Reason, Refusal};

use crate::world::{CLIENT_ID, CLIENT_SECRET, World, bearer, map, ours, theirs};

fn digest(link: &str) -> Vec<u8> {
    Digest::of(link).as_bytes().to_vec()
}

fn asked(elements: &[&str], link: &str) -> CreateConnectSessionRequest {
    CreateConnectSessionRequest {
        credentials: Some(ours()),
        elements: elements.iter().map(|element| (*element).to_owned()).collect(),
        tags: vec!["customer-1".into()],
        link: digest(link),
        ..CreateConnectSessionRequest::default()
    }
}

async fn open(world: &World, request: CreateConnectSessionRequest) -> Result<ConnectSession, Refusal> {
    let answer = world.client.clone().create_connect_session(request).await;
    answer.map(tonic::Response::into_inner).map_err(Refusal::from)
}

async fn begin(world: &World, link: &str, element: &str) -> Result<ConnectLink, Refusal> {
    let request = OpenConnectLinkRequest {
        link: digest(link),
        element: element.into(),
    };
    let answer = world.client.clone().open_connect_link(request).await;
    answer.map(tonic::Response::into_inner).map_err(Refusal::from)
}

async fn finish(world: &World, link: &str, handshake: &str) -> Result<ConnectSession, Refusal> {
    let request = FinishConnectRequest {
        link: digest(link),
        element: "acme".into(),
        handshake: handshake.into(),
        ..FinishConnectRequest::default()
    };
    let answer = world.client.clone().finish_connect(request).await;
    answer.map(tonic::Response::into_inner).map_err(Refusal::from)
}

async fn standing(world: &World, id: &str) -> ConnectSession {
    let request = GetConnectSessionRequest {
        credentials: Some(ours()),
        id: id.into(),
    };
    let answer = world.client.clone().get_connect_session(request).await;
    answer.unwrap().into_inner()
}

/// A registry in which the app for Acme is stored.
async fn world() -> World {
    let world = World::new().await.with_their_organization().await;
    let app = PutAppRequest {
        credentials: Some(ours()),
        element: "acme".into(),
        api_key: CLIENT_ID.into(),
        api_secret: CLIENT_SECRET.into(),
    };
    world.client.clone().put_app(app).await.unwrap();
    world
}

#[tokio::test]
async fn a_login_makes_the_instance_and_the_same_login_again_is_told_the_same() {
    let world = world().await;
    let session = open(&world, asked(&["acme"], "l1")).await.unwrap();
    assert_eq!(session.status(), Status::Open);
    let link = begin(&world, "l1", "acme").await.unwrap();
    let app = link.app.unwrap();
    assert_eq!(
        (app.api_key.as_str(), app.api_secret.as_str()),
        (CLIENT_ID, CLIENT_SECRET)
    );
    assert_eq!(link.organization_name, "First organization");
    let named = Bootstrap {
        name: Some("Harbour & Sons".into()),
        ..Bootstrap::default()
    };
    world.registry.bootstrap(&named, false).await.unwrap();
    let link = begin(&world, "l1", "acme").await.unwrap();
    assert_eq!(link.organization_name, "Harbour & Sons");

    for _ in 0..2 {
        let done = finish(&world, "l1", "h1").await.unwrap();
        assert_eq!(done.status(), Status::Done);
        let made = world.get(ours(), done.instance_id).await.unwrap();
        assert_eq!(
            (made.name.as_str(), &made.tags[..]),
            ("Acme", &["customer-1".to_owned()][..])
        );
        assert_eq!(standing(&world, &session.id).await, done);
    }
    assert_eq!(world.broker.token_requests(), 1);
    let sent = world.broker.exchanged().pop().unwrap();
    assert_eq!(
        (sent.connect_session.as_str(), sent.handshake.as_str()),
        (session.id.as_str(), "h1")
    );

    for refusal in [
        finish(&world, "l1", "h2").await.unwrap_err(),
        begin(&world, "l1", "acme").await.unwrap_err(),
    ] {
        assert_eq!(refusal.reason, Reason::ConnectSpent);
    }
    assert_eq!(
        world.broker.token_requests(),
        1,
        "a used link sends nothing to a vendor"
    );
}

#[tokio::test]
async fn of_two_logins_at_once_one_is_connected_and_the_other_revoked() {
    let world = world().await;
    let session = open(&world, asked(&["acme"], "l1")).await.unwrap();
    let gate = world.broker.hold_replies();
    let (one, two, ()) = tokio::join!(finish(&world, "l1", "h1"), finish(&world, "l1", "h2"), async {
        crate::world::until("both are at the vendor", async || world.broker.waiting() == 2).await;
        gate.add_permits(2);
    });
    let (done, spent) = if one.is_ok() { (one, two) } else { (two, one) };
    assert_eq!(done.unwrap().status(), Status::Done);
    assert_eq!(spent.unwrap_err().reason, Reason::ConnectSpent);
    crate::world::until("the other grant is revoked", async || {
        world.broker.revoked().len() == 1
    })
    .await;
    assert!(standing(&world, &session.id).await.instance_id.is_some());
}

#[tokio::test]
async fn a_no_is_told_and_another_try_on_the_same_link_goes_on() {
    let world = world().await;
    let session = open(&world, asked(&["acme"], "l1")).await.unwrap();
    for (reason, told) in [
        (Reason::UserDenied, Status::Denied),
        (Reason::VendorRejected, Status::Failed),
    ] {
        world.broker.refuse(Some(
            Refusal::new(reason, "no").with_provider_message("access_denied"),
        ));
        let refusal = finish(&world, "l1", "h1").await.unwrap_err();
        assert_eq!(refusal.provider_message.as_deref(), Some("access_denied"));
        assert_eq!(standing(&world, &session.id).await.status(), told);
        begin(&world, "l1", "acme").await.unwrap();
        assert_eq!(standing(&world, &session.id).await.status(), Status::Open);
    }
    world
        .broker
        .refuse(Some(Refusal::new(Reason::VendorUnreachable, "away")));
    finish(&world, "l1", "h1").await.unwrap_err();
    assert_eq!(standing(&world, &session.id).await.status(), Status::Open);
    world.broker.refuse(None);
    assert_eq!(finish(&world, "l1", "h2").await.unwrap().status(), Status::Done);
}

#[tokio::test]
async fn a_link_whose_time_is_over_connects_nothing() {
    let world = World::on_postgres().await;
    let session = open(&world, asked(&["keyed"], "l1")).await.unwrap();
    world.tamper("UPDATE connect_sessions SET expires_at = created_at");
    assert_eq!(standing(&world, &session.id).await.status(), Status::Expired);
    assert_eq!(
        begin(&world, "l1", "").await.unwrap().session.unwrap().status(),
        Status::Expired
    );
    let begun = begin(&world, "l1", "keyed").await.unwrap_err();
    let request = FinishConnectRequest {
        link: digest("l1"),
        element: "keyed".into(),
        configuration: map([("region", "eu"), ("api_key", "k")]),
        ..FinishConnectRequest::default()
    };
    let finished = world.client.clone().finish_connect(request).await.unwrap_err();
    for refusal in [begun, Refusal::from(finished)] {
        assert_eq!(refusal.reason, Reason::ConnectExpired);
    }
}

#[tokio::test]
async fn without_a_login_what_is_typed_is_the_credential() {
    let world = world().await;
    open(&world, asked(&["keyed", "acme"], "l1")).await.unwrap();
    let request = FinishConnectRequest {
        link: digest("l1"),
        element: "keyed".into(),
        configuration: map([("region", "eu"), ("api_key", "key-of-the-customer")]),
        ..FinishConnectRequest::default()
    };
    let done = world
        .client
        .clone()
        .finish_connect(request.clone())
        .await
        .unwrap()
        .into_inner();
    let made = world.get(ours(), done.instance_id).await.unwrap();
    assert_eq!(made.element_key, "keyed");
    let again = world.client.clone().finish_connect(request).await.unwrap_err();
    assert_eq!(Refusal::from(again).reason, Reason::ConnectSpent);
}

#[tokio::test]
async fn a_link_offers_what_customers_can_connect_and_belongs_to_its_organization() {
    let world = world().await;
    for (elements, words) in [
        (&[][..], "names 1 to 50"),
        (&["robots", "nobody"], "nobody"),
        (&["anywhere"], "host is typed"),
        (&["intercom"], "PUT /elements/intercom/app"),
    ] {
        let refusal = open(&world, asked(elements, "l1")).await.unwrap_err();
        assert!(refusal.message.contains(words), "{elements:?}: {refusal}");
    }
    for seconds in [59, 604_801] {
        let request = CreateConnectSessionRequest {
            expires_in_seconds: seconds,
            ..asked(&["acme"], "l1")
        };
        assert_eq!(
            open(&world, request).await.unwrap_err().reason,
            Reason::InvalidRequest
        );
    }
    let instance = world.create(crate::world::by_code("c1")).await.unwrap();
    let request = CreateConnectSessionRequest {
        credentials: Some(bearer(&instance)),
        ..asked(&["acme"], "l1")
    };
    assert_eq!(open(&world, request).await.unwrap_err().reason, Reason::Forbidden);

    let session = open(&world, asked(&["acme"], "l1")).await.unwrap();
    let request = GetConnectSessionRequest {
        credentials: Some(theirs()),
        id: session.id,
    };
    let refusal = world
        .client
        .clone()
        .get_connect_session(request)
        .await
        .unwrap_err();
    assert_eq!(Refusal::from(refusal).reason, Reason::ConnectUnknown);
    assert_eq!(
        begin(&world, "l2", "").await.unwrap_err().reason,
        Reason::ConnectUnknown
    );
    assert_eq!(
        begin(&world, "l1", "keyed").await.unwrap_err().reason,
        Reason::InvalidRequest
    );
}

#[tokio::test]
async fn the_same_idempotency_key_gives_the_same_session_and_another_body_none() {
    let world = world().await;
    let request = |link: &str, body: &str| CreateConnectSessionRequest {
        idempotency_key: "k1".into(),
        body_digest: digest(body),
        ..asked(&["acme"], link)
    };
    let first = open(&world, request("l1", "b")).await.unwrap();
    let again = open(&world, request("l2", "b")).await.unwrap();
    assert_eq!(first, again);
    finish(&world, "l2", "h1").await.unwrap();
    assert_eq!(
        begin(&world, "l1", "acme").await.unwrap_err().reason,
        Reason::ConnectSpent
    );
    let other = open(&world, request("l3", "other")).await.unwrap_err();
    assert_eq!(other.reason, Reason::IdempotencyConflict);
}
