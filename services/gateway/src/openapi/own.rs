//! Ferrule's own API as an `OpenAPI` 3.1 document: made of the table in `calls.rs`, and kept in `docs/openapi.json`.

use ferrule_catalog::Resource;
use serde_json::{Map, Value, json};

use super::calls::{Body, CALLS, Call, Who};
use crate::routes::API;

/// The document; `public_url` is how callers reach this API.
pub(crate) fn document(public_url: &str) -> Value {
    let mut paths = Map::new();
    for call in CALLS {
        let item = paths.entry(call.path).or_insert_with(|| json!({}));
        item[call.method] = operation(call);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Ferrule",
            "version": ferrule_service::VERSION,
            "summary": "Accounts at other vendors, as connector instances.",
            "description": "Clients of SAP Open Connectors keep their requests and change their base URL. Beside these \
                            calls, the paths that an instance's connector declares are taken below the base URL too: \
                            `GET /instances/{id}/docs` names them.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": format!("{public_url}{API}") }],
        "paths": paths,
        "components": { "securitySchemes": security_schemes(), "schemas": schemas() },
    })
}

fn operation(call: &Call) -> Value {
    let in_path = Resource::names(call.path).into_iter();
    let in_query = call.query.iter();
    let parameters: Vec<Value> = in_path
        .map(|name| parameter("path", name, part(name)))
        .chain(in_query.map(|(name, text)| parameter("query", name, text)))
        .collect();
    let mut operation = json!({
        "operationId": call.id,
        "tags": [call.tag],
        "summary": call.summary,
        "security": security(call.who),
        "parameters": parameters,
        "responses": {
            "200": answer(call),
            "default": {
                "description": "A refusal: what is wrong, and what to do.",
                "content": { "application/json": { "schema": schema("Error") } },
            },
        },
    });
    if !call.notes.is_empty() {
        operation["description"] = json!(call.notes);
    }
    match call.body {
        Body::Nothing => {}
        Body::Json(name) => {
            operation["requestBody"] = json!({
                "description": "JSON; keys that are not known are left aside.",
                "required": true,
                "content": { "application/json": { "schema": schema(name) } },
            });
        }
        Body::Any => {
            operation["requestBody"] = json!({
                "description": "As the vendor takes it; it passes unchanged.",
                "content": { "*/*": { "schema": {} } },
            });
        }
    }
    operation
}

fn parameter(place: &str, name: &str, text: &str) -> Value {
    json!({
        "name": name,
        "in": place,
        "required": place == "path",
        "description": text,
        "schema": { "type": "string" },
    })
}

/// What stands in a path's place.
fn part(name: &str) -> &'static str {
    match name {
        "element" => "A connector's key or numeric id",
        "id" => "An instance's or a link's id",
        "configId" => "An entry's name, such as oauth.api.key",
        "hub" => "Any hub; it is not looked at",
        _ => "The vendor's path below the connector's base URL, with as many slashes as it has",
    }
}

fn answer(call: &Call) -> Value {
    let (kind, shape) = match call.answer {
        "" => ("*/*", json!({})),
        "svg" => ("image/svg+xml", json!({})),
        name => match name.strip_suffix("[]") {
            Some(name) => (
                "application/json",
                json!({ "type": "array", "items": schema(name) }),
            ),
            None => ("application/json", schema(name)),
        },
    };
    let mut answer = json!({ "description": call.gives, "content": { kind: { "schema": shape } } });
    if call.query.iter().any(|(name, _)| *name == "nextPage") {
        let header = |kind: &str, text: &str| json!({ "description": text, "schema": { "type": kind } });
        answer["headers"] = json!({
            "Elements-Returned-Count": header("integer", "How many came"),
            "Elements-Total-Count": header("integer", "How many there are"),
            "Elements-Next-Page-Token": header("string", "Send it as nextPage; absent on the last page"),
        });
    }
    answer
}

