//! The API's own pages: looked up, tried out, shown as a line.

use super::look::look;
use super::site::Site;
use crate::world::{ORGANIZATION, USER, World};

#[test]
fn a_call_of_the_api_is_found_and_sent_from_its_page() {
    let site = Site::start(World::new());
    let window = site.window();
    window.open(&site.at("/docs"));
    window.sees("API reference");
    look(&window, "reference");
    window.fill("#q", "configuration");
    window.sees("/instances/{id}/configuration");
    window.open(&site.at("/docs?operation=list_instances"));
    window.fill("#s-user", USER);
    window.fill("#s-other", ORGANIZATION);
    window.click("button[data-send]");
    window.sees("200 OK");
    look(&window, "reference-answer");

    // What stands in the address is what was typed for the call, never a secret.
    window.fill("[name='query.pageSize']", "5");
    window.click("button.quiet:not([data-send])");
    window.sees("instances?pageSize=5'");
    assert!(!window.url().contains(USER) && !window.text("#result").contains(USER));
}
