//! One request to a vendor, measured. Its labels are the catalogue's: a host that a user's parameter is part of counts as
//! the connector file has it.

use bytes::Bytes;
use ferrule_catalog::{Connector, Template};
use ferrule_outbound::{Limits, OutboundError};
use http::{Request, Response};
use tokio::time::Instant;

use crate::state::Broker;

const SECONDS: &str = "ferrule_token_endpoint_seconds";

/// What a vendor is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Tokens for a code, a verifier, or an app alone.
    Exchange,
    /// Tokens for a refresh token.
    Refresh,
    /// Temporary credentials of OAuth 1.0a.
    RequestToken,
    /// That a token is good no longer.
    Revocation,
}

impl Asked {
    fn as_str(self) -> &'static str {
        match self {
            Self::Exchange => "exchange",
            Self::Refresh => "refresh",
            Self::RequestToken => "request_token",
            Self::Revocation => "revocation",
        }
    }

    fn address(self, connector: &Connector) -> Option<&Template> {
        match (self, connector.oauth1()) {
            (Self::RequestToken, oauth1) => Some(&oauth1.ok()?.request_token_url),
            (_, Ok(oauth1)) => Some(&oauth1.token_url),
            (Self::Revocation, Err(_)) => connector.token_server().ok()?.revocation_url.as_ref(),
            (_, Err(_)) => Some(&connector.token_server().ok()?.token_url),
        }
    }
}

/// Sends the request once.
pub(crate) async fn send(
    broker: &Broker,
    connector: &Connector,
    asked: Asked,
    request: Request<Vec<u8>>,
    limits: Limits,
) -> Result<Response<Bytes>, OutboundError> {
    let began = Instant::now();
    let answer = broker.outbound.send(request, limits).await;
    let host = asked
        .address(connector)
        .map_or("other", Template::host)
        .to_owned();
    metrics::histogram!(
        SECONDS,
        "connector" => connector.key.to_string(),
        "host" => host,
        "request" => asked.as_str(),
        "outcome" => outcome(&answer),
    )
    .record(began.elapsed());
    answer
}

fn outcome(answer: &Result<Response<Bytes>, OutboundError>) -> &'static str {
    match answer {
        Ok(answer) => match answer.status().as_u16() / 100 {
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            5 => "5xx",
            _ => "other",
        },
        Err(OutboundError::NotSent { .. }) => "not_sent",
        Err(OutboundError::Unanswered { .. }) => "unanswered",
    }
}

/// What stands above each metric of the broker.
pub(crate) fn describe_metrics() {
    metrics::describe_histogram!(SECONDS, "Requests to vendors' token endpoints, by outcome.");
    metrics::describe_counter!(
        crate::handshake::HANDSHAKES,
        "Handshakes begun, attached, denied and claimed. Begun and not denied or claimed in ten minutes: pending."
    );
    metrics::describe_histogram!(
        crate::handshake::STORE_SECONDS,
        "Calls of the handshake store, by operation and outcome."
    );
}
