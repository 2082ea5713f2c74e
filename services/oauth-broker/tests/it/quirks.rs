//! Vendors' own ways, each through a whole flow against a double that answers as its vendor documents.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ferrule_testkit::Scripted;
use ferrule_wire::Reason;
use ferrule_wire::v1::{AuthorizeRequest, CallbackRequest, Grant, RefreshRequest};
use serde_json::{Value, json};
use url::form_urlencoded::{byte_serialize, parse};

use crate::connectors::load;
use crate::refreshing::spend;
use crate::requests::{
    API_KEY, API_SECRET, PUBLIC_URL, bring, came_back, claim, hosted, parameter, parameters,
};
use crate::world::{BEGINNING, World, reason};

const MICROS: i64 = 1_000_000;

/// A world whose connector `quirky` has these lines in `[auth]` and below; `{vendor}` is where it lives.
async fn world(lines: &str) -> World {
    let world = World::embedded().await;
    let text = format!(
        "key = \"quirky\"\nname = \"Quirky\"\nhub = \"crm\"\n[auth]\nkind = \"oauth2\"\npkce = \"off\"\n\
         authorization_url = \"{{vendor}}/authorize\"\ntoken_url = \"{{vendor}}/token\"\n{lines}\n"
    );
    let catalog = load([text.replace("{vendor}", &world.vendor.url(""))]);
    world.with(None, Some(catalog)).await
}

/// What an answer to a code grants.
async fn granted(world: &World, answer: Value) -> Grant {
    world.vendor.script(Scripted::json(200, &answer));
    world.granted(bring("quirky", "the-code", "")).await
}

/// The fields of the last token request.
fn sent(world: &World) -> Vec<(String, String)> {
    let request = world.vendor.requests().pop().unwrap();
    parse(&request.body).into_owned().collect()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// Slack, OAuth v2: the user's token beside the bot's.
#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_the_user_lies_in_an_object_of_its_own() {
    let world = world(
        "scopes = [\"search:read\"]\nscope_separator = \",\"\nauthorize_names = { scope = \"user_scope\" }\n\
         [auth.answer]\nwithin = \"authed_user\"\n\
         [[parameters]]\nname = \"team\"\nreturned = \"team.id\"\nrequired = false",
    )
    .await;
    let url = world.authorize(hosted("quirky")).await.unwrap().oauth_url;
    assert_eq!(parameter(&url, "user_scope").as_deref(), Some("search:read"));
    assert_eq!(parameter(&url, "scope"), None);

    let grant = granted(
        &world,
        json!({
            "ok": true, "app_id": "A0", "access_token": "xoxb-bot", "token_type": "bot",
            "team": {"id": "T9", "name": "Acme"}, "enterprise": null,
            "authed_user": {"id": "U1", "scope": "search:read", "access_token": "xoxp-user", "token_type": "user"},
        }),
    )
    .await;
    assert_eq!(
        (&*grant.access_token, &*grant.scope),
        ("xoxp-user", "search:read")
    );
    assert_eq!(grant.parameters, parameters([("team", "T9")]));

    world.vendor.script(Scripted::json(
        200,
        &json!({"ok": false, "error": "invalid_code"}),
    ));
    let refused = world.exchange(bring("quirky", "another", "")).await;
    assert_eq!(reason(refused), Reason::VendorRejected);
}

/// Withings: everything below `body`, and a status that is 0 when all is well.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_a_status_of_its_own() {
    let world = world(
        "token_params = { action = \"requesttoken\" }\n\
         [auth.answer]\nwithin = \"body\"\nerror = \"status\"\nerror_description = \"error\"",
    )
    .await;
    let body = json!({
        "userid": 363, "access_token": "a", "refresh_token": "r", "scope": "user.info,user.metrics",
        "expires_in": 10800, "token_type": "Bearer",
    });
    let grant = granted(&world, json!({"status": 0, "body": body})).await;
    assert_eq!((&*grant.access_token, &*grant.refresh_token), ("a", "r"));
    assert_eq!(grant.expires_at, Some((BEGINNING + 10_800) * MICROS));

    let no = json!({"status": 503, "error": "Invalid Params: invalid code", "body": {}});
    world.vendor.script(Scripted::json(200, &no));
    let refused = world.exchange(bring("quirky", "another", "")).await;
    assert_eq!(reason(refused), Reason::VendorRejected);
}

