use ferrule_catalog::{ClientAuth, Method, Parameters, Pkce, Place, Refresh, TokenRequestFormat};
use proptest::prelude::*;

use super::{ACME, catalog_with, connector, told};

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
fn every_field_of_the_format_is_read() {
    let acme = connector("acme.toml", ACME);
    let oauth2 = acme.oauth2().unwrap();
    assert_eq!(oauth2.tokens.scope(), "read,write");
    assert_eq!(
        (oauth2.tokens.client_auth, oauth2.tokens.token_request),
        (ClientAuth::Basic, TokenRequestFormat::Json)
    );
    assert_eq!((oauth2.pkce, oauth2.refresh), (Pkce::Required, Refresh::Rotating));
    assert_eq!(
        (oauth2.issuer.as_deref(), oauth2.iss_required),
        (Some("https://example.com"), true)
    );
    assert_eq!(
        acme.token_params(&Parameters::default()),
        Ok(vec![("tenant".to_owned(), "main".to_owned())])
    );
    assert_eq!(oauth2.tokens.token_url.names().collect::<Vec<_>>(), ["subdomain"]);
    let places: Vec<_> = acme
        .parameters
        .iter()
        .map(|p| (p.name.as_str(), p.place, p.required))
        .collect();
    assert_eq!(
        places,
        [
            ("subdomain", Place::Address, true),
            ("region", Place::Address, false),
            ("audience", Place::Authorize, false),
            ("workspace", Place::Address, true),
            ("webhook.key", Place::Configuration, false),
        ]
    );
    assert_eq!(acme.resources[0].vendor_path, "/v2/people/{id}");
    assert_eq!(acme.resources[0].methods, [Method::Get, Method::Delete]);
    assert_eq!(acme.resources[1].vendor_path, "/deals");
    assert_eq!(acme.api.as_ref().unwrap().timeout.as_secs(), 60);
    assert_eq!(acme.api.as_ref().unwrap().ping.as_ref().unwrap().path, "/me");
}

#[test]
fn what_is_left_out_has_a_default() {
    let x = connector("x.toml", START);
    let oauth2 = x.oauth2().unwrap();
    assert_eq!(
        (oauth2.tokens.client_auth, oauth2.tokens.token_request),
        (ClientAuth::Body, TokenRequestFormat::Form)
    );
    assert_eq!((oauth2.pkce, oauth2.refresh), (Pkce::S256, Refresh::None));
    assert_eq!(
        (
            oauth2.tokens.scope_separator.as_str(),
            oauth2.iss_required,
            oauth2.discovery.is_some()
        ),
        (" ", false, false)
    );
    assert!(x.api.is_none() && x.parameters.is_empty() && x.resources.is_empty() && x.docs.is_none());
}

#[test]
fn what_is_missing_or_misspelt_is_told_with_its_line() {
    for (text, want) in [
        (
            "",
            vec![
                "1: the file has no 'auth': it is required",
                "1: the file has no 'hub': it is required",
                "1: the file has no 'key': it is required",
                "1: the file has no 'name': it is required",
            ],
        ),
        (
            "key = \"x\"\nname = \"X\"\nhub = \"crm\"\n\n[auth]\n",
            vec!["5: [auth] has no 'kind': it is required"],
        ),
        (
            "key = \"x\"\nname = \"X\"\nhub = \"crm\"\n\n[auth]\nkind = \"oauth2\"\n",
            vec![
                "5: [auth] has no 'authorization_url': it is required",
                "5: [auth] has no 'token_url': it is required",
            ],
        ),
        (
            "key = \"x\"\nname = \" \"\nhub = \"CRM\"\n[auth]\nkind = \"oauth\"\n",
            vec![
                "2: 'name' is empty: write a value",
                "3: hub = \"CRM\": write lower-case letters and digits alone",
                "5: kind = \"oauth\" is not known: write \"oauth2\" or \"oauth1\" or \"client_credentials\" or \
             \"api_key\" or \"basic\" or \"none\"",
            ],
        ),
        (
            "key = \"y\"\nname = 1\nhub = \"crm\"\nnmae = \"X\"\nauth = 3\n",
            vec![
                "1: key = \"y\" is not the file's name: write key = \"x\" or rename the file to y.toml",
                "2: 'name' holds a value of type integer: write a text in quotes",
                "4: unknown key 'nmae' in the file: did you mean 'name'?",
                "5: 'auth' holds a value of type integer: write a table under [auth]",
            ],
        ),
    ] {
        assert_eq!(told(text), want, "{text}");
    }
}

