//! A login that the caller did itself (contract, "externalAuthentication"): it brings the tokens.

use std::time::Duration;

use ferrule_catalog::{Auth, Connector};
use ferrule_model::{Digest, OrganizationId, TokenPair};
use ferrule_wire::{Refusal, v1};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Outcome, check_address, digest_of, lacking, refuse_without};
use crate::configuration::{API_KEY, API_SECRET, CALLBACK_URL, Configuration, SCOPE, TOKEN_SECRET};
use crate::errors::invalid;
use crate::exchange::{Granted, exchange};
use crate::state::Registry;

const ACCESS_TOKEN: &str = "oauth.user.token";
const REFRESH_TOKEN: &str = "oauth.user.refresh_token";
/// When the access token was given out, in milliseconds since 1970.
const REFRESH_TIME: &str = "oauth.user.refresh_time";
/// How long it lives, in seconds.
const LIFETIMES: [&str; 2] = ["expires_in", "oauth.user.refresh_interval"];

/// An access token with less life than this is not worth keeping.
const SHORTEST_LIFE: SignedDuration = SignedDuration::from_secs(60);

/// The tokens of a login elsewhere.
pub(crate) struct External {
    refresh_token: Option<SecretString>,
    access_token: Option<SecretString>,
    /// Of OAuth 1.0a.
    token_secret: Option<SecretString>,
    given_out_at: Option<Timestamp>,
    lifetime: Option<SignedDuration>,
}

impl External {
    /// Takes the tokens out of what the caller gave, where they would only grow old.
    pub(crate) fn take(given: &mut Configuration) -> Self {
        let number = |name: &str| given.get(name)?.trim().parse::<i64>().ok();
        let given_out_at = number(REFRESH_TIME).and_then(|millis| Timestamp::from_millisecond(millis).ok());
        let lifetime = LIFETIMES
            .iter()
            .find_map(|name| number(name))
            .and_then(|seconds| u64::try_from(seconds).ok())
            .and_then(|seconds| SignedDuration::try_from(Duration::from_secs(seconds)).ok());
        let secret = |name: &str| given.get(name).map(SecretString::from);
        let external = Self {
            refresh_token: secret(REFRESH_TOKEN),
            access_token: secret(ACCESS_TOKEN),
            token_secret: secret(TOKEN_SECRET),
            given_out_at,
            lifetime,
        };
        let is_kept = |name: &str| !name.starts_with("oauth.user.") && !LIFETIMES.contains(&name);
        given.clear.retain(|name, _| is_kept(name));
        given.secrets.retain(|name, _| is_kept(name));
        external
    }

    /// Refuses what lacks something, naming every missing entry. An access token alone will do: some vendors issue
    /// nothing else. One of OAuth 1.0a has a secret.
    pub(crate) fn check(&self, connector: &Connector, configuration: &Configuration) -> Result<(), Refusal> {
        let missing = if signs(connector) {
            let tokens = [
                (ACCESS_TOKEN, &self.access_token),
                (TOKEN_SECRET, &self.token_secret),
            ];
            let absent = tokens.into_iter().filter(|(_, token)| token.is_none());
            let app = lacking(configuration, &[API_KEY, API_SECRET]);
            app.into_iter().chain(absent.map(|(name, _)| name)).collect()
        } else {
            let mut missing = lacking(configuration, &[API_KEY]);
            if self.refresh_token.is_none() && self.access_token.is_none() {
                missing.push(REFRESH_TOKEN);
            }
            missing
        };
        refuse_without(&missing)?;
        check_address(connector, configuration)?;
        let brought = [&self.refresh_token, &self.access_token, &self.token_secret];
        let brought = brought.into_iter().flatten();
        for token in brought {
            if token.expose_secret().chars().any(char::is_control) {
                return Err(invalid("A token under oauth.user holds a control character."));
            }
        }
        Ok(())
    }

    /// What names these tokens for ever.
    pub(crate) fn digest(
        &self,
        organization: OrganizationId,
        connector: &Connector,
        configuration: &Configuration,
    ) -> Digest {
        let refresh_token = self.refresh_token.as_ref().filter(|_| !signs(connector));
        let token = refresh_token.or(self.access_token.as_ref());
        digest_of("external", organization, connector)
            .field(configuration.get(API_KEY).unwrap_or_default())
            .field(token.map(SecretString::expose_secret).unwrap_or_default())
            .finish()
    }

    /// Keeps an access token that has life left; otherwise spends the refresh token at once, once.
    pub(crate) async fn take_over(
        self,
        registry: &Registry,
        organization: OrganizationId,
        connector: &Connector,
        configuration: &Configuration,
        digest: Digest,
    ) -> Result<Outcome, Refusal> {
        if signs(connector) {
            let granted = self.signing(connector, registry.clock.now())?;
            return Ok(Outcome::Granted(Box::new(granted)));
        }
        if let Some(granted) = self.at_hand(configuration, registry.clock.now()) {
            return Ok(Outcome::Granted(Box::new(granted)));
        }
        let mut parameters = configuration.exposed();
        let mut take = |name| parameters.remove(name).unwrap_or_default();
        let request = v1::ExchangeRequest {
            organization_id: organization.0,
            element: connector.key.to_string(),
            digest: digest.as_bytes().to_vec(),
            api_key: take(API_KEY),
            api_secret: take(API_SECRET),
            callback_url: take(CALLBACK_URL),
            parameters,
            refresh_token: self
                .refresh_token
                .as_ref()
                .map(|token| token.expose_secret().to_owned())
                .unwrap_or_default(),
            ..v1::ExchangeRequest::default()
        };
        exchange(registry, connector, request).await
    }

