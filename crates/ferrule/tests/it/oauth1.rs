//! The three legs of OAuth 1.0a (RFC 5849) at a server that someone else wrote, both ways back, and signed calls.

use ferrule_testkit::{
    Answer, BROUGHT_TOKEN, BROUGHT_TOKEN_SECRET, Browser, CLIENT_ID, CLIENT_SECRET, Decision, HttpClient,
    Landing, OAuth1Provider, free_port,
};
use serde_json::{Value, json};

use crate::search::{files, forms_found};
use crate::vendors::{CALLBACK, by_handshake, signed_at};
use crate::world::{Api, Ferrule, World};

pub const APP: [(&str, &str); 2] = [("apiKey", CLIENT_ID), ("apiSecret", CLIENT_SECRET)];
const SHA1: &str = "HMAC-SHA1";
const RETURN_URL: &str = "http://127.0.0.1:9/back";

/// A vendor and a Ferrule that knows it; the vendor knows Ferrule's callback, and the caller's own.
pub struct Signed {
    pub provider: OAuth1Provider,
    pub world: World,
    pub ferrule: Ferrule,
}

pub fn signed(signature_method: &str) -> Signed {
    let port = free_port();
    let hosted = format!("http://localhost:{port}/oauth/callback/signed");
    let provider = OAuth1Provider::start(&[CALLBACK, &hosted], &[signature_method]);
    let world = World::new()
        .with("FERRULE_LISTEN", &format!("127.0.0.1:{port}"))
        .with_connector("signed", &signed_at(&provider, signature_method));
    let ferrule = world.start();
    Signed {
        provider,
        world,
        ferrule,
    }
}

/// What a caller has in hand after a login on its own callback.
pub struct Verified {
    pub token: String,
    pub secret: String,
    pub verifier: String,
}

impl Signed {
    /// `GET …/oauth/token` and `GET …/oauth/url`, as clients of the contract call them.
    pub fn begin(&self, api: &Api) -> (Value, String) {
        let query = [&APP[..], &[("callbackUrl", CALLBACK), ("siteAddress", "")]].concat();
        let temporary = get(api, "/elements/signed/oauth/token", &query);
        assert_eq!(
            temporary.status,
            200,
            "{}\n{}",
            temporary.text(),
            self.provider.log()
        );
        let temporary = temporary.json();
        let token = temporary["token"].as_str().unwrap();
        let query = [&query[..], &[("requestToken", token), ("state", "signed")]].concat();
        let begun = api.oauth_url("signed", &query);
        assert_eq!(
            begun,
            format!("{}?oauth_token={token}", self.provider.authorization_url())
        );
        (temporary, begun)
    }

    /// A login on the caller's own callback.
    pub fn verified(&self, api: &Api) -> Verified {
        let (temporary, begun) = self.begin(api);
        let landing = Browser::stopping_at(CALLBACK).log_in(&begun, Decision::Allow);
        let token = temporary["token"].as_str().unwrap().to_owned();
        assert_eq!(
            landing.parameter("oauth_token").as_ref(),
            Some(&token),
            "{landing:?}"
        );
        Verified {
            token,
            secret: temporary["secret"].as_str().unwrap().to_owned(),
            verifier: landing.parameter("oauth_verifier").unwrap(),
        }
    }

    pub fn connected(&self) -> Value {
        let api = &self.ferrule.api;
        let made = api.post("/instances", &by_verifier(&self.verified(api)));
        assert_eq!(made.status, 200, "{}\n{}", made.text(), self.provider.log());
        made.json()
    }

    pub fn by(&self, instance: &Value) -> Api {
        self.ferrule.api.by_token(instance["token"].as_str().unwrap())
    }
}

pub fn get(api: &Api, path: &str, query: &[(&str, &str)]) -> Answer {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query)
        .finish();
    api.get(&format!("{path}?{query}"))
}

