//! How much of a vendor's words a caller may read.

use ferrule_model::MASK;
use secrecy::{ExposeSecret as _, SecretString};

/// The longest `providerMessage`, in characters.
pub const MAX_VENDOR_WORDS: usize = 300;

/// The contract's `providerMessage`: `error` and `error_description` alone, in one line.
///
/// Control and invisible characters are stripped, and every secret of the request is masked, raw or URL-coded,
/// before the text is cut to [`MAX_VENDOR_WORDS`] characters.
pub fn vendor_words(error: &str, description: Option<&str>, secrets: &[&SecretString]) -> String {
    let words = match (error, description.unwrap_or_default()) {
        (words, "") | ("", words) => visible(words),
        (error, description) => visible(&format!("{error}: {description}")),
    };
    let words = mask(&words, secrets);
    let words = words.trim();
    match words.char_indices().nth(MAX_VENDOR_WORDS) {
        None => words.to_owned(),
        Some(_) => words.chars().take(MAX_VENDOR_WORDS - 1).chain(['…']).collect(),
    }
}

fn visible(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().filter(|c| !hidden(*c)).collect()
}

/// Every stretch that belongs to a secret becomes one mask; overlapping ones are one stretch.
fn mask(text: &str, secrets: &[&SecretString]) -> String {
    let bytes = text.as_bytes();
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    let exposed = secrets.iter().map(|secret| secret.expose_secret());
    for secret in exposed.flat_map(|secret| [secret.to_owned(), visible(secret)]) {
        stretches.extend((0..bytes.len()).filter_map(|start| {
            let length = coded_length(&bytes[start..], secret.as_bytes())?;
            Some((start, start + length))
        }));
    }
    stretches.sort_unstable();

    let mut masked = String::with_capacity(text.len());
    let mut shown = 0;
    for (start, end) in stretches {
        if start >= shown {
            masked.push_str(text.get(shown..start).unwrap_or_default());
            masked.push_str(MASK);
        }
        shown = shown.max(end);
    }
    masked.push_str(text.get(shown..).unwrap_or_default());
    masked
}

/// How many bytes of `text` spell `secret`, where each byte may stand raw, as `%2f` or `%2F`, and a space as `+`.
fn coded_length(text: &[u8], secret: &[u8]) -> Option<usize> {
    if secret.is_empty() {
        return None;
    }
    if text.starts_with(secret) {
        return Some(secret.len());
    }
    let mut rest = text;
    for &byte in secret {
        rest = match rest {
            [b'%', high, low, rest @ ..] if hex(*high, *low) == Some(byte) => rest,
            [raw, rest @ ..] if *raw == byte || byte == b' ' && *raw == b'+' => rest,
            _ => return None,
        };
    }
    Some(text.len() - rest.len())
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |b: u8| {
        char::from(b)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use form_urlencoded::byte_serialize;
    use proptest::prelude::*;

    use super::*;

    fn words(error: &str, description: Option<&str>, secrets: &[&str]) -> String {
        let secrets: Vec<SecretString> = secrets.iter().map(|secret| (*secret).into()).collect();
        vendor_words(error, description, &secrets.iter().collect::<Vec<_>>())
    }

    #[test]
    fn what_a_caller_reads() {
        for (error, description, want) in [
            (
                "invalid_grant",
                Some("The code expired"),
                "invalid_grant: The code expired",
            ),
            ("invalid_grant", None, "invalid_grant"),
            ("invalid_grant", Some(""), "invalid_grant"),
            ("", Some("no"), "no"),
            ("", None, ""),
            ("a\r\nb", Some("\u{1b}[31mred\u{202e}\0"), "ab: [31mred"),
        ] {
            assert_eq!(words(error, description, &[]), want, "{error:?} {description:?}");
        }
    }

    #[test]
    fn a_secret_is_masked_however_it_is_written() {
        let secret = "s/e c+r&t~é";
        for echo in [
            "s/e c+r&t~é",
            "s%2Fe+c%2Br%26t%7E%C3%A9",
            "s%2fe%20c%2br%26t~%c3%a9",
            "s/e%20c+r%26t~é",
            "s/e c\u{0}+r\u{200b}&t~é",
            "%73%2F%65%20%63%2B%72%26%74%7E%C3%A9",
        ] {
            let told = words("invalid_grant", Some(&format!("no {echo}!")), &["other", secret]);
            assert_eq!(told, "invalid_grant: no ********!", "{echo}");
        }
    }

    #[test]
    fn overlapping_secrets_leave_no_rest() {
        assert_eq!(words("", Some("<abcdef>"), &["abcd", "cdef"]), "<********>");
        assert_eq!(words("", Some("<abcdef>"), &["abc", "abcdef"]), "<********>");
        assert_eq!(words("", Some("<abab>"), &["ab"]), "<****************>");
    }

    #[test]
    fn an_empty_secret_masks_nothing() {
        assert_eq!(words("invalid_grant", None, &[""]), "invalid_grant");
    }

    #[test]
    fn a_long_text_is_cut_after_masking() {
        let secret = "x".repeat(280);
        let told = words("", Some(&format!("{}{secret}", "é".repeat(295))), &[&secret]);
        assert_eq!(told, format!("{}****…", "é".repeat(295)));
        assert_eq!(told.chars().count(), MAX_VENDOR_WORDS);
        assert_eq!(words("", Some(&"é".repeat(300)), &[]).chars().count(), 300);
    }

    proptest! {
        #[test]
        fn no_secret_comes_through(before in ".*", after in ".*", secret in "[^*…]{8,60}", coded: bool) {
            let echo = if coded { byte_serialize(secret.as_bytes()).collect() } else { secret.clone() };
            let told = words("", Some(&format!("{before}{echo}{after}")), &[&secret]);
            let secret = visible(&secret);
            prop_assume!(secret.len() >= 4);
            prop_assert!(!told.contains(&secret));
            prop_assert!(told.chars().count() <= MAX_VENDOR_WORDS);
            prop_assert!(!told.contains(char::is_control));
        }
    }
}
