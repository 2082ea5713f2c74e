//! `[auth.answer]`: where a token answer holds what is wanted.

use toml::Spanned;

use super::super::Reading;
use crate::answer::{AnswerShape, ExpiresAs};
use crate::returned::is_path;
use crate::section::Section;

const EXPIRES_AS: [(&str, ExpiresAs); 5] = [
    ("seconds", ExpiresAs::Seconds),
    ("milliseconds", ExpiresAs::Milliseconds),
    ("at_seconds", ExpiresAs::AtSeconds),
    ("at_milliseconds", ExpiresAs::AtMilliseconds),
    ("at", ExpiresAs::At),
];

pub(super) fn answer(reading: &Reading<'_>, section: &Section<'_>) -> AnswerShape {
    let rfc = AnswerShape::default();
    let Some(section) = section.section("answer", "[auth.answer]") else {
        return rfc;
    };
    let named = |key| path(reading, &section, key);
    let shape = AnswerShape {
        within: named("within"),
        access_token: named("access_token").unwrap_or(rfc.access_token),
        refresh_token: named("refresh_token").unwrap_or(rfc.refresh_token),
        scope: named("scope").unwrap_or(rfc.scope),
        expires: named("expires").unwrap_or(rfc.expires),
        expires_as: section
            .choice("expires_as", &EXPIRES_AS)
            .unwrap_or(rfc.expires_as),
        error: named("error").unwrap_or(rfc.error),
        error_description: named("error_description").unwrap_or(rfc.error_description),
    };
    section.finish();
    shape
}

fn path(reading: &Reading<'_>, section: &Section<'_>, key: &'static str) -> Option<String> {
    let text = section.text(key)?;
    if !is_path(text.get_ref()) {
        let message = format!("{key}: write a name of the token answer, or several with dots between");
        reading.report.at(text.span(), message);
    }
    Some(Spanned::into_inner(text))
}