fn schema(name: &str) -> Value {
    if name == "Object" {
        return json!({ "type": "object" });
    }
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// One header carries all: its parts are told apart by what they name.
fn security(who: Who) -> Value {
    match who {
        Who::Organization => json!([{ "organization": [] }]),
        Who::Instance => json!([{ "instance": [] }]),
        Who::Either => json!([{ "organization": [] }, { "instance": [] }]),
        Who::Anybody => json!([{ "organization": [] }, {}]),
    }
}

fn security_schemes() -> Value {
    let header = |text: &str| json!({ "type": "apiKey", "in": "header", "name": "Authorization", "description": text });
    json!({
        "organization": header("`User {user secret}, Organization {organization secret}`"),
        "instance": header("`User {user secret}, Element {instance token}`"),
    })
}

fn schemas() -> Value {
    let text = json!({ "type": "string" });
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    let entries = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    let element_reference = json!({
        "type": "object",
        "description": "By key, or by id where there is none",
        "properties": { "key": text, "id": { "type": "integer" } },
    });
    json!({
        "Error": {
            "type": "object",
            "required": ["requestId", "message"],
            "properties": {
                "requestId": { "type": "string", "description": "Also in Elements-Request-Id" },
                "message": { "type": "string", "description": "What is wrong, and what to do" },
                "providerMessage": { "type": "string", "description": "The vendor's own words" },
            },
        },
        "Element": {
            "type": "object",
            "required": ["id", "key", "name", "hub"],
            "properties": { "id": { "type": "integer" }, "key": text, "name": text, "hub": text, "description": text },
        },
        "Key": {
            "type": "string",
        },
        "OauthUrl": {
            "type": "object",
            "required": ["oauthUrl", "element"],
            "properties": {
                "oauthUrl": { "type": "string", "description": "Send the user's browser there" },
                "element": text,
                "state": { "type": "string", "description": "With Ferrule's own callback: what becomes the handshake" },
            },
        },
        "NewInstance": {
            "type": "object",
            "required": ["element"],
            "properties": {
                "element": element_reference,
                "name": text,
                "tags": texts,
                "configuration": entries,
                "providerData": {
                    "type": "object",
                    "description": "The login: `handshake`, or what the vendor's callback brought, such as `code`",
                    "additionalProperties": { "type": "string" },
                },
                "externalAuthentication": { "type": "string", "enum": ["none", "initial"] },
            },
        },
        "NewConnectSession": {
            "type": "object",
            "required": ["elements"],
            "properties": {
                "elements": { "type": "array", "items": { "type": ["string", "integer"] } },
                "name": text,
                "tags": texts,
                "endUserId": text,
                "returnUrl": text,
                "expiresIn": { "type": "integer", "description": "Seconds; 3600 where it is left out" },
            },
        },
        "InstanceChanges": {
            "type": "object",
            "description": "What is left out stays as it is. A new code in `providerData` logs in again: id and token stay.",
            "properties": { "name": text, "tags": texts, "configuration": entries, "providerData": entries },
        },
        "Instance": {
            "type": "object",
            "required": ["id", "name", "token", "element", "valid", "disabled"],
            "properties": {
                "id": { "type": "integer" },
                "name": text,
                "createdDate": { "type": "string", "format": "date-time" },
                "token": { "type": "string", "description": "Stands for the vendor's tokens; it never changes" },
                "element": schema("Element"),
                "elementId": { "type": "integer" },
                "tags": texts,
                "valid": { "type": "boolean" },
                "disabled": { "type": "boolean" },
                "configuration": { "type": "object", "description": "Secrets masked" },
            },
        },
        "Entry": { "type": "object", "description": "One entry of a configuration; secrets masked" },
        "AuditEntry": { "type": "object", "description": "What happened: who, when, on which request, why" },
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The published address is everybody's own.
    const ANYWHERE: &str = "http://localhost:8080";

    #[test]
    fn the_published_document_is_the_one_that_is_served() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        let now = format!("{:#}\n", document(ANYWHERE));
        if kept != now {
            let made = std::env::temp_dir().join("openapi.json");
            std::fs::write(&made, now).unwrap();
            panic!(
                "docs/openapi.json is not current: put {} in its place",
                made.display()
            );
        }
    }

    #[test]
    fn every_path_of_the_routes_stands_in_the_table() {
        let source = include_str!("../routes.rs");
        let api = source.split("fn web(").next().unwrap();
        let routed: Vec<String> = api
            .split(".route(")
            .skip(1)
            .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
            .map(|path| path.replace("{config_id}", "{configId}"))
            .collect();
        assert!(routed.len() > 15, "{routed:?}");
        for path in &routed {
            assert!(
                CALLS.iter().any(|call| call.path == path),
                "{path} is not told of"
            );
        }
        for call in CALLS
            .iter()
            .filter(|call| !["/ping", "/hubs/{hub}/{path}"].contains(&call.path))
        {
            assert!(
                routed.iter().any(|path| path == call.path),
                "{} is not there",
                call.path
            );
        }
    }
}
