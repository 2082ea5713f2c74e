//! Connect sessions: a product's customer makes one instance by a link, and sees nothing else.

mod create;
mod finish;
mod get;
mod link;
mod origin;

use ferrule_model::Digest;
use ferrule_wire::v1::connect_session::Status;
use ferrule_wire::{Reason, Refusal, v1};
use jiff::Timestamp;

use crate::errors::{connect_spent, invalid};
use crate::identify::digest;
use crate::state::Registry;
use crate::store::{ConnectRow, ConnectSetback};

pub(crate) use create::create_connect_session;
pub(crate) use finish::finish_connect;
pub(crate) use get::get_connect_session;
pub(crate) use link::open_connect_link;
pub(crate) use origin::{delete_connect_origin, get_connect_origin, put_connect_origin};

/// The session of a link.
async fn find(registry: &Registry, link: &[u8]) -> Result<ConnectRow, Refusal> {
    let link = secret(link)?;
    registry.store.connect_of_link(link).await?.ok_or_else(unknown)
}

/// The digest of a link's secret.
fn secret(link: &[u8]) -> Result<Digest, Refusal> {
    digest(link)?.ok_or_else(|| invalid("A link is missing."))
}

/// Refuses a session by which nothing can be connected any more.
fn check_usable(row: &ConnectRow, now: Timestamp) -> Result<(), Refusal> {
    match status(row, now) {
        Status::Done => Err(connect_spent()),
        Status::Expired => Err(Refusal::new(
            Reason::ConnectExpired,
            "This link's time is over. Ask for a new one.",
        )),
        _ => Ok(()),
    }
}

/// Refuses a connector that the session does not offer.
fn check_offered(row: &ConnectRow, element: &str) -> Result<(), Refusal> {
    if row.elements.iter().any(|offered| offered == element) {
        return Ok(());
    }
    Err(invalid("This link is not for that connector."))
}

fn status(row: &ConnectRow, now: Timestamp) -> Status {
    match row.setback {
        _ if row.instance_id.is_some() => Status::Done,
        _ if now >= row.expires_at => Status::Expired,
        Some(ConnectSetback::Denied) => Status::Denied,
        Some(ConnectSetback::Failed) => Status::Failed,
        None => Status::Open,
    }
}

/// A session as answers show it.
fn reply(row: ConnectRow, now: Timestamp) -> v1::ConnectSession {
    v1::ConnectSession {
        status: status(&row, now).into(),
        id: row.id,
        elements: row.elements,
        name: row.name,
        tags: row.tags,
        end_user_id: row.end_user_id,
        return_url: row.return_url,
        state: row.caller_state,
        expires_at: row.expires_at.as_microsecond(),
        instance_id: row.instance_id.map(|id| id.0),
    }
}

/// The same words for a missing session, an unknown link, and another organization's.
fn unknown() -> Refusal {
    Refusal::new(
        Reason::ConnectUnknown,
        "There is no such connect session, or it was over long ago.",
    )
}
