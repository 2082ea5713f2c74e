use ferrule_catalog::{Auth, Place, SignatureMethod};

use super::{catalog_with, connector};

const SHOPS: &str = r#"key = "shops"
name = "Shops"
hub = "ecommerce"
[auth]
kind = "oauth1"
request_token_url = "https://{shop}.example.com/oauth/request_token?scope=all"
authorization_url = "https://{shop}.example.com/oauth/authorize"
token_url = "https://{shop}.example.com/oauth/access_token"
authorize_params = { perms = "read", team = "{team}" }
signature_method = "HMAC-SHA256"
realm = "Shops & more"
[api]
base_url = "https://{shop}.example.com/api"
[[parameters]]
name = "shop"
pattern = "[a-z]+"
[[parameters]]
name = "team"
required = false
"#;

/// Lines 1 to 5, 6 to 8: what every file of this kind holds.
const START: &str = "key = \"x\"\nname = \"X\"\nhub = \"crm\"\n[auth]\nkind = \"oauth1\"\n";
const URLS: &str = "request_token_url = \"https://x.example.com/r\"\n\
                    authorization_url = \"https://x.example.com/a\"\ntoken_url = \"https://x.example.com/t\"\n";

#[test]
fn every_field_of_the_kind_is_read() {
    let shops = connector("shops.toml", SHOPS);
    let oauth1 = shops.oauth1().unwrap();
    assert_eq!(oauth1.signature_method, SignatureMethod::HmacSha256);
    assert_eq!(oauth1.realm.as_deref(), Some("Shops & more"));
    assert!(matches!(shops.auth, Auth::OAuth1(_)) && shops.oauth2().is_err());
    assert_eq!(shops.auth.kind_name(), "oauth1");
    assert!(shops.accepts_stored_app());
    let places: Vec<_> = shops.parameters.iter().map(|parameter| parameter.place).collect();
    assert_eq!(places, [Place::Address, Place::Authorize]);

    let values = [("shop".to_owned(), "mine".to_owned())].into_iter().collect();
    for (address, want) in [
        (shops.request_token_url(&values), "request_token?scope=all"),
        (shops.authorization_url(&values), "authorize"),
        (shops.token_url(&values), "access_token"),
    ] {
        assert_eq!(address.unwrap(), format!("https://mine.example.com/oauth/{want}"));
    }
    assert_eq!(
        shops.authorize_params(&values).unwrap(),
        [("perms".to_owned(), "read".to_owned())]
    );
    let plain = connector("x.toml", &format!("{START}{URLS}"));
    assert_eq!(
        plain.oauth1().unwrap().signature_method,
        SignatureMethod::HmacSha1
    );
    assert!(plain.request_token_url(&values).is_ok() && plain.revocation_url(&values).is_err());
}

#[test]
fn what_is_wrong_is_told() {
    for (text, want) in [
        (
            format!(
                "{START}authorization_url = \"https://x.example.com/a\"\ntoken_url = \"https://x.example.com/t\"\n"
            ),
            "4: [auth] has no 'request_token_url': it is required",
        ),
        (
            format!("{START}{}", URLS.replace("/a\"", "/a?oauth_token=x\"")),
            "7: authorization_url: Ferrule sets 'oauth_token' itself: remove it",
        ),
        (
            format!("{START}{URLS}authorize_params = {{ oauth_token = \"x\" }}\n"),
            "9: authorize_params: Ferrule sets 'oauth_token' itself: remove it",
        ),
        (
            format!("{START}{URLS}signature_method = \"PLAINTEXT\"\n"),
            "9: signature_method = \"PLAINTEXT\" is not known: write \"HMAC-SHA1\" or \"HMAC-SHA256\"",
        ),
        (
            format!("{START}{URLS}realm = \"a\\\"b\"\n"),
            "9: realm: write printable ASCII without '\"' and '\\', or leave it out",
        ),
        (
            format!("{START}{URLS}pkce = \"off\"\n"),
            "9: unknown key 'pkce' in [auth]: known are authorization_url, authorize_params, kind, realm, request_token_url, signature_method, token_url",
        ),
        (
            format!(
                "{START}{URLS}[api]\nbase_url = \"https://x.example.com\"\nauthorization = \"OAuth x\"\n"
            ),
            "11: authorization: Ferrule signs each call anew: remove it",
        ),
        (
            format!(
                "{START}{}",
                URLS.replace("https://x.example.com/r", "http://x.example.com/r")
            ),
            "6: http:// is for loopback alone: write https://",
        ),
    ] {
        let catalog = catalog_with("x.toml", &text);
        let told: Vec<String> = catalog
            .problems()
            .iter()
            .map(|problem| problem.to_string().replacen("x.toml:", "", 1))
            .collect();
        assert_eq!(told, [want], "{text}");
    }
}
