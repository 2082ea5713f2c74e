//! The vendor's answer at Ferrule's own callback: attached to its handshake, once.

use ferrule_catalog::{Auth, Connector};
use ferrule_model::Digest;
use ferrule_oauth::{check_iss, vendor_words};
use ferrule_wire::v1::{CallbackRequest, CallbackResponse};
use ferrule_wire::{Reason, Refusal};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::handshake::{Attach, AuthorizationRequest, Callback, Denial, Form, HandshakeKey};
use crate::oauth1;
use crate::refusals::{expired_state, from_record, unknown_state};
use crate::state::Broker;

/// The longest value of a parameter that is kept beside the code.
const MAX_KEPT: usize = 2048;

/// What the vendor said.
pub(crate) enum Came {
    /// Yes: a code, or a verifier of OAuth 1.0a.
    Yes(Callback),
    /// No.
    No(Denial),
}

/// Where to send the browser. No refusal consumes anything, and none repeats what the vendor sent.
pub(crate) async fn callback(broker: &Broker, request: CallbackRequest) -> Result<CallbackResponse, Refusal> {
    let connector = broker.with_logins(&request.element)?;
    let (iss, binding) = (request.iss.clone(), Digest::from_bytes(&request.browser_binding));
    let (state, came) = match connector.auth {
        Auth::OAuth1(_) => oauth1::came(connector, request.parameters)?,
        _ => came(connector, request)?,
    };
    let iss_required = connector.oauth2().is_ok_and(|oauth2| oauth2.iss_required);
    let key = HandshakeKey::of_state(&state);
    let check = |agreed: &AuthorizationRequest| -> Result<(), Refusal> {
        same_connector(agreed, connector)?;
        same_browser(agreed, binding)?;
        let required = iss_required || agreed.iss_required;
        check_iss(agreed.issuer.as_deref(), iss.as_deref(), required).map_err(|mismatch| {
            tracing::warn!(event = "issuer_mismatch", element = %connector.key, "a callback was refused");
            Refusal::new(
                Reason::IssuerMismatch,
                format!("This login was refused: {mismatch}."),
            )
        })
    };

    match came {
        Came::No(denial) => {
            let denied = broker.handshakes.deny(&key, &denial, check).await;
            let agreed = attached(denied.map_err(from_record)?)?;
            tracing::info!(event = "denied", element = %connector.key, "a login ended with a no");
            Ok(landing(&agreed, &state, Some(denial)))
        }
        Came::Yes(mut callback) => {
            callback.parameters.retain(|_, value| value.len() <= MAX_KEPT);
            let attach = broker.handshakes.attach(&key, &callback, check).await;
            let agreed = attached(attach.map_err(from_record)?)?;
            Ok(landing(&agreed, &state, None))
        }
    }
}

/// The state, and what came with it (RFC 6749 sections 4.1.2 and 4.1.2.1).
fn came(connector: &Connector, mut request: CallbackRequest) -> Result<(SecretString, Came), Refusal> {
    let refuse = |words| Err(Refusal::new(Reason::InvalidRequest, words));
    if request.state.is_empty() {
        return refuse("The vendor sent no state, so nobody knows which login this answers.");
    }
    let state: SecretString = request.state.into();
    if !request.error.is_empty() {
        let denial = Denial {
            error: vendor_words(&request.error, None, &[&state]),
            description: vendor_words("", Some(&request.error_description), &[&state]),
        };
        return Ok((state, Came::No(denial)));
    }
    if let Ok(oauth2) = connector.oauth2()
        && let Some(code) = request.parameters.remove(&oauth2.callback_code)
    {
        request.code = code;
    }
    if request.code.is_empty() {
        return refuse("The vendor sent neither a code nor an error.");
    }
    let came = Callback {
        code: request.code.into(),
        parameters: request.parameters,
    };
    Ok((state, Came::Yes(came)))
}

