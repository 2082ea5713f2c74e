//! The vendor sends the browser back.

use ferrule_model::Digest;
use ferrule_testkit::{Answer, HttpClient};
use ferrule_wire::v1::find_outcome_response::Stage;
use ferrule_wire::v1::{CallbackResponse, FindOutcomeResponse};
use ferrule_wire::{Reason, Refusal};

use crate::world::{World, request_id, settings};

const HANDSHAKE: &str = "3q2-7w_handshake";

fn open(world: &World, path: &str, headers: &[(&str, &str)]) -> Answer {
    let answer = HttpClient::new().get(&world.url(path), headers);
    request_id(&answer);
    answer
}

fn lands(world: &World, redirect_to: &str) {
    *world.broker.landing.lock().unwrap() = CallbackResponse {
        redirect_to: redirect_to.to_owned(),
        element: "intercom".to_owned(),
        handshake: HANDSHAKE.to_owned(),
        ..CallbackResponse::default()
    };
}

#[test]
fn what_the_vendor_sent_reaches_the_broker_whole() {
    let world = World::start();
    lands(&world, "https://app.example/done?state=mine");
    let path = "/oauth/callback/intercom?code=c%2Fd&state=s&iss=https%3A%2F%2Fv.example&realmId=7&empty=";
    let answer = open(&world, path, &[]);
    assert_eq!(answer.status, 303);
    assert_eq!(
        answer.header("location"),
        Some("https://app.example/done?state=mine")
    );
    let asked = world.broker.last_callback();
    assert_eq!(
        (asked.element.as_str(), asked.code.as_str(), asked.state.as_str()),
        ("intercom", "c/d", "s")
    );
    assert_eq!(asked.iss.as_deref(), Some("https://v.example"));
    assert_eq!(asked.parameters, [("realmId".to_owned(), "7".to_owned())].into());
    assert!(asked.browser_binding.is_empty());
}

#[test]
fn an_answer_that_says_a_thing_twice_is_refused_before_anything_reads_it() {
    let world = World::start();
    for twice in [
        "code=a&code=b&state=s",
        "code=a&state=s&state=t",
        "code=a&state=s&iss=x&iss=x",
        "error=a&error=b&state=s",
    ] {
        let answer = open(&world, &format!("/oauth/callback/intercom?{twice}"), &[]);
        assert_eq!(answer.status, 400, "{twice}");
    }
    assert!(world.broker.called_back.lock().unwrap().is_empty());
}

