//! What was found, as a table or as JSON.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// Clocks that differ by less are in step: networks take their time.
const IN_STEP: SignedDuration = SignedDuration::from_secs(1);
/// Clocks that differ by more make leases and lifetimes wrong.
const APART: SignedDuration = SignedDuration::from_secs(30);

/// How one thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Ok,
    Warn,
    Wrong,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Wrong => "wrong",
        }
    }
}

/// One thing that was looked at. Holds no secret.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    check: &'static str,
    state: State,
    what: String,
    /// What to do; empty: nothing.
    remedy: String,
}

impl Finding {
    pub(crate) fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self {
            check,
            state: State::Ok,
            what: what.into(),
            remedy: String::new(),
        }
    }

    pub(crate) fn warn(check: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            check,
            state: State::Warn,
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    pub(crate) fn wrong(check: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            check,
            state: State::Wrong,
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    /// How far another clock is from ours, which was read before and after it was asked.
    pub(crate) fn of_clock(check: &'static str, theirs: Timestamp, [before, after]: [Timestamp; 2]) -> Self {
        let ahead = theirs.duration_since(after);
        let behind = before.duration_since(theirs);
        let apart = ahead.max(behind).max(SignedDuration::ZERO);
        let way = if ahead > behind { "ahead of" } else { "behind" };
        let what = format!("{:.1} s {way} this machine's clock", apart.as_secs_f64());
        let remedy = "keep both machines in step by NTP: leases and lifetimes are counted on these clocks";
        if apart <= IN_STEP {
            Self::ok(check, "in step with this machine's")
        } else if apart <= APART {
            Self::warn(check, what, remedy)
        } else {
            Self::wrong(check, what, remedy)
        }
    }
}

/// Everything that was found, in the order it was looked at.
pub(crate) struct Report(pub(crate) Vec<Finding>);

impl Report {
    /// How many things are wrong.
    pub(crate) fn wrong(&self) -> usize {
        let wrong = self.0.iter().filter(|finding| finding.state == State::Wrong);
        wrong.count()
    }

    /// A line a finding, and one below it that says what to do.
    pub(crate) fn table(&self) -> String {
        let width = self
            .0
            .iter()
            .map(|finding| finding.check.len())
            .max()
            .unwrap_or(0);
        let mut table = String::new();
        for Finding {
            check,
            state,
            what,
            remedy,
        } in &self.0
        {
            let _ = writeln!(table, "{:<5}  {check:<width$}  {what}", state.word());
            if !remedy.is_empty() {
                let _ = writeln!(table, "{:<5}  {:<width$}  → {remedy}", "", "");
            }
        }
        table
    }

    /// `{"ok": …, "findings": [{"check", "state", "what", "remedy"}]}`
    pub(crate) fn json(&self) -> String {
        let findings: Vec<_> = self
            .0
            .iter()
            .map(|finding| {
                json!({
                    "check": finding.check,
                    "state": finding.state.word(),
                    "what": finding.what,
                    "remedy": finding.remedy,
                })
            })
            .collect();
        let report = json!({"ok": self.wrong() == 0, "findings": findings});
        format!("{report:#}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_in_step_apart_or_far_apart() {
        let at = |millis: i64| Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap();
        let ours = [at(0), at(200)];
        for (theirs, state, words) in [
            (100, State::Ok, "in step"),
            (1_200, State::Ok, "in step"),
            (-1_000, State::Ok, "in step"),
            (5_200, State::Warn, "5.0 s ahead of"),
            (-7_000, State::Warn, "7.0 s behind"),
            (3_600_200, State::Wrong, "3600.0 s ahead of"),
        ] {
            let found = Finding::of_clock("clock", at(theirs), ours);
            assert_eq!(found.state, state, "{theirs}");
            assert!(found.what.contains(words), "{}", found.what);
        }
    }
}
