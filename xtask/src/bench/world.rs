//! Everything that runs while the bench measures.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use ferrule_testkit::{Behaviour, Postgres, Process, Redis, TokenEndpoint, wait_until};
use tempfile::TempDir;

use super::nginx::Nginx;
use super::product::{CONNECTOR, Ground, Product, address, connector, platform};
use super::schedule::Schedules;
use super::targets::{Measure, Target, Visit};
use super::{callers, cpu, wrk};

/// Callers of a call whose credential is at hand.
const CALLERS: usize = 128;

/// A credential is remembered for a second: so many callers do not come round within it.
const STRANGERS: usize = 8192;

/// Megabytes in which PostgreSQL holds every row of the largest table, as the server of a million instances does.
const MEMORY: u32 = 2048;

const START_LIMIT: Duration = Duration::from_secs(30);

/// The servers; all end on drop.
pub struct World {
    upstream: Server,
    nginx_two: Nginx,
    nginx_one: Nginx,
    one: Product,
    traced: Product,
    three: Product,
    floor_redis: Server,
    floor_broker: Server,
    floor_gateway: Server,
    floor_proxy: Server,
    _floor_collector: Server,
    schedules: Schedules,
    redis_id: Option<u32>,
    postgres_id: Option<u32>,
    scripts: Scripts,
    _vendor: TokenEndpoint,
    _redis: Redis,
    _postgres: Postgres,
    _folder: TempDir,
}

/// A floor, or the upstream.
struct Server {
    process: Process,
    address: String,
}

struct Scripts {
    platform: PathBuf,
    callers_of_one: PathBuf,
    callers_of_traced: PathBuf,
    callers_of_three: PathBuf,
    strangers: PathBuf,
}

impl World {
    /// Starts it all, and makes instances for `targets`.
    pub fn start(programs: &Path, targets: &[Target], rounds: u8) -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix("ferrule-bench-").context("a temporary directory")?;
        let place = folder.path();
        let floor = programs.join("bench-floor");
        let (redis, postgres) = (Redis::start(), Postgres::start_with_memory(MEMORY));
        let (redis_url, database) = (redis.url(), postgres.fresh_database());

        let upstream = Server::start(&floor, "upstream", &[]);
        let floor_redis = Server::start(&floor, "redis", &[&redis_url]);
        let floor_broker = Server::start(&floor, "broker", &[&redis_url, &database]);
        let broker_url = format!("http://{}", floor_broker.address);
        let floor_gateway = Server::start(&floor, "gateway", &[&broker_url]);
        let floor_proxy = Server::start(&floor, "proxy", &[&broker_url, &upstream.address]);

        let vendor = TokenEndpoint::start(Behaviour::default());
        let connectors = place.join("connectors");
        fs::create_dir(&connectors).context("a folder for connectors")?;
        let file = connector(&vendor.token_url(), &upstream.address);
        fs::write(connectors.join(format!("{CONNECTOR}.toml")), file).context("a connector file")?;
        let ground = Ground {
            programs,
            connectors: &connectors,
            redis: &redis_url,
        };
        let floor_collector = Server::start(&floor, "collector", &[]);
        let collector_url = format!("http://{}", floor_collector.address);
        let one = Product::in_one(&ground, &place.join("state"), None);
        let traced = Product::in_one(&ground, &place.join("traced"), Some(&collector_url));
        let three = Product::in_three(&ground, &postgres.fresh_database());

