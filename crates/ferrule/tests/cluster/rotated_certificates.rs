//! Certificates and their authority are replaced while everybody works.

use std::fs;

use ferrule_testkit::Postgres;

use crate::certificates::{Authority, Files};
use crate::service::Service;
use crate::vendors::by_code;
use crate::world::World;

/// Waits until each service has said, once more than before, that it uses new files.
fn all_follow(world: &mut World, times: usize) {
    for service in world.services() {
        ferrule_testkit::wait_until("its new files are in force", crate::service::SOON, || {
            service.output().matches("certificate_changed").count() >= times
        });
    }
}

#[test]
fn security_51_certificates_and_their_authority_change_without_a_restart() {
    let mut world = World::of(1, Postgres::shared().fresh_database());
    let old = Authority::new(world.file("old"));
    let new = Authority::new(world.file("new"));
    let mut given = Vec::new();
    for (number, service) in world.services().enumerate() {
        let files = old.certify(&format!("service-{number}"), service.program());
        let next = new.certify(&format!("service-{number}"), service.program());
        files.give_to(service);
        given.push((files, next));
    }
    world.connect("https");
    let mut world = world.up();
    let api = world.api(0);
    api.created(&by_code("old"));

    // Both authorities are believed first. The old one's file is everybody's.
    let authority = given[0].0.authority.clone();
    let [before, after] = [&authority, &given[0].1.authority].map(|file| fs::read_to_string(file).unwrap());
    fs::write(&authority, format!("{before}{after}")).unwrap();
    all_follow(&mut world, 1);
    api.created(&by_code("both"));

    for (files, next) in &given {
        let next = Files {
            authority: authority.clone(),
            ..next.clone()
        };
        fs::copy(&next.key, &files.key).unwrap();
        fs::copy(&next.certificate, &files.certificate).unwrap();
    }
    all_follow(&mut world, 2);
    api.created(&by_code("new certificates"));

    fs::write(&authority, &after).unwrap();
    all_follow(&mut world, 3);
    api.created(&by_code("new authority"));

    // Whoever connects anew is known by what the files hold now.
    world.brokers[0].restart();
    world.registries[0].restart();
    world.gateways[0].wait_until_ready();
    api.created(&by_code("new connections"));

    // A file that cannot be used changes nothing.
    fs::write(&authority, "no certificate").unwrap();
    for service in world.services() {
        service.wait_for_line("certificate_refused");
    }
    api.created(&by_code("broken file"));
    world.services().for_each(Service::terminate);
    world.services().for_each(Service::ends_well);
}
