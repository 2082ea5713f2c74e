//! How long gRPC calls take and how they end, told by both sides.

use std::sync::OnceLock;

use http::Response;
use metrics::Histogram;
use tokio::time::Instant;
use tonic::{Code, Status};
use tracing::Span;

use crate::access::{METHODS, known_path};

/// Calls that went well, by handles that are at hand.
type Handles = [OnceLock<Histogram>; METHODS];

/// Which side of a call this process is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    /// It answers.
    Server,
    /// It asks.
    Client,
}

impl Side {
    const fn metric(self) -> &'static str {
        match self {
            Self::Server => "ferrule_rpc_server_seconds",
            Self::Client => "ferrule_rpc_client_seconds",
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }

    fn handles(self) -> &'static Handles {
        static SERVER: Handles = [const { OnceLock::new() }; METHODS];
        static CLIENT: Handles = [const { OnceLock::new() }; METHODS];
        match self {
            Self::Server => &SERVER,
            Self::Client => &CLIENT,
        }
    }
}

/// A call under way, on one side.
#[derive(Debug)]
pub(crate) struct Call {
    side: Side,
    /// Its place in the table of methods.
    place: Option<usize>,
    method: &'static str,
    began: Instant,
    span: Span,
}

impl Call {
    /// A call of this path, which begins now. A path that no service of ours has counts as `other`.
    pub(crate) fn begin(side: Side, path: &str) -> Self {
        let known = known_path(path);
        let method = known.map_or("other", |(_, path)| path.trim_start_matches('/'));
        let (service, name) = method.split_once('/').unwrap_or((method, ""));
        let span = tracing::info_span!(
            target: "ferrule_trace",
            "rpc",
            otel.name = method,
            otel.kind = side.kind(),
            rpc.system = "grpc",
            rpc.service = service,
            rpc.method = name,
            rpc.grpc.status_code = tracing::field::Empty,
        );
        let began = Instant::now();
        Self {
            side,
            place: known.map(|(place, _)| place),
            method,
            began,
            span,
        }
    }

    /// What everything of the call runs in.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// The call has ended so. What answers with a message has its status after it, and that is `Ok`: every call of ours
    /// that fails does so in its head.
    pub(crate) fn end<B>(self, answer: Result<&Response<B>, &Status>) {
        self.end_with(match answer {
            Ok(answer) => Status::from_header_map(answer.headers()).map_or(Code::Ok, |status| status.code()),
            Err(status) => status.code(),
        });
    }

    /// The call has ended with this status.
    pub(crate) fn end_with(self, code: Code) {
        self.span.record("rpc.grpc.status_code", i32::from(code));
        let handle =
            || metrics::histogram!(self.side.metric(), "method" => self.method, "code" => word(code));
        let took = self.began.elapsed();
        match self.place {
            Some(place) if code == Code::Ok => self.side.handles()[place].get_or_init(handle).record(took),
            _ => handle().record(took),
        }
    }
}

/// As gRPC's documents write it.
fn word(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// What stands above each metric of this room.
pub(crate) fn describe() {
    metrics::describe_histogram!(
        Side::Server.metric(),
        "gRPC calls answered, by method and status."
    );
    metrics::describe_histogram!(Side::Client.metric(), "gRPC calls made, by method and status.");
}
