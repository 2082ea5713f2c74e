//! Who is let in, and to what.

use std::sync::Arc;
use std::time::Duration;

use tonic::Code;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

use super::certificates::{Authority, Files};
use super::replica::{Counting, Replica, create, identify};
use crate::access::Role;
use crate::peers::Peers;
use crate::reason::{Reason, Refusal};
use crate::sockets::Doors;
use crate::v1::IdentifyRequest;
use crate::v1::instance_registry_client::InstanceRegistryClient;
use crate::{Transport, connect, is_serving};

const DEADLINE: Duration = Duration::from_secs(5);

fn registry_doors(authority: &Authority, host: &str) -> Doors {
    let files = Files::new(&authority.certify(&[host, "instance-registry"]), &authority.pem);
    let peers = Peers::new([(Role::Client, "billing.example.com".to_owned())]);
    Doors::Certificates(files.tls(), Arc::new(peers))
}

#[tokio::test]
async fn a_peer_may_what_its_certificate_says_and_others_reach_no_handler() {
    let (ours, others) = (Authority::new(), Authority::new());
    let service = Counting::new(1);
    let any_port = "127.0.0.1:0".parse().unwrap();
    let replica = Replica::behind(registry_doors(&ours, "127.0.0.1"), any_port, &service, false);
    let url = format!("https://{}", replica.address);
    let by = |pair: (String, String), believes: &Authority| -> Transport {
        connect(&url, Some(&Files::new(&pair, &believes.pem).tls()), DEADLINE).unwrap()
    };

    let gateway = by(ours.certify(&["gateway"]), &ours);
    assert_eq!(identify(&gateway).await.unwrap(), 1);
    assert_eq!(create(&gateway).await.unwrap(), 1);
    assert_eq!(is_serving(gateway).await, Ok(()));
    let billing = by(ours.certify(&["billing.example.com"]), &ours);
    assert_eq!(create(&billing).await.unwrap(), 1);
    assert_eq!(is_serving(billing.clone()).await, Ok(()));
    let let_in = service.calls();

    let refused = |pair| by(pair, &ours);
    for (who, transport) in [
        ("an internal client that asks for more", billing),
        ("a registry", refused(ours.certify(&["instance-registry"]))),
        ("a broker", refused(ours.certify(&["oauth-broker"]))),
        (
            "a name that stands for nobody",
            refused(ours.certify(&["gateway.example.com"])),
        ),
        ("no name", refused(ours.certify(&[]))),
    ] {
        let status = identify(&transport).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{who}: {status}");
        assert_eq!(Refusal::from(status).reason, Reason::Forbidden, "{who}");
    }

    for (who, transport) in [
        ("a stranger", by(others.certify(&["gateway"]), &ours)),
        (
            "somebody out of date",
            by(ours.certify_expired(&["gateway"]), &ours),
        ),
        (
            "one that believes others",
            by(ours.certify(&["gateway"]), &others),
        ),
        (
            "somebody in clear text",
            connect(&format!("http://{}", replica.address), None, DEADLINE).unwrap(),
        ),
    ] {
        let status = identify(&transport).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{who}: {status}");
    }
    let nameless = Endpoint::from_shared(url.clone())
        .unwrap()
        .tls_config(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&ours.pem)))
        .unwrap()
        .connect_lazy();
    let mut nameless = InstanceRegistryClient::new(nameless);
    nameless.identify(IdentifyRequest::default()).await.unwrap_err();
    assert_eq!(service.calls(), let_in);
}

#[tokio::test]
async fn a_server_whose_certificate_is_for_another_host_is_not_called() {
    let ours = Authority::new();
    let service = Counting::new(1);
    let any_port = "127.0.0.1:0".parse().unwrap();
    let replica = Replica::behind(registry_doors(&ours, "127.0.0.9"), any_port, &service, false);
    let tls = Files::new(&ours.certify(&["gateway"]), &ours.pem).tls();
    let transport = connect(&format!("https://{}", replica.address), Some(&tls), DEADLINE).unwrap();
    let status = identify(&transport).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(status.message().contains("certificate"), "{status}");
    assert_eq!(service.calls(), 0);
}
