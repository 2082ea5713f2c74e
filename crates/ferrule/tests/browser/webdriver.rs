//! How `WebDriver`'s commands travel: by the test kit's own client, on loopback.

use std::sync::Arc;

use async_trait::async_trait;
use ferrule_testkit::HttpClient;
use thirtyfour::error::{WebDriverError, WebDriverResult};
use thirtyfour::session::http::{Body, HttpClient as Commands};

/// It blocks: each window has a thread to itself.
pub struct Loopback;

#[async_trait]
impl Commands for Loopback {
    async fn send(&self, request: http::Request<Body<'_>>) -> WebDriverResult<http::Response<bytes::Bytes>> {
        let (parts, body) = request.into_parts();
        let body = match body {
            Body::Empty => String::new(),
            Body::Json(json) => json.to_string(),
        };
        let json = [("Content-Type", "application/json")];
        let answer = HttpClient::new()
            .request(
                parts.method.as_str(),
                &parts.uri.to_string(),
                &json,
                body.as_bytes(),
            )
            .map_err(|error| WebDriverError::RequestFailed(error.to_string()))?;
        let mut response = http::Response::new(answer.body.into());
        *response.status_mut() = answer.status.try_into().expect("a status");
        Ok(response)
    }

    async fn new(&self) -> Arc<dyn Commands> {
        Arc::new(Self)
    }
}
