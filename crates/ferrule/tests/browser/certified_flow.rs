//! The whole way with an OpenID-certified vendor that someone else wrote, and the same with a no.

use ferrule_testkit::{CLIENT_ID, CLIENT_SECRET, OidcOptions, OidcProvider, free_port};

use super::look::look;
use super::site::Site;
use super::window::Window;
use crate::vendors::certified_at;
use crate::world::World;

fn leave(site: &Site, window: &Window) {
    window.open(&site.at("/connectors/certified"));
    window.fill("[name=name]", "Certified");
    window.fill("[name='oauth.api.key']", CLIENT_ID);
    window.fill("[name='oauth.api.secret']", CLIENT_SECRET);
    window.click("form.panel button.button");
    window.sees("Sign-in");
}

#[test]
fn a_certified_vendor_is_connected_and_its_no_is_told() {
    let port = free_port();
    let callback = format!("http://localhost:{port}/oauth/callback/certified");
    let provider = OidcProvider::start(&[&callback], OidcOptions::default());
    let world = World::new()
        .with("FERRULE_LISTEN", &format!("127.0.0.1:{port}"))
        .with_connector("certified", &certified_at(&provider, provider.issuer()));
    let site = Site::start(world);
    let window = site.signed_in_at("/connectors");

    leave(&site, &window);
    window.click("a[href*='abort']");
    window.sees("Certified was not connected");
    window.sees("access_denied");
    assert!(!window.url().contains("code="));
    look(&window, "login-denied");
    window.click("a.button");
    window.arrives_at(&site.at("/connectors/certified"));

    leave(&site, &window);
    window.fill("[name=login]", "ada");
    window.fill("[name=password]", "anything");
    window.click("[type=submit]");
    window.sees("Authorize");
    window.click("[type=submit]");
    window.arrives_at(&site.at("/instances/"));
    window.sees("The instance's token");
    assert!(!window.url().contains("handshake"), "{}", window.url());
}
