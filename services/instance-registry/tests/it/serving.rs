use std::time::Duration;

use ferrule_cores::Cores;
use ferrule_instance_registry::{Settings, run};
use ferrule_model::Chance;
use ferrule_seal::KeyRing;
use ferrule_wire::v1::{Caller, IdentifyRequest};
use ferrule_wire::{Peers, Reason, RegistryClient, connect};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::world::{by_code, create, ours, state_settings};

#[tokio::test]
async fn the_service_answers_over_a_socket_and_stops_when_told() {
    let folder = TempDir::new().unwrap();
    let any_port = "127.0.0.1:0".parse().unwrap();
    let settings = Settings {
        grpc_listen: any_port,
        admin_listen: any_port,
        // Nobody listens there.
        broker_url: "http://127.0.0.1:1".into(),
        tls: None,
        peers: Peers::new([]),
        reflection: false,
        connectors_dir: None,
        allow_private_networks: false,
        drain: Duration::from_secs(5),
        state: state_settings(folder.path(), &KeyRing::generate(&Chance::system(), "k1")),
    };
    let listener = TcpListener::bind(any_port).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(run(settings, listener, Cores::here(), shutdown.clone()));

    let client = RegistryClient::new(connect(&url, None, Duration::from_secs(10)).unwrap());
    let request = IdentifyRequest {
        credentials: Some(ours()),
        ..IdentifyRequest::default()
    };
    let caller = client.clone().identify(request).await.unwrap().into_inner();
    let want = Caller {
        organization_id: 1,
        user_id: 1,
        instance_id: None,
        ..Caller::default()
    };
    assert_eq!(caller, want);

    let mut request = by_code("c1");
    request.element = "intercom".into();
    let refusal = create(&client, request).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::Unavailable);

    shutdown.cancel();
    running.await.unwrap().unwrap();
}
