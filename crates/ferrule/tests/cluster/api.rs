//! The API as one caller uses it through one gateway.

use std::io;

use ferrule_testkit::{Answer, HttpClient};
use serde_json::Value;

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

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "").expect("an answer")
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, "").expect("an answer")
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
