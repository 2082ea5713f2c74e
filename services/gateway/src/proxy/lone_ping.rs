//! A ping with a credential at hand: no gateway runs, and no registry is asked.

use std::time::Duration;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Request, StatusCode};
use ferrule_catalog::Catalog;
use ferrule_model::{Chance, Clock};
use ferrule_oauth::oauth1::Stamp;
use ferrule_outbound::{Limits, Outbound};
use ferrule_wire::{Reason, Refusal, v1};
use tokio::time::Instant;

use super::Breakers;
use super::{head, ping};
use crate::credentials::Credential;

/// The largest answer that is read, and thrown away.
const MAX_BYTES: usize = 8 << 20;

/// What the vendor answers to the call that the credential's connector declares; `None`: it declares none.
///
/// # Errors
/// The values do not fit the connector, or the vendor gave no answer.
pub async fn lone_ping(
    outbound: &Outbound,
    catalog: &Catalog,
    credential: v1::Credential,
    clock: &Clock,
    chance: &Chance,
) -> Result<Option<StatusCode>, Refusal> {
    let api = catalog
        .get(&credential.element_key)
        .and_then(|connector| connector.api.as_ref());
    let Some(declared) = api.and_then(|api| api.ping.clone()) else {
        return Ok(None);
    };
    let now = clock.now();
    let credential = Credential::new(
        credential,
        catalog,
        &Breakers::default(),
        Instant::now(),
        now,
        Duration::ZERO,
    )?;
    let mut request = Request::new(Vec::new());
    *request.method_mut() = ping::method(declared.method);
    *request.uri_mut() = credential
        .origin
        .address(&declared.path, None)
        .ok_or_else(|| Refusal::new(Reason::InvalidRequest, "The ping's path is none."))?;
    *request.headers_mut() = head::to_vendor(&HeaderMap::new(), &credential);
    let (mut call, body) = request.into_parts();
    let stamp = || Stamp::new(chance, clock);
    if let Some(authorization) = credential.authorization.of_call(&call, None, stamp) {
        call.headers.insert(AUTHORIZATION, authorization);
    }
    let limits = Limits {
        timeout: credential.timeout,
        max_body_bytes: MAX_BYTES,
    };
    let answer = outbound.send(Request::from_parts(call, body), limits).await;
    let answer = answer.map_err(|error| Refusal::new(Reason::VendorUnreachable, error.to_string()))?;
    Ok(Some(answer.status()))
}
