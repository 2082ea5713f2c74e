//! `ferrule connectors`: the catalogue from a terminal.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use ferrule_testkit::{OidcOptions, OidcProvider};
use tempfile::TempDir;

use crate::world::World;

/// Answers the questions of a command that stands in this folder.
fn answering(folder: &TempDir, words: &[&str], answers: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ferrule"))
        .args(words)
        .current_dir(folder.path())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who says no early reads no further.
    let _ = command.stdin.take().unwrap().write_all(answers.as_bytes());
    command.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_list_has_a_line_for_each_connector() {
    let ended = World::bare().run(&["connectors", "list"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let mut lines = ended.stdout.lines();
    assert!(lines.next().unwrap().starts_with("KEY "));
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let intercom = lines.clone().map(words).find(|words| words[0] == "intercom");
    assert_eq!(
        intercom.unwrap(),
        ["intercom", "Intercom", "marketing", "OAuth", "2.0"]
    );
    assert!(lines.count() > 250);
}

#[test]
fn a_connector_is_shown_with_what_it_needs_and_offers() {
    let world = World::bare();
    let ended = world.run(&["connectors", "show", "zendesk"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    for words in [
        "Zendesk",
        "logs in by OAuth 2.0",
        "https://{subdomain}.zendesk.com/oauth/tokens",
        "/oauth/callback/zendesk",
        "GET POST  /tickets: Tickets, by pages (cursor)",
    ] {
        assert!(ended.stdout.contains(words), "{words}: {}", ended.stdout);
    }
    assert!(
        world
            .run(&["connectors", "show", "7549"])
            .stdout
            .starts_with("Intercom ")
    );
    let nobody = world.run(&["connectors", "show", "nobody"]);
    assert_eq!((nobody.code, nobody.stdout.as_str()), (Some(1), ""));
    assert!(nobody.stderr.contains("connectors list"), "{}", nobody.stderr);
}

#[test]
fn editors_get_the_schema_that_connector_files_follow() {
    let ended = World::bare().run(&["connectors", "schema"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let schema: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(schema["properties"]["auth"].is_object());
}

#[test]
fn answers_become_a_file_that_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let answers = "acme\nAcme \"Inc\"\ncrm\nDeals.\n\nhttps://acme.example/authorize\nhttps://acme.example/token\n\
                   read write\n\n\n\nhttps://api.acme.example/\n\n\nGET /me\n";
    let made = answering(&folder, &["connectors", "new"], answers);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let file = fs::read_to_string(folder.path().join("acme.toml")).unwrap();
    for line in [
        "name = \"Acme \\\"Inc\\\"\"",
        "kind = \"oauth2\"",
        "scopes = [\"read\",\"write\"]",
        "base_url = \"https://api.acme.example\"",
        "authorization = \"Bearer {access_token}\"",
    ] {
        assert!(file.contains(line), "{line}: {file}");
    }
    let path = folder.path().display().to_string();
    assert_eq!(World::bare().run(&["connectors", "check", &path]).code, Some(0));

    let again = answering(&folder, &["connectors", "new"], answers);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(
        fs::read_to_string(folder.path().join("acme.toml")).unwrap(),
        file,
        "none is overwritten"
    );
}

#[test]
fn every_kind_is_asked_for_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let start = |key: &str, kind: &str| format!("{key}\nA name\ncrm\n\n{kind}\n");
    for (key, kind, answers, lines) in [
        (
            "login",
            "oauth2",
            "https://{site}.acme.example/a\nhttps://{site}.acme.example/t\nread\nbasic\nrequired\nnone\n             https://api.acme.example\n\n\n\nYour site\n\n",
            vec![
                "client_auth = \"basic\"",
                "pkce = \"required\"",
                "refresh = \"none\"",
                "label = \"Your site\"",
                "pattern = \"[a-z0-9-]+\"",
            ],
        ),
        (
            "signed",
            "what?\noauth1",
            "https://acme.example/r\nhttps://acme.example/a\nhttps://acme.example/t\nHMAC-SHA256\n             https://api.acme.example\nGET /me\n",
            vec!["signature_method = \"HMAC-SHA256\"", "ping = \"GET /me\""],
        ),
        (
            "robot",
            "client_credentials",
            "https://acme.example/t\n\n\nhttps://api.acme.example\n\n\n\n",
            vec!["authorization = \"Bearer {access_token}\""],
        ),
        (
            "keyed",
            "api_key",
            "Private token\nIn your settings.\nhttps://api.acme.example\nX-Token\n\n\n",
            vec![
                "label = \"Private token\"",
                "headers = { \"X-Token\" = \"{api_key}\" }",
            ],
        ),
        (
            "named",
            "basic",
            "\nApp password\n\nhttps://api.acme.example\n\n",
            vec![
                "username_label = \"User name\"",
                "password_label = \"App password\"",
            ],
        ),
        (
            "open",
            "none",
            "https://api.acme.example\n\n",
            vec!["kind = \"none\""],
        ),
    ] {
        let answers = start(key, kind) + answers;
        let made = answering(&folder, &["connectors", "new"], &answers);
        let said = text(&made.stdout) + &text(&made.stderr);
        assert!(made.status.success(), "{key}: {said}");
        let file = fs::read_to_string(folder.path().join(format!("{key}.toml"))).unwrap();
        for line in lines {
            assert!(file.contains(line), "{line}: {file}");
        }
    }
    let path = folder.path().display().to_string();
    let checked = World::bare().run(&["connectors", "check", &path]);
    assert_eq!(checked.code, Some(0), "{}", checked.stdout + &checked.stderr);
}

#[test]
fn wrong_or_missing_answers_write_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for answers in [
        "",
        "acme\nAcme\n",
        "../acme\nAcme\ncrm\n\nnone\n\n",
        "acme\nAcme\ncrm\n\noauth2\nftp://acme.example\nhttps://acme.example/token\n\n\n\n",
    ] {
        let refused = answering(&folder, &["connectors", "new"], answers);
        let said = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{answers}: {said}");
        assert_eq!(said.lines().count(), 1, "{answers}: {said}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{answers}");
    }
}

#[test]
fn an_issuer_tells_where_its_users_log_in() {
    let provider = OidcProvider::start(&["http://localhost:1/back"], OidcOptions::default());
    let folder = tempfile::tempdir().unwrap();
    let words = ["connectors", "new", "--issuer", provider.issuer()];
    let made = answering(&folder, &words, "certified\nCertified\ngeneral\n\n\n\n");
    assert!(
        made.status.success(),
        "{} {}",
        text(&made.stdout),
        text(&made.stderr)
    );
    let file = fs::read_to_string(folder.path().join("certified.toml")).unwrap();
    for line in [
        format!("issuer = \"{}\"", provider.issuer()),
        format!("token_url = \"{}/token\"", provider.issuer()),
        "pkce = \"s256\"".to_owned(),
    ] {
        assert!(file.contains(&line), "{line}: {file}");
    }
    let nobody = answering(
        &folder,
        &["connectors", "new", "--issuer", "http://127.0.0.1:9"],
        "",
    );
    assert_eq!(nobody.status.code(), Some(1));
    assert!(
        text(&nobody.stderr).contains("was not reached"),
        "{}",
        text(&nobody.stderr)
    );
}
