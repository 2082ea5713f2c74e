//! A real browser for tests of pages: Debian's Chromium, driven by its `chromedriver` (W3C `WebDriver`).

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::daemon::{Daemon, Recipe};
use crate::http_client::HttpClient;
use crate::places::{free_port, program};

/// Nothing of the system's is touched, nothing is fetched that no page asked for, and root may start it.
const ARGUMENTS: [&str; 13] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--lang=en",
    // It ends with its driver, however that ends.
    "--remote-debugging-pipe",
];

/// A driver that opens windows of Chromium, each with a profile of its own.
pub struct Chromium {
    url: String,
    folder: TempDir,
    profiles: AtomicU32,
    _driver: Daemon,
}

impl Chromium {
    /// Starts the driver; a browser starts with each session.
    pub fn start() -> Self {
        let folder = TempDir::with_prefix("ferrule-chromium-").expect("a temporary directory");
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        let place = |name: &str| {
            let place = folder.path().join(name);
            fs::create_dir_all(&place).expect("a folder for the browser");
            place.display().to_string()
        };
        let environment = vec![
            ("HOME", place("home")),
            ("TMPDIR", place("tmp")),
            ("XDG_RUNTIME_DIR", place("run")),
        ];
        let mut driver = Daemon::start(&Recipe {
            program: program("chromedriver", "chromium-driver"),
            arguments: vec![format!("--port={port}").into()],
            environment,
            folder: folder.path().to_owned(),
            log: folder.path().join("chromedriver.log"),
            end: "TERM",
            user: None,
            scratch: Some(folder.path().to_owned()),
        });
        let status = format!("{url}/status");
        let up = driver.comes_up(|| {
            let answer = HttpClient::new().request("GET", &status, &[], b"");
            answer.is_ok_and(|answer| answer.json()["value"]["ready"] == true)
        });
        assert!(up, "chromedriver does not start:\n{}", driver.log());
        Self {
            url,
            folder,
            profiles: AtomicU32::new(0),
            _driver: driver,
        }
    }

    /// Where `WebDriver`'s commands go.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What a new session asks for: a window that knows nobody, which keeps what its console says.
    pub fn capabilities(&self) -> Value {
        let number = self.profiles.fetch_add(1, Ordering::Relaxed);
        let profile: PathBuf = self.folder.path().join(format!("profile-{number}"));
        let mut arguments = ARGUMENTS.map(str::to_owned).to_vec();
        arguments.push(format!("--user-data-dir={}", profile.display()));
        json!({
            "browserName": "chrome",
            "goog:chromeOptions": {
                "binary": program("chromium", "chromium"),
                "args": arguments,
            },
            "goog:loggingPrefs": { "browser": "ALL" },
        })
    }
}
