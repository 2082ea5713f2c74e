//! What the user must add: `[[parameters]]`.

use std::collections::BTreeSet;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeTable;

use super::{text_at, texts_at};
use crate::parameter::{Parameter, Pattern, Place};
use crate::pieces::{Declared, is_name};
use crate::returned::{Returned, is_path};
use crate::section::{Report, Section};

/// What the contract and the placeholders of credentials use already.
const TAKEN: [&str; 25] = [
    "access_token",
    "api_key",
    "apiKey",
    "apiSecret",
    "callbackUrl",
    "client_id",
    "client_secret",
    "code",
    "denied",
    "elementKeyOrId",
    "error",
    "error_description",
    "handshake",
    "iss",
    "oauth_problem",
    "oauth_problem_advice",
    "oauth_token",
    "oauth_verifier",
    "password",
    "pkce",
    "requestToken",
    "returnUrl",
    "scope",
    "state",
    "username",
];

const PLACES: [(&str, Place); 4] = [
    ("address", Place::Address),
    ("authorize", Place::Authorize),
    ("header", Place::Header),
    ("configuration", Place::Configuration),
];

pub(super) fn parameters(report: &Report, top: &Section<'_>, root: &DeTable<'_>) -> Declared {
    let mut declared = Declared::default();
    let mut names = BTreeSet::new();
    for section in top.sections("parameters", "[[parameters]]") {
        if let Some(parameter) = parameter(report, section, root, &mut names) {
            declared.0.push(Arc::new(parameter));
        }
    }
    declared
}

fn parameter(
    report: &Report,
    section: Section<'_>,
    root: &DeTable<'_>,
    names: &mut BTreeSet<String>,
) -> Option<Parameter> {
    let name = section.required_text("name");
    let text = |key| section.text(key).map(Spanned::into_inner);
    let (label, help, secret) = (
        text("label"),
        text("help"),
        section.flag("secret").unwrap_or(false),
    );
    let (default, required) = (section.text("default"), section.flag("required"));
    let pattern = section.text("pattern");
    let returned = returned(report, &section);
    let written = section.text("place");
    let chosen = section.choice("place", &PLACES);
    section.finish();

    let name = name?;
    check_name(report, &name, names);
    let name = name.into_inner();
    let place = place(&name, root);
    if let (Some(written), Some(chosen)) = (written, chosen)
        && chosen != place
    {
        let message = format!(
            "place = \"{}\", but the file uses '{name}' otherwise: write place = \"{}\" or leave it out",
            written.get_ref(),
            word(place),
        );
        report.at(written.span(), message);
    }
    let pattern = pattern.and_then(|pattern| {
        let compiled = Pattern::new(pattern.get_ref());
        // The file is refused; a pattern stays so that no second problem comes of it.
        compiled
            .or_else(|why| {
                report.at(
                    pattern.span(),
                    format!("pattern of '{name}' is no regular expression: {why}"),
                );
                Pattern::new("")
            })
            .ok()
    });
    let parameter = Parameter {
        label: label.unwrap_or_else(|| name.clone()),
        help: help.unwrap_or_default(),
        required: required.unwrap_or(default.is_none()),
        secret,
        default: default.as_ref().map(|default| default.get_ref().clone()),
        pattern,
        returned,
        place,
        name,
    };
    if let Some(default) = default {
        check_default(report, &default, &parameter);
    }
    Some(parameter)
}

/// Where the vendor gives it back.
fn returned(report: &Report, section: &Section<'_>) -> Option<Returned> {
    let path = section.text("returned");
    let part = section.text("returned_part");
    let Some(path) = path else {
        if let Some(part) = part {
            report.at(
                part.span(),
                "returned_part says what is wanted of a text: write returned = \"…\" too",
            );
        }
        return None;
    };
    if !is_path(path.get_ref()) {
        let message = "returned: write a name of the token answer, or several with dots between";
        report.at(path.span(), message);
    }
    let returned = Returned::new(path.get_ref(), part.as_ref().map(|part| part.get_ref().as_str()));
    returned
        .map_err(|why| {
            let span = part.map_or(path.span(), |part| part.span());
            report.at(span, format!("returned_part: {why}"));
        })
        .ok()
}

fn check_name(report: &Report, name: &Spanned<String>, names: &mut BTreeSet<String>) {
    let text = name.get_ref();
    if !is_name(text) {
        let message = format!(
            "parameter name '{text}': begin with a letter, go on with letters, digits, '_', '-' or '.', 64 at most"
        );
        report.at(name.span(), message);
    }
    if TAKEN.contains(&text.as_str()) || text.starts_with("oauth.") {
        report.at(
            name.span(),
            format!("parameter name '{text}' has a meaning of its own: choose another"),
        );
    }
    if !names.insert(text.clone()) {
        report.at(
            name.span(),
            format!("parameter '{text}' is declared twice: remove one"),
        );
    }
}

fn check_default(report: &Report, default: &Spanned<String>, parameter: &Parameter) {
    let name = &parameter.name;
    if parameter.secret {
        report.at(
            default.span(),
            format!("parameter '{name}' is secret: a file holds no secrets, remove its default"),
        );
    } else if default.get_ref().is_empty() {
        report.at(
            default.span(),
            format!("default of '{name}' is empty: leave it out"),
        );
    } else if !parameter.accepts(default.get_ref()) {
        let wanted = parameter
            .pattern
            .as_ref()
            .map_or("a shorter value", Pattern::as_str);
        report.at(
            default.span(),
            format!("default of '{name}' does not fit: write one that matches {wanted}"),
        );
    }
}

/// Where the file's templates put a parameter; an address outweighs the rest.
fn place(name: &str, root: &DeTable<'_>) -> Place {
    let placeholder = format!("{{{name}}}");
    let mentioned = |texts: &[&str]| texts.iter().any(|text| text.contains(&placeholder));
    let addresses = [
        ["auth", "authorization_url"],
        ["auth", "token_url"],
        ["auth", "request_token_url"],
        ["auth", "revocation_url"],
        ["auth", "refresh_url"],
        ["api", "base_url"],
    ];
    let mut headers = texts_at(root, &["api", "headers"]);
    headers.extend(text_at(root, &["api", "authorization"]));
    if addresses
        .iter()
        .filter_map(|path| text_at(root, path))
        .any(|text| mentioned(&[text]))
    {
        Place::Address
    } else if mentioned(&texts_at(root, &["auth", "authorize_params"])) {
        Place::Authorize
    } else if mentioned(&headers) {
        Place::Header
    } else {
        Place::Configuration
    }
}

fn word(place: Place) -> &'static str {
    PLACES
        .iter()
        .find(|(_, known)| *known == place)
        .map_or("configuration", |(word, _)| word)
}
