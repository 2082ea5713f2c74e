//! Proof Key for Code Exchange (RFC 7636), S256 alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ferrule_model::Digest;
use serde::{Deserialize, Serialize};

use crate::parameters::{ParameterError, Parameters};

/// A code challenge: the digest of the verifier, in base64url.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Challenge(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum ChallengeError {
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    #[error("code_challenge_method must be S256")]
    Method,
    #[error("code_challenge must be the SHA-256 digest of the verifier in base64url: 43 characters")]
    Malformed,
}

impl Challenge {
    /// The challenge of an authorization request, if it brings one (RFC 7636 section 4.3).
    pub fn of_request(parameters: &Parameters) -> Result<Option<Self>, ChallengeError> {
        let method = parameters.get("code_challenge_method")?;
        let Some(challenge) = parameters.get("code_challenge")? else {
            return match method {
                None => Ok(None),
                Some(_) => Err(ParameterError::Missing("code_challenge").into()),
            };
        };
        if method != Some("S256") {
            return Err(ChallengeError::Method);
        }
        digest(challenge)
            .map(|_| Some(Self(challenge.to_owned())))
            .ok_or(ChallengeError::Malformed)
    }

    /// Whether this verifier made the challenge (RFC 7636 section 4.6). In constant time.
    pub fn accepts(&self, verifier: &str) -> bool {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        (43..=128).contains(&verifier.len())
            && verifier.bytes().all(unreserved)
            && digest(&self.0) == Some(Digest::of(verifier))
    }
}

fn digest(challenge: &str) -> Option<Digest> {
    Digest::from_bytes(&URL_SAFE_NO_PAD.decode(challenge).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn of(query: &str) -> Result<Option<Challenge>, ChallengeError> {
        Challenge::of_request(&Parameters::parse(query.as_bytes()))
    }

    #[test]
    fn the_example_of_rfc_7636_appendix_b_is_accepted() {
        let challenge = of(&format!("code_challenge={CHALLENGE}&code_challenge_method=S256"))
            .unwrap()
            .unwrap();
        assert!(challenge.accepts("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!challenge.accepts("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXj"));
        assert!(!challenge.accepts(CHALLENGE));
    }

    #[test]
    fn plain_and_malformed_challenges_are_refused() {
        let cases = [
            (format!("code_challenge={CHALLENGE}"), ChallengeError::Method),
            (
                format!("code_challenge={CHALLENGE}&code_challenge_method=plain"),
                ChallengeError::Method,
            ),
            (
                "code_challenge=short&code_challenge_method=S256".into(),
                ChallengeError::Malformed,
            ),
            (
                "code_challenge_method=S256".into(),
                ParameterError::Missing("code_challenge").into(),
            ),
        ];
        for (query, want) in cases {
            assert_eq!(of(&query).err(), Some(want), "{query}");
        }
        assert!(of("").unwrap().is_none());
    }
}
