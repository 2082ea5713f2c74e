//! An entry of an instance's audit, in words.

use ferrule_wire::v1::AuditEntry;
use jiff::Timestamp;

use crate::instance_json::date;

pub(crate) struct Event {
    pub(crate) date: String,
    pub(crate) words: String,
    pub(crate) by: String,
}

impl Event {
    pub(crate) fn of(entry: &AuditEntry) -> Self {
        Self {
            date: date(Timestamp::from_microsecond(entry.at).unwrap_or_default()),
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
        "refresh_failed" => return format!("A renewal failed: {}", entry.reason),
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
        let event = Event::of(&entry);
        assert_eq!(
            (event.words.as_str(), event.by.as_str()),
            ("Changed: name, tags", "user 7")
        );
        let newer = AuditEntry {
            event: "not_known_here".to_owned(),
            ..AuditEntry::default()
        };
        let event = Event::of(&newer);
        assert_eq!(
            (event.words.as_str(), event.by.as_str()),
            ("not_known_here", "Ferrule")
        );
    }
}
