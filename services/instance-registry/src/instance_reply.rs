//! An instance as its owners see it.

use std::collections::BTreeMap;

use ferrule_model::UserId;
use ferrule_seal::DataKey;
use ferrule_wire::{Refusal, v1};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;

use crate::identify::Caller;
use crate::instance_seal::InstanceSeal;
use crate::renewal::is_renewable;
use crate::state::Registry;
use crate::store::{Fault, InstanceRow, UserRow};
use crate::tokens_shown;

/// Turns rows of one organization into answers: the token opened, the configuration's secrets masked.
struct Replies<'a> {
    registry: &'a Registry,
    key: DataKey,
    users: BTreeMap<UserId, v1::User>,
    with_tokens: bool,
}

impl Replies<'_> {
    /// The answer for one row.
    async fn reply(&mut self, row: &InstanceRow) -> Result<v1::Instance, Refusal> {
        let user = self.user(row.user_id).await?;
        let seal = InstanceSeal::of_row(&self.key, row);
        let fault = row.verdict.or_else(|| self.ended(row));
        Ok(v1::Instance {
            id: row.id.0,
            name: row.name.clone(),
            created_at: row.created_at.as_microsecond(),
            token: if self.with_tokens {
                seal.open_token(row)?.expose_secret().to_owned()
            } else {
                String::new()
            },
            element_key: row.element_key.to_string(),
            element_id: row.element_id.0,
            tags: row.tags.clone(),
            valid: fault.is_none(),
            disabled: row.disabled,
            reason: fault.map(Fault::as_str).unwrap_or_default().to_owned(),
            configuration: seal.open_configuration(row)?.masked(),
            user: Some(user),
            external_authentication: row.external_authentication,
            expires_at: row.tokens.expires_at.map(Timestamp::as_microsecond),
            renewed_at: row
                .tokens
                .access_token
                .as_ref()
                .map(|_| row.tokens.requested_at.as_microsecond()),
            failed_renewals: i32::try_from(row.failures).unwrap_or(i32::MAX),
            provider_message: row.verdict_words.clone().unwrap_or_default(),
        })
    }

    /// An access token that is over, with nothing to get another by.
    fn ended(&self, row: &InstanceRow) -> Option<Fault> {
        let tokens = &row.tokens;
        let is_over = tokens
            .expires_at
            .is_some_and(|end| end <= self.registry.clock.now());
        (is_over && !is_renewable(self.registry, row)).then_some(Fault::ReauthorizationRequired)
    }

    async fn user(&mut self, id: UserId) -> Result<v1::User, Refusal> {
        if let Some(user) = self.users.get(&id) {
            return Ok(user.clone());
        }
        let row = self
            .registry
            .store
            .user(id)
            .await?
            .ok_or_else(|| Refusal::internal(format!("user {id} has no row")))?;
        let user = user_reply(&row);
        self.users.insert(id, user.clone());
        Ok(user)
    }
}

/// A user as answers show them.
pub(crate) fn user_reply(row: &UserRow) -> v1::User {
    v1::User {
        id: row.id.0,
        email: row.email.clone(),
        first_name: row.first_name.clone(),
        last_name: row.last_name.clone(),
    }
}

/// The answer for one row to this caller.
pub(crate) async fn reply(
    registry: &Registry,
    caller: &Caller,
    row: &InstanceRow,
) -> Result<v1::Instance, Refusal> {
    let mut shown = replies(registry, caller, std::slice::from_ref(row)).await?;
    shown
        .pop()
        .ok_or_else(|| Refusal::internal("one row has one answer"))
}

/// The answers for rows of the caller's organization. That tokens are shown is in the audit by then.
pub(crate) async fn replies(
    registry: &Registry,
    caller: &Caller,
    rows: &[InstanceRow],
) -> Result<Vec<v1::Instance>, Refusal> {
    let mut replies = Replies {
        registry,
        key: registry.data_keys.of(caller.organization).await?,
        users: BTreeMap::new(),
        with_tokens: caller.sees_tokens,
    };
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        shown.push(replies.reply(row).await?);
    }
    if caller.sees_tokens {
        tokens_shown::keep(registry, caller, rows).await;
    }
    Ok(shown)
}