/// Security requirement 47.
#[test]
fn the_code_is_gone_from_the_address_bar_after_one_redirect_and_nothing_keeps_it() {
    let world = World::start();
    lands(&world, "");
    world.broker.outcome.lock().unwrap().set_stage(Stage::Attached);
    let answer = open(&world, "/oauth/callback/intercom?code=c0de&state=st4te", &[]);
    assert_eq!(answer.status, 303);
    let location = answer.header("location").unwrap().to_owned();
    assert_eq!(
        location,
        format!("/oauth/callback/intercom/done?handshake={HANDSHAKE}")
    );
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));

    let page = open(&world, &location, &[]);
    assert_eq!(page.status, 200);
    assert!(page.text().contains(HANDSHAKE));
    assert!(!page.text().contains("c0de") && !page.text().contains("st4te"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    for third_party in ["src=\"http", "href=\"http", "<script>", "@import", "url("] {
        assert!(!page.text().contains(third_party), "{third_party}");
    }
}

#[test]
fn a_callback_that_cannot_go_on_is_a_400_page_that_repeats_nothing_of_it() {
    let world = World::start();
    for reason in [
        Reason::StateUnknown,
        Reason::StateExpired,
        Reason::StateSpent,
        Reason::CallbackMismatch,
        Reason::BrowserMismatch,
        Reason::IssuerMismatch,
        Reason::InvalidRequest,
    ] {
        world.broker.mood.refuse(reason, "Start the login again.");
        let path = "/oauth/callback/intercom?code=c4n4ry&state=c4n4ry&error=c4n4ry&error_description=c4n4ry&c4n4ry=1";
        let answer = open(&world, path, &[("Cookie", "ferrule-binding=c4n4ry")]);
        assert_eq!(answer.status, 400, "{reason:?}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(answer.text().contains("Start the login again."));
        assert!(!answer.text().contains("c4n4ry"), "{reason:?}");
        assert!(!format!("{:?}", answer.headers).contains("c4n4ry"), "{reason:?}");
    }
}

#[test]
fn a_callback_that_no_vendor_sends_is_a_400_page_and_goes_no_further() {
    let world = World::start();
    let long = format!("/oauth/callback/intercom?c4n4ry={}", "x".repeat(5000));
    let many = format!("/oauth/callback/intercom?{}", "c4n4ry=1&".repeat(101));
    for path in [
        "/oauth/callback/%ff?code=c4n4ry",
        "/oauth/callback/a%00b?code=c4n4ry",
        "/oauth/callback/intercom?c4n4ry=%00",
        "/oauth/callback/intercom?%00c4n4ry=1",
        &long,
        &many,
    ] {
        let answer = open(&world, path, &[]);
        assert_eq!(answer.status, 400, "{path}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(!answer.text().contains("c4n4ry"), "{path}");
    }
    assert_eq!(world.broker.mood.calls(), 0);
}

/// Security requirement 3: the broker compares what the browser shows with what it began with.
#[test]
fn the_binding_cookie_reaches_the_broker_as_a_digest() {
    for (public_url, name) in [
        ("https://ferrule.example", "__Host-ferrule-binding"),
        ("http://localhost:8080", "ferrule-binding"),
    ] {
        let world = World::with(ferrule_gateway::Settings {
            public_url: public_url.to_owned(),
            ..settings()
        });
        lands(&world, "");
        let cookies = format!("a=b; {name}=n0nce; c=d");
        open(
            &world,
            "/oauth/callback/intercom?code=c&state=s",
            &[("Cookie", &cookies)],
        );
        let asked = world.broker.last_callback();
        assert_eq!(asked.browser_binding, Digest::of("n0nce").as_bytes());
        assert!(!format!("{:?}", asked.parameters).contains("n0nce"));
    }
}

/// Security requirement 9.
#[test]
fn a_denial_is_shown_as_text_and_nothing_of_it_runs() {
    let world = World::start();
    *world.broker.outcome.lock().unwrap() = FindOutcomeResponse {
        stage: Stage::Denied.into(),
        error: "access_denied".to_owned(),
        error_description: "<script>alert('x')</script>\"".to_owned(),
    };
    let page = open(
        &world,
        &format!("/oauth/callback/intercom/done?handshake={HANDSHAKE}"),
        &[],
    );
    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(text.contains("access_denied"));
    assert!(!text.contains("<script>"), "{text}");
    assert!(
        text.contains("&#60;script&#62;") || text.contains("&lt;script&gt;"),
        "{text}"
    );
}

#[test]
fn a_denial_goes_back_to_the_return_url_with_the_error() {
    let world = World::start();
    lands(&world, "https://app.example/done?error=access_denied&state=mine");
    let path = "/oauth/callback/intercom?error=access_denied&error_description=no&state=s";
    let answer = open(&world, path, &[]);
    assert_eq!(
        (answer.status, answer.header("location")),
        (
            303,
            Some("https://app.example/done?error=access_denied&state=mine")
        )
    );
    let asked = world.broker.last_callback();
    assert_eq!(
        (asked.error.as_str(), asked.error_description.as_str()),
        ("access_denied", "no")
    );
}

#[test]
fn each_stage_of_a_login_has_its_page() {
    let world = World::start();
    for (stage, words) in [
        (Stage::Attached, "One step is left"),
        (Stage::Pending, "has not answered yet"),
        (Stage::Claimed, "is connected"),
        (Stage::Denied, "was not connected"),
    ] {
        world.broker.outcome.lock().unwrap().set_stage(stage);
        let page = open(&world, "/oauth/callback/intercom/done?handshake=h", &[]);
        assert!(page.text().contains(words), "{stage:?}");
    }
    let gone = Refusal::new(Reason::StateUnknown, "Not known.");
    world.broker.mood.fail(gone.into());
    assert_eq!(
        open(&world, "/oauth/callback/intercom/done?handshake=%00", &[]).status,
        400
    );
}

#[test]
fn an_address_that_the_broker_should_not_have_given_is_our_fault_and_a_page() {
    let world = World::start();
    lands(&world, "https://app.example/\r\nSet-Cookie: a=b");
    let answer = open(&world, "/oauth/callback/intercom?code=c&state=s", &[]);
    assert_eq!(answer.status, 500);
    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
}