/// With this content type and no other.
fn send(api: &Api, method: &str, path: &str, content_type: &str, body: &str) -> Answer {
    let headers = [
        ("Authorization", api.authorization.as_str()),
        ("Content-Type", content_type),
    ];
    let url = format!("{}{path}", api.base);
    let answer = HttpClient::new().request(method, &url, &headers, body.as_bytes());
    answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
}

/// The first two legs are for everybody, as the catalogue is.
#[test]
fn the_first_two_legs_need_no_credentials() {
    let signed = signed(SHA1);
    let url = |path: &str| format!("{}/elements/signed/oauth/{path}", signed.ferrule.api.base);
    let app = format!("apiKey={CLIENT_ID}&apiSecret={CLIENT_SECRET}");
    let temporary = HttpClient::new().get(&url(&format!("token?{app}&callbackUrl={CALLBACK}")), &[]);
    assert_eq!(temporary.status, 200, "{}", temporary.text());
    let token = temporary.json()["token"].as_str().unwrap().to_owned();
    let begun = HttpClient::new().get(&url(&format!("url?{app}&requestToken={token}")), &[]);
    assert!(
        begun.json()["oauthUrl"].as_str().unwrap().ends_with(&token),
        "{}",
        begun.text()
    );
    let hosted = HttpClient::new().get(&url(&format!("url?{app}")), &[]);
    assert_eq!(hosted.status, 401, "{}", hosted.text());
}

/// As clients of the contract post it: every value that the callback had, and the secret they kept.
pub fn by_verifier(verified: &Verified) -> Value {
    json!({
        "element": {"key": "signed"},
        "providerData": {
            "oauth_token": verified.token,
            "oauth_verifier": verified.verifier,
            "secret": verified.secret,
            "realmId": "193514445",
        },
        "configuration": {
            "oauth.api.key": CLIENT_ID,
            "oauth.api.secret": CLIENT_SECRET,
            "oauth.callback.url": CALLBACK,
        },
        "name": "Signed",
    })
}

/// The vendor says back what it was sent, once it has found it signed.
fn assert_taken(answer: &Answer, method: &str, path: &str, body: &str) {
    let told = json!({"sub": "alice", "method": method, "path": path, "body": body});
    assert_eq!((answer.status, answer.json()), (200, told), "{}", answer.text());
}

#[test]
fn a_verifier_from_the_callers_own_callback_becomes_one_instance() {
    for signature_method in [SHA1, "HMAC-SHA256"] {
        let signed = signed(signature_method);
        let verified = signed.verified(&signed.ferrule.api);
        let made = signed.ferrule.api.post("/instances", &by_verifier(&verified));
        assert_eq!(made.status, 200, "{}\n{}", made.text(), signed.provider.log());
        let instance = made.json();
        assert_eq!(instance["valid"], true);
        for _ in 0..3 {
            let again = signed.ferrule.api.post("/instances", &by_verifier(&verified));
            assert_eq!(
                (again.status, again.json()["id"].clone()),
                (200, instance["id"].clone())
            );
        }
        assert_eq!(
            signed.provider.answered("/token", 200),
            1,
            "{}",
            signed.provider.log()
        );
        assert_taken(&signed.by(&instance).get("/hubs/crm/me"), "GET", "/api/me", "");
    }
}

#[test]
fn a_login_at_ferrules_own_callback_becomes_an_instance() {
    let signed = signed(SHA1);
    let query = [&APP[..], &[("returnUrl", RETURN_URL), ("state", "mine")]].concat();
    let begun = signed.ferrule.api.oauth_url("signed", &query);
    assert!(begun.starts_with(&signed.provider.authorization_url()), "{begun}");
    assert!(
        !begun.contains(CLIENT_SECRET) && !begun.contains("mine"),
        "{begun}"
    );
    let landing = Browser::stopping_at(RETURN_URL).log_in(&begun, Decision::Allow);
    assert!(landing.url().starts_with(RETURN_URL), "{landing:?}");
    assert_eq!(landing.parameter("state").as_deref(), Some("mine"));
    assert_eq!(landing.parameter("oauth_verifier"), None);

    let handshake = landing.parameter("handshake").unwrap();
    let made = signed
        .ferrule
        .api
        .post("/instances", &by_handshake("signed", &handshake));
    assert_eq!(made.status, 200, "{}\n{}", made.text(), signed.provider.log());
    let again = signed
        .ferrule
        .api
        .post("/instances", &by_handshake("signed", &handshake));
    assert_eq!((again.status, again.json()), (200, made.json()));
    assert_eq!(signed.provider.answered("/token", 200), 1);
    assert_taken(&signed.by(&made.json()).get("/hubs/crm/me"), "GET", "/api/me", "");
}

