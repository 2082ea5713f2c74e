//! Certificates change while services run.

use std::sync::Arc;
use std::time::Duration;

use super::certificates::{Authority, Files};
use super::replica::{Counting, Replica, create, identify};
use crate::connect;
use crate::peers::Peers;
use crate::sockets::Doors;

const DEADLINE: Duration = Duration::from_secs(5);
const HOST: [&str; 2] = ["127.0.0.1", "instance-registry"];

#[tokio::test]
async fn new_files_hold_for_new_connections_and_cut_none() {
    let (old, new) = (Authority::new(), Authority::new());
    let both = format!("{}{}", old.pem, new.pem);
    let server_files = Files::new(&old.certify(&HOST), &both);
    let server_tls = server_files.tls();
    let service = Counting::holding(1);
    let replica = Replica::behind(
        Doors::Certificates(server_tls.clone(), Arc::new(Peers::new([]))),
        "127.0.0.1:0".parse().unwrap(),
        &service,
        false,
    );
    let url = format!("https://{}", replica.address);
    let by = |signer: &Authority, believes: &str| {
        let tls = Files::new(&signer.certify(&["gateway"]), believes).tls();
        connect(&url, Some(&tls), DEADLINE).unwrap()
    };

    let early = by(&old, &old.pem);
    let in_flight = tokio::spawn({
        let early = early.clone();
        async move { create(&early).await }
    });
    service.reached(1).await;

    let (certificate, key) = new.certify(&HOST);
    server_files.write("certificate", &certificate);
    assert!(server_tls.reload().is_err(), "a certificate without its key");
    server_files.write("key", &key);
    server_files.write("authority", "no certificate at all");
    assert!(server_tls.reload().is_err(), "no authority");
    service.answers.add_permits(1000);
    assert_eq!(
        identify(&by(&old, &old.pem)).await.unwrap(),
        1,
        "the old files stay in force"
    );

    server_files.write("authority", &new.pem);
    assert!(server_tls.reload().unwrap());
    assert!(!server_tls.reload().unwrap());
    assert_eq!(in_flight.await.unwrap().unwrap(), 1);
    assert_eq!(identify(&early).await.unwrap(), 1, "its connection is as it was");
    assert_eq!(identify(&by(&new, &new.pem)).await.unwrap(), 1);
    identify(&by(&old, &new.pem)).await.unwrap_err();
    identify(&by(&new, &old.pem)).await.unwrap_err();
}

#[tokio::test]
async fn a_client_shows_its_new_certificate_when_it_connects_again() {
    let (old, new) = (Authority::new(), Authority::new());
    let any = "127.0.0.1:0".parse().unwrap();
    let service = Counting::new(1);
    let doors = |authority: &Authority| {
        let files = Files::new(&authority.certify(&HOST), &authority.pem);
        Doors::Certificates(files.tls(), Arc::new(Peers::new([])))
    };
    let replica = Replica::behind(doors(&old), any, &service, false);
    let address = replica.address;
    let files = Files::new(&old.certify(&["gateway"]), &old.pem);
    let tls = files.tls();
    let transport = connect(&format!("https://{address}"), Some(&tls), DEADLINE).unwrap();
    identify(&transport).await.unwrap();
    replica.stop().await;

    let (certificate, key) = new.certify(&["gateway"]);
    for (name, pem) in [
        ("certificate", &certificate),
        ("key", &key),
        ("authority", &new.pem),
    ] {
        files.write(name, pem);
    }
    assert!(tls.reload().unwrap());
    let _replica = Replica::behind(doors(&new), address, &service, false);
    identify(&transport).await.unwrap();
}