/// Yammer: the access token is an object.
#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_may_be_an_object() {
    let world = world("[auth.answer]\nwithin = \"access_token\"\naccess_token = \"token\"").await;
    let answer = json!({"user": {"id": 4}, "access_token": {"user_id": 4, "token": "y", "expires_at": null}});
    assert_eq!(granted(&world, answer).await.access_token, "y");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_token_is_told_in_many_ways() {
    for (name, told_as, value, want) in [
        ("expires", "seconds", json!("60"), 60),
        ("expires_in", "milliseconds", json!(60_000), 60),
        ("expires_at", "at_seconds", json!(BEGINNING + 60), 60),
        (
            "expires_at",
            "at_milliseconds",
            json!((BEGINNING + 60) * 1000),
            60,
        ),
        ("expires_at", "at", json!("2027-01-15T08:01:00Z"), 60),
    ] {
        let world = world(&format!(
            "[auth.answer]\nexpires = \"{name}\"\nexpires_as = \"{told_as}\""
        ))
        .await;
        let grant = granted(&world, json!({"access_token": "a", name: value})).await;
        assert_eq!(grant.expires_at, Some((BEGINNING + want) * MICROS), "{told_as}");
    }
}

/// Salesforce: `instance_url` says where the organization's API is, whatever the caller thought.
#[tokio::test(flavor = "multi_thread")]
async fn the_vendor_says_where_the_account_is() {
    let world = world(
        "[[parameters]]\nname = \"instance\"\ndefault = \"login\"\npattern = '[a-z0-9-]+(\\.sandbox)?'\n\
         returned = \"instance_url\"\nreturned_part = 'https://([a-z0-9.-]+)\\.my\\.salesforce\\.com'",
    )
    .await;
    let answer = |url: &str| json!({"access_token": "a", "instance_url": url, "id": "https://login.salesforce.com/id/0/1"});
    let grant = granted(&world, answer("https://acme--uat.sandbox.my.salesforce.com")).await;
    let uat = parameters([("instance", "acme--uat.sandbox")]);
    assert_eq!(grant.parameters, uat);

    let moved = answer("https://acme.my.salesforce.com");
    world.vendor.script_refresh(Scripted::json(200, &moved));
    let request = RefreshRequest {
        parameters: uat.clone(),
        ..spend("quirky", "r")
    };
    let grant = world.refreshed(request).await;
    assert_eq!(grant.parameters, parameters([("instance", "acme")]));

    for evil in [
        "https://evil.example",
        "https://a.my.salesforce.com.evil.example",
        "https://a.b.my.salesforce.com",
    ] {
        world.vendor.script_refresh(Scripted::json(200, &answer(evil)));
        let request = RefreshRequest {
            parameters: uat.clone(),
            version: 2,
            instance_id: 200_000 + i64::try_from(evil.len()).unwrap(),
            ..spend("quirky", "r")
        };
        assert_eq!(world.refreshed(request).await.parameters, uat, "{evil}");
    }
}

/// Mailchimp and others: a default yields to what came back; a callback outweighs nothing that was agreed.
#[tokio::test(flavor = "multi_thread")]
async fn a_default_yields_to_what_came_back_and_an_agreement_to_no_callback() {
    let lines = "[[parameters]]\nname = \"dc\"\ndefault = \"us1\"\npattern = \"[a-z0-9]+\"\nreturned = \"where.dc\"\n\
                 [[parameters]]\nname = \"realmId\"\ndefault = \"0\"\npattern = \"[0-9]+\"";
    let world = world(lines).await;
    let begin = AuthorizeRequest {
        parameters: parameters([("dc", "eu2")]),
        ..hosted("quirky")
    };
    let state = world.begun(begin).await;
    let back = CallbackRequest {
        parameters: parameters([("where.dc", "evil"), ("realmId", "9130")]),
        ..came_back("quirky", &state, "hosted")
    };
    world.callback(back).await.unwrap();
    let tokens = json!({"access_token": "a"});
    world.vendor.script(Scripted::json(200, &tokens));
    let grant = world.granted(claim("quirky", &state)).await;
    assert_eq!(grant.parameters, parameters([("dc", "eu2"), ("realmId", "9130")]));
}

