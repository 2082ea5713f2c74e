//! What an instance's next access token is had by.

use ferrule_catalog::{Auth, Connector};
use ferrule_model::Digest;
use ferrule_wire::Refusal;
use secrecy::{ExposeSecret as _, SecretString};

use crate::instance_seal::InstanceSeal;
use crate::state::Registry;
use crate::store::InstanceRow;

/// What a refresh shows to the vendor.
pub(crate) enum Renewal {
    /// A refresh token, which is spent by it.
    RefreshToken(SecretString),
    /// The app's own key and secret, any number of times (RFC 6749 section 4.4).
    App,
}

impl Renewal {
    /// That of a row; `None`: only a user can bring another token.
    pub(crate) fn open(
        registry: &Registry,
        seal: &InstanceSeal<'_>,
        row: &InstanceRow,
    ) -> Result<Option<Self>, Refusal> {
        let refresh_token = seal.open_refresh_token(row)?.map(Self::RefreshToken);
        Ok(refresh_token.or_else(|| by_the_app(registry, row).then_some(Self::App)))
    }

    /// The refresh token; an app's own token has none.
    pub(crate) fn refresh_token(&self) -> Option<&SecretString> {
        match self {
            Self::RefreshToken(token) => Some(token),
            Self::App => None,
        }
    }

    /// The digest of what is about to be shown.
    pub(crate) fn intent(&self) -> Digest {
        match self {
            Self::RefreshToken(token) => Digest::builder("refresh").field(token.expose_secret()).finish(),
            Self::App => Digest::of("the app itself"),
        }
    }
}

/// Whether a row's next access token can be had without a user.
pub(crate) fn is_renewable(registry: &Registry, row: &InstanceRow) -> bool {
    row.tokens.refresh_token.is_some() || by_the_app(registry, row)
}

/// Whether the app of this connector is its own user.
pub(crate) fn is_its_own_user(connector: &Connector) -> bool {
    matches!(connector.auth, Auth::ClientCredentials(_))
}

fn by_the_app(registry: &Registry, row: &InstanceRow) -> bool {
    row.tokens.access_token.is_some()
        && registry
            .connector(row.element_key.as_str())
            .is_ok_and(|connector| is_its_own_user(connector))
}
