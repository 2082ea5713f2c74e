//! What of an instance is sealed, and where each value belongs.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ferrule_model::{Chance, InstanceId, OrganizationId, TokenPair};
use ferrule_seal::{DataKey, Place};
use ferrule_wire::Refusal;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::configuration::Configuration;
use crate::errors;
use crate::store::{InstanceRow, Sealed, SealedTokens};

const INSTANCE_TOKEN: &str = "token";
const CONFIGURATION: &str = "configuration";
/// The clear entry that holds the revision: a name that no caller's entry has.
const REVISION: &str = "";
const ACCESS_TOKEN: &str = "access_token";
const REFRESH_TOKEN: &str = "refresh_token";

/// Seals and opens the values of one instance.
pub(crate) struct InstanceSeal<'a> {
    key: &'a DataKey,
    organization: OrganizationId,
    instance: InstanceId,
}

impl<'a> InstanceSeal<'a> {
    pub(crate) fn new(key: &'a DataKey, organization: OrganizationId, instance: InstanceId) -> Self {
        Self {
            key,
            organization,
            instance,
        }
    }

    pub(crate) fn of_row(key: &'a DataKey, row: &InstanceRow) -> Self {
        Self::new(key, row.organization_id, row.id)
    }

    /// The instance token, which never changes.
    pub(crate) fn seal_token(&self, chance: &Chance, token: &SecretString) -> Sealed {
        self.seal(
            chance,
            &self.instance.to_string(),
            INSTANCE_TOKEN,
            token.expose_secret().as_bytes(),
        )
    }

    pub(crate) fn open_token(&self, row: &InstanceRow) -> Result<SecretString, Refusal> {
        self.open(&self.instance.to_string(), INSTANCE_TOKEN, &row.token)
    }

    /// A configuration as it is stored: what is clear, and the secrets as one sealed value. Both carry a fresh
    /// revision, so that older secrets put back beside newer clear entries do not open.
    pub(crate) fn seal_configuration(
        &self,
        chance: &Chance,
        configuration: &Configuration,
    ) -> Result<(BTreeMap<String, String>, Sealed), Refusal> {
        let exposed: BTreeMap<&str, &str> = configuration
            .secrets
            .iter()
            .map(|(name, value)| (name.as_str(), value.expose_secret()))
            .collect();
        let json = Zeroizing::new(serde_json::to_vec(&exposed).map_err(Refusal::internal)?);
        let revision = URL_SAFE_NO_PAD.encode(chance.bytes::<12>());
        let sealed = self.seal(chance, &self.at(&revision), CONFIGURATION, &json);
        let mut clear = configuration.clear.clone();
        clear.insert(REVISION.to_owned(), revision);
        Ok((clear, sealed))
    }

    /// The whole configuration of a row.
    pub(crate) fn open_configuration(&self, row: &InstanceRow) -> Result<Configuration, Refusal> {
        let mut clear = row.configuration.clone();
        let revision = clear.remove(REVISION).unwrap_or_default();
        let Some(sealed) = &row.secrets else {
            return Ok(Configuration {
                clear,
                ..Configuration::default()
            });
        };
        let json = self.open(&self.at(&revision), CONFIGURATION, sealed)?;
        let secrets: BTreeMap<String, String> = serde_json::from_str(json.expose_secret())
            .map_err(|_| Refusal::internal("sealed configuration is no JSON object"))?;
        let secrets = secrets.into_iter().map(|(name, value)| (name, value.into()));
        Ok(Configuration {
            clear,
            secrets: secrets.collect(),
        })
    }

    /// A vendor's token pair. It is bound to the moment of its request, which stands in the same row: an older
    /// pair put back beside a newer moment does not open.
    pub(crate) fn seal_pair(
        &self,
        chance: &Chance,
        pair: &TokenPair,
        requested_at: Timestamp,
        refresh_due_at: Option<Timestamp>,
    ) -> SealedTokens {
        let record = self.at(&requested_at.as_microsecond().to_string());
        let seal = |field, secret: &SecretString| {
            self.seal(chance, &record, field, secret.expose_secret().as_bytes())
        };
        SealedTokens {
            access_token: Some(seal(ACCESS_TOKEN, &pair.access_token)),
            refresh_token: pair
                .refresh_token
                .as_ref()
                .map(|token| seal(REFRESH_TOKEN, token)),
            scope: pair.scope.clone(),
            expires_at: pair.expires_at,
            requested_at,
            refresh_due_at,
        }
    }

    /// The access token of a row, when it has one.
    pub(crate) fn open_access_token(&self, row: &InstanceRow) -> Result<Option<SecretString>, Refusal> {
        self.open_of_pair(row, ACCESS_TOKEN, row.tokens.access_token.as_ref())
    }

    /// The refresh token of a row, when it has one.
    pub(crate) fn open_refresh_token(&self, row: &InstanceRow) -> Result<Option<SecretString>, Refusal> {
        self.open_of_pair(row, REFRESH_TOKEN, row.tokens.refresh_token.as_ref())
    }

    /// The token to revoke: the refresh token (`true`), or the access token where there is none.
    pub(crate) fn open_revocable(&self, row: &InstanceRow) -> Result<Option<(SecretString, bool)>, Refusal> {
        if let Some(refresh_token) = self.open_refresh_token(row)? {
            return Ok(Some((refresh_token, true)));
        }
        Ok(self.open_access_token(row)?.map(|token| (token, false)))
    }

    fn open_of_pair(
        &self,
        row: &InstanceRow,
        field: &str,
        sealed: Option<&Sealed>,
    ) -> Result<Option<SecretString>, Refusal> {
        let record = self.at(&row.tokens.requested_at.as_microsecond().to_string());
        sealed.map(|sealed| self.open(&record, field, sealed)).transpose()
    }

    /// The instance at one of its states.
    fn at(&self, state: &str) -> String {
        format!("{}@{state}", self.instance)
    }

    fn seal(&self, chance: &Chance, record: &str, field: &str, plaintext: &[u8]) -> Sealed {
        Sealed::new(self.key.seal(chance, &self.place(record, field), plaintext))
    }

    fn open(&self, record: &str, field: &str, sealed: &Sealed) -> Result<SecretString, Refusal> {
        self.key
            .open_str(&self.place(record, field), sealed.as_str())
            .map_err(|error| {
                errors::unopened(&error, self.organization, &format!("instance {record}, {field}"))
            })
    }

    fn place<'p>(&self, record: &'p str, field: &'p str) -> Place<'p> {
        Place {
            organization: self.organization,
            record,
            field,
        }
    }
}
