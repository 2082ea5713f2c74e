//! Contacts: a dozen invented ones, and what each user adds.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::expiring::ExpiringMap;
use crate::user::UserName;

/// So many users have contacts of their own at once.
const MOST_USERS: usize = 1000;

/// So many contacts may a user add.
const MOST_ADDED: usize = 1000;

/// Added contacts are forgotten so long after the last was added.
const KEPT: Duration = Duration::from_hours(24);

/// Name and company of people who do not exist.
const INVENTED: [(&str, &str); 12] = [
    ("Amara Okafor", "Harbour Lights"),
    ("Bruno Keller", "Keller Clocks"),
    ("Chiara Conti", "Conti Ceramics"),
    ("Dewi Pritchard", "Slate and Sons"),
    ("Elif Aydin", "Bosporus Books"),
    ("Farid Haddad", "Cedar Consulting"),
    ("Greta Lindqvist", "Northern Knits"),
    ("Hiro Tanabe", "Tanabe Tools"),
    ("Ines Duarte", "Duarte Dairy"),
    ("Jonas Weber", "Weber Weaving"),
    ("Kamala Nair", "Monsoon Maps"),
    ("Liam Brennan", "Brennan Boats"),
];

#[derive(Clone, Serialize)]
pub(crate) struct Contact {
    pub id: usize,
    name: String,
    email: Option<String>,
    company: Option<String>,
}

/// A contact to add. Nothing but the name is required.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewContact {
    name: String,
    email: Option<String>,
    company: Option<String>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum ContactError {
    #[error("{0} must have 1 to 200 characters and no control characters")]
    Text(&'static str),
    #[error("email must have an @ between two parts")]
    Email,
    #[error("there is no room for more than {MOST_ADDED} added contacts")]
    Full,
}

/// What each user added, by the user's name.
pub(crate) struct Contacts(Mutex<ExpiringMap<Vec<Contact>>>);

impl Default for Contacts {
    fn default() -> Self {
        Self(Mutex::new(ExpiringMap::new(MOST_USERS)))
    }
}

impl Contacts {
    /// All contacts that this user sees, the oldest first.
    pub fn of(&self, user: &UserName, now: Timestamp) -> Vec<Contact> {
        let users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let added = users.get(user.as_str(), now).cloned().unwrap_or_default();
        invented().chain(added).collect()
    }

    /// Adds a contact for this user alone.
    pub fn add(&self, user: &UserName, new: NewContact, now: Timestamp) -> Result<Contact, ContactError> {
        let NewContact { name, email, company } = new.checked()?;
        let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut added = users
            .get_mut(user.as_str(), now)
            .map(std::mem::take)
            .unwrap_or_default();
        let room = added.len() < MOST_ADDED;
        let contact = Contact {
            id: INVENTED.len() + added.len() + 1,
            name,
            email,
            company,
        };
        if room {
            added.push(contact.clone());
        }
        let until = now.checked_add(KEPT).unwrap_or(Timestamp::MAX);
        users.insert(user.as_str().to_owned(), added, until, now);
        if room {
            Ok(contact)
        } else {
            Err(ContactError::Full)
        }
    }
}

fn invented() -> impl Iterator<Item = Contact> {
    (1..).zip(INVENTED).map(|(id, (name, company))| Contact {
        id,
        name: name.to_owned(),
        email: Some(format!(
            "{}@contacts.example",
            name.to_lowercase().replace(' ', ".")
        )),
        company: Some(company.to_owned()),
    })
}

impl NewContact {
    fn checked(self) -> Result<Self, ContactError> {
        let fields = [
            ("name", Some(&self.name)),
            ("email", self.email.as_ref()),
            ("company", self.company.as_ref()),
        ];
        for (field, text) in fields {
            let fits = |text: &String| {
                (1..=200).contains(&text.trim().chars().count()) && !text.chars().any(char::is_control)
            };
            if !text.is_none_or(fits) {
                return Err(ContactError::Text(field));
            }
        }
        let address = |email: &String| {
            email
                .split_once('@')
                .is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
        };
        if self.email.as_ref().is_none_or(address) {
            Ok(self)
        } else {
            Err(ContactError::Email)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn new(name: &str, email: Option<&str>) -> NewContact {
        NewContact {
            name: name.into(),
            email: email.map(Into::into),
            company: None,
        }
    }

    #[test]
    fn what_one_user_adds_another_does_not_see() {
        let contacts = Contacts::default();
        let (ada, bob) = ("Ada".parse().unwrap(), "Bob".parse().unwrap());
        let added = contacts
            .add(&ada, new("Mia", Some("mia@x.example")), NOW)
            .ok()
            .unwrap();
        assert_eq!(added.id, 13);
        assert_eq!(contacts.of(&ada, NOW).len(), 13);
        assert_eq!(contacts.of(&bob, NOW).len(), 12);
    }

    #[test]
    fn a_thousand_contacts_are_enough() {
        let contacts = Contacts::default();
        let ada = "Ada".parse().unwrap();
        for _ in 0..MOST_ADDED {
            assert!(contacts.add(&ada, new("Mia", None), NOW).is_ok());
        }
        assert_eq!(
            contacts.add(&ada, new("Mia", None), NOW).err(),
            Some(ContactError::Full)
        );
        assert_eq!(contacts.of(&ada, NOW).len(), 12 + MOST_ADDED);
    }

    #[test]
    fn a_contact_needs_a_name_and_an_address_an_at() {
        let cases = [
            (new(" ", None), ContactError::Text("name")),
            (new("a\u{7}", None), ContactError::Text("name")),
            (new(&"a".repeat(201), None), ContactError::Text("name")),
            (new("Mia", Some("mia")), ContactError::Email),
            (new("Mia", Some("@x")), ContactError::Email),
        ];
        for (contact, want) in cases {
            assert_eq!(contact.checked().err(), Some(want));
        }
    }
}
