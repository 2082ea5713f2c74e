//! Pages of a resource: where a vendor takes size and position, and where its answer says what follows.

/// How a vendor pages through a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paging {
    /// The vendor's query parameter for how many items a page holds; some vendors take none.
    pub size: Option<String>,
    /// The most that the vendor gives at once.
    pub max_size: u32,
    /// How the next page is asked for.
    pub style: PagingStyle,
}

/// How the next page is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PagingStyle {
    /// By the query of an address: the `Link` header's `rel="next"` (RFC 8288), or one inside the answer.
    Link {
        /// Where the answer holds the address; absent: in the header.
        next: Option<AnswerPath>,
    },
    /// By a text that the answer holds.
    Cursor {
        /// The query parameter that takes it.
        position: String,
        /// Where the answer holds it.
        next: AnswerPath,
        /// Where the answer says whether anything follows; absent: a cursor says so by being there.
        more: Option<AnswerPath>,
    },
    /// By how many items lie before it.
    Offset {
        /// The query parameter that takes the number.
        position: String,
        /// Where the answer says whether anything follows; absent: a full page is followed by another.
        more: Option<AnswerPath>,
    },
    /// By its number.
    Page {
        /// The query parameter that takes the number.
        position: String,
        /// The first page's number.
        first: u32,
        /// Where the answer says whether anything follows; absent: a full page is followed by another.
        more: Option<AnswerPath>,
    },
}

/// A place inside a JSON answer, as in `pages.next`: keys between dots, `-1` for a list's last item, back-ticks
/// around a key that holds a dot itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerPath(Vec<Step>);

/// One step into a JSON answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into an object's value.
    Key(String),
    /// To a list's last item.
    Last,
}

impl AnswerPath {
    /// Reads a path; the error says what to write instead.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let refuse = || format!("'{text}' is no place in an answer: write one as in data or pages.next");
        let (mut steps, mut rest) = (Vec::new(), text);
        loop {
            let (step, after) = if let Some(quoted) = rest.strip_prefix('`') {
                let (key, after) = quoted.split_once('`').ok_or_else(refuse)?;
                (Step::Key(key.to_owned()), after)
            } else {
                let (word, after) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
                let step = if word == "-1" {
                    Step::Last
                } else {
                    Step::Key(word.to_owned())
                };
                (step, after)
            };
            if step == Step::Key(String::new()) {
                return Err(refuse());
            }
            steps.push(step);
            match after.strip_prefix('.') {
                Some(next) => rest = next,
                None if after.is_empty() => return Ok(Self(steps)),
                None => return Err(refuse()),
            }
        }
    }

    /// From the outermost in.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_step_by_step() {
        let key = |name: &str| Step::Key(name.to_owned());
        for (text, want) in [
            ("data", vec![key("data")]),
            (
                "pages.next.starting_after",
                vec![key("pages"), key("next"), key("starting_after")],
            ),
            ("data.-1.id", vec![key("data"), Step::Last, key("id")]),
            ("`@odata.nextLink`", vec![key("@odata.nextLink")]),
            ("a.`b.c`.d", vec![key("a"), key("b.c"), key("d")]),
        ] {
            assert_eq!(AnswerPath::parse(text), Ok(AnswerPath(want)), "{text}");
        }
        for text in ["", ".", "a.", ".a", "a..b", "`a", "``", "`a`b"] {
            assert!(AnswerPath::parse(text).is_err(), "{text}");
        }
    }
}
