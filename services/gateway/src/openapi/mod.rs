//! What an instance of a connector can be asked, as an `OpenAPI` 3.0 document (contract, "GET /elements/{k}/docs").

mod calls;
mod operation;
pub(crate) mod own;

use std::collections::BTreeSet;

use ferrule_catalog::{Connector, Method, Resource};
use serde_json::{Map, Value, json};

use crate::routes::API;

/// The document of one connector; `public_url` is how callers reach this API.
pub(crate) fn document(connector: &Connector, public_url: &str) -> Value {
    let mut document = json!({
        "openapi": "3.0.3",
        "info": {
            "title": connector.name,
            "version": ferrule_service::VERSION,
            "description": description(connector),
        },
        "servers": [{ "url": format!("{public_url}{API}") }],
        "tags": [{ "name": connector.hub }],
        "security": [{ "instance": [] }],
        "paths": paths(connector),
        "components": {
            "securitySchemes": { "instance": {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": "`User {user secret}, Element {instance token}`",
            }},
            "schemas": { "Error": {
                "type": "object",
                "required": ["requestId", "message"],
                "properties": {
                    "requestId": { "type": "string" },
                    "message": { "type": "string" },
                    "providerMessage": { "type": "string", "description": "The vendor's own words." },
                },
            }},
        },
    });
    if let Some(docs) = &connector.docs {
        document["externalDocs"] =
            json!({ "url": docs, "description": "Where the vendor explains its authentication" });
    }
    document
}

fn description(connector: &Connector) -> String {
    let pass = format!(
        "Other paths of the vendor's API pass through below `/hubs/{}`.",
        connector.hub
    );
    [connector.description.as_str(), &pass]
        .join("\n\n")
        .trim()
        .to_owned()
}

/// A path for each resource, and the ping.
fn paths(connector: &Connector) -> Map<String, Value> {
    let (mut paths, mut shapes, mut names) = (Map::new(), BTreeSet::new(), BTreeSet::new());
    if connector.api.as_ref().is_some_and(|api| api.ping.is_some()) {
        names.insert("ping".to_owned());
        paths.insert("/ping".to_owned(), json!({ "get": operation::ping(connector) }));
    }
    for resource in &connector.resources {
        let path = format!("/hubs/{}{}", connector.hub, resource.path);
        // Two templates that differ in names alone are one path.
        if !paths.contains_key(&path) && !shapes.insert(shape(&path)) {
            continue;
        }
        let item = paths.entry(path).or_insert_with(|| json!({}));
        for method in &resource.methods {
            let name = free_name(&mut names, *method, resource);
            item[method.as_str().to_ascii_lowercase()] = operation::of(connector, resource, *method, &name);
        }
    }
    paths
}

/// The path with its placeholders' names left out.
fn shape(path: &str) -> String {
    path.split('{')
        .enumerate()
        .map(|(place, piece)| match piece.split_once('}') {
            Some((_, after)) if place > 0 => format!("{{}}{after}"),
            _ => piece.to_owned(),
        })
        .collect()
}

/// `get_contacts_id`, with a number where that is taken.
fn free_name(taken: &mut BTreeSet<String>, method: Method, resource: &Resource) -> String {
    let words: Vec<&str> = resource
        .path
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let name = format!("{}_{}", method.as_str().to_ascii_lowercase(), words.join("_"));
    let mut free = name.clone();
    let mut number = 2;
    while !taken.insert(free.clone()) {
        free = format!("{name}_{number}");
        number += 1;
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_that_differ_in_names_have_one_shape() {
        assert_eq!(shape("/a/{id}/b"), shape("/a/{key}/b"));
        assert_ne!(shape("/a/{id}/b"), shape("/a/{id}/c"));
        assert_ne!(shape("/a/{id}.json"), shape("/a/{id}"));
    }
}
