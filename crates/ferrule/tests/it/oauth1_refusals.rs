//! What goes wrong in OAuth 1.0a: a no at the vendor, wrong secrets, requests that are not meant so.

use ferrule_testkit::{Browser, CLIENT_ID, Decision};
use serde_json::json;

use crate::logins::{assert_refused, open};
use crate::oauth1::{APP, Signed, Verified, by_verifier, get, signed};
use crate::vendors::{CALLBACK, by_handshake};

fn by_default() -> Signed {
    signed("HMAC-SHA1")
}

#[test]
fn security_09_a_no_comes_back_as_a_denial_on_both_ways() {
    let signed = by_default();
    let return_url = "http://127.0.0.1:9/back";
    let query = [&APP[..], &[("returnUrl", return_url), ("state", "mine")]].concat();
    let begun = signed.ferrule.api.oauth_url("signed", &query);
    let landing = Browser::stopping_at(return_url).log_in(&begun, Decision::Deny);
    assert_eq!(
        landing.parameter("error").as_deref(),
        Some("access_denied"),
        "{landing:?}"
    );
    assert_eq!(landing.parameter("state").as_deref(), Some("mine"));
    let handshake = landing.parameter("handshake").unwrap();
    let refused = signed
        .ferrule
        .api
        .post("/instances", &by_handshake("signed", &handshake));
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert_eq!(refused.json()["providerMessage"], "access_denied");

    let (_, begun) = signed.begin(&signed.ferrule.api);
    let landing = Browser::stopping_at(CALLBACK).log_in(&begun, Decision::Deny);
    let mut body = by_verifier(&Verified {
        token: String::new(),
        secret: String::new(),
        verifier: String::new(),
    });
    body["providerData"] = json!({"denied": landing.parameter("denied").unwrap()});
    let refused = signed.ferrule.api.post("/instances", &body);
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert_eq!(refused.json()["providerMessage"], "access_denied");
    body["providerData"] =
        json!({"oauth_problem": "user_refused", "oauth_problem_advice": "asked\nand refused"});
    let refused = signed.ferrule.api.post("/instances", &body);
    assert_eq!(
        refused.json()["providerMessage"],
        "user_refused: askedand refused"
    );
    assert_eq!(signed.provider.answered("/token", 200), 0);
}

#[test]
fn a_verifier_without_its_secret_or_of_another_login_is_refused_once_and_for_all() {
    let signed = by_default();
    let api = &signed.ferrule.api;
    let right = signed.verified(api);
    let other = signed.verified(api);
    for wrong in [
        Verified {
            secret: other.secret.clone(),
            ..by(&right)
        },
        Verified {
            verifier: other.verifier.clone(),
            ..by(&right)
        },
    ] {
        let before = signed.provider.log().matches("POST /token").count();
        for _ in 0..2 {
            let refused = api.post("/instances", &by_verifier(&wrong));
            assert_eq!(refused.status, 400, "{}", refused.text());
            assert!(!refused.text().contains(&wrong.secret), "{}", refused.text());
        }
        let after = signed.provider.log().matches("POST /token").count();
        assert_eq!(after - before, 1, "one verifier, one token request");
    }
    let mut unsigned = by_verifier(&other);
    unsigned["configuration"]["oauth.api.secret"] = json!("not-the-secret");
    assert_eq!(api.post("/instances", &unsigned).status, 400);
    assert_eq!(api.get("/instances").json(), json!([]), "nothing is left behind");
}

fn by(verified: &Verified) -> Verified {
    Verified {
        token: verified.token.clone(),
        secret: verified.secret.clone(),
        verifier: verified.verifier.clone(),
    }
}

#[test]
fn an_app_that_the_vendor_does_not_know_begins_no_login() {
    let signed = by_default();
    let query = [
        ("apiKey", CLIENT_ID),
        ("apiSecret", "not-the-secret"),
        ("callbackUrl", CALLBACK),
    ];
    for answer in [
        get(&signed.ferrule.api, "/elements/signed/oauth/token", &query),
        get(&signed.ferrule.api, "/elements/signed/oauth/url", &query[..2]),
    ] {
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert!(
            answer.json()["message"].as_str().unwrap().contains("refused"),
            "{}",
            answer.text()
        );
        assert!(!answer.text().contains("not-the-secret"));
    }
}

