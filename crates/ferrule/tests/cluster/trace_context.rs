//! One trace from the caller through all three services.

use ferrule_testkit::{Postgres, Scripted};
use serde_json::json;

use crate::api::TRACE_ID;
use crate::service::Service;
use crate::vendors::by_code;
use crate::world::World;

#[test]
fn a_callers_trace_goes_through_all_services_and_a_collector_that_is_away_harms_nothing() {
    let mut world = World::of(1, Postgres::shared().fresh_database())
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
        .up();
    world.api(0).created(&by_code("code-that-is-traced"));
    world
        .vendor
        .script(Scripted::json(400, &json!({"error": "invalid_grant"})));
    assert_eq!(world.api(0).create(&by_code("code-that-is-refused")).status, 400);

    for (service, words) in [
        (&mut world.gateways[0], "answered"),
        (&mut world.registries[0], "instance_created"),
        (&mut world.brokers[0], "vendor_rejected"),
    ] {
        let line = service.wait_for_line(words);
        assert!(line.contains(&format!("trace_id={TRACE_ID}")), "{line}");
    }
    world.services().for_each(Service::terminate);
    world.services().for_each(Service::ends_well);
}
