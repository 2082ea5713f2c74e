use ferrule_catalog::{Catalog, LoadOptions, ParameterError};
use proptest::prelude::*;
use url::Url;

use super::{catalog_with, connector, parameters};

/// A file whose patterns let everything through, so that only the template's own rules are left.
fn lax(authorization_url: &str, hosts: &str) -> String {
    let parameter = |name: &str| format!("[[parameters]]\nname = \"{name}\"\npattern = \"(?s).*\"\n");
    format!(
        "key = \"lax\"\nname = \"Lax\"\nhub = \"crm\"\n{hosts}\n[auth]\nkind = \"oauth2\"\n\
         authorization_url = \"{authorization_url}\"\ntoken_url = \"https://lax.example.com/token\"\n{}{}{}",
        parameter("a"),
        parameter("b"),
        parameter("c"),
    )
}

/// Values that attack: what means something in a URL, what a parser folds, and anything else.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9_-]{1,8}(\\.[a-z0-9]{1,8}){0,2}",
        3 => "[a-z0-9./\\\\@:#?%&=;\\[\\] \t-]{1,12}",
        2 => "(evil\\.com|127\\.0\\.0\\.1|0x7f|@|//|\\\\|\\.\\.|%2e|%2f|%23|#|\\?|\u{3002}|\u{ff0e}|\u{2100}|xn--){1,4}",
        1 => "\\PC{1,20}",
        1 => ".{1,20}",
    ]
}

proptest! {
    #[test]
    fn no_value_moves_an_address_or_adds_to_it(a in hostile(), b in hostile(), c in hostile()) {
        let lax = connector("lax.toml", &lax("https://{a}-eu.example.com:8443/x/{b}/y?k={c}&z=1", ""));
        let given = parameters(&[("a", &a), ("b", &b), ("c", &c)]);
        if let Ok(text) = lax.authorization_url(&given) {
            let url = Url::parse(&text).unwrap();
            let host = url.host_str().unwrap();
            prop_assert_eq!(host, format!("{}-eu.example.com", a.to_ascii_lowercase()));
            prop_assert_eq!((url.scheme(), url.port()), ("https", Some(8443)));
            prop_assert_eq!((url.username(), url.password(), url.fragment()), ("", None, None));
            let path: Vec<&str> = url.path_segments().unwrap().collect();
            prop_assert_eq!(path.len(), 3);
            prop_assert_eq!((path[0], path[2]), ("x", "y"));
            prop_assert!(!path[1].contains(['/', '\\']));
            let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            prop_assert_eq!(query, vec![("k".to_owned(), c), ("z".to_owned(), "1".to_owned())]);
        }
    }

    #[test]
    fn a_listed_host_is_the_only_way_without_a_literal_domain(a in hostile()) {
        let hosts = "hosts = [\"eu.example.com\", \"us.example.net\"]";
        let lax = connector("lax.toml", &lax("https://{a}/authorize", hosts));
        if let Ok(text) = lax.authorization_url(&parameters(&[("a", &a)])) {
            prop_assert!(["https://eu.example.com/authorize", "https://us.example.net/authorize"].contains(&&*text));
        }
    }

    #[test]
    fn plain_values_come_out(a in "[a-z0-9]{1,20}", b in "[^\\p{Cc}.]{1,20}") {
        let lax = connector("lax.toml", &lax("https://{a}.example.com/{b}", ""));
        let text = lax.authorization_url(&parameters(&[("a", &a), ("b", &b)])).unwrap();
        let form = url::form_urlencoded::byte_serialize(b.as_bytes()).collect::<String>();
        let coded = form.replace('+', "%20").replace('*', "%2A").replace("%7E", "~");
        prop_assert_eq!(text, format!("https://{a}.example.com/{coded}"));
    }
}

#[test]
fn values_that_would_lead_elsewhere_are_refused() {
    for (address, name, value) in [
        ("https://{a}.example.com/", "a", "evil.com/"),
        ("https://{a}.example.com/", "a", "evil.com#"),
        ("https://{a}.example.com/", "a", "evil.com%23"),
        ("https://{a}.example.com/", "a", "x@evil.com"),
        ("https://{a}.example.com/", "a", "evil.com:443"),
        ("https://{a}.example.com/", "a", "evil\u{3002}com"),
        ("https://{a}.example.com/", "a", "x."),
        ("https://{a}.example.com/", "a", "."),
        ("https://{a}.example.com/", "a", "é"),
        ("https://x.example.com/v1/{b}/token", "b", ".."),
        ("https://x.example.com/v1/{b}/token", "b", "."),
        ("https://x.example.com/v1/{b}{c}/token", "b", "."),
        ("https://x.example.com/v1/%2e{b}/token", "b", "."),
    ] {
        let lax = connector("lax.toml", &lax(address, ""));
        let given = [("a", "x"), ("b", "x"), ("c", ".")]
            .map(|(other, x)| (other, if other == name { value } else { x }));
        let refused = lax.authorization_url(&parameters(&given));
        assert!(
            matches!(refused, Err(ParameterError::Invalid { .. })),
            "{address} {value}: {refused:?}"
        );
    }
}

#[test]
fn a_stored_app_needs_hosts_that_the_file_bounds() {
    for (address, hosts, accepts) in [
        ("https://fixed.example.com/", "", true),
        ("https://fixed.example.com/{a}", "", true),
        ("https://{a}.example.com/", "", true),
        ("https://{a}-eu.example.com/", "", true),
        ("https://{a}.com/", "", false),
        ("https://{a}example.com/", "", false),
        ("https://login.{a}/", "", false),
        ("https://{a}/", "", false),
        ("https://{a}/", "hosts = [\"eu.example.com\"]", true),
    ] {
        let lax = connector("lax.toml", &lax(address, hosts));
        assert_eq!(lax.accepts_stored_app(), accepts, "{address} {hosts}");
    }
}

#[test]
fn http_stays_on_loopback() {
    for (address, hosts, allowed) in [
        ("http://127.0.0.1:4000/oauth", "", true),
        ("http://localhost/oauth", "", true),
        ("http://[::1]:4000/oauth", "", true),
        ("http://{a}.localhost:4000/oauth", "", true),
        (
            "http://{a}:4000/oauth",
            "hosts = [\"127.0.0.1\", \"localhost\"]",
            true,
        ),
        (
            "http://{a}:4000/oauth",
            "hosts = [\"127.0.0.1\", \"example.com\"]",
            false,
        ),
        ("http://{a}:4000/oauth", "", false),
        ("http://0.0.0.0/oauth", "", false),
        ("http://127.1/oauth", "", false),
        ("http://localhost.example.com/oauth", "", false),
    ] {
        let loaded = catalog_with("lax.toml", &lax(address, hosts));
        assert_eq!(
            loaded.get("lax").is_some(),
            allowed,
            "{address}: {:?}",
            loaded.problems()
        );
    }
}

#[test]
fn addresses_without_parameters_come_out_as_they_stand() {
    let catalog = Catalog::load(&LoadOptions::default()).unwrap();
    for connector in catalog.iter() {
        let addresses = connector.oauth2().into_iter();
        let addresses = addresses.map(|oauth2| &oauth2.authorization_url);
        for address in addresses.filter(|address| address.names().next().is_none()) {
            assert_eq!(address.render(&parameters(&[])).unwrap(), address.as_str());
        }
    }
}
