//! A second organization, which nothing but the database can make yet.

use ferrule_instance_registry::store::{NewOrganization, NewUser, Sealed, Store, StoreOptions};
use ferrule_model::{Chance, Clock, Digest, OrganizationId, UserId};
use ferrule_seal::KeyRing;

use crate::world::World;

/// Secrets of the second organization and its user.
pub const THEIR_USER: &str = "user-secret-of-the-others";
pub const THEIR_ORGANIZATION: &str = "organization-secret-of-the-others";

/// Makes it beside a running Ferrule; gives its `Authorization`.
pub fn second_organization(world: &World) -> String {
    let ring = std::fs::read_to_string(world.data_dir().join("master-keys")).expect("the key ring's file");
    let ring = KeyRing::parse(&ring.trim().to_owned().into()).expect("a key ring");
    let database = format!("sqlite://{}", world.data_dir().join("ferrule.db").display());
    let (chance, now) = (Chance::system(), Clock::system().now());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&database.into(), &StoreOptions::default())
            .await
            .expect("the database");
        let id = OrganizationId(2);
        let (_, data_key) = ring.new_data_key(&chance, id);
        let organization = NewOrganization {
            id,
            name: "The others".to_owned(),
            secret_digest: Digest::of(THEIR_ORGANIZATION),
            data_key: Sealed::new(data_key),
            created_at: now,
        };
        assert!(
            store
                .insert_organization(&organization)
                .await
                .expect("an organization")
        );
        let user = NewUser {
            id: UserId(2),
            organization_id: id,
            secret_digest: Digest::of(THEIR_USER),
            email: "other@localhost".to_owned(),
            first_name: "Other".to_owned(),
            last_name: "User".to_owned(),
            created_at: now,
        };
        assert!(store.insert_user(&user).await.expect("a user"));
        store.close().await;
    });
    format!("User {THEIR_USER}, Organization {THEIR_ORGANIZATION}")
}
