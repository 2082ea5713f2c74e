use ferrule_catalog::{Credentials, ParameterError};

use super::{ACME, connector, parameters, values};

#[test]
fn declared_parameters_are_kept_and_the_rest_is_not() {
    let acme = connector("acme.toml", ACME);
    for (given, resolved) in [
        (vec![], vec![("region", "us")]),
        (
            vec![("subdomain", "shop"), ("colour", "red")],
            vec![("subdomain", "shop"), ("region", "us")],
        ),
        (vec![("subdomain", ""), ("region", "")], vec![("region", "us")]),
        (
            vec![("region", "eu"), ("audience", "all ours")],
            vec![("region", "eu"), ("audience", "all ours")],
        ),
        (
            vec![("siteAddress", "shop")],
            vec![("subdomain", "shop"), ("region", "us")],
        ),
        (
            vec![("siteAddress", "https://x.y"), ("subdomain", "")],
            vec![("region", "us")],
        ),
        (
            vec![("siteAddress", "other"), ("subdomain", "shop")],
            vec![("subdomain", "shop"), ("region", "us")],
        ),
    ] {
        assert_eq!(
            acme.resolve(&values(&given)),
            Ok(parameters(&resolved)),
            "{given:?}"
        );
    }
}

#[test]
fn the_contracts_names_fill_the_first_address_parameter_when_they_fit_it() {
    let text = ACME
        .replace("\"subdomain\"", "\"shop\"")
        .replace("{subdomain}", "{shop}");
    let acme = connector("acme.toml", &text);
    for (given, shop) in [
        (vec![("siteAddress", "one"), ("subdomain", "two")], Some("one")),
        (
            vec![("siteAddress", "https://one"), ("subdomain", "two")],
            Some("two"),
        ),
        (vec![("siteAddress", "https://one")], None),
        (
            vec![("siteAddress", "https://one.example.com/start?tab=1")],
            Some("one"),
        ),
        (vec![("siteAddress", "one.example.com")], Some("one")),
        (vec![("siteAddress", "https://one.two.example.com")], None),
        (vec![("siteAddress", "https://one.example.com:444")], None),
        (vec![("siteAddress", "https://me@one.example.com")], None),
        (vec![("siteAddress", "https://one.example.com.evil.com")], None),
        (vec![("siteAddress", "one"), ("shop", "three")], Some("three")),
    ] {
        assert_eq!(
            acme.resolve(&values(&given)).unwrap().get("shop"),
            shop,
            "{given:?}"
        );
    }
}

#[test]
fn a_value_that_does_not_fit_is_named_and_not_repeated() {
    let acme = connector("acme.toml", ACME);
    for (name, bad) in [
        ("subdomain", "shop.evil"),
        ("subdomain", "Shop"),
        ("region", "asia"),
        ("audience", "a\r\nb"),
        ("audience", &"a".repeat(1025)),
    ] {
        let error = acme.resolve(&values(&[(name, bad)])).unwrap_err();
        assert!(
            matches!(&error, ParameterError::Invalid { name: named, .. } if named == name),
            "{error}"
        );
        assert!(!error.to_string().contains(bad), "{error}");
    }
}

#[test]
fn an_address_requires_only_the_parameters_that_it_holds() {
    let acme = connector("acme.toml", ACME);
    let region_alone = acme.resolve(&values(&[])).unwrap();
    let missing = acme.authorization_url(&region_alone).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "parameter 'subdomain' (Your subdomain) is missing"
    );
    assert_eq!(
        acme.revocation_url(&region_alone),
        Ok(Some("https://us.example.com/revoke".into()))
    );

    let given = acme.resolve(&values(&[("subdomain", "shop")])).unwrap();
    assert_eq!(
        acme.authorization_url(&given),
        Ok("https://shop.example.com/oauth/authorize".into())
    );
    assert_eq!(
        acme.token_url(&given),
        Ok("https://shop.example.com/oauth/token".into())
    );
    assert!(
        matches!(acme.require_all(&given), Err(ParameterError::Missing { name, .. }) if name == "workspace")
    );
}

#[test]
fn an_authorize_parameter_without_its_optional_value_is_left_out() {
    let acme = connector("acme.toml", ACME);
    let prompt = ("prompt".to_owned(), "consent".to_owned());
    assert_eq!(acme.authorize_params(&parameters(&[])), Ok(vec![prompt.clone()]));
    let audience = ("audience".to_owned(), "all & sundry".to_owned());
    assert_eq!(
        acme.authorize_params(&parameters(&[("audience", "all & sundry")])),
        Ok(vec![prompt, audience])
    );
}

#[test]
fn a_credential_shows_in_a_header_and_in_no_debug_output() {
    let acme = connector("acme.toml", ACME);
    let authorization = acme.api.as_ref().unwrap().authorization.as_ref().unwrap();
    let token = "s3cret".to_owned().into();
    let credentials = Credentials {
        access_token: Some(&token),
        api_key: None,
    };
    let header = authorization.render(&parameters(&[]), credentials).unwrap();
    assert!(!format!("{header:?} {credentials:?}").contains("s3cret"));
    assert!(
        authorization
            .render(&parameters(&[]), Credentials::default())
            .is_err()
    );
}

#[test]
fn what_does_not_use_oauth_2_has_no_authorization_url() {
    let text = "key = \"plain\"\nname = \"Plain\"\nhub = \"general\"\n[auth]\nkind = \"api_key\"\n";
    let error = connector("plain.toml", text)
        .authorization_url(&parameters(&[]))
        .unwrap_err();
    assert_eq!(error.to_string(), "connector 'plain' does not use OAuth 2");
}
