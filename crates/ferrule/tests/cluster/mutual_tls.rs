//! mTLS between services: each shows a certificate of one authority, and talks to nobody else.

use std::time::Duration;

use ferrule_testkit::Postgres;
use ferrule_wire::v1::ConfirmRequest;
use ferrule_wire::v1::instance_registry_client::InstanceRegistryClient;
use ferrule_wire::v1::oauth_broker_client::OauthBrokerClient;
use ferrule_wire::v1::{Caller, IdentifyRequest};
use ferrule_wire::{Reason, Refusal, Tls, Transport, connect, is_serving};
use tokio::runtime::Runtime;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

use crate::certificates::{Authority, Files};
use crate::vendors::{by_code, by_handshake};
use crate::world::World;

const DEADLINE: Duration = Duration::from_secs(5);

/// Calls by somebody who shows the certificate of `shown`, and believes the authority of `trusted`.
fn client(address: &str, shown: &Files, trusted: &Files) -> Transport {
    let tls = Tls::from_files(&shown.certificate, &shown.key, &trusted.authority).unwrap();
    connect(&format!("https://{address}"), Some(&tls), DEADLINE).unwrap()
}

/// What a client without a certificate hears from a broker and from a registry.
async fn nameless(broker: &str, registry: &str, trusted: &Files) -> [Result<(), Refusal>; 2] {
    let channel = |address: &str| {
        let authority = Certificate::from_pem(std::fs::read(&trusted.authority).unwrap());
        Endpoint::from_shared(format!("https://{address}"))
            .unwrap()
            .tls_config(ClientTlsConfig::new().ca_certificate(authority))
            .unwrap()
            .connect_lazy()
    };
    let confirmed = OauthBrokerClient::new(channel(broker))
        .confirm(ConfirmRequest::default())
        .await;
    let identified = InstanceRegistryClient::new(channel(registry))
        .identify(IdentifyRequest::default())
        .await
        .map(tonic::Response::into_inner)
        .map(|Caller { .. }| ());
    [
        confirmed.map(drop).map_err(Refusal::from),
        identified.map_err(Refusal::from),
    ]
}

#[test]
fn services_with_certificates_of_one_authority_serve_each_other_and_nobody_else() {
    ferrule_service::tls::install_crypto_provider();
    let mut world = World::of(2, Postgres::shared().fresh_database());
    let ours = Authority::new(world.file("ours"));
    let others = Authority::new(world.file("others"));
    for (number, service) in world.services().enumerate() {
        ours.certify(&format!("service-{number}"), service.program())
            .give_to(service);
    }
    world.connect("https");
    let mut world = world.up();

    let handshake = world.logged_in(0, 1, "acme");
    let instance = world.api(1).created(&by_handshake("acme", &handshake));
    assert_eq!(world.api(0).created(&by_handshake("acme", &handshake)), instance);
    world.api(0).created(&by_code("over-mutual-tls"));

    let friend = ours.certify("friend", "gateway");
    let stranger = others.certify("stranger", "gateway");
    let nobody = ours.certify("nobody", "mail-server");
    let (broker, registry) = (
        world.brokers[0].address.clone(),
        world.registries[0].address.clone(),
    );
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        for address in [&broker, &registry] {
            assert_eq!(is_serving(client(address, &friend, &friend)).await, Ok(()));
            for (whose, transport) in [
                ("of another authority", client(address, &stranger, &friend)),
                (
                    "that believes another authority",
                    client(address, &friend, &stranger),
                ),
                (
                    "in clear text",
                    connect(&format!("http://{address}"), None, DEADLINE).unwrap(),
                ),
            ] {
                let said = is_serving(transport).await.unwrap_err();
                assert!(said.starts_with("does not answer"), "{whose}: {said}");
            }
        }
        for address in [&broker, &registry] {
            let said = is_serving(client(address, &nobody, &friend)).await.unwrap_err();
            assert!(said.contains("PermissionDenied"), "{said}");
        }
        for heard in nameless(&broker, &registry, &friend).await {
            let reason = heard.unwrap_err().reason;
            // Whoever is let in hears what is wrong with an empty request.
            assert!(
                [Reason::Unavailable, Reason::Internal].contains(&reason),
                "{reason:?}"
            );
        }
    });

    stranger.give_to(&mut world.gateways[0]);
    world.gateways[0].start();
    world.gateways[0].wait_for_line("listening");
    world.gateways[0].wait_until_not_ready("oauth-broker");
    assert_eq!(world.gateways[1].health("/readyz").status, 200);
}
