//! A release and the one before it serve the same schema while replicas are replaced.

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;

use super::world::*;
use crate::store::migrate::MIGRATIONS;

/// The statements of a file, without comments, each on one line.
fn statements(file: &str) -> Vec<String> {
    let lines = file
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default());
    let text = lines.collect::<Vec<_>>().join(" ");
    let statements = text.split(';').map(|statement| {
        let words: Vec<_> = statement.split_whitespace().collect();
        words.join(" ")
    });
    statements.filter(|statement| !statement.is_empty()).collect()
}

#[test]
fn what_comes_after_the_first_release_may_be_left_out() {
    for (version, _, file) in &MIGRATIONS[1..] {
        for statement in statements(file) {
            let upper = statement.to_ascii_uppercase();
            let column = upper.split_once(" ADD COLUMN ").map(|(_, column)| column);
            let harmless = match column {
                Some(column) => {
                    upper.starts_with("ALTER TABLE ")
                        && (!column.contains("NOT NULL") || column.contains(" DEFAULT "))
                        && ["UNIQUE", "REFERENCES", "CHECK", ","]
                            .iter()
                            .all(|word| !column.contains(word))
                }
                None => ["CREATE TABLE ", "CREATE INDEX ", "DROP INDEX "]
                    .iter()
                    .any(|begin| upper.starts_with(begin)),
            };
            assert!(
                harmless,
                "{version}: the previous release cannot live with it: {statement}"
            );
        }
    }
}

/// Each table's columns, in the order of the tables' creation, as the first so many files leave them.
fn columns(files: usize) -> Vec<(String, BTreeMap<String, &'static str>)> {
    let mut tables: Vec<(String, BTreeMap<String, &'static str>)> = Vec::new();
    let kind = |column: &str| {
        if column.contains(" TEXT") {
            "TEXT"
        } else {
            "BIGINT"
        }
    };
    for statement in MIGRATIONS[..files]
        .iter()
        .flat_map(|(_, _, file)| statements(file))
    {
        let words: Vec<_> = statement.split(' ').collect();
        match words[..] {
            ["CREATE", "TABLE", table, ..] => {
                let body = statement.split_once('(').unwrap().1.trim_end_matches(')');
                let declared = body
                    .split(", ")
                    .map(str::trim)
                    .filter(|column| column.contains(" TEXT") || column.contains(" BIGINT"));
                let declared = declared.map(|column| {
                    let name = column.split(' ').next().unwrap();
                    (name.to_owned(), kind(column))
                });
                tables.push((table.to_owned(), declared.collect()));
            }
            ["ALTER", "TABLE", table, "ADD", "COLUMN", name, ..] => {
                let known = tables.iter_mut().find(|(known, _)| known == table).unwrap();
                known.1.insert(name.to_owned(), kind(&statement));
            }
            _ => {}
        }
    }
    tables
}

#[tokio::test(flavor = "multi_thread")]
async fn every_earlier_release_writes_its_rows_into_the_newest_schema() {
    for database in Database::each() {
        let store = database.open().await;
        for release in 1..=MIGRATIONS.len() {
            for (table, columns) in columns(release) {
                let names: Vec<_> = columns.keys().map(String::as_str).collect();
                let values = columns.values().map(|kind| match *kind {
                    "TEXT" => format!("'{release}'"),
                    _ => release.to_string(),
                });
                let values: Vec<_> = values.collect();
                let insert = format!(
                    "INSERT INTO {table} ({}) VALUES ({})",
                    names.join(", "),
                    values.join(", ")
                );
                let done = sqlx::query(AssertSqlSafe(insert)).execute(&store.writes).await;
                done.unwrap_or_else(|error| panic!("release {release}, {table}: {error}"));
                let update = format!("UPDATE {table} SET {0} = {0}", names[0]);
                sqlx::query(AssertSqlSafe(update))
                    .execute(&store.writes)
                    .await
                    .unwrap();
            }
        }
        assert_eq!(
            count(&store, "instances").await,
            i64::try_from(MIGRATIONS.len()).unwrap()
        );
    }
}
