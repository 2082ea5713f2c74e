//! What a vendor's token endpoint said, read leniently.

pub(crate) mod fields;
mod shape;

use std::collections::BTreeMap;
use std::fmt;

use ferrule_model::TokenPair;
use jiff::Timestamp;
use secrecy::SecretString;

use fields::Fields;
pub use shape::{AnswerShape, ExpiresAs};

/// The longest answer that is read, in bytes.
pub const MAX_ANSWER_BYTES: usize = 1 << 20;

/// What came of a token request.
#[derive(Clone)]
pub enum TokenAnswer {
    /// Tokens.
    Granted(Grant),
    /// The vendor said no: a 4xx, or a 2xx that carries an `error`. A 429 is among them, so look at the status
    /// before taking this for a verdict.
    Refused {
        /// The vendor's `error`, unabridged; empty when it gave none.
        error: String,
        /// The vendor's `error_description`, unabridged. Show neither without [`vendor_words`](crate::vendor_words).
        description: Option<String>,
    },
    /// Nobody knows whether the code or refresh token is spent: a 5xx, a redirect, a 2xx that cannot be read.
    Unclear {
        /// The HTTP status.
        status: u16,
    },
}

/// Tokens, and what else the vendor told with them.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The tokens.
    pub tokens: TokenPair,
    /// The answer's other strings and numbers, such as the address of the account's API. What lies in objects is
    /// named by its path, with dots between; what lies in lists is left out.
    pub extra: ExtraFields,
}

/// What else a vendor told, name by name. Some of it may be secret: `Debug` shows names alone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ExtraFields(BTreeMap<String, String>);

impl ExtraFields {
    /// The field of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// These and those; of a name that both have, the latter's field.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// All fields, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

impl FromIterator<(String, String)> for ExtraFields {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(fields: T) -> Self {
        Self(fields.into_iter().collect())
    }
}

impl fmt::Debug for ExtraFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl fmt::Debug for TokenAnswer {
    /// Without the vendor's words, which may echo a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Granted(grant) => f.debug_tuple("Granted").field(grant).finish(),
            Self::Refused { .. } => f.write_str("Refused"),
            Self::Unclear { status } => f.debug_struct("Unclear").field("status", status).finish(),
        }
    }
}

/// Reads a token answer (RFC 6749 sections 5.1 and 5.2) as vendors give it. It never fails and never panics.
///
/// - The body decides whether it is JSON or form-encoded, and the content type only that a page is no form.
///   Of a repeated name the last value counts. Above [`MAX_ANSWER_BYTES`], or nested deeper than 128, it is
///   unreadable.
/// - `shape` says where the answer holds what; `access_token` may be called `token` by all. `token_type` may be missing. An id token is not read and not kept.
/// - `expires_in`, in seconds, may be a number or a string of one, and counts from `requested_at`, the moment the
///   request was sent. Missing, unreadable, zero, negative or beyond the calendar means that the token does not
///   expire (Mailchimp says 0, Intercom nothing).
/// - `scope` may be text or a list; missing or empty it is what was asked (RFC 6749 section 5.1).
/// - `error` may be an object with a `type` or `code`, and a `message` (Facebook).
pub fn read_token_answer(
    status: u16,
    content_type: Option<&str>,
    body: &[u8],
    requested_at: Timestamp,
    asked_scope: &str,
    shape: &AnswerShape<'_>,
) -> TokenAnswer {
    let fields = Fields::read(content_type, body);
    match (status, fields) {
        (200..=299, Some(fields)) => match fields.error(shape.error) {
            Some(error) => TokenAnswer::Refused {
                error,
                description: fields.error_description(shape.error_description),
            },
            None => granted(fields, requested_at, asked_scope, shape)
                .map_or(TokenAnswer::Unclear { status }, TokenAnswer::Granted),
        },
        (400..=499, fields) => TokenAnswer::Refused {
            error: fields
                .as_ref()
                .and_then(|fields| fields.error(shape.error))
                .unwrap_or_default(),
            description: fields.and_then(|fields| fields.error_description(shape.error_description)),
        },
        (status, _) => TokenAnswer::Unclear { status },
    }
}

fn granted(
    mut fields: Fields,
    requested_at: Timestamp,
    asked_scope: &str,
    shape: &AnswerShape<'_>,
) -> Option<Grant> {
    let mut around = BTreeMap::new();
    if let Some(within) = shape.within {
        let inner = fields.take_object(within)?;
        for name in ["access_token", "token", "refresh_token", "id_token"] {
            fields.take_text(name);
        }
        around = fields.into_texts("");
        fields = inner;
    }
    let token = fields.take_text("token");
    let access_token = fields.take_text(shape.access_token).or(token)?;
    let refresh_token = fields.take_text(shape.refresh_token);
    fields.take_text("id_token");
    let expires_at = fields
        .take_number(shape.expires)
        .and_then(|text| shape.expires_as.moment(&text, requested_at));
    let scope = fields
        .take_words(shape.scope)
        .unwrap_or_else(|| asked_scope.to_owned());
    let tokens = TokenPair {
        access_token: SecretString::from(access_token),
        refresh_token: refresh_token.map(SecretString::from),
        expires_at,
        scope,
    };
    around.extend(fields.into_texts(shape.within.unwrap_or_default()));
    Some(Grant {
        tokens,
        extra: ExtraFields(around),
    })
}

#[cfg(test)]
mod tests;
