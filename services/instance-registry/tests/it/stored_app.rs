//! An organization's stored app: sealed, its own, and part of every login that names none.

use ferrule_instance_registry::rotate_keys;
use ferrule_model::Chance;
use ferrule_seal::KeyRing;
use ferrule_wire::v1::{
    App, Caller, DeleteAppRequest, FindAppRequest, GetAppRequest, IdentifyRequest, ProviderData,
    PutAppRequest, StoredApp,
};
use ferrule_wire::{Reason, Refusal, RegistryClient};

use crate::world::{
    CLIENT_ID, CLIENT_SECRET, World, bearer, by_code, contains, dump, exposed, external, ours, robot, theirs,
};

async fn put(client: &RegistryClient, element: &str, key: &str, secret: &str) -> Result<StoredApp, Refusal> {
    let request = PutAppRequest {
        credentials: Some(ours()),
        element: element.into(),
        api_key: key.into(),
        api_secret: secret.into(),
    };
    let answer = client.clone().put_app(request).await;
    answer.map(tonic::Response::into_inner).map_err(Refusal::from)
}

async fn stored(world: &World) -> StoredApp {
    put(&world.client, "acme", CLIENT_ID, CLIENT_SECRET)
        .await
        .unwrap()
}

async fn identify(world: &World, credentials: ferrule_wire::v1::Credentials) -> Caller {
    let request = IdentifyRequest {
        credentials: Some(credentials),
        app_of: "acme".into(),
    };
    world.client.clone().identify(request).await.unwrap().into_inner()
}

async fn find(client: &RegistryClient) -> Result<App, Refusal> {
    let request = FindAppRequest {
        credentials: Some(ours()),
        element: "acme".into(),
        ..FindAppRequest::default()
    };
    let answer = client.clone().find_app(request).await;
    answer.map(tonic::Response::into_inner).map_err(Refusal::from)
}

#[tokio::test]
async fn it_comes_along_with_whoever_presents_the_organizations_secret() {
    let world = World::new().await.with_their_organization().await;
    assert_eq!(identify(&world, ours()).await.app, None);
    let shown = stored(&world).await;
    assert_eq!(
        (shown.element.as_str(), shown.api_key.as_str()),
        ("acme", CLIENT_ID)
    );
    let app = identify(&world, ours()).await.app.unwrap();
    assert_eq!(
        (app.api_key.as_str(), app.api_secret.as_str()),
        (CLIENT_ID, CLIENT_SECRET)
    );
    assert_eq!(
        identify(&world, theirs()).await.app,
        None,
        "another organization's"
    );
    let instance = world.create(by_code("c1")).await.unwrap();
    assert_eq!(identify(&world, bearer(&instance)).await.app, None, "a bearer's");

    let newer = put(&world.client, "acme", "newer-id", "newer-secret")
        .await
        .unwrap();
    let get = GetAppRequest {
        credentials: Some(ours()),
        element: "acme".into(),
    };
    assert_eq!(
        world.client.clone().get_app(get).await.unwrap().into_inner(),
        newer
    );
    assert_eq!(find(&world.client).await.unwrap().api_secret, "newer-secret");

    let delete = DeleteAppRequest {
        credentials: Some(ours()),
        element: "acme".into(),
    };
    for _ in 0..2 {
        world.client.clone().delete_app(delete.clone()).await.unwrap();
    }
    assert_eq!(find(&world.client).await.unwrap_err().reason, Reason::AppUnknown);
}

#[tokio::test]
async fn every_login_that_names_no_app_goes_with_the_stored_one() {
    let world = World::new().await;
    stored(&world).await;
    put(&world.client, "robots", CLIENT_ID, CLIENT_SECRET)
        .await
        .unwrap();
    for (mut request, with_app) in [
        (by_code("c1"), true),
        (external("r1"), true),
        (robot(), true),
        (by_code(""), false),
    ] {
        for name in ["oauth.api.key", "oauth.api.secret"] {
            request.configuration.remove(name);
        }
        if !with_app {
            // A handshake knows its own.
            request.provider_data = Some(ProviderData {
                handshake: "h1".into(),
                ..ProviderData::default()
            });
        }
        let made = world.create(request).await;
        let sent = world.broker.exchanged().pop().unwrap();
        let want = if with_app {
            (CLIENT_ID, CLIENT_SECRET)
        } else {
            ("", "")
        };
        assert_eq!(
            (sent.api_key.as_str(), sent.api_secret.as_str()),
            want,
            "{}",
            sent.element
        );
        assert!(made.is_ok(), "{made:?}");
    }

    let mut own = by_code("c2");
    own.configuration.insert("oauth.api.key".into(), "another".into());
    own.configuration.remove("oauth.api.secret");
    world.create(own).await.unwrap();
    let sent = world.broker.exchanged().pop().unwrap();
    assert_eq!((sent.api_key.as_str(), sent.api_secret.as_str()), ("another", ""));
}

#[tokio::test]
async fn a_connector_whose_host_is_typed_takes_none_and_one_without_an_app_neither() {
    let world = World::new().await;
    for (element, words) in [
        ("anywhere", "types its host"),
        ("keyed", "has no app"),
        ("basic", "has no app"),
    ] {
        let refusal = put(&world.client, element, "k", "s").await.unwrap_err();
        assert_eq!(refusal.reason, Reason::InvalidRequest);
        assert!(refusal.message.contains(words), "{refusal}");
    }
    for (key, secret) in [("", "s"), ("k", ""), ("k\n", "s"), ("k", "\u{7f}")] {
        let refusal = put(&world.client, "acme", key, secret).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::InvalidRequest, "{key:?} {secret:?}");
    }
    let unknown = put(&world.client, "nobody", "k", "s").await.unwrap_err();
    assert_eq!(unknown.reason, Reason::ElementUnknown);
}

#[tokio::test]
async fn its_secret_is_sealed_and_survives_a_rotation_of_keys() {
    let world = World::new().await;
    stored(&world).await;
    let bytes = dump(world.folder.path());
    assert!(contains(&bytes, CLIENT_ID) && !contains(&bytes, CLIENT_SECRET));

    let new = KeyRing::generate(&Chance::system(), "k2");
    let both = format!("{},{}", exposed(&new), exposed(&world.ring)).into();
    let both = KeyRing::parse(&both).unwrap();
    rotate_keys(&world.store().await, &both, &Chance::system())
        .await
        .unwrap();
    let (_registry, client) = world.reopened(&new).await;
    assert_eq!(find(&client).await.unwrap().api_secret, CLIENT_SECRET);
}

#[tokio::test]
async fn a_secret_beside_another_client_id_does_not_open() {
    let world = World::on_postgres().await;
    stored(&world).await;
    world.tamper("UPDATE vendor_apps SET api_key = 'id-of-an-intruder'");
    assert_eq!(find(&world.client).await.unwrap_err().reason, Reason::Internal);
}
