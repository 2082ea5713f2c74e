//! Under a ring that does not open what another sealed, nothing is exchanged and nothing is lost.

use std::sync::Arc;

use ferrule_wire::Reason;

use crate::on_both_stores;
use crate::requests::{came_back, claim, hosted};
use crate::world::{World, new_ring, reason};

on_both_stores! {
    a_login_waits_sealed_until_its_key_is_back,
    a_login_that_was_altered_is_a_fault_and_not_exchanged,
}

async fn a_login_waits_sealed_until_its_key_is_back(world: World) {
    let pending = world.begun(hosted("acme")).await;
    let attached = world.attached("acme", "the-code").await;
    let right = world.change_ring(Arc::new(new_ring("second")));
    let callback = came_back("acme", &pending, "another-code");
    assert_eq!(reason(world.callback(callback.clone()).await), Reason::Sealed);
    assert_eq!(
        reason(world.exchange(claim("acme", &attached)).await),
        Reason::Sealed
    );
    assert_eq!(world.token_requests(), 0);

    world.change_ring(right);
    world.callback(callback).await.unwrap();
    for state in [pending, attached] {
        world.granted(claim("acme", &state)).await;
    }
}

/// A key of the same name and other bytes opens nothing, as if the record had been changed.
async fn a_login_that_was_altered_is_a_fault_and_not_exchanged(world: World) {
    let state = world.attached("acme", "the-code").await;
    world.change_ring(Arc::new(new_ring("first")));
    assert_eq!(
        reason(world.exchange(claim("acme", &state)).await),
        Reason::Internal
    );
    assert_eq!(world.token_requests(), 0);
}
