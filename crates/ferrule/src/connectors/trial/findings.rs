//! What was found, in plain words, and what the file should say.

use std::time::Duration;

use anyhow::bail;
use ferrule_catalog::{Auth, ClientAuth, Connector, OAuth2, Pkce, Refresh, TokenRequestFormat};
use ferrule_wire::v1::Grant;
use ferrule_wire::{Reason, Refusal};
use http::StatusCode;
use jiff::Timestamp;

use crate::connectors::print;

/// What is to be done, collected.
#[derive(Default)]
pub(super) struct Findings {
    failures: Vec<String>,
    advice: Vec<String>,
}

impl Findings {
    /// The browser is back, from whom the vendor says it is.
    pub(super) fn came_back(&mut self, iss: Option<&str>, connector: &Connector) {
        print("The browser came back with a code.");
        let issuer = connector.oauth2().ok().and_then(|oauth2| oauth2.issuer.as_ref());
        if let (Some(iss), None) = (iss, issuer) {
            self.advise(format!(
                "write issuer = {iss:?}: the vendor names it in every callback"
            ));
        }
    }

    /// What came of the login, but for the tokens themselves.
    pub(super) fn grant(&mut self, grant: &Grant, connector: &Connector, now: Timestamp) {
        let scope = match grant.scope.as_str() {
            "" => "none named",
            scope => scope,
        };
        let ends = grant.expires_at.map_or_else(
            || "no end that the vendor names".to_owned(),
            |at| {
                let left = u64::try_from(at.saturating_sub(now.as_microsecond())).unwrap_or(0);
                format!("ends in {}", span(Duration::from_micros(left)))
            },
        );
        let renewable = if grant.refresh_token.is_empty() {
            "none"
        } else {
            "came"
        };
        print(&format!(
            "Tokens came.\n  access token   {ends}\n  refresh token  {renewable}\n  scopes         {scope}"
        ));
        for parameter in &connector.parameters {
            if let Some(value) = grant.parameters.get(&parameter.name)
                && !parameter.secret
            {
                print(&format!("  {:14} {value}", parameter.name));
            }
        }
        if let Ok(oauth2) = connector.oauth2()
            && grant.refresh_token.is_empty()
            && oauth2.refresh != Refresh::None
        {
            self.advise(
                "no refresh token came: write refresh = \"none\", or the scope or authorize_params that bring one".to_owned(),
            );
        }
    }

    /// The status of the ping; `None`: the file declares none.
    pub(super) fn ping(&mut self, answer: Option<StatusCode>, connector: &Connector) {
        let declared = connector.api.as_ref().and_then(|api| api.ping.as_ref());
        let (Some(status), Some(ping)) = (answer, declared) else {
            self.advise(
                "nothing could be called: write [api] with a ping, as in ping = \"GET /me\"".to_owned(),
            );
            return;
        };
        let call = format!("{} {}", ping.method, ping.path);
        print(&format!("{call}: {}", status.as_u16()));
        if status.is_success() {
            return;
        }
        self.failures.push(format!("{call} answers {}", status.as_u16()));
        match status.as_u16() {
            401 | 403 => self.advise(
                "look at authorization and headers under [api], and at the scopes: the vendor does not let this call in".to_owned(),
            ),
            404 | 405 => self.advise("look at base_url and ping under [api]: the vendor knows no such call".to_owned()),
            _ => {}
        }
    }

    /// A refresh brought this.
    pub(super) fn renewed(&mut self, before: &Grant, next: &Grant, connector: &Connector) {
        let rotates = !next.refresh_token.is_empty() && next.refresh_token != before.refresh_token;
        let (words, is) = if rotates {
            ("a new refresh token", "rotating")
        } else {
            ("the refresh token stays", "reusable")
        };
        print(&format!("Refreshed: a new access token, {words}."));
        let declared = match connector.oauth2().map(|oauth2| oauth2.refresh) {
            Ok(Refresh::None) => "none",
            Ok(Refresh::Reusable) => "reusable",
            Ok(Refresh::Rotating) => "rotating",
            Err(_) => is,
        };
        if declared != is {
            self.advise(format!("write refresh = \"{is}\""));
        }
    }

    /// Something was refused.
    pub(super) fn failed(&mut self, what: &str, refusal: &Refusal, connector: &Connector) {
        print(&refusal.message);
        let words = refusal.provider_message.as_deref().unwrap_or_default();
        if !words.is_empty() {
            print(&format!("The vendor's words: {words}"));
        }
        self.failures.push(format!("{what} failed"));
        if let Auth::OAuth2(oauth2) = &connector.auth {
            self.of_words(&words.to_ascii_lowercase(), oauth2);
        }
        if refusal.reason == Reason::ExchangeUnknown {
            self.advise(
                "the token answer could not be read: [auth.answer] says where it holds what, token_request how it is asked for".to_owned(),
            );
        }
    }

    /// What vendors say, and what in the file it may be about.
    fn of_words(&mut self, words: &str, oauth2: &OAuth2) {
        let has = |any: &[&str]| any.iter().any(|word| words.contains(word));
        if has(&["redirect"]) {
            self.advise("register the callback above at the vendor, letter by letter".to_owned());
        }
        if has(&["client"]) {
            let other = match oauth2.tokens.client_auth {
                // What the issuer says holds for most apps, and not for each.
                _ if oauth2.discovery.is_some() => "\"body\" or \"basic\"",
                ClientAuth::Body => "\"basic\"",
                ClientAuth::Basic | ClientAuth::SecretAsUser => "\"body\"",
            };
            self.advise(format!(
                "check key and secret; where they are right, try client_auth = {other}"
            ));
        }
        if has(&["code_challenge", "code challenge", "code_verifier", "pkce"]) {
            let other = match oauth2.pkce {
                Pkce::Off => "required",
                Pkce::Required | Pkce::S256 => "off",
            };
            self.advise(format!("try pkce = \"{other}\""));
        }
        if has(&["scope"]) {
            self.advise("ask for other scopes: the vendor does not grant these to this app".to_owned());
        }
        if has(&["content-type", "content type", "grant_type", "unsupported_media"]) {
            let other = match oauth2.tokens.token_request {
                TokenRequestFormat::Form => "json",
                TokenRequestFormat::Json => "form",
            };
            self.advise(format!("try token_request = \"{other}\""));
        }
    }

    fn advise(&mut self, advice: String) {
        if !self.advice.contains(&advice) {
            self.advice.push(advice);
        }
    }

    /// The last words.
    ///
    /// # Errors
    /// Something failed.
    pub(super) fn end(self) -> anyhow::Result<()> {
        for advice in &self.advice {
            print(&format!("- {advice}"));
        }
        if self.failures.is_empty() {
            print("It works.");
            return Ok(());
        }
        bail!("{}", self.failures.join(", "))
    }
}

/// A length of time, roughly.
fn span(left: Duration) -> String {
    let seconds = left.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_reads_well() {
        for (seconds, want) in [
            (0, "0 s"),
            (119, "119 s"),
            (3599, "59 min"),
            (86_400, "24 h"),
            (5_184_000, "60 days"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), want);
        }
    }
}
