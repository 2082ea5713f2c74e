//! A whole flow at the most talkative log level, with faults, and then a search for every secret that it used.

use std::time::Duration;

use ferrule_testkit::{Answer, Behaviour, Browser, HttpClient, Scripted, TokenEndpoint, wait_until};
use serde_json::{Value, json};

use crate::search::{files, forms_found};
use crate::vendors::{CALLBACK, acme_with_api_at, by_handshake, intercom_at};
use crate::world::{Ferrule, ORGANIZATION, USER, World};

const API_SECRET: &str = "canary+api/secret=of&the app";
const CODE: &str = "canary/code+of=the-user";
const REFUSED_CODE: &str = "canary/code+that=is-refused";
const BROUGHT: [&str; 4] = [
    "canary-key-of-the-api",
    "canary+password/of=ada",
    "canary-refresh-token+from=elsewhere",
    "canary-refresh-token/that=is-refused",
];
const LIMIT: Duration = Duration::from_secs(30);
const CALLERS_STATE: &str = "canary-state-of-the-caller";

/// What happened, and what must have stayed between the two ends.
struct Flow {
    vendor: TokenEndpoint,
    world: World,
    ferrule: Ferrule,
    errors: Vec<String>,
    successes: Vec<String>,
    /// Never shown to anyone.
    secrets: Vec<String>,
    /// Shown to their owner in an answer or a URL; nowhere else.
    shown_to_owners: Vec<String>,
}

fn begin() -> Flow {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let world = World::new()
        .with("FERRULE_LOG", "trace")
        .with_connector("intercom", &intercom_at(&vendor))
        .with_connector("acme", &acme_with_api_at(&vendor))
        .with_connector("keyed", &without_login("keyed", "api_key", &vendor))
        .with_connector("basic", &without_login("basic", "basic", &vendor));
    let ferrule = world.start();
    Flow {
        vendor,
        world,
        ferrule,
        errors: Vec::new(),
        successes: Vec::new(),
        secrets: [API_SECRET, USER, ORGANIZATION]
            .into_iter()
            .chain(BROUGHT)
            .map(str::to_owned)
            .collect(),
        shown_to_owners: vec![CODE.into(), REFUSED_CODE.into(), CALLERS_STATE.into()],
    }
}

/// A connector whose calls carry what the caller brought.
fn without_login(key: &str, kind: &str, vendor: &TokenEndpoint) -> String {
    let header = match kind {
        "api_key" => "authorization = \"Bearer {api_key}\"",
        _ => "",
    };
    format!(
        "key = \"{key}\"\nname = \"{key}\"\nhub = \"crm\"\n[auth]\nkind = \"{kind}\"\n[api]\n\
         base_url = \"{}\"\n{header}\n",
        vendor.url("/open")
    )
}

fn by_canary(code: &str) -> Value {
    json!({
        "element": {"key": "intercom"},
        "providerData": {"code": code, "state": CALLERS_STATE},
        "configuration": {"oauth.api.key": "app", "oauth.api.secret": API_SECRET, "oauth.callback.url": CALLBACK},
        "name": "API Instance",
    })
}

impl Flow {
    fn keep(&mut self, answer: Answer) -> Answer {
        let text = format!(
            "{:?}
{}",
            answer.headers,
            answer.text()
        );
        if answer.status >= 400 {
            self.errors.push(text);
        } else {
            self.successes.push(text);
        }
        answer
    }

    fn hosted(&mut self) {
        let query = [
            ("apiKey", "app"),
            ("apiSecret", API_SECRET),
            ("state", CALLERS_STATE),
        ];
        let begun = self.ferrule.api.oauth_url("acme", &query);
        assert!(forms_found(&begun, &self.secrets).is_empty(), "{begun}");
        let landing = Browser::new().open(&begun);
        let handshake = landing.parameter("handshake").unwrap();
        self.shown_to_owners.push(handshake.clone());
        let made = self
            .ferrule
            .api
            .post("/instances", &by_handshake("acme", &handshake));
        assert_eq!(self.keep(made).status, 200);
        let verifier = self
            .vendor
            .requests_to("/token")
            .last()
            .unwrap()
            .parameter("code_verifier");
        self.secrets.push(verifier.unwrap());
    }

    fn by_code(&mut self) {
        let query = [
            ("apiKey", "app"),
            ("apiSecret", API_SECRET),
            ("callbackUrl", CALLBACK),
            ("state", CALLERS_STATE),
        ];
        self.ferrule.api.oauth_url("intercom", &query);
        let made = self.ferrule.api.post("/instances", &by_canary(CODE));
        let made = self.keep(made).json();
        let token = made["token"].as_str().unwrap().to_owned();
        let path = format!("/instances/{}", made["id"]);
        for answer in [
            self.ferrule.api.get(&path),
            self.ferrule.api.get(&format!("{path}/configuration")),
            self.ferrule.api.get("/instances"),
            self.ferrule.api.by_token(&token).get("/instances"),
            self.ferrule
                .api
                .patch(&path, &json!({"configuration": {"oauth.api.secret": API_SECRET}})),
        ] {
            assert_eq!(self.keep(answer).status, 200);
        }
        self.shown_to_owners.push(token);
    }

