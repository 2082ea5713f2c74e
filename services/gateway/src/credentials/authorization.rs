//! How a call proves whose it is: its `Authorization` header, by the kind of its connector.

use axum::http::HeaderValue;
use axum::http::request::Parts;
use bytes::Bytes;
use ferrule_catalog::{
    Api, Auth, Connector, Credentials as Secrets, HeaderTemplate, ParameterError, Parameters,
};
use ferrule_oauth::oauth1::Stamp;
use ferrule_wire::v1;
use secrecy::{ExposeSecret as _, SecretString};

use super::basic::basic;
use super::signing::Signing;

/// What a connector's kind makes of an instance's secrets. A kind whose header depends on the call is a variant
/// of its own.
#[derive(Debug)]
pub(crate) enum Authorization {
    /// No such header.
    None,
    /// The same for every call.
    Fixed(HeaderValue),
    /// A signature over the call.
    Signed(Box<Signing>),
}

/// The secrets of an instance, as its connector's kind has them.
pub(super) struct Given {
    access_token: Option<SecretString>,
    api_key: Option<SecretString>,
    username: String,
    password: SecretString,
    signing: Option<v1::Signing>,
}

impl Given {
    /// Takes the secrets out of an answer of the registry's.
    pub(super) fn take(answer: &mut v1::Credential) -> Self {
        let present = |secret: &mut String| {
            let secret = std::mem::take(secret);
            (!secret.is_empty()).then(|| SecretString::from(secret))
        };
        Self {
            access_token: present(&mut answer.access_token),
            api_key: present(&mut answer.api_key),
            username: std::mem::take(&mut answer.username),
            password: std::mem::take(&mut answer.password).into(),
            signing: answer.signing.take(),
        }
    }

    /// The text of a header that the connector's file names.
    pub(super) fn render(
        &self,
        template: &HeaderTemplate,
        parameters: &Parameters,
    ) -> Result<SecretString, ParameterError> {
        let secrets = Secrets {
            access_token: self.access_token.as_ref(),
            api_key: self.api_key.as_ref(),
        };
        template.render(parameters, secrets)
    }
}

impl Authorization {
    /// The file's own words win. The error says what does not fit.
    pub(super) fn new(
        connector: &Connector,
        api: &Api,
        parameters: &Parameters,
        given: Given,
    ) -> Result<Self, String> {
        let text = match (&api.authorization, &connector.auth) {
            (Some(template), _) => given
                .render(template, parameters)
                .map_err(|error| error.to_string())?,
            (None, Auth::Basic(_)) if !given.username.is_empty() => basic(&given.username, &given.password),
            (None, Auth::OAuth1(oauth1)) => {
                let signing = Signing::new(oauth1, given.access_token.as_ref(), given.signing);
                return Ok(signing.map_or(Self::None, |signing| Self::Signed(Box::new(signing))));
            }
            (None, _) => return Ok(Self::None),
        };
        value("authorization", text).map(Self::Fixed)
    }

    /// Whether a form-encoded body goes into the header, and so has to be there before it.
    pub(crate) fn signs_forms(&self) -> bool {
        matches!(self, Self::Signed(_))
    }

    /// The header of one call, about to leave: its method, its address and its headers so far, and its body where
    /// that is a form that [`Self::signs_forms`]. `stamp` makes it another one each time.
    pub(crate) fn of_call(
        &self,
        call: &Parts,
        form: Option<&[u8]>,
        stamp: impl FnOnce() -> Stamp,
    ) -> Option<HeaderValue> {
        match self {
            Self::None => None,
            Self::Fixed(value) => Some(value.clone()),
            Self::Signed(signing) => signing.header(call, form, &stamp()),
        }
    }
}

/// A header's value that is wiped with its last clone, and that no log shows.
pub(super) fn value(name: &str, text: SecretString) -> Result<HeaderValue, String> {
    let bytes = Bytes::from_owner(Wiped(text));
    let mut value = HeaderValue::from_maybe_shared(bytes)
        .map_err(|_| format!("the header '{name}' would hold a control character"))?;
    value.set_sensitive(true);
    Ok(value)
}

struct Wiped(SecretString);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_44_a_credential_never_shows() {
        let value = value("x", "Bearer c4n4ry".to_owned().into()).unwrap();
        assert_eq!(value.as_bytes(), b"Bearer c4n4ry");
        assert!(!format!("{value:?}").contains("c4n4ry"));
    }
}
