//! A registry with a database of its own, two organizations, and a broker double.

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use ferrule_catalog::{Catalog, ConnectorSource, LoadOptions};
use ferrule_instance_registry::store::{InstanceRow, NewOrganization, NewUser, Sealed, Store, StoreOptions};
use ferrule_instance_registry::{Bootstrap, RefreshSettings, Registry, StateSettings};
use ferrule_model::{Chance, Clock, Digest, InstanceId, OrganizationId, UserId};
use ferrule_seal::KeyRing;
use ferrule_testkit::{PgBouncer, Postgres};
use ferrule_wire::v1::{
    CreateInstanceRequest, Credential, Credentials, GetInstanceRequest, Instance, ProviderData,
    ResolveRequest, SetEnabledRequest, UpdateInstanceRequest,
};
use ferrule_wire::{BrokerClient, Refusal, RegistryClient, in_process};
use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;

use crate::broker_double::BrokerDouble;
use crate::connectors::{ACME, ANYWHERE, APP, BASIC, KEYED};

pub const ORGANIZATION: &str = "organization-secret-of-ours";
pub const USER: &str = "user-secret-of-ours";
pub const THEIR_ORGANIZATION: &str = "organization-secret-of-theirs";
pub const THEIR_USER: &str = "user-secret-of-theirs";
pub const CLIENT_ID: &str = "client-id-of-the-app";
pub const CLIENT_SECRET: &str = "client-secret-of-the-app";

pub struct World {
    pub registry: Registry,
    pub client: RegistryClient,
    pub broker: BrokerDouble,
    pub ring: SecretString,
    pub folder: TempDir,
    pub url: SecretString,
    pub _pooler: Option<PgBouncer>,
}

impl World {
    /// A new SQLite database.
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let url = url(folder.path());
        Self::at(folder, url).await
    }

    /// A new PostgreSQL database.
    pub async fn on_postgres() -> Self {
        let url = Postgres::shared().fresh_database().into();
        Self::at(TempDir::new().unwrap(), url).await
    }

    /// A new PostgreSQL database, by way of a pooler that keeps no prepared statement.
    pub async fn behind_a_pooler() -> Self {
        let cluster = Postgres::shared();
        let pooler = PgBouncer::start(cluster);
        let url = pooler.url(&cluster.fresh_database());
        let url = format!("{url}?statement-cache-capacity=0").into();
        let world = Self::at(TempDir::new().unwrap(), url).await;
        Self {
            _pooler: Some(pooler),
            ..world
        }
    }

    /// One of each.
    pub async fn each() -> [Self; 3] {
        [
            Self::new().await,
            Self::on_postgres().await,
            Self::behind_a_pooler().await,
        ]
    }

    async fn at(folder: TempDir, url: SecretString) -> Self {
        let ring = KeyRing::generate(&Chance::system(), "k1");
        let broker = BrokerDouble::default();
        let (registry, client) = open_at(url.clone(), &ring, &broker).await;
        Self {
            registry,
            client,
            broker,
            ring,
            folder,
            url,
            _pooler: None,
        }
    }

    /// Another registry process on the same database, with this ring.
    pub async fn reopened(&self, ring: &SecretString) -> (Registry, RegistryClient) {
        open_at(self.url.clone(), ring, &self.broker).await
    }

    pub async fn store(&self) -> Store {
        Store::open(&self.url, &StoreOptions::default()).await.unwrap()
    }

    /// Runs a statement on PostgreSQL that no registry would.
    pub fn tamper(&self, statement: &str) -> String {
        Postgres::shared().query(exposed(&self.url), statement)
    }

    /// The row as it is stored.
    pub async fn row(&self, instance: &Instance) -> InstanceRow {
        let store = self.store().await;
        let id = InstanceId(instance.id);
        let row = store
            .by_id_even_deleted(OrganizationId(1), id)
            .await
            .unwrap()
            .unwrap();
        store.close().await;
        row
    }

    pub async fn resolve(&self, instance: &Instance, refused: Option<i64>) -> Result<Credential, Refusal> {
        resolve(&self.client, instance, refused).await
    }

    pub async fn set_enabled(&self, instance: &Instance, enabled: bool) -> Result<Instance, Refusal> {
        let request = SetEnabledRequest {
            credentials: Some(ours()),
            id: Some(instance.id),
            element: String::new(),
            enabled,
        };
        let answer = self.client.clone().set_enabled(request).await;
        answer.map(tonic::Response::into_inner).map_err(Refusal::from)
    }

    pub async fn create(&self, request: CreateInstanceRequest) -> Result<Instance, Refusal> {
        create(&self.client, request).await
    }

    pub async fn get(&self, credentials: Credentials, id: Option<i64>) -> Result<Instance, Refusal> {
        get(&self.client, credentials, id).await
    }

    pub async fn update(&self, request: UpdateInstanceRequest) -> Result<Instance, Refusal> {
        let answer = self.client.clone().update_instance(request).await;
        answer.map(tonic::Response::into_inner).map_err(Refusal::from)
    }

    /// A second organization with its user.
    pub async fn with_their_organization(self) -> Self {
        let (store, chance) = (self.store().await, Chance::system());
        let id = OrganizationId(2);
        let ring = KeyRing::parse(&self.ring).unwrap();
        let organization = NewOrganization {
            id,
            name: "Theirs".into(),
            secret_digest: Digest::of(THEIR_ORGANIZATION),
            data_key: Sealed::new(ring.new_data_key(&chance, id).1),
            created_at: Clock::system().now(),
        };
        assert!(store.insert_organization(&organization).await.unwrap());
        let user = NewUser {
            id: UserId(2),
            organization_id: id,
            secret_digest: Digest::of(THEIR_USER),
            email: "them@example.com".into(),
            first_name: "T".into(),
            last_name: "Hem".into(),
            created_at: Clock::system().now(),
        };
        assert!(store.insert_user(&user).await.unwrap());
        store.close().await;
        self
    }
}

