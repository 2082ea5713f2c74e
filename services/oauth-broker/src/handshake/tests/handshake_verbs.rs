//! How a handshake moves, and what moves it not.

use std::sync::Arc;
use std::time::Duration;

use ferrule_model::{Chance, OrganizationId};
use ferrule_seal::KeyRing;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::task::JoinSet;

use super::on_both_stores;
use super::world::{World, agree, callback, exchange, request};
use crate::handshake::*;

on_both_stores! {
    of_64_concurrent_claims_one_wins,
    of_64_callbacks_with_different_codes_one_is_attached,
    the_same_callback_again_is_told_so_until_it_is_claimed,
    a_refused_check_consumes_nothing,
    a_hosted_handshake_without_a_code_is_pending,
    the_callers_own_callback_attaches_and_claims_in_one_step,
    a_denied_handshake_stays_denied,
    a_released_handshake_can_be_claimed_again,
    a_finished_handshake_is_done_for_its_exchange_and_spent_for_others,
    what_is_expired_is_told_from_what_is_unknown,
    moving_the_clock_back_revives_nothing,
    of_two_equal_states_of_a_caller_the_newer_stands,
    a_record_opens_under_its_own_key_only,
    a_rotated_ring_opens_what_the_old_key_sealed,
}

async fn claim(world: &World, key: &HandshakeKey, by: &str) -> Claim<&'static str> {
    world
        .handshakes
        .claim(key, exchange(by), None, agree)
        .await
        .unwrap()
}

async fn of_64_concurrent_claims_one_wins(world: World) {
    let key = world.attached("state").await;
    let mut claims = JoinSet::new();
    for n in 0..64 {
        let (handshakes, key) = (world.handshakes.clone(), key.clone());
        claims.spawn(async move {
            handshakes
                .claim(&key, exchange(&n.to_string()), None, agree)
                .await
        });
    }
    let claims: Vec<_> = claims.join_all().await.into_iter().map(Result::unwrap).collect();
    assert_eq!(
        claims
            .iter()
            .filter(|claim| matches!(claim, Claim::Claimed(_)))
            .count(),
        1
    );
    assert_eq!(
        claims
            .iter()
            .filter(|claim| matches!(claim, Claim::Spent))
            .count(),
        63
    );
}

async fn of_64_callbacks_with_different_codes_one_is_attached(world: World) {
    let key = world.hosted("state").await;
    let mut callbacks = JoinSet::new();
    for n in 0..64 {
        let (handshakes, key) = (world.handshakes.clone(), key.clone());
        callbacks.spawn(async move { handshakes.attach(&key, &callback(&n.to_string()), agree).await });
    }
    let callbacks: Vec<_> = callbacks
        .join_all()
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        callbacks
            .iter()
            .filter(|attach| matches!(attach, Attach::Attached(_)))
            .count(),
        1
    );
    assert_eq!(
        callbacks
            .iter()
            .filter(|attach| matches!(attach, Attach::Spent))
            .count(),
        63
    );
}

async fn the_same_callback_again_is_told_so_until_it_is_claimed(world: World) {
    let key = world.attached("state").await;
    let same = callback("the-code");
    let again = || world.handshakes.attach(&key, &same, agree);
    assert!(matches!(again().await.unwrap(), Attach::AttachedBefore(_)));
    assert!(matches!(claim(&world, &key, "x").await, Claim::Claimed(_)));
    assert!(matches!(again().await.unwrap(), Attach::Spent));
}

async fn a_refused_check_consumes_nothing(world: World) {
    let refuse = |_: &AuthorizationRequest| Err("another connector's path");
    let key = world.hosted("state").await;
    let attach = world
        .handshakes
        .attach(&key, &callback("stolen"), refuse)
        .await
        .unwrap();
    assert!(matches!(attach, Attach::Refused("another connector's path")));
    let denial = Denial {
        error: "access_denied".to_owned(),
        description: String::new(),
    };
    assert!(matches!(
        world.handshakes.deny(&key, &denial, refuse).await.unwrap(),
        Attach::Refused(_)
    ));
    assert!(matches!(world.stage(&key).await, Stage::Pending));

    let key = world.attached("other state").await;
    let refused = world
        .handshakes
        .claim(&key, exchange("x"), None, refuse)
        .await
        .unwrap();
    assert!(matches!(refused, Claim::Refused(_)));
    assert!(matches!(claim(&world, &key, "x").await, Claim::Claimed(_)));
}

