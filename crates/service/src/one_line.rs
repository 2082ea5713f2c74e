//! Text that stays on its line: nothing in it can forge another entry or steer a terminal.

/// Escapes every character that breaks a line or steers a terminal (`\n`, `\u{1b}`, …).
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if steers(c) {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

/// Whether `c` is a control, a line or paragraph separator, or turns the direction of writing.
pub(crate) fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The longest start of `text` that fits into `limit` bytes without splitting a character.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_a_line_is_escaped_and_the_rest_stays() {
        for (given, want) in [
            ("plain ünïcode 日本", "plain ünïcode 日本"),
            ("a\r\nb", r"a\r\nb"),
            ("\u{1b}[2J", r"\u{1b}[2J"),
            ("\0\u{9b}\u{2028}\u{202e}", r"\u{0}\u{9b}\u{2028}\u{202e}"),
        ] {
            assert_eq!(one_line(given), want);
        }
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("aü", 2), "a");
        assert_eq!(cut("aü", 3), "aü");
        assert_eq!(cut("aü", 99), "aü");
    }
}
