//! Contacts, page by page.

use axum::http::{Method, StatusCode, header};
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn without_a_good_token_the_api_says_what_it_wants() {
    let world = World::new();
    for path in ["/me", "/contacts", "/contacts/1"] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(
            answer.header(header::WWW_AUTHENTICATE),
            "Bearer realm=\"sandbox\""
        );
        let answer = world.read(path, "junk").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(
            answer
                .header(header::WWW_AUTHENTICATE)
                .contains("error=\"invalid_token\"")
        );
    }
    let unasked = world
        .call(Method::POST, "/contacts", "junk", Some(json!({ "name": "Mia" })))
        .await;
    assert_eq!(unasked.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn contacts_come_in_pages() {
    let world = World::new();
    let (token, _) = world.tokens("Ada").await;
    for (query, ids, pages) in [
        ("", (1..=10).collect::<Vec<_>>(), 2),
        ("?page=2", vec![11, 12], 2),
        ("?page=3", vec![], 2),
        ("?per_page=5&page=2", vec![6, 7, 8, 9, 10], 3),
        ("?per_page=100", (1..=12).collect(), 1),
        ("?per_page=100&page=18446744073709551615", vec![], 1),
    ] {
        let json = world.read(&format!("/contacts{query}"), &token).await.json();
        let given: Vec<u64> = json["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|contact| contact["id"].as_u64().unwrap())
            .collect();
        assert_eq!(given, ids, "{query}");
        assert_eq!(
            (json["pages"].as_u64(), json["total"].as_u64()),
            (Some(pages), Some(12)),
            "{query}"
        );
    }
    for query in [
        "page=0",
        "page=-1",
        "page=x",
        "per_page=0",
        "per_page=101",
        "page=1&page=2",
    ] {
        let answer = world.read(&format!("/contacts?{query}"), &token).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(
            answer.json()["message"].as_str().unwrap().contains("page"),
            "{query}"
        );
    }
}

#[tokio::test]
async fn an_added_contact_is_there_for_its_user_alone() {
    let world = World::new();
    let (ada, _) = world.tokens("Ada").await;
    let (bob, _) = world.tokens("Bob").await;
    let contact = json!({ "name": "<i>Mia</i>", "email": "mia@example.com" });
    let added = world.call(Method::POST, "/contacts", &ada, Some(contact)).await;
    assert_eq!(added.status, StatusCode::CREATED);
    assert_eq!(
        added.header(header::LOCATION),
        "http://127.0.0.1:40123/contacts/13"
    );
    assert_eq!(world.read("/contacts/13", &ada).await.json(), added.json());
    assert_eq!(added.json()["name"], "<i>Mia</i>");
    assert_eq!(
        world.read("/contacts/13", &bob).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(world.read("/contacts", &bob).await.json()["total"], 12);
}

#[tokio::test]
async fn a_contact_that_will_not_do_is_refused_with_words() {
    let world = World::new();
    let (token, _) = world.tokens("Ada").await;
    for (contact, status) in [
        (json!({ "name": "" }), 400),
        (json!({ "name": "Mia", "email": "mia" }), 400),
        (json!({ "email": "mia@example.com" }), 422),
        (json!({ "name": "Mia", "admin": true }), 422),
        (json!([]), 422),
    ] {
        let answer = world
            .call(Method::POST, "/contacts", &token, Some(contact.clone()))
            .await;
        assert_eq!(answer.status.as_u16(), status, "{contact}");
        assert!(
            !answer.json()["message"].as_str().unwrap().is_empty(),
            "{contact}"
        );
    }
}

#[tokio::test]
async fn a_contact_that_is_not_there_is_not_found() {
    let world = World::new();
    let (token, _) = world.tokens("Ada").await;
    assert_eq!(
        world.read("/contacts/12", &token).await.json()["name"],
        "Liam Brennan"
    );
    for id in ["0", "13", "01", "x", "-1"] {
        assert_eq!(
            world.read(&format!("/contacts/{id}"), &token).await.status,
            StatusCode::NOT_FOUND,
            "{id}"
        );
    }
}
