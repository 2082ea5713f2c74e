//! What the gateway counts: what comes often by handles that are at hand, all else by handles that it looks up.

use std::array;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use ferrule_catalog::{Api, Connector};
use metrics::{Counter, Histogram, SharedString};
use tracing::Span;

const ANSWERED: &str = "ferrule_http_request_seconds";
const VENDOR: &str = "ferrule_vendor_call_seconds";
const CREDENTIALS: &str = "ferrule_credential_cache_total";
const REFUSED: &str = "ferrule_limits_refused_total";
const BREAKERS: &str = "ferrule_breakers_open";

const METHODS: [&str; 8] = [
    "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "other",
];
const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"];

/// A request was answered. `route` is one of ours, never a path.
pub(crate) fn answered(route: &str, method: &Method, status: StatusCode, took: Duration) {
    type Handles = [[OnceCell<Histogram>; CLASSES.len()]; METHODS.len()];
    thread_local! {
        /// A thread's own, so that nobody locks.
        static ROUTES: RefCell<HashMap<Box<str>, Handles>> = RefCell::default();
    }

    let method = METHODS.iter().position(|known| *known == method.as_str());
    let (method, class) = (method.unwrap_or(METHODS.len() - 1), class(status));
    let handle = || metrics::histogram!(ANSWERED, "route" => route.to_owned(), "method" => METHODS[method], "status" => CLASSES[class]);
    ROUTES.with_borrow_mut(|routes| {
        let handles = match routes.get(route) {
            Some(handles) => handles,
            None => routes.entry(route.into()).or_default(),
        };
        handles[method][class].get_or_init(handle).record(took);
    });
}

fn class(status: StatusCode) -> usize {
    let hundreds = usize::from(status.as_u16() / 100);
    hundreds.wrapping_sub(1).min(CLASSES.len() - 1)
}

/// How a call to a vendor ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The vendor answered.
    With(StatusCode),
    /// Nothing left.
    NotSent,
    /// Something left, and no answer came.
    Unanswered,
    /// The vendor's host took no connection of late, and was left alone.
    Resting,
}

impl Ended {
    /// Tells the call's span.
    pub(crate) fn tell(self, span: &Span) {
        match self {
            Self::With(status) => span.record("http.response.status_code", status.as_u16()),
            Self::NotSent => span.record("error.type", "not_sent"),
            Self::Unanswered => span.record("error.type", "unanswered"),
            Self::Resting => span.record("error.type", "resting"),
        };
    }
}

const WITHOUT_ANSWER: [&str; 3] = ["not_sent", "unanswered", "resting"];

/// Calls to one connector's vendor. A host that a user's parameter is part of counts as the connector file has it.
#[derive(Debug)]
pub(crate) struct VendorMeter {
    connector: SharedString,
    host: SharedString,
    handles: [OnceLock<Histogram>; CLASSES.len() + WITHOUT_ANSWER.len()],
}

impl VendorMeter {
    pub(crate) fn new(connector: &Connector, api: &Api) -> Self {
        Self {
            connector: SharedString::from_owned(connector.key.to_string()),
            host: SharedString::from_owned(api.base_url.host().to_owned()),
            handles: array::from_fn(|_| OnceLock::new()),
        }
    }

    /// A call ended so; the time is up to the head of its answer.
    pub(crate) fn record(&self, ended: Ended, took: Duration) {
        let at = match ended {
            Ended::With(status) => class(status),
            Ended::NotSent => CLASSES.len(),
            Ended::Unanswered => CLASSES.len() + 1,
            Ended::Resting => CLASSES.len() + 2,
        };
        let handle = self.handles[at].get_or_init(|| {
            let outcome = CLASSES.iter().chain(&WITHOUT_ANSWER).nth(at).copied();
            metrics::histogram!(
                VENDOR,
                "connector" => self.connector.clone(),
                "host" => self.host.clone(),
                "outcome" => outcome.unwrap_or("other"),
            )
        });
        handle.record(took);
    }
}

/// A credential was at hand.
pub(crate) fn credential_hit() {
    static HITS: OnceLock<Counter> = OnceLock::new();
    HITS.get_or_init(|| metrics::counter!(CREDENTIALS, "outcome" => "hit"))
        .increment(1);
}

/// The registry was asked for a credential.
pub(crate) fn credential_miss() {
    metrics::counter!(CREDENTIALS, "outcome" => "miss").increment(1);
}

/// A call was one too many for this limit.
pub(crate) fn limit_refused(limit: &'static str) {
    metrics::counter!(REFUSED, "limit" => limit).increment(1);
}

/// A host is left alone from now on.
pub(crate) fn breaker_opened() {
    metrics::gauge!(BREAKERS).increment(1.0);
}

/// A host takes connections again.
pub(crate) fn breaker_closed() {
    metrics::gauge!(BREAKERS).decrement(1.0);
}

/// What stands above each metric of the gateway.
pub(crate) fn describe() {
    metrics::describe_histogram!(
        ANSWERED,
        "Requests answered, by route, method and class of status."
    );
    metrics::describe_histogram!(
        VENDOR,
        "Calls to vendors through instances, up to the head of the answer."
    );
    metrics::describe_counter!(
        CREDENTIALS,
        "Credentials at hand, and those the registry was asked for."
    );
    metrics::describe_counter!(REFUSED, "Calls refused by a limit.");
    metrics::describe_gauge!(
        BREAKERS,
        "Vendors' hosts that take no connection and are left alone."
    );
    metrics::gauge!(BREAKERS).set(0.0);
}
