//! What the end user's browser sends, keeps and follows.

use ferrule_testkit::{Behaviour, Browser, Decision, Landing, Scripted, TokenEndpoint};

const CONSENT: &str = r#"<form method="post" action="/consent"><input type="hidden" name="transaction" value="t&amp;1">
    <input name="name" required><button name="decision" value="allow">Allow</button>
    <button name="decision" value="deny">Deny</button></form>"#;

fn page(html: &str) -> Scripted {
    Scripted::new(200, "text/html", html)
}

fn redirect(location: &str) -> Scripted {
    Scripted::new(302, "text/html", "").with_header("Location", location)
}

#[test]
fn a_decision_goes_back_with_the_form_and_the_cookies() {
    for (decision, word) in [(Decision::Allow, "allow"), (Decision::Deny, "deny")] {
        let vendor = TokenEndpoint::start(Behaviour::default());
        vendor.script_at(
            "/start",
            redirect("/ask").with_header("Set-Cookie", "session=1; Path=/; HttpOnly"),
        );
        vendor.script_at("/ask", page(CONSENT));
        vendor.script_at(
            "/consent",
            redirect("https://client.example/callback?code=c&state=s"),
        );
        let landing = Browser::new().log_in(&vendor.url("/start"), decision);
        assert!(
            matches!(&landing, Landing::Callback(url) if url == "https://client.example/callback?code=c&state=s")
        );
        let sent = vendor.requests_to("/consent").pop().unwrap();
        assert_eq!(sent.header("cookie"), Some("session=1"));
        assert_eq!(
            String::from_utf8(sent.body).unwrap(),
            format!("transaction=t%261&name=alice&decision={word}")
        );
    }
}

#[test]
fn a_loopback_callback_is_requested_unless_the_browser_stops_there() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    vendor.script_at(
        "/callback",
        page("<h1>Connected</h1>").with_header("X-Frame-Options", "DENY"),
    );
    let callback = vendor.url("/callback");
    let start = format!("{}?state=s&redirect_uri={callback}", vendor.authorization_url());

    let stopped = Browser::stopping_at(&callback).log_in(&start, Decision::Allow);
    assert!(matches!(&stopped, Landing::Callback(url) if url.starts_with(&callback)));
    assert_eq!(vendor.requests_to("/callback").len(), 0);

    let Landing::Page {
        url,
        status,
        headers,
        html,
    } = Browser::new().log_in(&start, Decision::Allow)
    else {
        panic!("a page was expected")
    };
    assert!(url.contains("code=") && url.ends_with("state=s"), "{url}");
    assert_eq!((status, html.as_str()), (200, "<h1>Connected</h1>"));
    assert!(headers.contains(&("X-Frame-Options".to_owned(), "DENY".to_owned())));
}

#[test]
fn forms_of_another_site_are_left_alone() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let client = TokenEndpoint::start(Behaviour::default());
    vendor.script_at("/ask", page(CONSENT));
    vendor.script_at("/consent", redirect(&client.url("/callback")));
    client.script_at(
        "/callback",
        page("<form method=post action=/next><button>Next</button></form>"),
    );
    let landing = Browser::new().log_in(&vendor.url("/ask"), Decision::Allow);
    assert_eq!(landing.url(), client.url("/callback"));
    assert_eq!(client.requests().len(), 1);
}
