use ferrule_wire::v1::UpdateInstanceRequest;
use ferrule_wire::{Reason, Refusal};

use crate::deleting::{delete, is_erased};
use crate::refreshing::{LEASE_IS_OVER, abandoned, refreshed};
use crate::world::{World, change, code, ended, in_seconds, ours, resolve, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_revives_what_its_lateness_had_condemned() {
    let world = World::on_postgres().await;
    let answers = world.broker.vendor().hold_answers();
    let made = ended(&world).await;
    until("the vendor is asked", async || world.broker.vendor().held() == 1).await;
    // The holder of the lease is stopped for longer than the lease; another takes over.
    world.broker.vendor().answer_at_once();
    let (_second, other) = world.reopened(&world.ring).await;
    world.tamper(LEASE_IS_OVER);
    let refusal = resolve(&other, &made, None).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::ReauthorizationRequired);
    let shown = world.get(ours(), Some(made.id)).await.unwrap();
    assert_eq!(
        (shown.valid, shown.reason.as_str()),
        (false, "REAUTHORIZATION_REQUIRED")
    );

    answers.add_permits(1);
    refreshed(&world, &made, 2).await;
    let shown = world.get(ours(), Some(made.id)).await.unwrap();
    assert_eq!((shown.valid, shown.reason.as_str()), (true, ""));
    let credential = resolve(&other, &made, None).await.unwrap();
    assert_eq!(credential.access_token, "refreshed-access-token-1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_never_overwrites_a_new_login() {
    for world in World::each().await {
        let answers = world.broker.vendor().hold_answers();
        let made = ended(&world).await;
        until("the vendor is asked", async || world.broker.vendor().held() == 1).await;
        world.broker.grant_at(in_seconds(0), Some(in_seconds(3600)));
        let login = UpdateInstanceRequest {
            provider_data: Some(code("c2")),
            ..change(&made)
        };
        world.update(login).await.unwrap();
        answers.add_permits(1);
        until("the late answer is put away", async || {
            world.broker.vendor().confirmed() == [(made.id, 1)]
        })
        .await;
        let credential = world.resolve(&made, None).await.unwrap();
        assert_eq!(credential.access_token, "access-token-2-of-the-vendor");
        assert_eq!(credential.version, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_waits_for_a_refresh_and_revokes_what_it_brought() {
    for world in World::each().await {
        let answers = world.broker.vendor().hold_answers();
        let made = ended(&world).await;
        until("the vendor is asked", async || world.broker.vendor().held() == 1).await;
        delete(&world, ours(), made.id).await.unwrap();
        let refusal: Refusal = world.resolve(&made, None).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::Unauthenticated);
        assert!(!is_erased(&world, made.id).await);
        answers.add_permits(1);
        until("the row is erased", async || is_erased(&world, made.id).await).await;
        let revoked = world.broker.revoked();
        assert_eq!(revoked.len(), 1);
        assert_eq!(revoked[0].token, "refreshed-refresh-token-1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_after_the_erasure_is_revoked() {
    let world = World::on_postgres().await;
    let answers = world.broker.vendor().hold_answers();
    let made = ended(&world).await;
    until("the vendor is asked", async || world.broker.vendor().held() == 1).await;
    world.tamper(LEASE_IS_OVER);
    delete(&world, ours(), made.id).await.unwrap();
    until("the row is erased", async || is_erased(&world, made.id).await).await;
    answers.add_permits(1);
    until("the late token is revoked", async || {
        world.broker.revoked().len() == 2
    })
    .await;
    assert_eq!(world.broker.revoked()[1].token, "refreshed-refresh-token-1");
    assert_eq!(world.broker.revoked()[1].api_secret, crate::world::CLIENT_SECRET);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_takes_what_waits_in_the_journal_and_revokes_it() {
    let world = World::on_postgres().await;
    let made = abandoned(&world).await;
    world
        .broker
        .vendor()
        .wait_in_journal(made.id, 1, "refresh-token-1-of-the-vendor");
    delete(&world, ours(), made.id).await.unwrap();
    world.tamper(LEASE_IS_OVER);
    until("the row is erased", async || is_erased(&world, made.id).await).await;
    assert_eq!(world.broker.revoked()[0].token, "refreshed-refresh-token-1");
}
