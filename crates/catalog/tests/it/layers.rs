use std::collections::BTreeSet;
use std::fs;

use ferrule_catalog::{Catalog, ConnectorSource, LoadError, LoadOptions, Pkce, Refresh, check_directory};
use ferrule_model::ElementId;
use tempfile::TempDir;

use super::{ACME, catalog_with};

const OVERRIDE: &str = r#"key = "intercom"
name = "Intercom here"
hub = "marketing"
[auth]
kind = "oauth2"
authorization_url = "http://127.0.0.1:4000/oauth"
token_url = "http://127.0.0.1:4000/token"
"#;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn load(folder: &TempDir) -> Catalog {
    let directory = Some(folder.path().to_owned());
    Catalog::load(&LoadOptions {
        directory,
        allow_private_networks: true,
        extra: vec![],
    })
    .unwrap()
}

/// `name:line: message` of each problem.
fn told(catalog: &Catalog, folder: &TempDir) -> Vec<String> {
    let path = format!("{}/", folder.path().display());
    catalog
        .problems()
        .iter()
        .map(|problem| problem.to_string().replace(&path, ""))
        .collect()
}

#[test]
fn intercom_is_built_in_as_the_contract_has_it() {
    let catalog = Catalog::load(&LoadOptions::default()).unwrap();
    assert_eq!(catalog.problems(), []);
    let intercom = catalog.get("intercom").unwrap();
    assert_eq!(catalog.get("7549").unwrap().key, intercom.key);
    assert_eq!(
        (intercom.id, intercom.name.as_str(), intercom.hub.as_str()),
        (ElementId(7549), "Intercom", "marketing")
    );
    assert_eq!(intercom.auth.kind_name(), "oauth2");
    let none = intercom
        .resolve(&super::values(&[("siteAddress", "x"), ("subdomain", "y")]))
        .unwrap();
    assert!(none.is_empty());
    assert_eq!(
        intercom.authorization_url(&none).unwrap(),
        "https://app.intercom.io/oauth"
    );
    assert_eq!(
        intercom.token_url(&none).unwrap(),
        "https://api.intercom.io/auth/eagle/token"
    );
    assert_eq!(intercom.revocation_url(&none), Ok(None));
    let oauth2 = intercom.oauth2().unwrap();
    assert_eq!(
        (oauth2.tokens.scope().as_str(), oauth2.pkce, oauth2.refresh),
        ("read", Pkce::Off, Refresh::None)
    );
    let resources: Vec<&str> = intercom
        .resources
        .iter()
        .map(|resource| resource.path.as_str())
        .collect();
    let expected = [
        "/contacts",
        "/companies",
        "/conversations",
        "/admins",
        "/tags",
        "/segments",
        "/events",
        "/me",
    ];
    assert!(
        expected.iter().all(|path| resources.contains(path)),
        "{resources:?}"
    );
    assert!(intercom.accepts_stored_app());
}

#[test]
fn unknown_elements_are_absent() {
    let catalog = Catalog::load(&LoadOptions::default()).unwrap();
    for unknown in [
        "",
        "Intercom",
        "7548",
        "+7549",
        "-1",
        "../intercom",
        "99999999999999999999",
    ] {
        assert!(catalog.get(unknown).is_none(), "{unknown}");
    }
}

#[test]
fn a_folder_adds_connectors_in_order_of_their_keys() {
    let catalog = load(&folder(&[
        ("acme.toml", ACME),
        ("README.md", "no connector"),
        (".hidden.toml", "?"),
    ]));
    assert_eq!(catalog.problems(), []);
    let keys: Vec<&str> = catalog.iter().map(|connector| connector.key.as_str()).collect();
    assert!(keys.is_sorted());
    assert_eq!(
        keys.len(),
        Catalog::load(&LoadOptions::default()).unwrap().iter().len() + 1
    );
    assert!(catalog.hubs().is_superset(&BTreeSet::from(["crm", "marketing"])));
    let acme = catalog.get("acme").unwrap();
    assert_eq!(acme.id, ElementId(1_545_967_339));
    assert_eq!(catalog.get("1545967339").unwrap().key, acme.key);
}

#[test]
fn an_override_keeps_the_built_in_id() {
    let catalog = load(&folder(&[("intercom.toml", OVERRIDE)]));
    assert_eq!(catalog.problems(), []);
    let intercom = catalog.get("7549").unwrap();
    assert_eq!(
        (intercom.id, intercom.name.as_str()),
        (ElementId(7549), "Intercom here")
    );
}

