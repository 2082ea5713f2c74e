//! A value that a vendor gives back with its tokens, such as the address of the account's API.

use crate::parameter::{Pattern, compile};

/// Where the value of a parameter stands in a token answer.
#[derive(Clone, Debug)]
pub struct Returned {
    path: String,
    part: Option<Pattern>,
}

impl Returned {
    /// `part`: an expression with one group, which holds what is wanted of the text. The error says what to write
    /// instead.
    pub(crate) fn new(path: &str, part: Option<&str>) -> Result<Self, String> {
        let part = part.map(|part| {
            let groups = compile(part)?.captures_len();
            if groups == 2 {
                Pattern::new(part)
            } else {
                Err("put parentheses around the part that is wanted, and no others (a group that only groups is (?:…))".to_owned())
            }
        });
        Ok(Self {
            path: path.to_owned(),
            part: part.transpose()?,
        })
    }

    /// The names that lead to it, with dots between.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The parameter's value in the vendor's text; `None`: the text has another form.
    pub fn value<'t>(&self, text: &'t str) -> Option<&'t str> {
        match &self.part {
            None => Some(text),
            Some(part) => part.group(text),
        }
    }
}

/// Whether this is names with dots between.
pub(crate) fn is_path(text: &str) -> bool {
    text.len() <= 128
        && text
            .split('.')
            .all(|name| !name.is_empty() && !name.chars().any(|c| c.is_control() || c.is_whitespace()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_the_group_of_a_text_that_matches_whole() {
        let host = Returned::new("instance_url", Some(r"https://([a-z0-9-]+)\.example\.com/?")).unwrap();
        for (text, part) in [
            ("https://acme.example.com", Some("acme")),
            ("https://acme.example.com/", Some("acme")),
            ("https://acme.example.com.evil.com", None),
            ("http://acme.example.com", None),
            ("", None),
        ] {
            assert_eq!(host.value(text), part, "{text}");
        }
        assert_eq!(Returned::new("a", None).unwrap().value("x"), Some("x"));
    }

    #[test]
    fn a_part_has_one_group() {
        for bad in ["a", "(a)(b)", "("] {
            assert!(Returned::new("a", Some(bad)).is_err(), "{bad}");
        }
        assert!(Returned::new("a", Some("(a|b)(?:c)?")).is_ok());
    }
}
