//! A master, its replica, and three sentinels that watch them.

use std::fs;
use std::time::Duration;

use tempfile::TempDir;

use crate::daemon::{Daemon, Recipe};
use crate::places::program;
use crate::resp::Connection;
use crate::{Redis, Reply, free_port, wait_until};

const LIMIT: Duration = Duration::from_mins(1);
const SENTINELS: usize = 3;

/// What the sentinels call the master.
const MASTER: &str = "main";

/// Two servers and their sentinels on loopback; ended on drop.
pub struct RedisSentinels {
    servers: Vec<Server>,
    sentinels: Vec<Sentinel>,
}

struct Server {
    redis: Redis,
    /// The port by which the sentinels know it.
    watched: u16,
}

struct Sentinel {
    port: u16,
    tls_port: u16,
    password: Option<String>,
    _server: Daemon,
    _folder: TempDir,
}

impl RedisSentinels {
    /// Starts them; the replica follows, and every sentinel knows of all others.
    pub fn start() -> Self {
        Self::start_with(&[], &[])
    }

    /// The same with these settings of `redis.conf` for the servers and for the sentinels; with `tls-cert-file` among
    /// them all speak TLS with each other, and nothing but TLS on their `tls-port`s.
    pub fn start_with(for_servers: &[(&str, &str)], for_sentinels: &[(&str, &str)]) -> Self {
        let tls = for_servers.iter().any(|(name, _)| *name == "tls-cert-file");
        let server = |of: Option<u16>| {
            let tls_port = free_port();
            let (tls_port_text, master) = (tls_port.to_string(), of.map(|port| format!("127.0.0.1 {port}")));
            let mut settings = for_servers.to_vec();
            if tls {
                settings.push(("tls-port", &tls_port_text));
            }
            if let Some(master) = &master {
                settings.push(("replicaof", master));
            }
            let redis = Redis::start_with(&settings);
            let watched = if tls { tls_port } else { redis.port() };
            Server { redis, watched }
        };
        let master = server(None);
        let watched = master.watched;
        let servers = vec![master, server(Some(watched))];
        let sentinels = (0..SENTINELS)
            .map(|_| Sentinel::start(watched, password(for_servers), for_sentinels))
            .collect();
        let all = Self { servers, sentinels };
        all.wait_until_known();
        all
    }

    /// `host:port` of each sentinel, comma separated.
    pub fn hosts(&self) -> String {
        let hosts = self
            .sentinels
            .iter()
            .map(|sentinel| format!("127.0.0.1:{}", sentinel.port));
        hosts.collect::<Vec<_>>().join(",")
    }

    /// The same by the ports on which they speak TLS.
    pub fn tls_hosts(&self) -> String {
        let hosts = self
            .sentinels
            .iter()
            .map(|sentinel| format!("127.0.0.1:{}", sentinel.tls_port));
        hosts.collect::<Vec<_>>().join(",")
    }

    /// What the sentinels call the master.
    pub fn master_name(&self) -> &'static str {
        MASTER
    }

    /// The server that the sentinels call the master now.
    pub fn master(&self) -> &Redis {
        let told = self.sentinels[0].command(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER]);
        let port = told.strings().pop().unwrap_or_default();
        let named = self
            .servers
            .iter()
            .find(|server| server.watched.to_string().as_bytes() == port);
        &named.expect("one of the servers").redis
    }

    /// Makes the replica the master, while both live.
    pub fn fail_over(&self) {
        let reply = self.sentinels[0].command(&["SENTINEL", "FAILOVER", MASTER]);
        assert_eq!(reply, Reply::Status("OK".to_owned()));
    }

    /// Ends the master as `kill -9` does.
    pub fn kill_master(&mut self) {
        let port = self.master().port();
        for server in &mut self.servers {
            if server.redis.port() == port {
                server.redis.kill();
            }
        }
    }

    /// Removes every key.
    pub fn flush(&self) {
        self.master().command(&["FLUSHALL"]);
    }

    /// Every key and every value.
    pub fn dump(&self) -> Vec<u8> {
        self.master().dump()
    }

    /// Waits until what was written so far is on the replica too.
    pub fn wait_until_replicated(&self) {
        let master = self.master();
        wait_until("the replica has it all", LIMIT, || {
            master.command(&["WAIT", "1", "1000"]) == Reply::Number(1)
        });
    }

    fn wait_until_known(&self) {
        wait_until("the sentinels know each other and the replica", LIMIT, || {
            self.sentinels.iter().all(|sentinel| {
                let told = sentinel.command(&["SENTINEL", "MASTER", MASTER]).strings();
                let told: Vec<_> = told.iter().map(|word| String::from_utf8_lossy(word)).collect();
                let value = |name: &str| {
                    let place = told.iter().position(|word| word == name)?;
                    told.get(place + 1)?.parse::<usize>().ok()
                };
                value("num-other-sentinels") == Some(SENTINELS - 1) && value("num-slaves") == Some(1)
            })
        });
        let replica = &self.servers[1].redis;
        wait_until("the replica follows", LIMIT, || {
            let told = replica.command(&["INFO", "replication"]).strings().concat();
            String::from_utf8_lossy(&told).contains("master_link_status:up")
        });
    }
}

impl Sentinel {
    fn start(master: u16, password_of_master: Option<&str>, settings: &[(&str, &str)]) -> Self {
        let (port, tls_port) = (free_port(), free_port());
        let folder = TempDir::with_prefix("ferrule-sentinel-").expect("a temporary directory");
        let mut lines = vec![
            "bind 127.0.0.1".to_owned(),
            format!("port {port}"),
            format!("sentinel monitor {MASTER} 127.0.0.1 {master} 2"),
            format!("sentinel down-after-milliseconds {MASTER} 500"),
            format!("sentinel failover-timeout {MASTER} 5000"),
        ];
        lines.extend(password_of_master.map(|password| format!("sentinel auth-pass {MASTER} {password}")));
        lines.extend(settings.iter().map(|(name, value)| format!("{name} {value}")));
        if settings.iter().any(|(name, _)| *name == "tls-cert-file") {
            lines.push(format!("tls-port {tls_port}"));
        }
        let password = password(settings).map(ToOwned::to_owned);
        lines.extend(
            password
                .iter()
                .map(|password| format!("sentinel sentinel-pass {password}")),
        );
        let file = folder.path().join("sentinel.conf");
        fs::write(&file, lines.join("\n")).expect("a file of settings");
        let mut server = Daemon::start(&Recipe {
            program: program("redis-server", "redis-server"),
            arguments: vec![file.into_os_string(), "--sentinel".into()],
            environment: Vec::new(),
            folder: folder.path().to_owned(),
            log: folder.path().join("sentinel.log"),
            end: "KILL",
            user: None,
            scratch: None,
        });
        let up = server.comes_up(|| Connection::open(port).is_ok());
        assert!(up, "a sentinel does not start:\n{}", server.log());
        Self {
            port,
            tls_port,
            password,
            _server: server,
            _folder: folder,
        }
    }

    fn command(&self, words: &[&str]) -> Reply {
        let mut connection = Connection::open(self.port).expect("a sentinel accepts a connection");
        if let Some(password) = &self.password {
            let reply = connection.call(&[b"AUTH", password.as_bytes()]);
            reply.expect("a reply of a sentinel");
        }
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        connection.call(&words).expect("a reply of a sentinel")
    }
}

fn password<'a>(settings: &[(&str, &'a str)]) -> Option<&'a str> {
    let given = settings.iter().find(|(name, _)| *name == "requirepass");
    given.map(|(_, password)| *password)
}