async fn a_hosted_handshake_without_a_code_is_pending(world: World) {
    let key = world.hosted("state").await;
    let brought = callback("not from the vendor");
    let claim = world
        .handshakes
        .claim(&key, exchange("x"), Some(&brought), agree)
        .await
        .unwrap();
    assert!(matches!(claim, Claim::Pending));
}

async fn the_callers_own_callback_attaches_and_claims_in_one_step(world: World) {
    let key = world.own_callback("state").await;
    assert!(matches!(claim(&world, &key, "x").await, Claim::Pending));
    let hosted = world
        .handshakes
        .attach(&key, &callback("code"), agree)
        .await
        .unwrap();
    assert!(
        matches!(hosted, Attach::Unknown),
        "the hosted callback does not know it"
    );
    let claim = world
        .handshakes
        .claim(&key, exchange("x"), Some(&callback("code")), agree)
        .await
        .unwrap();
    let Claim::Claimed(claimed) = claim else {
        panic!("{claim:?}")
    };
    assert_eq!(claimed.callback.code.expose_secret(), "code");
    assert_eq!(
        claimed.request.code_verifier.unwrap().expose_secret(),
        "the-code-verifier"
    );
}

async fn a_denied_handshake_stays_denied(world: World) {
    let key = world.hosted("state").await;
    let denial = Denial {
        error: "access_denied".to_owned(),
        description: "no".to_owned(),
    };
    assert!(matches!(
        world.handshakes.deny(&key, &denial, agree).await.unwrap(),
        Attach::Attached(_)
    ));
    assert!(matches!(
        world.handshakes.deny(&key, &denial, agree).await.unwrap(),
        Attach::Spent
    ));
    let attach = world
        .handshakes
        .attach(&key, &callback("code"), agree)
        .await
        .unwrap();
    assert!(matches!(attach, Attach::Spent));
    assert!(matches!(claim(&world, &key, "x").await, Claim::Denied(said) if said == denial));
}

async fn a_released_handshake_can_be_claimed_again(world: World) {
    let key = world.attached("state").await;
    assert!(
        !world.handshakes.release(&key, exchange("x")).await.unwrap(),
        "nobody claimed it"
    );
    assert!(matches!(claim(&world, &key, "x").await, Claim::Claimed(_)));
    assert!(
        !world.handshakes.release(&key, exchange("other")).await.unwrap(),
        "another claimed it"
    );
    assert!(world.handshakes.release(&key, exchange("x")).await.unwrap());
    let Claim::Claimed(claimed) = claim(&world, &key, "x").await else {
        panic!("not claimed")
    };
    assert_eq!(claimed.callback.code.expose_secret(), "the-code");

    let key = world.own_callback("own state").await;
    for code in ["first", "second"] {
        let claim = world
            .handshakes
            .claim(&key, exchange(code), Some(&callback(code)), agree)
            .await
            .unwrap();
        let Claim::Claimed(claimed) = claim else {
            panic!("{claim:?}")
        };
        assert_eq!(claimed.callback.code.expose_secret(), code);
        assert!(world.handshakes.release(&key, exchange(code)).await.unwrap());
    }
}

async fn a_finished_handshake_is_done_for_its_exchange_and_spent_for_others(world: World) {
    let key = world.hosted("state").await;
    assert!(
        !world.handshakes.finish(&key, exchange("x")).await.unwrap(),
        "nothing came yet"
    );
    let key = world.attached("state").await;
    assert!(matches!(claim(&world, &key, "x").await, Claim::Claimed(_)));
    let Claim::Claimed(claimed) = claim(&world, &key, "x").await else {
        panic!("not its own any more")
    };
    assert_eq!(claimed.callback.code.expose_secret(), "the-code");
    for _ in 0..2 {
        assert!(world.handshakes.finish(&key, exchange("x")).await.unwrap());
    }
    assert!(!world.handshakes.release(&key, exchange("x")).await.unwrap());
    assert!(matches!(claim(&world, &key, "x").await, Claim::Done));
    assert!(matches!(claim(&world, &key, "other").await, Claim::Spent));
    let request = world.handshakes.find(&key).await.unwrap().unwrap().request;
    assert!(
        request.client_secret.is_none() && request.code_verifier.is_none(),
        "its secrets are erased"
    );
}

