//! What goes wrong, each with a page in plain words and a way on.

use ferrule_testkit::{Behaviour, Scripted, TokenEndpoint};

use super::look::look;
use super::site::Site;
use super::window::Window;
use crate::vendors::acme_at;
use crate::world::World;

#[test]
fn what_goes_wrong_is_said_in_plain_words_with_a_way_on() {
    let acme = TokenEndpoint::start(Behaviour::default());
    let site = Site::start(World::new().with_connector("acme", &acme_at(&acme)));
    let window = site.signed_in_at("/connectors");
    let ways_on = |name: &str, words: &str, way_on: &str| {
        window.sees(words);
        look(&window, name);
        if !way_on.is_empty() {
            assert_eq!(window.count(&format!("main a[href='{way_on}']")), 1, "{name}");
        }
    };
    for (path, name, words, way_on) in [
        ("/nowhere", "no-page", "There is nothing here", "/"),
        (
            "/connectors/nowhere",
            "no-connector",
            "There is no such connector",
            "/connectors",
        ),
        (
            "/instances/7",
            "no-instance",
            "There is no such instance",
            "/instances",
        ),
        (
            "/instances/seven",
            "no-instance",
            "There is no such instance",
            "/instances",
        ),
        (
            "/oauth/callback/sandbox?code=c&state=never-made",
            "login-unknown",
            "This login is not known here",
            "/connectors/sandbox",
        ),
        (
            "/oauth/callback/sandbox?code=c&code=d&state=s",
            "login-odd",
            "This login cannot go on",
            "/connectors/sandbox",
        ),
    ] {
        window.open(&site.at(path));
        ways_on(name, words, way_on);
    }

    // A field that was forgotten, with what was typed still there.
    window.open(&site.at("/connectors/sandbox"));
    window.fill("[name=name]", "Kept");
    window.script("document.querySelector('form.panel').noValidate = true");
    window.click("form.panel button.button");
    ways_on("connector-refused", "is needed here", "");
    assert_eq!(
        window.script("return document.querySelector('[name=name]').value"),
        "Kept"
    );

    // A key that the vendor knows with a secret that it does not.
    window.fill("[name='oauth.api.key']", "sandbox-client");
    window.fill("[name='oauth.api.secret']", "not the secret");
    window.click("form.panel button.button");
    window.sees("Sign in to Sandbox");
    window.fill("#name", "Ada");
    window.click("[value=allow]");
    ways_on(
        "secret-refused",
        "The vendor refused this login",
        "/connectors/sandbox",
    );

    // A no, and its page once more.
    site.leave_for_the_sandbox(&window, "Mine", "");
    window.click("[value=deny]");
    ways_on(
        "login-said-no",
        "Sandbox was not connected",
        "/connectors/sandbox",
    );

    // The answer for one browser in another.
    let other = site.window();
    site.leave_for_the_sandbox(&window, "Mine", "");
    other.open(&window.url());
    other.fill("#name", "Eve");
    other.click("[value=allow]");
    other.sees("This login began in another browser");
    look(&other, "login-elsewhere");
    // It was not consumed.
    site.allow(&window);

    // A vendor that is out of order, and one whose answer is a refusal.
    acme.script(Scripted::new(503, "text/plain", "closed"));
    log_in_at_acme(&site, &window);
    ways_on("vendor-out-of-order", "is not known", "/connectors/acme");
    let refusal = r#"{"error":"invalid_grant","error_description":"The code is too old"}"#;
    acme.script(Scripted::new(400, "application/json", refusal));
    log_in_at_acme(&site, &window);
    ways_on("code-refused", "The code is too old", "/connectors/acme");
}

fn log_in_at_acme(site: &Site, window: &Window) {
    window.open(&site.at("/connectors/acme"));
    window.fill("[name=name]", "Acme");
    window.fill("[name='oauth.api.key']", "key");
    window.fill("[name='oauth.api.secret']", "secret");
    window.click("form.panel button.button");
    window.sees("Back to Acme");
}
