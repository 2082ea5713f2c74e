use std::time::Duration;

use ferrule_model::{Digest, InstanceId};

use super::world::*;
use crate::store::{App, Changes, Fault, Gate, PauseReason, Sealed, Setback, Store, Updated};

const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);

fn app() -> App {
    App {
        client: Digest::of("app"),
        organization_id: OURS,
        element_key: "intercom".parse().unwrap(),
    }
}

async fn gate(store: &Store) -> Gate {
    store.app_gate(app().client, HOUR).await.unwrap()
}

async fn is_paused(store: &Store, reason: PauseReason, at_most: Duration) -> bool {
    matches!(gate(store).await, Gate::Paused { reason: found, left } if found == reason && left <= at_most)
}

/// An instance that pauses because of the app.
async fn paused_instance(store: &Store, id: i64) {
    let row = insert(store, &new_instance(id)).await;
    let begun = store.begin_refresh(&row, "a", Digest::of("t")).await.unwrap();
    assert!(begun.is_some());
    let setback = Setback {
        verdict: Some(Fault::AppMisconfigured),
        again_in: Some(HOUR),
        paused_by: Some(app().client),
        ..Setback::default()
    };
    assert!(
        store
            .record_verdict(row.id, 1, "a", &setback, at(5))
            .await
            .unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_app_has_one_probe_an_hour() {
    on_each_database(async |store| {
        assert_eq!(gate(&store).await, Gate::Open);
        store
            .pause_app(&app(), PauseReason::Misconfigured, HOUR)
            .await
            .unwrap();
        assert!(is_paused(&store, PauseReason::Misconfigured, HOUR).await);
        tamper(&store, "UPDATE paused_apps SET until = 1").await;
        let gates = tokio::join!(gate(&store), gate(&store), gate(&store));
        let open = [gates.0, gates.1, gates.2]
            .iter()
            .filter(|gate| **gate == Gate::Open)
            .count();
        assert_eq!(open, 1);
        assert!(is_paused(&store, PauseReason::Misconfigured, HOUR).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_by_itself_and_gives_way_to_a_refusal() {
    on_each_database(async |store| {
        store
            .pause_app(&app(), PauseReason::Throttled, MINUTE)
            .await
            .unwrap();
        store
            .pause_app(&app(), PauseReason::Throttled, MINUTE / 2)
            .await
            .unwrap();
        assert!(is_paused(&store, PauseReason::Throttled, MINUTE).await);
        assert_eq!(store.lift_app(app().client).await.unwrap(), 0);
        assert!(!is_paused(&store, PauseReason::Throttled, MINUTE / 2).await);
        tamper(&store, "UPDATE paused_apps SET until = 1").await;
        assert_eq!([gate(&store).await, gate(&store).await], [Gate::Open, Gate::Open]);
        store
            .pause_app(&app(), PauseReason::Misconfigured, HOUR)
            .await
            .unwrap();
        store
            .pause_app(&app(), PauseReason::Throttled, 2 * HOUR)
            .await
            .unwrap();
        assert!(is_paused(&store, PauseReason::Misconfigured, HOUR).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_works_frees_its_instances_and_no_others() {
    on_each_database(async |store| {
        store
            .pause_app(&app(), PauseReason::Misconfigured, HOUR)
            .await
            .unwrap();
        paused_instance(&store, 1).await;
        paused_instance(&store, 2).await;
        tamper(
            &store,
            "UPDATE instances SET paused_by = 'another app' WHERE id = 2",
        )
        .await;
        assert_eq!(store.lift_app(app().client).await.unwrap(), 1);
        assert_eq!(gate(&store).await, Gate::Open);
        let [freed, other] = [1, 2].map(InstanceId);
        let freed = store.by_id(OURS, freed).await.unwrap().unwrap();
        assert_eq!(freed.verdict, None);
        assert!(freed.tokens.refresh_due_at.unwrap() <= store.now().await.unwrap());
        let other = store.by_id(OURS, other).await.unwrap().unwrap();
        assert_eq!(other.verdict, Some(Fault::AppMisconfigured));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_secrets_free_a_paused_instance_and_leave_others_as_they_are() {
    on_each_database(async |store| {
        paused_instance(&store, 1).await;
        let condemned = insert(&store, &new_instance(2)).await;
        tamper(
            &store,
            "UPDATE instances SET verdict = 'REAUTHORIZATION_REQUIRED' WHERE id = 2",
        )
        .await;
        let changes = Changes {
            secrets: Some(Sealed::new("a corrected secret")),
            ..Changes::default()
        };
        for id in [1, 2].map(InstanceId) {
            let updated = store.update_details(OURS, id, &changes, at(20)).await;
            assert_eq!(updated.unwrap(), Updated::Done);
        }
        let freed = store.by_id(OURS, InstanceId(1)).await.unwrap().unwrap();
        assert_eq!((freed.verdict, freed.tokens.refresh_due_at), (None, Some(at(20))));
        let other = store.by_id(OURS, InstanceId(2)).await.unwrap().unwrap();
        assert_eq!(other.verdict, Some(Fault::ReauthorizationRequired));
        assert_eq!(other.tokens, condemned.tokens);
    })
    .await;
}