    /// A token of OAuth 1.0a, which nothing renews and no end is known of, and the secret that signs with it.
    fn signing(self, connector: &Connector, now: Timestamp) -> Result<Granted, Refusal> {
        let (Some(access_token), Some(secret)) = (self.access_token, self.token_secret) else {
            return Err(Refusal::internal("a login elsewhere was not checked"));
        };
        let mut configuration = Configuration::default();
        let secret = secret.expose_secret().to_owned();
        configuration.insert(connector, TOKEN_SECRET.to_owned(), secret);
        Ok(Granted {
            pair: TokenPair {
                access_token,
                refresh_token: None,
                expires_at: None,
                scope: String::new(),
            },
            requested_at: self.given_out_at.filter(|at| *at <= now).unwrap_or(now),
            configuration,
            kept_as: None,
        })
    }

    /// The pair as it was brought, where that can be told to be good for a while, or nothing better can be had.
    fn at_hand(&self, configuration: &Configuration, now: Timestamp) -> Option<Granted> {
        let access_token = self.access_token.clone()?;
        let requested_at = self.given_out_at.filter(|at| *at <= now).unwrap_or(now);
        let expires_at = self
            .lifetime
            .filter(SignedDuration::is_positive)
            .and_then(|lifetime| requested_at.checked_add(lifetime).ok());
        let lives_on = expires_at.is_some_and(|end| end.duration_since(now) >= SHORTEST_LIFE);
        if self.refresh_token.is_some() && !lives_on {
            return None;
        }
        Some(Granted {
            pair: TokenPair {
                access_token,
                refresh_token: self.refresh_token.clone(),
                expires_at,
                scope: configuration.get(SCOPE).unwrap_or_default().to_owned(),
            },
            requested_at,
            configuration: Configuration::default(),
            kept_as: None,
        })
    }
}

fn signs(connector: &Connector) -> bool {
    matches!(connector.auth, Auth::OAuth1(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn configuration(entries: &[(&str, &str)]) -> Configuration {
        let clear = entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Configuration {
            clear: clear.collect(),
            ..Configuration::default()
        }
    }

    #[test]
    fn an_access_token_is_kept_only_while_it_is_known_to_be_good() {
        let at = |second: i64| (second * 1000).to_string();
        let (fresh, old, ahead) = (at(NOW - 100), at(NOW - 3550), at(NOW + 9999));
        for (entries, want) in [
            (&[("expires_in", "3600")][..], Some(Some(NOW + 3600))),
            (&[("expires_in", "59")], None),
            (&[("expires_in", "0")], None),
            (&[("expires_in", "-5")], None),
            (&[("expires_in", "soon")], None),
            (&[("expires_in", "99999999999999999")], None),
            (&[], None),
            (
                &[
                    ("oauth.user.refresh_time", fresh.as_str()),
                    ("oauth.user.refresh_interval", "3600"),
                ],
                Some(Some(NOW + 3500)),
            ),
            (
                &[
                    ("oauth.user.refresh_time", old.as_str()),
                    ("oauth.user.refresh_interval", "3600"),
                ],
                None,
            ),
            (
                &[
                    ("oauth.user.refresh_time", ahead.as_str()),
                    ("expires_in", "3600"),
                ],
                Some(Some(NOW + 3600)),
            ),
        ] {
            let mut given = configuration(entries);
            given.clear.insert(ACCESS_TOKEN.into(), "a".into());
            given.clear.insert(REFRESH_TOKEN.into(), "r".into());
            given.clear.insert("shop".into(), "one".into());
            let now = Timestamp::from_second(NOW).unwrap();
            let external = External::take(&mut given);
            assert_eq!(given.clear.keys().collect::<Vec<_>>(), ["shop"]);
            let kept = external.at_hand(&given, now);
            let end = kept.map(|granted| granted.pair.expires_at.map(Timestamp::as_second));
            assert_eq!(end, want, "{entries:?}");
        }
    }

    #[test]
    fn without_a_refresh_token_the_access_token_is_all_there_is() {
        let mut given = configuration(&[(ACCESS_TOKEN, "a"), (SCOPE, "read")]);
        let external = External::take(&mut given);
        let kept = external
            .at_hand(&given, Timestamp::from_second(NOW).unwrap())
            .unwrap();
        assert_eq!((kept.pair.expires_at, kept.pair.scope.as_str()), (None, "read"));
        assert!(kept.pair.refresh_token.is_none());
    }
}
