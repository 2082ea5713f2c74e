//! Deadlines that shrink along the path: whoever answers a call leaves its own calls no more time than it has.

use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Request};
use tokio::task::futures::TaskLocalFuture;
use tokio::time::Instant;
use tower::{Layer, Service};

/// What gRPC calls a deadline: how long the caller waits.
const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// What is held back for the way home; a tenth where that is less.
const MARGIN: Duration = Duration::from_millis(100);

/// More digits than this are no timeout of gRPC's.
const DIGITS: usize = 8;

tokio::task_local! {
    /// Until when the call that is being answered waits.
    static DEADLINE: Option<Instant>;
}

/// A request with a deadline of its own, shorter or longer than its client's.
pub fn within<T>(deadline: Duration, message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.set_timeout(deadline);
    request
}

/// Takes the deadline of the call that is being answered along, into a task of its own. Without it, what is spawned
/// has all the time of its own calls: right for work that outlives its caller.
pub fn with_deadline<F: Future>(work: F) -> impl Future<Output = F::Output> {
    DEADLINE.scope(DEADLINE.try_with(|deadline| *deadline).unwrap_or_default(), work)
}

/// How long a call that begins now may take: what it asks for, else `usual`, and no more than is left here. It is
/// written into the headers. `None`: no time is left.
pub(crate) fn shrink(headers: &mut HeaderMap, usual: Duration) -> Option<Duration> {
    let asked = headers.get(TIMEOUT).and_then(read);
    let limit = at_most(asked.unwrap_or(usual));
    if asked != Some(limit)
        && let Ok(value) = HeaderValue::try_from(format!("{}m", limit.as_millis()))
    {
        headers.insert(TIMEOUT, value);
    }
    (!limit.is_zero()).then_some(limit)
}

/// The same for a call that is not written down. `None`: no time is left.
pub(crate) fn left_of(usual: Duration) -> Option<Duration> {
    let limit = at_most(usual);
    (!limit.is_zero()).then_some(limit)
}

/// Answers a call whose caller waits so long from now on.
pub(crate) fn until<F: Future>(limit: Duration, answer: F) -> impl Future<Output = F::Output> {
    DEADLINE.scope(Instant::now().checked_add(limit), answer)
}

/// So much, and no more than is left here.
fn at_most(wanted: Duration) -> Duration {
    match DEADLINE.try_with(|deadline| *deadline) {
        Ok(Some(deadline)) => wanted.min(left(deadline.saturating_duration_since(Instant::now()))),
        _ => wanted,
    }
}

fn left(remaining: Duration) -> Duration {
    remaining.saturating_sub(MARGIN.min(remaining / 10))
}

/// The gRPC wire's timeout: up to eight digits and a unit.
fn read(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > DIGITS {
        return None;
    }
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

/// Remembers each request's deadline for as long as it is answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeadlineLayer;

impl<S> Layer<S> for DeadlineLayer {
    type Service = UntilDeadline<S>;

    fn layer(&self, inner: S) -> UntilDeadline<S> {
        UntilDeadline(inner)
    }
}

/// A service whose own calls know how long its caller waits.
#[derive(Clone, Debug)]
pub(crate) struct UntilDeadline<S>(S);

impl<S, B> Service<Request<B>> for UntilDeadline<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = TaskLocalFuture<Option<Instant>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let limit = request.headers().get(TIMEOUT).and_then(read);
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        DEADLINE.scope(deadline, self.0.call(request))
    }
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
            ("99999999H", Some(Duration::from_hours(99_999_999))),
            ("999999999H", None),
            ("", None),
            ("S", None),
            ("5x", None),
        ] {
            assert_eq!(
                HeaderValue::try_from(text).ok().as_ref().and_then(read),
                want,
                "{text}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_has_what_it_asks_for_or_what_is_left_less_a_margin() {
        let second = Duration::from_secs(1);
        for (left_here, asked, want) in [
            (None, None, Some(10 * second)),
            (None, Some("25S"), Some(25 * second)),
            (Some(30 * second), Some("25S"), Some(25 * second)),
            (
                Some(5 * second),
                Some("25S"),
                Some((5 * second).saturating_sub(MARGIN)),
            ),
            (Some(5 * second), None, Some((5 * second).saturating_sub(MARGIN))),
            (
                Some(Duration::from_millis(100)),
                None,
                Some(Duration::from_millis(90)),
            ),
            (Some(Duration::ZERO), None, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.extend(asked.map(|asked| (TIMEOUT, HeaderValue::from_static(asked))));
            let deadline = left_here.map(|left| Instant::now() + left);
            let limit = DEADLINE
                .scope(deadline, async { shrink(&mut headers, 10 * second) })
                .await;
            assert_eq!(limit, want);
            assert_eq!(
                headers.get(TIMEOUT).and_then(read),
                limit.or(Some(Duration::ZERO))
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_has_its_callers_deadline_only_where_it_takes_it_along() {
        let deadline = Some(Instant::now() + Duration::from_secs(1));
        let here = || DEADLINE.try_with(|deadline| *deadline).unwrap_or_default();
        let (kept, left) = DEADLINE
            .scope(deadline, async {
                let kept = tokio::spawn(with_deadline(async move { here() }));
                let left = tokio::spawn(async move { here() });
                (kept.await.unwrap(), left.await.unwrap())
            })
            .await;
        assert_eq!((kept, left), (deadline, None));
    }
}
