//! A vendor's token endpoint, as `oauth2` and `client_credentials` have it.

use toml::Spanned;

use super::super::Reading;
use super::answer::answer;
use super::names::names;
use super::refuse;
use crate::section::Section;
use crate::template::Template;
use crate::token_server::{ClientAuth, TokenRequestFormat, TokenServer};

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

/// What a request for the app's own token says besides (RFC 6749 section 4.4.2).
pub(super) const OF_CLIENT_CREDENTIALS: [&str; 1] = ["scope"];

/// `own`: parameters of token requests that Ferrule sets for this kind besides those of every kind. `discovery`: the
/// issuer knows what the file leaves out.
pub(super) fn token_server(
    reading: &Reading<'_>,
    section: &Section<'_>,
    own: &[&str],
    discovery: bool,
) -> Option<TokenServer> {
    let address = |text: Option<Spanned<String>>| text.and_then(|text| reading.address(&text));
    let token_url = if discovery && !section.has("token_url") {
        Some(Template::left_out())
    } else {
        address(section.required_text("token_url"))
    };
    let revocation_url = address(section.text("revocation_url"));
    Some(TokenServer {
        revocation_url,
        scopes: scopes(reading, section),
        scope_separator: scope_separator(reading, section),
        token_params: token_params(reading, section, "token_params", own),
        token_names: names(reading, section, "token_names", &OF_TOKEN_REQUEST),
        answer: answer(reading, section),
        client_auth: section
            .choice(
                "client_auth",
                &[
                    ("body", ClientAuth::Body),
                    ("basic", ClientAuth::Basic),
                    ("secret_as_user", ClientAuth::SecretAsUser),
                ],
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
        // Last: by now every key has been asked for.
        token_url: token_url?,
    })
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

/// Extra parameters of token requests, none of them among what Ferrule sets.
pub(super) fn token_params(
    reading: &Reading<'_>,
    section: &Section<'_>,
    key: &'static str,
    own: &[&str],
) -> Vec<(String, Template)> {
    let pairs = section.pairs(key).into_iter();
    let params = pairs.filter_map(|(name, text)| {
        refuse(reading, &OF_TOKEN_REQUEST, &name, key);
        refuse(reading, own, &name, key);
        Some((name.into_inner(), reading.parsed(&text, Template::text)?))
    });
    params.collect()
}
