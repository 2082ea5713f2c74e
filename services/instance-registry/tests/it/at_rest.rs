use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ferrule_instance_registry::store::{Changes, InstanceRow, Reauthenticated, SealedTokens, Updated};
use ferrule_model::{Clock, InstanceId, OrganizationId};
use ferrule_wire::Reason;
use ferrule_wire::v1::{Instance, UpdateInstanceRequest};

use crate::deleting::{delete, is_erased};
use crate::world::{
    CLIENT_SECRET, ORGANIZATION, USER, World, by_code, change, code, contains, dump, exposed, keyed, map,
    ours, until,
};

const OURS: OrganizationId = OrganizationId(1);

async fn row(world: &World, instance: &Instance) -> InstanceRow {
    let store = world.store().await;
    let row = store.by_id(OURS, InstanceId(instance.id)).await.unwrap().unwrap();
    store.close().await;
    row
}

#[tokio::test]
async fn a_dump_of_the_database_holds_no_secret() {
    let world = World::new().await;
    let made = world.create(by_code("code-from-the-vendor-1")).await.unwrap();
    let other = world.create(keyed()).await.unwrap();
    let update = UpdateInstanceRequest {
        configuration: map([("password", "hunter2-hunter2")]),
        provider_data: Some(code("code-from-the-vendor-2")),
        ..change(&made)
    };
    world.update(update).await.unwrap();

    let bytes = dump(world.folder.path());
    assert!(contains(&bytes, "My Acme"), "the dump is the database's");
    for secret in [
        ORGANIZATION,
        USER,
        CLIENT_SECRET,
        &made.token,
        &other.token,
        "access-token-1-of-the-vendor",
        "refresh-token-1-of-the-vendor",
        "access-token-2-of-the-vendor",
        "refresh-token-2-of-the-vendor",
        "name-of-the-pet",
        "key-of-the-api",
        "hunter2-hunter2",
        "code-from-the-vendor",
        exposed(&world.ring),
    ] {
        let base64 = STANDARD.encode(secret);
        for form in [secret, base64.trim_end_matches('=')] {
            assert!(!contains(&bytes, form), "{form}");
        }
    }
}

#[tokio::test]
async fn what_is_sealed_has_the_form_of_sealed_text() {
    let world = World::new().await;
    let made = world.create(by_code("c1")).await.unwrap();
    let row = row(&world, &made).await;
    let tokens = [row.tokens.access_token, row.tokens.refresh_token, row.secrets];
    for sealed in tokens.into_iter().flatten().chain([row.token]) {
        assert!(sealed.as_str().starts_with("v1."), "{}", sealed.as_str());
    }
}

#[tokio::test]
async fn secrets_moved_or_rolled_back_do_not_open() {
    let world = World::new().await;
    let one = world.create(by_code("c1")).await.unwrap();
    let two = world.create(by_code("c2")).await.unwrap();
    let earlier = row(&world, &one).await;
    let update = UpdateInstanceRequest {
        configuration: map([("oauth.api.secret", "a-newer-secret")]),
        ..change(&one)
    };
    world.update(update).await.unwrap();
    let of_another = row(&world, &two).await;
    for secrets in [earlier.secrets, of_another.secrets] {
        let forged = Changes {
            secrets,
            ..Changes::default()
        };
        let store = world.store().await;
        let now = Clock::system().now();
        let written = store
            .update_details(OURS, earlier.id, &forged, now)
            .await
            .unwrap();
        assert_eq!(written, Updated::Done);
        let refusal = world.get(ours(), Some(one.id)).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::Internal);
        assert!(refusal.message.contains("integrity"), "{refusal}");
    }
}

#[tokio::test]
async fn a_token_rolled_back_alone_is_not_used() {
    let world = World::new().await;
    let made = world.create(by_code("c1")).await.unwrap();
    let earlier = row(&world, &made).await;
    let update = UpdateInstanceRequest {
        provider_data: Some(code("c2")),
        ..change(&made)
    };
    world.update(update).await.unwrap();
    let now = row(&world, &made).await;
    let forged = SealedTokens {
        refresh_token: earlier.tokens.refresh_token,
        ..now.tokens
    };
    let at = Clock::system().now();
    let store = world.store().await;
    let written = store
        .reauthenticate(OURS, now.id, &forged, &Changes::default(), None, at)
        .await
        .unwrap();
    assert_eq!(written, Reauthenticated::Done { version: 3 });

    delete(&world, ours(), made.id).await.unwrap();
    until("the row is erased", async || is_erased(&world, made.id).await).await;
    assert!(world.broker.revoked().is_empty());
}
