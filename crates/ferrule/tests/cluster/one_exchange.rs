//! However many ask at once, a code is exchanged once.

use std::thread;

use serde_json::Value;

use crate::vendors::{by_code, by_handshake};
use crate::world::World;

const CALLERS: usize = 64;

/// The instances that so many callers get for one body, half of them through each gateway.
fn created_at_once(world: &World, body: &Value) -> Vec<Value> {
    thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let api = world.api(caller % 2);
                scope.spawn(move || api.created(body))
            })
            .collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    })
}

#[test]
fn sixty_four_calls_with_one_state_or_one_code_make_one_instance() {
    let world = World::start();
    let handshake = world.logged_in(0, 1, "acme");
    let bodies = [by_handshake("acme", &handshake), by_code("once")];
    for (made, body) in (1..).zip(&bodies) {
        let instances = created_at_once(&world, body);
        assert_eq!(instances.len(), CALLERS);
        for instance in &instances {
            assert_eq!(instance, &instances[0]);
        }
        assert_eq!(world.vendor.requests_to("/token").len(), made);
        let listed = world.api(0).get("/instances").json();
        assert_eq!(listed.as_array().unwrap().len(), made, "{listed}");
    }
}
