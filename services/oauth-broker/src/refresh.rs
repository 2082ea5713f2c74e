//! A refresh token is spent, once (design: "Journal", "A refresh"); an app that is its own user asks for its next token.
//!
//! Of all calls for one pair one asks the vendor, and goes on to its end whether or not anybody waits. What a
//! refresh before has brought and nobody confirmed is told again instead. The journal is the second copy of a new
//! pair, no gate: a store that is away stops nothing.

use std::pin::pin;
use std::time::Duration;

use ferrule_catalog::{Auth, Connector};
use ferrule_model::InstanceId;
use ferrule_oauth::TokenAnswer;
use ferrule_wire::v1::verdict::Kind;
use ferrule_wire::v1::{RefreshRequest, RefreshResponse};
use ferrule_wire::{Reason, Refusal};
use secrecy::SecretString;
use tokio::time::timeout;
use tracing::Instrument as _;

use crate::fill::fill;
use crate::handshake::{Grant, RecordError, SpentPair};
use crate::journal;
use crate::refusals::{from_parameter, from_record};
use crate::reply;
use crate::state::Broker;
use crate::token_endpoint::{Answered, TIME_LIMIT, TokenEndpoint, scope_of};
use crate::under_way::Turn;
use crate::vendor_call::Asked;
use crate::verdict::{Refreshed, verdict};

/// How long the store may take to say what waits. With the vendor's time limit and the patience of the journal
/// less than the caller's deadline of 25 s.
const LOOK: Duration = Duration::from_secs(1);

/// How long the vendor is listened to: past the time limit, since its late answer may hold the only refresh token
/// that still works, but less than the caller's lease of 60 s.
const LISTENING: Duration = Duration::from_secs(45);

pub(crate) async fn refresh(broker: &Broker, request: RefreshRequest) -> Result<RefreshResponse, Refusal> {
    let spent = SpentPair {
        instance: InstanceId(request.instance_id),
        version: request.version,
    };
    let (mut told, turn) = broker.under_way.join(spent);
    if let Some(turn) = turn {
        let worker = broker.clone();
        let work = async move { run(&worker, request, turn).await };
        broker.unfinished.spawn(work.in_current_span());
    }
    let told = told.wait_for(Option::is_some).await.map(|told| told.clone());
    match told {
        Ok(Some(told)) => told.map(reply::refreshed),
        Ok(None) | Err(_) => Err(Refusal::internal("a refresh ended without a word")),
    }
}

async fn run(broker: &Broker, request: RefreshRequest, turn: Turn) {
    match waiting(broker, turn.spent()).await {
        Ok(None) => {}
        Ok(Some(grant)) => return turn.end(Ok(Refreshed::Granted(Box::new(grant)))),
        Err(refusal) => return turn.end(Err(refusal)),
    }
    let mut sending = pin!(send(broker, request));
    let refreshed = if let Ok(refreshed) = timeout(TIME_LIMIT, &mut sending).await {
        refreshed
    } else {
        tracing::warn!(event = "refresh_late", refresh = %turn.spent(), "the token endpoint has not answered in time");
        turn.tell(Ok(Refreshed::refused(Kind::Unanswered)));
        sending.await
    };
    match refreshed {
        Ok(Refreshed::Granted(grant)) => journal::keep_refresh(broker, turn, grant).await,
        told => turn.end(told),
    }
}

/// What an earlier refresh of this pair has brought. A store that is away has nothing to say; a record that is
/// there and does not open has: a token that was spent for it is not sent again.
async fn waiting(broker: &Broker, spent: SpentPair) -> Result<Option<Grant>, Refusal> {
    match timeout(LOOK, broker.refreshes.find(spent)).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error @ (RecordError::Seal(_) | RecordError::Format))) => Err(from_record(error)),
        Ok(Err(error)) => {
            tracing::warn!(%error, "a refresh goes on without its journal");
            Ok(None)
        }
        Err(_) => {
            tracing::warn!("a refresh goes on without its journal, which takes too long to answer");
            Ok(None)
        }
    }
}

/// The one token request.
async fn send(broker: &Broker, request: RefreshRequest) -> Result<Refreshed, Refusal> {
    let connector = &*broker.with_tokens(&request.element).await?;
    let app_alone = matches!(connector.auth, Auth::ClientCredentials(_));
    if request.refresh_token.is_empty() && !app_alone {
        let words = "There is no refresh token to spend.";
        return Err(Refusal::new(Reason::InvalidRequest, words));
    }
    let parameters = connector.resolve(&request.parameters).map_err(from_parameter)?;
    let refresh_token = SecretString::from(request.refresh_token);
    let client_secret = SecretString::from(request.api_secret);
    let endpoint = TokenEndpoint::new(connector, &parameters, &request.api_key, &client_secret)?;
    let (message, scope) = if app_alone {
        let tokens = connector.token_server().map_err(from_parameter)?;
        let scope = scope_of(&request.parameters, tokens);
        (endpoint.client_credentials_request(&scope)?, scope)
    } else {
        (
            endpoint.refresh_request(&refresh_token, &request.scope, &request.callback_url)?,
            request.scope,
        )
    };
    let answer = match endpoint
        .ask(broker, Asked::Refresh, message, LISTENING, &scope)
        .await
    {
        Ok(answer) => answer,
        Err(error) => return Ok(Refreshed::without_answer(connector, &error)),
    };
    let TokenAnswer::Granted(granted) = answer.tokens else {
        let mut verdict = verdict(&answer, broker.clock.now(), &[&refresh_token, &client_secret]);
        if app_alone && verdict.kind() == Kind::ReauthorizationRequired {
            // No user could log in again: it is the app that the vendor refuses.
            verdict.set_kind(Kind::AppMisconfigured);
        }
        report(connector, &answer, verdict.kind());
        return Ok(Refreshed::Refused(verdict));
    };
    let mut parameters = parameters.clone().into_map();
    fill(&mut parameters, connector, granted.extra.iter());
    Ok(Refreshed::Granted(Box::new(Grant {
        refresh_token: endpoint.refresh_token_of(&granted.tokens).filter(|_| !app_alone),
        access_token: granted.tokens.access_token,
        token_secret: None,
        expires_at: granted.tokens.expires_at,
        scope: granted.tokens.scope,
        requested_at: answer.requested_at,
        client_id: request.api_key,
        client_secret: Some(client_secret),
        callback_url: request.callback_url,
        parameters,
    })))
}

fn report(connector: &Connector, answer: &Answered, kind: Kind) {
    let event = match kind {
        Kind::Unanswered => "refresh_unanswered",
        _ => "refresh_refused",
    };
    tracing::warn!(event, element = %connector.key, status = answer.status.as_u16(), verdict = kind.as_str_name(), "a refresh brought no tokens");
}