#[test]
fn a_wrong_line_of_auth_is_told() {
    for (line, want) in [
        (
            "authorisation_url = \"https://x.example.com\"",
            "unknown key 'authorisation_url' in [auth]: did you mean 'authorization_url'?",
        ),
        (
            "pkce = \"plain\"",
            "pkce = \"plain\" is not known: write \"required\" or \"s256\" or \"off\"",
        ),
        (
            "client_auth = \"header\"",
            "client_auth = \"header\" is not known: write \"body\" or \"basic\" or \"secret_as_user\"",
        ),
        (
            "token_request = \"xml\"",
            "token_request = \"xml\" is not known: write \"form\" or \"json\"",
        ),
        (
            "refresh = true",
            "'refresh' holds a value of type boolean: write a text in quotes",
        ),
        (
            "refresh = \"often\"",
            "refresh = \"often\" is not known: write \"none\" or \"reusable\" or \"rotating\"",
        ),
        (
            "scopes = \"read\"",
            "'scopes' holds a value of type string: write a list of texts, as in [\"a\", \"b\"]",
        ),
        (
            "scopes = [\"a b\"]",
            "scopes: 'a b' is not one scope: write each in quotes of its own",
        ),
        ("scope_separator = \"\"", "scope_separator: write \" \" or \",\""),
        (
            "iss = \"required\"",
            "iss = \"required\" needs an issuer to compare with: write issuer = \"https://…\"",
        ),
        (
            "issuer = \"ftp://x\"",
            "issuer = \"ftp://x\": write an address that begins with https://",
        ),
        (
            "issuer = \"https://x.example.com/?a\"",
            "issuer = \"https://x.example.com/?a\": an issuer has no placeholder, user name, query or fragment: remove it",
        ),
        (
            "discovery = \"yes\"",
            "'discovery' holds a value of type string: write true or false",
        ),
        (
            "authorize_params = { state = \"mine\" }",
            "authorize_params: Ferrule sets 'state' itself: remove it",
        ),
        (
            "authorize_params = { a = \"{b}\" }",
            "placeholder {b} is not a declared parameter: declare it under [[parameters]] with name = \"b\"",
        ),
        (
            "authorize_params = { a = \"{access_token}\" }",
            "placeholder {access_token} is not a declared parameter: declare it under [[parameters]] with name = \"access_token\"",
        ),
        (
            "token_params = { code = \"1\" }",
            "token_params: Ferrule sets 'code' itself: remove it",
        ),
        (
            "token_params = { a = \"{b}\" }",
            "placeholder {b} is not a declared parameter: declare it under [[parameters]] with name = \"b\"",
        ),
    ] {
        assert_eq!(
            told(&format!("{START}{line}\n")),
            [format!("8: {want}")],
            "{line}"
        );
    }
    let without_issuer = told(&format!("{START}discovery = true\n"));
    assert_eq!(
        without_issuer,
        ["4: discovery = true needs an issuer: write issuer = \"https://…\""]
    );
}

#[test]
fn a_wrong_address_is_told() {
    let subdomain = "[[parameters]]\nname = \"sub\"\n";
    let patterned = "[[parameters]]\nname = \"sub\"\npattern = \"[a-z]+\"\n";
    let declare = "declare it under [[parameters]] with name = \"subdomain\"";
    for (address, declared, want) in [
        ("https://{subdomain}.example.com", "", format!("placeholder {{subdomain}} is not a declared parameter: {declare}")),
        ("https://{sup}.example.com", patterned, "placeholder {sup} is not a declared parameter: did you mean {sub}?".into()),
        ("https://{sub}.example.com", subdomain, "parameter 'sub' stands inside a host: give 'sub' a pattern, as in pattern = \"[a-z0-9-]+\"".into()),
        ("https://x.example.com/{sub}", "[[parameters]]\nname = \"sub\"\nsecret = true\n", "parameter 'sub' is secret and may not stand here: remove {sub} or secret = true".into()),
        ("https://x.example.com/{sub}", "[[parameters]]\nname = \"sub\"\nrequired = false\n", "parameter 'sub' stands in an address: give it a default, or drop required = false".into()),
        ("https://x.example.com/{sub", "", "a brace stands alone: a placeholder is written {name}".into()),
        ("http://x.example.com/", "", "http:// is for loopback alone: write https://".into()),
        ("http://{sub}.example.com/", patterned, "http:// is for loopback alone: write https://".into()),
        ("http://{sub}/", patterned, "http:// is for loopback alone: write https://".into()),
        ("ftp://x.example.com/", "", "'ftp://x.example.com/' is no address: write one that begins with https://".into()),
        ("/token", "", "'/token' is no address: write one that begins with https://".into()),
        ("https://a@x.example.com/", "", "an address holds no user name or password: remove what stands before '@'".into()),
        ("https://x.example.com:{sub}/", patterned, "a port is a number, and no placeholder stands in it".into()),
        ("https:///x", "", "the address has no host: write one after ://".into()),
        ("https://x.example.com/#a", "", "'https://x.example.com/#a' is not an address in plain form: a browser reads it as https://x.example.com/#a".into()),
        ("https://X.example.com/", "", "'https://X.example.com/' is not an address in plain form: a browser reads it as https://x.example.com/".into()),
        ("https://x.example.com/a/../b", "", "'https://x.example.com/a/../b' is not an address in plain form: a browser reads it as https://x.example.com/b".into()),
        ("https://x.example.com\\\\@y.com/", "", "an address holds no user name or password: remove what stands before '@'".into()),
    ] {
        let text = format!("{START}revocation_url = \"{address}\"\n{declared}");
        assert_eq!(told(&text), [format!("8: {want}")], "{address}");
    }
    let own = START.replace("/authorize\"", "/authorize?state=1\"");
    assert_eq!(
        told(&own),
        ["6: authorization_url: Ferrule sets 'state' itself: remove it"]
    );
}

