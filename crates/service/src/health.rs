//! What orchestrators and Prometheus ask: alive, ready, how much.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::one_line::{cut, one_line};

/// How long one check may take before it counts as failing.
const CHECK_LIMIT: Duration = Duration::from_secs(2);
/// How much of a failing check's words is shown, in bytes.
const WORDS_LIMIT: usize = 300;
/// How long answers in flight may take once the process ends.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

type Outcome = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
type Check = Arc<dyn Fn() -> Outcome + Send + Sync>;

/// Whether this process can do its work: named checks, all asked at once. Clones share nothing that changes.
#[derive(Clone, Default)]
pub struct Readiness {
    checks: Vec<(&'static str, Check)>,
}

impl Readiness {
    /// Ready, as long as no check is added.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check; its error is shown to whoever asks, so it must hold no secret.
    #[must_use]
    pub fn check<F, Fut>(mut self, name: &'static str, ask: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.checks.push((name, Arc::new(move || Box::pin(ask()))));
        self
    }

    /// Asks every check, each for 2 s at most; the failing ones come back in the order they were added.
    pub async fn failing(&self) -> Vec<Failing> {
        self.failing_within(CHECK_LIMIT).await
    }

    async fn failing_within(&self, limit: Duration) -> Vec<Failing> {
        let mut asked = JoinSet::new();
        for (place, (name, ask)) in self.checks.iter().enumerate() {
            let answer = ask();
            let name = *name;
            asked.spawn(async move {
                let why = match tokio::time::timeout(limit, answer).await {
                    Ok(Ok(())) => return None,
                    Ok(Err(why)) => one_line(cut(&why, WORDS_LIMIT)),
                    Err(_) => format!("no answer within {limit:?}"),
                };
                Some((place, Failing { check: name, why }))
            });
        }
        let mut failing = Vec::new();
        while let Some(answer) = asked.join_next().await {
            match answer {
                Ok(Some(found)) => failing.push(found),
                Ok(None) => {}
                Err(_) => failing.push((
                    usize::MAX,
                    Failing {
                        check: "readiness",
                        why: "a check panicked".into(),
                    },
                )),
            }
        }
        failing.sort_by_key(|(place, _)| *place);
        failing.into_iter().map(|(_, failing)| failing).collect()
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.checks.iter().map(|(name, _)| name))
            .finish()
    }
}

/// A check that does not hold, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failing {
    /// The check's name.
    pub check: &'static str,
    /// Why it fails, in words without secrets.
    pub why: String,
}

/// What `/metrics` tells of the process itself.
#[derive(Clone, Copy, Debug)]
pub struct Build {
    /// The program's name, as in [`crate::Program::name`].
    pub service: &'static str,
    /// The version it was built from, as in [`crate::VERSION`].
    pub version: &'static str,
    /// When the process started.
    pub started: SystemTime,
}

/// `/healthz` (200 while the process answers), `/readyz` (200, or 503 naming the failing checks), `/metrics`.
pub fn admin_router(readiness: Readiness, build: Build) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readyz).with_state(readiness))
        .route("/metrics", get(metrics).with_state(build))
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failing: Vec<Failing>,
}

async fn readyz(State(readiness): State<Readiness>) -> impl IntoResponse {
    let failing = readiness.failing().await;
    let ready = failing.is_empty();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        status,
        [(header::CACHE_CONTROL, "no-store")],
        Json(Ready { ready, failing }),
    )
}

async fn metrics(State(build): State<Build>) -> impl IntoResponse {
    let started = build
        .started
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64();
    let text = format!(
        "# HELP ferrule_build_info What this process was built from.\n\
         # TYPE ferrule_build_info gauge\n\
         ferrule_build_info{{service=\"{}\",version=\"{}\"}} 1\n\
         # HELP process_start_time_seconds Start time of the process since the epoch, in seconds.\n\
         # TYPE process_start_time_seconds gauge\n\
         process_start_time_seconds {started}\n",
        build.service, build.version
    );
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text + &crate::metrics::text(),
    )
}

/// Serves `router` until `shutdown`, and keeps the metrics small meanwhile; answers in flight then have 2 s.
pub async fn serve_admin(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let serve = axum::serve(listener, router).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let served = crate::lifecycle::run_until(&shutdown, LAST_ANSWERS, serve.into_future());
    tokio::select! {
        served = served => served.unwrap_or(Ok(())),
        () = crate::metrics::upkeep() => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    const BUILD: Build = Build {
        service: "gateway",
        version: "1.2.3",
        started: UNIX_EPOCH,
    };

    async fn get(readiness: Readiness, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = admin_router(readiness, BUILD).oneshot(request).await.unwrap();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    fn broken() -> Readiness {
        Readiness::new()
            .check("database", async || Err("away\nfor lunch".to_owned()))
            .check("redis", async || Ok(()))
            .check("ring", async || Err("does not open the check value".to_owned()))
    }

    #[tokio::test]
    async fn alive_is_said_also_while_not_ready() {
        assert_eq!(
            get(broken(), "/healthz").await,
            (StatusCode::OK, "ok\n".to_owned())
        );
    }

    #[tokio::test]
    async fn ready_when_every_check_holds() {
        let ready = Readiness::new().check("redis", async || Ok(()));
        assert_eq!(
            get(ready, "/readyz").await,
            (StatusCode::OK, r#"{"ready":true}"#.to_owned())
        );
    }

    #[tokio::test]
    async fn not_ready_names_the_failing_checks() {
        let (status, body) = get(broken(), "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            body,
            r#"{"ready":false,"failing":[{"check":"database","why":"away\\nfor lunch"},{"check":"ring","why":"does not open the check value"}]}"#
        );
    }

    #[tokio::test]
    async fn a_check_that_hangs_or_panics_fails() {
        let readiness = Readiness::new()
            .check("redis", std::future::pending)
            .check("database", async || panic!("on purpose"));
        let failing = readiness.failing_within(Duration::from_millis(20)).await;
        assert_eq!(
            failing[0],
            Failing {
                check: "redis",
                why: "no answer within 20ms".into()
            }
        );
        assert_eq!(
            failing[1],
            Failing {
                check: "readiness",
                why: "a check panicked".into()
            }
        );
    }

    #[tokio::test]
    async fn metrics_tell_the_build_and_the_start() {
        let (status, body) = get(Readiness::new(), "/metrics").await;
        assert_eq!(status, StatusCode::OK);
        assert!(
            body.contains("\nferrule_build_info{service=\"gateway\",version=\"1.2.3\"} 1\n"),
            "{body}"
        );
        assert!(body.contains("\nprocess_start_time_seconds 0\n"), "{body}");
    }

    #[tokio::test]
    async fn serving_ends_with_the_process() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shutdown = CancellationToken::new();
        let router = admin_router(Readiness::new(), BUILD);
        let serving = tokio::spawn(serve_admin(listener, router, shutdown.clone()));
        shutdown.cancel();
        serving.await.unwrap().unwrap();
    }
}
