//! An OAuth 1.0a server whose rules someone else wrote: `PyPI`'s `oauthlib`.

use std::sync::Mutex;

use serde_json::json;
use tempfile::TempDir;

use crate::daemon::{Daemon, Recipe};
use crate::places::vendors_python;
use crate::{CLIENT_ID, CLIENT_SECRET};

/// An access token that the server knows from a login elsewhere,
pub const BROUGHT_TOKEN: &str = "brought-token-of-alice-4bJx";
/// and its secret.
pub const BROUGHT_TOKEN_SECRET: &str = "brought-token-secret-of-alice-9sKq";

const SERVER: &str = include_str!("../vendors/oauth1.py");

/// The server, with one client ([`CLIENT_ID`], [`CLIENT_SECRET`]); whoever asks is logged in. It takes exactly the
/// callbacks that are registered, and every nonce and every verifier once.
pub struct OAuth1Provider {
    origin: String,
    server: Mutex<Daemon>,
    _folder: TempDir,
}

impl OAuth1Provider {
    /// Starts it for a client with these callbacks, which signs by one of these methods (`HMAC-SHA1`, …).
    pub fn start(callbacks: &[&str], methods: &[&str]) -> Self {
        let settings = json!({
            "clientKey": CLIENT_ID,
            "clientSecret": CLIENT_SECRET,
            "callbacks": callbacks,
            "methods": methods,
            "brought": BROUGHT_TOKEN,
            "broughtSecret": BROUGHT_TOKEN_SECRET,
        });
        let folder = TempDir::with_prefix("ferrule-oauth1-").expect("a temporary directory");
        let log = folder.path().join("oauth1.log");
        let mut server = Daemon::start(&Recipe {
            program: vendors_python(),
            arguments: ["-c", SERVER].map(Into::into).into(),
            environment: vec![
                ("SETTINGS", settings.to_string()),
                ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
            ],
            folder: folder.path().to_owned(),
            log: log.clone(),
            end: "KILL",
            user: None,
            scratch: None,
        });
        let mut origin = None;
        let up = server.comes_up(|| {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            origin = log.split_inclusive('\n').find_map(|line| {
                line.strip_prefix("ready ")?
                    .strip_suffix('\n')
                    .map(ToOwned::to_owned)
            });
            origin.is_some()
        });
        assert!(up, "oauthlib's server does not start:\n{}", server.log());
        let origin = origin.expect("a server that is up has said where");
        Self {
            origin,
            server: Mutex::new(server),
            _folder: folder,
        }
    }

    /// Where temporary credentials come from.
    pub fn request_token_url(&self) -> String {
        format!("{}/initiate", self.origin)
    }

    /// Where users are sent.
    pub fn authorization_url(&self) -> String {
        format!("{}/authorize", self.origin)
    }

    /// Where verifiers are spent.
    pub fn token_url(&self) -> String {
        format!("{}/token", self.origin)
    }

    /// Below it, every signed call gets what it said back: `{"sub", "method", "path", "body"}`.
    pub fn api_url(&self) -> String {
        format!("{}/api", self.origin)
    }

    /// What it answered, a line a request: method, path, status.
    pub fn log(&self) -> String {
        self.server
            .lock()
            .expect("no thread panics while it reads the log")
            .log()
    }

    /// How many requests to this path had this status.
    pub fn answered(&self, path: &str, status: u16) -> usize {
        let end = format!(" {path} {status}");
        self.log().lines().filter(|line| line.ends_with(&end)).count()
    }
}
