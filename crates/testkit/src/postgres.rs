//! A real PostgreSQL cluster.

use std::ffi::OsStr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

use tempfile::TempDir;

use crate::authority::Certified;
use crate::daemon::{Daemon, Recipe};
use crate::places::{free_port, postgresql};

const ATTEMPTS: usize = 5;

/// What a test's rows take at most, in megabytes.
const FEW_ROWS: u32 = 32;

/// Speed instead of safety: what was committed survives a stop, but no power cut.
const SETTINGS: [&str; 6] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=300",
    "fsync=off",
    "full_page_writes=off",
    "autovacuum=off",
];

/// A cluster, trusting everybody on loopback; stopped and removed on drop, or when the test's process ends.
pub struct Postgres {
    port: u16,
    programs: PathBuf,
    user: Option<(u32, u32)>,
    server: Option<Daemon>,
    databases: AtomicU32,
    memory: String,
    never_dropped: bool,
    tls: bool,
    folder: TempDir,
}

impl Postgres {
    /// The cluster that all tests of this process share, each with databases of its own.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| Self::launch(true, None, FEW_ROWS))
    }

    /// A cluster of the test's own, to stop and restart.
    pub fn start() -> Self {
        Self::launch(false, None, FEW_ROWS)
    }

    /// One that speaks TLS with this certificate, and nothing else.
    pub fn start_with_tls(certificate: &Certified) -> Self {
        Self::launch(false, Some(certificate), FEW_ROWS)
    }

    /// One with so many megabytes for the rows that it works on.
    pub fn start_with_memory(megabytes: u32) -> Self {
        Self::launch(false, None, megabytes)
    }

    fn launch(never_dropped: bool, certificate: Option<&Certified>, megabytes: u32) -> Self {
        let folder = TempDir::with_prefix("ferrule-postgres-").expect("a temporary directory");
        let user = unprivileged_user();
        if let Some((user, group)) = user {
            chown(folder.path(), Some(user), Some(group)).expect("root may give a folder away");
        }
        let programs = postgresql();
        let databases = AtomicU32::new(0);
        let mut cluster = Self {
            port: 0,
            programs,
            user,
            server: None,
            databases,
            memory: format!("shared_buffers={megabytes}MB"),
            never_dropped,
            tls: certificate.is_some(),
            folder,
        };
        let data = cluster.data();
        let options = [
            "-A",
            "trust",
            "-U",
            "postgres",
            "--no-sync",
            "--no-locale",
            "-E",
            "UTF8",
            "-D",
        ];
        cluster.run(
            "initdb",
            options.map(OsStr::new).into_iter().chain([data.as_os_str()]),
        );
        if let Some(certificate) = certificate {
            cluster.keep("server.crt", &certificate.certificate);
            cluster.keep("server.key", &certificate.key);
            cluster.keep("pg_hba.conf", "hostssl all all 127.0.0.1/32 trust\n");
        }
        let started = (0..ATTEMPTS).any(|_| {
            cluster.port = free_port();
            cluster.comes_up()
        });
        assert!(started, "postgres does not start:\n{}", cluster.log());
        cluster
    }

    /// A new, empty database: its URL, `postgres://postgres@127.0.0.1:port/name`.
    pub fn fresh_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.query(&self.url("postgres"), &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// What `sql` answers, as `psql` prints it: a line a row, columns between `|`.
    pub fn query(&self, url: &str, sql: &str) -> String {
        self.run("psql", ["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql])
    }

    /// Schema and rows of a database as text, as `pg_dump` writes it.
    pub fn dump(&self, url: &str) -> String {
        self.run("pg_dump", ["-d", url])
    }

    /// A new database with what [`Postgres::dump`] wrote: its URL.
    pub fn restore(&self, dump: &str) -> String {
        let url = self.fresh_database();
        let file = self.folder.path().join("restored.sql");
        fs::write(&file, dump).expect("a file for the dump");
        let words = ["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", &url, "-f"];
        let words = words.map(OsStr::new).into_iter().chain([file.as_os_str()]);
        self.run("psql", words);
        url
    }

    /// Stops it at once, cutting every connection.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// Starts it again on the same port, stopping it first if it runs.
    pub fn restart(&mut self) {
        self.stop();
        assert!(self.comes_up(), "postgres does not start again:\n{}", self.log());
    }

    /// What it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Its loopback port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The user and group that it runs as, where that is not who we are.
    pub(crate) fn user(&self) -> Option<(u32, u32)> {
        self.user
    }

    /// Writes a file into its data directory, as PostgreSQL wants those: readable by its user alone.
    fn keep(&self, name: &str, text: &str) {
        let file = self.data().join(name);
        fs::write(&file, text).expect("a file in the data directory");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("the owner may change that");
        if let Some((user, group)) = self.user {
            chown(&file, Some(user), Some(group)).expect("root may give a file away");
        }
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("postgres.log")
    }

    fn comes_up(&mut self) -> bool {
        let mut server = Daemon::start(&self.recipe());
        let up = server.comes_up(|| self.answers());
        self.server = up.then_some(server);
        up
    }

    fn answers(&self) -> bool {
        let mut command = self.command("pg_isready");
        command.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
        command.status().is_ok_and(|status| status.success())
    }

    fn recipe(&self) -> Recipe {
        let port = format!("port={}", self.port);
        let mut arguments = vec!["-D".into(), self.data().into_os_string()];
        let tls = self.tls.then_some("ssl=on");
        let own = [port.as_str(), &self.memory];
        for setting in SETTINGS.into_iter().chain(own).chain(tls) {
            arguments.extend(["-c".into(), setting.into()]);
        }
        Recipe {
            program: self.programs.join("postgres"),
            arguments,
            environment: Vec::new(),
            folder: self.folder.path().to_owned(),
            log: self.log_file(),
            end: "QUIT",
            user: self.user,
            scratch: self.never_dropped.then(|| self.folder.path().to_owned()),
        }
    }

    fn run(&self, program: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> String {
        let output = self.command(program).args(arguments).output();
        let output = output.unwrap_or_else(|error| panic!("{program} does not start: {error}"));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} failed: {errors}");
        String::from_utf8(output.stdout).expect("PostgreSQL's programs answer in UTF-8")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("LC_ALL", "C");
        command.current_dir(self.folder.path());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }
}

/// PostgreSQL refuses to be root: then it runs as the user that its package made, else as who we are.
fn unprivileged_user() -> Option<(u32, u32)> {
    rustix::process::getuid().is_root().then(|| {
        let accounts = fs::read_to_string("/etc/passwd").expect("/etc/passwd");
        account(&accounts, "postgres").expect("a user postgres, which Debian's package postgresql makes")
    })
}

fn account(accounts: &str, name: &str) -> Option<(u32, u32)> {
    let line = accounts
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    let mut numbers = line.split(':').skip(2).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_are_apart_and_a_dump_shows_their_rows() {
        let cluster = Postgres::shared();
        let (one, two) = (cluster.fresh_database(), cluster.fresh_database());
        cluster.query(
            &one,
            "CREATE TABLE words (word TEXT); INSERT INTO words VALUES ('secret')",
        );
        assert_eq!(cluster.query(&one, "SELECT word FROM words"), "secret\n");
        assert!(cluster.dump(&one).contains("secret"));
        let restored = cluster.restore(&cluster.dump(&one));
        assert_eq!(cluster.query(&restored, "SELECT word FROM words"), "secret\n");
        assert!(!cluster.dump(&two).contains("secret"));
    }

    #[test]
    fn rows_survive_a_stop_and_restart() {
        let mut cluster = Postgres::start();
        let url = cluster.fresh_database();
        cluster.query(
            &url,
            "CREATE TABLE words (word TEXT); INSERT INTO words VALUES ('kept')",
        );
        cluster.stop();
        assert!(!cluster.answers());
        cluster.restart();
        assert_eq!(cluster.query(&url, "SELECT word FROM words"), "kept\n");
    }

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let accounts = "postgres2:x:7:8::/:/bin/sh\npostgres:x:100:102:admin:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(account(accounts, "postgres"), Some((100, 102)));
        assert_eq!(account(accounts, "nobody"), None);
    }
}
