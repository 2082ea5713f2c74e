//! Names and tags as plain text.

/// Strips HTML tags and control characters and trims (contract: "Stored names are sanitised").
///
/// `<a href=…>x</a>` becomes `x`. A `<` that opens no tag stays: `3 < 4` is text.
pub fn strip_markup(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        plain.push_str(&rest[..open]);
        let tag = &rest[open..];
        let opens_tag =
            tag[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        match (opens_tag, tag.find('>')) {
            (true, Some(close)) => rest = &tag[close + 1..],
            (true, None) => rest = "",
            (false, _) => {
                plain.push('<');
                rest = &tag[1..];
            }
        }
    }
    plain.push_str(rest);
    let plain: String = plain.chars().filter(|c| !c.is_control()).collect();
    let plain = plain.trim();
    // What is left may form a tag anew (`<<b>script>`): strip until nothing changes.
    if plain == text {
        plain.to_owned()
    } else {
        strip_markup(plain)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tags_go_and_text_stays() {
        for (given, want) in [
            ("<a href='http://x'>x</a>", "x"),
            ("plain", "plain"),
            ("3 < 4 > 2", "3 < 4 > 2"),
            ("<script>alert(1)</script>", "alert(1)"),
            ("<<b>script>x", "x"),
            ("open <b", "open"),
            (" two\nlines\u{0} ", "twolines"),
        ] {
            assert_eq!(strip_markup(given), want, "{given}");
        }
    }

    proptest! {
        #[test]
        fn stripping_twice_changes_nothing(text in ".*") {
            let once = strip_markup(&text);
            prop_assert_eq!(strip_markup(&once), once);
        }
    }
}
