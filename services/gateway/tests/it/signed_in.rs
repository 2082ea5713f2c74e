//! What a browser may do that signed in, and what it takes to sign in.

use ferrule_model::Digest;
use ferrule_testkit::HttpClient;
use ferrule_wire::v1::find_outcome_response::Stage;

use crate::registry::{ID, ORGANIZATION, TOKEN, USER};
use crate::visitor::{FORM, Visitor};
use crate::world::{World, platform};

const HANDSHAKE: &str = "3q2-7w_handshake";

#[test]
fn nobody_known_signs_in_first_and_comes_back() {
    let world = World::start();
    let mut visitor = Visitor::unknown(&world);
    let sent = visitor.get("/instances?q=a");
    let sign_in = "/sign-in?next=%2Finstances%3Fq%3Da";
    assert_eq!((sent.status, sent.header("location")), (303, Some(sign_in)));
    assert!(visitor.get(sign_in).text().contains("value=\"/instances?q=a\""));
    let back = visitor.sign_in(USER, ORGANIZATION, "/instances?q=a");
    assert_eq!(
        (back.status, back.header("location")),
        (303, Some("/instances?q=a"))
    );
    let page = visitor.get("/instances?q=a").text();
    assert!(
        page.contains("Ours &#38; Co") && page.contains("API Instance"),
        "{page}"
    );
}

#[test]
fn secrets_that_do_not_belong_together_open_nothing_and_stand_in_no_page() {
    let world = World::start();
    let mut visitor = Visitor::unknown(&world);
    for (user, organization) in [
        (USER, "wrong-organization"),
        ("wrong-user", ORGANIZATION),
        ("", ""),
    ] {
        let answer = visitor.sign_in(user, organization, "/");
        assert_eq!(answer.status, 401);
        for secret in [USER, ORGANIZATION, "wrong-organization", "wrong-user"] {
            assert!(!answer.text().contains(secret));
        }
        assert_eq!(visitor.cookies, []);
    }
}

#[test]
fn the_eleventh_attempt_of_a_minute_waits() {
    let world = World::start();
    let mut visitor = Visitor::unknown(&world);
    for _ in 0..10 {
        assert_eq!(visitor.sign_in(USER, "wrong", "/").status, 401);
    }
    assert_eq!(visitor.sign_in(USER, ORGANIZATION, "/").status, 429);
    assert_eq!(visitor.cookies, []);
}

#[test]
fn the_api_knows_nobody_by_cookie_and_the_pages_nobody_by_header() {
    let world = World::start();
    let mut visitor = Visitor::signed_in(&world);
    assert_eq!(visitor.get("/elements/api-v2/instances").status, 401);
    let answer = HttpClient::new().get(&world.url("/instances"), &[("Authorization", &platform())]);
    assert_eq!(answer.status, 303);
}

#[test]
fn whoever_signed_out_is_unknown_with_the_old_cookie_too() {
    let world = World::start();
    let mut visitor = Visitor::signed_in(&world);
    let kept = visitor.cookies.clone();
    assert_eq!(visitor.post("/sign-out", &[]).status, 303);
    assert_eq!(visitor.cookies, []);
    visitor.cookies = kept;
    assert_eq!(visitor.get("/instances").status, 303);
}

#[test]
fn another_sites_form_changes_nothing() {
    let world = World::start();
    let mut visitor = Visitor::signed_in(&world);
    for (name, value) in [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ] {
        for path in ["delete", "disable", "labels", "token", "renew", "ping", "console"] {
            let path = format!("/instances/{ID}/{path}");
            let answer = visitor.send("POST", &path, &[("Content-Type", FORM), (name, value)], "");
            assert_eq!(answer.status, 403, "{path} {name}: {value}");
            assert!(!answer.text().contains(TOKEN));
        }
    }
    assert!(world.registry.deleted.lock().unwrap().is_empty());
    assert!(world.registry.updated.lock().unwrap().is_empty());
}

#[test]
fn what_is_missing_stands_beside_its_field_and_nothing_typed_is_lost_but_secrets() {
    let world = World::start();
    let mut visitor = Visitor::signed_in(&world);
    let typed = [
        ("name", "Mine \"<b>"),
        ("oauth.api.secret", "s3cret-typed"),
        ("tags", "a, b"),
    ];
    let answer = visitor.post("/connectors/intercom", &typed);
    assert_eq!(answer.status, 422);
    let page = answer.text();
    assert!(page.contains("API key is needed here."), "{page}");
    assert!(
        page.contains("value=\"Mine &#34;&#60;b&#62;\"") && page.contains("value=\"a, b\""),
        "{page}"
    );
    assert!(!page.contains("s3cret-typed"));
    assert!(world.broker.authorized.lock().unwrap().is_empty());
}

