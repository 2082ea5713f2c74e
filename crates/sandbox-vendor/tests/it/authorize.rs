//! The login page and the way back.

use axum::http::{StatusCode, header};

use crate::world::{CALLBACK, ISSUER, World};

#[tokio::test]
async fn the_login_page_names_app_scope_and_host_and_runs_no_script() {
    let page = World::new().authorize(&[]).await;
    assert_eq!(page.status, StatusCode::OK);
    for text in [
        "Ferrule",
        "contacts",
        "localhost",
        "value=\"Ada\"",
        "Allow",
        "Deny",
        "lang=\"en\"",
        "<label for",
    ] {
        assert!(page.body.contains(text), "{text}");
    }
    assert!(!page.body.contains("<script") && !page.body.contains("style=") && !page.body.contains("<style"));
    let policy = page.header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe"));
    assert_eq!(page.header(header::CACHE_CONTROL), "no-store");
    assert_eq!(page.header(header::REFERRER_POLICY), "no-referrer");
}

#[tokio::test]
async fn the_page_finds_its_style_and_icon() {
    let world = World::new();
    for (path, kind) in [
        ("/style.css", "text/css; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
    ] {
        let asset = world.get(path).await;
        assert_eq!(
            (asset.status, asset.header(header::CONTENT_TYPE)),
            (StatusCode::OK, kind)
        );
    }
}

#[tokio::test]
async fn allowing_sends_code_state_and_issuer_back() {
    let answer = World::new().decide("allow", "Ada").await;
    assert!(answer.header(header::LOCATION).starts_with(CALLBACK));
    let back = answer.location();
    assert_eq!(back["tenant"], "1");
    assert_eq!(back["state"], "a state");
    assert_eq!(back["iss"], ISSUER);
    assert_eq!(back["code"].len(), 43);
    assert_eq!(back.len(), 4);
}

#[tokio::test]
async fn denying_sends_the_error_back_and_needs_no_name() {
    let back = World::new().decide("deny", "").await.location();
    assert_eq!(back["error"], "access_denied");
    assert!(!back["error_description"].is_empty());
    assert_eq!(
        (back["state"].as_str(), back["iss"].as_str()),
        ("a state", ISSUER)
    );
    assert!(!back.contains_key("code"));
}

#[tokio::test]
async fn a_request_without_state_gets_none_back() {
    let world = World::new();
    let transaction = world.authorize(&[("state", "")]).await.field("transaction");
    let form = [
        ("transaction", transaction.as_str()),
        ("name", "Ada"),
        ("decision", "allow"),
    ];
    assert!(
        !world
            .post("/authorize", &form)
            .await
            .location()
            .contains_key("state")
    );
}

#[tokio::test]
async fn errors_of_the_request_go_back_to_the_client() {
    let world = World::new();
    for (change, error) in [
        (("response_type", ""), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", "contacts admin"), "invalid_scope"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
    ] {
        let back = world.authorize(&[change]).await.location();
        assert_eq!(back["error"], error, "{change:?}");
        assert_eq!(
            (back["state"].as_str(), back["iss"].as_str()),
            ("a state", ISSUER),
            "{change:?}"
        );
    }
    let back = world
        .authorize(&[("scope", "contacts"), ("scope", "contacts")])
        .await
        .location();
    assert_eq!(back["error"], "invalid_request");
}

#[tokio::test]
async fn a_request_of_doubtful_origin_sends_the_browser_nowhere() {
    let world = World::new();
    for change in [
        ("client_id", "other"),
        ("client_id", ""),
        ("redirect_uri", ""),
        ("redirect_uri", "//evil.example"),
        ("redirect_uri", "http://evil.example/"),
        ("redirect_uri", "http://localhost@evil.example/"),
        ("redirect_uri", "https://evil.example\\@localhost/"),
        ("redirect_uri", "https://evil.example/#"),
        ("redirect_uri", "javascript:alert(1)//https://"),
        ("redirect_uri", "https://evil.example/\r\nSet-Cookie: a=b"),
    ] {
        // Another error besides must not open the way back either.
        for request in [&[change][..], &[change, ("scope", "admin")]] {
            let page = world.authorize(request).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "{change:?}");
            assert!(!page.headers.contains_key(header::LOCATION), "{change:?}");
            assert!(!page.body.contains("evil"), "{change:?}");
        }
    }
    for twice in ["redirect_uri", "client_id", "state"] {
        let page = world.authorize(&[(twice, CALLBACK), (twice, CALLBACK)]).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{twice}");
    }
}

#[tokio::test]
async fn a_form_that_this_vendor_did_not_sign_is_refused() {
    let world = World::new();
    let (access_token, _) = world.tokens("Ada").await;
    for transaction in ["", "a.b", &access_token] {
        let form = [
            ("transaction", transaction),
            ("name", "Ada"),
            ("decision", "allow"),
        ];
        assert_eq!(
            world.post("/authorize", &form).await.status,
            StatusCode::BAD_REQUEST,
            "{transaction}"
        );
    }
}

#[tokio::test]
async fn a_login_page_is_good_for_ten_minutes_and_two_answers() {
    let world = World::new();
    let transaction = world.authorize(&[]).await.field("transaction");
    let form = |decision| {
        [
            ("transaction", transaction.as_str()),
            ("name", "Ada"),
            ("decision", decision),
        ]
    };
    assert_eq!(
        world.post("/authorize", &form("perhaps")).await.status,
        StatusCode::BAD_REQUEST
    );
    world.pass(599);
    assert_eq!(
        world.post("/authorize", &form("allow")).await.status,
        StatusCode::SEE_OTHER
    );
    world.pass(1);
    assert_eq!(
        world.post("/authorize", &form("allow")).await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn a_name_that_will_not_do_is_asked_again_and_shown_as_text() {
    let world = World::new();
    let markup = format!("\"><script>alert('{}')</script>", "a".repeat(64));
    let page = world.decide("allow", &markup).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("role=\"alert\""));
    assert!(!page.body.contains("<script") && !page.body.contains("\"><"));

    let transaction = page.field("transaction");
    let form = [
        ("transaction", transaction.as_str()),
        ("name", "Ada"),
        ("decision", "allow"),
    ];
    assert_eq!(
        world.post("/authorize", &form).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn markup_in_a_name_comes_out_as_the_same_text() {
    let world = World::new();
    let (access_token, _) = world.tokens("<b>Ada</b>").await;
    let me = world.read("/me", &access_token).await;
    assert_eq!(me.json()["name"], "<b>Ada</b>");
    assert_eq!(me.header(header::CONTENT_TYPE), "application/json");
    assert_eq!(me.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
}
