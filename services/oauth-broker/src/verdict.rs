//! What a refresh comes to (design: "Verdicts are typed").
//!
//! | the vendor | verdict |
//! |---|---|
//! | brings tokens | a grant |
//! | says 429, or 503 with `Retry-After` | throttled |
//! | is not reached, says any other 5xx, sends elsewhere, or refuses in words that are not listed here | transient |
//! | gives no whole answer, or a 2xx that cannot be read | unanswered |
//! | does not know the app ([`OF_THE_APP`]) | app misconfigured |
//! | does not know the refresh token any more ([`OF_THE_TOKEN`]) | reauthorization required |
//!
//! A 5xx may hide that the token was spent, as no answer at all does; but nothing more will come of that request,
//! so there is nothing to wait for, and the next try tells. A refusal that is not understood never ends an
//! instance: 401 and 403 without words are pages of firewalls and outages as often as verdicts.

use ferrule_catalog::Connector;
use ferrule_oauth::{TokenAnswer, vendor_words};
use ferrule_outbound::OutboundError;
use ferrule_wire::v1::Verdict;
use ferrule_wire::v1::verdict::Kind;
use http::StatusCode;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::handshake::Grant;
use crate::retry_after;
use crate::token_endpoint::Answered;

/// `error`s of RFC 6749 section 5.2 that are about the client, and what GitHub and Slack say instead.
const OF_THE_APP: [&str; 5] = [
    "invalid_client",
    "unauthorized_client",
    "incorrect_client_credentials",
    "invalid_client_id",
    "bad_client_secret",
];

/// The `error` of RFC 6749 section 5.2 that is about the refresh token, what GitHub and Slack say instead, and
/// those of OpenID Connect Core section 3.1.2.6 by which Entra ID asks for the user.
const OF_THE_TOKEN: [&str; 6] = [
    "invalid_grant",
    "bad_refresh_token",
    "invalid_refresh_token",
    "interaction_required",
    "login_required",
    "consent_required",
];

/// What a refresh ended with.
#[derive(Clone, Debug)]
pub(crate) enum Refreshed {
    /// A new pair.
    Granted(Box<Grant>),
    /// None.
    Refused(Verdict),
}

impl Refreshed {
    /// No whole answer came.
    pub(crate) fn without_answer(connector: &Connector, error: &OutboundError) -> Self {
        let kind = match error {
            OutboundError::NotSent { .. } => {
                tracing::warn!(element = %connector.key, %error, "the token endpoint was not reached");
                Kind::Transient
            }
            OutboundError::Unanswered { .. } => {
                tracing::warn!(event = "refresh_unanswered", element = %connector.key, %error, "the token endpoint did not answer");
                Kind::Unanswered
            }
        };
        Self::refused(kind)
    }

    /// None, and the vendor has said nothing about it.
    pub(crate) fn refused(kind: Kind) -> Self {
        Self::Refused(Verdict {
            kind: kind.into(),
            ..Verdict::default()
        })
    }
}

/// Why an answer brings no tokens. `secrets` are those of the request, to be masked in the vendor's words.
pub(crate) fn verdict(answer: &Answered, now: Timestamp, secrets: &[&SecretString]) -> Verdict {
    let asked_to_wait = answer.status == StatusCode::TOO_MANY_REQUESTS
        || answer.status == StatusCode::SERVICE_UNAVAILABLE && answer.retry_after.is_some();
    let kind = match &answer.tokens {
        _ if asked_to_wait => Kind::Throttled,
        TokenAnswer::Refused { error, .. } if OF_THE_APP.contains(&error.as_str()) => Kind::AppMisconfigured,
        TokenAnswer::Refused { error, .. } if OF_THE_TOKEN.contains(&error.as_str()) => {
            Kind::ReauthorizationRequired
        }
        TokenAnswer::Unclear { .. } if answer.status.is_success() => Kind::Unanswered,
        _ => Kind::Transient,
    };
    let retry_after = answer
        .retry_after
        .as_deref()
        .filter(|_| asked_to_wait)
        .and_then(|value| retry_after::read(value, now));
    let provider_message = match &answer.tokens {
        TokenAnswer::Refused { error, description } => vendor_words(error, description.as_deref(), secrets),
        _ => String::new(),
    };
    Verdict {
        kind: kind.into(),
        retry_after: retry_after.map(|wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)),
        provider_message,
    }
}
