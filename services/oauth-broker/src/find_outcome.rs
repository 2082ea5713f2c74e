//! What became of a hosted handshake, for the page that ends a login.

use ferrule_wire::Refusal;
use ferrule_wire::v1::find_outcome_response::Stage as Shown;
use ferrule_wire::v1::{FindOutcomeRequest, FindOutcomeResponse};

use crate::handshake::{Form, HandshakeKey, Stage};
use crate::refusals::{expired_state, from_record, unknown_state};
use crate::state::Broker;

/// Changes nothing.
pub(crate) async fn find_outcome(
    broker: &Broker,
    request: FindOutcomeRequest,
) -> Result<FindOutcomeResponse, Refusal> {
    let connector = broker.with_logins(&request.element)?;
    let key = HandshakeKey::of_state(&request.handshake.into());
    let handshake = broker
        .handshakes
        .find(&key)
        .await
        .map_err(from_record)?
        .ok_or_else(unknown_state)?;
    let hosted = matches!(handshake.request.form, Form::Hosted { .. });
    if !hosted || handshake.request.connector != connector.key {
        return Err(unknown_state());
    }
    let show = |stage: Shown| FindOutcomeResponse {
        stage: stage.into(),
        ..FindOutcomeResponse::default()
    };
    match handshake.stage {
        Stage::Claimed { .. } | Stage::Done { .. } => Ok(show(Shown::Claimed)),
        Stage::Denied(denial) => Ok(FindOutcomeResponse {
            error: denial.error,
            error_description: denial.description,
            ..show(Shown::Denied)
        }),
        _ if handshake.is_expired(broker.clock.now()) => Err(expired_state()),
        Stage::Attached { .. } => Ok(show(Shown::Attached)),
        Stage::Pending => Ok(show(Shown::Pending)),
    }
}
