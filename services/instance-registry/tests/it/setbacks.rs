use std::time::Duration;

use ferrule_wire::Reason;
use ferrule_wire::v1::verdict::Kind;
use ferrule_wire::v1::{CreateInstanceRequest, Instance, UpdateInstanceRequest};

use crate::vendor_double::verdict;
use crate::world::{World, by_code, change, ended, in_seconds, map, ours, until};

async fn failed(world: &World, made: &Instance, failures: i64) {
    until("the attempt has failed", async || {
        world.row(made).await.failures == failures
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_verdict_has_its_consequence() {
    for world in World::each().await {
        // Kind, Retry-After in ms; then: shown reason, within how many ms it is tried again, intent stays open.
        let table = [
            (Kind::Throttled, Some(30_000), "", Some(30_000..=35_000), false),
            (Kind::Throttled, None, "", Some(0..=1000), false),
            (Kind::Transient, None, "", Some(0..=1000), false),
            (Kind::Transient, Some(20_000), "", Some(20_000..=25_000), false),
            (Kind::Unanswered, None, "", Some(0..=1000), true),
            (
                Kind::AppMisconfigured,
                None,
                "APP_MISCONFIGURED",
                Some(3_590_000..=3_600_000),
                false,
            ),
            (
                Kind::ReauthorizationRequired,
                None,
                "REAUTHORIZATION_REQUIRED",
                None,
                false,
            ),
        ];
        for (n, (kind, retry_after, reason, again, open)) in table.into_iter().enumerate() {
            world.broker.vendor().script([verdict(kind, retry_after)]);
            if kind == Kind::ReauthorizationRequired {
                // It stays by its word.
                world.broker.vendor().script([verdict(kind, retry_after)]);
            }
            world.broker.grant_at(in_seconds(-3596), Some(in_seconds(4)));
            let before = world.broker.vendor().requests().len();
            // An app of its own: throttling and misconfiguration are the app's.
            let mut request = by_code(&format!("c{n}"));
            request
                .configuration
                .insert("oauth.api.key".into(), format!("app {n}"));
            let made = world.create(request).await.unwrap();
            until("the verdict is kept or gone", async || {
                let row = world.row(&made).await;
                row.failures > 0 || row.version > 1
            })
            .await;
            let row = world.row(&made).await;
            if row.version > 1 {
                // Tried again within its second already.
                assert!(again.is_some_and(|again| *again.start() == 0), "{kind:?}");
                continue;
            }
            assert_eq!(row.verdict.map_or("", |fault| fault.as_str()), reason, "{kind:?}");
            assert_eq!(row.intent.is_some(), open, "{kind:?}");
            assert!(row.lease_owner.is_none());
            let shown = world.get(ours(), Some(made.id)).await.unwrap();
            assert_eq!((shown.valid, shown.reason.as_str()), (reason.is_empty(), reason));
            match (&again, row.tokens.refresh_due_at) {
                (Some(again), Some(due_at)) => {
                    let wait = (due_at.as_microsecond() - in_seconds(0)) / 1000;
                    assert!(
                        wait <= *again.end() && wait > again.start() - 5_000,
                        "{kind:?}: {wait} ms"
                    );
                }
                (None, None) => {}
                other => panic!("{kind:?}: {other:?}"),
            }
            // The access token has life left: served, whatever happened to its refresh.
            let credential = world.resolve(&made, None).await.unwrap();
            assert_eq!(credential.version, 1, "{kind:?}");
            assert!(world.broker.vendor().requests().len() > before);
            if again.is_some_and(|again| *again.start() == 0) {
                // Its next attempt must not meet the answer that the next row scripts.
                until("it was tried again", async || world.row(&made).await.version > 1).await;
            }
        }
    }
}

#[tokio::test]
async fn calls_wait_out_a_short_trouble_of_the_vendor() {
    let world = World::new().await;
    world
        .broker
        .vendor()
        .script([verdict(Kind::Transient, None), verdict(Kind::Unanswered, None)]);
    let made = ended(&world).await;
    let credential = world.resolve(&made, None).await.unwrap();
    assert_eq!(credential.access_token, "refreshed-access-token-1");
    assert_eq!(world.broker.vendor().requests().len(), 3);
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_said_at_once() {
    let world = World::new().await;
    world
        .broker
        .vendor()
        .script([verdict(Kind::Throttled, Some(600_000))]);
    let made = ended(&world).await;
    failed(&world, &made, 1).await;
    let call = tokio::time::timeout(Duration::from_secs(2), world.resolve(&made, None));
    let refusal = call.await.unwrap().unwrap_err();
    assert_eq!(refusal.reason, Reason::Unavailable);
    assert_eq!(refusal.provider_message.as_deref(), Some("the vendor's words"));
    assert_eq!(world.broker.vendor().requests().len(), 1);
}

#[tokio::test]
async fn a_vendor_that_asks_one_app_to_wait_is_left_alone_by_all_of_its_instances() {
    let world = World::new().await;
    world
        .broker
        .vendor()
        .script([verdict(Kind::Throttled, Some(600_000))]);
    let first = ended(&world).await;
    failed(&world, &first, 1).await;
    // A login with the app is no reason not to wait.
    let second = world.create(by_code("c2")).await.unwrap();
    failed(&world, &second, 1).await;
    assert_eq!(world.broker.vendor().requests().len(), 1);
    let shown = world.get(ours(), Some(second.id)).await.unwrap();
    assert!(shown.valid, "throttled is not invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_app_pauses_its_own_instances_alone_and_a_corrected_secret_frees_them() {
    for world in World::each().await {
        let second = not_due(&world, "c2").await;
        world
            .broker
            .vendor()
            .script([verdict(Kind::AppMisconfigured, None)]);
        let first = ended(&world).await;
        failed(&world, &first, 1).await;
        // The same app: paused without a request. Another app: not.
        world.resolve(&second, Some(1)).await.unwrap_err();
        assert_eq!(world.broker.vendor().requests().len(), 1);
        let other = world.create(with_secret("c3", "another secret")).await.unwrap();
        until("the other app's is fresh", async || {
            world.row(&other).await.version == 2
        })
        .await;
        for paused in [&first, &second] {
            let refusal = world.resolve(paused, Some(1)).await.unwrap_err();
            assert_eq!(refusal.reason, Reason::AppMisconfigured);
            let shown = world.get(ours(), Some(paused.id)).await.unwrap();
            assert_eq!((shown.valid, shown.reason.as_str()), (false, "APP_MISCONFIGURED"));
        }
        // A corrected secret is another app: this instance goes on, the other one does not.
        let corrected = UpdateInstanceRequest {
            configuration: map([("oauth.api.secret", "the right secret")]),
            ..change(&first)
        };
        world.update(corrected).await.unwrap();
        until("it is fresh", async || world.row(&first).await.version == 2).await;
        assert!(world.row(&second).await.verdict.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_probe_an_hour_and_any_success_frees_all() {
    let world = World::on_postgres().await;
    let refused = || verdict(Kind::AppMisconfigured, None);
    let second = not_due(&world, "c2").await;
    world.broker.vendor().script([refused(), refused()]);
    let first = ended(&world).await;
    failed(&world, &first, 1).await;
    world.resolve(&second, Some(1)).await.unwrap_err();

    // An hour later both are due: one probes, in vain.
    world.tamper("UPDATE paused_apps SET until = 1; UPDATE instances SET refresh_due_at = 1");
    let (_second, _) = world.reopened(&world.ring).await;
    failed(&world, &first, 2).await;
    failed(&world, &second, 2).await;
    assert_eq!(world.broker.vendor().requests().len(), 2);

    // Another hour later the app is right again.
    world.tamper("UPDATE paused_apps SET until = 1; UPDATE instances SET refresh_due_at = 1");
    world.set_enabled(&first, true).await.unwrap();
    for made in [&first, &second] {
        until("it is fresh", async || world.row(made).await.version == 2).await;
        assert!(world.get(ours(), Some(made.id)).await.unwrap().valid);
    }
    assert_eq!(world.broker.vendor().requests().len(), 4);
    assert_eq!(world.tamper("SELECT COUNT(*) FROM paused_apps").trim(), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_login_with_the_app_frees_its_instances() {
    for world in World::each().await {
        world
            .broker
            .vendor()
            .script([verdict(Kind::AppMisconfigured, None)]);
        let paused = ended(&world).await;
        failed(&world, &paused, 1).await;
        world.create(by_code("c2")).await.unwrap();
        until("it is fresh", async || world.row(&paused).await.version == 2).await;
    }
}

/// An instance that is old enough to be refreshed and not due for long.
async fn not_due(world: &World, code: &str) -> Instance {
    world.broker.grant_at(in_seconds(-60), Some(in_seconds(86_400)));
    world.create(by_code(code)).await.unwrap()
}

fn with_secret(code: &str, secret: &str) -> CreateInstanceRequest {
    let mut request = by_code(code);
    request
        .configuration
        .insert("oauth.api.secret".into(), secret.into());
    request
}
