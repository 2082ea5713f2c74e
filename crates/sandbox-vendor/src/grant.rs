//! What a user granted, and the tokens that carry it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::families::Spent;
use crate::signing::Purpose;
use crate::user::UserName;
use crate::vendor::Vendor;

/// The one scope there is: read and add contacts.
pub(crate) const SCOPE: &str = "contacts";

/// An unused refresh token lives for 30 days.
const REFRESH_TOKEN_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// What a user granted to the client.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub user: UserName,
    pub scope: String,
    /// Names this consent: what is revoked, when anything of it is.
    pub family: String,
}

#[derive(Serialize, Deserialize)]
struct RefreshClaims {
    grant: Grant,
    generation: u64,
}

/// An answer of the token endpoint (RFC 6749 section 5.1).
#[derive(Serialize)]
pub(crate) struct TokenAnswer {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    refresh_token: String,
    scope: String,
}

/// A refresh token that buys nothing.
#[derive(Debug)]
pub(crate) enum RefreshError {
    /// Forged, of another key, or past its end.
    Unknown,
    /// Spent before, or revoked.
    Spent,
}

impl Vendor {
    /// The first tokens of a grant.
    pub fn issue(&self, grant: Grant) -> TokenAnswer {
        self.tokens(grant, 0)
    }

    /// The next tokens, for a refresh token not spent before.
    pub fn rotate(&self, refresh_token: &str) -> Result<TokenAnswer, RefreshError> {
        let claims: RefreshClaims = self
            .signer
            .open(Purpose::RefreshToken, refresh_token, self.now())
            .ok_or(RefreshError::Unknown)?;
        let RefreshClaims { grant, generation } = claims;
        let next = self
            .families
            .spend(&grant.family, generation, self.now(), self.outlived());
        next.map(|generation| self.tokens(grant, generation))
            .map_err(|Spent| RefreshError::Spent)
    }

    /// The grant behind an access token, unless it is over.
    pub fn grant_of_access_token(&self, token: &str) -> Option<Grant> {
        let grant: Grant = self.signer.open(Purpose::AccessToken, token, self.now())?;
        (!self.families.is_revoked(&grant.family, self.now())).then_some(grant)
    }

    /// The family of a token of either kind.
    pub fn family_of(&self, token: &str) -> Option<String> {
        let refresh = self
            .signer
            .open::<RefreshClaims>(Purpose::RefreshToken, token, self.now());
        let access = || self.signer.open::<Grant>(Purpose::AccessToken, token, self.now());
        refresh
            .map(|claims| claims.grant)
            .or_else(access)
            .map(|grant| grant.family)
    }

    /// Ends a grant: every token of this family is dead at once.
    pub fn revoke_family(&self, family: &str) {
        self.families.revoke(family, self.now(), self.outlived());
    }

    fn tokens(&self, grant: Grant, generation: u64) -> TokenAnswer {
        let lifetime = self.settings.access_token_lifetime;
        TokenAnswer {
            access_token: self
                .signer
                .sign(Purpose::AccessToken, &grant, self.after(lifetime)),
            token_type: "Bearer",
            expires_in: lifetime.as_secs(),
            scope: grant.scope.clone(),
            refresh_token: self.signer.sign(
                Purpose::RefreshToken,
                RefreshClaims { grant, generation },
                self.after(REFRESH_TOKEN_LIFETIME),
            ),
        }
    }

    /// When every token handed out until now has ended by itself.
    fn outlived(&self) -> jiff::Timestamp {
        self.after(REFRESH_TOKEN_LIFETIME.max(self.settings.access_token_lifetime))
    }
}
