//! `/elements` and `/hubs`.

use crate::world::{World, refused};

#[test]
fn a_connector_is_found_by_key_and_by_id_with_every_field_of_the_contract() {
    let world = World::start();
    let by_key = world.get("/elements/intercom").json();
    assert_eq!(by_key, world.get("/elements/7549").json());
    assert_eq!(by_key["id"], 7549);
    for field in [
        "name",
        "key",
        "description",
        "image",
        "logo",
        "active",
        "deleted",
        "typeOAuth",
        "typeOauth",
        "trialAccount",
        "existingAccountDescription",
        "configDescription",
        "signupURL",
        "configuration",
        "resources",
        "objects",
        "parameters",
        "hooks",
        "transformationsEnabled",
        "bulkDownloadEnabled",
        "bulkUploadEnabled",
        "cloneable",
        "extendable",
        "extended",
        "beta",
        "private",
        "useModelsForMetadata",
        "authentication",
        "hub",
        "protocolType",
    ] {
        assert!(!by_key[field].is_null(), "{field}");
    }
    assert_eq!(by_key["authentication"]["type"], "oauth2");
    let config = &by_key["configuration"][0];
    for field in [
        "id",
        "name",
        "key",
        "description",
        "type",
        "required",
        "hideFromConsole",
        "internal",
        "active",
        "displayOrder",
        "resellerConfig",
        "companyConfig",
        "groupControl",
    ] {
        assert!(!config[field].is_null(), "{field}");
    }
}

#[test]
fn the_list_has_what_every_item_must_carry_and_its_counts() {
    let world = World::start();
    let total = world.get("/elements/keys").json().as_array().unwrap().len();
    let answer = world.get("/elements");
    let items = answer.json();
    let items = items.as_array().unwrap();
    assert_eq!(items.len(), total.min(200), "a page holds 200 at most");
    for item in items {
        for field in ["id", "key", "active", "hub"] {
            assert!(!item[field].is_null(), "{field}");
        }
        assert_eq!(item["resources"], serde_json::json!([]));
    }
    let count = items.len().to_string();
    assert_eq!(answer.header("Elements-Returned-Count"), Some(count.as_str()));
    let all = total.to_string();
    assert_eq!(answer.header("Elements-Total-Count"), Some(all.as_str()));
    assert_eq!(
        answer.header("Elements-Next-Page-Token").is_some(),
        items.len() < total
    );
    let keys = world.get("/elements/keys").json();
    assert!(keys.as_array().unwrap().contains(&"intercom".into()));
}

#[test]
fn a_list_holds_what_is_asked_for() {
    let world = World::start();
    let keys = |query: &str| -> Vec<String> {
        let items = world.get(&format!("/elements?{query}")).json();
        let items = items.as_array().unwrap().iter();
        items
            .map(|item| item["key"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(keys("key=intercom"), ["intercom"]);
    assert_eq!(keys("where=key%3D%27intercom%27"), ["intercom"]);
    assert_eq!(
        keys("hub=marketing&where=name+LIKE+%27interc%25%27"),
        ["intercom"]
    );
    assert_eq!(
        keys("where=hub%3D%27marketing%27+AND+name+LIKE+%27%25NTERCO%25%27"),
        ["intercom"]
    );
    assert!(keys("searchText=Intercom").contains(&"intercom".to_owned()));
    assert!(keys("hub=crm&key=intercom").is_empty());

    let (all, mut walked) = (keys("hub=marketing"), Vec::new());
    let mut next = String::new();
    loop {
        let answer = world.get(&format!("/elements?hub=marketing&pageSize=3&nextPage={next}"));
        let total = all.len().to_string();
        assert_eq!(answer.header("Elements-Total-Count"), Some(total.as_str()));
        let items = answer.json();
        let items = items.as_array().unwrap().iter();
        walked.extend(items.map(|item| item["key"].as_str().unwrap().to_owned()));
        match answer.header("Elements-Next-Page-Token") {
            Some(token) => next = token.to_owned(),
            None => break,
        }
    }
    assert_eq!(walked, all);

    let words = refused(&world.get("/elements?where=hub%3Dcrm"), 400);
    assert!(words.contains("hub='crm'"), "{words}");
    refused(&world.get("/elements?where=id%3D%271%27"), 400);
}

#[test]
fn hubs_are_those_of_the_connectors() {
    let world = World::start();
    let keys = world.get("/hubs/keys").json();
    let keys = keys.as_array().unwrap();
    assert!(keys.contains(&"marketing".into()) && keys.contains(&"crm".into()));
    let hubs = world.get("/hubs").json();
    let hubs = hubs.as_array().unwrap();
    assert_eq!(hubs.len(), keys.len());
    let marketing = hubs.iter().find(|hub| hub["key"] == "marketing").unwrap();
    assert_eq!(marketing["name"], "Marketing");
}

#[test]
fn a_connector_has_a_letter_mark_in_place_of_a_logo() {
    let world = World::start();
    let mark = world.get("/elements/hubspotcrm/icon.svg");
    assert_eq!(mark.header("content-type"), Some("image/svg+xml"));
    assert!(
        mark.text().starts_with("<svg ") && mark.text().contains(">HC</text>"),
        "{}",
        mark.text()
    );
    assert_eq!(mark.text(), world.get("/elements/hubspotcrm/icon.svg").text());
    assert_ne!(mark.text(), world.get("/elements/intercom/icon.svg").text());
    refused(&world.get("/elements/nobody/icon.svg"), 404);
}

#[test]
fn an_unknown_connector_is_a_404() {
    let world = World::start();
    for path in [
        "/elements/nobody",
        "/elements/999",
        "/elements/INTERCOM",
        "/elements/+7549",
    ] {
        refused(&world.get(path), 404);
    }
}
