//! What is signed: the signature base string (RFC 5849 section 3.4.1).

use http::{Method, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

/// All but the unreserved characters (section 3.6).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Percent-encoding as section 3.6 has it: byte by byte, in upper case.
pub(super) fn encoded(bytes: impl AsRef<[u8]>) -> String {
    percent_encode(bytes.as_ref(), RESERVED).to_string()
}

/// The base string of a request: its method, its address, and every parameter of the query, of the `Authorization`
/// header (`protocol`) and of a form-encoded body (`form`).
pub(super) fn base_string(
    method: &Method,
    uri: &Uri,
    protocol: &[(&str, &str)],
    form: Option<&[u8]>,
) -> String {
    let mut parameters: Vec<(String, String)> = protocol
        .iter()
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    parameters.extend(decoded_pairs(uri.query().unwrap_or_default().as_bytes()));
    parameters.extend(decoded_pairs(form.unwrap_or_default()));
    // After encoding, by name and then by value, byte by byte (section 3.4.1.3.2).
    parameters.sort_unstable();
    let parameters: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    [
        method.as_str().to_ascii_uppercase(),
        encoded(base_uri(uri)),
        encoded(parameters.join("&")),
    ]
    .join("&")
}

/// Scheme and host in lower case, no default port, no query (section 3.4.1.2). The path stands as it is sent.
fn base_uri(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or("https").to_ascii_lowercase();
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    let default = if scheme == "https" { 443 } else { 80 };
    let port = uri
        .port_u16()
        .filter(|port| *port != default)
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    format!("{scheme}://{host}{port}{}", uri.path())
}

/// Names and values of a query or form, decoded and encoded anew (sections 3.4.1.3.1 and 3.4.1.3.2).
///
/// Of bytes, not of text: what is no UTF-8 is signed as it is.
fn decoded_pairs(form: &[u8]) -> impl Iterator<Item = (String, String)> {
    let pairs = form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let middle = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let (name, value) = pair.split_at(middle);
        (normal(name), normal(value.get(1..).unwrap_or_default()))
    })
}

fn normal(coded: &[u8]) -> String {
    let spaced: Vec<u8> = coded
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    encoded(percent_decode(&spaced).collect::<Vec<u8>>())
}

#[cfg(test)]
mod tests {
    use form_urlencoded::Serializer;
    use proptest::prelude::*;

    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    #[test]
    fn the_example_of_section_3_4_1_1() {
        let protocol = [
            ("oauth_consumer_key", "9djdj82h48djs9d2"),
            ("oauth_token", "kkk9d7dh3k39sjv7"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131201"),
            ("oauth_nonce", "7d8f3e4a"),
        ];
        let base = base_string(
            &Method::POST,
            &uri("http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b"),
            &protocol,
            Some(b"c2&a3=2+q"),
        );
        assert_eq!(
            base,
            "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q\
             %26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_\
             key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_m\
             ethod%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk\
             9d7dh3k39sjv7"
        );
    }

    #[test]
    fn the_examples_of_section_3_4_1_2() {
        for (address, want) in [
            (
                "http://EXAMPLE.COM:80/r%20v/X?id=123",
                "http://example.com/r%20v/X",
            ),
            (
                "https://www.example.net:8080/?q=1",
                "https://www.example.net:8080/",
            ),
            ("https://www.example.net:443", "https://www.example.net/"),
            ("http://www.example.net:443/", "http://www.example.net:443/"),
            ("http://[::1]:9101/a;b=c//d", "http://[::1]:9101/a;b=c//d"),
        ] {
            assert_eq!(base_uri(&uri(address)), want);
        }
    }

    #[test]
    fn section_3_6_encodes_all_but_the_unreserved() {
        assert_eq!(encoded("aZ09-._~"), "aZ09-._~");
        assert_eq!(encoded("a b+c/d*é\0"), "a%20b%2Bc%2Fd%2A%C3%A9%00");
    }

    #[test]
    fn odd_queries_are_read_as_forms_are() {
        for (query, want) in [
            ("&&a", "a="),
            ("a==b", "a=%3Db"),
            ("=x", "=x"),
            ("a=%zz", "a=%25zz"),
            ("a=%ff", "a=%FF"),
        ] {
            let pairs = decoded_pairs(query.as_bytes()).map(|(name, value)| format!("{name}={value}"));
            assert_eq!(pairs.collect::<Vec<_>>(), [want], "{query}");
        }
    }

    fn parameters() -> impl Strategy<Value = Vec<(String, String)>> {
        proptest::collection::vec((".{0,6}", ".{0,6}"), 0..6)
    }

    /// In lower case, as nobody signs it.
    fn hex(byte: u8) -> String {
        format!("{byte:02x}")
    }

    fn coded(pairs: &[(String, String)]) -> String {
        Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    proptest! {
        #[test]
        fn neither_order_nor_coding_nor_place_of_a_parameter_changes_what_is_signed(
            mut pairs in parameters(), at in 0_usize..6,
        ) {
            let (query, body) = pairs.split_at(at.min(pairs.len()));
            let address = |query: &str| uri(&format!("https://vendor.example/a?{query}"));
            let apart = base_string(
                &Method::POST, &address(&coded(query)), &[], Some(coded(body).as_bytes()),
            );
            pairs.reverse();
            let escaped = |text: &str| {
                text.bytes().map(|byte| ["%", &hex(byte)].concat()).collect::<String>()
            };
            let verbose: Vec<String> =
                pairs.iter().map(|(name, value)| [&escaped(name), "=", &escaped(value)].concat()).collect();
            let verbose = verbose.join("&");
            prop_assert_eq!(&apart, &base_string(&Method::POST, &address(&verbose), &[], None));
            let protocol: Vec<(&str, &str)> =
                pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            prop_assert_eq!(&apart, &base_string(&Method::POST, &address(""), &protocol, None));
        }

        #[test]
        fn the_three_parts_are_told_apart_whatever_they_hold(pairs in parameters(), path in "/[ -~]{0,12}") {
            let path = path.replace(['?', '#', ' ', '"', '<', '>', '`', '{', '}', '\\', '^', '|'], "");
            let Ok(address) = format!("https://vendor.example{path}?{}", coded(&pairs)).parse::<Uri>() else {
                return Ok(());
            };
            let base = base_string(&Method::GET, &address, &[], None);
            let parts: Vec<&str> = base.split('&').collect();
            prop_assert_eq!(parts.len(), 3);
            let decoded = |part: &str| percent_decode(part.as_bytes()).decode_utf8().unwrap().into_owned();
            prop_assert_eq!(decoded(parts[1]), format!("https://vendor.example{}", address.path()));
            let sorted = decoded(parts[2]);
            let mut read: Vec<(String, String)> = sorted
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (decoded(name), decoded(value)))
                .collect();
            read.sort();
            let mut pairs = pairs;
            pairs.sort();
            prop_assert_eq!(read, pairs);
        }
    }
}