/// One path a connector, and the connector in the handshake too: a code of one never reaches another.
fn same_connector(agreed: &AuthorizationRequest, connector: &Connector) -> Result<(), Refusal> {
    if agreed.connector == connector.key {
        return Ok(());
    }
    tracing::warn!(event = "connector_mismatch", element = %connector.key, "a callback came on another connector's path");
    Err(Refusal::new(
        Reason::CallbackMismatch,
        "This answer came on the path of another connector than the one the login began with.",
    ))
}

/// A login that began in a browser here ends in the same one.
fn same_browser(agreed: &AuthorizationRequest, binding: Option<Digest>) -> Result<(), Refusal> {
    match &agreed.form {
        Form::Hosted {
            browser_binding: Some(bound),
            ..
        } if binding.as_ref() != Some(bound) => {
            tracing::warn!(event = "browser_mismatch", element = %agreed.connector, "a callback came from another browser");
            Err(Refusal::new(
                Reason::BrowserMismatch,
                "This login began in another browser, or its cookie is gone. Open the link there, or begin again here.",
            ))
        }
        _ => Ok(()),
    }
}

fn attached(attach: Attach<Refusal>) -> Result<Box<AuthorizationRequest>, Refusal> {
    match attach {
        Attach::Attached(agreed) | Attach::AttachedBefore(agreed) => Ok(agreed),
        Attach::Refused(refusal) => Err(refusal),
        Attach::Spent => Err(Refusal::new(
            Reason::StateSpent,
            "This login had its answer before. If it is not connected, begin again.",
        )),
        Attach::Expired => Err(expired_state()),
        Attach::Unknown => Err(unknown_state()),
    }
}

/// Back to the `returnUrl` of the handshake, never to one that came with the request.
fn landing(agreed: &AuthorizationRequest, state: &SecretString, denial: Option<Denial>) -> CallbackResponse {
    let redirect_to = match &agreed.form {
        Form::Hosted {
            return_url: Some(address),
            caller_state,
            ..
        } => go_back(address, state, caller_state.as_ref(), denial.as_ref()),
        _ => None,
    };
    let (denied, denial) = (
        denial.is_some(),
        denial.unwrap_or_else(|| Denial {
            error: String::new(),
            description: String::new(),
        }),
    );
    CallbackResponse {
        redirect_to: redirect_to.unwrap_or_default(),
        element: agreed.connector.to_string(),
        handshake: state.expose_secret().to_owned(),
        denied,
        error: denial.error,
        error_description: denial.description,
    }
}

fn go_back(
    address: &str,
    state: &SecretString,
    caller_state: Option<&SecretString>,
    denial: Option<&Denial>,
) -> Option<String> {
    let mut url = Url::parse(address).ok()?;
    {
        let mut query = url.query_pairs_mut();
        if let Some(denial) = denial {
            query.append_pair("error", &denial.error);
            if !denial.description.is_empty() {
                query.append_pair("error_description", &denial.description);
            }
        }
        if let Some(caller_state) = caller_state {
            query.append_pair("state", caller_state.expose_secret());
        }
        query.append_pair("handshake", state.expose_secret());
    }
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_return_url_keeps_its_own_query() {
        let (state, caller) = (SecretString::from("S"), SecretString::from("a b&c"));
        let back = go_back("https://app.example/done?tab=2", &state, Some(&caller), None).unwrap();
        assert_eq!(back, "https://app.example/done?tab=2&state=a+b%26c&handshake=S");
    }

    #[test]
    fn a_denial_carries_the_vendors_words() {
        let denial = Denial {
            error: "access_denied".into(),
            description: "No, thanks".into(),
        };
        let back = go_back(
            "https://app.example/done",
            &SecretString::from("S"),
            None,
            Some(&denial),
        )
        .unwrap();
        assert_eq!(
            back,
            "https://app.example/done?error=access_denied&error_description=No%2C+thanks&handshake=S"
        );
    }
}
