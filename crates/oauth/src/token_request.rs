//! What is asked at the token endpoint.

use http::Request;
use secrecy::{ExposeSecret as _, SecretString};

use crate::client::{Client, Wording};
use crate::endpoint::InvalidEndpoint;
use crate::pkce::CodeVerifier;

/// The fields that are Ferrule's to set.
const OURS: [&str; 7] = [
    "grant_type",
    "code",
    "refresh_token",
    "redirect_uri",
    "client_id",
    "client_secret",
    "code_verifier",
];

/// The request that turns a code into tokens (RFC 6749 section 4.1.3).
///
/// Its fields, in this order, by the names that the vendor has for them: `grant_type, code, redirect_uri, client_id, client_secret, code_verifier`, then
/// extras; an extra whose name is ours is passed over.
///
/// # Errors
/// The token URL is no endpoint.
pub fn code_request(
    token_url: &str,
    client: &Client<'_>,
    code: &SecretString,
    redirect_uri: &str,
    verifier: Option<&CodeVerifier>,
    wording: Wording<'_>,
    extra: &[(String, String)],
) -> Result<Request<Vec<u8>>, InvalidEndpoint> {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code.expose_secret()),
        ("redirect_uri", redirect_uri),
    ];
    fields.extend(client.fields());
    fields.extend(verifier.map(|verifier| ("code_verifier", verifier.secret().expose_secret())));
    fields.extend(additions(extra));
    client.post(token_url, &fields, wording)
}

/// The request that spends a refresh token (RFC 6749 section 6). It asks for the scope that was granted, by
/// naming none unless an extra does.
///
/// Its fields, in this order: `grant_type, refresh_token, client_id, client_secret`, then extras, `redirect_uri`
/// among them where a vendor wants it.
///
/// # Errors
/// The token URL is no endpoint.
pub fn refresh_request(
    token_url: &str,
    client: &Client<'_>,
    refresh_token: &SecretString,
    wording: Wording<'_>,
    extra: &[(String, String)],
) -> Result<Request<Vec<u8>>, InvalidEndpoint> {
    let mut fields = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.expose_secret()),
    ];
    fields.extend(client.fields());
    let extra = extra.iter().map(|(name, value)| (&**name, &**value));
    fields.extend(extra.filter(|(name, _)| *name == "redirect_uri" || !OURS.contains(name)));
    client.post(token_url, &fields, wording)
}

/// The request for the app's own token (RFC 6749 section 4.4.2). An empty scope is left out.
///
/// Its fields, in this order: `grant_type, scope, client_id, client_secret`, then extras; a `scope` among them is
/// passed over.
///
/// # Errors
/// The token URL is no endpoint.
pub fn client_credentials_request(
    token_url: &str,
    client: &Client<'_>,
    scope: &str,
    wording: Wording<'_>,
    extra: &[(String, String)],
) -> Result<Request<Vec<u8>>, InvalidEndpoint> {
    let mut fields = vec![("grant_type", "client_credentials")];
    fields.extend((!scope.is_empty()).then_some(("scope", scope)));
    fields.extend(client.fields());
    fields.extend(additions(extra).filter(|(name, _)| *name != "scope"));
    client.post(token_url, &fields, wording)
}

fn additions(extra: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    extra
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .filter(|(name, _)| !OURS.contains(name))
}

#[cfg(test)]
mod tests {
    use http::Method;
    use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};

    use super::*;
    use crate::client::{BodyFormat, ClientAuth};

    const TOKEN_URL: &str = "https://vendor.example/token";

    fn exchange(auth: ClientAuth, format: BodyFormat) -> Request<Vec<u8>> {
        let secret = "s&s".into();
        let client = Client {
            id: "id",
            secret: &secret,
            auth,
        };
        let verifier = CodeVerifier::try_from(SecretString::from("v".repeat(43))).unwrap();
        let extra = [
            ("audience".to_owned(), "a b".to_owned()),
            ("code".to_owned(), "evil".to_owned()),
        ];
        let code = "c/1".into();
        code_request(
            TOKEN_URL,
            &client,
            &code,
            "https://a.example/cb",
            Some(&verifier),
            format.into(),
            &extra,
        )
        .unwrap()
    }

    #[test]
    fn a_code_is_exchanged_by_form() {
        let request = exchange(ClientAuth::Body, BodyFormat::Form);
        assert_eq!(
            (request.method(), request.uri().to_string().as_str()),
            (&Method::POST, TOKEN_URL)
        );
        assert_eq!(request.headers()[ACCEPT], "application/json");
        assert_eq!(
            request.headers()[CONTENT_TYPE],
            "application/x-www-form-urlencoded"
        );
        assert!(!request.headers().contains_key(AUTHORIZATION));
        let verifier = "v".repeat(43);
        assert_eq!(
            String::from_utf8(request.into_body()).unwrap(),
            format!(
                "grant_type=authorization_code&code=c%2F1&redirect_uri=https%3A%2F%2Fa.example%2Fcb\
                 &client_id=id&client_secret=s%26s&code_verifier={verifier}&audience=a+b"
            )
        );
    }

    #[test]
    fn a_code_is_exchanged_by_json() {
        let request = exchange(ClientAuth::Basic, BodyFormat::Json);
        assert_eq!(request.headers()[CONTENT_TYPE], "application/json");
        assert!(request.headers().contains_key(AUTHORIZATION));
        assert_eq!(
            serde_json::from_slice::<serde_json::Value>(request.body()).unwrap(),
            serde_json::json!({
                "grant_type": "authorization_code",
                "code": "c/1",
                "redirect_uri": "https://a.example/cb",
                "code_verifier": "v".repeat(43),
                "audience": "a b",
            })
        );
    }

    #[test]
    fn a_refresh_token_is_spent() {
        let secret = "s".into();
        let client = Client {
            id: "id",
            secret: &secret,
            auth: ClientAuth::Body,
        };
        let request =
            refresh_request(TOKEN_URL, &client, &"r+1".into(), BodyFormat::Form.into(), &[]).unwrap();
        assert_eq!(
            String::from_utf8(request.into_body()).unwrap(),
            "grant_type=refresh_token&refresh_token=r%2B1&client_id=id&client_secret=s"
        );
    }

    #[test]
    fn an_app_asks_for_its_own_token() {
        let secret = "s".into();
        let extra = [
            ("audience".to_owned(), "a".to_owned()),
            ("scope".to_owned(), "evil".to_owned()),
        ];
        for (auth, scope, want) in [
            (
                ClientAuth::Body,
                "read write",
                "grant_type=client_credentials&scope=read+write&client_id=id&client_secret=s&audience=a",
            ),
            (ClientAuth::Basic, "", "grant_type=client_credentials&audience=a"),
        ] {
            let client = Client {
                id: "id",
                secret: &secret,
                auth,
            };
            let request =
                client_credentials_request(TOKEN_URL, &client, scope, BodyFormat::Form.into(), &extra)
                    .unwrap();
            assert_eq!(
                request.headers().contains_key(AUTHORIZATION),
                auth == ClientAuth::Basic
            );
            assert_eq!(String::from_utf8(request.into_body()).unwrap(), want);
        }
    }

    #[test]
    fn no_secret_goes_to_an_insecure_address() {
        let secret = "s".into();
        let client = Client {
            id: "id",
            secret: &secret,
            auth: ClientAuth::Body,
        };
        let request = refresh_request(
            "http://vendor.example/token",
            &client,
            &"r".into(),
            BodyFormat::Form.into(),
            &[],
        );
        assert_eq!(request.map(|_| ()), Err(InvalidEndpoint::Insecure));
    }
}
