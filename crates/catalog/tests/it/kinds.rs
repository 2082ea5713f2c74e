use ferrule_catalog::{Auth, ClientAuth};

use super::{connector, told};

#[test]
fn every_kind_of_authentication_has_the_contracts_word() {
    for (kind, word) in [
        (CLIENT_CREDENTIALS, "custom"),
        ("api_key", "custom"),
        ("basic", "basic"),
        ("none", "custom"),
    ] {
        assert_eq!(connector("x.toml", &of_kind(kind)).auth.kind_name(), word);
    }
}

/// A kind, with all that it requires.
const CLIENT_CREDENTIALS: &str = "client_credentials\"\ntoken_url = \"https://x.example.com/token";

/// A file of this kind; what a case adds to `[auth]` begins at line 6, or 7 for client credentials.
fn of_kind(kind: &str) -> String {
    format!("key = \"x\"\nname = \"X\"\nhub = \"crm\"\n[auth]\nkind = \"{kind}\"\n")
}

#[test]
fn an_app_of_its_own_has_a_token_server_and_no_login() {
    let text = of_kind(CLIENT_CREDENTIALS) + "scopes = [\"a\", \"b\"]\nclient_auth = \"basic\"\n";
    let x = connector("x.toml", &text);
    let tokens = x.token_server().unwrap();
    assert_eq!(
        (tokens.scope().as_str(), tokens.client_auth),
        ("a b", ClientAuth::Basic)
    );
    assert_eq!(tokens.token_url.as_str(), "https://x.example.com/token");
    assert!(x.oauth2().is_err());
    assert_eq!(
        told(&(of_kind(CLIENT_CREDENTIALS) + "pkce = \"off\"\ntoken_params = { scope = \"a\" }")),
        [
            "7: unknown key 'pkce' in [auth]: known are answer, client_auth, kind, revocation_url, scope_separator, \
             scopes, token_names, token_params, token_request, token_url",
            "8: token_params: Ferrule sets 'scope' itself: remove it",
        ]
    );
    assert_eq!(
        told(&of_kind("client_credentials")),
        ["4: [auth] has no 'token_url': it is required"]
    );
}

#[test]
fn a_file_names_what_its_vendor_calls_the_credential() {
    let text = of_kind("api_key") + "label = \"Private app token\"\nhelp = \"Under Settings.\"\n";
    let Auth::ApiKey(key) = &connector("x.toml", &text).auth else {
        panic!("another kind");
    };
    assert_eq!(
        (key.label.as_str(), key.help.as_str()),
        ("Private app token", "Under Settings.")
    );
    let text = of_kind("basic") + "username_label = \"E-mail\"\n";
    let Auth::Basic(basic) = &connector("x.toml", &text).auth else {
        panic!("another kind");
    };
    assert_eq!(
        (basic.username_label.as_str(), basic.password_label.as_str()),
        ("E-mail", "Password")
    );
    assert_eq!(
        told(&(of_kind("api_key") + "label = \" \"\n")),
        ["6: 'label' is empty: write the vendor's word, or leave it out"]
    );
}

#[test]
fn calls_carry_the_credential_of_their_kind_and_no_other() {
    const API: &str = "[api]\nbase_url = \"https://x.example.com\"\n";
    for (kind, headers, want) in [
        ("api_key", "authorization = \"Bearer {api_key}\"", None),
        ("api_key", "headers = { X-Key = \"{api_key}\" }", None),
        (
            "api_key",
            "headers = { X-Key = \"k\" }",
            Some(
                "6: [api] sends the credential nowhere: write authorization = \"Bearer {api_key}\", or a header that holds {api_key}",
            ),
        ),
        (
            "api_key",
            "authorization = \"{api_key} {access_token}\"",
            Some("8: {access_token} is nothing that this kind of connector has: remove it"),
        ),
        ("basic", "", None),
        (
            "basic",
            "authorization = \"Basic x\"",
            Some("8: authorization: Ferrule makes it from user name and password: remove it"),
        ),
        ("none", "", None),
        (
            "none",
            "headers = { X-Key = \"{api_key}\" }",
            Some("8: {api_key} is nothing that this kind of connector has: remove it"),
        ),
        (
            CLIENT_CREDENTIALS,
            "authorization = \"Bearer {access_token}\"",
            None,
        ),
        (
            CLIENT_CREDENTIALS,
            "",
            Some(
                "7: [api] sends the credential nowhere: write authorization = \"Bearer {access_token}\", or a header that holds {access_token}",
            ),
        ),
    ] {
        let problems = told(&format!("{}{API}{headers}\n", of_kind(kind)));
        assert_eq!(problems, Vec::from_iter(want), "{kind}: {headers}");
    }
}
