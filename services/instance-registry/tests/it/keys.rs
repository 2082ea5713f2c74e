use std::time::Duration;

use ferrule_instance_registry::{BootstrapError, Registry, rotate_keys};
use ferrule_model::{Chance, Clock};
use ferrule_seal::KeyRing;
use ferrule_wire::{Reason, RegistryClient, in_process};
use secrecy::SecretString;
use tempfile::TempDir;

use crate::broker_double::BrokerDouble;
use crate::world::{
    World, broker_client, by_code, catalog, create, credentials, exposed, get, ours, state_settings,
};

fn ring(id: &str) -> SecretString {
    KeyRing::generate(&Chance::system(), id)
}

fn joined(first: &SecretString, second: &SecretString) -> SecretString {
    format!("{},{}", exposed(first), exposed(second)).into()
}

#[tokio::test]
async fn after_a_rotation_the_old_key_is_not_needed() {
    let world = World::new().await.with_their_organization().await;
    let made = world.create(by_code("c1")).await.unwrap();
    let new = ring("k2");
    let both = KeyRing::parse(&joined(&new, &world.ring)).unwrap();
    let (store, chance) = (world.store().await, Chance::system());
    let rotation = rotate_keys(&store, &both, &chance).await.unwrap();
    assert_eq!((rotation.rewrapped, rotation.current), (2, 0));
    assert!(rotation.check_value_rewrapped);
    let again = rotate_keys(&store, &both, &chance).await.unwrap();
    assert_eq!((again.rewrapped, again.current), (0, 2));

    let (registry, client) = world.reopened(&new).await;
    assert!(registry.ready().await);
    assert_eq!(get(&client, ours(), Some(made.id)).await.unwrap(), made);
}

#[tokio::test]
async fn a_rotation_with_a_foreign_ring_touches_nothing() {
    let world = World::new().await;
    let foreign = KeyRing::parse(&ring("k9")).unwrap();
    let rotated = rotate_keys(&world.store().await, &foreign, &Chance::system()).await;
    assert!(rotated.is_err());
    assert!(world.registry.ready().await);
}

#[tokio::test]
async fn a_registry_whose_ring_is_not_the_databases_runs_sealed() {
    let world = World::new().await;
    let made = world.create(by_code("c1")).await.unwrap();
    for foreign in [ring("k1"), ring("k2")] {
        let (registry, client) = world.reopened(&foreign).await;
        assert!(!registry.ready().await);
        let failing = registry.readiness().failing().await;
        assert!(failing[0].why.starts_with("sealed: "), "{failing:?}");
        for refusal in [
            get(&client, ours(), Some(made.id)).await.unwrap_err(),
            create(&client, by_code("c2")).await.unwrap_err(),
        ] {
            assert_eq!(refusal.reason, Reason::Sealed);
        }
    }
    assert_eq!(world.broker.token_requests(), 1);
}

#[tokio::test]
async fn missing_secrets_are_made_once_and_work() {
    let folder = TempDir::new().unwrap();
    let broker = BrokerDouble::default();
    let settings = state_settings(folder.path(), &ring("k1"));
    let build = async || {
        let (clock, chance) = (Clock::system(), Chance::system());
        Registry::build(&settings, broker_client(&broker), catalog(), clock, chance)
            .await
            .unwrap()
    };
    let none = ferrule_instance_registry::Bootstrap::default();
    let registry = build().await;
    let refused = registry.bootstrap(&none, false).await;
    assert!(matches!(refused, Err(BootstrapError::NoSecrets)));

    let made = registry.bootstrap(&none, true).await.unwrap();
    let (organization, user) = (made.organization.unwrap(), made.user.unwrap());
    assert_eq!((exposed(&organization).len(), exposed(&user).len()), (32, 44));
    let client = RegistryClient::new(in_process(registry.service(), Duration::from_secs(5)));
    let request = ferrule_wire::v1::CreateInstanceRequest {
        credentials: Some(credentials(exposed(&user), exposed(&organization), "")),
        ..by_code("c1")
    };
    let instance = create(&client, request).await.unwrap();

    let again = build().await;
    let made = again.bootstrap(&none, true).await.unwrap();
    assert!(made.organization.is_none() && made.user.is_none());

    // The variables' secrets take the place of what is stored.
    again.bootstrap(&settings.bootstrap, false).await.unwrap();
    assert!(get(&client, ours(), Some(instance.id)).await.is_ok());
    let old = credentials(exposed(&user), exposed(&organization), "");
    let refusal = get(&client, old, Some(instance.id)).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::Unauthenticated);
}
