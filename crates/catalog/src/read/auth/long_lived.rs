//! `[auth.long_lived]`: the request after the code, and those after it.

use super::super::Reading;
use crate::api::Method;
use crate::long_lived::{LongLived, LongLivedValue, Renewal};
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
    let params = params(reading, &section, "params");
    let renewal = renewal(reading, &section);
    section.finish();
    Some(LongLived {
        url: url?,
        method,
        params,
        renewal,
    })
}

/// How a long-lived token becomes the next one.
fn renewal(reading: &Reading<'_>, section: &Section<'_>) -> Option<Renewal> {
    let (url, has_params) = (section.text("refresh_url"), section.has("refresh_params"));
    let Some(url) = url else {
        if has_params {
            let message = "refresh_params go nowhere: write refresh_url = \"https://…\"";
            reading.report.at(section.span(), message);
        }
        return None;
    };
    let params = params(reading, section, "refresh_params");
    Some(Renewal {
        url: reading.address(&url)?,
        params,
    })
}

/// Parameters of such a request; the access token is one of them.
fn params(reading: &Reading<'_>, section: &Section<'_>, key: &'static str) -> Vec<(String, LongLivedValue)> {
    let pairs = section.pairs(key).into_iter();
    let params: Vec<_> = pairs
        .map(|(name, text)| {
            let value = value(text.get_ref()).unwrap_or_else(|| {
                let message = format!(
                    "{key}: write a fixed text, {{access_token}}, {{client_id}} or {{client_secret}}"
                );
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
        let message = format!(
            "[auth.long_lived] sends no token: write {key} = {{ access_token = \"{{access_token}}\" }}"
        );
        reading.report.at(section.span(), message);
    }
    params
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
