//! The vendor's login URL, and the handshake that waits for what comes back (design: "The handshake").

use ferrule_catalog::{Auth, Connector, OAuth2, Pkce};
use ferrule_model::{Digest, OrganizationId};
use ferrule_oauth::{AuthorizationRequest, CodeVerifier, Names, redirect_uri, return_url};
use ferrule_wire::Refusal;
use ferrule_wire::v1::{AuthorizeRequest, AuthorizeResponse};
use secrecy::{ExposeSecret as _, SecretString};

use crate::handshake::{self, Form, HandshakeKey};
use crate::oauth1;
use crate::refusals::{from_parameter, from_record, invalid, unauthenticated};
use crate::state::Broker;

/// Marks a state that Ferrule made for a caller's own callback, so that it is known when it comes back.
pub(crate) const OWN_CALLBACK_STATE: &str = "fs_";

/// At most one write to the handshake store, and no call to the vendor but for the first leg of OAuth 1.0a.
pub(crate) async fn authorize(
    broker: &Broker,
    request: AuthorizeRequest,
) -> Result<AuthorizeResponse, Refusal> {
    let connector = broker.with_logins(&request.element)?;
    if let Auth::OAuth1(_) = connector.auth {
        return Box::pin(oauth1::authorize(broker, connector, request)).await;
    }
    let connector = &*broker.complete(connector).await?;
    let oauth2 = connector.oauth2().map_err(from_parameter)?;
    if request.api_key.is_empty() {
        return Err(invalid(
            "`apiKey` is missing: send the client id of your app at the vendor.",
        ));
    }
    let given = request.parameters.clone();
    let parameters = connector.resolve(&given).map_err(from_parameter)?;
    let plan = Plan::of(broker, connector, oauth2, &request)?;

    let scope = if request.scope.is_empty() {
        oauth2.tokens.scope()
    } else {
        request.scope.clone()
    };
    let verifier = plan.pkce.then(|| CodeVerifier::generate(&broker.chance));
    let oauth_url = AuthorizationRequest {
        endpoint: &connector.authorization_url(&parameters).map_err(from_parameter)?,
        scope: Some(&scope),
        redirect_uri: &connector
            .redirect_uri(&plan.callback_url, &parameters)
            .map_err(from_parameter)?,
        state: plan.state.expose_secret(),
        client_id: &request.api_key,
        code_challenge: verifier.as_ref().map(CodeVerifier::challenge).as_deref(),
        extra: &connector.authorize_params(&parameters).map_err(from_parameter)?,
        names: Names(&oauth2.authorize_names),
    }
    .url()
    .map_err(Refusal::internal)?;

    let hosted = matches!(&plan.kept, Some((_, Form::Hosted { .. })));
    if let Some((organization_id, form)) = plan.kept {
        let key = if hosted || plan.state_is_ours {
            HandshakeKey::of_state(&plan.state)
        } else {
            HandshakeKey::of_callers_state(
                organization_id,
                &connector.key,
                &request.api_key,
                &plan.callback_url,
                &plan.state,
            )
        };
        let token_url = connector.token_url(&parameters).ok();
        let declared = parameters.into_map();
        let record = handshake::AuthorizationRequest {
            organization_id,
            connector: connector.key.clone(),
            form,
            client_id: request.api_key,
            client_secret: (!request.api_secret.is_empty()).then(|| request.api_secret.into()),
            callback_url: plan.callback_url,
            scope,
            code_verifier: verifier.map(|verifier| verifier.secret().clone()),
            temporary: None,
            kept: given
                .into_iter()
                .filter(|(name, _)| !declared.contains_key(name))
                .collect(),
            parameters: declared,
            token_url,
            issuer: oauth2.issuer.clone(),
            iss_required: oauth2.iss_required,
        };
        broker.handshakes.begin(&key, record).await.map_err(from_record)?;
    }
    Ok(AuthorizeResponse {
        oauth_url,
        element: connector.key.to_string(),
        state: hosted.then(|| plan.state.expose_secret().to_owned()),
    })
}

/// Which way back, under which state, with or without PKCE, and whether anything is kept.
struct Plan {
    callback_url: String,
    state: SecretString,
    state_is_ours: bool,
    pkce: bool,
    kept: Option<(OrganizationId, Form)>,
}

