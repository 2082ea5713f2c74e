//! A login, or what needs none, becomes an instance; the same one becomes the same instance.

use std::sync::Arc;

use ferrule_catalog::Connector;
use ferrule_model::{Chance, Digest, InstanceId};
use ferrule_seal::DataKey;
use ferrule_wire::{Reason, Refusal, current_request_id, v1};
use secrecy::ExposeSecret as _;

use crate::configuration::Configuration;
use crate::erase_instance::revoke_unused;
use crate::errors::{code_spent, connect_spent, invalid};
use crate::exchange::Granted;
use crate::identify::{Caller, authenticate};
use crate::instance_reply::reply;
use crate::instance_seal::InstanceSeal;
use crate::labels;
use crate::login::{Login, Outcome};
use crate::state::Registry;
use crate::store::{
    ConnectRow, IdempotencyClaim, IdempotentRequest, Inserted, InstanceRow, NewInstance, SealedTokens,
};
use crate::stored_app;

const FIRST_ID: u64 = 100_000;
const IDS: u64 = (1 << 31) - FIRST_ID;
/// How often another id is drawn when one is taken.
const DRAWS: usize = 16;

/// An instance that a caller asks for, checked.
struct Draft {
    caller: Caller,
    connector: Arc<Connector>,
    name: String,
    tags: Vec<String>,
    configuration: Configuration,
    /// The caller logged in by itself.
    external: bool,
    key: DataKey,
    request: Option<IdempotentRequest>,
    /// The connect session that it comes of.
    connect_session: Option<String>,
}

pub(crate) async fn create_instance(
    registry: Registry,
    request: v1::CreateInstanceRequest,
) -> Result<v1::Instance, Refusal> {
    let caller = authenticate(&registry, request.credentials.as_ref()).await?;
    caller.requires_organization("create an instance")?;
    let connector = Arc::clone(registry.connector(&request.element)?);
    let name = labels::name(&request.name)?.unwrap_or_else(|| connector.name.clone());
    let mut tags = labels::tags(&request.tags)?;
    if tags.is_empty() {
        // A name may be longer than a tag.
        tags.push(name.clone());
    }
    let mut draft = Draft {
        external: request.external_authentication,
        configuration: Configuration::given(&connector, request.configuration),
        request: idempotent_request(&request.idempotency_key, &request.body_digest)?,
        connect_session: None,
        // Asked for first: while the registry is sealed, no code is spent.
        key: registry.data_keys.of(caller.organization).await?,
        caller,
        connector,
        name,
        tags,
    };
    let row = match draft.request_seen_before(&registry).await? {
        Some(row) => row,
        None => draft.fulfil(&registry, request.provider_data).await?,
    };
    reply(&registry, &draft.caller, &row).await
}

/// The instance of a connect session, by its login or by what was typed.
pub(crate) async fn create_of_connect(
    registry: &Registry,
    caller: Caller,
    connector: Arc<Connector>,
    session: &ConnectRow,
    configuration: Configuration,
    provider_data: v1::ProviderData,
) -> Result<InstanceRow, Refusal> {
    let name = if session.name.is_empty() {
        connector.name.clone()
    } else {
        session.name.clone()
    };
    let mut tags = session.tags.clone();
    if tags.is_empty() {
        tags.push(name.clone());
    }
    let mut draft = Draft {
        external: false,
        configuration,
        request: None,
        connect_session: Some(session.id.clone()),
        key: registry.data_keys.of(caller.organization).await?,
        caller,
        connector,
        name,
        tags,
    };
    draft.fulfil(registry, Some(provider_data)).await
}

impl Draft {
    /// One login, one insert, one confirmation. A request that spends nothing is itself spent, like a code, so that
    /// two in flight make one instance.
    async fn fulfil(
        &mut self,
        registry: &Registry,
        provider_data: Option<v1::ProviderData>,
    ) -> Result<InstanceRow, Refusal> {
        let provider_data = provider_data.unwrap_or_default();
        if Login::goes_with_app(&self.connector, self.external, &provider_data) {
            let organization = self.caller.organization;
            stored_app::fill(registry, organization, &self.connector, &mut self.configuration).await?;
        }
        let login = Login::first(
            &self.connector,
            self.external,
            &mut self.configuration,
            provider_data,
        )?;
        let login = match &self.connect_session {
            Some(session) => login.of_connect(session),
            None => login,
        };
        let (organization, connector) = (self.caller.organization, &self.connector);
        let spent = login.spends(organization, connector, &self.configuration)?;
        if let Some(code) = spent
            && let Some(row) = self.spent_for(registry, code).await?
        {
            return Ok(row);
        }
        let outcome = login
            .run(registry, organization, connector, &self.configuration, spent)
            .await?;
        let code = spent.or_else(|| self.request_digest());
        let granted = match outcome {
            Outcome::Granted(granted) => Some(granted),
            Outcome::Kept => None,
            Outcome::Committed => {
                let row = match code {
                    Some(code) => self.spent_for(registry, code).await?,
                    None => None,
                };
                return row.ok_or_else(code_spent);
            }
        };
        let id = self.insert(registry, granted.as_deref(), code).await?;
        if let Some(granted) = granted {
            granted.committed(registry, organization, connector).await;
        }
        self.made(registry, id).await
    }

    fn request_digest(&self) -> Option<Digest> {
        let request = self.request?;
        let digest = Digest::builder("request")
            .field(self.caller.organization.0.to_be_bytes())
            .field(request.key.as_bytes())
            .field(request.body.as_bytes())
            .finish();
        Some(digest)
    }