    /// A key, a password, and a refresh token of a login elsewhere, each used once and refused once.
    fn brought(&mut self) {
        let app = |token: &str| json!({"oauth.api.key": "app", "oauth.api.secret": API_SECRET, "oauth.user.refresh_token": token});
        let api = self.ferrule.api.clone();
        for (element, configuration) in [
            ("keyed", json!({"api_key": BROUGHT[0]})),
            ("basic", json!({"username": "ada", "password": BROUGHT[1]})),
            ("acme", app(BROUGHT[2])),
        ] {
            let body = json!({
                "element": {"key": element},
                "externalAuthentication": if element == "acme" { "initial" } else { "none" },
                "configuration": configuration,
            });
            let made = api.post("/instances", &body);
            let made = self.keep(made);
            assert_eq!(made.status, 200, "{}", made.text());
            let token = made.json()["token"].as_str().unwrap().to_owned();
            let called = api.by_token(&token).get("/hubs/crm/me");
            assert_eq!(called.status, 200);
            if element != "acme" {
                // Acme's API itself tells by which token its user came.
                self.keep(called);
            }
            self.shown_to_owners.push(token);
        }
        let echo = json!({"error": "invalid_grant", "error_description": format!("not {}!", BROUGHT[3])});
        self.vendor.script(Scripted::json(400, &echo));
        for (element, initial, configuration) in [
            ("acme", "initial", app(BROUGHT[3])),
            ("keyed", "none", json!({"api_key": format!("{}\n", BROUGHT[0])})),
            ("keyed", "initial", json!({"api_key": BROUGHT[0]})),
            (
                "basic",
                "none",
                json!({"username": format!("{}:", BROUGHT[1]), "password": BROUGHT[1]}),
            ),
        ] {
            let body = json!({
                "element": {"key": element},
                "externalAuthentication": initial,
                "configuration": configuration,
            });
            let refused = api.post("/instances", &body);
            assert_eq!(self.keep(refused).status, 400);
        }
    }

    fn faults(&mut self) {
        let echo = json!({
            "error": "invalid_grant",
            "error_description": format!("{REFUSED_CODE} with {API_SECRET} is no good"),
            "hint": [REFUSED_CODE, API_SECRET],
        });
        self.vendor.script(Scripted::json(400, &echo));
        self.vendor.script(Scripted::json(500, &echo));
        self.vendor.script(Scripted::cut());
        let api = self.ferrule.api.clone();
        let code = |suffix: &str| by_canary(&format!("{REFUSED_CODE}{suffix}"));
        let text = by_canary(REFUSED_CODE).to_string();
        let misplaced = json!({"element": {"key": API_SECRET}, "providerData": {"code": REFUSED_CODE}});
        let wrong_type =
            json!({"element": {"key": "intercom"}, "configuration": {"oauth.api.secret": [[API_SECRET]]}});
        for answer in [
            api.post("/instances", &by_canary(REFUSED_CODE)),
            api.post("/instances", &code("-2")),
            api.post("/instances", &code("-3")),
            api.post("/instances", &by_handshake("acme", CALLERS_STATE)),
            api.send("POST", "/instances", &[], &text[..text.len() - 1]),
            api.send("POST", "/instances", &[], &json!([API_SECRET]).to_string()),
            api.post("/instances", &wrong_type),
            api.send("PATCH", "/instances/1", &[], &text),
            api.called_by(&format!("User {USER} {ORGANIZATION}")).get("/instances"),
            api.called_by(&format!("{USER} {ORGANIZATION}")).get("/instances"),
            api.called_by(&format!("User {USER}, User {USER}")).get("/instances"),
            api.called_by(&format!("User {USER}, Element {API_SECRET}")).get("/instances"),
            api.get("/elements/nobody/oauth/url?apiKey=app&apiSecret=canary%2Bapi%2Fsecret%3Dof%26the%20app"),
            api.get("/elements/intercom/oauth/url?apiSecret=canary%2Bapi%2Fsecret%3Dof%26the%20app"),
            api.get("/elements/acme/oauth/url?apiKey=app&returnUrl=x&apiSecret=canary%2Bapi%2Fsecret%3Dof%26the%20app"),
        ] {
            assert!((400..=502).contains(&answer.status), "{}", answer.text());
            self.keep(answer);
        }
        let misplaced = api.post("/instances", &misplaced);
        assert_eq!(misplaced.status, 404, "{}", misplaced.text());
        let callback = format!("{}/oauth/callback", self.ferrule.url);
        for place in ["acme", "sandbox", "nobody"] {
            let answer = HttpClient::new().get(
                &format!("{callback}/{place}?code=canary%2Fcode%2Bof%3Dthe-user&state={CALLERS_STATE}"),
                &[],
            );
            assert!((400..=404).contains(&answer.status), "{}", answer.text());
            self.keep(answer);
        }
    }

