//! An entry of an instance's audit, in words.

use ferrule_wire::v1::AuditEntry;
use jiff::Timestamp;

use crate::pages::moment::Moment;

pub(crate) struct Event {
    pub(crate) at: Moment,
    pub(crate) words: String,
    pub(crate) by: String,
}

impl Event {
    pub(crate) fn of(entry: &AuditEntry, now: Timestamp) -> Self {
        Self {
            at: Moment::of(entry.at, now),
            words: words(entry),
            by: entry
                .user_id
                .map_or_else(|| "Ferrule".to_owned(), |user| format!("user {user}")),
        }
    }
}

fn words(entry: &AuditEntry) -> String {
    let plain = match entry.event.as_str() {
        "created" => "Created",
        "refreshed" => "The vendor's tokens were renewed",
        "refresh_failed" => return format!("A renewal failed: {}", why(&entry.reason)),
        "first_used" => "Used for the first time",
        "reauthenticated" => "Its user logged in again",
        "updated" => return format!("Changed: {}", entry.changed.join(", ")),
        "disabled" => "Disabled",
        "enabled" => "Enabled",
        "deleted" => "Deleted",
        "revoked" => "Revoked at the vendor",
        "not_revoked" => "Not revoked at the vendor",
        "erased" => "Its secrets were erased",
        "secret_shown" => "Its token was shown",
        // A newer registry's.
        other => other,
    };
    plain.to_owned()
}

/// Why a renewal brought no tokens.
fn why(reason: &str) -> &str {
    match reason {
        "THROTTLED" => "the vendor asked to wait",
        "TRANSIENT" => "the vendor could not just then; it is tried again",
        "NOT_SENT" => "the vendor was not reached; it is tried again",
        "UNANSWERED" => "no answer came; it is tried again",
        "APP_MISCONFIGURED" => "the vendor refuses the app",
        "REAUTHORIZATION_REQUIRED" => "the vendor no longer honours the login",
        // A newer registry's.
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_told_in_words() {
        let entry = AuditEntry {
            event: "updated".to_owned(),
            user_id: Some(7),
            changed: vec!["name".to_owned(), "tags".to_owned()],
            ..AuditEntry::default()
        };
        let now = Timestamp::UNIX_EPOCH;
        let event = Event::of(&entry, now);
        assert_eq!(
            (event.words.as_str(), event.by.as_str()),
            ("Changed: name, tags", "user 7")
        );
        let failed = AuditEntry {
            event: "refresh_failed".to_owned(),
            reason: "UNANSWERED".to_owned(),
            ..AuditEntry::default()
        };
        let words = Event::of(&failed, now).words;
        assert_eq!(words, "A renewal failed: no answer came; it is tried again");
        let newer = AuditEntry {
            event: "not_known_here".to_owned(),
            ..AuditEntry::default()
        };
        let event = Event::of(&newer, now);
        assert_eq!(
            (event.words.as_str(), event.by.as_str()),
            ("not_known_here", "Ferrule")
        );
    }
}
