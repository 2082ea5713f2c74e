//! A backup that is older than what happened since.

use std::time::Duration;

use ferrule_testkit::{Postgres, wait_until};
use serde_json::json;

use crate::service::{SOON, Service};
use crate::vendors::{by_code, by_code_of, keyed_at};
use crate::world::World;

const CALL: &str = "/hubs/marketing/me";
const PATIENCE: Duration = Duration::from_mins(1);

/// Tokens rotate, and one that comes twice ends its family: the strictest of vendors.
#[test]
fn security_19_a_restored_backup_revives_no_deleted_instance_and_names_what_is_stale() {
    let postgres = Postgres::shared();
    let mut world = World::of(2, postgres.fresh_database());
    let revocable = keyed_at("revocable", &world.vendor).replace(
        "[api]",
        &format!("revocation_url = \"{}\"\n\n[api]", world.vendor.revocation_url()),
    );
    world = world.with_connector("revocable", &revocable).up();
    world.vendor.behave(|vendor| vendor.reuse_kills = true);
    let api = world.api(0);
    let kept = api.created(&by_code("kept"));
    let deleted = api.created(&by_code_of("revocable", "deleted"));
    world.vendor.behave(|vendor| vendor.access_ttl = 2);
    let rotated = api.created(&by_code("rotated"));
    let path = |instance: &serde_json::Value| format!("/instances/{}", instance["id"]);

    let backup = postgres.dump(&world.database);
    let granted = |code: &str| {
        let refreshes = world.vendor.refreshes_of(code);
        refreshes.iter().filter(|one| one.answered.is_some()).count()
    };
    let before = granted("rotated");
    wait_until("its token was rotated", SOON, || granted("rotated") > before + 1);
    assert_eq!(api.delete(&path(&deleted)).status, 200);
    world.vendor.wait_for_requests("/revoke", 1);
    world.vendor.revoke("deleted");
    let only_in_the_lost_part = api.created(&by_code("after the backup"));
    for service in world.services() {
        service.terminate();
        service.ends_well();
    }

    let restored = postgres.restore(&backup);
    for registry in &mut world.registries {
        registry.set("FERRULE_DATABASE_URL", &restored);
    }
    let asked = world.vendor.refreshes_of("rotated").len();
    world.services().for_each(Service::start);
    world.services().for_each(Service::wait_until_ready);
    let api = world.api(1);

    assert_eq!(api.through(&kept).get(CALL).status, 200, "nothing happened to it");
    assert_eq!(api.get(&path(&only_in_the_lost_part)).status, 404);

    // Its refresh token was spent after the backup: said once, with what to do, and the vendor is left alone then.
    wait_until("the stale one is known as such", PATIENCE, || {
        api.get(&path(&rotated)).json()["reason"] == "REAUTHORIZATION_REQUIRED"
    });
    let answer = api.through(&rotated).get(CALL);
    assert_eq!(
        (answer.status, &answer.json()["reason"]),
        (401, &json!("REAUTHORIZATION_REQUIRED"))
    );
    let after = world.vendor.refreshes_of("rotated").len();
    assert!(after <= asked + 2, "asked {} times", after - asked);
    for gateway in [0, 1] {
        assert_eq!(world.api(gateway).through(&rotated).get(CALL).status, 401);
    }
    assert_eq!(world.vendor.refreshes_of("rotated").len(), after, "no loop");

    // The row is back and its tokens are not: the vendor was told. Deleting it again is all that is left to do.
    for gateway in [0, 1] {
        let answer = world.api(gateway).through(&deleted).get(CALL);
        assert_eq!(answer.status, 401, "{}", answer.text());
    }
    assert_eq!(api.delete(&path(&deleted)).status, 200);
    assert_eq!(api.get(&path(&deleted)).status, 404);

    // Whoever logs in again goes on under the same id and token.
    let again = api.patch(&path(&rotated), &json!({"providerData": {"code": "again"}}));
    assert_eq!(again.status, 200, "{}", again.text());
    assert_eq!(api.through(&rotated).get(CALL).status, 200);
}