#[test]
fn requests_that_are_not_meant_so_say_what_to_do() {
    let signed = by_default();
    let known = &signed.ferrule.api;
    let own = [&APP[..], &[("callbackUrl", CALLBACK)]].concat();
    let hosted_callback = format!("{}/oauth/callback/signed", signed.ferrule.url);
    for (path, query, status, words) in [
        ("/elements/sandbox/oauth/token", &own[..], 400, "OAuth 1.0a"),
        ("/elements/nobody/oauth/token", &own, 404, "No element found"),
        ("/elements/signed/oauth/token", &APP, 400, "callbackUrl"),
        (
            "/elements/signed/oauth/token",
            &[APP[0], APP[1], ("callbackUrl", &hosted_callback)],
            400,
            "callbackUrl",
        ),
        (
            "/elements/signed/oauth/token",
            &[APP[0], APP[1], ("callbackUrl", "http://example.com/")],
            400,
            "callbackUrl",
        ),
        (
            "/elements/signed/oauth/token",
            &[APP[0], ("callbackUrl", CALLBACK)],
            400,
            "apiSecret",
        ),
        ("/elements/signed/oauth/url", &own, 400, "requestToken"),
        ("/elements/signed/oauth/url", &[], 400, "apiKey"),
        (
            "/elements/signed/oauth/url",
            &[APP[0], APP[1], ("returnUrl", "javascript:x")],
            400,
            "returnUrl",
        ),
    ] {
        let answer = get(known, path, query);
        assert_eq!(answer.status, status, "{path} {query:?} {}", answer.text());
        assert!(
            answer.json()["message"].as_str().unwrap().contains(words),
            "{}",
            answer.text()
        );
    }
    for (provider_data, words) in [
        (
            json!({}),
            "providerData.oauth_token, providerData.oauth_verifier, providerData.secret",
        ),
        (json!({"code": "c"}), "providerData.oauth_token"),
        (
            json!({"oauth_token": "t", "oauth_verifier": "v"}),
            "providerData.secret",
        ),
    ] {
        let body = json!({"element": {"key": "signed"}, "providerData": provider_data});
        let answer = known.post("/instances", &body);
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert!(
            answer.json()["message"].as_str().unwrap().contains(words),
            "{}",
            answer.text()
        );
    }
    assert_eq!(
        signed.provider.log().matches("POST").count(),
        0,
        "{}",
        signed.provider.log()
    );
}

#[test]
fn a_callback_that_answers_no_login_is_refused_and_consumes_nothing() {
    let signed = by_default();
    let begun = signed.ferrule.api.oauth_url("signed", &APP);
    let callback = format!("{}/oauth/callback/signed", signed.ferrule.url);
    let landing = Browser::stopping_at(&callback).log_in(&begun, Decision::Allow);
    let (token, verifier) = (
        landing.parameter("oauth_token").unwrap(),
        landing.parameter("oauth_verifier").unwrap(),
    );
    for query in [
        String::new(),
        format!("oauth_token={token}"),
        format!("oauth_verifier={verifier}"),
        format!("oauth_token=another-token&oauth_verifier={verifier}"),
        format!("oauth_token={token}&oauth_token=another&oauth_verifier={verifier}"),
        "denied=another-token".to_owned(),
        format!("state={token}&code={verifier}"),
    ] {
        assert_refused(&format!("{callback}?{query}"));
    }
    let elsewhere = landing.url().replace("/callback/signed", "/callback/sandbox");
    assert_refused(&elsewhere);

    let back = open(landing.url());
    assert_eq!(back.status, 303, "{}", back.text());
    let place = back.header("location").unwrap().to_owned();
    let again = open(landing.url());
    assert_eq!(
        (again.status, again.header("location")),
        (303, Some(place.as_str()))
    );
    assert_refused(&landing.url().replace("oauth_verifier=", "oauth_verifier=x"));
    assert_refused(&format!("{callback}?denied={token}"));

    let handshake = place.split("handshake=").nth(1).unwrap();
    let made = signed
        .ferrule
        .api
        .post("/instances", &by_handshake("signed", handshake));
    assert_eq!(made.status, 200, "{}", made.text());
    assert_refused(landing.url());
}

#[test]
fn a_vendors_401_passes_and_ends_nothing() {
    let signed = by_default();
    let instance = signed.connected();
    let path = format!("/instances/{}", instance["id"]);
    let api = &signed.ferrule.api;
    let secret = |secret: &str| json!({"configuration": {"oauth.api.secret": secret}});
    assert_eq!(api.patch(&path, &secret("not-the-secret")).status, 200);
    let refused = signed.by(&instance).get("/hubs/crm/me");
    assert_eq!(
        (refused.status, refused.json()["error"].as_str()),
        (401, Some("not signed"))
    );
    assert_eq!(api.get(&path).json()["valid"], true);
    assert_eq!(api.patch(&path, &secret(APP[1].1)).status, 200);
    assert_eq!(signed.by(&instance).get("/hubs/crm/me").status, 200);

    let moved = api.patch(&path, &json!({"configuration": {"oauth.api.key": "another-app"}}));
    assert_eq!(
        moved.status,
        400,
        "another app needs a new login: {}",
        moved.text()
    );
}