/// `tiktok-ads`: names of its own in every message, JSON, and a code that is 0.
#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_has_names_of_its_own() {
    let world = world(
        "authorize_names = { client_id = \"app_id\", response_type = \"\", scope = \"\" }\n\
         token_names = { client_id = \"app_id\", client_secret = \"secret\", code = \"auth_code\", \
         grant_type = \"\", redirect_uri = \"\" }\ncallback_code = \"auth_code\"\ntoken_request = \"json\"\n\
         [auth.answer]\nwithin = \"data\"\nerror = \"code\"\nerror_description = \"message\"",
    )
    .await;
    let answer = world.authorize(hosted("quirky")).await.unwrap();
    let callback = format!("{PUBLIC_URL}/oauth/callback/quirky");
    let state = answer.state.unwrap();
    for (name, value) in [
        ("app_id", Some(API_KEY)),
        ("client_id", None),
        ("response_type", None),
        ("redirect_uri", Some(&*callback)),
        ("state", Some(&*state)),
    ] {
        assert_eq!(parameter(&answer.oauth_url, name).as_deref(), value, "{name}");
    }
    let without = came_back("quirky", &state, "");
    assert_eq!(reason(world.callback(without).await), Reason::InvalidRequest);
    let back = CallbackRequest {
        parameters: parameters([("auth_code", "c1")]),
        ..came_back("quirky", &state, "")
    };
    world.callback(back).await.unwrap();
    let tokens =
        json!({"code": 0, "message": "OK", "request_id": "1", "data": {"access_token": "t", "scope": [4]}});
    world.vendor.script(Scripted::json(200, &tokens));
    assert_eq!(world.granted(claim("quirky", &state)).await.access_token, "t");
    let request = world.vendor.requests().pop().unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(&request.body).unwrap(),
        json!({"app_id": API_KEY, "secret": API_SECRET, "auth_code": "c1"})
    );
}

/// Basecamp (`type=refresh`), Figma and Deputy: a refresh has an address, parameters and needs of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_is_a_request_of_its_own() {
    let world = world(
        "token_params = { type = \"web_server\" }\nrefresh_url = \"{vendor}/refresh\"\n\
         refresh_params = { type = \"refresh\" }\nrefresh_sends = [\"scope\", \"redirect_uri\"]",
    )
    .await;
    let tokens = json!({"access_token": "new"});
    world.vendor.script_at("/refresh", Scripted::json(200, &tokens));
    let request = spend("quirky", "r1");
    let callback = request.callback_url.clone();
    assert_eq!(world.refreshed(request).await.access_token, "new");
    assert_eq!(world.vendor.requests().pop().unwrap().target, "/refresh");
    let want = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "r1"),
        ("client_id", API_KEY),
        ("client_secret", API_SECRET),
        ("type", "refresh"),
        ("scope", "read"),
        ("redirect_uri", &*callback),
    ];
    assert_eq!(sent(&world), pairs(want));

    granted(&world, tokens).await;
    assert!(sent(&world).contains(&("type".to_owned(), "web_server".to_owned())));
}

/// Stripe Apps: the secret is the user name, and there is no client id.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_stands_alone() {
    let world = world("client_auth = \"secret_as_user\"").await;
    granted(&world, json!({"access_token": "sk_1", "token_type": "bearer"})).await;
    let names: Vec<String> = sent(&world).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["grant_type", "code", "redirect_uri"]);
    let header = world.vendor.requests().pop().unwrap();
    let coded: String = byte_serialize(API_SECRET.as_bytes()).collect();
    let want = format!("Basic {}", STANDARD.encode(format!("{coded}:")));
    assert_eq!(header.header("authorization"), Some(&*want));
}

