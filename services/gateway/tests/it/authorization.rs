//! Who may call what.

use std::time::{Duration, Instant};

use ferrule_testkit::HttpClient;

use crate::registry::{ID, ORGANIZATION, OTHER_ORGANIZATION, TOKEN, USER};
use crate::world::{World, by_token, platform, refused, settings, somebody_else};

#[test]
fn anything_wrong_with_the_header_is_a_401_in_the_contracts_json() {
    let world = World::start();
    let lone = format!("User {USER}");
    let foreign = format!("Bearer {TOKEN}");
    let junk_element = format!("User {USER}, Organization {ORGANIZATION}, Element junk");
    let twice = format!("User {USER}, User {USER}, Organization {ORGANIZATION}");
    let crossed = format!("User {USER}, Organization {OTHER_ORGANIZATION}");
    for (path, given) in [
        ("/instances", None),
        ("/instances", Some("")),
        ("/instances", Some(lone.as_str())),
        ("/instances", Some(&foreign)),
        ("/instances", Some("Basic dTpw")),
        ("/instances", Some("\u{fc}")),
        ("/instances", Some(&junk_element)),
        ("/instances", Some(&twice)),
        ("/instances", Some(&crossed)),
        ("/instances/594927", Some(&lone)),
        ("/instances/594927", Some(&by_token())),
        ("/instances/configuration", Some(&platform())),
        ("/elements/intercom/instances", Some(&by_token())),
        ("/elements", Some(&lone)),
        ("/elements", Some(&crossed)),
        ("/elements/intercom/oauth/url?apiKey=k", Some("Bearer x")),
    ] {
        let headers: Vec<_> = given.into_iter().map(|value| ("Authorization", value)).collect();
        refused(&HttpClient::new().get(&world.api(path), &headers), 401);
    }
}

#[test]
fn two_authorization_headers_are_a_401() {
    let world = World::start();
    let headers = [("Authorization", &*platform()), ("Authorization", &*platform())];
    refused(&HttpClient::new().get(&world.api("/instances"), &headers), 401);
}

#[test]
fn credentials_are_judged_before_the_body_is() {
    let world = World::start();
    for (method, path) in [
        ("POST", "/instances"),
        ("PATCH", "/instances/594927"),
        ("PATCH", "/instances/594927/configuration/1"),
        ("POST", "/elements/intercom/oauth/url"),
    ] {
        refused(&world.send(method, path, Some("Bearer x"), "{junk"), 401);
    }
}

#[test]
fn secrets_leave_for_the_registry_as_digests_only() {
    let world = World::start();
    world.get("/instances");
    let listed = world.registry.listed.lock().unwrap();
    let credentials = listed[0].credentials.as_ref().unwrap();
    assert_eq!(credentials.user, ferrule_model::Digest::of(USER).as_bytes());
    assert_eq!(
        credentials.organization,
        ferrule_model::Digest::of(ORGANIZATION).as_bytes()
    );
    assert!(credentials.element.is_empty());
}

#[test]
fn a_caller_is_asked_for_once_a_second_and_a_refused_one_each_time() {
    let world = World::start();
    let began = Instant::now();
    for _ in 0..20 {
        assert_eq!(world.get("/elements/keys").status, 200);
    }
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap();
    assert!((1..=1 + seconds).contains(&world.registry.mood.calls()));

    let before = world.registry.mood.calls();
    for _ in 0..3 {
        refused(
            &world.send("GET", "/elements/keys", Some("User x, Organization y"), ""),
            401,
        );
    }
    assert_eq!(world.registry.mood.calls(), before + 3);
}

#[test]
fn a_caller_who_lost_his_secret_is_refused_within_a_second() {
    let world = World::start();
    assert_eq!(world.get("/elements/keys").status, 200);
    let known_at = Instant::now();
    world
        .registry
        .mood
        .refuse(ferrule_wire::Reason::Unauthenticated, "gone");
    let limit = Duration::from_secs(5);
    ferrule_testkit::wait_until("the caller is refused", limit, || {
        world.get("/elements/keys").status == 401
    });
    // The test's own steps take time too.
    assert!(
        known_at.elapsed() < Duration::from_secs(2),
        "{:?}",
        known_at.elapsed()
    );
}

#[test]
fn without_the_anonymous_catalogue_nobody_unknown_is_answered() {
    let world = World::with(ferrule_gateway::Settings {
        anonymous_catalogue: false,
        ..settings()
    });
    for path in [
        "/elements",
        "/elements/keys",
        "/elements/intercom",
        "/elements/intercom/oauth/url?apiKey=k",
        "/hubs",
        "/hubs/keys",
    ] {
        refused(&world.send("GET", path, None, ""), 401);
        assert_eq!(world.get(path).status, 200, "{path}");
    }
}

/// Security requirement 25.
#[test]
fn another_organizations_instance_is_a_404_like_a_missing_one() {
    let world = World::start();
    let whole = |answer: ferrule_testkit::Answer| {
        let message = refused(&answer, 404);
        let mut headers = answer.headers.clone();
        headers.retain(|(name, _)| {
            !["date", "elements-request-id"].contains(&name.to_ascii_lowercase().as_str())
        });
        (
            message.replace(&ID.to_string(), "N").replace("594000", "N"),
            headers,
        )
    };
    for (method, prefix, below) in [
        ("GET", "", ""),
        ("PATCH", "", ""),
        ("PUT", "", ""),
        ("DELETE", "", ""),
        ("GET", "/elements/intercom", ""),
        ("PATCH", "/elements/intercom", ""),
        ("DELETE", "/elements/intercom", ""),
        ("GET", "", "/configuration"),
        ("GET", "", "/configuration/1"),
        ("PATCH", "", "/configuration/1"),
    ] {
        let body = match method {
            "PATCH" | "PUT" => r#"{"propertyValue":"x"}"#,
            _ => "",
        };
        let ask = |id: i64| {
            let path = format!("{prefix}/instances/{id}{below}");
            whole(world.send(method, &path, Some(&somebody_else()), body))
        };
        assert_eq!(ask(ID), ask(594_000), "{method} {prefix} {below}");
    }
    assert_eq!(
        world.send("GET", "/instances", Some(&somebody_else()), "").text(),
        "[]"
    );
}
