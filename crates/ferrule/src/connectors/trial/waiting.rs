//! The callback, for as long as a login takes.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::routing::get;
use ferrule_wire::v1::{CallbackRequest, CallbackResponse};
use ferrule_wire::{BrokerClient, Reason, Refusal};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use url::form_urlencoded;

use crate::connectors::print;

/// As long as a handshake lives.
const PATIENCE: Duration = Duration::from_mins(10);

/// What the browser brought.
pub(super) enum Came {
    /// A code, and the issuer that the vendor named (RFC 9207).
    Back { iss: Option<String> },
    /// The vendor's no, in its words.
    Denied(String),
}

#[derive(Clone)]
struct Waiting {
    broker: BrokerClient,
    came: mpsc::Sender<Result<Came, Refusal>>,
}

/// Serves the callback until it was asked rightly. One that is refused is told, and the wait goes on.
pub(super) async fn wait(broker: BrokerClient, listener: TcpListener) -> Result<Came, Refusal> {
    let (sender, mut came) = mpsc::channel(1);
    let waiting = Waiting { broker, came: sender };
    let routes = Router::new()
        .route("/oauth/callback/{key}", get(handler))
        .with_state(waiting);
    let (end, ended) = oneshot::channel::<()>();
    let serving = axum::serve(listener, routes).with_graceful_shutdown(async move {
        let _ = ended.await;
    });
    let serving = tokio::spawn(async move { serving.await });
    let answer = tokio::time::timeout(PATIENCE, async {
        loop {
            match came.recv().await {
                Some(Err(refusal)) => print(&format!("A callback was refused: {}", refusal.message)),
                Some(Ok(came)) => return Ok(came),
                None => return Err(Refusal::internal("nobody listens")),
            }
        }
    });
    let answer = answer.await.unwrap_or_else(|_| {
        let words = "Nobody came back within ten minutes.";
        Err(Refusal::new(Reason::StateExpired, words))
    });
    // The browser reads its page to the end.
    let _ = end.send(());
    let _ = tokio::time::timeout(Duration::from_secs(5), serving).await;
    answer
}

async fn handler(
    State(waiting): State<Waiting>,
    Path(element): Path<String>,
    RawQuery(query): RawQuery,
) -> (StatusCode, &'static str) {
    let pairs = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
    let mut parameters: BTreeMap<String, String> = pairs.into_owned().collect();
    let mut take = |name: &str| parameters.remove(name);
    let iss = take("iss");
    let request = CallbackRequest {
        element,
        state: take("state").unwrap_or_default(),
        code: take("code").unwrap_or_default(),
        error: take("error").unwrap_or_default(),
        error_description: take("error_description").unwrap_or_default(),
        iss: iss.clone(),
        parameters,
        ..CallbackRequest::default()
    };
    let answer = waiting.broker.clone().callback(request).await;
    let (came, page) = match answer {
        Ok(answer) => match answer.into_inner() {
            denied @ CallbackResponse { denied: true, .. } => (
                Ok(Came::Denied(words(&denied))),
                (StatusCode::OK, "The vendor said no. The terminal says more."),
            ),
            _ => (
                Ok(Came::Back { iss }),
                (StatusCode::OK, "You came back. The terminal goes on."),
            ),
        },
        Err(status) => (
            Err(status.into()),
            (
                StatusCode::BAD_REQUEST,
                "This answer was refused. The terminal says why.",
            ),
        ),
    };
    // The one that waits may have what it waited for.
    let _ = waiting.came.send(came).await;
    page
}

fn words(denied: &CallbackResponse) -> String {
    let words = format!("{}: {}", denied.error, denied.error_description);
    words.trim_matches([':', ' ']).to_owned()
}
