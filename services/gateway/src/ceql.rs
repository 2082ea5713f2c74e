//! `where=`: conditions joined by AND, as in `hub='crm' AND name LIKE '%sales%'` (contract, "Paging, filtering").

use crate::errors::ApiError;

/// Conditions that all hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Conditions(Vec<Condition>);

#[derive(Debug, PartialEq, Eq)]
struct Condition {
    field: String,
    test: Test,
}

#[derive(Debug, PartialEq, Eq)]
enum Test {
    Is(String),
    IsNot(String),
    /// The pieces between `%`, in lower case.
    Like(Vec<String>),
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Value(String),
    Sign(&'static str),
}

impl Conditions {
    /// Reads a text; `fields` are those that a condition may name.
    pub(crate) fn parse(written: &str, fields: &[&str]) -> Result<Self, ApiError> {
        let mut tokens = tokens(written).ok_or_else(|| malformed(fields))?.into_iter();
        let mut conditions = Vec::new();
        loop {
            let (Some(Token::Word(field)), Some(sign), Some(Token::Value(value))) =
                (tokens.next(), tokens.next(), tokens.next())
            else {
                return Err(malformed(fields));
            };
            if !fields.contains(&field.as_str()) {
                return Err(malformed(fields));
            }
            let test = match sign {
                Token::Sign("=") => Test::Is(value),
                Token::Sign("!=") => Test::IsNot(value),
                Token::Word(like) if like.eq_ignore_ascii_case("like") => {
                    Test::Like(value.to_lowercase().split('%').map(str::to_owned).collect())
                }
                _ => return Err(malformed(fields)),
            };
            conditions.push(Condition { field, test });
            match tokens.next() {
                None => return Ok(Self(conditions)),
                Some(Token::Word(and)) if and.eq_ignore_ascii_case("and") => {}
                Some(_) => return Err(malformed(fields)),
            }
        }
    }

    /// Whether all hold of what `value` gives for each field.
    pub(crate) fn hold<'v>(&self, value: impl Fn(&str) -> &'v str) -> bool {
        self.0.iter().all(|condition| {
            let value = value(&condition.field);
            match &condition.test {
                Test::Is(wanted) => value == wanted,
                Test::IsNot(unwanted) => value != unwanted,
                Test::Like(pieces) => is_like(&value.to_lowercase(), pieces),
            }
        })
    }
}

fn malformed(fields: &[&str]) -> ApiError {
    ApiError::bad_request(format!(
        "`where` takes conditions on {}, joined by AND: hub='crm' AND name LIKE '%sales%'. Signs are =, != and LIKE.",
        fields.join(", ")
    ))
}

/// The text's words, values and signs; `None` where it holds anything else.
fn tokens(text: &str) -> Option<Vec<Token>> {
    let (mut tokens, mut rest) = (Vec::new(), text.trim_start());
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '\'' => {
                let (value, after) = quoted(&rest[1..])?;
                tokens.push(Token::Value(value));
                after
            }
            '`' => {
                let (word, after) = rest[1..].split_once('`')?;
                tokens.push(Token::Word(word.to_owned()));
                after
            }
            '=' => {
                tokens.push(Token::Sign("="));
                &rest[1..]
            }
            '!' => {
                tokens.push(Token::Sign("!="));
                rest.strip_prefix("!=")?
            }
            _ => {
                let length = rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.')
                    .unwrap_or(rest.len());
                let (word, after) = rest.split_at_checked(length).filter(|_| length > 0)?;
                tokens.push(Token::Word(word.to_owned()));
                after
            }
        }
        .trim_start();
    }
    Some(tokens)
}

/// What stands before the closing quote; two quotes in a row are one.
fn quoted(text: &str) -> Option<(String, &str)> {
    let (mut value, mut rest) = (String::new(), text);
    loop {
        let (piece, after) = rest.split_once('\'')?;
        value.push_str(piece);
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Some((value, after)),
        }
    }
}

/// Each piece after the one before it, the first at the beginning, the last at the end.
fn is_like(value: &str, pieces: &[String]) -> bool {
    let [first, middle @ .., last] = pieces else {
        return pieces.first().is_some_and(|only| only == value);
    };
    let Some(mut rest) = value.strip_prefix(first.as_str()) else {
        return false;
    };
    for piece in middle {
        let Some(at) = rest.find(piece.as_str()) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIELDS: [&str; 2] = ["hub", "name"];

    fn holds(text: &str) -> Option<bool> {
        let conditions = Conditions::parse(text, &FIELDS).ok()?;
        Some(conditions.hold(|field| if field == "hub" { "crm" } else { "O'Neil Sales" }))
    }

    #[test]
    fn conditions_are_read_and_tried() {
        for (text, want) in [
            ("hub='crm'", Some(true)),
            ("hub = 'CRM'", Some(false)),
            ("`hub`='crm'", Some(true)),
            ("hub != 'crm'", Some(false)),
            ("hub='crm' AND name LIKE '%sales%'", Some(true)),
            ("hub='crm' and name like 'o''n%'", Some(true)),
            ("name='O''Neil Sales'", Some(true)),
            ("name LIKE 'sales'", Some(false)),
            ("name LIKE 'o%s%s'", Some(true)),
            ("name LIKE 'o''neil sales%'", Some(true)),
            ("name LIKE '%sales%sales%'", Some(false)),
            ("hub='crm' AND name='x'", Some(false)),
            ("", None),
            ("hub", None),
            ("hub=crm", None),
            ("hub='crm", None),
            ("hub='crm' OR hub='x'", None),
            ("hub='crm' AND", None),
            ("hub>'crm'", None),
            ("secret='x'", None),
            ("hub ! 'x'", None),
        ] {
            assert_eq!(holds(text), want, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[hub nameLIKE='%`!é.]{0,40}") {
            let _ = holds(&text);
        }
    }
}
