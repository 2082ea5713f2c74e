//! Whether a text holds a secret, in any form in which secrets travel.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use url::form_urlencoded::byte_serialize;

/// The first secret found in the text, and how it stood there.
pub fn find<'a>(text: &str, secrets: &'a [String]) -> Option<(&'a str, String)> {
    let found = |secret: &&'a String| {
        forms(secret)
            .into_iter()
            .find(|form| text.contains(form.as_str()))
    };
    secrets
        .iter()
        .find_map(|secret| found(&secret).map(|form| (secret.as_str(), form)))
}

/// Raw, URL-coded, in hexadecimal, and in base64 wherever in a longer text it begins.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![
        secret.to_owned(),
        byte_serialize(secret.as_bytes()).collect(),
        hex::encode(secret),
        hex::encode_upper(secret),
    ];
    for before in 0..3 {
        let bytes = [&vec![0; before], secret.as_bytes()].concat();
        let (from, to) = ((8 * before).div_ceil(6), 8 * bytes.len() / 6);
        for alphabet in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            forms.push(alphabet.encode(&bytes)[from..to].to_owned());
        }
    }
    forms
}

#[test]
fn a_secret_is_found_in_every_form() {
    let secrets = ["c4n4ry&secret".to_owned()];
    for text in [
        "a c4n4ry&secret here",
        "x=c4n4ry%26secret",
        "63346e347279267365637265740a",
        "63346E34727926736563726574",
    ] {
        assert!(find(text, &secrets).is_some(), "{text}");
    }
    for before in ["", "a", "ab", "abc"] {
        let text = STANDARD_NO_PAD.encode(format!("{before}c4n4ry&secret after"));
        assert!(find(&text, &secrets).is_some(), "{text}");
    }
    assert_eq!(find("c4n4ry and secret", &secrets), None);
}
