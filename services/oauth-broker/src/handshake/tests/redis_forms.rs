//! A cluster and a master behind a sentinel.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ferrule_testkit::{Redis, free_port, wait_until};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::handshake::{Durability, Store, StoreError, Ttl};

const HOUR: Duration = Duration::from_hours(1);

/// A `redis-server` in a form that the kit does not start, ended on drop.
struct Server {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Server {
    fn start(settings: impl Fn(u16) -> String, mode: &str) -> Self {
        let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
        let file = folder.path().join("redis.conf");
        let directory = folder.path().display();
        std::fs::write(
            &file,
            format!(
                "bind 127.0.0.1\nport {port}\ndir {directory}\n{}\n",
                settings(port)
            ),
        )
        .unwrap();
        let mut command = Command::new("redis-server");
        command
            .arg(&file)
            .arg(mode)
            .stdout(Stdio::null())
            .current_dir(folder.path());
        let server = Self {
            process: command.spawn().unwrap(),
            port,
            _folder: folder,
        };
        wait_until("redis-server listens", Duration::from_secs(10), || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        server
    }

    fn cli(&self, words: &[&str]) -> String {
        let port = self.port.to_string();
        let output = Command::new("redis-cli")
            .args(["-p", &port])
            .args(words)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn works(url: String) {
    let store = Store::redis(&SecretString::from(url)).await.unwrap();
    store.ping().await.unwrap();
    let mut changes = JoinSet::new();
    for n in 0..16_u8 {
        let store = store.clone();
        changes.spawn(async move {
            let key = format!("handshake:{n}");
            store
                .put(&key, b"first", HOUR, Durability::Process)
                .await
                .unwrap();
            let new = [n];
            let change =
                store.compare_and_set(&key, Some(b"first"), Some(&new), Ttl::Keep, Durability::Process);
            assert!(change.await.unwrap());
            assert!(
                !store
                    .put_if_absent(&key, b"late", HOUR, Durability::Process)
                    .await
                    .unwrap()
            );
            assert_eq!(store.get(&key).await.unwrap().unwrap(), [n]);
            store.delete(&key).await.unwrap();
        });
    }
    changes.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_serves_as_one_server_does() {
    let nodes: Vec<_> = (0..2)
        .map(|_| Server::start(|_| "cluster-enabled yes\nsave \"\"".to_owned(), "--appendonly no"))
        .collect();
    nodes[0].cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "8191"]);
    nodes[1].cli(&["CLUSTER", "ADDSLOTSRANGE", "8192", "16383"]);
    nodes[0].cli(&["CLUSTER", "MEET", "127.0.0.1", &nodes[1].port.to_string()]);
    wait_until("the cluster is whole", Duration::from_secs(30), || {
        nodes
            .iter()
            .all(|node| node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok"))
            && nodes
                .iter()
                .all(|node| node.cli(&["CLUSTER", "NODES"]).matches("connected").count() == 2)
    });
    works(format!(
        "redis+cluster://127.0.0.1:{},127.0.0.1:{}",
        nodes[0].port, nodes[1].port
    ))
    .await;

    nodes[1].cli(&["CONFIG", "SET", "maxmemory-policy", "volatile-lru"]);
    let url = format!("redis+cluster://127.0.0.1:{}", nodes[0].port);
    let error = Store::redis(&url.into()).await.unwrap_err().to_string();
    assert!(error.contains("volatile-lru"), "each node is asked: {error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sentinel_tells_where_the_master_is() {
    let master = Redis::start();
    let monitor = format!("sentinel monitor main 127.0.0.1 {} 1", master.port());
    let sentinel = Server::start(|_| monitor.clone(), "--sentinel");
    works(format!("redis+sentinel://127.0.0.1:{}/main", sentinel.port)).await;

    // The sentinels name another master: the broken connection is not opened to the old one.
    let next = Redis::start();
    let url = format!("redis+sentinel://127.0.0.1:{}/main", sentinel.port);
    let store = Store::redis(&url.into()).await.unwrap();
    sentinel.cli(&["SENTINEL", "REMOVE", "main"]);
    sentinel.cli(&[
        "SENTINEL",
        "MONITOR",
        "main",
        "127.0.0.1",
        &next.port().to_string(),
        "1",
    ]);
    drop(master);
    store
        .put("handshake:next", b"value", HOUR, Durability::Process)
        .await
        .unwrap();
    assert!(String::from_utf8(next.dump()).unwrap().contains("handshake:next"));
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
