//! The parameters of a query or a form, read as RFC 6749 section 3 wants them read.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::pages;

/// Parameters by name. An empty one counts as absent, a repeated one as an error (RFC 6749 section 3.1).
pub(crate) struct Parameters(Vec<(String, String)>);

/// A parameter is absent or repeated.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum ParameterError {
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} is given more than once")]
    Repeated(&'static str),
}

/// The body is no form.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FormError {
    #[error("the body must be a form: application/x-www-form-urlencoded")]
    WrongType,
    #[error("the body is too large or was cut off")]
    Unreadable(StatusCode),
}

impl Parameters {
    /// Reads `a=1&b=2`.
    pub fn parse(form: &[u8]) -> Self {
        Self(form_urlencoded::parse(form).into_owned().collect())
    }

    pub fn get(&self, name: &'static str) -> Result<Option<&str>, ParameterError> {
        let mut values = self
            .0
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(ParameterError::Repeated(name)),
            (value, None) => Ok(value.filter(|value| !value.is_empty())),
        }
    }

    pub fn require(&self, name: &'static str) -> Result<&str, ParameterError> {
        self.get(name)?.ok_or(ParameterError::Missing(name))
    }
}

impl<S: Send + Sync> FromRequest<S> for Parameters {
    type Rejection = FormError;

    async fn from_request(request: Request, state: &S) -> Result<Self, FormError> {
        let essence = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let essence = essence
            .and_then(|value| value.split(';').next())
            .unwrap_or_default()
            .trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(FormError::WrongType);
        }
        match Bytes::from_request(request, state).await {
            Ok(body) => Ok(Self::parse(&body)),
            Err(rejection) => Err(FormError::Unreadable(rejection.status())),
        }
    }
}

impl FormError {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unreadable(status) => *status,
        }
    }
}

impl IntoResponse for FormError {
    fn into_response(self) -> Response {
        pages::refusal(self.status(), &format!("This form cannot be read: {self}."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_parameter_is_absent_and_a_repeated_one_an_error() {
        let parameters = Parameters::parse(b"a=1&b=&c=1&c=1&d=%2B+");
        assert_eq!(parameters.get("a"), Ok(Some("1")));
        assert_eq!(parameters.get("b"), Ok(None));
        assert_eq!(parameters.require("b"), Err(ParameterError::Missing("b")));
        assert_eq!(parameters.get("c"), Err(ParameterError::Repeated("c")));
        assert_eq!(parameters.get("d"), Ok(Some("+ ")));
    }
}
