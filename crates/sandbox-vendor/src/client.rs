//! Which client calls: by Basic or by body (RFC 6749 section 2.3.1).

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ferrule_model::Digest;
use secrecy::{ExposeSecret as _, SecretString};

use crate::parameters::Parameters;
use crate::token_error::TokenError;
use crate::{CLIENT_ID, CLIENT_SECRET};

struct Credentials {
    id: String,
    secret: SecretString,
}

/// Passes only the one client, with its secret, shown in one way.
pub(crate) fn authenticate(headers: &HeaderMap, parameters: &Parameters) -> Result<(), TokenError> {
    let in_header = basic(headers)?;
    let (id, secret) = (parameters.get("client_id")?, parameters.get("client_secret")?);
    let credentials = match (in_header, id, secret) {
        (Some(_), _, Some(_)) => {
            return Err(TokenError::InvalidRequest(
                "the client must authenticate in one way, not in two".into(),
            ));
        }
        (Some(credentials), None, None) => credentials,
        (Some(credentials), Some(id), None) if id == credentials.id => credentials,
        (None, Some(id), Some(secret)) => Credentials {
            id: id.to_owned(),
            secret: secret.into(),
        },
        _ => return Err(TokenError::InvalidClient),
    };
    // Digests compare in constant time, whatever the lengths.
    let secret = Digest::of(credentials.secret.expose_secret()) == Digest::of(CLIENT_SECRET);
    let id = Digest::of(credentials.id) == Digest::of(CLIENT_ID);
    if id & secret {
        Ok(())
    } else {
        Err(TokenError::InvalidClient)
    }
}

fn basic(headers: &HeaderMap) -> Result<Option<Credentials>, TokenError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let header = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(header), None) => header.to_str().ok(),
        (Some(_), Some(_)) => None,
    };
    header
        .and_then(credentials)
        .map(Some)
        .ok_or(TokenError::InvalidClient)
}

fn credentials(header: &str) -> Option<Credentials> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some(Credentials {
        id: form_decoded(id),
        secret: form_decoded(secret).into(),
    })
}

/// Both halves are form-encoded before they are joined.
fn form_decoded(text: &str) -> String {
    form_urlencoded::parse(format!("={text}").as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(header: Option<&str>, body: &str) -> Result<(), TokenError> {
        let mut headers = HeaderMap::new();
        if let Some(pair) = header {
            let value = format!("Basic {}", STANDARD.encode(pair));
            headers.insert(AUTHORIZATION, value.parse().unwrap());
        }
        authenticate(&headers, &Parameters::parse(body.as_bytes()))
    }

    #[test]
    fn basic_and_body_both_work() {
        assert!(with(Some("sandbox-client:sandbox-secret"), "").is_ok());
        assert!(
            with(
                Some("sandbox%2Dclient:sandbox%2Dsecret"),
                "client_id=sandbox-client"
            )
            .is_ok()
        );
        assert!(with(None, "client_id=sandbox-client&client_secret=sandbox-secret").is_ok());
    }

    #[test]
    fn any_other_client_is_refused() {
        for (header, body) in [
            (None, ""),
            (None, "client_id=sandbox-client"),
            (None, "client_id=sandbox-client&client_secret=wrong"),
            (None, "client_id=other&client_secret=sandbox-secret"),
            (Some("sandbox-client:wrong"), ""),
            (Some("sandbox-client"), ""),
            (Some(":"), ""),
            (Some("sandbox-client:sandbox-secret"), "client_id=other"),
        ] {
            assert!(
                matches!(with(header, body), Err(TokenError::InvalidClient)),
                "{header:?} {body}"
            );
        }
    }

    #[test]
    fn two_ways_at_once_are_refused() {
        let both = with(
            Some("sandbox-client:sandbox-secret"),
            "client_secret=sandbox-secret",
        );
        assert!(matches!(both, Err(TokenError::InvalidRequest(_))));
    }
}
