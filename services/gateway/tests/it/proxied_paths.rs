//! Paths and queries of calls through an instance.

use ferrule_testkit::HttpClient;

use crate::vendor::Vendor;
use crate::world::{World, by_token, refused};

fn get(world: &World, target: &str) -> ferrule_testkit::Answer {
    HttpClient::new().get(&world.api(target), &[("Authorization", &by_token())])
}

#[test]
fn the_hub_is_not_looked_at_and_the_rest_stays_byte_for_byte() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    for (sent, want) in [
        ("/hubs/crm/accounts", "/accounts"),
        ("/hubs/crap/accounts", "/accounts"),
        ("/hubs/keys/accounts", "/accounts"),
        ("/hubs/%20/accounts", "/accounts"),
        ("/hubs/crm/", "/"),
        ("/hubs/crm/accounts/", "/accounts/"),
        ("/hubs/crm/a//b", "/a//b"),
        ("/hubs/crm/a%20b/%C3%A9", "/a%20b/%C3%A9"),
        ("/hubs/crm/group%2Fproject", "/group%2Fproject"),
        ("/hubs/crm/%zz/%", "/%zz/%"),
        ("/hubs/crm/a;v=1/b:c@d/!$&'()*+,=~", "/a;v=1/b:c@d/!$&'()*+,=~"),
        ("/hubs/crm/a?", "/a?"),
        (
            "/hubs/crm/a?b=%2F..%2F&&c=%0d%0a+%20&d=a/../b?e=http://x@y/",
            "/a?b=%2F..%2F&&c=%0d%0a+%20&d=a/../b?e=http://x@y/",
        ),
        ("/hubs/crm/hubs/crm/a", "/hubs/crm/a"),
    ] {
        assert_eq!(get(&world, sent).status, 200, "{sent}");
        assert_eq!(
            vendor.seen().pop().unwrap().target(),
            format!("/base/v2{want}"),
            "{sent}"
        );
    }
}

#[test]
fn a_declared_path_goes_to_the_vendors() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    for (sent, want) in [
        ("/contacts?page=2", "/people.json?page=2"),
        ("/hubs/crm/contacts", "/people.json"),
        ("/contacts/", "/people.json/"),
        ("/contacts/a%2Fb", "/people/a%2Fb/card"),
        ("/hubs/x/contacts/5", "/people/5/card"),
        ("/notes", "/notes"),
        ("/hubs/crm/contacts/5/notes", "/contacts/5/notes"),
    ] {
        assert_eq!(get(&world, sent).status, 200, "{sent}");
        assert_eq!(
            vendor.seen().pop().unwrap().target(),
            format!("/base/v2{want}"),
            "{sent}"
        );
    }
}

#[test]
fn an_undeclared_path_passes_under_a_hub_alone() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    for (method, path) in [
        ("GET", "/leads"),
        ("DELETE", "/contacts"),
        ("GET", "/contacts/5/notes"),
        ("GET", "/Contacts"),
    ] {
        let answer = world.send(method, path, Some(&by_token()), "");
        let words = refused(&answer, 404);
        assert_eq!(
            words, "This API is not currently supported for this element",
            "{method} {path}"
        );
        assert_eq!(answer.header("elements-element-instance-id"), Some("594927"));
    }
    assert!(vendor.seen().is_empty());
}

#[test]
fn fixed_routes_win() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    for (path, status) in [
        ("/hubs", 401),
        ("/instances", 200),
        ("/instances/enabled", 405),
        ("/hubs/crm", 404),
    ] {
        let answer = get(&world, path);
        assert!(
            answer.status == status || answer.status == 200,
            "{path}: {}",
            answer.status
        );
    }
    assert!(vendor.seen().is_empty());
}

#[test]
fn security_32_no_path_leaves_the_base_url() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    for path in [
        "/..",
        "/../admin",
        "/a/../../admin",
        "/./a",
        "/a/.",
        "/%2e%2e/admin",
        "/.%2E/admin",
        "/%252e%252e/admin",
        "/%25252e%25252e/admin",
        "/..%2fadmin",
        "/a%2f..%2f..%2fadmin",
        "/a%252f..%252fadmin",
        "/..;/admin",
        "/..%3b/admin",
        "//evil.example/x",
        "/%2fevil.example/x",
        "/%252fevil.example/x",
        "/a\\..\\admin",
        "/..%5cadmin",
        "/a%255cb",
        "/a%0d%0aHost:%20evil.example",
        "/a%0aX",
        "/a%250d%250a",
        "/a%00",
    ] {
        let answer = get(&world, &format!("/hubs/crm{path}"));
        refused(&answer, 400);
        let answer = get(&world, path);
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.status);
    }
    assert!(vendor.seen().is_empty());
}

#[test]
fn security_33_an_absolute_target_or_another_host_header_changes_nothing() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    for (target, host) in [
        ("http://evil.example/elements/api-v2/hubs/crm/a", "evil.example"),
        ("/elements/api-v2/hubs/crm/a", "evil.example"),
        ("/elements/api-v2/hubs/crm/a#@evil.example/", "h"),
    ] {
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {}\r\nConnection: close\r\n\r\n",
            by_token()
        );
        let answer = HttpClient::new()
            .raw(&world.address.to_string(), request.as_bytes(), false)
            .unwrap();
        assert_eq!(answer.status, 200, "{target}");
        let seen = vendor.seen().pop().unwrap();
        assert_eq!(seen.target(), "/base/v2/a");
        assert_eq!(seen.header("host"), Some(vendor.address.to_string().as_str()));
    }
}
