//! What goes on while Redis is away: what needs no handshake. Nothing is used up by the rest.

use ferrule_wire::Reason::Unavailable;
use ferrule_wire::v1::{ConfirmRequest, FindOutcomeRequest};

use crate::requests::{anonymous, bring, came_back, claim, hosted, own};
use crate::world::{World, reason};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_anonymous_caller_still_gets_its_url_and_a_known_one_is_told_to_try_again() {
    let mut world = World::append_only_redis().await;
    world.server().kill();
    world.authorize(anonymous("acme")).await.unwrap();
    for request in [own("acme"), hosted("acme")] {
        assert_eq!(reason(world.authorize(request).await), Unavailable);
    }
    world.server().restart();
    world.begun(hosted("acme")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_callback_can_come_again_once_it_is_back() {
    let mut world = World::append_only_redis().await;
    let state = world.begun(hosted("acme")).await;
    world.server().kill();
    assert_eq!(
        reason(world.callback(came_back("acme", &state, "the-code")).await),
        Unavailable
    );
    let request = FindOutcomeRequest {
        element: "acme".to_owned(),
        handshake: state.clone(),
    };
    let found = world.client().find_outcome(request).await;
    assert_eq!(reason(found.map_err(Into::into)), Unavailable);
    let digest = claim("acme", &state).digest;
    let confirmed = world.client().confirm(ConfirmRequest { digest }).await;
    assert_eq!(reason(confirmed.map_err(Into::into)), Unavailable);
    world.server().restart();
    world.is_untouched("acme", &state).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_its_store_the_broker_sends_nothing_and_the_code_stays_good() {
    let mut world = World::append_only_redis().await;
    let state = world.attached("acme", "hosted").await;
    let requests = [claim("acme", &state), bring("acme", "alone", "")];
    world.server().kill();
    for request in &requests {
        assert_eq!(reason(world.exchange(request.clone()).await), Unavailable);
    }
    assert_eq!(world.token_requests(), 0);
    world.server().restart();
    for request in requests {
        world.granted(request).await;
    }
}
