use ferrule_model::{InstanceId, OrganizationId};
use ferrule_seal::KeyRing;
use ferrule_wire::v1::{Credentials, DeleteInstanceRequest};
use ferrule_wire::{Reason, Refusal};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::broker_double::BrokerDouble;
use crate::world::{World, bearer, by_code, create, open, ours, until};

pub async fn delete(world: &World, credentials: Credentials, id: i64) -> Result<(), Refusal> {
    let request = DeleteInstanceRequest {
        credentials: Some(credentials),
        id,
        element: String::new(),
    };
    let answer = world.client.clone().delete_instance(request).await;
    answer.map(drop).map_err(Refusal::from)
}

pub async fn is_erased(world: &World, id: i64) -> bool {
    let store = world.store().await;
    let row = store
        .by_id_even_deleted(OrganizationId(1), InstanceId(id))
        .await
        .unwrap();
    store.close().await;
    row.is_none()
}

#[tokio::test]
async fn a_deleted_instance_is_gone_at_once_then_revoked_and_erased() {
    let world = World::new().await;
    let made = world.create(by_code("c1")).await.unwrap();
    delete(&world, ours(), made.id).await.unwrap();

    let refusal = world.get(bearer(&made), None).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::Unauthenticated);
    let refusal = world.get(ours(), Some(made.id)).await.unwrap_err();
    assert_eq!(refusal.message, format!("No instance found with ID {}", made.id));
    let again = delete(&world, ours(), made.id).await.unwrap_err();
    assert_eq!(again.reason, Reason::InstanceUnknown);

    until("the row is erased", async || is_erased(&world, made.id).await).await;
    let revoked = world.broker.revoked();
    assert_eq!(revoked.len(), 1);
    assert_eq!(revoked[0].token, "refresh-token-1-of-the-vendor");
    assert!(revoked[0].refresh);
    assert_eq!(revoked[0].api_secret, crate::world::CLIENT_SECRET);
    assert_eq!(revoked[0].parameters["shop"], "one");
}

#[tokio::test]
async fn a_vendor_that_is_away_is_asked_again() {
    let world = World::new().await;
    let made = world.create(by_code("c1")).await.unwrap();
    world.broker.fail_revocations(2);
    delete(&world, ours(), made.id).await.unwrap();
    until("the vendor has revoked", async || {
        world.broker.revoked().len() == 1
    })
    .await;
    until("the row is erased", async || is_erased(&world, made.id).await).await;
}

#[test]
fn what_an_earlier_process_left_is_resumed() {
    let folder = TempDir::new().unwrap();
    let ring = KeyRing::generate(&ferrule_model::Chance::system(), "k1");
    let broker = BrokerDouble::default();
    let first_process = Runtime::new().unwrap();
    first_process.block_on(async {
        let (registry, client) = open(folder.path(), &ring, &broker).await;
        let made = create(&client, by_code("c1")).await.unwrap();
        broker.fail_revocations(u32::MAX);
        let request = DeleteInstanceRequest {
            credentials: Some(ours()),
            id: made.id,
            element: String::new(),
        };
        client.clone().delete_instance(request).await.unwrap();
        registry.close().await;
    });
    first_process.shutdown_background();
    assert!(broker.revoked().is_empty());

    broker.fail_revocations(0);
    Runtime::new().unwrap().block_on(async {
        let (_registry, _client) = open(folder.path(), &ring, &broker).await;
        until("the vendor has revoked", async || broker.revoked().len() == 1).await;
    });
}
