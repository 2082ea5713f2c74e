//! A real `redis-server`.

use std::io;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::daemon::{Daemon, Recipe};
use crate::places::{free_port, program};
use crate::resp::{Connection, Reply};

const ATTEMPTS: usize = 5;

/// A Redis of the test's own, `noeviction`, ended on drop.
pub struct Redis {
    port: u16,
    settings: Vec<(String, String)>,
    server: Option<Daemon>,
    /// Known once it is up: one that is held still cannot be asked.
    process_id: String,
    folder: TempDir,
}

impl Redis {
    /// Starts one that keeps everything in memory: [`Redis::kill`] loses it.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with an append-only file: what was acknowledged survives [`Redis::kill`].
    pub fn start_append_only() -> Self {
        Self::start_with(&[("appendonly", "yes")])
    }

    /// Starts one with these settings of `redis.conf`.
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::with_prefix("ferrule-redis-").expect("a temporary directory");
        let mut redis = Self {
            port: 0,
            settings: settings
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            server: None,
            process_id: String::new(),
            folder,
        };
        let started = (0..ATTEMPTS).any(|_| {
            redis.port = free_port();
            redis.comes_up()
        });
        assert!(started, "redis-server does not start:\n{}", redis.log());
        redis
    }

    /// `redis://127.0.0.1:port/`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Its loopback port; the same after a restart.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it as `kill -9` does. Connections are refused from then on.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Starts it again on the same port, killing it first if it runs.
    pub fn restart(&mut self) {
        self.kill();
        assert!(
            self.comes_up(),
            "redis-server does not start again:\n{}",
            self.log()
        );
    }

    /// Holds it still, or lets it go on: connections stay, and nothing is answered.
    pub fn pause(&self, pause: bool) {
        let signal = if pause { "-STOP" } else { "-CONT" };
        let status = Command::new("kill").args([signal, &self.process_id]).status();
        assert!(status.is_ok_and(|status| status.success()), "kill {signal}");
    }

    /// Sends one command and gives the reply.
    pub fn command(&self, words: &[&str]) -> Reply {
        self.try_command(words).expect("a reply of Redis")
    }

    /// The same; `None` while it does not answer.
    pub(crate) fn try_command(&self, words: &[&str]) -> Option<Reply> {
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        self.open().ok()?.call(&words).ok()
    }

    /// Every key and every value as raw bytes, a line each: what somebody who took the data would read.
    pub fn dump(&self) -> Vec<u8> {
        let mut connection = self.connection();
        let mut call = |words: &[&[u8]]| connection.call(words).expect("a reply of Redis").strings();
        let mut dump = Vec::new();
        for key in call(&[b"KEYS", b"*"]) {
            let kind = call(&[b"TYPE", &key]).concat();
            let values = match kind.as_slice() {
                b"string" => call(&[b"GET", &key]),
                b"hash" => call(&[b"HGETALL", &key]),
                b"list" => call(&[b"LRANGE", &key, b"0", b"-1"]),
                b"set" => call(&[b"SMEMBERS", &key]),
                b"zset" => call(&[b"ZRANGE", &key, b"0", b"-1", b"WITHSCORES"]),
                b"stream" => call(&[b"XRANGE", &key, b"-", b"+"]),
                // It went away since it was listed.
                b"none" => continue,
                other => panic!("a key of kind {}", String::from_utf8_lossy(other)),
            };
            for line in [key].into_iter().chain(values) {
                dump.extend(line);
                dump.push(b'\n');
            }
        }
        dump
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("redis.log")).unwrap_or_default()
    }

    fn connection(&self) -> Connection {
        self.open().expect("Redis accepts a connection")
    }

    fn open(&self) -> io::Result<Connection> {
        let mut connection = Connection::open(self.port)?;
        if let Some((_, password)) = self.settings.iter().find(|(name, _)| name == "requirepass") {
            connection.call(&[b"AUTH", password.as_bytes()])?;
        }
        Ok(connection)
    }

    fn comes_up(&mut self) -> bool {
        let port = self.port;
        let mut server = Daemon::start(&recipe(port, &self.settings, self.folder.path()));
        let up = server.comes_up(|| self.try_command(&["PING"]) == Some(Reply::Status("PONG".to_owned())));
        self.server = up.then_some(server);
        if up {
            let info = self.command(&["INFO", "server"]).strings().concat();
            let info = String::from_utf8_lossy(&info).into_owned();
            let found = info.lines().find_map(|line| line.strip_prefix("process_id:"));
            self.process_id = String::from(found.expect("INFO tells the process").trim());
        }
        up
    }
}

fn recipe(port: u16, more: &[(String, String)], folder: &Path) -> Recipe {
    let port = port.to_string();
    let settings = [
        ("bind", "127.0.0.1"),
        ("port", &port),
        ("save", ""),
        ("maxmemory-policy", "noeviction"),
        // By default a write may be acknowledged up to two seconds before it reaches the file.
        ("appendfsync", "always"),
    ];
    let more = more.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let arguments = settings
        .into_iter()
        .chain(more)
        .flat_map(|(name, value)| [format!("--{name}").into(), value.into()]);
    Recipe {
        program: program("redis-server", "redis-server"),
        arguments: arguments.collect(),
        environment: Vec::new(),
        folder: folder.to_owned(),
        log: folder.join("redis.log"),
        end: "KILL",
        user: None,
        scratch: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_shows_every_kind_of_key_and_value() {
        let redis = Redis::start();
        redis.command(&["SET", "text", "one"]);
        redis.command(&["HSET", "hash", "field", "two"]);
        redis.command(&["RPUSH", "list", "three"]);
        redis.command(&["SADD", "set", "four"]);
        redis.command(&["ZADD", "scores", "5", "five"]);
        redis.command(&["XADD", "stream", "*", "field", "six"]);
        let dump = String::from_utf8(redis.dump()).unwrap();
        for word in [
            "text", "one", "hash", "two", "list", "three", "four", "five", "stream", "six",
        ] {
            assert!(
                dump.lines().any(|line| line == word),
                "{word} is missing in\n{dump}"
            );
        }
    }

    #[test]
    fn it_does_not_evict() {
        let redis = Redis::start();
        let policy = redis.command(&["CONFIG", "GET", "maxmemory-policy"]).strings();
        assert_eq!(policy.last().unwrap(), b"noeviction");
    }

    #[test]
    fn only_the_append_only_form_survives_a_kill() {
        for (mut redis, survivors) in [(Redis::start(), 0), (Redis::start_append_only(), 1)] {
            redis.command(&["SET", "key", "value"]);
            let url = redis.url();
            redis.kill();
            assert!(Connection::open(redis.port()).is_err());
            redis.restart();
            assert_eq!(redis.url(), url);
            assert_eq!(redis.command(&["DBSIZE"]), Reply::Number(survivors));
        }
    }
}
