//! What waits of a refresh whose caller died.

use ferrule_model::InstanceId;
use ferrule_wire::Refusal;
use ferrule_wire::v1::{ReadJournalRequest, ReadJournalResponse};

use crate::handshake::SpentPair;
use crate::refusals::from_record;
use crate::reply;
use crate::state::Broker;

/// Asks the store, so that "nothing" is never said of a store that is away, and first what this process may not
/// have got into it yet.
pub(crate) async fn read_journal(
    broker: &Broker,
    request: ReadJournalRequest,
) -> Result<ReadJournalResponse, Refusal> {
    let spent = SpentPair {
        instance: InstanceId(request.instance_id),
        version: request.version,
    };
    let grant = match broker.under_way.granted(spent) {
        None => broker.refreshes.find(spent).await.map_err(from_record)?,
        told => told,
    };
    Ok(ReadJournalResponse {
        grant: grant.map(reply::to_wire),
    })
}
