//! One method of one path.

use ferrule_catalog::{Connector, Method, Resource};
use serde_json::{Value, json};

/// A declared resource's method; `name` is its operation id.
pub(super) fn of(connector: &Connector, resource: &Resource, method: Method, name: &str) -> Value {
    let what = if resource.description.is_empty() {
        resource.path.as_str()
    } else {
        &resource.description
    };
    let mut operation = json!({
        "operationId": name,
        "tags": [connector.hub],
        "summary": what,
        "parameters": parameters(resource, method),
        "responses": { "2XX": answer(resource, method), "default": refusal() },
    });
    if resource.vendor_path != resource.path {
        operation["description"] = json!(format!("The vendor's `{method} {}`.", resource.vendor_path));
    }
    if matches!(method, Method::Post | Method::Put | Method::Patch) {
        operation["requestBody"] = json!({
            "description": "As the vendor takes it; it passes unchanged.",
            "content": { "application/json": { "schema": {} }, "*/*": { "schema": {} } },
        });
    }
    operation
}

/// `GET /ping`
pub(super) fn ping(connector: &Connector) -> Value {
    let properties = json!({ "dateTime": { "type": "string" }, "endpoint": { "type": "string" } });
    json!({
        "operationId": "ping",
        "tags": [connector.hub],
        "summary": "Whether the instance still works",
        "responses": {
            "200": {
                "description": "It does.",
                "content": { "application/json": { "schema": { "type": "object", "properties": properties } } },
            },
            "default": refusal(),
        },
    })
}

/// The path's segments, the query's parameters, and the page where the resource has pages.
fn parameters(resource: &Resource, method: Method) -> Vec<Value> {
    let in_path = Resource::names(&resource.path);
    let described = |name: &str| {
        let known = resource.parameters.iter().find(|(known, _)| known == name);
        known.map_or("", |(_, text)| text.as_str())
    };
    let of = |place: &str, name: &str, text: &str, kind: &str| {
        let mut parameter = json!({
            "name": name,
            "in": place,
            "required": place == "path",
            "schema": { "type": kind },
        });
        if !text.is_empty() {
            parameter["description"] = json!(text);
        }
        parameter
    };
    let mut parameters: Vec<Value> = Vec::new();
    for (place, name) in in_path.iter().enumerate() {
        if !in_path[..place].contains(name) {
            parameters.push(of("path", name, described(name), "string"));
        }
    }
    if method != Method::Get {
        return parameters;
    }
    let in_query = resource
        .parameters
        .iter()
        .filter(|(name, _)| !in_path.contains(&name.as_str()));
    parameters.extend(in_query.map(|(name, text)| of("query", name, text, "string")));
    if let Some(paging) = &resource.paging {
        let size = format!("How many items a page holds, {} at most", paging.max_size);
        parameters.push(of("query", "pageSize", &size, "integer"));
        let next = "What Elements-Next-Page-Token held";
        parameters.push(of("query", "nextPage", next, "string"));
    }
    parameters
}

fn answer(resource: &Resource, method: Method) -> Value {
    let mut answer =
        json!({ "description": "The vendor's answer, unchanged.", "content": { "*/*": { "schema": {} } } });
    if method == Method::Get && resource.paging.is_some() {
        let header = |kind: &str, text: &str| json!({ "description": text, "schema": { "type": kind } });
        answer["headers"] = json!({
            "Elements-Returned-Count": header("integer", "How many items came"),
            "Elements-Next-Page-Token": header("string", "Send it as nextPage; absent on the last page"),
        });
    }
    answer
}

fn refusal() -> Value {
    json!({
        "description": "Ferrule's refusal, or the vendor's as it came.",
        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
    })
}
