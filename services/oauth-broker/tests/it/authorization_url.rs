//! What the vendor's login URL holds, and what never gets there.

use ferrule_wire::v1::AuthorizeRequest;

use crate::requests::{API_KEY, CALLBACK_URL, anonymous, hosted, own, parameter, parameters};
use crate::world::World;

/// The contract's example ("oauth/url in detail").
const SEED: &str = "https://app.intercom.io/oauth?scope=read&response_type=code\
    &redirect_uri=https%3A%2F%2Fauth.cloudelements.io%2Foauth&state=intercom\
    &client_id=xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

fn seed(element: &str) -> AuthorizeRequest {
    AuthorizeRequest {
        api_key: "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".to_owned(),
        api_secret: "fake_api_secret".to_owned(),
        callback_url: "https://auth.cloudelements.io/oauth".to_owned(),
        state: "intercom".to_owned(),
        parameters: parameters([("siteAddress", "")]),
        ..anonymous(element)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contracts_example_comes_out_byte_for_byte_by_key_and_by_id() {
    let world = World::embedded().await;
    for element in ["intercom", "7549"] {
        for organization_id in [None, Some(7)] {
            let answer = world
                .authorize(AuthorizeRequest {
                    organization_id,
                    ..seed(element)
                })
                .await
                .unwrap();
            assert_eq!(answer.oauth_url, SEED);
            assert_eq!(answer.element, "intercom");
            assert_eq!(answer.state, None);
        }
    }
    let without_state = AuthorizeRequest {
        state: String::new(),
        ..seed("intercom")
    };
    assert_eq!(
        world.authorize(without_state).await.unwrap().oauth_url,
        SEED,
        "the key is the state"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_parameters_empty_ones_and_the_secret_never_reach_the_vendor() {
    let world = World::embedded().await;
    for request in [anonymous("acme"), own("acme"), hosted("acme")] {
        let url = world
            .authorize(AuthorizeRequest {
                parameters: parameters([
                    ("elementKeyOrId", "acme"),
                    ("extra", "seen-nowhere"),
                    ("client_secret", "seen-nowhere"),
                    ("subdomain", ""),
                    ("siteAddress", "seen-nowhere"),
                ]),
                ..request
            })
            .await
            .unwrap()
            .oauth_url;
        for hidden in [
            "seen-nowhere",
            "secret",
            "elementKeyOrId",
            "extra",
            "subdomain",
            "siteAddress",
        ] {
            assert!(!url.contains(hidden), "{hidden} in {url}");
        }
        assert_eq!(parameter(&url, "client_id").unwrap(), API_KEY);
        assert_eq!(parameter(&url, "response_type").unwrap(), "code");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_goes_verbatim_and_an_empty_one_is_the_connectors() {
    let world = World::embedded().await;
    for (scope, sent) in [
        ("", "read write"),
        ("contacts,deals:all a b", "contacts,deals:all a b"),
    ] {
        let request = AuthorizeRequest {
            scope: scope.to_owned(),
            ..anonymous("acme")
        };
        let url = world.authorize(request).await.unwrap().oauth_url;
        assert_eq!(parameter(&url, "scope").unwrap(), sent);
    }
    let url = world.authorize(anonymous("plain")).await.unwrap().oauth_url;
    assert_eq!(parameter(&url, "scope"), None, "no scope at all is no parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_takes_its_parameter_by_its_own_name_and_by_the_contracts() {
    let world = World::embedded().await;
    for (given, host) in [
        (parameters([("shop", "mine")]), "mine"),
        (parameters([("siteAddress", "mine")]), "mine"),
        (parameters([("subdomain", "mine")]), "mine"),
        (
            parameters([("siteAddress", "first"), ("subdomain", "second")]),
            "first",
        ),
        (
            parameters([("siteAddress", "https://x.example/"), ("subdomain", "fits")]),
            "fits",
        ),
        (parameters([("shop", "own"), ("siteAddress", "other")]), "own"),
        (parameters([("shop", ""), ("subdomain", "mine")]), "mine"),
    ] {
        let request = AuthorizeRequest {
            parameters: given,
            ..anonymous("shops")
        };
        let url = world.authorize(request).await.unwrap().oauth_url;
        assert!(
            url.starts_with(&format!("https://{host}.example.com/authorize?")),
            "{url}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn extra_parameters_stand_last_and_optional_ones_only_with_a_value() {
    let world = World::embedded().await;
    for (team, end) in [("", "&prompt=consent"), ("blue", "&prompt=consent&team=blue")] {
        let request = AuthorizeRequest {
            parameters: parameters([("team", team)]),
            ..anonymous("prompting")
        };
        let url = world.authorize(request).await.unwrap().oauth_url;
        assert!(url.ends_with(&format!("&client_id={API_KEY}{end}")), "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_caller_without_a_callback_comes_back_to_ferrules_own() {
    let world = World::embedded().await;
    let ours = "https://ferrule.example/oauth/callback/acme";
    for callback_url in ["", ours] {
        let request = AuthorizeRequest {
            callback_url: callback_url.to_owned(),
            ..hosted("acme")
        };
        let answer = world.authorize(request).await.unwrap();
        assert_eq!(parameter(&answer.oauth_url, "redirect_uri").unwrap(), ours);
        assert_eq!(parameter(&answer.oauth_url, "state"), answer.state);
    }
    let theirs = world.authorize(own("acme")).await.unwrap();
    assert_eq!(
        parameter(&theirs.oauth_url, "redirect_uri").unwrap(),
        CALLBACK_URL
    );
    assert_eq!(
        theirs.state, None,
        "the answer holds exactly oauthUrl and element"
    );
}
