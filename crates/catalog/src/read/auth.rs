//! How its users authenticate: `[auth]`.

use toml::Spanned;
use url::Url;

use super::Reading;
use crate::address::Address;
use crate::auth::{Auth, ClientAuth, OAuth2, Pkce, Refresh, TokenRequestFormat};
use crate::pieces::{Part, split};
use crate::reach::is_loopback;
use crate::section::Section;
use crate::template::Template;

/// What an authorization URL always says (RFC 6749 section 4.1.1, RFC 7636): no file may say otherwise.
const OF_AUTHORIZATION: [&str; 7] = [
    "scope",
    "response_type",
    "redirect_uri",
    "state",
    "client_id",
    "code_challenge",
    "code_challenge_method",
];

/// What a token request always says (RFC 6749 sections 4.1.3 and 6, RFC 7636).
const OF_TOKEN_REQUEST: [&str; 7] = [
    "grant_type",
    "code",
    "redirect_uri",
    "client_id",
    "client_secret",
    "code_verifier",
    "refresh_token",
];

#[derive(Clone, Copy)]
enum Kind {
    OAuth2,
    OAuth1,
    ClientCredentials,
    ApiKey,
    Basic,
    None,
}

const KINDS: [(&str, Kind); 6] = [
    ("oauth2", Kind::OAuth2),
    ("oauth1", Kind::OAuth1),
    ("client_credentials", Kind::ClientCredentials),
    ("api_key", Kind::ApiKey),
    ("basic", Kind::Basic),
    ("none", Kind::None),
];

pub(super) fn auth(reading: &Reading<'_>, top: &Section<'_>) -> Option<Auth> {
    let section = top.required_section("auth", "[auth]")?;
    // Without a kind nobody knows which other keys are right.
    let auth = match section.required_choice("kind", &KINDS)? {
        Kind::OAuth2 => oauth2(reading, &section).map(|oauth2| Auth::OAuth2(Box::new(oauth2))),
        Kind::OAuth1 => Some(Auth::OAuth1),
        Kind::ClientCredentials => Some(Auth::ClientCredentials),
        Kind::ApiKey => Some(Auth::ApiKey),
        Kind::Basic => Some(Auth::Basic),
        Kind::None => Some(Auth::None),
    };
    section.finish();
    auth
}

fn oauth2(reading: &Reading<'_>, section: &Section<'_>) -> Option<OAuth2> {
    let authorization_url = section.required_text("authorization_url");
    let token_url = section.required_text("token_url");
    let revocation_url = section.text("revocation_url");
    let address = |text: Option<Spanned<String>>| text.and_then(|text| Some((reading.address(&text)?, text)));

    let authorization_url = address(authorization_url).map(|(template, text)| {
        for name in template
            .as_address()
            .map(Address::query_names)
            .unwrap_or_default()
        {
            refuse(
                reading,
                &OF_AUTHORIZATION,
                &Spanned::new(text.span(), name),
                "authorization_url",
            );
        }
        template
    });
    let token_url = address(token_url).map(|(template, _)| template);
    let revocation_url = address(revocation_url).map(|(template, _)| template);
    let (issuer, iss_required, discovery) = issuer(reading, section);

    Some(OAuth2 {
        scopes: scopes(reading, section),
        scope_separator: scope_separator(reading, section),
        authorize_params: authorize_params(reading, section),
        token_params: token_params(reading, section),
        client_auth: section
            .choice(
                "client_auth",
                &[("body", ClientAuth::Body), ("basic", ClientAuth::Basic)],
            )
            .unwrap_or(ClientAuth::Body),
        token_request: section
            .choice(
                "token_request",
                &[
                    ("form", TokenRequestFormat::Form),
                    ("json", TokenRequestFormat::Json),
                ],
            )
            .unwrap_or(TokenRequestFormat::Form),
        pkce: section
            .choice(
                "pkce",
                &[
                    ("required", Pkce::Required),
                    ("s256", Pkce::S256),
                    ("off", Pkce::Off),
                ],
            )
            .unwrap_or(Pkce::S256),
        refresh: section
            .choice(
                "refresh",
                &[
                    ("none", Refresh::None),
                    ("reusable", Refresh::Reusable),
                    ("rotating", Refresh::Rotating),
                ],
            )
            .unwrap_or(Refresh::None),
        revocation_url,
        issuer,
        iss_required,
        discovery,
        // Last: by now every key has been asked for.
        authorization_url: authorization_url?,
        token_url: token_url?,
    })
}

