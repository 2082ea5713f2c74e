//! A product's page at another origin: its button, the window that it opens, and what the product is told.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use serde_json::{Value, json};

use super::look::look;
use super::site::Site;
use super::window::Window;
use crate::world::{Api, World};

/// Serves a page at an origin of its own; gives the port.
fn product(page: impl Fn() -> String + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let page = page.clone();
            // A browser that connects ahead of its time says nothing for as long as it likes.
            thread::spawn(move || {
                if stream.read(&mut [0; 4096]).unwrap_or_default() > 0 {
                    let (head, body) = (
                        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close",
                        page(),
                    );
                    let _ = write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                }
            });
        }
    });
    port
}

/// Embeds a link, and shows every result that it is told.
fn page(ferrule: &str, link: &str) -> String {
    format!(
        "<!doctype html><title>A product</title><script src='{ferrule}/connect.js' defer></script>\
         <div data-ferrule-connect='{link}'></div><p>results:</p><pre id='told'></pre>\
         <script>addEventListener('ferrule-connect', (event) => \
           document.getElementById('told').textContent += JSON.stringify(event.detail) + '\\n')</script>"
    )
}

fn link(api: &Api, elements: &[&str]) -> String {
    let session = json!({"elements": elements, "state": "s-1"});
    let made = api.post("/connect/sessions", &session);
    made.json()["url"].as_str().expect("a link").to_owned()
}

/// Logs in at the sandbox.
fn log_in(window: &Window, answer: &str) {
    window.click("form.panel button.button");
    window.sees("Sign in to Sandbox");
    window.fill("#name", "Ada");
    window.click(&format!("[value={answer}]"));
}

#[test]
fn a_product_at_the_registered_origin_is_told_how_it_ended_and_no_other() {
    let site = Site::start(World::new());
    let api = site.ferrule.api.clone();
    let app = json!({"apiKey": "sandbox-client", "apiSecret": "sandbox-secret"});
    assert_eq!(api.put("/elements/sandbox/app", &app).status, 200);
    let (asked, url) = (api.clone(), site.ferrule.url.clone());
    let port = product(move || page(&url, &link(&asked, &["sandbox"])));
    let origin = format!("http://localhost:{port}");
    let registered = api.put("/connect/origin", &json!({ "origin": origin }));
    assert_eq!(registered.status, 200, "{}", registered.text());
    let window = site.window();

    // The second time as if the vendor had cut the window from its opener.
    for cut in [false, true] {
        window.open(&origin);
        let shop = window.tab();
        window.enter("iframe");
        window.sees("Connect Sandbox");
        window.click("button");
        window.turn_from(&shop);
        window.sees("asks to reach your Sandbox account");
        if cut {
            window.script("window.opener = null");
            log_in(&window, "allow");
            window.sees("Sandbox is connected");
            look(&window, "connect-done");
        } else {
            look(&window, "connect-link");
            log_in(&window, "deny");
            window.sees("Sandbox was not connected");
            look(&window, "connect-denied");
            window.click("main a.button");
            log_in(&window, "allow");
        }
        window.turn_to(&shop);
        window.sees("\"status\":\"done\"");
        let told = window.text("#told");
        let told: Vec<Value> = told
            .lines()
            .map(|line| serde_json::from_str(line).expect("a result"))
            .collect();
        let done = told.last().expect("a result");
        let id = done["id"].as_str().expect("an id");
        let whole =
            json!({"type": "ferrule.connect", "version": 1, "id": id, "state": "s-1", "status": "done"});
        assert_eq!(done, &whole);
        let denied = told.iter().any(|result| result["status"] == "denied");
        assert!(denied || cut, "{told:?}");
        let session = api.get(&format!("/connect/sessions/{id}"));
        assert_eq!(session.json()["status"], "done");
        window.keep_only(&shop);
    }

    // A page that plays the frame is not believed.
    window.open(&origin);
    window.script("postMessage({ type: 'ferrule.connect', version: 1, id: 'x', status: 'done' }, '*')");
    window.later("setTimeout(() => setTimeout(arguments[0]))");
    assert_eq!(window.text("#told"), "");
    // The same page at an origin that is not registered: its frame stays empty.
    window.open(&format!("http://127.0.0.1:{port}"));
    window.hears("frame-ancestors");
}

#[test]
fn a_link_lets_choose_and_says_when_it_was_used() {
    let site = Site::start(World::new());
    let api = &site.ferrule.api;
    for element in ["sandbox", "intercom"] {
        let app = json!({"apiKey": "sandbox-client", "apiSecret": "sandbox-secret"});
        let stored = api.put(&format!("/elements/{element}/app"), &app);
        assert_eq!(stored.status, 200, "{}", stored.text());
    }
    let (link, window) = (link(api, &["sandbox", "intercom"]), site.window());
    window.open(&link);
    window.sees("Which account do you want to connect?");
    look(&window, "connect-choice");
    window.click("a[href$='element=sandbox']");
    window.sees("asks to reach your Sandbox account");
    log_in(&window, "allow");
    window.sees("Sandbox is connected");
    window.open(&link);
    window.sees("This link was used");
    look(&window, "connect-used");
}
