//! TLS with an authority of one's own, and passwords, in every form.

use std::time::Duration;

use ferrule_testkit::{Authority, Redis, RedisCluster, RedisSentinels, free_port};

use crate::handshake::{Durability, Store, StoreError, Ttl};

const HOUR: Duration = Duration::from_hours(1);
const PASSWORD: &str = "p%40ss%2Fword";
/// The same, as a server knows it.
const PLAIN_PASSWORD: &str = "p@ss/word";

/// Settings of a server on loopback that shows a certificate of this authority.
fn settings(authority: &Authority) -> Vec<(&'static str, String)> {
    let certified = authority.certify("127.0.0.1");
    let file = |path: &std::path::Path| path.display().to_string();
    vec![
        ("tls-cert-file", file(&certified.certificate_file)),
        ("tls-key-file", file(&certified.key_file)),
        ("tls-ca-cert-file", file(&authority.file())),
        ("tls-auth-clients", "no".to_owned()),
    ]
}

fn with<'a>(settings: &'a [(&'static str, String)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let settings = settings.iter().map(|(name, value)| (*name, value.as_str()));
    settings.chain(more.iter().copied()).collect()
}

async fn works(url: String) {
    let store = Store::redis(&url.into()).await.unwrap();
    store.ping().await.unwrap();
    for n in 0..8_u8 {
        let key = format!("handshake:{n}");
        let put = store.put_if_absent(&key, b"first", HOUR, Durability::Process);
        assert!(put.await.unwrap());
        let new = [n];
        let change = store.compare_and_set(&key, Some(b"first"), Some(&new), Ttl::Keep, Durability::Process);
        assert!(change.await.unwrap());
        assert_eq!(store.get(&key).await.unwrap().unwrap(), [n]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_proves_who_it_is() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let port = free_port().to_string();
    let settings = settings(&ours);
    let settings = with(&settings, &[("tls-port", &port), ("requirepass", PLAIN_PASSWORD)]);
    let _server = Redis::start_with(&settings);
    let url = |host: &str, authority: &Authority| {
        let file = authority.file();
        format!(
            "rediss://:{PASSWORD}@{host}:{port}/?sslrootcert={}",
            file.display()
        )
    };
    works(url("127.0.0.1", &ours)).await;

    for wrong in [
        url("127.0.0.1", &theirs),
        // Not the name in its certificate.
        url("localhost", &ours),
        // None of the public authorities' either.
        format!("rediss://:{PASSWORD}@127.0.0.1:{port}"),
    ] {
        let store = Store::redis(&wrong.into()).await.unwrap();
        let error = store.ping().await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
        assert!(!error.to_string().contains("word"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authorities_that_cannot_be_read_end_the_start() {
    let url = "rediss://127.0.0.1:1/?sslrootcert=/nowhere/ca.pem".to_owned();
    let error = Store::redis(&url.into()).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }), "{error:?}");
    assert!(
        error.to_string().contains("/nowhere/ca.pem cannot be read"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_proves_who_it_is() {
    let authority = Authority::new();
    let settings = settings(&authority);
    let more = [
        ("tls-cluster", "yes"),
        ("tls-replication", "yes"),
        ("requirepass", PLAIN_PASSWORD),
        ("masterauth", PLAIN_PASSWORD),
    ];
    let cluster = RedisCluster::start_with(&with(&settings, &more));
    let hosts: Vec<_> = cluster
        .tls_ports()
        .iter()
        .map(|port| format!("127.0.0.1:{port}"))
        .collect();
    let file = authority.file();
    works(format!(
        "rediss+cluster://:{PASSWORD}@{}?sslrootcert={}",
        hosts.join(","),
        file.display()
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_and_their_master_prove_who_they_are() {
    let authority = Authority::new();
    let settings = settings(&authority);
    let replicating = [
        ("tls-replication", "yes"),
        ("requirepass", PLAIN_PASSWORD),
        ("masterauth", PLAIN_PASSWORD),
    ];
    let watching = [("tls-replication", "yes"), ("requirepass", "of-sentinels")];
    let sentinels = RedisSentinels::start_with(&with(&settings, &replicating), &with(&settings, &watching));
    let file = authority.file();
    works(format!(
        "rediss+sentinel://:{PASSWORD}@{}/{}?sentinel_password=of-sentinels&sslrootcert={}",
        sentinels.tls_hosts(),
        sentinels.master_name(),
        file.display()
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_tls_is_not_used_where_tls_is_asked_for() {
    let plain = Redis::start();
    let store = Store::redis(&format!("rediss://127.0.0.1:{}", plain.port()).into())
        .await
        .unwrap();
    let error = store.ping().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
}
