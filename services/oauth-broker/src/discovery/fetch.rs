//! One look at what an issuer publishes.

use std::time::Duration;

use ferrule_oauth::{InvalidEndpoint, InvalidMetadata, ServerMetadata, metadata_addresses};
use ferrule_outbound::{Limits, Outbound, OutboundError};
use http::header::{ACCEPT, CACHE_CONTROL};
use http::{Request, StatusCode};

/// The largest document that is read.
const MAX_BYTES: usize = 1 << 20;

/// What an issuer publishes.
#[derive(Clone, Debug)]
pub struct Published {
    /// Its metadata. Whether they are its own is for the caller to ask ([`ServerMetadata::of`]).
    pub metadata: ServerMetadata,
    /// `Cache-Control`, as it came.
    pub cache_control: Option<String>,
}

/// No metadata. `Display` names addresses and statuses, nothing else that came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryError {
    /// The issuer may not be asked at all.
    #[error(transparent)]
    Issuer(#[from] InvalidEndpoint),
    /// It gave no answer.
    #[error(transparent)]
    Unreached(#[from] OutboundError),
    /// Neither place holds anything.
    #[error("it publishes no metadata: {0} and {1}")]
    Absent(String, String),
    /// What it publishes cannot be used.
    #[error("the metadata at {address} cannot be used: {why}")]
    Invalid {
        /// Where they lie.
        address: String,
        /// What is wrong with them.
        why: InvalidMetadata,
    },
}

/// Asks in both places that there are, within `patience` each. An issuer that gives no answer is not asked twice.
///
/// # Errors
/// No answer, none that holds metadata.
pub async fn fetch(
    outbound: &Outbound,
    issuer: &str,
    patience: Duration,
) -> Result<Published, DiscoveryError> {
    let addresses = metadata_addresses(issuer)?;
    let mut told = Vec::new();
    for address in addresses {
        let request = Request::get(&address).header(ACCEPT, "application/json");
        let request = request.body(Vec::new()).map_err(|_| InvalidEndpoint::NotAUrl)?;
        let limits = Limits {
            timeout: patience,
            max_body_bytes: MAX_BYTES,
        };
        let answer = outbound.send(request, limits).await?;
        if answer.status() != StatusCode::OK {
            told.push(format!("{address} answers {}", answer.status().as_u16()));
            continue;
        }
        let metadata = ServerMetadata::read(answer.body());
        let cache_control = answer.headers().get(CACHE_CONTROL);
        let cache_control = cache_control.and_then(|value| value.to_str().ok());
        return Ok(Published {
            metadata: metadata.map_err(|why| DiscoveryError::Invalid { address, why })?,
            cache_control: cache_control.map(str::to_owned),
        });
    }
    let mut told = told.into_iter();
    let mut next = || told.next().unwrap_or_default();
    Err(DiscoveryError::Absent(next(), next()))
}
