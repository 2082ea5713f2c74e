//! Calls that a browser which signed in makes from an instance's pages.

use crate::registry::{ID, TOKEN};
use crate::vendor::{Vendor, answer, ok};
use crate::visitor::{FORM, Visitor};

const VENDORS: &str = "application/json";

fn console() -> String {
    format!("/instances/{ID}/console")
}

#[test]
fn what_is_typed_goes_to_the_vendor_and_its_answer_comes_back_as_text() {
    let vendor = Vendor::start(|_| {
        answer(
            "200 OK",
            &format!("Content-Type: {VENDORS}\r\n"),
            r#"{"a":"<b>bold</b>"}"#,
        )
    });
    let world = vendor.world();
    let mut visitor = Visitor::signed_in(&world);
    let blank = visitor.get(&console()).text();
    assert!(
        blank.contains("Send the request") && blank.contains("$INSTANCE_TOKEN"),
        "{blank}"
    );
    assert!(!blank.contains(TOKEN));
    assert!(vendor.seen().is_empty(), "to look at a page asks nobody");

    let typed = [
        ("operation", ""),
        ("method", "POST"),
        ("path", "/anything?x=1"),
        ("body", r#"{"n":1}"#),
    ];
    let page = visitor.post(&console(), &typed);
    assert_eq!(page.status, 200);
    let page = page.text();
    assert!(
        page.contains("200 OK") && page.contains("&#60;b&#62;bold"),
        "{page}"
    );
    assert!(
        page.contains("curl -X POST &#39;") && page.contains("/anything?x=1"),
        "{page}"
    );
    assert!(!page.contains(TOKEN));
    let seen = vendor.only();
    assert_eq!(
        (seen.method(), seen.body.as_slice()),
        ("POST", br#"{"n":1}"#.as_slice())
    );
    assert!(seen.target().ends_with("/anything?x=1"), "{}", seen.target());
    assert_eq!(seen.header("cookie"), None, "the session stays here");
    let asked = world.registry.resolved.lock().unwrap().pop().unwrap();
    assert_eq!(asked.instance_id, Some(ID));
    assert!(!asked.credentials.unwrap().session.is_empty());
}

#[test]
fn a_path_that_leads_elsewhere_is_refused_and_nothing_is_sent() {
    let vendor = Vendor::saying("");
    let world = vendor.world();
    let mut visitor = Visitor::signed_in(&world);
    for path in ["/../../elsewhere", "/a/%2e%2e/b", "a b", "/\\evil"] {
        let typed = [("operation", ""), ("method", "GET"), ("path", path)];
        let page = visitor.post(&console(), &typed);
        assert_eq!(page.status, 200, "{path}");
        assert!(page.text().contains("Answer"), "{path}");
    }
    assert!(vendor.seen().is_empty());
}

#[test]
fn no_other_site_and_nobody_unknown_calls_through_the_console() {
    let vendor = Vendor::saying("");
    let world = vendor.world();
    let mut visitor = Visitor::signed_in(&world);
    let foreign = [("Content-Type", FORM), ("Sec-Fetch-Site", "cross-site")];
    assert_eq!(
        visitor
            .send("POST", &console(), &foreign, "path=/contacts")
            .status,
        403
    );
    let stranger = Visitor::unknown(&world).post(&console(), &[("path", "/contacts")]);
    assert_eq!(stranger.status, 303);
    assert!(vendor.seen().is_empty());
}

#[test]
fn the_connection_is_tested_by_the_connectors_own_call() {
    let vendor = Vendor::start(|seen| {
        if seen.target().ends_with("/me") {
            ok("{}")
        } else {
            answer("404 Not Found", "", "")
        }
    });
    let world = vendor.world();
    let mut visitor = Visitor::signed_in(&world);
    let page = visitor.post(&format!("/instances/{ID}/ping"), &[]).text();
    assert!(page.contains("The connection works"), "{page}");
    assert!(!page.contains(TOKEN));
    assert!(vendor.only().target().ends_with("/me"));

    let refusing = Vendor::start(|_| answer("503 Service Unavailable", "", ""));
    let world = refusing.world();
    let page = Visitor::signed_in(&world)
        .post(&format!("/instances/{ID}/ping"), &[])
        .text();
    assert!(
        page.contains("The connection does not work") && page.contains("503"),
        "{page}"
    );
}
