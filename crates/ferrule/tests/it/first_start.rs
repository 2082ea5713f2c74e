//! The first minute: one command, three pasted lines, one login, and an instance with its token.

use std::time::{Duration, Instant};

use ferrule_testkit::{Browser, Decision, Landing};

use crate::bash::{bash, bash_json};
use crate::world::{Api, Ferrule, World};

/// What is printed at a start: the exports, and the two `curl` lines with their continuations.
struct Printed {
    exports: String,
    fetch: String,
    create: String,
}

impl Printed {
    fn of(ferrule: &Ferrule) -> Self {
        let stdout = ferrule.process.stdout();
        let exports: Vec<_> = stdout
            .lines()
            .filter(|line| line.trim_start().starts_with("export "))
            .collect();
        let commands = commands(&stdout);
        let [fetch, create] = commands.as_slice() else {
            panic!("two curl lines were expected:\n{stdout}")
        };
        Self {
            exports: exports.join("\n"),
            fetch: fetch.clone(),
            create: create.clone(),
        }
    }

    /// One of the secrets, as a shell that pasted the exports knows it.
    fn variable(&self, name: &str) -> String {
        bash(&format!("{}\nprintf %s \"${name}\"", self.exports))
    }

    fn authorization(&self) -> String {
        format!(
            "User {}, Organization {}",
            self.variable("FERRULE_USER_SECRET"),
            self.variable("FERRULE_ORGANIZATION_SECRET")
        )
    }
}

/// Every `curl` with the lines that continue it.
fn commands(text: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.lines() {
        if line.trim_start().starts_with("curl ") {
            commands.push(String::new());
        } else if !goes_on {
            continue;
        }
        let command = commands.last_mut().expect("a command that began");
        command.push_str(line);
        command.push('\n');
        goes_on = line.ends_with('\\');
    }
    commands
}

/// What a reader of the page copies.
fn copied_from(page: &str) -> String {
    let code = page
        .split_once("<code>")
        .and_then(|(_, rest)| rest.split_once("</code>"));
    let code = code.unwrap_or_else(|| panic!("no line to copy on {page}")).0;
    let references = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    references
        .iter()
        .fold(code.to_owned(), |text, (reference, character)| {
            text.replace(reference, character)
        })
}

fn api_of(ferrule: &Ferrule, printed: &Printed) -> Api {
    ferrule.api.called_by(&printed.authorization())
}

#[test]
fn the_printed_lines_lead_to_an_instance_that_a_second_start_finds_again() {
    let world = World::bare();
    let ferrule = world.start();
    let printed = Printed::of(&ferrule);
    assert_eq!(printed.variable("FERRULE_USER_SECRET").len(), 44);
    assert_eq!(printed.variable("FERRULE_ORGANIZATION_SECRET").len(), 32);

    let fetched = bash_json(&format!("{}\n{}", printed.exports, printed.fetch));
    let oauth_url = fetched["oauthUrl"].as_str().unwrap();
    let landing = Browser::new().log_in(oauth_url, Decision::Allow);
    let Landing::Page {
        status: 200, html, ..
    } = &landing
    else {
        panic!("a page was expected: {landing:?}")
    };
    let line = copied_from(html);
    let handshake = landing.parameter("handshake").unwrap();
    assert!(line.contains(&handshake), "{line}");
    let instance = bash_json(&format!("{}\n{line}", printed.exports));
    assert!(
        instance["id"].is_i64() && instance["token"].as_str().unwrap().len() == 44,
        "{instance}"
    );
    assert_eq!(instance["element"]["key"], "sandbox");

    // What was printed at the start is the same call, waiting for its handshake.
    let by_hand = printed.create.replace("HANDSHAKE", &handshake);
    assert_eq!(bash_json(&format!("{}\n{by_hand}", printed.exports)), instance);

    ferrule.stop();
    let again = world.start();
    let later = again.process.stdout();
    for secret in ["FERRULE_USER_SECRET", "FERRULE_ORGANIZATION_SECRET"] {
        assert!(!later.contains(&printed.variable(secret)), "{later}");
        assert!(later.contains(&format!("${secret}")), "{later}");
    }
    assert!(!later.contains("export"), "{later}");
    let api = api_of(&again, &printed);
    let path = format!("/instances/{}", instance["id"]);
    assert_eq!(api.get(&path).json(), instance);
    let by_token = format!(
        "User {}, Element {}",
        printed.variable("FERRULE_USER_SECRET"),
        instance["token"].as_str().unwrap()
    );
    assert_eq!(api.called_by(&by_token).get("/instances").json(), instance);
}

#[test]
fn a_first_start_has_said_all_of_it_within_a_second() {
    // The machine may be busy with other tests: the quickest of a few starts counts.
    let quickest = (0..5)
        .map(|_| {
            let world = World::bare();
            let begun = Instant::now();
            let ferrule = world.start();
            let took = begun.elapsed();
            let answer = ferrule.api.called_by("").get("/elements/keys");
            assert_ne!(answer.status, 500, "{}", answer.text());
            took
        })
        .min()
        .unwrap();
    assert!(quickest < Duration::from_secs(1), "{quickest:?}");
}

#[test]
fn once_it_says_so_it_is_ready() {
    let ferrule = World::bare().start();
    let health = ferrule_testkit::HttpClient::new().get(&format!("{}/readyz", ferrule.admin), &[]);
    assert_eq!(health.status, 200, "{}", health.text());
    let alive = ferrule_testkit::HttpClient::new().get(&format!("{}/healthz", ferrule.admin), &[]);
    assert_eq!(alive.status, 200, "{}", alive.text());
}