#[test]
fn without_an_address_to_return_to_the_page_shows_the_handshake() {
    let signed = signed(SHA1);
    let begun = get(&signed.ferrule.api, "/elements/signed/oauth/url", &APP).json();
    let state = begun["state"].as_str().unwrap();
    let early = signed
        .ferrule
        .api
        .post("/instances", &by_handshake("signed", state));
    assert_eq!(early.status, 409, "{}", early.text());
    let Landing::Page {
        status, html, url, ..
    } = Browser::new().log_in(begun["oauthUrl"].as_str().unwrap(), Decision::Allow)
    else {
        panic!("a page was expected")
    };
    assert_eq!(status, 200, "{html}");
    assert!(
        html.contains("You logged in at Signed") && html.contains(state),
        "{html}"
    );
    assert!(!url.contains("oauth_"), "{url}");
    let made = signed
        .ferrule
        .api
        .post("/instances", &by_handshake("signed", state));
    assert_eq!(made.status, 200, "{}", made.text());
}

#[test]
fn every_call_is_signed_as_it_leaves() {
    const FORM: &str = "application/x-www-form-urlencoded";
    let signed = signed(SHA1);
    let api = signed.by(&signed.connected());
    for path in [
        "/contacts?b5=%3D%253D&a3=a&c%40=&a2=r%20b&a3=2+q",
        "/a%20b/c:d;e=f/@?z=1&z=0&=&&q=%C3%A9",
        "/contacts?",
        "//twice",
    ] {
        let answer = api.get(&format!("/hubs/crm{path}"));
        if path.starts_with("//") {
            assert_eq!(answer.status, 400);
        } else {
            assert_taken(&answer, "GET", &format!("/api{path}"), "");
        }
    }
    let mapped = api.get("/people/7?x=1");
    assert_taken(&mapped, "GET", "/api/contacts/7?x=1", "");
    for (content_type, body) in [
        (FORM, "c2&a3=2+q&status=Hello%20%2b%21"),
        (FORM, ""),
        ("application/json", "{\"a3\":\"2 q&x=1\"}"),
        ("text/plain", "a=b&c=d"),
    ] {
        for method in ["POST", "PUT"] {
            let answer = send(&api, method, "/hubs/crm/notes?a2=r%20b", content_type, body);
            assert_taken(&answer, method, "/api/notes?a2=r%20b", body);
        }
    }
    let large = "x".repeat(100 * 1024);
    let answer = send(&api, "POST", "/hubs/crm/notes", "text/plain", &large);
    assert_taken(&answer, "POST", "/api/notes", &large);
    let unsignable = send(&api, "POST", "/hubs/crm/notes", FORM, &large);
    assert_eq!(unsignable.status, 413, "{}", unsignable.text());

    let ping = api.get("/ping");
    assert_eq!(
        (ping.status, ping.json()["endpoint"].clone()),
        (200, json!("signed"))
    );
}

