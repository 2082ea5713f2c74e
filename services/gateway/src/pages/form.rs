//! What a form sent.

use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};

use crate::body;
use crate::errors::ApiError;
use crate::pages::Problem;
use crate::query::Query;

const KIND: &str = "application/x-www-form-urlencoded";

/// The fields of a form, empty ones absent.
pub(crate) struct Form(pub(crate) Query);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let is_form = kind.and_then(|kind| kind.to_str().ok()).is_some_and(|kind| {
            kind.split(';')
                .next()
                .is_some_and(|kind| kind.trim().eq_ignore_ascii_case(KIND))
        });
        let bytes = body::read(request.into_body())
            .await
            .map_err(|error| unreadable(&error))?;
        let text = std::str::from_utf8(&bytes).ok().filter(|_| is_form);
        match text.map(Query::parse) {
            Some(Ok(fields)) => Ok(Self(fields)),
            Some(Err(error)) => Err(unreadable(&error)),
            None => Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "This form cannot be read",
                format!("A form is sent as {KIND}."),
            )),
        }
    }
}

impl Form {
    /// A field without the spaces around it; absent when nothing is left.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(str::trim).filter(|text| !text.is_empty())
    }

    /// Tags as people type them: separated by commas.
    pub(crate) fn tags(&self) -> Vec<String> {
        split_tags(self.text("tags").unwrap_or_default())
    }
}

/// The tags of one line.
pub(crate) fn split_tags(line: &str) -> Vec<String> {
    line.split(',')
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
        .map(str::to_owned)
        .collect()
}

fn unreadable(error: &ApiError) -> Problem {
    Problem::new(error.status(), "This form cannot be read", error.message())
}
