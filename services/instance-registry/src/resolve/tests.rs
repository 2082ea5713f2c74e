use std::collections::BTreeMap;

use ferrule_model::{ElementId, InstanceId, OrganizationId, UserId};

use super::*;
use crate::store::{Sealed, SealedTokens};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// Asked for at 0, due at 3540, over at 3600; version 5.
fn row() -> InstanceRow {
    InstanceRow {
        id: InstanceId(1),
        organization_id: OrganizationId(1),
        user_id: UserId(1),
        element_key: "acme".parse().unwrap(),
        element_id: ElementId(1),
        name: String::new(),
        tags: Vec::new(),
        configuration: BTreeMap::new(),
        secrets: None,
        token: Sealed::new("t"),
        tokens: SealedTokens {
            access_token: Some(Sealed::new("a")),
            refresh_token: Some(Sealed::new("r")),
            scope: String::new(),
            expires_at: Some(at(3600)),
            requested_at: at(0),
            refresh_due_at: Some(at(3540)),
        },
        version: 5,
        disabled: false,
        verdict: None,
        verdict_words: None,
        failures: 0,
        external_authentication: false,
        created_at: at(0),
        updated_at: at(0),
        deleted_at: None,
        lease_owner: None,
        lease_until: None,
        intent: None,
        first_used_at: None,
        refused_version: None,
    }
}

fn by_refresh_token(row: &InstanceRow, now: Timestamp, refused: Option<i64>, first_seen: i64) -> Next {
    next(row, now, row.tokens.refresh_token.is_some(), refused, first_seen)
}

fn changed(change: impl FnOnce(&mut InstanceRow)) -> InstanceRow {
    let mut row = row();
    change(&mut row);
    row
}

fn leased(row: &mut InstanceRow) {
    row.lease_until = Some(at(3700));
    row.tokens.refresh_due_at = row.lease_until;
}

fn failed(row: &mut InstanceRow) {
    row.failures = 1;
    row.tokens.refresh_due_at = Some(at(3605));
}

const SERVE: Next = Next::Serve { refresh: false };
const SERVE_AND_REFRESH: Next = Next::Serve { refresh: true };

#[test]
fn a_token_with_life_left_is_served_and_one_without_is_refreshed() {
    let without_refresh = |row: &mut InstanceRow| row.tokens.refresh_token = None;
    let endless = |row: &mut InstanceRow| {
        row.tokens.expires_at = None;
        row.tokens.refresh_due_at = None;
    };
    let condemned = |row: &mut InstanceRow| {
        row.verdict = Some(Fault::ReauthorizationRequired);
        row.tokens.refresh_due_at = None;
    };
    let paused = |row: &mut InstanceRow| {
        row.verdict = Some(Fault::AppMisconfigured);
        row.failures = 1;
        row.tokens.refresh_due_at = Some(at(7000));
    };
    let reauthorization = || Next::Refuse(Fault::ReauthorizationRequired);
    let misconfigured = || Next::Refuse(Fault::AppMisconfigured);
    for (name, row, now, want) in [
        ("young", row(), 100, SERVE),
        ("due", row(), 3540, SERVE_AND_REFRESH),
        ("due, under way", changed(leased), 3599, SERVE),
        ("due, failed", changed(failed), 3599, SERVE),
        ("due, app refused", changed(paused), 3599, SERVE),
        ("due, condemned", changed(condemned), 3599, SERVE),
        ("over", row(), 3600, Next::Refresh),
        ("over, under way", changed(leased), 3601, Next::Refresh),
        ("over, failed", changed(failed), 3601, Next::RefreshAt(at(3605))),
        (
            "over, failed, its pause over",
            changed(failed),
            3605,
            Next::Refresh,
        ),
        ("over, app refused", changed(paused), 3601, misconfigured()),
        ("over, app to be probed", changed(paused), 7000, Next::Refresh),
        ("over, condemned", changed(condemned), 3601, reauthorization()),
        (
            "over, no refresh token",
            changed(without_refresh),
            3601,
            reauthorization(),
        ),
        ("no end", changed(endless), 1_000_000, SERVE),
    ] {
        assert_eq!(by_refresh_token(&row, at(now), None, 5), want, "{name}");
    }
}

#[test]
fn a_refused_token_is_refreshed_when_it_is_current_and_old_enough() {
    for (name, now, refused, want) in [
        ("too young", 29, 5, SERVE),
        ("old enough", 30, 5, Next::Refresh),
        ("an older one was refused", 100, 4, SERVE),
        ("from the future", -31, 5, Next::Refresh),
        ("a little from the future", -29, 5, SERVE),
    ] {
        assert_eq!(
            by_refresh_token(&row(), at(now), Some(refused), 5),
            want,
            "{name}"
        );
    }
    // Half of four seconds.
    let short = changed(|row| row.tokens.expires_at = Some(at(4)));
    assert_eq!(by_refresh_token(&short, at(1), Some(5), 5), SERVE);
    assert_eq!(by_refresh_token(&short, at(2), Some(5), 5), Next::Refresh);
}

#[test]
fn a_refused_token_that_nothing_can_replace_is_refused_to_later_calls_too() {
    let with = |verdict, refused_version| {
        changed(|row| {
            row.verdict = verdict;
            row.refused_version = refused_version;
        })
    };
    let condemned = Some(Fault::ReauthorizationRequired);
    let refuse = || Next::Refuse(Fault::ReauthorizationRequired);
    for (row, refused, want) in [
        (with(condemned, None), None, SERVE),
        (with(condemned, None), Some(5), refuse()),
        (with(condemned, Some(5)), None, refuse()),
        // Of another pair, or of one that came to be good again.
        (with(condemned, Some(4)), None, SERVE),
        (with(None, Some(5)), None, SERVE),
    ] {
        assert_eq!(by_refresh_token(&row, at(100), refused, 5), want, "{row:?}");
    }
}

#[test]
fn a_pair_that_came_while_the_call_waited_is_served_whatever_its_times_say() {
    assert_eq!(by_refresh_token(&row(), at(1_000_000), None, 4), SERVE);
    assert_eq!(by_refresh_token(&row(), at(1_000_000), Some(4), 4), SERVE);
}
