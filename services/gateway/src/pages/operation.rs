//! What an API can be asked, as pages show it: read from its `OpenAPI` document.

use serde_json::Value;

use crate::pages::console_call::{INSTANCE, ORGANIZATION};

/// One method of one path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Operation {
    /// The document's `operationId`.
    pub(crate) id: String,
    /// Upper case.
    pub(crate) method: String,
    /// What it is about; empty: nothing is said.
    pub(crate) tag: String,
    /// With its placeholders.
    pub(crate) path: String,
    pub(crate) summary: String,
    pub(crate) description: String,
    /// What `Authorization` holds, with names in place of the secrets.
    pub(crate) authorization: &'static str,
    pub(crate) parameters: Vec<Parameter>,
    /// What its body is; absent: it takes none.
    pub(crate) body: Option<String>,
    /// Status and meaning.
    pub(crate) answers: Vec<(String, String)>,
}

/// A part of the path, or a parameter of the query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) in_path: bool,
    pub(crate) required: bool,
    pub(crate) description: String,
}

impl Parameter {
    /// What its field of a form is called.
    pub(crate) fn field(&self) -> String {
        let place = if self.in_path { "path" } else { "query" };
        format!("{place}.{}", self.name)
    }
}

/// The operations of a document, in its order.
pub(crate) fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.map(move |(method, operation)| of(path, method, operation))
        })
        .collect()
}

/// What one tries first: a resource of the vendor's, where there is one.
pub(crate) fn first(operations: &[Operation]) -> Option<&Operation> {
    let of_a_resource = operations
        .iter()
        .find(|operation| operation.path.starts_with("/hubs/"));
    of_a_resource.or(operations.first())
}

fn of(path: &str, method: &str, operation: &Value) -> Operation {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let answers = operation["responses"].as_object().into_iter().flatten();
    Operation {
        id: text(&operation["operationId"]),
        method: method.to_ascii_uppercase(),
        path: path.to_owned(),
        tag: text(&operation["tags"][0]),
        summary: text(&operation["summary"]),
        description: text(&operation["description"]),
        authorization: if operation["security"][0].get("organization").is_some() {
            ORGANIZATION
        } else {
            INSTANCE
        },
        parameters: parameters.filter_map(parameter).collect(),
        body: operation
            .get("requestBody")
            .map(|body| text(&body["description"])),
        answers: answers
            .map(|(status, answer)| (status.clone(), text(&answer["description"])))
            .collect(),
    }
}

/// Headers are none of what a form asks for.
fn parameter(parameter: &Value) -> Option<Parameter> {
    let place = parameter["in"].as_str()?;
    ["path", "query"].contains(&place).then(|| Parameter {
        name: text(&parameter["name"]),
        in_path: place == "path",
        required: parameter["required"].as_bool().unwrap_or_default(),
        description: text(&parameter["description"]),
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_read_in_its_order() {
        let document = json!({ "paths": {
            "/b/{id}": { "patch": {
                "operationId": "patch_b",
                "summary": "Changes b",
                "parameters": [
                    { "name": "id", "in": "path", "required": true },
                    { "name": "page", "in": "query", "description": "Which" },
                    { "name": "If-Match", "in": "header" },
                ],
                "requestBody": { "description": "All of it" },
                "responses": { "200": { "description": "Done" } },
            } },
            "/a": { "get": {} },
        } });
        let [first, second] = operations(&document).try_into().unwrap();
        assert_eq!((first.method.as_str(), first.path.as_str()), ("PATCH", "/b/{id}"));
        let [id, page] = first.parameters.try_into().unwrap();
        assert!(id.in_path && id.required && id.name == "id");
        assert!(!page.in_path && !page.required && page.description == "Which");
        assert_eq!(first.body.as_deref(), Some("All of it"));
        assert_eq!(first.answers, [("200".to_owned(), "Done".to_owned())]);
        assert_eq!((second.method.as_str(), second.body), ("GET", None));
        assert!(operations(&json!({})).is_empty());
    }
}
