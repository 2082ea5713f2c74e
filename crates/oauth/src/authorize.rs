//! Where the browser is sent to log in.

use std::borrow::Cow;

use form_urlencoded::byte_serialize;

use crate::endpoint::{self, InvalidEndpoint};
use crate::names::Names;

/// The parameters that are Ferrule's to set.
const OURS: [&str; 7] = [
    "scope",
    "response_type",
    "redirect_uri",
    "state",
    "client_id",
    "code_challenge",
    "code_challenge_method",
];

/// An authorization request (RFC 6749 section 4.1.1), with PKCE (RFC 7636 section 4.3) where a challenge is given.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizationRequest<'a> {
    /// The vendor's authorization endpoint; what its query holds is kept, and stands first.
    pub endpoint: &'a str,
    /// What is asked for, as the vendor separates it. `None` or empty: the parameter is left out.
    pub scope: Option<&'a str>,
    /// Where the vendor sends the browser back to.
    pub redirect_uri: &'a str,
    /// Comes back verbatim.
    pub state: &'a str,
    /// The vendor app. Empty stays, as `client_id=`.
    pub client_id: &'a str,
    /// [`CodeVerifier::challenge`](crate::CodeVerifier::challenge), S256.
    pub code_challenge: Option<&'a str>,
    /// What the connector adds. A name that is ours, or that was there before, is passed over.
    pub extra: &'a [(String, String)],
    /// What the vendor calls the rest.
    pub names: Names<'a>,
}

impl AuthorizationRequest<'_> {
    /// The authorization URL, its parameters in the contract's order ("oauth/url in detail"): `scope,
    /// response_type, redirect_uri, state, client_id`, the PKCE challenge, then extras.
    ///
    /// A space is written `%20`, which reads the same to those who take a query for a form and those who do not.
    ///
    /// # Errors
    /// The endpoint is none, or its own query holds a parameter of ours.
    pub fn url(&self) -> Result<String, InvalidEndpoint> {
        let mut pairs = Vec::with_capacity(OURS.len());
        pairs.extend(
            self.scope
                .filter(|scope| !scope.is_empty())
                .map(|scope| ("scope", scope)),
        );
        pairs.extend([
            ("response_type", "code"),
            ("redirect_uri", self.redirect_uri),
            ("state", self.state),
            ("client_id", self.client_id),
        ]);
        if let Some(challenge) = self.code_challenge {
            pairs.extend([("code_challenge", challenge), ("code_challenge_method", "S256")]);
        }
        let pairs = pairs.into_iter();
        let pairs = pairs.filter_map(|(name, value)| Some((self.names.of(name)?, value)));
        with_parameters(self.endpoint, &OURS, pairs.collect(), self.extra)
    }
}

/// An endpoint with parameters after those that its own query holds: `pairs`, then of `extra` what is neither among
/// `ours` nor there before.
pub(crate) fn with_parameters<'a>(
    endpoint: &str,
    ours: &[&'static str],
    mut pairs: Vec<(&'a str, &'a str)>,
    extra: &'a [(String, String)],
) -> Result<String, InvalidEndpoint> {
    let endpoint = endpoint::parse(endpoint)?;
    let mut names: Vec<Cow<'_, str>> = endpoint.query_pairs().map(|(name, _)| name).collect();
    if let Some(held) = ours.iter().find(|ours| names.iter().any(|name| name == *ours)) {
        return Err(InvalidEndpoint::HoldsParameter(held));
    }
    names.extend(ours.iter().copied().map(Cow::Borrowed));
    for (name, value) in extra {
        if !names.iter().any(|held| held == name) {
            names.push(Cow::Borrowed(name));
            pairs.push((name, value));
        }
    }

    let mut separator = match endpoint.query() {
        None => "?",
        Some("") => "",
        Some(_) => "&",
    };
    drop(names);
    let mut url = String::from(endpoint);
    // Most of it is written as it is.
    let length = |(name, value): &(&str, &str)| name.len() + value.len() + value.len() / 2 + 2;
    url.reserve(pairs.iter().map(length).sum());
    for (name, value) in pairs {
        url.push_str(separator);
        push_encoded(&mut url, name);
        url.push('=');
        push_encoded(&mut url, value);
        separator = "&";
    }
    Ok(url)
}