#[test]
fn a_wrong_parameter_is_told() {
    for (lines, want) in [
        ("label = \"A\"", "8: [[parameters]] has no 'name': it is required"),
        (
            "name = \"1\"",
            "9: parameter name '1': begin with a letter, go on with letters, digits, '_', '-' or '.', 64 at most",
        ),
        (
            "name = \"state\"",
            "9: parameter name 'state' has a meaning of its own: choose another",
        ),
        (
            "name = \"oauth.api.key\"",
            "9: parameter name 'oauth.api.key' has a meaning of its own: choose another",
        ),
        (
            "name = \"a\"\npattern = \"[\"",
            "10: pattern of 'a' is no regular expression: unclosed character class",
        ),
        (
            "name = \"a\"\npattern = \"[0-9]\"\ndefault = \"x\"",
            "11: default of 'a' does not fit: write one that matches [0-9]",
        ),
        (
            "name = \"a\"\nsecret = true\ndefault = \"x\"",
            "11: parameter 'a' is secret: a file holds no secrets, remove its default",
        ),
        (
            "name = \"a\"\ndefault = \"\"",
            "10: default of 'a' is empty: leave it out",
        ),
        (
            "name = \"a\"\nplace = \"body\"",
            "10: place = \"body\" is not known: write \"address\" or \"authorize\" or \"header\" or \"configuration\"",
        ),
        (
            "name = \"a\"\nplace = \"address\"",
            "10: place = \"address\", but the file uses 'a' otherwise: write place = \"configuration\" or leave it out",
        ),
        (
            "name = \"a\"\npatern = \"x\"",
            "10: unknown key 'patern' in [[parameters]]: did you mean 'pattern'?",
        ),
        (
            "name = \"a\"\n[[parameters]]\nname = \"a\"",
            "11: parameter 'a' is declared twice: remove one",
        ),
    ] {
        assert_eq!(
            told(&format!("{START}[[parameters]]\n{lines}\n")),
            [want],
            "{lines}"
        );
    }
}

