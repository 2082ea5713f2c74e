//! The whole flow against an OAuth server that someone else wrote: npm's `oidc-provider`, which is certified.

use std::collections::BTreeMap;

use ferrule_testkit::{
    Browser, CLIENT_ID, CLIENT_SECRET, Decision, HttpClient, Landing, OidcOptions, OidcProvider,
};
use ferrule_wire::Reason;
use ferrule_wire::v1::verdict::Kind;
use ferrule_wire::v1::{AuthorizeRequest, CallbackRequest, RefreshRequest, RevokeRequest};
use url::Url;

use crate::connectors::load;
use crate::refreshing::{pair, refresh, spend_version};
use crate::requests::{PUBLIC_URL, claim, hosted};
use crate::world::{World, blocking, reason};

async fn world() -> (OidcProvider, World) {
    let callback = format!("{PUBLIC_URL}/oauth/callback/certified");
    let vendor = blocking(|| OidcProvider::start(&[&callback], OidcOptions::default()));
    let file = format!(
        "key = \"certified\"\nname = \"Certified\"\nhub = \"crm\"\n[auth]\nkind = \"oauth2\"\n\
         authorization_url = \"{}\"\ntoken_url = \"{}\"\nrevocation_url = \"{}\"\n\
         scopes = [\"openid\", \"read\"]\nclient_auth = \"basic\"\npkce = \"required\"\n\
         issuer = \"{}\"\niss = \"required\"\n",
        vendor.authorization_url(),
        vendor.token_url(),
        vendor.revocation_url(),
        vendor.issuer(),
    );
    let world = World::redis().await.with(None, Some(load([file]))).await;
    (vendor, world)
}

fn login() -> AuthorizeRequest {
    AuthorizeRequest {
        api_key: CLIENT_ID.to_owned(),
        api_secret: CLIENT_SECRET.to_owned(),
        ..hosted("certified")
    }
}

/// What the gateway makes of the address that the browser was sent to.
fn arrived(landing: &Landing) -> CallbackRequest {
    arrived_at(landing, "certified")
}

/// The same on the path of any connector.
pub fn arrived_at(landing: &Landing, element: &str) -> CallbackRequest {
    let url = Url::parse(landing.url()).unwrap();
    assert_eq!(url.path(), format!("/oauth/callback/{element}"));
    let mut parameters: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    let mut take = |name: &str| parameters.remove(name).unwrap_or_default();
    CallbackRequest {
        element: element.to_owned(),
        state: take("state"),
        code: take("code"),
        error: take("error"),
        error_description: take("error_description"),
        iss: Some(take("iss")),
        parameters,
        ..CallbackRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_login_with_pkce_and_iss_ends_in_tokens_that_work_until_they_are_revoked() {
    let (vendor, world) = world().await;
    let answer = world.authorize(login()).await.unwrap();
    let state = answer.state.unwrap();
    let landing = blocking(|| Browser::new().log_in(&answer.oauth_url, Decision::Allow));
    let callback = arrived(&landing);
    assert_eq!(callback.state, state);

    let mixed_up = CallbackRequest {
        iss: Some("https://evil.example".to_owned()),
        ..callback.clone()
    };
    assert_eq!(reason(world.callback(mixed_up).await), Reason::IssuerMismatch);
    world.callback(callback).await.unwrap();

    let grant = world.granted(claim("certified", &state)).await;
    assert!(!grant.refresh_token.is_empty());
    assert_eq!(grant.scope, "openid read");
    let me = |token: &str| {
        let bearer = format!("Bearer {token}");
        blocking(|| HttpClient::new().get(&vendor.userinfo_url(), &[("Authorization", &bearer)]))
    };
    assert_eq!(me(&grant.access_token).json()["sub"], "alice", "{}", vendor.log());

    let revocation = RevokeRequest {
        element: "certified".to_owned(),
        api_key: CLIENT_ID.to_owned(),
        api_secret: CLIENT_SECRET.to_owned(),
        token: grant.refresh_token,
        refresh: true,
        ..RevokeRequest::default()
    };
    for _ in 0..2 {
        assert!(
            world.revoke(revocation.clone()).await.unwrap(),
            "an unknown token counts as revoked"
        );
    }
    assert_eq!(me(&grant.access_token).status, 401);
}

/// It rotates, and ends the whole grant when a token is spent twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_grant_lives_from_refresh_to_refresh_until_a_token_is_spent_twice() {
    let (vendor, world) = world().await;
    let answer = world.authorize(login()).await.unwrap();
    let landing = blocking(|| Browser::new().log_in(&answer.oauth_url, Decision::Allow));
    world.callback(arrived(&landing)).await.unwrap();
    let grant = world.granted(claim("certified", &answer.state.unwrap())).await;

    let spend = |version, token: &str| RefreshRequest {
        api_key: CLIENT_ID.to_owned(),
        api_secret: CLIENT_SECRET.to_owned(),
        ..spend_version(version, "certified", token)
    };
    let mut token = grant.refresh_token.clone();
    for version in 1..=3 {
        let request = spend(version, &token);
        let calls = (0..8).map(|_| tokio::spawn(refresh(world.client(), request.clone())));
        let mut next = None;
        for call in calls.collect::<Vec<_>>() {
            next = Some(pair(call.await.unwrap()));
        }
        let next = next.unwrap();
        assert_ne!(next.refresh_token, token, "it rotates");
        let bearer = format!("Bearer {}", next.access_token);
        let me = blocking(|| HttpClient::new().get(&vendor.userinfo_url(), &[("Authorization", &bearer)]));
        assert_eq!(me.json()["sub"], "alice", "{}", vendor.log());
        // A repeat is answered from the journal: the vendor sees no reuse.
        assert_eq!(world.refreshed(request.clone()).await, next);
        world.confirm_refresh(&request).await.unwrap();
        token = next.refresh_token;
    }

    let foreign = RefreshRequest {
        api_secret: "not-the-secret".to_owned(),
        ..spend(4, &token)
    };
    assert_eq!(world.verdict(foreign).await.kind(), Kind::AppMisconfigured);
    let reused = spend(5, &grant.refresh_token);
    assert_eq!(world.verdict(reused).await.kind(), Kind::ReauthorizationRequired);
    let ended = world.verdict(spend(6, &token)).await;
    assert_eq!(ended.kind(), Kind::ReauthorizationRequired);
    assert!(ended.provider_message.starts_with("invalid_grant"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_user_who_says_no_is_denied_with_the_vendors_words() {
    let (_vendor, world) = world().await;
    let answer = world.authorize(login()).await.unwrap();
    let landing = blocking(|| Browser::new().log_in(&answer.oauth_url, Decision::Deny));
    let back = world.callback(arrived(&landing)).await.unwrap();
    assert!(back.denied);
    assert_eq!(back.error, "access_denied");
    let refusal = world
        .exchange(claim("certified", &answer.state.unwrap()))
        .await
        .unwrap_err();
    assert_eq!(refusal.reason, Reason::UserDenied);
    assert!(refusal.provider_message.unwrap().starts_with("access_denied"));
}