impl Plan {
    fn of(
        broker: &Broker,
        connector: &Connector,
        oauth2: &OAuth2,
        request: &AuthorizeRequest,
    ) -> Result<Self, Refusal> {
        let caller = request.organization_id.map(OrganizationId);
        let hosted_callback = broker.hosted_callback(connector);
        if request.callback_url.is_empty() || request.callback_url == hosted_callback {
            let organization = caller.ok_or_else(|| {
                unauthenticated("Ferrule's own callback is for known callers: send an Authorization header, or a callbackUrl of yours.")
            })?;
            return Self::hosted(broker, oauth2, request, organization, hosted_callback);
        }
        redirect_uri::check(&request.callback_url)
            .map_err(|problem| invalid(format!("`callbackUrl` is refused: {problem}.")))?;
        if request.state.starts_with(OWN_CALLBACK_STATE) {
            return Err(invalid(format!(
                "`state` must not begin with {OWN_CALLBACK_STATE}: Ferrule marks its own states with that."
            )));
        }
        match caller {
            Some(organization) => Self::own_callback(broker, oauth2, request, organization),
            None => Self::anonymous(connector, oauth2, request),
        }
    }

    /// Ferrule's own callback: always kept, under a state that Ferrule makes.
    fn hosted(
        broker: &Broker,
        oauth2: &OAuth2,
        request: &AuthorizeRequest,
        organization: OrganizationId,
        callback_url: String,
    ) -> Result<Self, Refusal> {
        let form = hosted_form(broker, request)?;
        Ok(Self {
            callback_url,
            state: broker.chance.url_token(),
            state_is_ours: true,
            pkce: oauth2.pkce != Pkce::Off,
            kept: Some((organization, form)),
        })
    }

    /// The caller's own callback: kept where Ferrule makes the state or a code verifier.
    fn own_callback(
        broker: &Broker,
        oauth2: &OAuth2,
        request: &AuthorizeRequest,
        organization: OrganizationId,
    ) -> Result<Self, Refusal> {
        if request.pkce && oauth2.pkce == Pkce::Off {
            return Err(invalid("This vendor takes no PKCE: leave `pkce` out."));
        }
        let pkce = request.pkce || oauth2.pkce == Pkce::Required;
        let state_is_ours = request.state.is_empty();
        let state = if state_is_ours {
            format!(
                "{OWN_CALLBACK_STATE}{}",
                broker.chance.url_token().expose_secret()
            )
            .into()
        } else {
            request.state.clone().into()
        };
        let kept = (state_is_ours || pkce).then_some((organization, Form::OwnCallback));
        Ok(Self {
            callback_url: request.callback_url.clone(),
            state,
            state_is_ours,
            pkce,
            kept,
        })
    }

    /// Nobody known: nothing is kept, so nothing that would have to be.
    fn anonymous(
        connector: &Connector,
        oauth2: &OAuth2,
        request: &AuthorizeRequest,
    ) -> Result<Self, Refusal> {
        if request.pkce || oauth2.pkce == Pkce::Required {
            return Err(unauthenticated(
                "PKCE needs a handshake that Ferrule keeps for a known caller: send an Authorization header.",
            ));
        }
        let state = non_empty(&request.state).unwrap_or_else(|| connector.key.to_string());
        Ok(Self {
            callback_url: request.callback_url.clone(),
            state: state.into(),
            state_is_ours: false,
            pkce: false,
            kept: None,
        })
    }
}

/// Ferrule's own callback, as a login on it is kept.
pub(crate) fn hosted_form(broker: &Broker, request: &AuthorizeRequest) -> Result<Form, Refusal> {
    let pages = format!("{}/connect/", broker.settings.public_url);
    let is_our_page = !request.connect_session.is_empty() && request.return_url.starts_with(&pages);
    if !request.return_url.is_empty() && !is_our_page {
        return_url::check(&request.return_url, broker.settings.return_urls.as_deref())
            .map_err(|problem| invalid(format!("`returnUrl` is refused: {problem}.")))?;
    }
    Ok(Form::Hosted {
        connect_session: non_empty(&request.connect_session),
        return_url: non_empty(&request.return_url),
        caller_state: non_empty(&request.state).map(SecretString::from),
        browser_binding: Digest::from_bytes(&request.browser_binding),
    })
}

fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
