//! The cluster on one machine: pairs of gateway, registry and broker over one Redis and one database.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use ferrule_model::Chance;
use ferrule_seal::KeyRing;
use ferrule_testkit::{Behaviour, Browser, Landing, Postgres, Redis, TokenEndpoint};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use crate::api::Api;
use crate::service::Service;
use crate::vendors::{acme_at, intercom_at};

/// Secrets of the first user and organization.
pub const USER: &str = "user+secret/of=the&cluster's";
pub const ORGANIZATION: &str = "organization%secret?of:the#cluster";

/// How long a registry has an instance for itself while it refreshes it.
const LEASE: Duration = Duration::from_mins(1);

/// Gateway *i* and registry *i* call broker *i*, so that what two pairs share is in Redis and PostgreSQL.
pub struct World {
    pub gateways: Vec<Service>,
    pub registries: Vec<Service>,
    pub brokers: Vec<Service>,
    pub redis: Redis,
    pub database: String,
    /// The ring that the brokers and registries were given.
    pub master_keys: String,
    pub vendor: TokenEndpoint,
    folder: TempDir,
}

/// A key ring of one new key.
pub fn new_key(id: &str) -> String {
    KeyRing::generate(&Chance::system(), id)
        .expose_secret()
        .to_owned()
}

impl World {
    /// Two pairs, up.
    pub fn start() -> Self {
        Self::of(2, Postgres::shared().fresh_database()).up()
    }

    /// So many pairs over this database, prepared.
    pub fn of(pairs: usize, database: String) -> Self {
        let services =
            |program, listen| -> Vec<_> { (0..pairs).map(|_| Service::new(program, listen)).collect() };
        let vendor = TokenEndpoint::start(Behaviour::default());
        let folder = TempDir::with_prefix("ferrule-cluster-").expect("a temporary directory");
        let mut world = Self {
            gateways: services("gateway", "FERRULE_LISTEN"),
            registries: services("instance-registry", "FERRULE_GRPC_LISTEN"),
            brokers: services("oauth-broker", "FERRULE_GRPC_LISTEN"),
            redis: Redis::start_append_only(),
            database,
            master_keys: new_key("k1"),
            vendor,
            folder,
        };
        world.connect("http");
        let (redis, database, ring) = (
            world.redis.url(),
            world.database.clone(),
            world.master_keys.clone(),
        );
        let public_url = format!("http://{}", world.gateways[0].address);
        let connectors = world.file("connectors");
        fs::create_dir(&connectors).expect("a folder for connector files");
        for broker in &mut world.brokers {
            broker.set("FERRULE_REDIS_URL", &redis);
            broker.set("FERRULE_MASTER_KEYS", &ring);
            broker.set("FERRULE_PUBLIC_URL", &public_url);
        }
        for registry in &mut world.registries {
            registry.set("FERRULE_DATABASE_URL", &database);
            registry.set("FERRULE_MASTER_KEYS", &ring);
            registry.set("FERRULE_BOOTSTRAP_USER_SECRET", USER);
            registry.set("FERRULE_BOOTSTRAP_ORG_SECRET", ORGANIZATION);
        }
        for gateway in &mut world.gateways {
            gateway.set("FERRULE_PUBLIC_URL", &public_url);
        }
        let (acme, intercom) = (acme_at(&world.vendor), intercom_at(&world.vendor));
        world
            .with("FERRULE_CONNECTORS_DIR", &connectors.display().to_string())
            .with("FERRULE_ALLOW_PRIVATE_NETWORKS", "true")
            .with_connector("acme", &acme)
            .with_connector("intercom", &intercom)
    }

    /// Sets a variable of every service.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        for service in self.services() {
            service.set(name, value);
        }
        self
    }

    /// Gives the key ring as a file.
    pub fn with_ring_file(mut self, ring: &str) -> Self {
        let file = self.write_ring(ring);
        for service in self.brokers.iter_mut().chain(&mut self.registries) {
            service.unset("FERRULE_MASTER_KEYS");
            service.set("FERRULE_MASTER_KEYS_FILE", &file.display().to_string());
        }
        self
    }

    /// What the ring's file holds from now on; the file changes at once or not at all.
    pub fn write_ring(&self, ring: &str) -> PathBuf {
        let (new, file) = (self.file("ring.new"), self.file("ring"));
        fs::write(&new, ring).expect("a file for the key ring");
        fs::rename(&new, &file).expect("a file can be renamed");
        file
    }

    /// Lays a connector file into the operator's folder.
    pub fn with_connector(self, key: &str, text: &str) -> Self {
        fs::write(self.file("connectors").join(format!("{key}.toml")), text).expect("a connector file");
        self
    }

    /// The addresses by which the services call each other.
    pub fn connect(&mut self, scheme: &str) {
        for pair in 0..self.gateways.len() {
            let broker = format!("{scheme}://{}", self.brokers[pair].address);
            let registry = format!("{scheme}://{}", self.registries[pair].address);
            self.registries[pair].set("FERRULE_BROKER_URL", &broker);
            self.gateways[pair].set("FERRULE_BROKER_URL", &broker);
            self.gateways[pair].set("FERRULE_REGISTRY_URL", &registry);
        }
    }

    /// Starts every service, all at once, and waits until all can work.
    pub fn up(mut self) -> Self {
        self.services().for_each(Service::start);
        self.services().for_each(Service::wait_until_ready);
        self
    }

    pub fn services(&mut self) -> impl Iterator<Item = &mut Service> {
        let behind = self.brokers.iter_mut().chain(&mut self.registries);
        behind.chain(&mut self.gateways)
    }

    /// A place of this machine.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The API through one of the gateways, called by the first user.
    pub fn api(&self, gateway: usize) -> Api {
        Api {
            base: format!("http://{}/elements/api-v2", self.gateways[gateway].address),
            authorization: format!("User {USER}, Organization {ORGANIZATION}"),
        }
    }

    /// Ends every lease that is older than this, as a minute would: those that killed registries left behind.
    pub fn end_leases_older_than(&self, age: Duration) {
        let update = format!(
            "UPDATE instances SET lease_until = 0, refresh_due_at = 0
             WHERE lease_until < EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 + {}",
            LEASE.saturating_sub(age).as_micros()
        );
        Postgres::shared().query(&self.database, &update);
    }

    /// The address of the hosted callback as vendors know it, but at another gateway.
    pub fn at_gateway(&self, gateway: usize, callback: &str) -> String {
        let public = &self.gateways[0].address;
        callback.replacen(public, &self.gateways[gateway].address, 1)
    }

    /// A login at a vendor that asks nothing: begun through one gateway, back at another. The handshake.
    pub fn logged_in(&self, begun: usize, back: usize, element: &str) -> String {
        let url = self.api(begun).oauth_url(element, &CLIENT);
        let callback = self.gateways[0].address.clone();
        let left = Browser::stopping_at(&format!("http://{callback}/oauth/callback/")).open(&url);
        let page = Browser::new().open(&self.at_gateway(back, left.url()));
        let Landing::Page { status: 200, .. } = page else {
            panic!("a page was expected: {page:?}")
        };
        left.parameter("state").expect("a state")
    }
}

/// The vendors' client, as `oauth/url` takes it.
pub const CLIENT: [(&str, &str); 2] = [
    ("apiKey", ferrule_testkit::CLIENT_ID),
    ("apiSecret", ferrule_testkit::CLIENT_SECRET),
];
