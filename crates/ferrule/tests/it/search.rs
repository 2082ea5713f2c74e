//! Looking for a secret wherever it could have got to, in every form it could have taken.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Sparse files are mostly nothing.
const BLOCK: usize = 4096;

/// Every form of the secret that is in this text, case of hexadecimal digits aside.
pub fn forms_found<'a>(text: &str, secrets: &'a [String]) -> Vec<(&'a str, String)> {
    let found = secrets.iter().flat_map(|secret| {
        forms(secret)
            .into_iter()
            .filter(|form| text.contains(form.as_str()))
            .map(|form| (secret.as_str(), form))
    });
    found.collect()
}

/// All files below a folder as texts, with their paths.
pub fn files(folder: &Path) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            texts.extend(files(&path));
            continue;
        }
        let mut bytes = fs::read(&path).expect("a file");
        bytes = bytes
            .chunks(BLOCK)
            .filter(|block| block.iter().any(|byte| *byte != 0))
            .flatten()
            .copied()
            .collect();
        texts.push((
            path.display().to_string(),
            String::from_utf8_lossy(&bytes).into_owned(),
        ));
    }
    texts
}

/// As it is, URL-coded, hexadecimal, and in base64 wherever in a longer text it began.
fn forms(secret: &str) -> Vec<String> {
    let hex = secret.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let url_coded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let mut forms = vec![
        secret.to_owned(),
        url_coded.to_lowercase(),
        url_coded.replace('+', "%20"),
        url_coded,
        hex.to_uppercase(),
        hex,
    ];
    for before in 0..3 {
        let padded = ["x".repeat(before), secret.to_owned()].concat();
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let coded = engine.encode(&padded);
            // The first and last digits hold bits of their neighbours.
            let first = [0, 2, 3][before];
            let last = coded.len() - usize::from(padded.len() % 3 != 0);
            forms.push(coded[first..last].to_owned());
        }
    }
    forms
}

#[test]
fn every_form_is_found() {
    let secret = "a+secret/of=ours".to_owned();
    for text in [
        "x a+secret/of=ours x",
        "?q=a%2Bsecret%2Fof%3Dours",
        "?q=a%2bsecret%2fof%3dours",
        "612b7365637265742f6f663d6f757273",
        "612B7365637265742F6F663D6F757273",
        &STANDARD_NO_PAD.encode("a+secret/of=ours"),
        &STANDARD_NO_PAD.encode("x a+secret/of=ours and more"),
        &URL_SAFE_NO_PAD.encode("1 (a+secret/of=ours) and more"),
        &STANDARD_NO_PAD.encode("{\"a+secret/of=ours\":1}"),
    ] {
        assert!(
            !forms_found(text, std::slice::from_ref(&secret)).is_empty(),
            "{text}"
        );
    }
    assert!(forms_found("another secret of ours", &[secret]).is_empty());
}
