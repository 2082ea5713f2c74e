//! `ferrule connectors try`: a whole login from the terminal.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use ferrule_testkit::{
    Behaviour, Browser, CLIENT_ID, CLIENT_SECRET, Decision, OidcOptions, OidcProvider, Scripted,
    TokenEndpoint, free_port,
};
use serde_json::json;
use tempfile::TempDir;

/// The command, and what it says.
struct Trial {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    said: String,
}

impl Trial {
    fn start(connectors: &TempDir, key: &str, port: u16, answers: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ferrule"))
            .args(["connectors", "try", key])
            .env_clear()
            .env("FERRULE_CONNECTORS_DIR", connectors.path())
            .env("FERRULE_LISTEN", format!("127.0.0.1:{port}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            stdout,
            said: String::new(),
        }
    }

    /// The login URL, once it is printed.
    fn url(&mut self) -> String {
        loop {
            let before = self.said.len();
            let length = self.stdout.read_line(&mut self.said).unwrap();
            assert!(length > 0, "no URL came: {}", self.said);
            let line = self.said[before..].trim();
            if line.starts_with("http") && line.contains("client_id=") {
                return line.to_owned();
            }
        }
    }

    /// Whether it ended well, what it said, and its last word.
    fn end(mut self) -> (bool, String, String) {
        std::io::Read::read_to_string(&mut self.stdout, &mut self.said).unwrap();
        let ended = self.child.wait_with_output().unwrap();
        let complaint = String::from_utf8(ended.stderr).unwrap();
        (ended.status.success(), self.said, complaint)
    }
}

fn holds(said: &str, words: &[&str]) {
    for words in words {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_login_is_tried_to_its_refresh_and_a_no_or_a_wrong_secret_is_told() {
    let port = free_port();
    let callback = format!("http://localhost:{port}/oauth/callback/certified");
    let provider = OidcProvider::start(&[&callback], OidcOptions::default());
    let issuer = provider.issuer();
    let folder = tempfile::tempdir().unwrap();
    let file = format!(
        "key = \"certified\"\nname = \"Certified\"\nhub = \"crm\"\n[auth]\nkind = \"oauth2\"\nissuer = \"{issuer}\"\n\
         discovery = true\nscopes = [\"openid\", \"read\"]\nrefresh = \"reusable\"\n[api]\nbase_url = \"{issuer}\"\n\
         authorization = \"Bearer {{access_token}}\"\nping = \"GET /me\"\n"
    );
    fs::write(folder.path().join("certified.toml"), file).unwrap();
    let answers = format!("{CLIENT_ID}\n{CLIENT_SECRET}\n\n");

    let mut trial = Trial::start(&folder, "certified", port, &answers);
    let url = trial.url();
    Browser::new().log_in(&url, Decision::Allow);
    let (well, said, complaint) = trial.end();
    assert!(well, "{said}{complaint}{}", provider.log());
    holds(
        &said,
        &[
            &callback,
            "Tokens came.",
            "access token   ends in",
            "refresh token  came",
            "scopes         openid read",
            "GET /me: 200",
            "Refreshed: a new access token, a new refresh token.",
            "- write refresh = \"rotating\"",
            "It works.",
        ],
    );
    let after = said.split_once("Tokens came.").unwrap().1;
    assert!(
        after.split_whitespace().all(|word| word.len() < 40),
        "a token? {said}"
    );
    assert!(!said.contains(CLIENT_SECRET), "{said}");

    let mut trial = Trial::start(&folder, "certified", port, &answers);
    let url = trial.url();
    Browser::new().log_in(&url, Decision::Deny);
    let (well, said, complaint) = trial.end();
    assert!(!well, "{said}");
    holds(&said, &["The vendor's words: access_denied"]);
    holds(&complaint, &["the login failed"]);

    let answers = format!("{CLIENT_ID}\nnot-the-secret\n\n");
    let mut trial = Trial::start(&folder, "certified", port, &answers);
    let url = trial.url();
    Browser::new().log_in(&url, Decision::Allow);
    let (well, said, complaint) = trial.end();
    assert!(!well, "{said}");
    holds(
        &said,
        &[
            "The vendor's words: invalid_client",
            "- check key and secret; where they are right, try client_auth = \"body\" or \"basic\"",
        ],
    );
    holds(&complaint, &["the login failed"]);
    assert!(!said.contains("not-the-secret"), "{said}");
}

#[test]
fn connectors_without_a_login_page_are_tried_by_their_ping() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let folder = tempfile::tempdir().unwrap();
    let base = vendor.url("/api");
    for (key, auth, authorization) in [
        ("keyed", "kind = \"api_key\"\n".to_owned(), "Key {api_key}"),
        (
            "robots",
            format!(
                "kind = \"client_credentials\"\ntoken_url = \"{}\"\n",
                vendor.token_url()
            ),
            "Bearer {access_token}",
        ),
    ] {
        let file = format!(
            "key = \"{key}\"\nname = \"Tried\"\nhub = \"crm\"\n[auth]\n{auth}[api]\nbase_url = \"{base}\"\n\
             headers = {{ x-team = \"{{team}}\" }}\nauthorization = \"{authorization}\"\nping = \"GET /me\"\n\
             [[parameters]]\nname = \"team\"\nrequired = false\n"
        );
        fs::write(folder.path().join(format!("{key}.toml")), file).unwrap();
    }
    let (well, said, complaint) = Trial::start(&folder, "robots", 0, "app\nsecret-of-the-app\n\n7\n").end();
    assert!(well, "{said}{complaint}");
    holds(
        &said,
        &["Tokens came.", "refresh token  none", "GET /me: 200", "It works."],
    );

    let call = vendor.requests_to("/api/me").pop().unwrap();
    assert_eq!(call.header("x-team"), Some("7"));
    vendor.script_at("/api/me", Scripted::json(403, &json!({})));
    let (well, said, complaint) = Trial::start(&folder, "keyed", 0, "k3y-of-the-account\n\n").end();
    assert!(!well, "{said}");
    holds(
        &said,
        &["GET /me: 403", "- look at authorization and headers under [api]"],
    );
    holds(&complaint, &["GET /me answers 403"]);
    assert!(!said.contains("k3y"), "{said}");
    let call = vendor.requests_to("/api/me").pop().unwrap();
    assert_eq!(call.header("authorization"), Some("Key k3y-of-the-account"));
    assert_eq!(call.header("x-team"), None, "nobody gave one");

    let (well, _, complaint) = Trial::start(&folder, "nobody", 0, "").end();
    assert!(!well);
    holds(&complaint, &["no connector is called nobody"]);
}