pub fn url(folder: &Path) -> SecretString {
    format!("sqlite://{}/registry.db", folder.display()).into()
}

pub fn catalog() -> Catalog {
    let extra = [
        ("acme.toml", ACME),
        ("anywhere.toml", ANYWHERE),
        ("keyed.toml", KEYED),
        ("robots.toml", APP),
        ("basic.toml", BASIC),
    ]
    .map(|(name, text)| ConnectorSource {
        name: name.into(),
        text: text.into(),
    });
    let catalog = Catalog::load(&LoadOptions {
        extra: extra.into(),
        ..LoadOptions::default()
    })
    .unwrap();
    assert_eq!(catalog.problems(), []);
    catalog
}

pub fn broker_client(broker: &BrokerDouble) -> BrokerClient {
    BrokerClient::new(in_process(broker.service(), Duration::from_secs(30)))
}

pub fn state_settings(folder: &Path, ring: &SecretString) -> StateSettings {
    settings_at(url(folder), ring)
}

fn settings_at(database_url: SecretString, ring: &SecretString) -> StateSettings {
    StateSettings {
        database_url,
        key_ring: KeyRing::parse(ring).unwrap(),
        key_ring_file: None,
        bootstrap: Bootstrap {
            name: None,
            organization: Some(ORGANIZATION.into()),
            user: Some(USER.into()),
        },
        refresh: RefreshSettings {
            rate: NonZeroU32::new(1000).unwrap(),
            idle: None,
        },
    }
}

pub async fn open(folder: &Path, ring: &SecretString, broker: &BrokerDouble) -> (Registry, RegistryClient) {
    open_at(url(folder), ring, broker).await
}

async fn open_at(
    url: SecretString,
    ring: &SecretString,
    broker: &BrokerDouble,
) -> (Registry, RegistryClient) {
    let settings = settings_at(url, ring);
    let (clock, chance) = (Clock::system(), Chance::system());
    let registry = Registry::build(&settings, broker_client(broker), catalog(), clock, chance)
        .await
        .unwrap();
    registry.bootstrap(&settings.bootstrap, false).await.unwrap();
    let client = RegistryClient::new(in_process(registry.service(), Duration::from_mins(1)));
    (registry, client)
}

pub async fn create(client: &RegistryClient, request: CreateInstanceRequest) -> Result<Instance, Refusal> {
    let answer = client.clone().create_instance(request).await;
    answer.map(tonic::Response::into_inner).map_err(Refusal::from)
}

/// The credential for a call through this instance.
pub async fn resolve(
    client: &RegistryClient,
    instance: &Instance,
    refused_version: Option<i64>,
) -> Result<Credential, Refusal> {
    let request = ResolveRequest {
        credentials: Some(bearer(instance)),
        refused_version,
        instance_id: None,
    };
    let answer = client.clone().resolve(request).await;
    answer.map(tonic::Response::into_inner).map_err(Refusal::from)
}

