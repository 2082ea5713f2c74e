//! Reads a table of a connector file: every wrong value is reported with its line, and so is every key that
//! nobody asked for.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::nearest::nearest;
use crate::problem::Problem;

/// Collects what is wrong with one file.
pub(crate) struct Report {
    file: String,
    line_starts: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
}

impl Report {
    pub(crate) fn new(file: &str, text: &str) -> Self {
        let line_starts = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at + 1);
        Self {
            file: file.to_owned(),
            line_starts: line_starts.collect(),
            problems: RefCell::default(),
        }
    }

    /// Reports a problem at the line where `span` begins.
    pub(crate) fn at(&self, span: Range<usize>, message: impl Into<String>) {
        let line = 1 + self.line_starts.partition_point(|start| *start <= span.start);
        let problem = Problem {
            file: self.file.clone(),
            line,
            message: message.into(),
        };
        self.problems.borrow_mut().push(problem);
    }

    /// All problems, by line.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort();
        problems
    }
}

/// A table of the file, and the keys that were asked for.
pub(crate) struct Section<'a> {
    report: &'a Report,
    table: &'a DeTable<'a>,
    heading: &'static str,
    start: usize,
    known: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Section<'a> {
    /// `heading` names the table in messages; it begins at byte `start`.
    pub(crate) fn new(
        report: &'a Report,
        table: &'a DeTable<'a>,
        heading: &'static str,
        start: usize,
    ) -> Self {
        Self {
            report,
            table,
            heading,
            start,
            known: RefCell::default(),
        }
    }

    /// Where the section begins: what a missing key is reported at.
    pub(crate) fn span(&self) -> Range<usize> {
        self.start..self.start
    }

    /// Reports every key that was not asked for.
    pub(crate) fn finish(self) {
        let known = self.known.into_inner();
        for key in self
            .table
            .keys()
            .filter(|key| !known.contains(key.get_ref().as_ref()))
        {
            let advice = nearest(key.get_ref(), known.iter().copied()).map_or_else(
                || {
                    format!(
                        "known are {}",
                        known.iter().copied().collect::<Vec<_>>().join(", ")
                    )
                },
                |near| format!("did you mean '{near}'?"),
            );
            self.report.at(
                key.span(),
                format!("unknown key '{}' in {}: {advice}", key.get_ref(), self.heading),
            );
        }
    }

    pub(crate) fn text(&self, key: &'static str) -> Option<Spanned<String>> {
        let value = self.value(key)?;
        self.as_text(key, value)
    }

    pub(crate) fn required_text(&self, key: &'static str) -> Option<Spanned<String>> {
        self.require(key);
        let text = self.text(key)?;
        if text.get_ref().trim().is_empty() {
            self.report
                .at(text.span(), format!("'{key}' is empty: write a value"));
            return None;
        }
        Some(text)
    }

    pub(crate) fn flag(&self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(key, value, "true or false");
        }
        flag
    }

    pub(crate) fn number(&self, key: &'static str) -> Option<Spanned<i64>> {
        let value = self.value(key)?;
        let integer = value.get_ref().as_integer();
        let number = integer.and_then(|integer| i64::from_str_radix(integer.as_str(), integer.radix()).ok());
        if number.is_none() {
            self.wrong_type(key, value, "a whole number");
        }
        number.map(|number| Spanned::new(value.span(), number))
    }

    /// One of a few words; `None` when the key is absent or the word is none of them.
    pub(crate) fn choice<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let word = self.text(key)?;
        let chosen = choices
            .iter()
            .find(|(name, _)| name == word.get_ref())
            .map(|(_, value)| *value);
        if chosen.is_none() {
            let words: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            let message = format!(
                "{key} = \"{}\" is not known: write {}",
                word.get_ref(),
                words.join(" or ")
            );
            self.report.at(word.span(), message);
        }
        chosen
    }

    pub(crate) fn required_choice<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        self.require(key);
        self.choice(key, choices)
    }

    /// A list of texts; `None` when the key is absent.
    pub(crate) fn texts(&self, key: &'static str) -> Option<Vec<Spanned<String>>> {
        let value = self.value(key)?;
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "a list of texts, as in [\"a\", \"b\"]");
            return None;
        };
        Some(array.iter().filter_map(|item| self.as_text(key, item)).collect())
    }

    /// Whether the key stands there.
    pub(crate) fn has(&self, key: &'static str) -> bool {
        self.value(key).is_some()
    }

    /// A table of texts, in the file's order.
    pub(crate) fn pairs(&self, key: &'static str) -> Vec<(Spanned<String>, Spanned<String>)> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(key, value, "a table of texts, as in { name = \"value\" }");
            return Vec::new();
        };
        let mut pairs: Vec<_> = table
            .iter()
            .filter_map(|(name, value)| {
                let name = Spanned::new(name.span(), name.get_ref().to_string());
                Some((name, self.as_text(key, value)?))
            })
            .collect();
        pairs.sort_by_key(|(name, _)| name.span().start);
        pairs
    }

    /// A table below this one.
    pub(crate) fn section(&self, key: &'static str, heading: &'static str) -> Option<Section<'a>> {
        let value = self.value(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(key, value, &format!("a table under {heading}"));
            return None;
        };
        Some(Section::new(self.report, table, heading, value.span().start))
    }

    /// A table below this one that must be there.
    pub(crate) fn required_section(&self, key: &'static str, heading: &'static str) -> Option<Section<'a>> {
        self.require(key);
        self.section(key, heading)
    }

    /// A list of tables below this one.
    pub(crate) fn sections(&self, key: &'static str, heading: &'static str) -> Vec<Section<'a>> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let items = value
            .get_ref()
            .as_array()
            .map(|array| array.iter().collect::<Vec<_>>());
        let tables = items.and_then(|items| {
            items
                .into_iter()
                .map(|item| Some((item.span().start, item.get_ref().as_table()?)))
                .collect()
        });
        let Some(tables): Option<Vec<(usize, &DeTable<'a>)>> = tables else {
            self.wrong_type(key, value, &format!("tables, each under {heading}"));
            return Vec::new();
        };
        tables
            .into_iter()
            .map(|(start, table)| Section::new(self.report, table, heading, start))
            .collect()
    }

    /// Reports a required key that is absent.
    fn require(&self, key: &'static str) {
        if self.value(key).is_some() {
            return;
        }
        self.report.at(
            self.span(),
            format!("{} has no '{key}': it is required", self.heading),
        );
    }

    fn value(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.borrow_mut().insert(key);
        self.table.get(key)
    }

    fn as_text(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Spanned<String>> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong_type(key, value, "a text in quotes");
        }
        text.map(|text| Spanned::new(value.span(), text.to_owned()))
    }

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'_>>, want: &str) {
        let have = value.get_ref().type_str();
        self.report.at(
            value.span(),
            format!("'{key}' holds a value of type {have}: write {want}"),
        );
    }
}
