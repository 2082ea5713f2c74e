//! From the catalogue to a working instance, by the pages alone.

use ferrule_testkit::{Browser, Decision, Landing};

use crate::world::{Ferrule, ORGANIZATION, USER, World};

const NAME: &str = "<b>Mine</b> & \"yours\"";

fn html(landing: &Landing) -> String {
    match landing {
        Landing::Page { html, .. } => html.clone(),
        Landing::Callback(url) => panic!("left for {url}"),
    }
}

fn signed_in(ferrule: &Ferrule) -> Browser {
    let mut browser = Browser::new();
    let secrets = [
        ("user", USER),
        ("organization", ORGANIZATION),
        ("next", "/instances"),
    ];
    let landing = browser.submit(&format!("{}/sign-in", ferrule.url), &secrets);
    assert!(
        html(&landing).contains("No account is connected yet"),
        "{landing:?}"
    );
    browser
}

/// Fills the sandbox's form, and gives the vendor's login URL that the next page leads to.
fn begin(ferrule: &Ferrule, browser: &mut Browser) -> String {
    let fields = [
        ("name", NAME),
        ("oauth.api.key", "sandbox-client"),
        ("oauth.api.secret", "sandbox-secret"),
        ("tags", "one, two"),
    ];
    let page = html(&browser.submit(&format!("{}/connectors/sandbox", ferrule.url), &fields));
    let link = page
        .split("<a class=\"button\" href=\"")
        .nth(1)
        .expect("a link to the vendor");
    link.split('"').next().unwrap().replace("&#38;", "&")
}

#[test]
fn an_account_is_connected_seen_disabled_and_deleted() {
    let ferrule = World::new().start();
    let mut browser = signed_in(&ferrule);
    let login = begin(&ferrule, &mut browser);
    let done = browser.log_in(&login, Decision::Allow);
    assert!(
        html(&done).contains("One step is left") || html(&done).contains("Create the instance"),
        "{done:?}"
    );
    let handshake = done.parameter("handshake").unwrap();
    let finish = [
        ("handshake", handshake.as_str()),
        ("name", NAME),
        ("tags", "one, two"),
    ];
    let made = browser.submit(&format!("{}/oauth/callback/sandbox/done", ferrule.url), &finish);
    let page = html(&made);
    assert!(
        page.contains("The instance&#39;s token") || page.contains("The instance's token"),
        "{page}"
    );
    assert!(
        page.contains("Mine &#38; &#34;yours&#34;") && !page.contains("<b>Mine"),
        "{page}"
    );
    let instance = made.url().to_owned();

    let again = browser.submit(&format!("{}/oauth/callback/sandbox/done", ferrule.url), &finish);
    assert_eq!(again.url(), instance, "the same login is the same instance");

    let disabled = html(&browser.submit(&format!("{instance}/disable"), &[]));
    assert!(disabled.contains("Disabled: calls are refused"), "{disabled}");
    let events = html(&browser.open(&instance));
    for words in ["Created", "Its token was shown", "Disabled"] {
        assert!(events.contains(&format!("<td>{words}</td>")), "{words}: {events}");
    }
    let list = html(&browser.submit(&format!("{instance}/delete"), &[]));
    assert!(list.contains("No account is connected yet"), "{list}");
}

#[test]
fn a_no_leads_back_to_the_form() {
    let ferrule = World::new().start();
    let mut browser = signed_in(&ferrule);
    let login = begin(&ferrule, &mut browser);
    let page = html(&browser.log_in(&login, Decision::Deny));
    assert!(
        page.contains("access_denied") && page.contains("href=\"/connectors/sandbox\""),
        "{page}"
    );
}

#[test]
fn a_login_that_ends_in_another_browser_is_not_consumed() {
    let ferrule = World::new().start();
    let mut browser = signed_in(&ferrule);
    let login = begin(&ferrule, &mut browser);
    let stranger = html(&Browser::new().log_in(&login, Decision::Allow));
    assert!(stranger.contains("began in another browser"), "{stranger}");
    let own = html(&browser.log_in(&login, Decision::Allow));
    assert!(own.contains("Create the instance"), "{own}");
}

#[test]
fn with_a_stored_app_the_form_asks_for_none() {
    let ferrule = World::new().start();
    let app = serde_json::json!({"apiKey": "sandbox-client", "apiSecret": "sandbox-secret"});
    assert_eq!(ferrule.api.put("/elements/sandbox/app", &app).status, 200);
    let form = format!("{}/connectors/sandbox", ferrule.url);
    let stranger = html(&Browser::new().open(&form));
    assert!(
        stranger.contains("oauth.api.key") && !stranger.contains("sandbox-client"),
        "{stranger}"
    );

    let mut browser = signed_in(&ferrule);
    let page = html(&browser.open(&form));
    assert!(
        page.contains("Your app is stored") && page.contains("sandbox-client"),
        "{page}"
    );
    for never in ["oauth.api.key", "oauth.api.secret", "sandbox-secret"] {
        assert!(!page.contains(never), "{never}");
    }
    let leaving = html(&browser.submit(&form, &[("name", NAME)]));
    assert!(leaving.contains("client_id=sandbox-client"), "{leaving}");
}