#[test]
fn an_instance_signs_on_after_a_restart_and_after_a_new_login() {
    let signed = signed(SHA1);
    let instance = signed.connected();
    let path = format!("/instances/{}", instance["id"]);
    let Signed {
        provider,
        world,
        ferrule,
    } = signed;
    ferrule.stop();
    let signed = Signed {
        provider,
        ferrule: world.start(),
        world,
    };
    assert_taken(&signed.by(&instance).get("/hubs/crm/me"), "GET", "/api/me", "");

    let verified = signed.verified(&signed.ferrule.api);
    for _ in 0..2 {
        let again = signed.ferrule.api.patch(&path, &by_verifier(&verified));
        assert_eq!(again.status, 200, "{}", again.text());
        assert_eq!(again.json()["token"], instance["token"]);
    }
    assert_eq!(signed.provider.answered("/token", 200), 2);
    assert_taken(&signed.by(&instance).get("/hubs/crm/me"), "GET", "/api/me", "");

    assert_eq!(signed.ferrule.api.delete(&path).status, 200);
    assert_eq!(signed.by(&instance).get("/hubs/crm/me").status, 401);
}

#[test]
fn security_15_secrets_and_tokens_lie_sealed_and_stay_out_of_answers_and_logs() {
    let signed = signed(SHA1);
    let world = signed.world.with("FERRULE_LOG", "trace");
    signed.ferrule.stop();
    let signed = Signed {
        ferrule: world.start(),
        provider: signed.provider,
        world,
    };
    let verified = signed.verified(&signed.ferrule.api);
    let made = signed.ferrule.api.post("/instances", &by_verifier(&verified));
    let instance = made.json();
    assert_eq!(made.status, 200, "{}", made.text());
    assert_taken(
        &signed.by(&instance).get("/hubs/crm/me?a=b"),
        "GET",
        "/api/me?a=b",
        "",
    );
    let pending = signed.ferrule.api.oauth_url("signed", &APP);
    assert!(pending.contains("oauth_token="));

    let secrets = [
        CLIENT_SECRET.to_owned(),
        verified.secret.clone(),
        verified.verifier.clone(),
    ];
    let shown = signed.ferrule.api.get(&format!("/instances/{}", instance["id"]));
    assert_eq!(forms_found(&made.text(), &secrets), []);
    assert_eq!(forms_found(&shown.text(), &secrets), []);
    assert_eq!(forms_found(&signed.ferrule.output(), &secrets), []);
    assert!(!signed.ferrule.output().contains("oauth_signature="));
    for (file, text) in files(&signed.world.data_dir()) {
        assert_eq!(forms_found(&text, &secrets), [], "{file}");
        assert!(!text.contains(&verified.token), "{file}");
    }
}

#[test]
fn a_token_of_a_login_elsewhere_signs_calls_and_its_secret_is_never_shown() {
    let vendor = signed(SHA1);
    let api = &vendor.ferrule.api;
    let brought = |configuration: Value| {
        json!({
            "element": {"key": "signed"},
            "name": "Brought",
            "externalAuthentication": "initial",
            "configuration": configuration,
        })
    };
    let whole = json!({
        "oauth.api.key": CLIENT_ID,
        "oauth.api.secret": CLIENT_SECRET,
        "oauth.user.token": BROUGHT_TOKEN,
        "oauth.user.token.secret": BROUGHT_TOKEN_SECRET,
    });
    for missing in ["oauth.api.secret", "oauth.user.token", "oauth.user.token.secret"] {
        let mut part = whole.clone();
        part.as_object_mut().unwrap().remove(missing);
        let refused = api.post("/instances", &brought(part));
        assert_eq!(refused.status, 400, "{missing}: {}", refused.text());
        assert!(refused.text().contains(missing), "{}", refused.text());
    }
    let made = api.post("/instances", &brought(whole.clone()));
    assert_eq!(made.status, 200, "{}", made.text());
    assert!(!made.text().contains(BROUGHT_TOKEN_SECRET) && !made.text().contains(BROUGHT_TOKEN));
    let made = made.json();
    let answer = vendor.by(&made).get("/hubs/general/me");
    assert_eq!(answer.status, 200, "{}\n{}", answer.text(), vendor.provider.log());
    assert_eq!(answer.json()["sub"], "alice");
    assert_eq!(
        api.post("/instances", &brought(whole)).json()["id"],
        made["id"],
        "the same login"
    );
}
