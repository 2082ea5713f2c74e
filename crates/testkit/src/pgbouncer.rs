//! A real `pgbouncer`.

use std::fs;
use std::os::unix::fs::chown;

use tempfile::TempDir;

use crate::Postgres;
use crate::daemon::{Daemon, Recipe};
use crate::places::{free_port, program};

const ATTEMPTS: usize = 5;

/// Few, so that callers meet on them.
const SERVER_CONNECTIONS: u32 = 2;

/// A pooler that gives each transaction whichever server connection is free; ended on drop.
pub struct PgBouncer {
    port: u16,
    user: Option<(u32, u32)>,
    server: Option<Daemon>,
    folder: TempDir,
}

impl PgBouncer {
    /// Starts one in front of a cluster's databases.
    pub fn start(cluster: &Postgres) -> Self {
        let folder = TempDir::with_prefix("ferrule-pgbouncer-").expect("a temporary directory");
        let user = cluster.user();
        if let Some((user, group)) = user {
            chown(folder.path(), Some(user), Some(group)).expect("root may give a folder away");
        }
        let mut pooler = Self {
            port: 0,
            user,
            server: None,
            folder,
        };
        let started = (0..ATTEMPTS).any(|_| {
            pooler.port = free_port();
            pooler.comes_up(cluster.port())
        });
        assert!(started, "pgbouncer does not start:\n{}", pooler.log());
        pooler
    }

    /// The URL of that database of the cluster, by way of the pooler.
    pub fn url(&self, database_url: &str) -> String {
        let (_, database) = database_url.rsplit_once('/').expect("a database's URL");
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// What it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("pgbouncer.log")).unwrap_or_default()
    }

    fn comes_up(&mut self, postgres: u16) -> bool {
        let settings = format!(
            "[databases]\n\
             * = host=127.0.0.1 port={postgres} user=postgres\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\n\
             listen_port = {}\n\
             unix_socket_dir =\n\
             auth_type = any\n\
             pool_mode = transaction\n\
             default_pool_size = {SERVER_CONNECTIONS}\n\
             max_client_conn = 500\n\
             ignore_startup_parameters = extra_float_digits\n",
            self.port
        );
        let file = self.folder.path().join("pgbouncer.ini");
        fs::write(&file, settings).expect("a file of settings");
        let mut server = Daemon::start(&Recipe {
            program: program("pgbouncer", "pgbouncer"),
            arguments: vec![file.into_os_string()],
            environment: Vec::new(),
            folder: self.folder.path().to_owned(),
            log: self.folder.path().join("pgbouncer.log"),
            end: "TERM",
            user: self.user,
            scratch: None,
        });
        let port = self.port;
        let up = server.comes_up(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        self.server = up.then_some(server);
        up
    }
}