async fn what_is_expired_is_told_from_what_is_unknown(world: World) {
    let (pending, attached) = (world.hosted("pending").await, world.attached("attached").await);
    world.clock.advance(Duration::from_mins(10));
    let attach = world
        .handshakes
        .attach(&pending, &callback("late"), agree)
        .await
        .unwrap();
    assert!(matches!(attach, Attach::Expired));
    assert!(matches!(claim(&world, &attached, "x").await, Claim::Expired));
    let unknown = HandshakeKey::of_state(&"never made".into());
    assert!(matches!(claim(&world, &unknown, "x").await, Claim::Unknown));
    assert!(matches!(
        world
            .handshakes
            .attach(&unknown, &callback("c"), agree)
            .await
            .unwrap(),
        Attach::Unknown
    ));
}

async fn moving_the_clock_back_revives_nothing(world: World) {
    let key = world.attached("state").await;
    world.clock.move_back(Duration::from_secs(90));
    assert!(
        matches!(claim(&world, &key, "x").await, Claim::Claimed(_)),
        "replicas may differ by so much"
    );
    let key = world.attached("next state").await;
    world.clock.move_back(Duration::from_secs(91));
    assert!(matches!(claim(&world, &key, "x").await, Claim::Expired));
}

async fn of_two_equal_states_of_a_caller_the_newer_stands(world: World) {
    let state = SecretString::from("intercom");
    let key = |organization| {
        let intercom = "intercom".parse().unwrap();
        HandshakeKey::of_callers_state(
            OrganizationId(organization),
            &intercom,
            "client",
            "https://cb",
            &state,
        )
    };
    for verifier in ["older", "newer"] {
        let request = AuthorizationRequest {
            code_verifier: Some(verifier.into()),
            ..request(Form::OwnCallback)
        };
        world.handshakes.begin(&key(7), request).await.unwrap();
    }
    let claim = world
        .handshakes
        .claim(&key(7), exchange("x"), Some(&callback("c")), agree)
        .await
        .unwrap();
    let Claim::Claimed(claimed) = claim else {
        panic!("{claim:?}")
    };
    assert_eq!(claimed.request.code_verifier.unwrap().expose_secret(), "newer");
    assert!(
        world.handshakes.find(&key(8)).await.unwrap().is_none(),
        "another organization has its own"
    );
}

async fn a_record_opens_under_its_own_key_only(world: World) {
    let (mine, theirs) = (world.hosted("mine").await, world.hosted("theirs").await);
    let sealed = world.store.get(theirs.as_str()).await.unwrap().unwrap();
    world
        .store
        .put(
            mine.as_str(),
            &sealed,
            Duration::from_mins(1),
            Durability::Process,
        )
        .await
        .unwrap();
    let moved = world.handshakes.find(&mine).await.unwrap_err();
    assert!(matches!(moved, RecordError::Seal(_)), "{moved}");
}

async fn a_rotated_ring_opens_what_the_old_key_sealed(world: World) {
    let old = KeyRing::generate(&Chance::system(), "old");
    let new = KeyRing::generate(&Chance::system(), "new");
    world.ring.send_replace(Arc::new(KeyRing::parse(&old).unwrap()));
    let key = world.attached("state").await;
    let both = format!("{},{}", new.expose_secret(), old.expose_secret()).into();
    world.ring.send_replace(Arc::new(KeyRing::parse(&both).unwrap()));
    assert!(matches!(claim(&world, &key, "x").await, Claim::Claimed(_)));
    world.ring.send_replace(Arc::new(KeyRing::parse(&new).unwrap()));
    assert!(
        matches!(world.stage(&key).await, Stage::Claimed { .. }),
        "the change was sealed by the new key"
    );
}
