//! A machine on which somebody runs `ferrule`: a data directory, an environment, connector files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ferrule_testkit::{Answer, HttpClient, Process};
use serde_json::Value;
use tempfile::TempDir;

/// Secrets of the first user and organization, where the test does not let them be made.
pub const USER: &str = "user-secret-of-these-tests";
pub const ORGANIZATION: &str = "organization-secret-of-these-tests";

/// Where state lies and which variables are set. Every start from it finds the same state.
pub struct World {
    folder: Arc<TempDir>,
    environment: BTreeMap<String, String>,
}

impl World {
    /// An empty machine, with secrets that the tests know.
    pub fn new() -> Self {
        Self::bare()
            .with("FERRULE_BOOTSTRAP_USER_SECRET", USER)
            .with("FERRULE_BOOTSTRAP_ORG_SECRET", ORGANIZATION)
    }

    /// An empty machine where no secret is set.
    pub fn bare() -> Self {
        let folder = TempDir::with_prefix("ferrule-world-").expect("a temporary directory");
        let data_dir = folder.path().join("state").display().to_string();
        Self {
            folder: Arc::new(folder),
            environment: BTreeMap::new(),
        }
        .with("FERRULE_LISTEN", "127.0.0.1:0")
        .with("FERRULE_ADMIN_LISTEN", "127.0.0.1:0")
        .with("FERRULE_DATA_DIR", &data_dir)
    }

    /// Sets a variable for the starts that follow.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Takes a variable away.
    pub fn without(mut self, name: &str) -> Self {
        self.environment.remove(name);
        self
    }

    /// Lays a connector file into the operator's folder.
    pub fn with_connector(self, key: &str, text: &str) -> Self {
        let folder = self.file("connectors");
        fs::create_dir_all(&folder).expect("a folder for connector files");
        fs::write(folder.join(format!("{key}.toml")), text).expect("a connector file");
        self.with("FERRULE_CONNECTORS_DIR", &folder.display().to_string())
    }

    /// A place beside the data directory.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where the state lies.
    pub fn data_dir(&self) -> PathBuf {
        self.file("state")
    }

    /// The process as it begins, before anything is waited for.
    pub fn spawn(&self, arguments: &[&str]) -> Process {
        let environment: Vec<_> = self
            .environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        Process::spawn_with(Path::new(env!("CARGO_BIN_EXE_ferrule")), arguments, &environment)
    }

    /// Ferrule, up.
    pub fn start(&self) -> Ferrule {
        Ferrule::of(self.spawn(&[]), Arc::clone(&self.folder))
    }

    /// What a run that ends by itself left behind.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        let mut process = self.spawn(arguments);
        let status = process.wait();
        Ended {
            code: status.code(),
            stdout: process.stdout(),
            stderr: process.stderr(),
        }
    }
}

/// A run that ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Ferrule, running.
pub struct Ferrule {
    pub process: Process,
    /// How browsers reach it.
    pub url: String,
    /// Where its health is.
    pub admin: String,
    /// The API, called by the first user.
    pub api: Api,
    /// Kept for as long as it runs.
    _folder: Arc<TempDir>,
}

impl Ferrule {
    /// Reads the addresses from what it prints.
    fn of(mut process: Process, folder: Arc<TempDir>) -> Self {
        let word_after = |line: String, words: &str| {
            let rest = line.split_once(words).expect("the line that was waited for").1;
            rest.split_whitespace().next().unwrap_or_default().to_owned()
        };
        let url = word_after(process.wait_for_line("is up at "), "is up at ");
        let admin = word_after(process.wait_for_line("health and metrics: "), "metrics: ");
        process.wait_for_line("\"name\":\"My ");
        let api = Api {
            base: format!("{url}/elements/api-v2"),
            authorization: format!("User {USER}, Organization {ORGANIZATION}"),
        };
        Self {
            process,
            url,
            admin,
            api,
            _folder: folder,
        }
    }

    /// All that it wrote.
    pub fn output(&self) -> String {
        format!("{}{}", self.process.stdout(), self.process.stderr())
    }

    /// Stops it as an operator does.
    pub fn stop(mut self) {
        self.process.terminate();
        let status = self.process.wait();
        assert!(status.success(), "{status}");
    }
}

impl Drop for Ferrule {
    /// A test that fails shows what Ferrule said.
    #[expect(clippy::print_stdout, reason = "it belongs to the test's own output")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", self.output());
        }
    }
}

/// The API as one caller uses it.
#[derive(Clone)]
pub struct Api {
    pub base: String,
    pub authorization: String,
}

impl Api {
    /// The same API for another caller.
    pub fn called_by(&self, authorization: &str) -> Self {
        Self {
            base: self.base.clone(),
            authorization: authorization.to_owned(),
        }
    }

    /// The same API for the first user and an instance's token.
    pub fn by_token(&self, token: &str) -> Self {
        self.called_by(&format!("User {USER}, Element {token}"))
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], "")
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[], &body.to_string())
    }

    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, &[], &body.to_string())
    }

    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send("PATCH", path, &[], &body.to_string())
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.try_send(method, path, headers, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// An error when the other side breaks off.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> std::io::Result<Answer> {
        let mut all = vec![
            ("Authorization", self.authorization.as_str()),
            ("Content-Type", "application/json"),
        ];
        all.extend_from_slice(headers);
        HttpClient::new().request(method, &format!("{}{path}", self.base), &all, body.as_bytes())
    }

    /// Where a user logs in, for this query.
    pub fn oauth_url(&self, element: &str, query: &[(&str, &str)]) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish();
        let answer = self.get(&format!("/elements/{element}/oauth/url?{query}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["oauthUrl"]
            .as_str()
            .expect("an oauthUrl")
            .to_owned()
    }
}
