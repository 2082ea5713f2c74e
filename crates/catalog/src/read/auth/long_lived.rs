//! `[auth.long_lived]`: the request after the code.

use super::super::Reading;
use crate::api::Method;
use crate::long_lived::{LongLived, LongLivedValue};
use crate::pieces::{Part, split};
use crate::section::Section;

pub(super) fn long_lived(reading: &Reading<'_>, section: &Section<'_>) -> Option<LongLived> {
    let section = section.section("long_lived", "[auth.long_lived]")?;
    let url = section
        .required_text("url")
        .and_then(|text| reading.address(&text));
    let method = section
        .choice("method", &[("GET", Method::Get), ("POST", Method::Post)])
        .unwrap_or(Method::Get);
    let params = section.pairs("params");
    let params: Vec<_> = params
        .into_iter()
        .map(|(name, text)| {
            let value = value(text.get_ref()).unwrap_or_else(|| {
                let message = "params: write a fixed text, {access_token}, {client_id} or {client_secret}";
                reading.report.at(text.span(), message);
                LongLivedValue::AccessToken
            });
            (name.into_inner(), value)
        })
        .collect();
    if !params
        .iter()
        .any(|(_, value)| *value == LongLivedValue::AccessToken)
    {
        let message =
            "[auth.long_lived] sends no token: write params = { access_token = \"{access_token}\" }";
        reading.report.at(section.span(), message);
    }
    section.finish();
    Some(LongLived {
        url: url?,
        method,
        params,
    })
}

fn value(text: &str) -> Option<LongLivedValue> {
    match split(text).ok()?.as_slice() {
        [Part::Name("access_token")] => Some(LongLivedValue::AccessToken),
        [Part::Name("client_id")] => Some(LongLivedValue::ClientId),
        [Part::Name("client_secret")] => Some(LongLivedValue::ClientSecret),
        [] | [Part::Literal(_)] => Some(LongLivedValue::Fixed(text.to_owned())),
        _ => None,
    }
}