#[test]
fn a_login_begins_bound_to_the_browser_and_ends_as_an_instance_that_shows_its_token_once() {
    let world = World::start();
    let mut visitor = Visitor::signed_in(&world);
    let typed = [
        ("name", "Mine"),
        ("oauth.api.key", "key"),
        ("oauth.api.secret", "s3cret"),
        ("tags", "a, b"),
    ];
    *world.broker.state.lock().unwrap() = Some(HANDSHAKE.to_owned());
    let leaving = visitor.post("/connectors/intercom", &typed);
    assert_eq!(leaving.status, 200, "{}", leaving.text());
    assert!(!leaving.text().contains("s3cret"));
    let asked = world.broker.last_authorized();
    assert_eq!(
        (asked.api_key.as_str(), asked.api_secret.as_str()),
        ("key", "s3cret")
    );
    assert_eq!(
        (asked.organization_id, asked.callback_url.as_str()),
        (Some(1), "")
    );
    let nonce = visitor.cookie("__Host-ferrule-binding").unwrap();
    assert_eq!(asked.browser_binding, Digest::of(nonce).as_bytes());

    world.broker.outcome.lock().unwrap().set_stage(Stage::Attached);
    let done = format!("/oauth/callback/intercom/done?handshake={HANDSHAKE}");
    let page = visitor.get(&done).text();
    assert!(
        page.contains("data-goes-on") && page.contains("value=\"Mine\""),
        "{page}"
    );
    let finish = [("handshake", HANDSHAKE), ("name", "Mine"), ("tags", "a, b")];
    let made = visitor.post("/oauth/callback/intercom/done", &finish);
    let instance = format!("/instances/{ID}");
    assert_eq!(
        (made.status, made.header("location")),
        (303, Some(instance.as_str()))
    );
    let created = world.registry.created.lock().unwrap().pop().unwrap();
    assert_eq!(
        (created.name.as_str(), created.tags.as_slice()),
        ("Mine", &["a".to_owned(), "b".to_owned()][..])
    );
    assert_eq!(created.provider_data.unwrap().handshake, HANDSHAKE);

    assert!(
        visitor.get(&instance).text().contains(TOKEN),
        "once, when it is new"
    );
    assert!(!visitor.get(&instance).text().contains(TOKEN), "and then no more");
    let shown = visitor.post(&format!("{instance}/token"), &[]);
    assert!(shown.text().contains(TOKEN), "unless it is asked for");
}

#[test]
fn a_login_that_began_elsewhere_asks_before_it_becomes_an_instance() {
    let world = World::start();
    world.broker.outcome.lock().unwrap().set_stage(Stage::Attached);
    let done = format!("/oauth/callback/intercom/done?handshake={HANDSHAKE}");
    let page = Visitor::signed_in(&world).get(&done).text();
    assert!(
        page.contains("value=\"My Intercom\"") && !page.contains("data-goes-on"),
        "{page}"
    );
}

#[test]
fn an_instance_is_renewed_with_the_app_that_it_has() {
    let world = World::start();
    let mut visitor = Visitor::signed_in(&world);
    *world.broker.state.lock().unwrap() = Some(HANDSHAKE.to_owned());
    let leaving = visitor.post(&format!("/instances/{ID}/renew"), &[]);
    assert_eq!(leaving.status, 200);
    assert!(!leaving.text().contains("kept-secret"));
    let asked = world.broker.last_authorized();
    assert_eq!(
        (asked.api_key.as_str(), asked.api_secret.as_str()),
        ("kept-key", "kept-secret")
    );

    world.broker.outcome.lock().unwrap().set_stage(Stage::Attached);
    let page = visitor
        .get(&format!("/oauth/callback/intercom/done?handshake={HANDSHAKE}"))
        .text();
    assert!(page.contains("Renew the instance"), "{page}");
    let id = ID.to_string();
    let renewed = visitor.post(
        "/oauth/callback/intercom/done",
        &[("handshake", HANDSHAKE), ("instance", &id)],
    );
    let back = format!("/instances/{ID}?done=renewed");
    assert_eq!(
        (renewed.status, renewed.header("location")),
        (303, Some(back.as_str()))
    );
    let updated = world.registry.updated.lock().unwrap().pop().unwrap();
    assert_eq!(updated.provider_data.unwrap().handshake, HANDSHAKE);
    assert!(world.registry.created.lock().unwrap().is_empty());
}

#[test]
fn an_instance_is_changed_disabled_enabled_and_deleted_after_a_question() {
    let world = World::start();
    let mut visitor = Visitor::signed_in(&world);
    let path = |rest: &str| format!("/instances/{ID}/{rest}");
    let saved = visitor.post(&path("labels"), &[("name", "New"), ("tags", "")]);
    assert_eq!(saved.status, 303);
    let updated = world.registry.updated.lock().unwrap().pop().unwrap();
    assert_eq!(
        (updated.name.as_deref(), updated.replace_tags),
        (Some("New"), true)
    );
    for (act, words) in [
        ("disable", "calls are refused"),
        ("enable", "calls go through again"),
    ] {
        let done = visitor.post(&path(act), &[]);
        let page = visitor.get(done.header("location").unwrap()).text();
        assert!(page.contains(words), "{page}");
    }
    assert!(visitor.get(&path("delete")).text().contains("cannot be undone"));
    assert!(world.registry.deleted.lock().unwrap().is_empty());
    let deleted = visitor.post(&path("delete"), &[]);
    assert_eq!(
        (deleted.status, deleted.header("location")),
        (303, Some("/instances"))
    );
    assert_eq!(world.registry.deleted.lock().unwrap()[0].id, ID);
}

#[test]
fn what_is_not_there_has_a_page_that_leads_on() {
    let world = World::start();
    let mut visitor = Visitor::signed_in(&world);
    for path in ["/instances/1", "/instances/x", "/instances/1/delete"] {
        let answer = visitor.get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.text().contains("href=\"/instances\""));
    }
}
