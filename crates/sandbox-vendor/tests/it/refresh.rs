//! Refresh, reuse, revocation and restart.

use axum::http::StatusCode;
use ferrule_sandbox_vendor::{CLIENT_ID, CLIENT_SECRET};

use crate::world::{Answer, World};

const DAY: i64 = 24 * 60 * 60;

async fn revoke(world: &World, token: &str) -> Answer {
    let form = [
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("token", token),
    ];
    world.post("/revoke", &form).await
}

#[tokio::test]
async fn each_refresh_gives_a_new_pair() {
    let world = World::new();
    let (_, mut refresh_token) = world.tokens("Ada").await;
    for _ in 0..5 {
        world.pass(20 * DAY);
        let (access_token, next) = world.refresh(&refresh_token).await.tokens();
        assert_ne!(next, refresh_token);
        assert_eq!(world.read("/me", &access_token).await.json()["name"], "Ada");
        refresh_token = next;
    }
}

#[tokio::test]
async fn a_refresh_token_unused_for_thirty_days_ends() {
    let world = World::new();
    let (_, refresh_token) = world.tokens("Ada").await;
    world.pass(30 * DAY);
    world
        .refresh(&refresh_token)
        .await
        .assert_oauth_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_refresh_token_spent_twice_ends_its_grant_alone() {
    let world = World::new();
    let (_, first) = world.tokens("Ada").await;
    let (_, bystander) = world.tokens("Ada").await;
    let (access_token, second) = world.refresh(&first).await.tokens();
    world
        .refresh(&first)
        .await
        .assert_oauth_error(400, "invalid_grant");
    world
        .refresh(&second)
        .await
        .assert_oauth_error(400, "invalid_grant");
    assert_eq!(
        world.read("/me", &access_token).await.status,
        StatusCode::UNAUTHORIZED
    );
    world.refresh(&bystander).await.tokens();
}

#[tokio::test]
async fn tokens_outlive_a_restart() {
    let world = World::new();
    let (access_token, refresh_token) = world.tokens("Ada").await;
    let world = world.restarted();
    assert_eq!(world.read("/me", &access_token).await.status, StatusCode::OK);
    let (_, next) = world.refresh(&refresh_token).await.tokens();
    world.refresh(&next).await.tokens();
}

#[tokio::test]
async fn an_access_token_refreshes_nothing_and_a_refresh_token_opens_nothing() {
    let world = World::new();
    let (access_token, refresh_token) = world.tokens("Ada").await;
    world
        .refresh(&access_token)
        .await
        .assert_oauth_error(400, "invalid_grant");
    assert_eq!(
        world.read("/me", &refresh_token).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_refresh_may_not_widen_the_scope() {
    let world = World::new();
    let (_, refresh_token) = world.tokens("Ada").await;
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.as_str()),
        ("scope", "admin"),
    ];
    world.token(&form).await.assert_oauth_error(400, "invalid_scope");
    world.refresh(&refresh_token).await.tokens();
}

#[tokio::test]
async fn revoking_either_token_ends_the_grant() {
    let world = World::new();
    for revokes_refresh_token in [true, false] {
        let (access_token, refresh_token) = world.tokens("Ada").await;
        let revoked = if revokes_refresh_token {
            &refresh_token
        } else {
            &access_token
        };
        assert_eq!(revoke(&world, revoked).await.status, StatusCode::OK);
        assert_eq!(
            world.read("/me", &access_token).await.status,
            StatusCode::UNAUTHORIZED
        );
        world
            .refresh(&refresh_token)
            .await
            .assert_oauth_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn revoking_what_is_no_token_is_fine_and_revoking_nothing_is_not() {
    let world = World::new();
    assert_eq!(revoke(&world, "junk").await.status, StatusCode::OK);
    revoke(&world, "")
        .await
        .assert_oauth_error(400, "invalid_request");
}
