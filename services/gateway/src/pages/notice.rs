//! What has just been done to an instance, said once at the top of its page.

use ferrule_model::InstanceId;

/// Everything there is to say: an address names one of these, never words of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    Saved,
    Renewed,
    Enabled,
    Disabled,
}

impl Notice {
    const ALL: [Self; 4] = [Self::Saved, Self::Renewed, Self::Enabled, Self::Disabled];

    fn name(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Renewed => "renewed",
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
        }
    }

    /// The notice that an address names.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.name() == name)
    }

    /// The page of the instance, with this at its top.
    pub(crate) fn address(self, id: InstanceId) -> String {
        format!("/instances/{id}?done={}", self.name())
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Saved => "Saved.",
            Self::Renewed => "The login was renewed. Id and token are as they were.",
            Self::Enabled => "Enabled: calls go through again.",
            Self::Disabled => "Disabled: calls are refused until it is enabled. Its tokens are kept.",
        }
    }
}
