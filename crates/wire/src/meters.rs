//! How long gRPC calls take and how they end, told by both sides.

use http::Response;
use tokio::time::Instant;
use tonic::{Code, Status};
use tracing::Span;

use crate::access::known_path;

/// Calls that this process answered.
pub(crate) const SERVER: &str = "ferrule_rpc_server_seconds";
/// Calls that this process made.
pub(crate) const CLIENT: &str = "ferrule_rpc_client_seconds";

/// A call under way, on one side.
#[derive(Debug)]
pub(crate) struct Call {
    metric: &'static str,
    method: &'static str,
    began: Instant,
    span: Span,
}

impl Call {
    /// A call of this path, which begins now. A path that no service of ours has counts as `other`.
    pub(crate) fn begin(metric: &'static str, path: &str) -> Self {
        let method = known_path(path).map_or("other", |path| path.trim_start_matches('/'));
        let (service, name) = method.split_once('/').unwrap_or((method, ""));
        let span = tracing::info_span!(
            target: "ferrule_trace",
            "rpc",
            otel.name = method,
            otel.kind = if metric == SERVER { "server" } else { "client" },
            rpc.system = "grpc",
            rpc.service = service,
            rpc.method = name,
            rpc.grpc.status_code = tracing::field::Empty,
        );
        let began = Instant::now();
        Self {
            metric,
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
        let code = match answer {
            Ok(answer) => Status::from_header_map(answer.headers()).map_or(Code::Ok, |status| status.code()),
            Err(status) => status.code(),
        };
        self.span.record("rpc.grpc.status_code", i32::from(code));
        metrics::histogram!(self.metric, "method" => self.method, "code" => word(code))
            .record(self.began.elapsed());
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
    metrics::describe_histogram!(SERVER, "gRPC calls answered, by method and status.");
    metrics::describe_histogram!(CLIENT, "gRPC calls made, by method and status.");
}
