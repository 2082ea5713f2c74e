//! Every way that the pages have, in a browser that runs no script.

use super::site::Site;
use crate::world::World;

#[test]
fn without_scripts_an_account_is_connected_all_the_same() {
    let site = Site::start(World::new());
    let window = site.window();
    window.run_scripts(false);
    site.sign_in(&window, "/connectors");
    window.fill("#q", "sandbox");
    window.click("form.search button");
    window.arrives_at(&site.at("/connectors?q=sandbox"));
    window.sees("1 connector");
    window.open(&site.at("/connectors?hub=crm&kind=oauth2"));
    assert!(window.count(".card") > 1);

    site.leave_for_the_sandbox(&window, "By hand", "");
    window.fill("#name", "Ada");
    window.click("[value=allow]");
    window.sees("You logged in at Sandbox");
    window.click("form.panel button");
    let instance = window.arrives_at(&site.at("/instances/"));
    window.sees("The instance's token");
    window.click("[action$='/ping'] button");
    window.sees("The connection works");
    window.click("a[href$='/console']");
    window.click("form.panel button.button");
    window.sees("Amara Okafor");
    window.open(&instance);
    window.click("[action$='/disable'] button");
    window.sees("calls are refused until it is enabled");
    window.click("[action$='/enable'] button");
    window.sees("calls go through again");
    window.open(&instance);
    window.click("a.danger");
    window.click("button.danger");
    window.sees("No account is connected yet");
}
