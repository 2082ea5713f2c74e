//! `kind = "oauth2"`: where the user logs in.

use toml::Spanned;
use url::Url;

use super::super::Reading;
use super::authorization_url::{authorization_url, authorize_params};
use super::long_lived::long_lived;
use super::names::names;
use super::refuse;
use super::token_server::{token_params, token_server};
use crate::auth::{OAuth2, Pkce, Refresh, Sent};
use crate::discovered::Discovery;
use crate::reach::is_loopback;
use crate::section::Section;
use crate::template::Template;

pub(super) fn oauth2(reading: &Reading<'_>, section: &Section<'_>) -> Option<OAuth2> {
    let discovers = section.flag("discovery").unwrap_or(false);
    let authorization_url = if discovers && !section.has("authorization_url") {
        Some(Template::left_out())
    } else {
        authorization_url(reading, section, &OAuth2::OF_AUTHORIZATION)
    };
    let tokens = token_server(reading, section, &[], discovers);
    let (issuer, iss_required) = issuer(reading, section, discovers);
    let authorize_names = names(reading, section, "authorize_names", &OAuth2::OF_AUTHORIZATION);
    // A name that stands for one of ours is ours too.
    let ours = authorize_names.iter().map(|(_, vendors)| vendors.as_str());
    let ours: Vec<&str> = OAuth2::OF_AUTHORIZATION.into_iter().chain(ours).collect();
    let refresh_params = section.has("refresh_params");
    Some(OAuth2 {
        authorize_params: authorize_params(reading, section, &ours),
        callback_code: callback_code(reading, section),
        redirect_uri: section
            .text("redirect_uri")
            .and_then(|text| reading.parsed(&text, Template::text)),
        token_sends: sent(reading, section, "token_sends", &[("scope", Sent::Scope)]),
        refresh_url: section
            .text("refresh_url")
            .and_then(|text| reading.address(&text)),
        refresh_params: refresh_params.then(|| token_params(reading, section, "refresh_params", &[])),
        refresh_sends: sent(
            reading,
            section,
            "refresh_sends",
            &[("scope", Sent::Scope), ("redirect_uri", Sent::RedirectUri)],
        ),
        long_lived: long_lived(reading, section),
        authorize_names,
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
        discovery: issuer.clone().filter(|_| discovers).map(|issuer| Discovery {
            issuer,
            pkce: !section.has("pkce"),
            client_auth: !section.has("client_auth"),
            iss: !section.has("iss"),
        }),
        issuer,
        iss_required,
        // Last: by now every key has been asked for.
        authorization_url: authorization_url?,
        tokens: tokens?,
    })
}

/// What the callback calls the code.
fn callback_code(reading: &Reading<'_>, section: &Section<'_>) -> String {
    let Some(name) = section.text("callback_code") else {
        return "code".to_owned();
    };
    refuse(
        reading,
        &["state", "error", "error_description", "iss"],
        &name,
        "callback_code",
    );
    if name.get_ref().is_empty() {
        let message = "'callback_code' is empty: write the vendor's name, or leave it out";
        reading.report.at(name.span(), message);
    }
    name.into_inner()
}

/// What is sent along.
fn sent(
    reading: &Reading<'_>,
    section: &Section<'_>,
    key: &'static str,
    known: &[(&str, Sent)],
) -> Vec<Sent> {
    let words = section.texts(key).unwrap_or_default();
    let sent = words.iter().filter_map(|word| {
        let found = known.iter().find(|(name, _)| name == word.get_ref());
        if found.is_none() {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            let message = format!(
                "{key}: '{}' is not known: write {}",
                word.get_ref(),
                names.join(" or ")
            );
            reading.report.at(word.span(), message);
        }
        Some(found?.1)
    });
    sent.collect()
}

/// Issuer, and whether a callback must name it. `discovers`: the file leaves the rest to it.
fn issuer(reading: &Reading<'_>, section: &Section<'_>, discovers: bool) -> (Option<String>, bool) {
    let issuer = section.text("issuer");
    let iss = section.text("iss");
    let iss_required = section
        .choice("iss", &[("required", true), ("optional", false)])
        .unwrap_or(false);
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
    if issuer.is_none() && discovers {
        reading.report.at(
            section.span(),
            "discovery = true needs an issuer: write issuer = \"https://…\"",
        );
    }
    (issuer.map(Spanned::into_inner), iss_required)
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
