//! What nothing but the database can do yet: a second organization, and what somebody with write access to the
//! database might try.

use ferrule_instance_registry::store::{
    Inserted, NewInstance, NewOrganization, NewUser, Sealed, Store, StoreOptions,
};
use ferrule_model::{Chance, Clock, Digest, InstanceId, OrganizationId, UserId};
use ferrule_seal::KeyRing;

use crate::world::World;

/// Secrets of the second organization and its user.
pub const THEIR_USER: &str = "user-secret-of-the-others";
pub const THEIR_ORGANIZATION: &str = "organization-secret-of-the-others";

const OURS: OrganizationId = OrganizationId(1);
const THEIRS: OrganizationId = OrganizationId(2);
const THEM: UserId = UserId(2);

/// Makes it beside a running Ferrule; gives its `Authorization`.
pub fn second_organization(world: &World) -> String {
    let ring = std::fs::read_to_string(world.data_dir().join("master-keys")).expect("the key ring's file");
    let ring = KeyRing::parse(&ring.trim().to_owned().into()).expect("a key ring");
    let (chance, now) = (Chance::system(), Clock::system().now());
    let (_, data_key) = ring.new_data_key(&chance, THEIRS);
    let organization = NewOrganization {
        id: THEIRS,
        name: "The others".to_owned(),
        secret_digest: Digest::of(THEIR_ORGANIZATION),
        data_key: Sealed::new(data_key),
        created_at: now,
    };
    let user = NewUser {
        id: THEM,
        organization_id: THEIRS,
        secret_digest: Digest::of(THEIR_USER),
        email: "other@localhost".to_owned(),
        first_name: "Other".to_owned(),
        last_name: "User".to_owned(),
        created_at: now,
    };
    beside(world, async |store| {
        assert!(
            store
                .insert_organization(&organization)
                .await
                .expect("an organization")
        );
        assert!(store.insert_user(&user).await.expect("a user"));
    });
    format!("User {THEIR_USER}, Organization {THEIR_ORGANIZATION}")
}

/// Copies a row of the first organization, sealed values and all, into the second; it is found by this token there.
pub fn copy_to_the_others(world: &World, id: i64, token: &str) -> i64 {
    let copy = InstanceId(id - 1);
    beside(world, async |store| {
        let row = store
            .by_id(OURS, InstanceId(id))
            .await
            .expect("the database")
            .expect("the row");
        let new = NewInstance {
            id: copy,
            organization_id: THEIRS,
            user_id: THEM,
            element_key: row.element_key,
            element_id: row.element_id,
            name: row.name,
            tags: row.tags,
            configuration: row.configuration,
            secrets: row.secrets,
            token_digest: Digest::of(token),
            token: row.token,
            tokens: row.tokens,
            external_authentication: false,
            created_at: row.created_at,
            request_id: None,
            connect_session: None,
        };
        let inserted = store.insert(&new, None, None).await.expect("the database");
        assert_eq!(inserted, Inserted::Created);
    });
    copy.0
}

/// Gives the first organization the data key of the second.
pub fn swap_data_keys(world: &World) {
    beside(world, async |store| {
        let key_of = async |id| {
            store
                .organization(id)
                .await
                .expect("the database")
                .expect("it")
                .data_key
        };
        let (ours, theirs) = (key_of(OURS).await, key_of(THEIRS).await);
        assert!(
            store
                .replace_data_key(OURS, &ours, &theirs)
                .await
                .expect("the database")
        );
    });
}

/// Does this on the database of a running Ferrule.
fn beside(world: &World, work: impl AsyncFnOnce(&Store)) {
    let database = format!("sqlite://{}", world.data_dir().join("ferrule.db").display());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&database.into(), &StoreOptions::default())
            .await
            .expect("the database");
        work(&store).await;
        store.close().await;
    });
}
