//! The pages by keys alone.

use super::site::Site;
use super::window::{ENTER, TAB, Window};
use crate::world::{ORGANIZATION, USER, World};

/// Moves the focus on until it is on what the selector names. Wherever it is, it can be seen.
fn tab_to(window: &Window, css: &str) {
    for _ in 0..200 {
        let [there, seen] = [
            "at.matches(css)",
            "at === document.body || getComputedStyle(at).outlineStyle !== 'none'",
        ]
        .map(|what| {
            window.script(&format!(
                "const at = document.activeElement, css = {css:?}; return {what}"
            ))
        });
        assert_eq!(seen, true, "a focus that nobody sees: {}", window.url());
        if there == true {
            return;
        }
        window.press(TAB);
    }
    panic!("no key leads to {css} at {}", window.url());
}

/// Links by Enter, buttons by the space bar.
fn follow(window: &Window, css: &str) {
    tab_to(window, css);
    let is_link = window.script("return document.activeElement.matches('a')");
    window.press(if is_link == true { ENTER } else { " " });
}

#[test]
fn by_keys_alone_an_account_is_connected_and_deleted() {
    let site = Site::start(World::new());
    let window = site.window();
    window.open(&site.at("/sign-in?next=/connectors?q=sandbox"));
    tab_to(&window, "#organization");
    window.press(ORGANIZATION);
    tab_to(&window, "#user");
    window.press(format!("{USER}{ENTER}"));
    window.sees("1 connector");
    // The first key reaches the way past the navigation.
    window.press(TAB);
    assert_eq!(window.script("return document.activeElement.className"), "skip");
    follow(&window, ".card");
    window.arrives_at(&site.at("/connectors/sandbox"));
    for (field, text) in [
        ("name", "By keys"),
        ("oauth.api.key", "sandbox-client"),
        ("oauth.api.secret", "sandbox-secret"),
    ] {
        tab_to(&window, &format!("[name='{field}']"));
        window.press(text);
    }
    follow(&window, "form.panel button.button");
    window.sees("Sign in to Sandbox");
    window.press("Ada");
    follow(&window, "[value=allow]");
    window.arrives_at(&site.at("/instances/"));
    window.sees("The instance's token");
    follow(&window, "[action$='/disable'] button");
    window.sees("calls are refused until it is enabled");
    follow(&window, "a.danger");
    window.sees("Delete By keys?");
    follow(&window, "button.danger");
    window.sees("No account is connected yet");
    follow(&window, "[action='/sign-out'] button");
    window.sees("Organization secret");
}
