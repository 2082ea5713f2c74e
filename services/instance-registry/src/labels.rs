//! Names and tags of instances, as plain text.

use ferrule_model::strip_markup;
use ferrule_wire::Refusal;

use crate::errors::invalid;

const LONGEST_NAME: usize = 256;
const LONGEST_TAG: usize = 128;
const MOST_TAGS: usize = 64;

/// A name without markup; empty counts as absent.
pub(crate) fn name(given: &str) -> Result<Option<String>, Refusal> {
    if given.is_empty() {
        return Ok(None);
    }
    let name = strip_markup(given);
    if name.is_empty() {
        return Err(invalid("name holds no text: write 1 to 256 characters."));
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(invalid("name is too long: write at most 256 characters."));
    }
    Ok(Some(name))
}

/// Tags without markup, in their order, each once; those without text are left out.
pub(crate) fn tags(given: &[String]) -> Result<Vec<String>, Refusal> {
    let mut tags = Vec::new();
    for tag in given.iter().map(|tag| strip_markup(tag)) {
        if tag.chars().count() > LONGEST_TAG {
            return Err(invalid("A tag is too long: write at most 128 characters."));
        }
        if !tag.is_empty() && !tags.contains(&tag) {
            if tags.len() == MOST_TAGS {
                return Err(invalid("There are too many tags: send at most 64."));
            }
            tags.push(tag);
        }
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_markup_and_have_limits() {
        for (given, want) in [
            ("", Some(None)),
            ("plain", Some(Some("plain"))),
            ("<a href='http://x'>x</a>", Some(Some("x"))),
            ("<b></b>", None),
            (&"n".repeat(257), None),
        ] {
            let name = name(given).ok();
            assert_eq!(name.as_ref().map(Option::as_deref), want, "{given}");
        }
        assert!(name(&"ü".repeat(256)).is_ok());
    }

    #[test]
    fn tags_are_cleaned_counted_and_kept_in_order() {
        let list = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            tags(&list(&["b", "<i>a</i>", "", "b"])).unwrap(),
            list(&["b", "a"])
        );
        assert!(tags(&[("t".repeat(129))]).is_err());
        let many: Vec<_> = (0..65).map(|n| n.to_string()).collect();
        assert!(tags(&many[..64]).is_ok() && tags(&many).is_err());
    }
}
