//! What the handlers share.

use std::sync::Arc;
use std::time::Duration;

use ferrule_model::{Chance, Clock};
use jiff::Timestamp;

use crate::code::Codes;
use crate::contacts::Contacts;
use crate::families::Families;
use crate::settings::Settings;
use crate::signing::Signer;

/// What the handlers share: settings, time, chance, and the vendor's memory.
pub(crate) struct Vendor {
    pub settings: Settings,
    pub chance: Chance,
    pub signer: Signer,
    pub codes: Codes,
    pub families: Families,
    pub contacts: Contacts,
    clock: Clock,
}

impl Vendor {
    pub fn new(settings: Settings, clock: Clock, chance: Chance) -> Arc<Self> {
        Arc::new(Self {
            signer: Signer::new(settings.signing_key.clone()),
            codes: Codes::default(),
            families: Families::default(),
            contacts: Contacts::default(),
            settings,
            chance,
            clock,
        })
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The moment so long after now.
    pub fn after(&self, time: Duration) -> Timestamp {
        self.now().checked_add(time).unwrap_or(Timestamp::MAX)
    }
}
