//! `Debug` for messages that hold secrets: their name alone.

use std::fmt;

use crate::v1;

macro_rules! redacted {
    ($($message:ty),* $(,)?) => {
        $(impl fmt::Debug for $message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($message))?;
                f.write_str(" { … }")
            }
        })*
    };
}

redacted!(
    v1::AuthorizeRequest,
    v1::AuthorizeResponse,
    v1::RequestTokenRequest,
    v1::RequestTokenResponse,
    v1::CallbackRequest,
    v1::CallbackResponse,
    v1::FindOutcomeRequest,
    v1::ExchangeRequest,
    v1::ExchangeResponse,
    v1::exchange_response::Outcome,
    v1::Grant,
    v1::RevokeRequest,
    v1::RefreshRequest,
    v1::RefreshResponse,
    v1::refresh_response::Outcome,
    v1::ReadJournalResponse,
    v1::Credential,
    v1::Signing,
    v1::App,
    v1::FindAppRequest,
    v1::PutAppRequest,
    v1::Caller,
    v1::CreateConnectSessionRequest,
    v1::OpenConnectLinkRequest,
    v1::FinishConnectRequest,
    v1::ConnectLink,
    v1::Credentials,
    v1::OpenSessionRequest,
    v1::FindSessionRequest,
    v1::CloseSessionRequest,
    v1::ProviderData,
    v1::CreateInstanceRequest,
    v1::UpdateInstanceRequest,
    v1::Instance,
    v1::ListInstancesResponse,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_never_shows_its_tokens() {
        let grant = v1::Grant {
            access_token: "hunter2".into(),
            ..v1::Grant::default()
        };
        let answer = v1::ExchangeResponse {
            outcome: Some(v1::exchange_response::Outcome::Grant(grant)),
        };
        assert!(!format!("{answer:?}").contains("hunter2"));
    }
}
