//! From a connector file to a [`Connector`], or to everything that is wrong with it.

mod api;
mod auth;
mod carried;
mod identity;
mod paging;
mod parameters;
mod resource;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::address::AddressRules;
use crate::connector::Connector;
use crate::pieces::Declared;
use crate::problem::Problem;
use crate::section::{Report, Section};
use crate::template::Template;

/// A connector file, wherever it came from.
pub(crate) struct SourceFile {
    /// How problems name it.
    pub(crate) file: String,
    /// Its name without the ending: the key it must have.
    pub(crate) stem: String,
    /// Its text, or why there is none.
    pub(crate) text: Result<String, String>,
}

/// A file that was refused.
pub(crate) struct Refused {
    /// The connectors it may have meant to override: by its name and by the key inside.
    pub(crate) keys: BTreeSet<String>,
    /// Everything that is wrong with it.
    pub(crate) problems: Vec<Problem>,
}

/// Reads a file; `earlier` are the connectors that it adds to or overrides.
pub(crate) fn read(
    source: &SourceFile,
    earlier: &BTreeMap<String, Arc<Connector>>,
    allow_private_networks: bool,
) -> Result<Connector, Refused> {
    let mut keys = BTreeSet::from([source.stem.clone()]);
    let text = source.text.as_deref().unwrap_or_default();
    let report = Report::new(&source.file, text);
    if let Err(why) = &source.text {
        report.at(0..0, why);
        return Err(Refused {
            keys,
            problems: report.into_problems(),
        });
    }
    let (root, syntax_errors) = DeTable::parse_recoverable(text);
    keys.extend(
        root.get_ref()
            .get("key")
            .and_then(|key| key.get_ref().as_str())
            .map(str::to_owned),
    );
    for error in &syntax_errors {
        report.at(
            error.span().unwrap_or_default(),
            format!("this is not TOML: {}", one_line(error.message())),
        );
    }
    let connector = if syntax_errors.is_empty() {
        connector(
            &report,
            root.get_ref(),
            &source.stem,
            earlier,
            allow_private_networks,
        )
    } else {
        None
    };
    let problems = report.into_problems();
    match connector {
        Some(connector) if problems.is_empty() => Ok(connector),
        _ => Err(Refused { keys, problems }),
    }
}

fn connector(
    report: &Report,
    root: &DeTable<'_>,
    stem: &str,
    earlier: &BTreeMap<String, Arc<Connector>>,
    allow_private_networks: bool,
) -> Option<Connector> {
    let top = Section::new(report, root, "the file", 0);
    let key = identity::key(report, &top, stem);
    let id = identity::id(report, &top, key.as_ref(), earlier);
    let aliases = identity::aliases(report, &top, key.as_ref(), earlier);
    let name = top.required_text("name");
    let hub = identity::hub(report, &top);
    let description = top
        .text("description")
        .map(Spanned::into_inner)
        .unwrap_or_default();
    let docs = identity::docs(report, &top);
    let hosts = identity::hosts(report, &top);
    let declared = parameters::parameters(report, &top, root);
    let reading = Reading {
        report,
        rules: AddressRules {
            declared: &declared,
            hosts: &hosts,
            allow_private_networks,
        },
    };
    let auth = auth::auth(&reading, &top);
    let api = api::api(&reading, &top, auth.as_ref());
    let resources = resource::resources(report, &top);
    top.finish();
    Some(Connector {
        key: key?,
        id: id?,
        aliases,
        name: name?.into_inner(),
        hub: hub?,
        description,
        docs,
        auth: auth?,
        api,
        parameters: declared.0.clone(),
        resources,
        hosts: hosts.clone(),
    })
}

/// What the sections below `auth` and `api` are read with.
struct Reading<'a> {
    report: &'a Report,
    rules: AddressRules<'a>,
}

impl Reading<'_> {
    fn declared(&self) -> &Declared {
        self.rules.declared
    }

    /// A template of an address; what is wrong with it is reported.
    fn address(&self, text: &Spanned<String>) -> Option<Template> {
        match Template::address(text.get_ref(), &self.rules) {
            Ok(template) => Some(template),
            Err(errors) => {
                for why in errors {
                    self.report.at(text.span(), why);
                }
                None
            }
        }
    }

    /// What `parse` makes of a text; what is wrong with it is reported.
    fn parsed<T>(
        &self,
        text: &Spanned<String>,
        parse: impl Fn(&str, &Declared) -> Result<T, String>,
    ) -> Option<T> {
        let parsed = parse(text.get_ref(), self.declared());
        parsed.map_err(|why| self.report.at(text.span(), why)).ok()
    }
}

/// The text at a path of tables, when there is one.
fn text_at<'t>(root: &'t DeTable<'_>, path: &[&str]) -> Option<&'t str> {
    let (last, tables) = path.split_last()?;
    let table = tables
        .iter()
        .try_fold(root, |table, key| table.get(*key)?.get_ref().as_table())?;
    table.get(*last)?.get_ref().as_str()
}

/// The texts of a table at a path of tables.
fn texts_at<'t>(root: &'t DeTable<'_>, path: &[&str]) -> Vec<&'t str> {
    let table = path
        .iter()
        .try_fold(root, |table, key| table.get(*key)?.get_ref().as_table());
    let values = table.into_iter().flat_map(DeTable::values);
    values.map(Spanned::get_ref).filter_map(DeValue::as_str).collect()
}

fn one_line(message: &str) -> String {
    message.lines().collect::<Vec<_>>().join(" ")
}
