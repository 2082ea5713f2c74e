//! RFC 5849's own vectors, and those of vendors that publish some.

use super::*;

fn clock(seconds: i64) -> Clock {
    Clock::from_fn(move || jiff::Timestamp::from_second(seconds).unwrap())
}

/// A field of the header, as it stands there.
fn field<'h>(header: &'h str, name: &str) -> Option<&'h str> {
    let fields = header.strip_prefix("OAuth ").unwrap().split(", ");
    fields
        .filter_map(|field| field.split_once("=\""))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.strip_suffix('"').unwrap())
}

/// The signature of a request whose protocol parameters are spelled out, as the vectors leave out `oauth_version`.
fn signature(method: &Method, uri: &str, protocol: &[(&str, &str)], token_secret: Option<&str>) -> String {
    let base = base_string(method, &uri.parse().unwrap(), protocol, None);
    let token_secret = token_secret.map(SecretString::from);
    SignatureMethod::HmacSha1.sign(&base, &"kd94hf93k423kf44".into(), token_secret.as_ref())
}

#[test]
fn the_three_requests_of_section_1_2() {
    let begin = [
        ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
        ("oauth_signature_method", "HMAC-SHA1"),
    ];
    let temporary = [
        ("oauth_timestamp", "137131200"),
        ("oauth_nonce", "wIjqoS"),
        ("oauth_callback", "http://printer.example.com/ready"),
    ];
    assert_eq!(
        signature(
            &Method::POST,
            "https://photos.example.net/initiate",
            &[&begin[..], &temporary].concat(),
            None
        ),
        "74KNZJeDHnMBp0EMJ9ZHt/XKycU="
    );
    let token = [
        ("oauth_token", "hh5s93j4hdidpola"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "walatlh"),
        ("oauth_verifier", "hfdp7dh39dks9884"),
    ];
    assert_eq!(
        signature(
            &Method::POST,
            "https://photos.example.net/token",
            &[&begin[..], &token].concat(),
            Some("hdhd0244k9j7ao03")
        ),
        "gKgrFCywp7rO0OXSjdot/IHF7IU="
    );
    let resource = [
        ("oauth_token", "nnch734d00sl2jdk"),
        ("oauth_timestamp", "137131202"),
        ("oauth_nonce", "chapoH"),
    ];
    assert_eq!(
        signature(
            &Method::GET,
            "http://photos.example.net/photos?file=vacation.jpg&size=original",
            &[&begin[..], &resource].concat(),
            Some("pfkkdhi9sl3r4s00")
        ),
        "MdpQcU8iPSUjWoN/UDMsK2sui9I="
    );
}

/// "Creating a signature", in X's documentation: a query, a form, secrets, `oauth_version`.
#[test]
fn the_example_that_x_publishes() {
    let client_secret = "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw".into();
    let token = "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb".into();
    let token_secret = "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE".into();
    let protocol = [
        ("oauth_consumer_key", "xvz1evFS4wEEPTGEFPHBog"),
        (
            "oauth_token",
            "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        ),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "1318622958"),
        ("oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
        ("oauth_version", "1.0"),
    ];
    let uri: Uri = "https://api.twitter.com/1.1/statuses/update.json?include_entities=true"
        .parse()
        .unwrap();
    let form: &[u8] = b"status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21";
    let base = base_string(&Method::POST, &uri, &protocol, Some(form));
    let signature = SignatureMethod::HmacSha1.sign(&base, &client_secret, Some(&token_secret));
    assert_eq!(signature, "hCtSmYh+iHYCEqBWrE7C7hYmtUk=");

    // The same request, as the signer makes it.
    let signer = Signer {
        method: SignatureMethod::HmacSha1,
        realm: None,
        client: ClientCredentials {
            key: "xvz1evFS4wEEPTGEFPHBog",
            secret: &client_secret,
        },
        token: Some(TokenCredentials {
            token: &token,
            secret: &token_secret,
        }),
    };
    let stamp = Stamp {
        nonce: "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg".into(),
        seconds: 1_318_622_958,
    };
    let header = signer
        .authorization(&Method::POST, &uri, Some(form), &stamp)
        .unwrap();
    assert!(header.is_sensitive());
    assert_eq!(
        header.to_str().unwrap(),
        "OAuth oauth_consumer_key=\"xvz1evFS4wEEPTGEFPHBog\", \
         oauth_token=\"370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb\", \
         oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"1318622958\", \
         oauth_nonce=\"kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg\", oauth_version=\"1.0\", \
         oauth_signature=\"hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D\""
    );
}

#[test]
fn a_realm_stands_first_and_is_not_signed() {
    let secret = "s".into();
    let signer = |realm| Signer {
        method: SignatureMethod::HmacSha256,
        realm,
        client: ClientCredentials {
            key: "k",
            secret: &secret,
        },
        token: None,
    };
    let stamp = Stamp {
        nonce: "n".into(),
        seconds: 1,
    };
    let uri = "https://vendor.example/".parse().unwrap();
    let header = |realm| {
        let header = signer(realm).authorization(&Method::GET, &uri, None, &stamp);
        header.map(|header| header.to_str().unwrap().to_owned())
    };
    let without = header(None).unwrap();
    let with = header(Some("Photos")).unwrap();
    assert!(
        with.starts_with("OAuth realm=\"Photos\", oauth_consumer_key=\"k\""),
        "{with}"
    );
    assert_eq!(
        field(&with, "oauth_signature"),
        field(&without, "oauth_signature")
    );
    assert_eq!(field(&without, "oauth_token"), None);
    assert_eq!(field(&without, "oauth_signature_method"), Some("HMAC-SHA256"));
    assert!(header(Some("a\nb")).is_err());
}

#[test]
fn every_stamp_is_another_one_and_shows_nothing() {
    let now = clock(1_800_000_000);
    let stamps: Vec<Stamp> = (0..1000).map(|_| Stamp::new(&Chance::system(), &now)).collect();
    let nonces: std::collections::HashSet<&str> =
        stamps.iter().map(|stamp| stamp.nonce.expose_secret()).collect();
    assert_eq!(nonces.len(), 1000);
    // 32 hexadecimal digits: 128 bits that every vendor's rule for nonces takes.
    assert!(nonces.iter().all(|nonce| nonce.len() == 32));
    assert!(stamps.iter().all(|stamp| stamp.seconds == 1_800_000_000));
    assert!(!format!("{:?}", stamps[0]).contains(stamps[0].nonce.expose_secret()));
}
