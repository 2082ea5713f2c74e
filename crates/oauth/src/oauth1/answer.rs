//! What a vendor says to a request for credentials.

use std::fmt;

use secrecy::SecretString;

use crate::token_answer::ExtraFields;
use crate::token_answer::fields::Fields;

/// What came of a request for temporary or token credentials.
#[derive(Clone)]
pub enum CredentialsAnswer {
    /// A token and its secret.
    Granted(IssuedCredentials),
    /// The vendor said no: a 4xx, or a 2xx that names a problem. A 429 is among them.
    Refused {
        /// The vendor's `oauth_problem` or `error`, unabridged; empty when it gave none.
        error: String,
        /// Its `oauth_problem_advice` or `error_description`. Show neither without
        /// [`vendor_words`](crate::vendor_words).
        description: Option<String>,
    },
    /// Nobody knows whether a verifier is spent: a 5xx, a redirect, a 2xx that cannot be read.
    Unclear {
        /// The HTTP status.
        status: u16,
    },
}

/// A token and its secret, as the vendor issued them.
#[derive(Clone, Debug)]
pub struct IssuedCredentials {
    /// `oauth_token`.
    pub token: SecretString,
    /// `oauth_token_secret`.
    pub secret: SecretString,
    /// The answer's other fields, such as the account's name.
    pub extra: ExtraFields,
}

/// Without the vendor's words, which may echo a secret.
impl fmt::Debug for CredentialsAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Granted(_) => f.write_str("Granted"),
            Self::Refused { .. } => f.write_str("Refused"),
            Self::Unclear { status } => f.debug_struct("Unclear").field("status", status).finish(),
        }
    }
}

/// Reads the answer to the first or the third leg (RFC 5849 sections 2.1 and 2.3): a form, or JSON as some vendors
/// write it. It never fails and never panics. Problems are read as the Problem Reporting extension has them, or as
/// OAuth 2.0 does.
pub fn read_credentials_answer(status: u16, content_type: Option<&str>, body: &[u8]) -> CredentialsAnswer {
    let fields = Fields::read(content_type, body);
    match (status, fields) {
        (200..=299, Some(mut fields)) => match problem(&mut fields) {
            Some((error, description)) => CredentialsAnswer::Refused { error, description },
            None => granted(fields).map_or(CredentialsAnswer::Unclear { status }, CredentialsAnswer::Granted),
        },
        (400..=499, fields) => {
            let (error, description) = fields
                .and_then(|mut fields| problem(&mut fields))
                .unwrap_or_default();
            CredentialsAnswer::Refused { error, description }
        }
        (status, _) => CredentialsAnswer::Unclear { status },
    }
}

fn problem(fields: &mut Fields) -> Option<(String, Option<String>)> {
    if let Some(problem) = fields.take_text("oauth_problem") {
        return Some((problem, fields.take_text("oauth_problem_advice")));
    }
    Some((
        fields.error("error")?,
        fields.error_description("error_description"),
    ))
}

fn granted(mut fields: Fields) -> Option<IssuedCredentials> {
    Some(IssuedCredentials {
        token: fields.take_text("oauth_token")?.into(),
        secret: fields.take_text("oauth_token_secret")?.into(),
        extra: fields.into_texts("").into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

    #[test]
    fn the_examples_of_sections_2_1_and_2_3() {
        for (body, token, secret) in [
            (
                "oauth_token=hdk48Djdsa&oauth_token_secret=xyz4992k83j47x0b&oauth_callback_confirmed=true",
                "hdk48Djdsa",
                "xyz4992k83j47x0b",
            ),
            (
                "oauth_token=j49ddk933skd9dks&oauth_token_secret=ll399dj47dskfjdk",
                "j49ddk933skd9dks",
                "ll399dj47dskfjdk",
            ),
            (
                r#"{"oauth_token":"t","oauth_token_secret":"a&b","screen_name":"me"}"#,
                "t",
                "a&b",
            ),
            ("oauth_token=%2B&oauth_token_secret=a%26b", "+", "a&b"),
        ] {
            // Vendors write all kinds of content types.
            for content_type in [FORM, Some("text/html"), None] {
                let answer = read_credentials_answer(200, content_type, body.as_bytes());
                match answer {
                    CredentialsAnswer::Granted(issued) => {
                        assert_eq!(issued.token.expose_secret(), token);
                        assert_eq!(issued.secret.expose_secret(), secret);
                    }
                    other => assert_eq!(content_type, Some("text/html"), "{other:?} {body}"),
                }
            }
        }
    }

    #[test]
    fn what_else_a_vendor_says() {
        for (status, body, want) in [
            (
                401,
                "oauth_problem=token_rejected&oauth_problem_advice=begin+again",
                "token_rejected: begin again",
            ),
            (
                401,
                "error=invalid_request&error_description=nonce",
                "invalid_request: nonce",
            ),
            (200, "oauth_problem=nonce_used", "nonce_used"),
            (401, "", ""),
            (403, "<html>", ""),
            (200, "oauth_token=t", "unclear"),
            (200, "oauth_token=t&oauth_token_secret=", "unclear"),
            (200, "<html>hello</html>", "unclear"),
            (302, "", "unclear"),
            (500, "oauth_problem=x", "unclear"),
        ] {
            let said = match read_credentials_answer(status, FORM, body.as_bytes()) {
                CredentialsAnswer::Refused { error, description } => {
                    crate::vendor_words(&error, description.as_deref(), &[])
                }
                CredentialsAnswer::Unclear { status: unclear } => {
                    assert_eq!(unclear, status);
                    "unclear".to_owned()
                }
                CredentialsAnswer::Granted(_) => panic!("{body}"),
            };
            assert_eq!(said, want, "{status} {body}");
        }
    }
}