        let made = |product: &Product, name: &str, count: usize, who: &[Target]| {
            let count = if who.iter().any(|who| targets.contains(who)) {
                count
            } else {
                1
            };
            callers::script(place, name, &callers::make(product, name, count)?)
        };
        let scripts = Scripts {
            platform: callers::script(place, "platform", &[platform()])?,
            callers_of_one: made(&one, "one", CALLERS, &[Target::Proxied])?,
            callers_of_traced: made(&traced, "traced", CALLERS, &[Target::ProxiedTraced])?,
            callers_of_three: made(&three, "three", CALLERS, &[Target::ProxiedByThree])?,
            strangers: made(&three, "strangers", STRANGERS, &[Target::Miss])?,
        };
        Ok(Self {
            nginx_two: Nginx::start(2, &upstream.address)?,
            nginx_one: Nginx::start(1, &upstream.address)?,
            schedules: Schedules::fill(&floor, &postgres, targets, rounds)?,
            redis_id: cpu::named("redis-server"),
            postgres_id: cpu::named("postgres"),
            upstream,
            one,
            traced,
            three,
            floor_redis,
            floor_broker,
            floor_gateway,
            floor_proxy,
            _floor_collector: floor_collector,
            scripts,
            _vendor: vendor,
            _redis: redis,
            _postgres: postgres,
            _folder: folder,
        })
    }

    /// One visit: what a target does for that long.
    pub fn visit(&mut self, target: Target, time: Duration) -> anyhow::Result<Visit> {
        if !target.is_served() {
            return self.schedules.visit(target);
        }
        let (base, path, script) = self.door(target);
        let servers = self.servers(target);
        let used = || servers.iter().map(|id| cpu::of_tree(*id)).sum::<f64>();
        let before = used();
        let load = wrk::run(&format!("{base}{path}"), script, target.connections(), time)?;
        let cpu = (used() - before) * 1e6 / load.requests.max(1.0);
        Ok(vec![
            (Measure::Rate, load.rate),
            (Measure::Half, load.half),
            (Measure::P99, load.p99),
            (Measure::Cpu, cpu),
            (Measure::Failed, load.failed),
        ])
    }

    /// Where a target is: the base of its addresses, the path, and who calls it.
    fn door(&self, target: Target) -> (String, &'static str, &Path) {
        const CALL: &str = "/hubs/bench/items/4711?page=2";
        const URL: &str = "/elements/bench/oauth/url?apiKey=bench-client&apiSecret=bench-secret";
        const FLOOR_URL: &str = "/url/user-4711";
        let plain = |address: &str| format!("http://{address}");
        let scripts = &self.scripts;
        let (platform, callers) = (scripts.platform.as_path(), scripts.callers_of_one.as_path());
        match target {
            Target::Upstream | Target::UpstreamAlone => (plain(&self.upstream.address), CALL, callers),
            Target::NginxTwo => (plain(&self.nginx_two.address), CALL, callers),
            Target::NginxOne => (plain(&self.nginx_one.address), CALL, callers),
            Target::Proxied | Target::ProxiedAlone => (self.one.url.clone(), CALL, callers),
            Target::ProxiedTraced => (self.traced.url.clone(), CALL, &scripts.callers_of_traced),
            Target::ProxiedByThree => (self.three.url.clone(), CALL, &scripts.callers_of_three),
            Target::MissFloor => (plain(&self.floor_proxy.address), CALL, callers),
            Target::Miss => (self.three.url.clone(), CALL, &scripts.strangers),
            Target::UrlFloorOfThree => (plain(&self.floor_gateway.address), FLOOR_URL, platform),
            Target::UrlOfThree => (self.three.url.clone(), URL, platform),
            Target::UrlFloorOfOne => (plain(&self.floor_redis.address), FLOOR_URL, platform),
            Target::UrlOfOne => (self.one.url.clone(), URL, platform),
            Target::Schedule10K | Target::Schedule100K | Target::Schedule1M => (String::new(), "", platform),
        }
    }

    /// Whose processor time a request costs.
    fn servers(&self, target: Target) -> Vec<u32> {
        let upstream = self.upstream.process.id();
        let (one, three) = (self.one.ids(), self.three.ids());
        let stores = |ids: Vec<u32>, store: Option<u32>| ids.into_iter().chain(store).collect();
        let floors = |servers: &[&Server]| servers.iter().map(|server| server.process.id()).collect();
        match target {
            Target::Upstream | Target::UpstreamAlone => vec![upstream],
            Target::NginxTwo => vec![upstream, self.nginx_two.id()],
            Target::NginxOne => vec![upstream, self.nginx_one.id()],
            Target::Proxied | Target::ProxiedAlone => stores(one, Some(upstream)),
            Target::ProxiedTraced => stores(self.traced.ids(), Some(upstream)),
            Target::ProxiedByThree | Target::Miss => stores(stores(three, Some(upstream)), self.postgres_id),
            Target::MissFloor => stores(
                floors(&[&self.floor_proxy, &self.floor_broker, &self.upstream]),
                self.postgres_id,
            ),
            Target::UrlFloorOfThree => {
                stores(floors(&[&self.floor_gateway, &self.floor_broker]), self.redis_id)
            }
            Target::UrlOfThree => stores(stores(three, self.redis_id), self.postgres_id),
            Target::UrlFloorOfOne => stores(floors(&[&self.floor_redis]), self.redis_id),
            Target::UrlOfOne => stores(one, self.redis_id),
            Target::Schedule10K | Target::Schedule100K | Target::Schedule1M => Vec::new(),
        }
    }
}

impl Server {
    /// Starts a shape of the floor's program on an address of its own.
    fn start(floor: &Path, shape: &str, arguments: &[&str]) -> Self {
        let address = address();
        let arguments: Vec<_> = [shape, &address]
            .into_iter()
            .chain(arguments.iter().copied())
            .collect();
        let process = Process::spawn_with(floor, &arguments, &[]);
        wait_until(&format!("the floor {shape} listens"), START_LIMIT, || {
            std::net::TcpStream::connect(&address).is_ok()
        });
        Self { process, address }
    }
}
