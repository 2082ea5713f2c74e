//! The login URL, as the seed asks for it.

use ferrule_testkit::HttpClient;
use ferrule_wire::Reason;

use crate::broker::OAUTH_URL;
use crate::world::{World, platform, refused};

#[test]
fn the_seeds_call_needs_no_credentials_and_gets_exactly_its_two_keys() {
    let world = World::start();
    let path = "/elements/intercom/oauth/url?apiKey=xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx&apiSecret=fake_api_secret\
                &callbackUrl=https://auth.cloudelements.io/oauth&state=intercom";
    let answer = HttpClient::new().get(&world.api(path), &[]);
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.text(),
        format!(r#"{{"oauthUrl":"{OAUTH_URL}","element":"intercom"}}"#)
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));

    let asked = world.broker.last_authorized();
    assert_eq!(asked.element, "intercom");
    assert_eq!(asked.organization_id, None);
    assert_eq!(asked.api_key, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
    assert_eq!(asked.api_secret, "fake_api_secret");
    assert_eq!(asked.callback_url, "https://auth.cloudelements.io/oauth");
    assert_eq!(asked.state, "intercom");
    assert!(asked.parameters.is_empty());
}

#[test]
fn empty_parameters_count_as_absent() {
    let world = World::start();
    world.get("/elements/7549/oauth/url?apiKey=k&scope=&siteAddress=&subdomain=&state&callbackUrl=");
    let asked = world.broker.last_authorized();
    assert_eq!((asked.element.as_str(), asked.api_key.as_str()), ("7549", "k"));
    assert_eq!((asked.scope, asked.state, asked.callback_url), Default::default());
    assert!(asked.parameters.is_empty());
}

#[test]
fn a_known_caller_may_ask_for_pkce_and_every_other_parameter_goes_along() {
    let world = World::start();
    *world.broker.state.lock().unwrap() = Some("ours".to_owned());
    let path = "/elements/intercom/oauth/url?apiKey=k&pkce=true&returnUrl=https%3A%2F%2Fapp.example%2Fdone\
                &siteAddress=https%3A%2F%2Fa.example&elementKeyOrId=intercom&newUser=true";
    let answer = world.get(path);
    assert_eq!(
        answer.text(),
        format!(r#"{{"oauthUrl":"{OAUTH_URL}","element":"intercom","state":"ours"}}"#)
    );
    let asked = world.broker.last_authorized();
    assert_eq!(asked.organization_id, Some(1));
    assert!(asked.pkce);
    assert_eq!(asked.return_url, "https://app.example/done");
    let others = [
        ("elementKeyOrId", "intercom"),
        ("newUser", "true"),
        ("siteAddress", "https://a.example"),
    ];
    assert_eq!(
        asked.parameters,
        others
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    );
}

#[test]
fn parameters_may_come_as_a_json_body() {
    let world = World::start();
    let body =
        r#"{"apiKey":"k","apiSecret":"s","callbackUrl":"https://a.example/cb","scope":"","subdomain":null}"#;
    let answer = world.send(
        "POST",
        "/elements/intercom/oauth/url?state=q&apiKey=old",
        None,
        body,
    );
    assert_eq!(answer.status, 200);
    let asked = world.broker.last_authorized();
    assert_eq!(
        (
            asked.api_key.as_str(),
            asked.api_secret.as_str(),
            asked.state.as_str()
        ),
        ("k", "s", "q")
    );
    assert_eq!(asked.callback_url, "https://a.example/cb");
    assert!(asked.parameters.is_empty());
}

#[test]
fn what_the_broker_refuses_is_refused_with_its_words() {
    let world = World::start();
    for (reason, status) in [
        (Reason::InvalidRequest, 400),
        (Reason::ElementUnknown, 404),
        (Reason::Unauthenticated, 401),
        (Reason::Unavailable, 503),
    ] {
        world.broker.mood.refuse(reason, "words for the caller");
        let answer = world.get("/elements/intercom/oauth/url?apiKey=k");
        assert_eq!(refused(&answer, status), "words for the caller");
    }
}

/// Security requirement 20, on this route: the vendor app's secret goes to the broker and nowhere else.
#[test]
fn no_answer_repeats_the_api_secret() {
    let world = World::start();
    for path in [
        "/elements/intercom/oauth/url?apiSecret=c4n4ry",
        "/elements/nobody/oauth/url?apiSecret=c4n4ry",
        "/elements/intercom/oauth/url?apiSecret=c4n4ry%00",
        "/nothing?apiSecret=c4n4ry",
    ] {
        for authorization in [None, Some(platform())] {
            let answer = world.send("GET", path, authorization.as_deref(), "");
            assert!(!answer.text().contains("c4n4ry"), "{path}");
            assert!(!format!("{:?}", answer.headers).contains("c4n4ry"), "{path}");
        }
    }
}
