use ferrule_model::{Digest, InstanceId, UserId};

use super::world::*;
use crate::store::{AuditEvent, AuditRow, By, Changes, Fault, NEWEST_KEPT, Setback, Store};

const ID: InstanceId = InstanceId(1);

fn by(request: &str) -> By {
    By {
        user: Some(UserId(1)),
        request_id: Some(request.to_owned()),
    }
}

async fn audit(store: &Store) -> Vec<AuditRow> {
    let page = store.audit_of(OURS, ID, 1000, None).await.unwrap().unwrap();
    assert_eq!(i64::try_from(page.rows.len()).unwrap(), page.total);
    page.rows
}

async fn events(store: &Store) -> Vec<&'static str> {
    let rows = audit(store).await;
    rows.iter().map(|row| row.event.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_has_its_entry_by_whom_it_was_made() {
    on_each_database(async |store| {
        let new = crate::store::NewInstance {
            request_id: Some("r1".to_owned()),
            ..new_instance(1)
        };
        insert(&store, &new).await;
        let changes = Changes {
            name: Some("Other".to_owned()),
            by: by("r2"),
            names: vec!["name".to_owned(), "configuration.\"é\u{0}".to_owned()],
            ..Changes::default()
        };
        let _ = store.update_details(OURS, ID, &changes, at(2)).await.unwrap();
        assert!(store.set_disabled(OURS, ID, true, at(3), by("r3")).await.unwrap());
        assert!(
            store
                .set_disabled(OURS, ID, false, at(4), by("r4"))
                .await
                .unwrap()
        );
        let login = store
            .reauthenticate(OURS, ID, &tokens(2), &changes, None, at(5))
            .await;
        let _ = login.unwrap();
        assert!(store.finish_refresh(ID, 2, &tokens(3), at(6)).await.unwrap());
        assert!(store.mark_deleted(OURS, ID, at(7), by("r7")).await.unwrap());
        assert!(store.erase(ID, at(8)).await.unwrap());

        // Kept after the erasure, newest first.
        let rows = audit(&store).await;
        assert_eq!(
            events(&store).await,
            [
                "erased",
                "deleted",
                "refreshed",
                "reauthenticated",
                "enabled",
                "disabled",
                "updated",
                "created"
            ]
        );
        assert_eq!(
            (rows[0].by.clone(), rows[2].by.clone()),
            (By::default(), By::default())
        );
        assert_eq!((rows[1].by.clone(), rows[1].at), (by("r7"), at(7)));
        assert_eq!(rows[7].by, by("r1"));
        for of_a_change in [&rows[3], &rows[6]] {
            assert_eq!(of_a_change.changed, ["name", "configuration.\"é\u{0}"]);
        }
        assert_eq!(store.audit_of(THEIRS, ID, 10, None).await.unwrap(), None);
        assert_eq!(store.audit_of(OURS, InstanceId(2), 10, None).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_done_has_no_entry() {
    on_each_database(async |store| {
        insert(&store, &new_instance(1)).await;
        let _ = store.insert(&new_instance(1), None, None).await.unwrap();
        assert!(!store.finish_refresh(ID, 9, &tokens(3), at(6)).await.unwrap());
        let setback = Setback::default();
        let late = store.record_verdict(ID, 1, "nobody", &setback, at(6)).await;
        assert!(!late.unwrap());
        assert!(!store.mark_deleted(THEIRS, ID, at(7), by("r")).await.unwrap());
        assert!(
            !store
                .set_disabled(THEIRS, ID, true, at(7), by("r"))
                .await
                .unwrap()
        );
        assert!(!store.erase(ID, at(8)).await.unwrap());
        let nothing = Changes::default();
        let _ = store.update_details(OURS, ID, &nothing, at(9)).await.unwrap();
        assert_eq!(events(&store).await, ["created"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_of_refreshes_leaves_the_newest_and_everything_else() {
    on_each_database(async |store| {
        insert(&store, &new_instance(1)).await;
        let kept = i64::from(NEWEST_KEPT);
        for version in 1..=2 * kept {
            assert!(
                store
                    .finish_refresh(ID, version, &tokens(3), at(10 + version))
                    .await
                    .unwrap()
            );
        }
        let condemned = Setback {
            why: Fault::ReauthorizationRequired.as_str(),
            ..Setback::default()
        };
        for failure in 0..2 * kept {
            let row = store.by_id(OURS, ID).await.unwrap().unwrap();
            let begun = store.begin_refresh(&row, "a", Digest::of("intent")).await;
            assert!(begun.unwrap().is_some());
            let passing = Setback {
                why: "TRANSIENT",
                ..Setback::default()
            };
            let setback = if failure == 0 { &condemned } else { &passing };
            let written = store.record_verdict(ID, row.version, "a", setback, at(1000 + failure));
            assert!(written.await.unwrap());
        }
        let rows = audit(&store).await;
        let count = |event| rows.iter().filter(|row| row.event == event).count();
        let newest = usize::try_from(NEWEST_KEPT).unwrap();
        let sweeping = newest + 10;
        assert!(
            (newest..=sweeping).contains(&count(AuditEvent::Refreshed)),
            "{}",
            rows.len()
        );
        assert!(
            (newest..=sweeping).contains(&count(AuditEvent::RefreshFailed)),
            "{}",
            rows.len()
        );
        assert_eq!(count(AuditEvent::Created), 1);
        // That the user had to log in again is no matter of course.
        let reasons = || rows.iter().filter_map(|row| row.reason.as_deref());
        assert_eq!(
            reasons().filter(|why| *why == "REAUTHORIZATION_REQUIRED").count(),
            1
        );
        assert_eq!(rows[0].at, at(1000 + 2 * kept - 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_use_and_each_hours_showing_are_told_once_by_however_many() {
    on_each_database(async |store| {
        insert(&store, &new_instance(1)).await;
        insert(&store, &new_instance(2)).await;
        let both = [InstanceId(2), ID];
        let (user, someone) = (UserId(1), by("r"));
        let calls =
            futures::future::join_all((0..8).map(|n| store.first_used(ID, at(10 + n), someone.clone())));
        assert_eq!(
            calls
                .await
                .into_iter()
                .filter(|first| *first.as_ref().unwrap())
                .count(),
            1
        );
        for hour in [7, 7, 8] {
            let showings =
                (0..8).map(|n| store.tokens_shown(&both, user, hour, at(100 * hour + n), &someone));
            for shown in futures::future::join_all(showings).await {
                shown.unwrap();
            }
        }
        store
            .tokens_shown(&both, UserId(2), 8, at(2000), &By::default())
            .await
            .unwrap();
        // A replica whose clock is behind.
        store
            .tokens_shown(&both, user, 7, at(2001), &someone)
            .await
            .unwrap();
        assert_eq!(
            events(&store).await,
            [
                "secret_shown",
                "secret_shown",
                "secret_shown",
                "first_used",
                "created"
            ]
        );
        let moment = store.by_id(OURS, ID).await.unwrap().unwrap().first_used_at;
        assert_eq!(moment, Some(audit(&store).await[3].at));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_one_another_whatever_is_added() {
    on_each_database(async |store| {
        insert(&store, &new_instance(1)).await;
        for version in 1..=6 {
            assert!(
                store
                    .finish_refresh(ID, version, &tokens(3), at(version))
                    .await
                    .unwrap()
            );
        }
        let whole = audit(&store).await;
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let page = store.audit_of(OURS, ID, 2, after).await.unwrap().unwrap();
            assert!(page.rows.len() <= 2);
            seen.extend(page.rows);
            let newer = store.first_used(ID, at(100), By::default()).await.unwrap();
            assert_eq!(newer, seen.len() == 2);
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, whole);
    })
    .await;
}
