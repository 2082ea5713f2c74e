//! The API as one caller uses it through one gateway.

use std::io;
use std::time::Duration;

use ferrule_testkit::{Answer, HttpClient};
use serde_json::Value;

use crate::world::USER;

/// The trace that every call belongs to.
pub const TRACE_ID: &str = "0af7651916cd43dd8448eb211c80319c";

#[derive(Clone)]
pub struct Api {
    pub base: String,
    pub authorization: String,
}

impl Api {
    /// The same gateway for another caller.
    pub fn called_by(&self, authorization: &str) -> Self {
        Self {
            base: self.base.clone(),
            authorization: authorization.to_owned(),
        }
    }

    /// The same gateway for calls through this instance.
    pub fn through(&self, instance: &Value) -> Self {
        let token = instance["token"].as_str().expect("an instance's token");
        self.called_by(&format!("User {USER}, Element {token}"))
    }

    /// A call that reads; an error when the gateway breaks off.
    pub fn try_get(&self, path: &str) -> io::Result<Answer> {
        self.send("GET", path, "")
    }

    /// A call that reads, by a caller who waits only so long.
    pub fn get_within(&self, limit: Duration, path: &str) -> io::Result<Answer> {
        let headers = [("Authorization", self.authorization.as_str())];
        HttpClient::with_limit(limit).request("GET", &format!("{}{path}", self.base), &headers, b"")
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "").expect("an answer")
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, "").expect("an answer")
    }

    /// `PUT` without anything to say.
    pub fn put(&self, path: &str) -> Answer {
        self.send("PUT", path, "{}").expect("an answer")
    }

    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send("PATCH", path, &body.to_string()).expect("an answer")
    }

    /// `POST /instances`.
    pub fn create(&self, body: &Value) -> Answer {
        self.try_create(body).expect("an answer")
    }

    /// The same; an error when the gateway breaks off.
    pub fn try_create(&self, body: &Value) -> io::Result<Answer> {
        self.send("POST", "/instances", &body.to_string())
    }

    /// The instance that `POST /instances` makes.
    pub fn created(&self, body: &Value) -> Value {
        let answer = self.create(body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// Where a user logs in.
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

    fn send(&self, method: &str, path: &str, body: &str) -> io::Result<Answer> {
        let trace = format!("00-{TRACE_ID}-b7ad6b7169203331-01");
        let headers = [
            ("Authorization", self.authorization.as_str()),
            ("Content-Type", "application/json"),
            ("traceparent", &trace),
        ];
        HttpClient::new().request(method, &format!("{}{path}", self.base), &headers, body.as_bytes())
    }
}
