//! What orchestrators ask of each process.

use std::time::Duration;

use ferrule_testkit::Postgres;
use ferrule_wire::{connect, is_serving};
use tokio::runtime::Runtime;

use crate::world::World;

const DEADLINE: Duration = Duration::from_secs(5);

#[test]
fn every_process_says_whether_it_lives_and_can_work() {
    let mut world = World::of(1, Postgres::shared().fresh_database()).up();
    for service in world.services() {
        assert_eq!(service.health("/healthz").status, 200);
        assert_eq!(service.health("/readyz").json()["ready"], true);
        assert!(service.health("/metrics").text().contains("ferrule"));
    }
    let runtime = Runtime::new().unwrap();
    let grpc = |address: &str| {
        let url = format!("http://{address}");
        runtime.block_on(async move { is_serving(connect(&url, None, DEADLINE).unwrap()).await })
    };
    let (broker, registry) = (&mut world.brokers[0], &mut world.registries[0]);
    assert_eq!(grpc(&broker.address), Ok(()));
    assert_eq!(grpc(&registry.address), Ok(()));

    broker.kill();
    registry.kill();
    world.gateways[0].wait_until_not_ready("oauth-broker");
    world.gateways[0].wait_until_not_ready("instance-registry");
    assert_eq!(world.gateways[0].health("/healthz").status, 200);
}
