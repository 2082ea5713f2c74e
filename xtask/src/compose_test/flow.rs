//! What a customer of Ferrule does: a login, an instance, and calls through it.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use ferrule_testkit::{Browser, CLIENT_ID, CLIENT_SECRET, Decision};
use serde_json::{Value, json};

use super::https::{Answer, Https};
use super::stack::Stack;
use super::vendor::CONNECTOR;

const BASE: &str = "/elements/api-v2";
const PAUSE: Duration = Duration::from_millis(200);

/// One instance and whoever calls through it.
pub struct Caller {
    https: Https,
    authorization: String,
}

/// How a call ended: its status, or why none came.
pub type Outcome = Result<u16, String>;

impl Caller {
    /// Logs in at the vendor through the ingress, makes an instance, and calls through it.
    pub fn connect(stack: &Stack) -> anyhow::Result<Self> {
        let https = Https::new(&stack.secret("ca.pem")?, stack.port())?;
        let (user, organization) = (stack.secret("user-secret")?, stack.secret("organization-secret")?);
        let known = format!("User {user}, Organization {organization}");

        let target =
            format!("{BASE}/elements/{CONNECTOR}/oauth/url?apiKey={CLIENT_ID}&apiSecret={CLIENT_SECRET}");
        let begun = ok(&https.send("GET", &target, &[("Authorization", &known)], "")?)?;
        let url = begun["oauthUrl"].as_str().context("a login URL")?;

        let callback = format!("{}/oauth/callback/", stack.public_url());
        let landing = Browser::stopping_at(&callback).log_in(url, Decision::Allow);
        let handshake = landing.parameter("state").context("a state")?;
        let back = landing
            .url()
            .strip_prefix(&stack.public_url())
            .context("the callback")?;
        let page = https.send("GET", back, &[], "")?;
        // To Ferrule's own page, where the login was a success.
        let landed = matches!(page.status, 200 | 303);
        ensure!(landed, "the callback answers {}: {}", page.status, page.body);

        let wanted = json!({
            "element": {"key": CONNECTOR},
            "providerData": {"handshake": handshake},
            "name": "Compose",
        });
        let target = format!("{BASE}/instances");
        let made = https.send("POST", &target, &[("Authorization", &known)], &wanted.to_string())?;
        let token = ok(&made)?["token"].as_str().context("a token")?.to_owned();
        let caller = Self {
            https,
            authorization: format!("User {user}, Element {token}"),
        };
        caller.works_within(PAUSE)?;
        Ok(caller)
    }

    /// One call to the vendor.
    pub fn call(&self) -> Outcome {
        let target = format!("{BASE}/hubs/general/me");
        let headers = [
            ("Authorization", self.authorization.as_str()),
            (
                "traceparent",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            ),
        ];
        match self.https.send("GET", &target, &headers, "") {
            Ok(answer) => Ok(answer.status),
            Err(error) => Err(error.kind().to_string()),
        }
    }

    /// Fails when no call is a success within that time.
    pub fn works_within(&self, limit: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + limit;
        loop {
            match self.call() {
                Ok(200) => return Ok(()),
                outcome if Instant::now() > deadline => bail!("a call through an instance: {outcome:?}"),
                _ => thread::sleep(PAUSE),
            }
        }
    }
}

fn ok(answer: &Answer) -> anyhow::Result<Value> {
    ensure!(answer.status == 200, "{}: {}", answer.status, answer.body);
    serde_json::from_str(&answer.body).context("an answer in JSON")
}
