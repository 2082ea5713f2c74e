//! Renames, retags, re-addresses; with a new login, re-authenticates. Id and token stay.

use std::sync::Arc;

use ferrule_catalog::Connector;
use ferrule_model::Digest;
use ferrule_seal::DataKey;
use ferrule_wire::{Refusal, v1};

use crate::configuration::Configuration;
use crate::errors::{code_spent, contended, forbidden, instance_unknown};
use crate::exchange::Granted;
use crate::get_instance::find;
use crate::identify::authenticate;
use crate::instance_reply::reply;
use crate::instance_seal::InstanceSeal;
use crate::labels;
use crate::login::{Login, Outcome};
use crate::re_address::{Address, merged};
use crate::state::Registry;
use crate::store::{By, Changes, InstanceRow, Reauthenticated, Updated};

/// How often a row that others change at the same time is read again.
const ATTEMPTS: usize = 8;

/// What a caller wants changed, checked.
struct Wanted {
    name: Option<String>,
    tags: Option<Vec<String>>,
    /// The connector and the entries given for it; `None`: the configuration stays.
    configuration: Option<(Arc<Connector>, Configuration)>,
    key: DataKey,
    by: By,
}

pub(crate) async fn update_instance(
    registry: Registry,
    request: v1::UpdateInstanceRequest,
) -> Result<v1::Instance, Refusal> {
    let caller = authenticate(&registry, request.credentials.as_ref()).await?;
    let row = find(&registry, &caller, request.id, &request.element).await?;
    let provider_data = request.provider_data.unwrap_or_default();
    let logs_in = Login::is_brought(&provider_data);
    if caller.is_bound_to_its_instance()
        && (logs_in || request.external_authentication || !request.configuration.is_empty())
    {
        return Err(forbidden("change configuration or log in again"));
    }
    let name = request.name.as_deref().map(labels::name).transpose()?.flatten();
    let tags = request
        .replace_tags
        .then(|| labels::tags(&request.tags))
        .transpose()?;
    let external = request.external_authentication;
    let configuration = if logs_in || external || !request.configuration.is_empty() {
        let connector = Arc::clone(registry.connector(row.element_key.as_str())?);
        let given = Configuration::given(&connector, request.configuration);
        Some((connector, given))
    } else {
        None
    };
    let mut wanted = Wanted {
        name,
        tags,
        configuration,
        key: registry.data_keys.of(caller.organization).await?,
        by: caller.by(),
    };
    let login = match &mut wanted.configuration {
        Some((connector, given)) => {
            let stored = InstanceSeal::of_row(&wanted.key, &row).open_configuration(&row)?;
            Login::again(connector, external, &stored, given, provider_data)?
        }
        None => None,
    };
    let row = match login {
        None => wanted.update(&registry, row).await?,
        Some(login) => wanted.reauthenticate(&registry, row, login).await?,
    };
    reply(&registry, &caller, &row).await
}

impl Wanted {
    /// Changes details; the token pair stays.
    async fn update(&self, registry: &Registry, mut row: InstanceRow) -> Result<InstanceRow, Refusal> {
        for _ in 0..ATTEMPTS {
            let changes = self.changes(registry, &row, None)?;
            let now = registry.clock.now();
            let updated = registry
                .store
                .update_details(row.organization_id, row.id, &changes, now)
                .await?;
            row = read_again(registry, &row).await?;
            match updated {
                Updated::Done => {
                    // A corrected app is tried at once.
                    registry.due_changed.notify_one();
                    return Ok(row);
                }
                Updated::Gone => return Err(instance_unknown(row.id)),
                Updated::Stale => {}
            }
        }
        Err(contended())
    }