/// Issuer, whether a callback must name it, and whether it publishes metadata.
fn issuer(reading: &Reading<'_>, section: &Section<'_>) -> (Option<String>, bool, bool) {
    let issuer = section.text("issuer");
    let iss = section.text("iss");
    let iss_required = section
        .choice("iss", &[("required", true), ("optional", false)])
        .unwrap_or(false);
    let discovery = section.flag("discovery").unwrap_or(false);
    if let Some(text) = &issuer
        && let Err(why) = check_issuer(text.get_ref(), reading.rules.allow_private_networks)
    {
        reading
            .report
            .at(text.span(), format!("issuer = \"{}\": {why}", text.get_ref()));
    }
    if issuer.is_none() && iss_required {
        let span = iss.map_or(section.span(), |iss| iss.span());
        reading.report.at(
            span,
            "iss = \"required\" needs an issuer to compare with: write issuer = \"https://…\"",
        );
    }
    if issuer.is_none() && discovery {
        reading.report.at(
            section.span(),
            "discovery = true needs an issuer: write issuer = \"https://…\"",
        );
    }
    (issuer.map(Spanned::into_inner), iss_required, discovery)
}

/// RFC 8414 section 2: https, no query, no fragment; here also http on loopback where that is let in.
fn check_issuer(text: &str, allow_private_networks: bool) -> Result<(), &'static str> {
    let url = Url::parse(text).map_err(|_| "write an address that begins with https://")?;
    let loopback = url.host_str().is_some_and(is_loopback);
    match url.scheme() {
        "https" => {}
        "http" if loopback && allow_private_networks => {}
        "http" if loopback => return Err("http:// on loopback needs FERRULE_ALLOW_PRIVATE_NETWORKS=true"),
        _ => return Err("write an address that begins with https://"),
    }
    let bare = url.username().is_empty() && url.password().is_none();
    let plain = bare && url.query().is_none() && url.fragment().is_none() && !text.contains(['{', '}']);
    if plain {
        Ok(())
    } else {
        Err("an issuer has no placeholder, user name, query or fragment: remove it")
    }
}

fn scopes(reading: &Reading<'_>, section: &Section<'_>) -> Vec<String> {
    let scopes = section.texts("scopes").unwrap_or_default();
    for scope in &scopes {
        let text = scope.get_ref();
        if text.is_empty() || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            let message = format!("scopes: '{text}' is not one scope: write each in quotes of its own");
            reading.report.at(scope.span(), message);
        }
    }
    scopes.into_iter().map(Spanned::into_inner).collect()
}

fn scope_separator(reading: &Reading<'_>, section: &Section<'_>) -> String {
    let Some(separator) = section.text("scope_separator") else {
        return " ".to_owned();
    };
    if separator.get_ref().is_empty() || separator.get_ref().chars().any(char::is_control) {
        reading
            .report
            .at(separator.span(), "scope_separator: write \" \" or \",\"");
    }
    separator.into_inner()
}

fn authorize_params(reading: &Reading<'_>, section: &Section<'_>) -> Vec<(String, Template)> {
    let pairs = section.pairs("authorize_params").into_iter();
    let params = pairs.filter_map(|(name, text)| {
        refuse(reading, &OF_AUTHORIZATION, &name, "authorize_params");
        Some((name.into_inner(), reading.parsed(&text, Template::text)?))
    });
    params.collect()
}

fn token_params(reading: &Reading<'_>, section: &Section<'_>) -> Vec<(String, String)> {
    let pairs = section.pairs("token_params").into_iter();
    let params = pairs.map(|(name, text)| {
        refuse(reading, &OF_TOKEN_REQUEST, &name, "token_params");
        if !matches!(split(text.get_ref()).as_deref(), Ok([] | [Part::Literal(_)])) {
            reading
                .report
                .at(text.span(), "token_params are fixed: remove the placeholder");
        }
        (name.into_inner(), text.into_inner())
    });
    params.collect()
}

/// Reports a parameter that Ferrule itself sets.
fn refuse(reading: &Reading<'_>, own: &[&str], name: &Spanned<String>, key: &str) {
    if own.contains(&name.get_ref().as_str()) {
        let message = format!("{key}: Ferrule sets '{}' itself: remove it", name.get_ref());
        reading.report.at(name.span(), message);
    }
}