pub async fn get(
    client: &RegistryClient,
    credentials: Credentials,
    id: Option<i64>,
) -> Result<Instance, Refusal> {
    let request = GetInstanceRequest {
        credentials: Some(credentials),
        id,
        element: String::new(),
        ..GetInstanceRequest::default()
    };
    let answer = client.clone().get_instance(request).await;
    answer.map(tonic::Response::into_inner).map_err(Refusal::from)
}

pub fn credentials(user: &str, organization: &str, element: &str) -> Credentials {
    let digest = |secret: &str| match secret {
        "" => Vec::new(),
        secret => Digest::of(secret).as_bytes().to_vec(),
    };
    Credentials {
        user: digest(user),
        organization: digest(organization),
        element: digest(element),
        ..Credentials::default()
    }
}

pub fn ours() -> Credentials {
    credentials(USER, ORGANIZATION, "")
}

pub fn theirs() -> Credentials {
    credentials(THEIR_USER, THEIR_ORGANIZATION, "")
}

/// Whoever holds this instance's token, as a user of ours.
pub fn bearer(instance: &Instance) -> Credentials {
    credentials(USER, "", &instance.token)
}

pub fn map<const N: usize>(entries: [(&str, &str); N]) -> std::collections::BTreeMap<String, String> {
    entries
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

pub fn code(code: &str) -> ProviderData {
    ProviderData {
        code: code.into(),
        ..ProviderData::default()
    }
}

/// An Acme instance by a code that the caller's own callback had.
pub fn by_code(text: &str) -> CreateInstanceRequest {
    CreateInstanceRequest {
        credentials: Some(ours()),
        element: "acme".into(),
        name: "My Acme".into(),
        configuration: map([
            ("oauth.api.key", CLIENT_ID),
            ("oauth.api.secret", CLIENT_SECRET),
            ("oauth.callback.url", "https://app.test/callback"),
            ("shop", "one"),
        ]),
        provider_data: Some(code(text)),
        ..CreateInstanceRequest::default()
    }
}

/// An instance of a connector that takes no login.
pub fn keyed() -> CreateInstanceRequest {
    CreateInstanceRequest {
        credentials: Some(ours()),
        element: "keyed".into(),
        configuration: map([
            ("region", "eu"),
            ("pet", "name-of-the-pet"),
            ("api_key", "key-of-the-api"),
        ]),
        ..CreateInstanceRequest::default()
    }
}

/// An instance of user name and password.
pub fn basic(username: &str, password: &str) -> CreateInstanceRequest {
    CreateInstanceRequest {
        credentials: Some(ours()),
        element: "basic".into(),
        configuration: map([("username", username), ("password", password)]),
        ..CreateInstanceRequest::default()
    }
}

/// An instance of the app itself.
pub fn robot() -> CreateInstanceRequest {
    CreateInstanceRequest {
        credentials: Some(ours()),
        element: "robots".into(),
        configuration: map([
            ("oauth.api.key", CLIENT_ID),
            ("oauth.api.secret", CLIENT_SECRET),
            ("oauth.scope", "read write"),
            ("shop", "one"),
        ]),
        ..CreateInstanceRequest::default()
    }
}

/// An Acme instance by the tokens of a login elsewhere.
pub fn external(refresh_token: &str) -> CreateInstanceRequest {
    let mut request = by_code("");
    request.provider_data = None;
    request.external_authentication = true;
    request.configuration.remove("oauth.callback.url");
    request
        .configuration
        .insert("oauth.user.refresh_token".into(), refresh_token.into());
    request
}

/// A change to this instance by its organization.
pub fn change(instance: &Instance) -> UpdateInstanceRequest {
    UpdateInstanceRequest {
        credentials: Some(ours()),
        id: Some(instance.id),
        ..UpdateInstanceRequest::default()
    }
}

/// Microseconds since 1970, this many seconds from now.
pub fn in_seconds(seconds: i64) -> i64 {
    Clock::system().now().as_microsecond() + seconds * 1_000_000
}

/// An Acme instance whose access token was asked for an hour and a minute ago and has ended.
pub async fn ended(world: &World) -> Instance {
    world.broker.grant_at(in_seconds(-3660), Some(in_seconds(-60)));
    world.create(by_code("c1")).await.unwrap()
}

/// Every byte of the database's files.
pub fn dump(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap();
    files
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect()
}

pub fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Waits until a condition holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_mins(1), waiting)
            .await
            .is_ok(),
        "waited in vain until {what}"
    );
}

pub fn exposed(secret: &SecretString) -> &str {
    secret.expose_secret()
}