/// `bigcommerce`: the callback's `context` and `scope` go back with the code.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_callback_brought_goes_with_the_code() {
    let world = world(
        "scopes = [\"store_v2_orders\"]\ntoken_params = { context = \"{context}\" }\ntoken_sends = [\"scope\"]\n\
         [[parameters]]\nname = \"context\"\nrequired = false\npattern = \"stores/[a-z0-9]+\"\n\
         [[parameters]]\nname = \"store\"\nreturned = \"context\"\nreturned_part = \"stores/([a-z0-9]+)\"",
    )
    .await;
    let state = world.begun(hosted("quirky")).await;
    let back = CallbackRequest {
        parameters: parameters([("context", "stores/x1")]),
        ..came_back("quirky", &state, "c")
    };
    world.callback(back).await.unwrap();
    let tokens =
        json!({"access_token": "a", "scope": "store_v2_orders", "context": "stores/x1", "user": {"id": 2}});
    world.vendor.script(Scripted::json(200, &tokens));
    let grant = world.granted(claim("quirky", &state)).await;
    assert_eq!(
        grant.parameters,
        parameters([("context", "stores/x1"), ("store", "x1")])
    );
    let sent = sent(&world);
    assert!(
        sent.contains(&("context".to_owned(), "stores/x1".to_owned())),
        "{sent:?}"
    );
    assert!(
        sent.contains(&("scope".to_owned(), "store_v2_orders".to_owned())),
        "{sent:?}"
    );
}

/// eBay: the redirect URI is the name under which the vendor knows it.
#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_uri_may_be_a_name() {
    let world = world("redirect_uri = \"{ru_name}\"\n[[parameters]]\nname = \"ru_name\"").await;
    let begin = AuthorizeRequest {
        parameters: parameters([("ru_name", "Acme-AcmeApp-PRD-x")]),
        ..hosted("quirky")
    };
    let answer = world.authorize(begin).await.unwrap();
    let name = parameter(&answer.oauth_url, "redirect_uri");
    assert_eq!(name.as_deref(), Some("Acme-AcmeApp-PRD-x"));
    let state = answer.state.unwrap();
    world.callback(came_back("quirky", &state, "c")).await.unwrap();
    world.granted(claim("quirky", &state)).await;
    assert!(sent(&world).contains(&("redirect_uri".to_owned(), "Acme-AcmeApp-PRD-x".to_owned())));
}

/// Instagram and Threads: a token of an hour becomes one of sixty days.
#[tokio::test(flavor = "multi_thread")]
async fn a_short_lived_token_becomes_a_long_lived_one() {
    let lines = "[auth.long_lived]\nurl = \"{vendor}/longer\"\nparams = { grant_type = \"ig_exchange_token\", \
                 client_secret = \"{client_secret}\", access_token = \"{access_token}\" }\n\
                 refresh_url = \"{vendor}/next\"\n\
                 refresh_params = { grant_type = \"ig_refresh_token\", access_token = \"{access_token}\" }\n\
                 [[parameters]]\nname = \"user_id\"\nrequired = false";
    let world = world(lines).await;
    let long = json!({"access_token": "long", "token_type": "bearer", "expires_in": 5_183_944});
    world.vendor.script_at("/longer", Scripted::json(200, &long));
    let short = json!({"access_token": "short", "user_id": 17, "permissions": ["instagram_business_basic"]});
    let grant = granted(&world, short.clone()).await;
    assert_eq!(grant.access_token, "long");
    assert_eq!(grant.expires_at, Some((BEGINNING + 5_183_944) * MICROS));
    assert_eq!(grant.parameters, parameters([("user_id", "17")]));
    let request = world.vendor.requests().pop().unwrap();
    let (path, query) = request.target.split_once('?').unwrap();
    assert_eq!((request.method.as_str(), path), ("GET", "/longer"));
    let query: Vec<(String, String)> = parse(query.as_bytes()).into_owned().collect();
    let want = [
        ("grant_type", "ig_exchange_token"),
        ("client_secret", API_SECRET),
        ("access_token", "short"),
    ];
    assert_eq!(query, pairs(want));

    assert_eq!(grant.refresh_token, "long", "it is renewed by itself");
    let next = json!({"access_token": "longer", "token_type": "bearer", "expires_in": 5_184_000});
    world.vendor.script_at("/next", Scripted::json(200, &next));
    let renewed = world.refreshed(spend("quirky", "long")).await;
    assert_eq!(
        (renewed.access_token.as_str(), renewed.refresh_token.as_str()),
        ("longer", "longer")
    );
    let request = world.vendor.requests().pop().unwrap();
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("GET", "/next?grant_type=ig_refresh_token&access_token=long")
    );

    world.vendor.script_at("/longer", Scripted::json(500, &json!({})));
    world.vendor.script(Scripted::json(200, &short));
    let grant = world.granted(bring("quirky", "another", "")).await;
    assert_eq!(
        (grant.access_token.as_str(), grant.refresh_token.as_str()),
        ("short", "")
    );
}