#[test]
fn the_folder_overrides_files_in_memory_and_they_the_built_in_ones() {
    let extra = vec![ConnectorSource {
        name: "intercom.toml".into(),
        text: OVERRIDE.into(),
    }];
    let options = LoadOptions {
        extra,
        allow_private_networks: true,
        directory: None,
    };
    assert_eq!(
        Catalog::load(&options).unwrap().get("intercom").unwrap().name,
        "Intercom here"
    );

    let last = folder(&[(
        "intercom.toml",
        &OVERRIDE.replace("Intercom here", "Intercom there"),
    )]);
    let options = LoadOptions {
        directory: Some(last.path().to_owned()),
        ..options
    };
    assert_eq!(
        Catalog::load(&options).unwrap().get("intercom").unwrap().name,
        "Intercom there"
    );
}

#[test]
fn a_wrong_file_is_left_out_and_takes_nothing_else_down() {
    let folder = folder(&[
        ("acme.toml", ACME),
        ("bad.toml", "key = \"bad\"\nname = \"Bad\"\nhub = \"crm\"\n"),
    ]);
    let catalog = load(&folder);
    assert_eq!(
        told(&catalog, &folder),
        ["bad.toml:1: the file has no 'auth': it is required"]
    );
    assert!(catalog.get("bad").is_none());
    assert!(catalog.get("acme").is_some() && catalog.get("intercom").is_some());
}

#[test]
fn a_wrong_override_disables_what_it_meant_to_override() {
    let wrong_url = OVERRIDE.replace("http://127.0.0.1:4000/token", "http://example.com/token");
    for (name, text, told_first) in [
        (
            "intercom.toml",
            wrong_url.as_str(),
            "intercom.toml:7: http:// is for loopback alone: write https://",
        ),
        ("intercom.toml", "key = ", "intercom.toml:1: this is not TOML: "),
        (
            "other.toml",
            OVERRIDE,
            "other.toml:1: key = \"intercom\" is not the file's name: ",
        ),
    ] {
        let folder = folder(&[(name, text)]);
        let catalog = load(&folder);
        assert!(
            catalog.get("intercom").is_none() && catalog.get("7549").is_none(),
            "{text}"
        );
        let told = told(&catalog, &folder);
        assert!(told[0].starts_with(told_first), "{told:?}");
    }
}

#[test]
fn an_id_belongs_to_one_connector() {
    let twice = |id: &str| ACME.replacen("key = ", &format!("id = {id}\nkey = "), 1);
    let other = twice("5").replace("\"acme\"", "\"other\"");
    let folder = folder(&[("acme.toml", &twice("5")), ("other.toml", &other)]);
    let catalog = load(&folder);
    assert_eq!(
        told(&catalog, &folder),
        ["other.toml:1: id 5 is taken by connector 'acme': write another id"]
    );

    let taken = catalog_with("acme.toml", &twice("7549"));
    assert_eq!(
        taken.problems()[0].message,
        "id 7549 is taken by connector 'intercom': write another id"
    );
    assert_eq!(taken.get("7549").unwrap().key.as_str(), "intercom");
}

#[test]
fn a_check_tells_every_problem_of_every_file_at_once() {
    let folder = folder(&[("a.toml", "key = \"a\"\n"), ("intercom.toml", OVERRIDE)]);
    fs::write(folder.path().join("latin.toml"), b"key = \"\xe9\"").unwrap();
    let problems = check_directory(folder.path(), false);
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let path = folder.path().display();
    let loopback = "http:// on loopback needs FERRULE_ALLOW_PRIVATE_NETWORKS=true: set it, or write https://";
    assert_eq!(
        told,
        [
            format!("{path}/a.toml:1: the file has no 'auth': it is required"),
            format!("{path}/a.toml:1: the file has no 'hub': it is required"),
            format!("{path}/a.toml:1: the file has no 'name': it is required"),
            format!("{path}/intercom.toml:6: {loopback}"),
            format!("{path}/intercom.toml:7: {loopback}"),
            format!("{path}/latin.toml:1: is not UTF-8: save it as UTF-8 text"),
        ]
    );
    assert_eq!(check_directory(folder.path(), true).len(), 4);
}

#[test]
fn a_folder_that_cannot_be_listed_is_an_error() {
    let directory = "/nowhere/connectors".into();
    let error = Catalog::load(&LoadOptions {
        directory: Some(directory),
        ..LoadOptions::default()
    });
    assert!(matches!(error, Err(LoadError::Directory { .. })));
    let problems = check_directory("/nowhere/connectors".as_ref(), false);
    assert_eq!(problems.len(), 1);
}
