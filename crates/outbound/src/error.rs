//! What can go wrong on the way to a vendor, and on the way back.

use std::error::Error;
use std::io;
use std::iter::successors;

use http_body_util::LengthLimitError;
use hyper_util::client::legacy;

/// An exchange that gave no whole answer. `Display` names the host; never path, query, header or body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// The request never left: it may be sent again.
    #[error("{host} was not reached: {why}")]
    NotSent {
        /// The host that was meant; empty where the address names none.
        host: String,
        /// What stood in the way.
        why: NotSent,
    },
    /// The request may have left, and may have been acted on: only what can be repeated may be sent again.
    #[error("{host} gave no whole answer: {why}")]
    Unanswered {
        /// The host that was asked.
        host: String,
        /// What became of the answer.
        why: Unanswered,
    },
}

/// Why a request never left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// No absolute URL with a host, or one that holds a user name or password.
    #[error("the address must be an absolute URL with a host and without a user name")]
    Malformed,
    /// Not `https`, nor `http` on loopback where private networks are allowed.
    #[error("the address must begin with https://")]
    Insecure,
    /// The address is not part of the public Internet.
    #[error("its address is private or reserved")]
    RefusedAddress,
    /// The name has no address, or the name service does not answer.
    #[error("its name could not be resolved")]
    NameNotFound,
    /// Nobody took the connection.
    #[error("the connection was refused or lost")]
    Connect,
    /// The two did not agree on TLS, or the certificate is not good for this host.
    #[error("TLS failed")]
    Tls,
    /// No connection within the time allowed.
    #[error("no connection in time")]
    Timeout,
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// No whole answer within the time allowed.
    #[error("no answer in time")]
    Timeout,
    /// The connection ended before an answer began.
    #[error("the connection was lost")]
    ConnectionLost,
    /// The body is larger than [`Limits::max_body_bytes`](crate::Limits::max_body_bytes).
    #[error("the answer is too large")]
    BodyTooLarge,
    /// The request's own body failed while it was sent.
    #[error("the request broke off")]
    RequestBroken,
    /// The body ended early, or broke the protocol.
    #[error("the answer broke off")]
    BodyBroken,
}

impl OutboundError {
    /// From what the client says went wrong before an answer began.
    pub(crate) fn from_request(host: &str, error: &legacy::Error) -> Self {
        let host = host.to_owned();
        if error.is_connect() {
            return Self::from_connect(host, error);
        }
        match find::<hyper::Error>(error) {
            // hyper cancels a request only by handing it back unsent.
            Some(cause) => Self::from_exchange(host, cause.is_canceled(), cause),
            None => Self::Unanswered {
                host,
                why: Unanswered::ConnectionLost,
            },
        }
    }

    /// From what stood in the way of a connection.
    pub(crate) fn from_connect(host: String, error: &(dyn Error + 'static)) -> Self {
        let why = why_not_connected(error);
        Self::NotSent { host, why }
    }

    /// From what went wrong on a connection before an answer began.
    pub(crate) fn from_exchange(host: String, never_left: bool, error: &hyper::Error) -> Self {
        if never_left {
            let why = NotSent::Connect;
            return Self::NotSent { host, why };
        }
        let why = if error.is_user() {
            Unanswered::RequestBroken
        } else {
            Unanswered::ConnectionLost
        };
        Self::Unanswered { host, why }
    }

    /// From what went wrong within the answer's body.
    pub(crate) fn from_body(host: &str, error: &(dyn Error + 'static)) -> Self {
        let why = match find::<LengthLimitError>(error) {
            Some(_) => Unanswered::BodyTooLarge,
            None => Unanswered::BodyBroken,
        };
        Self::Unanswered {
            host: host.to_owned(),
            why,
        }
    }
}

fn why_not_connected(error: &(dyn Error + 'static)) -> NotSent {
    if let Some(why) = find::<NotSent>(error) {
        *why
    } else if timed_out(error) {
        NotSent::Timeout
    } else if find::<rustls::Error>(error).is_some() {
        NotSent::Tls
    } else {
        NotSent::Connect
    }
}

fn timed_out(error: &(dyn Error + 'static)) -> bool {
    find::<io::Error>(error).is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
}

/// The first cause of this type. An `io::Error` names not what it wraps but the cause of that as its source.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    successors(Some(error), |&error| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
    .find_map(|error| error.downcast_ref())
}
