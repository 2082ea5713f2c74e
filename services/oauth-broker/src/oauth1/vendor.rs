//! A vendor app at its vendor: one signed request, and what came back.

use std::time::Duration;

use ferrule_catalog::{Connector, SignatureMethod};
use ferrule_oauth::MAX_ANSWER_BYTES;
use ferrule_oauth::oauth1::{self, ClientCredentials, CredentialsAnswer, Signer, Stamp, TokenCredentials};
use ferrule_outbound::{Limits, OutboundError};
use ferrule_wire::Refusal;
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use jiff::Timestamp;
use secrecy::SecretString;

use crate::refusals::from_parameter;
use crate::state::Broker;
use crate::vendor_call::{self, Asked};

/// What the vendor said, and when it was asked.
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) credentials: CredentialsAnswer,
    /// When the request was sent.
    pub(super) requested_at: Timestamp,
}

/// Who signs for this app.
pub(super) fn signer<'a>(
    connector: &'a Connector,
    client: ClientCredentials<'a>,
    token: Option<TokenCredentials<'a>>,
) -> Result<Signer<'a>, Refusal> {
    let oauth1 = connector.oauth1().map_err(from_parameter)?;
    Ok(Signer {
        method: match oauth1.signature_method {
            SignatureMethod::HmacSha1 => oauth1::SignatureMethod::HmacSha1,
            SignatureMethod::HmacSha256 => oauth1::SignatureMethod::HmacSha256,
        },
        realm: oauth1.realm.as_deref(),
        client,
        token,
    })
}

/// What makes the next request another one.
pub(super) fn stamp(broker: &Broker) -> Stamp {
    Stamp::new(&broker.chance, &broker.clock)
}

/// Sends the request once.
pub(super) async fn ask(
    broker: &Broker,
    connector: &Connector,
    asked: Asked,
    request: Request<Vec<u8>>,
    timeout: Duration,
) -> Result<Answered, OutboundError> {
    let limits = Limits {
        timeout,
        max_body_bytes: MAX_ANSWER_BYTES,
    };
    let requested_at = broker.clock.now();
    let answer = vendor_call::send(broker, connector, asked, request, limits).await?;
    let content_type = answer
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    Ok(Answered {
        status: answer.status(),
        credentials: oauth1::read_credentials_answer(answer.status().as_u16(), content_type, answer.body()),
        requested_at,
    })
}

/// A secret that may be absent, as one that is empty.
pub(super) fn or_empty(secret: Option<&SecretString>) -> SecretString {
    secret.cloned().unwrap_or_default()
}
