//! How its users authenticate: `[auth]`, a file for each kind that says more than its name.

mod answer;
mod authorization_url;
mod long_lived;
mod names;
mod oauth1;
mod oauth2;
mod token_server;

use toml::Spanned;

use super::Reading;
use crate::auth::{ApiKey, Auth, Basic};
use crate::section::Section;
use oauth1::oauth1;
use oauth2::oauth2;
use token_server::{OF_CLIENT_CREDENTIALS, token_server};

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
        Kind::OAuth1 => oauth1(reading, &section).map(|oauth1| Auth::OAuth1(Box::new(oauth1))),
        Kind::ClientCredentials => token_server(reading, &section, &OF_CLIENT_CREDENTIALS, false)
            .map(|tokens| Auth::ClientCredentials(Box::new(tokens))),
        Kind::ApiKey => Some(Auth::ApiKey(ApiKey {
            label: label(reading, &section, "label", "API key"),
            help: help(&section),
        })),
        Kind::Basic => Some(Auth::Basic(Basic {
            username_label: label(reading, &section, "username_label", "User name"),
            password_label: label(reading, &section, "password_label", "Password"),
            help: help(&section),
        })),
        Kind::None => Some(Auth::None),
    };
    section.finish();
    auth
}

/// What a form calls an entry: the file's word or ours.
fn label(reading: &Reading<'_>, section: &Section<'_>, key: &'static str, ours: &str) -> String {
    let Some(label) = section.text(key) else {
        return ours.to_owned();
    };
    if label.get_ref().trim().is_empty() {
        let message = format!("'{key}' is empty: write the vendor's word, or leave it out");
        reading.report.at(label.span(), message);
    }
    label.into_inner()
}

fn help(section: &Section<'_>) -> String {
    section.text("help").map(Spanned::into_inner).unwrap_or_default()
}

/// Reports a parameter that Ferrule itself sets.
fn refuse(reading: &Reading<'_>, own: &[&str], name: &Spanned<String>, key: &str) {
    if own.contains(&name.get_ref().as_str()) {
        let message = format!("{key}: Ferrule sets '{}' itself: remove it", name.get_ref());
        reading.report.at(name.span(), message);
    }
}
