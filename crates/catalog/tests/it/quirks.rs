//! What a file declares of a vendor's own ways.

use ferrule_catalog::{ExpiresAs, Sent};

use super::{catalog_with, connector, parameters, told};

/// Lines 1 to 7; what a case adds to `[auth]` begins at line 8.
const START: &str = r#"key = "x"
name = "X"
hub = "crm"
[auth]
kind = "oauth2"
authorization_url = "https://x.example.com/authorize"
token_url = "https://x.example.com/token"
"#;

#[test]
fn a_vendors_ways_are_read() {
    let text = format!(
        r#"{START}
authorize_names = {{ client_id = "app_id", response_type = "" }}
token_names = {{ client_secret = "secret" }}
callback_code = "auth_code"
redirect_uri = "{{run}}"
token_params = {{ context = "{{context}}", run = "{{run}}" }}
token_sends = ["scope"]
refresh_url = "https://x.example.com/refresh"
refresh_params = {{ type = "refresh" }}
refresh_sends = ["scope", "redirect_uri"]
client_auth = "secret_as_user"
[auth.answer]
within = "data.tokens"
access_token = "token"
expires = "expires_at"
expires_as = "at_milliseconds"
error = "code"
[auth.long_lived]
url = "https://x.example.com/longer"
params = {{ token = "{{access_token}}" }}
refresh_url = "https://x.example.com/next"
refresh_params = {{ token = "{{access_token}}" }}
[[parameters]]
name = "run"
default = "r"
[[parameters]]
name = "context"
required = false
returned = "team.url"
returned_part = "https://([a-z]+)\\.example\\.com"
"#
    );
    let x = connector("x.toml", &text);
    let oauth2 = x.oauth2().unwrap();
    assert_eq!(oauth2.refresh_sends, [Sent::Scope, Sent::RedirectUri]);
    assert_eq!(oauth2.callback_code, "auth_code");
    assert_eq!(oauth2.tokens.answer.within.as_deref(), Some("data.tokens"));
    assert_eq!(oauth2.tokens.answer.expires_as, ExpiresAs::AtMilliseconds);
    let given = parameters(&[("run", "r 1")]);
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(x.token_params(&given), Ok(vec![pair("run", "r 1")]));
    assert_eq!(x.refresh_params(&given), Ok(vec![pair("type", "refresh")]));
    assert_eq!(
        x.refresh_url(&given).as_deref(),
        Ok("https://x.example.com/refresh")
    );
    assert_eq!(
        x.redirect_uri("https://a.example/cb", &given).as_deref(),
        Ok("r 1")
    );
    assert!(oauth2.long_lived.as_ref().unwrap().renewal.is_some());
    let returned = x.parameters[1].returned.as_ref().unwrap();
    assert_eq!(
        (returned.path(), returned.value("https://acme.example.com")),
        ("team.url", Some("acme"))
    );
}

#[test]
fn what_is_wrong_with_them_is_told() {
    for (lines, want) in [
        (
            "authorize_names = { prompt = \"p\" }",
            "8: authorize_names: 'prompt' is none of the names that may be changed: scope, response_type, redirect_uri, state, client_id, code_challenge, code_challenge_method",
        ),
        (
            "authorize_names = { scope = \"state\" }",
            "8: authorize_names: 'state' already means something else: remove the line",
        ),
        (
            "authorize_names = { scope = \"user_scope\" }\nauthorize_params = { user_scope = \"a\" }",
            "9: authorize_params: Ferrule sets 'user_scope' itself: remove it",
        ),
        (
            "callback_code = \"state\"",
            "8: callback_code: Ferrule sets 'state' itself: remove it",
        ),
        (
            "refresh_sends = [\"state\"]",
            "8: refresh_sends: 'state' is not known: write scope or redirect_uri",
        ),
        (
            "[auth.answer]\nwithin = \"a..b\"",
            "9: within: write a name of the token answer, or several with dots between",
        ),
        (
            "[auth.answer]\nexpires_as = \"hours\"",
            "9: expires_as = \"hours\" is not known: write \"seconds\" or \"milliseconds\" or \"at_seconds\" or \"at_milliseconds\" or \"at\"",
        ),
        (
            "[auth.long_lived]\nurl = \"https://x.example.com/l\"\nparams = { t = \"{a}{b}\" }",
            "10: params: write a fixed text, {access_token}, {client_id} or {client_secret}",
        ),
        (
            "[auth.long_lived]\nurl = \"https://x.example.com/l\"\nparams = { t = \"{access_token}\" }\nrefresh_params = { t = \"a\" }",
            "8: refresh_params go nowhere: write refresh_url = \"https://…\"",
        ),
        (
            "[[parameters]]\nname = \"a\"\nreturned = \"u\"\nreturned_part = \"https://.*\"",
            "11: returned_part: put parentheses around the part that is wanted, and no others (a group that only groups is (?:…))",
        ),
        (
            "[[parameters]]\nname = \"a\"\nreturned_part = \"(a)\"",
            "10: returned_part says what is wanted of a text: write returned = \"…\" too",
        ),
    ] {
        assert_eq!(told(&format!("{START}{lines}\n")), [want], "{lines}");
    }
}

#[test]
fn a_secret_may_stand_in_a_header_of_calls_and_nowhere_else() {
    let secret = "[[parameters]]\nname = \"k\"\nsecret = true\n";
    let header = "[api]\nbase_url = \"https://x.example.com\"\nheaders = { x-key = \"{k}\", x-app = \"{client_id}\" }\n";
    let x = connector("x.toml", &format!("{START}{header}{secret}"));
    assert!(x.api.as_ref().unwrap().wants_client_id());
    assert_eq!(
        told(&format!("{START}token_params = {{ k = \"{{k}}\" }}\n{secret}")),
        ["8: parameter 'k' is secret and may not stand here: remove {k} or secret = true"]
    );
}

#[test]
fn a_header_waits_for_its_optional_parameter() {
    let lines = "[api]\nbase_url = \"https://x.example.com\"\nheaders = { x-team = \"{team}\" }\n\
                 [[parameters]]\nname = \"team\"\nrequired = false\n";
    let x = connector("x.toml", &format!("{START}{lines}"));
    let (_, header) = &x.api.as_ref().unwrap().headers[0];
    assert!(header.is_left_out(&parameters(&[])));
    assert!(!header.is_left_out(&parameters(&[("team", "7")])));
}

#[test]
fn a_connector_answers_to_its_aliases() {
    let catalog = catalog_with("x.toml", &format!("aliases = [\"other\"]\n{START}"));
    assert_eq!(catalog.get("other").unwrap().key.as_str(), "x");
    assert_eq!(
        told(&format!("aliases = [\"hubspot\", \"A\"]\n{START}")),
        [
            "1: aliases: 'A' is no key",
            "1: aliases: 'hubspot' means connector 'hubspot': remove it"
        ]
    );
}
