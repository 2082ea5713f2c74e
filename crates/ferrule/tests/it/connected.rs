//! One instance at a vendor whose tokens live for seconds.

use std::time::{Duration, Instant};

use ferrule_testkit::{Answer, Behaviour, Refresh, TokenEndpoint, wait_until};
use serde_json::{Value, json};

use crate::vendors::{acme_with_api_at, by_code};
use crate::world::{Api, Ferrule, World};

pub const LIMIT: Duration = Duration::from_secs(30);
/// How long tokens live where that matters.
pub const LIFE: Duration = Duration::from_secs(4);
/// And where it need not be longer.
pub const SHORT_LIFE: Duration = Duration::from_secs(2);

/// A vendor whose tokens live that long, and which ends a connection when a refresh token comes twice.
pub fn living(life: Duration) -> Behaviour {
    Behaviour {
        access_ttl: life.as_secs(),
        reuse_kills: true,
        ..Behaviour::default()
    }
}

pub struct Connected {
    pub vendor: TokenEndpoint,
    pub world: World,
    pub ferrule: Ferrule,
    pub instance: Value,
    pub made: Instant,
}

/// One instance, made of the code `one`, at a vendor of its own.
pub fn connected(behaviour: Behaviour) -> Connected {
    let vendor = TokenEndpoint::start(behaviour);
    let world = World::new().with_connector("acme", &acme_with_api_at(&vendor));
    let ferrule = world.start();
    let instance = ferrule.api.post("/instances", &by_code("acme", "one")).json();
    Connected {
        vendor,
        world,
        ferrule,
        instance,
        made: Instant::now(),
    }
}

impl Connected {
    pub fn by_token(&self) -> Api {
        let token = self.instance["token"].as_str().unwrap();
        self.ferrule.api.by_token(token)
    }

    pub fn call(&self) -> Answer {
        self.by_token().get("/hubs/crm/me")
    }

    pub fn path(&self) -> String {
        format!("/instances/{}", self.instance["id"])
    }

    pub fn wait_for_refreshes(&self, count: usize) {
        wait_until(&format!("there were {count} refreshes"), LIMIT, || {
            self.refreshes()
                .iter()
                .filter(|one| one.answered.is_some())
                .count()
                >= count
        });
    }

    pub fn refreshes(&self) -> Vec<Refresh> {
        self.vendor.refreshes_of("one")
    }

    pub fn wait_until_old(&self, age: Duration) {
        wait_until("the tokens are old enough", LIMIT, || self.made.elapsed() >= age);
    }

    pub fn assert_alive(&self) {
        let answer = self.call();
        assert_eq!((answer.status, answer.json()), (200, json!({"code": "one"})));
        assert!(!self.vendor.is_dead("one"), "{:?}", self.refreshes());
        assert!(self.vendor.requests_to("/api/me").len() < 1000);
    }
}
