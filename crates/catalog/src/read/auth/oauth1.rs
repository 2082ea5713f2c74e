//! `[auth]` of a connector that uses OAuth 1.0a.

use super::super::Reading;
use super::authorization_url::{authorization_url, authorize_params};
use crate::oauth1::{OAuth1, SignatureMethod};
use crate::section::Section;

/// What an authorization URL always says (RFC 5849 section 2.2): no file may say otherwise.
const OF_AUTHORIZATION: [&str; 1] = ["oauth_token"];

const SIGNATURE_METHODS: [(&str, SignatureMethod); 2] = [
    ("HMAC-SHA1", SignatureMethod::HmacSha1),
    ("HMAC-SHA256", SignatureMethod::HmacSha256),
];

pub(super) fn oauth1(reading: &Reading<'_>, section: &Section<'_>) -> Option<OAuth1> {
    let request_token_url = section.required_text("request_token_url");
    let authorization_url = authorization_url(reading, section, &OF_AUTHORIZATION);
    let token_url = section.required_text("token_url");
    let [request_token_url, token_url] = [request_token_url, token_url].map(|text| reading.address(&text?));
    let authorize_params = authorize_params(reading, section, &OF_AUTHORIZATION);
    let signature_method = section
        .choice("signature_method", &SIGNATURE_METHODS)
        .unwrap_or(SignatureMethod::HmacSha1);
    let realm = realm(reading, section);
    Some(OAuth1 {
        authorize_params,
        signature_method,
        realm,
        // Last: by now every key has been asked for.
        request_token_url: request_token_url?,
        authorization_url: authorization_url?,
        token_url: token_url?,
    })
}

/// What may stand between a header's quotes as it is.
fn realm(reading: &Reading<'_>, section: &Section<'_>) -> Option<String> {
    let realm = section.text("realm")?;
    let text = realm.get_ref();
    let plain = |c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
    if text.is_empty() || !text.chars().all(plain) {
        let message = "realm: write printable ASCII without '\"' and '\\', or leave it out";
        reading.report.at(realm.span(), message);
    }
    Some(realm.into_inner())
}