#[test]
fn a_wrong_api_or_resource_is_told() {
    for (lines, want) in [
        (
            "[api]\nping = \"GET /me\"",
            "8: [api] has no 'base_url': it is required",
        ),
        (
            "[api]\nbase_url = \"https://a.example.com/\"",
            "9: base_url: paths are appended to it, remove its query and last '/'",
        ),
        (
            "[api]\nbase_url = \"https://a.example.com\"\ntimeout = 0",
            "10: timeout: write a number of seconds from 1 to 3600",
        ),
        (
            "[api]\nbase_url = \"https://a.example.com\"\nping = \"me\"",
            "10: ping: write a method and a path, as in ping = \"GET /me\"",
        ),
        (
            "[api]\nbase_url = \"https://a.example.com\"\nping = \"LOOK /me\"",
            "10: ping: 'LOOK' is no method: write one of GET, HEAD, POST, PUT, PATCH, DELETE",
        ),
        (
            "[api]\nbase_url = \"https://a.example.com\"\nheaders = { Host = \"b\" }",
            "10: headers: Ferrule sets 'Host' itself: remove it",
        ),
        (
            "[api]\nbase_url = \"https://a.example.com\"\nheaders = { \"a b\" = \"b\" }",
            "10: headers: 'a b' is no header's name",
        ),
        (
            "[api]\nbase_url = \"https://a.example.com\"\nheaders = { authorization = \"b\" }",
            "10: headers: write Authorization as authorization = \"…\" under [api]",
        ),
        (
            "[api]\nbase_url = \"https://{access_token}.example.com\"",
            "9: placeholder {access_token} is not a declared parameter: declare it under [[parameters]] with name = \"access_token\"",
        ),
        (
            "[[resources]]\npath = \"contacts\"",
            "9: 'contacts' is no plain path: write one as in /contacts or /contacts/{id}",
        ),
        (
            "[[resources]]\npath = \"/a/../b\"",
            "9: '/a/../b' is no plain path: write one as in /contacts or /contacts/{id}",
        ),
        (
            "[[resources]]\npath = \"/a\"\nvendor_path = \"/b/{id}\"",
            "10: vendor_path holds {id}, which path does not: add it to path",
        ),
        (
            "[[resources]]\npath = \"/a\"\nmethods = [\"get\"]",
            "10: methods: 'get' is no method: write one of GET, HEAD, POST, PUT, PATCH, DELETE",
        ),
        (
            "[[resources]]\npath = \"/a\"\nitems = \"a..b\"",
            "10: items: 'a..b' is no place in an answer: write one as in data or pages.next",
        ),
        (
            "[[resources]]\npath = \"/a\"\nmethods = [\"POST\"]\npagination = { style = \"link\" }",
            "11: pagination is for GET, which methods does not have: remove it",
        ),
        (
            "[[resources]]\npath = \"/a\"\npagination = { style = \"cursor\", position = \"at\" }",
            "10: this style of pagination needs 'position' and 'next': write where they are",
        ),
        (
            "[[resources]]\npath = \"/a\"\npagination = { style = \"offset\", position = \"at\", next = \"x\" }",
            "10: this style of pagination takes no 'next': remove it",
        ),
        (
            "[[resources]]\npath = \"/a\"\npagination = { style = \"pages\" }",
            "10: style = \"pages\" is not known: write \"link\" or \"cursor\" or \"offset\" or \"page\"",
        ),
        (
            "[[resources]]\npath = \"/a\"\nparameters = { pageSize = \"x\" }\npagination = { style = \"link\" }",
            "10: parameters: Ferrule takes 'pageSize' itself: remove it",
        ),
    ] {
        assert_eq!(told(&format!("{START}{lines}\n")), [want], "{lines}");
    }
}

#[test]
fn the_top_of_a_file_is_checked_too() {
    for (line, want) in [
        (
            "docs = \"javascript:alert(1)\"",
            "1: docs = \"javascript:alert(1)\": write an address that begins with https://",
        ),
        ("id = 0", "1: id = 0: write a number from 1 up"),
        (
            "hosts = [\"https://a.example.com\"]",
            "1: hosts: 'https://a.example.com' is no host: write a name in lower case, as in \"eu.example.com\"",
        ),
    ] {
        assert_eq!(told(&format!("{line}\n{START}")), [want], "{line}");
    }
    let number = catalog_with("12.toml", &START.replace("\"x\"", "\"12\""));
    assert_eq!(
        number.problems()[0].to_string(),
        "12.toml:1: key = \"12\" could be an id: add a letter"
    );
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let told = told(&format!("{START}scopes = [\n\"a\"\npkce = 'off\n"));
    assert!(
        !told.is_empty() && told.iter().all(|line| line.contains(": this is not TOML: ")),
        "{told:?}"
    );
    assert!(told.iter().any(|line| line.starts_with("10: ")), "{told:?}");
}

proptest! {
    /// Lines of a good file, shuffled, cut and mixed with others, never do worse than being refused.
    #[test]
    fn no_file_makes_the_reader_panic(
        picks in prop::collection::vec((0..60_usize, 0..80_usize), 0..30),
        noise in "[\\PC\n\"'{}=\\[\\]]{0,60}",
    ) {
        let lines: Vec<&str> = ACME.lines().collect();
        let cut = |(line, length): &(usize, usize)| {
            lines[line % lines.len()].chars().take(*length).collect::<String>()
        };
        let text = picks.iter().map(cut).chain([noise]).collect::<Vec<_>>().join("\n");
        let catalog = catalog_with("acme.toml", &text);
        prop_assert_eq!(catalog.get("acme").is_some(), catalog.problems().is_empty());
    }
}