fn push_encoded(url: &mut String, text: &str) {
    url.extend(byte_serialize(text.as_bytes()).map(|piece| if piece == "+" { "%20" } else { piece }));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    const INTERCOM: AuthorizationRequest<'_> = AuthorizationRequest {
        endpoint: "https://app.intercom.io/oauth",
        scope: Some("read"),
        redirect_uri: "https://auth.cloudelements.io/oauth",
        state: "intercom",
        client_id: "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
        code_challenge: None,
        extra: &[],
        names: Names(&[]),
    };

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    #[test]
    fn a_vendors_own_names_stand_in_place_of_ours() {
        let names = [("client_id", "app_id"), ("response_type", "")];
        let names = names.map(|(ours, vendors)| (ours.to_owned(), vendors.to_owned()));
        let request = AuthorizationRequest {
            endpoint: "https://vendor.example/a",
            scope: None,
            names: Names(&names),
            ..INTERCOM
        };
        let url = request.url().unwrap();
        assert!(url.contains("&app_id=") && !url.contains("client_id"), "{url}");
        assert!(!url.contains("response_type"), "{url}");
    }

    #[test]
    fn the_contracts_example_comes_out_byte_for_byte() {
        assert_eq!(
            INTERCOM.url().unwrap(),
            "https://app.intercom.io/oauth?scope=read&response_type=code\
             &redirect_uri=https%3A%2F%2Fauth.cloudelements.io%2Foauth&state=intercom\
             &client_id=xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
        );
    }

    #[test]
    fn no_scope_is_left_out_and_no_client_id_stays() {
        for scope in [None, Some("")] {
            let request = AuthorizationRequest {
                scope,
                client_id: "",
                ..INTERCOM
            };
            assert_eq!(
                request.url().unwrap(),
                "https://app.intercom.io/oauth?response_type=code\
                 &redirect_uri=https%3A%2F%2Fauth.cloudelements.io%2Foauth&state=intercom&client_id="
            );
        }
    }

    #[test]
    fn the_endpoints_own_query_stands_first_and_extras_last() {
        let extra = owned(&[("prompt", "consent"), ("access_type", "offline")]);
        let request = AuthorizationRequest {
            endpoint: "https://vendor.example/authorize?api-version=2.0",
            redirect_uri: "https://a.example/",
            client_id: "c",
            scope: Some("read write"),
            code_challenge: Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            extra: &extra,
            ..INTERCOM
        };
        assert_eq!(
            request.url().unwrap(),
            "https://vendor.example/authorize?api-version=2.0&scope=read%20write&response_type=code\
             &redirect_uri=https%3A%2F%2Fa.example%2F&state=intercom&client_id=c\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256\
             &prompt=consent&access_type=offline"
        );
    }

    #[test]
    fn an_extra_overrides_nothing() {
        let mut extra: Vec<_> = OURS.map(|name| (name.to_owned(), "evil".to_owned())).into();
        extra.extend(owned(&[
            ("api-version", "evil"),
            ("prompt", "login"),
            ("prompt", "evil"),
        ]));
        let request = AuthorizationRequest {
            endpoint: "https://vendor.example/?api-version=2.0",
            extra: &extra,
            ..INTERCOM
        };
        let url = request.url().unwrap();
        assert!(!url.contains("evil"), "{url}");
        assert!(url.ends_with("&prompt=login"), "{url}");
    }

    #[test]
    fn an_endpoint_that_holds_a_parameter_of_ours_is_refused() {
        let request = AuthorizationRequest {
            endpoint: "https://vendor.example/?st%61te=x",
            ..INTERCOM
        };
        assert_eq!(request.url(), Err(InvalidEndpoint::HoldsParameter("state")));
    }

    #[test]
    fn an_empty_query_gains_no_second_mark() {
        let request = AuthorizationRequest {
            endpoint: "https://vendor.example/?",
            scope: None,
            ..INTERCOM
        };
        assert!(
            request
                .url()
                .unwrap()
                .starts_with("https://vendor.example/?response_type=code&")
        );
    }

    proptest! {
        #[test]
        fn a_parser_reads_back_what_was_put_in(
            scope in ".*", redirect_uri in ".*", state in ".*", client_id in ".*", challenge in ".*",
            name in "x_.*", value in ".*",
        ) {
            let extra = [(name.clone(), value.clone())];
            let request = AuthorizationRequest {
                endpoint: "https://vendor.example/a/b?own=1",
                scope: Some(&scope),
                redirect_uri: &redirect_uri,
                state: &state,
                client_id: &client_id,
                code_challenge: Some(&challenge),
                extra: &extra,
                names: Names(&[]),
            };
            let url = Url::parse(&request.url().unwrap()).unwrap();
            prop_assert_eq!((url.host_str(), url.path()), (Some("vendor.example"), "/a/b"));
            prop_assert_eq!(url.fragment(), None);

            let mut want = vec![("own", "1"), ("scope", &scope), ("response_type", "code")];
            want.retain(|pair| *pair != ("scope", ""));
            want.extend([("redirect_uri", &*redirect_uri), ("state", &*state), ("client_id", &*client_id)]);
            want.extend([("code_challenge", &*challenge), ("code_challenge_method", "S256"), (&*name, &*value)]);
            prop_assert_eq!(url.query_pairs().collect::<Vec<_>>(), owned(&want).into_iter()
                .map(|(name, value)| (name.into(), value.into())).collect::<Vec<_>>());
        }
    }
}
