//! What the vendor sent back with the browser: a verifier, or a no.

use std::collections::BTreeMap;

use ferrule_catalog::Connector;
use ferrule_oauth::vendor_words;
use ferrule_wire::{Reason, Refusal};
use secrecy::SecretString;

use super::state_of;
use crate::callback::Came;
use crate::handshake::{Callback, Denial};

/// Reads the callback's query: the state of its login, and what came (RFC 5849 section 2.2).
pub(crate) fn came(
    connector: &Connector,
    mut query: BTreeMap<String, String>,
) -> Result<(SecretString, Came), Refusal> {
    let refuse = |words| Err(Refusal::new(Reason::InvalidRequest, words));
    let denied = denial(&query, &[]);
    let verifier = query
        .remove("oauth_verifier")
        .filter(|verifier| !verifier.is_empty());
    let token = [query.remove("oauth_token"), query.remove("denied")];
    let Some(token) = token.into_iter().flatten().find(|token| !token.is_empty()) else {
        return refuse("The vendor sent no oauth_token, so nobody knows which login this answers.");
    };
    let state = state_of(&connector.key, &token.into());
    match (denied, verifier) {
        (Some(denial), _) => Ok((state, Came::No(denial))),
        (None, Some(verifier)) => {
            let came = Callback {
                code: verifier.into(),
                parameters: query,
            };
            Ok((state, Came::Yes(came)))
        }
        (None, None) => refuse("The vendor sent neither an oauth_verifier nor a refusal."),
    }
}

/// The vendor's no: `denied`, as many vendors say it, or `oauth_problem` of the Problem Reporting extension.
pub(crate) fn denial(query: &BTreeMap<String, String>, secrets: &[&SecretString]) -> Option<Denial> {
    let value = |name: &str| query.get(name).map(String::as_str);
    if let Some(problem) = value("oauth_problem") {
        return Some(Denial {
            error: vendor_words(problem, None, secrets),
            description: vendor_words("", value("oauth_problem_advice"), secrets),
        });
    }
    // Its value is the token, no word.
    value("denied").map(|_| Denial {
        error: "access_denied".to_owned(),
        description: String::new(),
    })
}
