//! How a vendor pages: `pagination` of a resource.

use toml::Spanned;

use super::resource::answer_path;
use crate::paging::{Paging, PagingStyle};
use crate::section::{Report, Section};

/// The most that a page holds when the file does not say; more than that the contract does not ask for.
const DEFAULT_MAX_SIZE: u32 = 200;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Link,
    Cursor,
    Offset,
    Page,
}

const STYLES: [(&str, Style); 4] = [
    ("link", Style::Link),
    ("cursor", Style::Cursor),
    ("offset", Style::Offset),
    ("page", Style::Page),
];

pub(super) fn paging(report: &Report, section: Section<'_>) -> Option<Paging> {
    let style = section.required_choice("style", &STYLES);
    let size = section.text("size");
    let max_size = section.number("max_size");
    let position = section.text("position");
    let next = section.text("next");
    let more = section.text("more");
    let first = section.number("first");
    let at = section.span();
    section.finish();

    let style = style?;
    let takes = |key: &str| match key {
        "position" | "more" => style != Style::Link,
        "next" => matches!(style, Style::Link | Style::Cursor),
        _ => style == Style::Page,
    };
    let texts = [("position", &position), ("next", &next), ("more", &more)];
    let mut written: Vec<_> = texts
        .into_iter()
        .filter_map(|(key, text)| Some((key, text.as_ref()?.span())))
        .collect();
    written.extend(first.as_ref().map(|first| ("first", first.span())));
    for (key, span) in written.into_iter().filter(|(key, _)| !takes(key)) {
        report.at(
            span,
            format!("this style of pagination takes no '{key}': remove it"),
        );
    }
    let missing = match style {
        Style::Cursor if position.is_none() || next.is_none() => Some("'position' and 'next'"),
        Style::Offset | Style::Page if position.is_none() => Some("'position'"),
        _ => None,
    };
    if let Some(missing) = missing {
        report.at(
            at,
            format!("this style of pagination needs {missing}: write where they are"),
        );
    }
    let max_size = max_size.map_or(Some(DEFAULT_MAX_SIZE), |number| {
        positive(report, "max_size", &number, 1)
    });
    let first = first.map_or(Some(1), |number| positive(report, "first", &number, 0));
    let path =
        |key: &str, text: Option<Spanned<String>>| text.and_then(|text| answer_path(report, key, &text));
    let (next, more) = (path("next", next), path("more", more));
    let position = position.map(Spanned::into_inner);
    let style = match style {
        Style::Link => PagingStyle::Link { next },
        Style::Cursor => PagingStyle::Cursor {
            position: position?,
            next: next?,
            more,
        },
        Style::Offset => PagingStyle::Offset {
            position: position?,
            more,
        },
        Style::Page => PagingStyle::Page {
            position: position?,
            first: first?,
            more,
        },
    };
    Some(Paging {
        size: size.map(Spanned::into_inner),
        max_size: max_size?,
        style,
    })
}

fn positive(report: &Report, key: &str, number: &Spanned<i64>, least: u32) -> Option<u32> {
    let within = u32::try_from(*number.get_ref())
        .ok()
        .filter(|number| *number >= least);
    if within.is_none() {
        report.at(number.span(), format!("{key}: write a number from {least} up"));
    }
    within
}
