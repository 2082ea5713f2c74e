//! Which authorization URLs are not made, and what is said instead.

use ferrule_oauth_broker::Settings;
use ferrule_wire::Reason::{self, ElementUnknown, InvalidRequest, Unauthenticated};
use ferrule_wire::v1::AuthorizeRequest;

use crate::requests::{PUBLIC_URL, anonymous, hosted, own, parameters};
use crate::world::{World, reason};

async fn refusal(world: &World, request: AuthorizeRequest) -> Reason {
    reason(world.authorize(request).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unknown_missing_or_does_not_fit_is_told_by_name() {
    let world = World::embedded().await;
    let shop = |value| AuthorizeRequest {
        parameters: parameters([("shop", value)]),
        ..anonymous("shops")
    };
    for (request, want, word) in [
        (anonymous("nowhere"), ElementUnknown, "element"),
        (anonymous("keyed"), InvalidRequest, "keyed"),
        (
            AuthorizeRequest {
                api_key: String::new(),
                ..anonymous("acme")
            },
            InvalidRequest,
            "`apiKey`",
        ),
        (anonymous("shops"), InvalidRequest, "shop"),
        (shop("a.evil.example/"), InvalidRequest, "shop"),
    ] {
        let refusal = world.authorize(request).await.unwrap_err();
        assert_eq!(refusal.reason, want, "{refusal}");
        assert!(refusal.message.contains(word), "{refusal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ferrules_own_callback_is_for_known_callers() {
    let world = World::embedded().await;
    for callback_url in [String::new(), format!("{PUBLIC_URL}/oauth/callback/acme")] {
        let request = AuthorizeRequest {
            callback_url,
            ..anonymous("acme")
        };
        assert_eq!(refusal(&world, request).await, Unauthenticated);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_anonymous_caller_gets_no_pkce() {
    let world = World::embedded().await;
    assert_eq!(refusal(&world, anonymous("strict")).await, Unauthenticated);
    let asked = AuthorizeRequest {
        pkce: true,
        ..anonymous("acme")
    };
    assert_eq!(refusal(&world, asked).await, Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn pkce_cannot_be_asked_of_a_vendor_that_takes_none() {
    let world = World::embedded().await;
    let asked = AuthorizeRequest {
        pkce: true,
        ..own("plain")
    };
    assert_eq!(refusal(&world, asked).await, InvalidRequest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_looks_like_ferrules_is_not_taken() {
    let world = World::embedded().await;
    for request in [anonymous("acme"), own("acme")] {
        let request = AuthorizeRequest {
            state: "fs_mine".to_owned(),
            ..request
        };
        assert_eq!(refusal(&world, request).await, InvalidRequest);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_url_is_safe_or_refused() {
    let world = World::embedded().await;
    for (callback_url, good) in [
        ("https://app.example/callback?x=1", true),
        ("http://localhost:3000/callback", true),
        ("http://127.0.0.1/callback", true),
        ("com.example.app:/callback", true),
        // Another connector's hosted callback is a stranger's like any other, and comes to nothing there.
        ("https://ferrule.example/oauth/callback/plain", true),
        ("http://app.example/callback", false),
        ("myapp://callback", false),
        ("javascript:alert(1)", false),
        ("https://user@app.example/callback", false),
        ("https://app.example/callback#x", false),
        ("https://app.example\\@evil.example/", false),
        ("//app.example/callback", false),
        (&format!("https://app.example/{}", "x".repeat(2048)), false),
    ] {
        for request in [anonymous("acme"), own("acme")] {
            let request = AuthorizeRequest {
                callback_url: callback_url.to_owned(),
                ..request
            };
            let answer = world.authorize(request).await;
            assert_eq!(answer.is_ok(), good, "{callback_url}");
            if let Err(refusal) = answer {
                assert_eq!(refusal.reason, InvalidRequest);
                assert!(
                    refusal.message.starts_with("`callbackUrl` is refused: "),
                    "{refusal}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_url_is_one_of_the_list_or_safe_or_refused() {
    let listed = "https://app.example/done";
    let open = World::embedded().await;
    let settings = Settings {
        return_urls: Some(vec![listed.to_owned()]),
        ..open.settings()
    };
    let closed = World::embedded().await.with(Some(settings), None).await;
    for (return_url, with_list, without) in [
        (listed, true, true),
        ("", true, true),
        ("https://app.example/done/", false, true),
        ("https://APP.example/done", false, true),
        ("https://app.example:8443/done", false, true),
        ("http://localhost:3000/done", false, true),
        ("http://app.example/done", false, false),
        ("com.example.app:/done", false, false),
        ("https://app.example@evil.example/done", false, false),
        ("https://app.example\\done", false, false),
        ("https://app.example/done\t", false, false),
        ("https://app.example/done#x", false, false),
        ("//app.example/done", false, false),
    ] {
        for (world, good) in [(&closed, with_list), (&open, without)] {
            let request = AuthorizeRequest {
                return_url: return_url.to_owned(),
                ..hosted("acme")
            };
            let answer = world.authorize(request).await;
            assert_eq!(answer.is_ok(), good, "{return_url:?}");
            if let Err(refusal) = answer {
                assert_eq!(refusal.reason, InvalidRequest);
                assert!(
                    refusal.message.starts_with("`returnUrl` is refused: "),
                    "{refusal}"
                );
            }
        }
    }
    // A page of Ferrule's is no way out, and only a connect session's login ends there.
    for (connect_session, good) in [("s1", true), ("", false)] {
        let request = AuthorizeRequest {
            return_url: format!("{PUBLIC_URL}/connect/link/done"),
            connect_session: connect_session.to_owned(),
            ..hosted("acme")
        };
        assert_eq!(
            closed.authorize(request).await.is_ok(),
            good,
            "{connect_session:?}"
        );
    }
}
