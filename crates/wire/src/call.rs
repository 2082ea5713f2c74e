//! What every outgoing call gets: a deadline, the trace context and the request's id.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderValue, Request};
use tonic::{Code, Status};
use tower::{BoxError, Service};

const TIMEOUT: &str = "grpc-timeout";

/// A request with a deadline of its own, shorter or longer than its client's.
pub fn within<T>(deadline: Duration, message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.set_timeout(deadline);
    request
}

/// Gives each call a deadline, kept on this side too: a tonic server in process knows none.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing<S> {
    pub(crate) inner: S,
    pub(crate) deadline: Duration,
}

impl<S, B, R> Service<Request<B>> for Outgoing<S>
where
    S: Service<Request<B>, Response = R>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    R: Send + 'static,
{
    type Response = R;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<R, Status>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.inner
            .poll_ready(context)
            .map_err(|error| Status::from_error(error.into()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let asked = request.headers().get(TIMEOUT).and_then(read_timeout);
        let deadline = asked.unwrap_or(self.deadline);
        if asked.is_none()
            && let Ok(value) = HeaderValue::try_from(format!("{}m", deadline.as_millis()))
        {
            request.headers_mut().insert(TIMEOUT, value);
        }
        crate::trace::inject(request.headers_mut());
        crate::request_id::inject(request.headers_mut());
        let answer = self.inner.call(request);
        Box::pin(async move {
            match tokio::time::timeout(deadline, answer).await {
                Ok(answer) => answer.map_err(|error| Status::from_error(error.into())),
                Err(_) => Err(Status::new(Code::DeadlineExceeded, "the call's deadline passed")),
            }
        })
    }
}

/// The gRPC wire's timeout: up to eight digits and a unit.
fn read_timeout(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let amount: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(amount * 3600),
        "M" => Duration::from_secs(amount * 60),
        "S" => Duration::from_secs(amount),
        "m" => Duration::from_millis(amount),
        "u" => Duration::from_micros(amount),
        "n" => Duration::from_nanos(amount),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_of_the_wire_are_read() {
        for (text, want) in [
            ("5S", Some(Duration::from_secs(5))),
            ("250m", Some(Duration::from_millis(250))),
            ("1H", Some(Duration::from_hours(1))),
            ("", None),
            ("S", None),
            ("5x", None),
        ] {
            assert_eq!(
                HeaderValue::try_from(text).ok().as_ref().and_then(read_timeout),
                want,
                "{text}"
            );
        }
    }

    #[tokio::test]
    async fn a_call_that_hangs_ends_at_its_deadline() {
        let hangs = tower::service_fn(|_: Request<()>| std::future::pending::<Result<(), BoxError>>());
        let mut client = Outgoing {
            inner: hangs,
            deadline: Duration::from_millis(5),
        };
        let error = client.call(Request::new(())).await.unwrap_err();
        assert_eq!(error.code(), Code::DeadlineExceeded);
    }
}
