//! A vendor with a clock to turn, and the moves of browser and client.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use ferrule_model::{Chance, Clock};
use ferrule_sandbox_vendor::{CLIENT_ID, CLIENT_SECRET, Settings, router};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use serde_json::Value;
use tower::ServiceExt as _;

pub const ISSUER: &str = "http://127.0.0.1:40123";
pub const CALLBACK: &str = "http://localhost:8080/oauth/callback/sandbox?tenant=1";

/// Verifier and challenge of RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub struct World {
    router: Router,
    second: Arc<AtomicI64>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl World {
    pub fn new() -> Self {
        Self::at(Arc::new(AtomicI64::new(1_800_000_000)))
    }

    /// The same vendor after its process was started again.
    pub fn restarted(&self) -> Self {
        Self::at(self.second.clone())
    }

    fn at(second: Arc<AtomicI64>) -> Self {
        let told = second.clone();
        let clock = Clock::from_fn(move || Timestamp::from_second(told.load(Ordering::SeqCst)).unwrap());
        let settings = Settings::new(ISSUER, [7; 32].into());
        Self {
            router: router(settings, clock, Chance::system()),
            second,
        }
    }

    pub fn pass(&self, seconds: i64) {
        self.second.fetch_add(seconds, Ordering::SeqCst);
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(query(form).into()).unwrap()).await
    }

    /// `GET /authorize` with these parameters in place of, or besides, good ones.
    pub async fn authorize(&self, changes: &[(&str, &str)]) -> Answer {
        let mut parameters = vec![
            ("client_id", CLIENT_ID),
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", "contacts"),
            ("state", "a state"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        parameters.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        parameters.extend(changes);
        self.get(&format!("/authorize?{}", query(&parameters))).await
    }

    /// Opens the login page and answers it.
    pub async fn decide(&self, decision: &str, name: &str) -> Answer {
        let transaction = self.authorize(&[]).await.field("transaction");
        let form = [
            ("transaction", transaction.as_str()),
            ("name", name),
            ("decision", decision),
        ];
        self.post("/authorize", &form).await
    }

    /// A code for this user.
    pub async fn code(&self, name: &str) -> String {
        self.decide("allow", name).await.location()["code"].clone()
    }

    /// `POST /token` of the one client.
    pub async fn token(&self, form: &[(&str, &str)]) -> Answer {
        let client = [("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)];
        self.post("/token", &[&client, form].concat()).await
    }

    pub async fn exchange(&self, code: &str) -> Answer {
        self.token(&exchange_form(code)).await
    }

    pub async fn refresh(&self, refresh_token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)])
            .await
    }

    /// Access and refresh token of a fresh grant.
    pub async fn tokens(&self, name: &str) -> (String, String) {
        self.exchange(&self.code(name).await).await.tokens()
    }

    pub async fn call(&self, method: Method, path: &str, access_token: &str, body: Option<Value>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {access_token}"))
            .header(header::CONTENT_TYPE, "application/json");
        self.send(
            request
                .body(body.map_or_else(Body::empty, |body| body.to_string().into()))
                .unwrap(),
        )
        .await
    }

    pub async fn read(&self, path: &str, access_token: &str) -> Answer {
        self.call(Method::GET, path, access_token, None).await
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// The parameters with which the browser is sent back.
    pub fn location(&self) -> HashMap<String, String> {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        let url = url::Url::parse(self.header(header::LOCATION)).unwrap();
        url.query_pairs().into_owned().collect()
    }

    /// The value of a field of the page's form.
    pub fn field(&self, name: &str) -> String {
        let (_, rest) = self
            .body
            .split_once(&format!("name=\"{name}\""))
            .expect("the page has the field");
        let (_, value) = rest.split_once("value=\"").expect("the field has a value");
        value.split('"').next().unwrap().to_owned()
    }

    pub fn tokens(&self) -> (String, String) {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        let text = |name: &str| self.json()[name].as_str().unwrap().to_owned();
        (text("access_token"), text("refresh_token"))
    }

    #[track_caller]
    pub fn assert_oauth_error(&self, status: u16, error: &str) {
        assert_eq!(
            (self.status.as_u16(), self.json()["error"].as_str()),
            (status, Some(error)),
            "{}",
            self.body
        );
        assert_eq!(self.header(header::CACHE_CONTROL), "no-store");
    }
}

pub fn exchange_form(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

pub fn query(parameters: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish()
}
