//! The registry has the tokens: the sealed copy goes, the mark stays.

use ferrule_model::Digest;
use ferrule_wire::v1::{ConfirmRequest, ConfirmResponse};
use ferrule_wire::{Reason, Refusal};

use crate::refusals::from_record;
use crate::state::Broker;

pub(crate) async fn confirm(broker: &Broker, request: ConfirmRequest) -> Result<ConfirmResponse, Refusal> {
    broker
        .exchanges
        .confirm(digest(&request.digest)?)
        .await
        .map_err(from_record)?;
    Ok(ConfirmResponse {})
}

/// The name of an exchange, as it travels.
pub(crate) fn digest(bytes: &[u8]) -> Result<Digest, Refusal> {
    Digest::from_bytes(bytes)
        .ok_or_else(|| Refusal::new(Reason::InvalidRequest, "The digest is not 32 bytes long."))
}
