use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

use ferrule_catalog::JSON_SCHEMA;
use ferrule_testkit::openapi_python;
use serde_json::{Value, json};

use super::catalog_with;

const START: &str = "key = \"x\"\nname = \"X\"\nhub = \"crm\"\n";
const AUTH: &str = "[auth]\nkind = \"oauth2\"\nauthorization_url = \"https://x.example.com/a\"\n\
                    token_url = \"https://x.example.com/t\"\n";

const OAUTH1: &str = "[auth]\nkind = \"oauth1\"\nrequest_token_url = \"https://x.example.com/r\"\n\
                      authorization_url = \"https://x.example.com/a\"\ntoken_url = \"https://x.example.com/t\"\n";

/// The keys that the reader names when it meets one that it does not know.
fn known_to_the_reader(text: &str) -> BTreeSet<String> {
    let catalog = catalog_with("x.toml", text);
    let message = &catalog.problems()[0].message;
    message
        .split_once("known are ")
        .unwrap()
        .1
        .split(", ")
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_schema_and_the_reader_know_the_same_keys() {
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    let unknown = "xxxxxxxxxxxx = 1\n";
    for (pointer, text) in [
        ("/properties", format!("{START}{unknown}{AUTH}")),
        ("/$defs/oauth1/properties", format!("{START}{OAUTH1}{unknown}")),
        (
            "/$defs/api/properties",
            format!("{START}{AUTH}[api]\nbase_url = \"https://x.example.com\"\n{unknown}"),
        ),
        (
            "/$defs/answer/properties",
            format!("{START}{AUTH}[auth.answer]\n{unknown}"),
        ),
        (
            "/$defs/long_lived/properties",
            format!(
                "{START}{AUTH}[auth.long_lived]\nurl = \"https://x.example.com/l\"\n\
                 params = {{ t = \"{{access_token}}\" }}\n{unknown}"
            ),
        ),
        (
            "/$defs/parameter/properties",
            format!("{START}{AUTH}[[parameters]]\nname = \"a\"\n{unknown}"),
        ),
        (
            "/$defs/resource/properties",
            format!("{START}{AUTH}[[resources]]\npath = \"/a\"\n{unknown}"),
        ),
        (
            "/$defs/pagination/properties",
            format!(
                "{START}{AUTH}[[resources]]\npath = \"/a\"\n[resources.pagination]\nstyle = \"link\"\n{unknown}"
            ),
        ),
    ] {
        let keys = schema
            .pointer(pointer)
            .and_then(Value::as_object)
            .unwrap()
            .keys()
            .cloned();
        assert_eq!(
            keys.collect::<BTreeSet<_>>(),
            known_to_the_reader(&text),
            "{pointer}"
        );
    }
}

#[test]
fn of_every_kind_the_schema_and_the_reader_know_the_same_keys() {
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    let auth = &schema["$defs"]["auth"];
    let rules = auth["allOf"].as_array().unwrap();
    for kind in auth["properties"]["kind"]["enum"].as_array().unwrap() {
        let is_of = |rule: &&Value| {
            let of = &rule["if"]["properties"]["kind"];
            of["const"] == *kind || of["enum"].as_array().is_some_and(|kinds| kinds.contains(kind))
        };
        let then = &rules.iter().find(is_of).unwrap()["then"];
        let mut keys: BTreeSet<String> = match &then["propertyNames"]["enum"] {
            Value::Array(names) => names
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            _ => auth["properties"].as_object().unwrap().keys().cloned().collect(),
        };
        for (key, _) in then["properties"].as_object().into_iter().flatten() {
            keys.remove(key);
        }
        let mut text = format!("{START}[auth]\nkind = {kind}\n");
        // Of OAuth 2, where the issuer is not asked.
        let required = [&then["required"], &then["else"]["required"]];
        for key in required.iter().filter_map(|keys| keys.as_array()).flatten() {
            text = format!("{text}{} = \"https://x.example.com/a\"\n", key.as_str().unwrap());
        }
        text += "xxxxxxxxxxxx = 1\n";
        assert_eq!(keys, known_to_the_reader(&text), "{kind}");
    }
}

#[test]
fn the_page_on_connectors_names_every_key() {
    let page = include_str!("../../../../docs/connectors.md");
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    let sections = schema["$defs"].as_object().unwrap().values().chain([&schema]);
    for key in sections
        .filter_map(|section| section["properties"].as_object())
        .flat_map(|keys| keys.keys())
    {
        let named = [format!("`{key}`"), format!("`[{key}]`"), format!("`[[{key}]]`")];
        assert!(named.iter().any(|named| page.contains(named)), "{key}");
    }
}

#[test]
fn the_pages_example_is_a_connector() {
    let page = include_str!("../../../../docs/connectors.md");
    let example = page
        .split("```toml\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    assert_eq!(super::connector("acme.toml", example).name, "Acme");
}

/// What another program says of these files by the schema.
fn refused(files: impl IntoIterator<Item = (String, String)>) -> String {
    let parsed = files.into_iter().map(|(name, text)| {
        let table: toml::Table = text.parse().unwrap();
        (name, serde_json::to_value(table).unwrap())
    });
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    let given = json!({"schema": schema, "files": parsed.collect::<BTreeMap<_, _>>()});
    let mut validator = Command::new(openapi_python())
        .args(["-c", include_str!("schema.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = validator.stdin.take().unwrap();
    stdin.write_all(given.to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = validator.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn another_program_takes_every_file_by_the_schema_and_refuses_what_the_reader_refuses() {
    assert_eq!(refused(super::shipped::files()), "");
    let discovered = "[auth]\nkind = \"oauth2\"\nissuer = \"https://x.example.com\"\ndiscovery = true\n";
    assert_eq!(refused([("x".to_owned(), format!("{START}{discovered}"))]), "");
    let without = discovered.replace("discovery = true\n", "");
    for wrong in [
        format!("{START}[auth]\nkind = \"basic\"\nlabel = \"Key\"\n"),
        format!("{START}{without}"),
        format!("{START}{}", discovered.replace("issuer", "docs")),
        format!("{START}{AUTH}pkce = \"plain\"\n"),
        format!("{START}{AUTH}nonsense = 1\n"),
        AUTH.to_owned(),
    ] {
        assert!(
            refused([("x".to_owned(), wrong.clone())]).starts_with("x: "),
            "{wrong}"
        );
    }
}
