//! `connectors list`: the catalogue as a table.

use std::fmt::Write as _;

use ferrule_service::settings::Layers;

use super::{catalog, kind};

/// A connector a line: key, name, hub, how its users log in.
pub(super) fn run(layers: &Layers) -> anyhow::Result<()> {
    let catalog = catalog(layers)?;
    let rows = catalog.iter().map(|connector| {
        [
            connector.key.as_str(),
            &connector.name,
            &connector.hub,
            kind(connector),
        ]
    });
    let rows: Vec<[&str; 4]> = [["KEY", "NAME", "HUB", "LOGS IN BY"]]
        .into_iter()
        .chain(rows)
        .collect();
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let (key, name, hub) = (width(0), width(1), width(2));
    let mut table = String::new();
    for row in &rows {
        writeln!(
            table,
            "{:key$}  {:name$}  {:hub$}  {}",
            row[0], row[1], row[2], row[3]
        )?;
    }
    ferrule_service::say(&table);
    Ok(())
}