    /// Inserts under a fresh id. When the code was spent meanwhile, the id of the instance it was spent for.
    async fn insert(
        &self,
        registry: &Registry,
        granted: Option<&Granted>,
        code: Option<Digest>,
    ) -> Result<InstanceId, Refusal> {
        let mut configuration = self.configuration.clone();
        if let Some(granted) = granted {
            configuration.merge(granted.configuration.clone());
        }
        for _ in 0..DRAWS {
            let new = self.row(registry, &configuration, granted)?;
            match registry.store.insert(&new, code, self.request).await? {
                Inserted::Created => {
                    tracing::info!(
                        event = "instance_created",
                        instance = %new.id,
                        organization = %new.organization_id,
                        element = %new.element_key,
                        "an instance was made"
                    );
                    return Ok(new.id);
                }
                Inserted::CodeSpent { instance_id } => return Ok(instance_id),
                Inserted::ConnectSpent => {
                    if let Some(granted) = granted {
                        revoke_unused(registry, &self.connector, granted);
                    }
                    return Err(connect_spent());
                }
                Inserted::IdTaken => {}
            }
        }
        Err(Refusal::internal("no free instance id was drawn"))
    }

    fn row(
        &self,
        registry: &Registry,
        configuration: &Configuration,
        granted: Option<&Granted>,
    ) -> Result<NewInstance, Refusal> {
        let now = registry.clock.now();
        let id = draw_id(&registry.chance);
        let seal = InstanceSeal::new(&self.key, self.caller.organization, id);
        let token = registry.chance.base64_token();
        let tokens = match granted {
            Some(granted) => granted.seal(registry, &self.connector, &seal),
            None => SealedTokens {
                access_token: None,
                refresh_token: None,
                scope: String::new(),
                expires_at: None,
                requested_at: now,
                refresh_due_at: None,
            },
        };
        let (clear, secrets) = seal.seal_configuration(&registry.chance, configuration)?;
        Ok(NewInstance {
            id,
            organization_id: self.caller.organization,
            user_id: self.caller.user.id,
            element_key: self.connector.key.clone(),
            element_id: self.connector.id,
            name: self.name.clone(),
            tags: self.tags.clone(),
            configuration: clear,
            secrets: Some(secrets),
            token_digest: Digest::of(token.expose_secret()),
            token: seal.seal_token(&registry.chance, &token),
            tokens,
            external_authentication: self.external,
            created_at: now,
            request_id: current_request_id(),
            connect_session: self.connect_session.clone(),
        })
    }

    async fn made(&self, registry: &Registry, id: InstanceId) -> Result<InstanceRow, Refusal> {
        let row = registry.store.by_id(self.caller.organization, id).await?;
        row.ok_or_else(code_spent)
    }

    /// The instance that a code was spent for; an error when that one is deleted.
    async fn spent_for(&self, registry: &Registry, code: Digest) -> Result<Option<InstanceRow>, Refusal> {
        let Some(spent) = registry.store.instance_of_code(code).await? else {
            return Ok(None);
        };
        if spent.organization_id != self.caller.organization || spent.deleted {
            return Err(code_spent());
        }
        let row = self.made(registry, spent.instance_id).await?;
        if let Some(request) = self.request {
            let now = registry.clock.now();
            let organization = self.caller.organization;
            registry
                .store
                .finish_idempotency(organization, request, row.id, now)
                .await?;
        }
        Ok(Some(row))
    }

    /// The instance that the same request made before. One that made none yet is fulfilled anew: its code, or
    /// itself, is spent once.
    async fn request_seen_before(&self, registry: &Registry) -> Result<Option<InstanceRow>, Refusal> {
        let Some(request) = self.request else {
            return Ok(None);
        };
        let organization = self.caller.organization;
        let now = registry.clock.now();
        match registry
            .store
            .claim_idempotency(organization, request, now)
            .await?
        {
            IdempotencyClaim::Fresh | IdempotencyClaim::Same { instance: None } => Ok(None),
            IdempotencyClaim::Same { instance: Some(id) } => {
                let row = registry.store.by_id(organization, id).await?;
                row.map(Some).ok_or_else(|| {
                    conflict("The instance that this Idempotency-Key made is deleted. Send a new key.")
                })
            }
            IdempotencyClaim::OtherBody => Err(conflict(
                "This Idempotency-Key came before with another body. Send a new key for a new request.",
            )),
        }
    }
}

pub(crate) fn conflict(words: &str) -> Refusal {
    Refusal::new(Reason::IdempotencyConflict, words)
}

pub(crate) fn idempotent_request(
    key: &str,
    body_digest: &[u8],
) -> Result<Option<IdempotentRequest>, Refusal> {
    if key.is_empty() {
        return Ok(None);
    }
    let body = Digest::from_bytes(body_digest)
        .ok_or_else(|| invalid("An Idempotency-Key travels with the SHA-256 of its body."))?;
    let key = Digest::builder("idempotency key").field(key).finish();
    Ok(Some(IdempotentRequest { key, body }))
}

fn draw_id(chance: &Chance) -> InstanceId {
    let drawn = FIRST_ID + u64::from_be_bytes(*chance.bytes::<8>()) % IDS;
    InstanceId(i64::try_from(drawn).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_six_digits_and_fit_a_signed_32_bit_number() {
        let ends = [0x00, 0xff].map(|byte| draw_id(&Chance::from_fn(move |bytes| bytes.fill(byte))));
        assert_eq!(ends[0], InstanceId(100_000));
        let chance = Chance::system();
        assert!((0..10_000).all(|_| (100_000..1 << 31).contains(&draw_id(&chance).0)));
    }
}
