//! An instance as its pages show it.

use ferrule_catalog::Catalog;
use ferrule_wire::v1::Instance;
use jiff::Timestamp;

use crate::instance_json::date;

#[derive(Clone, Debug)]
pub(crate) struct InstanceRow {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) connector: String,
    pub(crate) status: Status,
    pub(crate) tags: String,
    pub(crate) created: String,
    pub(crate) disabled: bool,
}

/// How an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Works,
    Disabled,
    /// The vendor no longer honours its tokens.
    LoggedOut,
    /// The vendor refuses the app.
    AppRefused,
    /// Not valid, for a reason that these pages do not know.
    Faulty,
}

impl InstanceRow {
    pub(crate) fn of(instance: &Instance, catalog: &Catalog) -> Self {
        let connector = catalog.get(&instance.element_key);
        Self {
            id: instance.id,
            name: instance.name.clone(),
            connector: connector.map_or_else(|| instance.element_key.clone(), |one| one.name.clone()),
            status: Status::of(instance),
            tags: instance.tags.join(", "),
            created: date(Timestamp::from_microsecond(instance.created_at).unwrap_or_default()),
            disabled: instance.disabled,
        }
    }

    /// The date without the time.
    pub(crate) fn created_day(&self) -> &str {
        self.created.split('T').next().unwrap_or_default()
    }
}

impl Status {
    fn of(instance: &Instance) -> Self {
        match instance.reason.as_str() {
            _ if instance.disabled => Self::Disabled,
            _ if instance.valid => Self::Works,
            "REAUTHORIZATION_REQUIRED" => Self::LoggedOut,
            "APP_MISCONFIGURED" => Self::AppRefused,
            _ => Self::Faulty,
        }
    }

    /// A word or two.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Works => "Works",
            Self::Disabled => "Disabled",
            Self::LoggedOut => "Log in again",
            Self::AppRefused => "App refused",
            Self::Faulty => "Out of order",
        }
    }

    /// What it means, and what to do.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Works => "Works: calls go through, and the vendor's tokens are kept fresh.",
            Self::Disabled => "Disabled: calls are refused until it is enabled.",
            Self::LoggedOut => "The vendor no longer honours its tokens. Log in again: id and token stay.",
            Self::AppRefused => {
                "The vendor refuses the app. Correct its key or secret, or the app at the vendor."
            }
            Self::Faulty => "Calls do not go through.",
        }
    }

    /// The class of its pill.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Works => "good",
            Self::Disabled => "",
            Self::LoggedOut | Self::AppRefused | Self::Faulty => "bad",
        }
    }
}
