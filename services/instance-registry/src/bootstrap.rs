//! The first organization and its first user.

use ferrule_model::{Digest, OrganizationId, UserId};
use secrecy::{ExposeSecret as _, SecretString};

use crate::settings::Bootstrap;
use crate::state::Registry;
use crate::store::{NewOrganization, NewUser, Sealed, StoreError};

const FIRST_ORGANIZATION: OrganizationId = OrganizationId(1);
/// Until it has another.
const FIRST_NAME: &str = "First organization";
const FIRST_USER: UserId = UserId(1);

/// Secrets that were made now, to be shown once: they are stored as digests alone.
#[derive(Debug, Default)]
pub struct MadeSecrets {
    /// The first organization's.
    pub organization: Option<SecretString>,
    /// The first user's.
    pub user: Option<SecretString>,
}

/// The first organization and user are not there, and could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// Nothing says what their secrets are.
    #[error(
        "the database has no organization yet: set FERRULE_BOOTSTRAP_ORG_SECRET and FERRULE_BOOTSTRAP_USER_SECRET"
    )]
    NoSecrets,
    /// The database did not take them.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Registry {
    /// Brings the first organization and user in, and gives them name and secrets in `given`, when they have others.
    ///
    /// With `make_missing` a secret that is neither given nor stored is made, and returned. Any number of replicas
    /// may do this at once. While sealed nothing is done.
    pub async fn bootstrap(
        &self,
        given: &Bootstrap,
        make_missing: bool,
    ) -> Result<MadeSecrets, BootstrapError> {
        let Ok(ring) = self.master_keys.ring() else {
            return Ok(MadeSecrets::default());
        };
        let mut made = MadeSecrets::default();
        if self.store.organization(FIRST_ORGANIZATION).await?.is_none() {
            let made_one = || make_missing.then(|| self.chance.hex_token());
            let (secret, is_made) = choose(given.organization.as_ref(), made_one)?;
            let (_, data_key) = ring.new_data_key(&self.chance, FIRST_ORGANIZATION);
            let inserted = self
                .store
                .insert_organization(&NewOrganization {
                    id: FIRST_ORGANIZATION,
                    name: given.name.clone().unwrap_or_else(|| FIRST_NAME.to_owned()),
                    secret_digest: Digest::of(secret.expose_secret()),
                    data_key: Sealed::new(data_key),
                    created_at: self.clock.now(),
                })
                .await?;
            made.organization = (inserted && is_made).then_some(secret);
        }
        if self.store.user(FIRST_USER).await?.is_none() {
            let made_one = || make_missing.then(|| self.chance.base64_token());
            let (secret, is_made) = choose(given.user.as_ref(), made_one)?;
            let inserted = self
                .store
                .insert_user(&NewUser {
                    id: FIRST_USER,
                    organization_id: FIRST_ORGANIZATION,
                    secret_digest: Digest::of(secret.expose_secret()),
                    email: "user@localhost".to_owned(),
                    first_name: "First".to_owned(),
                    last_name: "User".to_owned(),
                    created_at: self.clock.now(),
                })
                .await?;
            made.user = (inserted && is_made).then_some(secret);
        }
        if let Some(name) = &given.name {
            self.store.rename_organization(FIRST_ORGANIZATION, name).await?;
        }
        self.take_given_secrets(given).await?;
        Ok(made)
    }

    async fn take_given_secrets(&self, given: &Bootstrap) -> Result<(), StoreError> {
        if let Some(secret) = &given.organization {
            let digest = Digest::of(secret.expose_secret());
            let holder = self.store.organization_by_secret(digest).await?;
            if holder.is_none_or(|row| row.id != FIRST_ORGANIZATION) {
                self.store
                    .update_organization_secret(FIRST_ORGANIZATION, digest)
                    .await?;
                tracing::info!(event = "secret_changed", organization = %FIRST_ORGANIZATION, "the organization has the secret of its variable");
            }
        }
        if let Some(secret) = &given.user {
            let digest = Digest::of(secret.expose_secret());
            let holder = self.store.user_by_secret(digest).await?;
            if holder.is_none_or(|row| row.id != FIRST_USER) {
                self.store.update_user_secret(FIRST_USER, digest).await?;
                tracing::info!(event = "secret_changed", user = %FIRST_USER, "the user has the secret of its variable");
            }
        }
        Ok(())
    }
}

/// The given secret, or one that is made now (`true`).
fn choose(
    given: Option<&SecretString>,
    make: impl FnOnce() -> Option<SecretString>,
) -> Result<(SecretString, bool), BootstrapError> {
    match given {
        Some(secret) => Ok((secret.clone(), false)),
        None => make()
            .map(|secret| (secret, true))
            .ok_or(BootstrapError::NoSecrets),
    }
}