    /// Tokens that are refreshed under way, refused on a call, and refused for good.
    fn refreshes(&mut self) {
        self.vendor.behave(|behaviour| behaviour.access_ttl = 2);
        let code = "canary-code-whose-tokens-are-refreshed";
        self.shown_to_owners.push(code.into());
        let mut body = by_canary(code);
        body["element"]["key"] = "acme".into();
        let made = self.ferrule.api.post("/instances", &body);
        let made = self.keep(made).json();
        let token = made["token"].as_str().unwrap().to_owned();
        self.shown_to_owners.push(token.clone());
        let words = format!("{API_SECRET} is busy");
        self.vendor.script_refresh(Scripted::json(
            503,
            &json!({"error": "busy", "error_description": words}),
        ));
        wait_until("the tokens were refreshed", LIMIT, || {
            self.vendor
                .refreshes()
                .iter()
                .filter(|one| one.answered.is_some())
                .count()
                >= 2
        });
        let by_token = self.ferrule.api.by_token(&token);
        let answer = by_token.post("/hubs/crm/deals", &json!({"name": "one"}));
        assert_eq!(self.keep(answer).status, 200);
        self.vendor.revoke(code);
        wait_until("the refusal came back", LIMIT, || {
            by_token.get("/ping").json()["reason"] == "REAUTHORIZATION_REQUIRED"
        });
        let refused = by_token.get("/hubs/crm/deals");
        assert_eq!(self.keep(refused).status, 401);
    }

    fn deletion(&mut self) {
        let listed = self.ferrule.api.get("/instances").json();
        for instance in listed.as_array().unwrap() {
            let deleted = self.ferrule.api.delete(&format!("/instances/{}", instance["id"]));
            assert_eq!(self.keep(deleted).status, 200);
        }
        self.vendor.wait_for_requests("/revoke", 1);
    }

    /// Everything that must not be in a log or on a disk.
    fn all(&self) -> Vec<String> {
        let mut all = [self.secrets.clone(), self.shown_to_owners.clone()].concat();
        all.extend(self.vendor.secrets());
        all
    }

    fn assert_nothing_at_rest(&self) {
        let all = self.all();
        let stored = files(&self.world.data_dir());
        assert!(
            stored
                .iter()
                .any(|(path, text)| path.contains("ferrule.db") && text.contains("intercom"))
        );
        for (path, text) in stored {
            assert_eq!(forms_found(&text, &all), [], "in {path}");
        }
    }
}

fn whole_flow() -> Flow {
    let mut flow = begin();
    flow.by_code();
    flow.hosted();
    flow.brought();
    flow.faults();
    flow.refreshes();
    flow
}

#[test]
fn security_15_no_file_of_the_data_directory_holds_a_secret() {
    let mut flow = whole_flow();
    flow.assert_nothing_at_rest();
    flow.deletion();
    flow.assert_nothing_at_rest();
    flow.ferrule.process.terminate();
    flow.ferrule.process.wait();
    flow.assert_nothing_at_rest();
}

#[test]
fn security_44_no_line_of_the_log_holds_a_secret() {
    let mut flow = whole_flow();
    flow.deletion();
    flow.ferrule.process.terminate();
    flow.ferrule.process.wait();
    let output = flow.ferrule.output();
    assert!(
        output.contains("DEBUG") && output.contains("instance_created"),
        "{output}"
    );
    for line in output.lines() {
        assert_eq!(forms_found(line, &flow.all()), [], "in {line}");
    }
}

#[test]
fn security_20_no_answer_holds_what_only_ferrule_and_the_vendor_know() {
    let flow = whole_flow();
    let mut secrets = flow.secrets.clone();
    let issued = flow.vendor.secrets();
    secrets.extend(issued.into_iter().filter(|secret| !secret.starts_with("code-")));
    for answer in flow.successes.iter().chain(&flow.errors) {
        assert_eq!(forms_found(answer, &secrets), [], "in {answer}");
    }
}

#[test]
fn security_45_no_error_repeats_a_code_a_state_or_a_token() {
    let flow = whole_flow();
    assert!(flow.errors.iter().any(|error| error.contains("invalid_grant")));
    for error in &flow.errors {
        assert_eq!(forms_found(error, &flow.all()), [], "in {error}");
    }
}
