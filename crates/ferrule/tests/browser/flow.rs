//! From the catalogue to a working instance and through its life, with a mouse.

use serde_json::json;

use super::look::look;
use super::site::Site;
use crate::world::World;

#[test]
fn an_account_is_connected_in_the_browser_and_its_instance_kept_renewed_and_deleted() {
    let site = Site::start(World::new());
    let window = site.window();
    window.open(&site.at("/instances"));
    window.sees("Sign in");
    look(&window, "sign-in");
    window.fill("#organization", "not the secret");
    window.fill("#user", "not the secret either");
    window.click("main button");
    window.sees("do not belong together");
    look(&window, "sign-in-refused");
    site.sign_in(&window, "/instances");
    window.sees("No account is connected yet");
    look(&window, "instances-empty");

    // Search as one types, without a new page.
    window.open(&site.at("/connectors"));
    look(&window, "catalogue");
    window.script("window.samePage = true");
    window.fill("#q", "sandb");
    window.sees("1 connector");
    assert_eq!(window.script("return window.samePage"), json!(true));
    window.arrives_at(&site.at("/connectors?q=sandb"));
    window.fill("#q", "");
    window.click("#hub option[value=crm]");
    window.arrives_at(&site.at("/connectors?hub=crm"));
    window.click("#kind option[value=api_key]");
    window.arrives_at(&site.at("/connectors?hub=crm&kind=api_key"));
    assert_eq!(window.script("return window.samePage"), json!(true));
    window.open(&site.at("/connectors"));
    window.fill("#q", "no such vendor");
    window.sees("No connector fits");
    look(&window, "catalogue-nothing");
    window.fill("#q", "sandb");
    window.sees("1 connector");
    window.click(".card");
    window.arrives_at(&site.at("/connectors/sandbox"));
    window.sees(&site.at("/oauth/callback/sandbox"));
    look(&window, "connector");

    site.leave_for_the_sandbox(&window, "Harbour Lights", "blue, customer-7");
    let instance = site.allow(&window);
    let token = window.text("#token");
    assert!(token.len() > 20, "{token}");
    look(&window, "instance-new");

    window.open(&instance);
    assert_eq!(window.count("#token"), 0, "shown once");
    look(&window, "instance");
    window.click("[action$='/token'] button");
    assert_eq!(window.text("#token"), token);
    window.open(&instance);
    window.sees("Its token was shown");
    window.fill("#tags", "blue");
    window.click("[action$='/labels'] button");
    window.sees("Saved.");
    window.click("[action$='/disable'] button");
    window.sees("calls are refused until it is enabled");
    look(&window, "instance-disabled");
    window.click("[action$='/enable'] button");
    window.sees("calls go through again");

    window.click("[action$='/ping'] button");
    window.sees("The connection works");
    look(&window, "instance-tested");
    window.click("a[href$='/console']");
    window.sees("Send the request");
    look(&window, "console");
    window.script("window.samePage = true");
    window.click("form.panel button.button");
    window.sees("Amara Okafor");
    window.sees("200 OK");
    assert_eq!(window.script("return window.samePage"), json!(true));
    assert!(
        !window
            .script("return document.documentElement.outerHTML")
            .to_string()
            .contains(&token)
    );
    look(&window, "console-answer");
    window.open(&instance);

    // The same id and token after a new login.
    window.click("[action$='/renew'] button");
    window.sees("Sign in to Sandbox");
    assert_eq!(site.allow(&window), format!("{instance}?done=renewed"));
    window.sees("The login was renewed");
    window.click("[action$='/token'] button");
    assert_eq!(window.text("#token"), token);

    window.open(&site.at("/instances?tag=blue"));
    window.sees("1 instance");
    look(&window, "instances");
    window.fill("#q", "lighthouse");
    window.sees("No instance fits");
    window.open(&instance);
    window.click("a.danger");
    window.sees("Delete Harbour Lights?");
    look(&window, "instance-deletion");
    window.click("button.danger");
    window.sees("No account is connected yet");
    window.click("[action='/sign-out'] button");
    window.sees("Sign in");
    window.open(&site.at("/instances"));
    window.arrives_at(&site.at("/sign-in"));
}
