//! The id of the request that calls are made for: out with every call of its task, like the trace context.

use std::future::Future;

use http::{HeaderMap, HeaderValue};
use tonic::metadata::MetadataMap;

const NAME: &str = "ferrule-request-id";
/// The gateway's ids have 24 characters.
const LONGEST: usize = 64;

tokio::task_local! {
    static REQUEST_ID: Option<String>;
}

/// The id that a call came with. `None`: it has none, or no plausible one.
pub fn request_id_of(metadata: &MetadataMap) -> Option<String> {
    let text = metadata.get(NAME)?.to_str().ok()?;
    let plausible =
        (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plausible.then(|| text.to_owned())
}

/// Does this work on behalf of a request: calls to other services carry its id along.
pub async fn on_behalf_of<F: Future>(request_id: Option<String>, work: F) -> F::Output {
    REQUEST_ID.scope(request_id, work).await
}

/// The id of the request that this task works for. Tasks that it spawns work for none.
pub fn current_request_id() -> Option<String> {
    REQUEST_ID.try_with(Clone::clone).ok().flatten()
}

/// Writes the id into a call's headers.
pub(crate) fn inject(headers: &mut HeaderMap) {
    let value = REQUEST_ID.try_with(|id| HeaderValue::try_from(id.as_deref()?).ok());
    if let Ok(Some(value)) = value {
        headers.insert(NAME, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_id_travels_with_the_calls_of_its_request() {
        let headers = on_behalf_of(Some("9b26c66f35e2".to_owned()), async {
            let mut headers = HeaderMap::new();
            inject(&mut headers);
            headers
        })
        .await;
        let id = request_id_of(&MetadataMap::from_headers(headers));
        assert_eq!(id.as_deref(), Some("9b26c66f35e2"));
        assert_eq!(current_request_id(), None);
    }

    #[test]
    fn what_is_no_id_is_none() {
        let too_long = "a".repeat(LONGEST + 1);
        for text in ["", "with space", "<b>", &too_long] {
            let mut headers = HeaderMap::new();
            headers.insert(NAME, HeaderValue::from_str(text).unwrap());
            assert_eq!(
                request_id_of(&MetadataMap::from_headers(headers)),
                None,
                "{text:?}"
            );
        }
    }
}
