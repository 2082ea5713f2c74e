//! What the API docs show: `[[resources]]`.

use toml::Spanned;

use super::api::plain_path;
use super::paging::paging;
use crate::api::{Method, Resource};
use crate::paging::AnswerPath;
use crate::section::{Report, Section};

pub(super) fn resources(report: &Report, top: &Section<'_>) -> Vec<Resource> {
    let sections = top.sections("resources", "[[resources]]").into_iter();
    sections.filter_map(|section| resource(report, section)).collect()
}

fn resource(report: &Report, section: Section<'_>) -> Option<Resource> {
    let path = section.required_text("path");
    let vendor_path = section.text("vendor_path");
    let methods = section.texts("methods");
    let description = section.text("description");
    let parameters = section.pairs("parameters");
    let items = section
        .text("items")
        .and_then(|text| answer_path(report, "items", &text));
    let paged = section.section("pagination", "pagination");
    let paged_at = paged.as_ref().map(Section::span);
    let paging = paged.and_then(|section| paging(report, section));
    section.finish();
    for text in path.iter().chain(&vendor_path) {
        if let Err(why) = plain_path(text.get_ref()) {
            report.at(text.span(), why);
        }
    }
    let path = path?;
    if let Some(vendor_path) = &vendor_path {
        let own = Resource::names(path.get_ref());
        for name in Resource::names(vendor_path.get_ref())
            .into_iter()
            .filter(|name| !own.contains(name))
        {
            let message = format!("vendor_path holds {{{name}}}, which path does not: add it to path");
            report.at(vendor_path.span(), message);
        }
    }
    for (name, _) in &parameters {
        if ["pageSize", "nextPage"].contains(&name.get_ref().as_str()) && paging.is_some() {
            let message = format!("parameters: Ferrule takes '{}' itself: remove it", name.get_ref());
            report.at(name.span(), message);
        }
    }
    let methods = methods.map_or_else(|| vec![Method::Get], |methods| known_methods(report, &methods));
    if let Some(at) = paged_at.filter(|_| !methods.contains(&Method::Get)) {
        report.at(
            at,
            "pagination is for GET, which methods does not have: remove it",
        );
    }
    let path = path.into_inner();
    Some(Resource {
        vendor_path: vendor_path.map_or_else(|| path.clone(), Spanned::into_inner),
        path,
        methods,
        description: description.map(Spanned::into_inner).unwrap_or_default(),
        parameters: parameters
            .into_iter()
            .map(|(name, text)| (name.into_inner(), text.into_inner()))
            .collect(),
        items,
        paging,
    })
}

fn known_methods(report: &Report, methods: &[Spanned<String>]) -> Vec<Method> {
    let parsed = methods.iter().filter_map(|method| {
        let parsed = method.get_ref().parse::<Method>();
        parsed
            .map_err(|why| report.at(method.span(), format!("methods: {why}")))
            .ok()
    });
    parsed.collect()
}

/// A place in an answer; what is wrong with it is reported.
pub(super) fn answer_path(report: &Report, key: &str, text: &Spanned<String>) -> Option<AnswerPath> {
    AnswerPath::parse(text.get_ref())
        .map_err(|why| report.at(text.span(), format!("{key}: {why}")))
        .ok()
}