    /// A new login, a new pair. A code that was used for this instance already is no new one.
    async fn reauthenticate(
        &self,
        registry: &Registry,
        row: InstanceRow,
        login: Login,
    ) -> Result<InstanceRow, Refusal> {
        let Some((connector, given)) = &self.configuration else {
            return Err(Refusal::internal("a login came without its connector"));
        };
        let organization = row.organization_id;
        let stored = InstanceSeal::of_row(&self.key, &row).open_configuration(&row)?;
        let all = merged(connector, &stored, given)?;
        let configuration = login.configuration(&all, given);
        let code = login.spends(organization, connector, configuration)?;
        if spent_for_this(registry, &row, code).await? {
            return self.update(registry, row).await;
        }
        let outcome = login
            .run(registry, organization, connector, configuration, code)
            .await?;
        match outcome {
            Outcome::Granted(granted) => {
                let row = self.write_pair(registry, row, connector, &granted, code).await?;
                granted.committed(registry, organization, connector).await;
                Ok(row)
            }
            Outcome::Kept => self.update(registry, row).await,
            Outcome::Committed if spent_for_this(registry, &row, code).await? => {
                self.update(registry, row).await
            }
            Outcome::Committed => Err(code_spent()),
        }
    }

    async fn write_pair(
        &self,
        registry: &Registry,
        mut row: InstanceRow,
        connector: &Connector,
        granted: &Granted,
        code: Option<Digest>,
    ) -> Result<InstanceRow, Refusal> {
        let seal = InstanceSeal::of_row(&self.key, &row);
        let tokens = granted.seal(registry, connector, &seal);
        for _ in 0..ATTEMPTS {
            let changes = self.changes(registry, &row, Some(granted))?;
            let now = registry.clock.now();
            let outcome = registry
                .store
                .reauthenticate(row.organization_id, row.id, &tokens, &changes, code, now)
                .await?;
            match outcome {
                Reauthenticated::Done { version } => {
                    tracing::info!(
                        event = "instance_reauthenticated",
                        instance = %row.id,
                        organization = %row.organization_id,
                        version,
                        "an instance has a new token pair"
                    );
                    return read_again(registry, &row).await;
                }
                Reauthenticated::CodeSpent { instance_id } if instance_id == row.id => {
                    return read_again(registry, &row).await;
                }
                Reauthenticated::CodeSpent { .. } => return Err(code_spent()),
                Reauthenticated::Gone => return Err(instance_unknown(row.id)),
                Reauthenticated::Stale => row = read_again(registry, &row).await?,
            }
        }
        Err(contended())
    }

    /// What to write over this row. Without a grant, what the tokens belong to must stay as it is.
    fn changes(
        &self,
        registry: &Registry,
        row: &InstanceRow,
        granted: Option<&Granted>,
    ) -> Result<Changes, Refusal> {
        let mut changes = Changes {
            name: self.name.clone(),
            tags: self.tags.clone(),
            by: self.by.clone(),
            ..Changes::default()
        };
        let renamed = self.name.as_ref().is_some_and(|name| *name != row.name);
        let retagged = self.tags.as_ref().is_some_and(|tags| *tags != row.tags);
        changes.names.extend(renamed.then(|| "name".to_owned()));
        changes.names.extend(retagged.then(|| "tags".to_owned()));
        let Some((connector, given)) = &self.configuration else {
            return Ok(changes);
        };
        let seal = InstanceSeal::of_row(&self.key, row);
        let stored = seal.open_configuration(row)?;
        let mut configuration = merged(connector, &stored, given)?;
        match granted {
            Some(granted) => configuration.merge(granted.configuration.clone()),
            None => Address::check_unmoved(connector, &stored, &mut configuration, given)?,
        }
        changes.names.extend(stored.names_changed_by(&configuration));
        let (clear, secrets) = seal.seal_configuration(&registry.chance, &configuration)?;
        changes.configuration = Some(clear);
        changes.secrets = Some(secrets);
        changes.made_from = Some(row.updated_at);
        Ok(changes)
    }
}

/// Whether a code was used for this instance; an error when it was used for another.
async fn spent_for_this(
    registry: &Registry,
    row: &InstanceRow,
    code: Option<Digest>,
) -> Result<bool, Refusal> {
    let Some(code) = code else { return Ok(false) };
    match registry.store.instance_of_code(code).await? {
        None => Ok(false),
        Some(spent) if spent.instance_id == row.id && !spent.deleted => Ok(true),
        Some(_) => Err(code_spent()),
    }
}

async fn read_again(registry: &Registry, row: &InstanceRow) -> Result<InstanceRow, Refusal> {
    let again = registry.store.by_id(row.organization_id, row.id).await?;
    again.ok_or_else(|| instance_unknown(row.id))
}
