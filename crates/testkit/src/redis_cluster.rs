//! A Redis Cluster: three masters, three replicas.

use std::time::Duration;

use crate::{Redis, Reply, free_port, wait_until};

const LIMIT: Duration = Duration::from_mins(1);
const MASTERS: usize = 3;
const SLOTS: usize = 16_384;

/// Six servers on loopback that share the slots; ended on drop.
pub struct RedisCluster {
    nodes: Vec<Redis>,
    tls_ports: Vec<u16>,
}

impl RedisCluster {
    /// Starts one that is whole: each slot has a master, each master a replica.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same, each server with these settings of `redis.conf`; with `tls-cert-file` among them they also speak TLS.
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        let tls = settings.iter().any(|(name, _)| *name == "tls-cert-file");
        let mut tls_ports = Vec::new();
        let nodes: Vec<Redis> = (0..2 * MASTERS)
            .map(|_| {
                let bus = free_port().to_string();
                let tls_port = free_port();
                let tls_port_text = tls_port.to_string();
                let mut all = vec![
                    ("cluster-enabled", "yes"),
                    ("cluster-port", bus.as_str()),
                    ("cluster-node-timeout", "1000"),
                    ("appendonly", "no"),
                ];
                all.extend(settings);
                if tls {
                    all.push(("tls-port", tls_port_text.as_str()));
                }
                tls_ports.push(tls_port);
                let node = Redis::start_with(&all);
                node.command(&["CONFIG", "SET", "cluster-announce-ip", "127.0.0.1"]);
                node
            })
            .collect();
        let cluster = Self { nodes, tls_ports };
        cluster.share_slots(&cluster.meet());
        cluster
    }

    /// The ports of all nodes, masters first.
    pub fn ports(&self) -> Vec<u16> {
        self.nodes.iter().map(Redis::port).collect()
    }

    /// The ports on which they speak TLS, in the same order.
    pub fn tls_ports(&self) -> &[u16] {
        &self.tls_ports
    }

    /// The nodes, masters first.
    pub fn nodes(&self) -> &[Redis] {
        &self.nodes
    }

    /// Ends a node as `kill -9` does.
    pub fn kill(&mut self, node: usize) {
        self.nodes[node].kill();
    }

    /// Removes every key.
    pub fn flush(&self) {
        for node in &self.nodes[..MASTERS] {
            node.command(&["FLUSHALL"]);
        }
    }

    /// Every key and every value of the masters.
    pub fn dump(&self) -> Vec<u8> {
        self.nodes[..MASTERS].iter().flat_map(Redis::dump).collect()
    }

    /// Waits until every living node calls the cluster whole.
    pub fn wait_until_whole(&self) {
        let says_whole = |node: &Redis| {
            let info = node.try_command(&["CLUSTER", "INFO"]);
            info.is_none_or(|info| text(info).contains("cluster_state:ok"))
        };
        wait_until("the cluster is whole", LIMIT, || {
            self.nodes.iter().all(says_whole)
        });
    }

    /// Each node's id.
    fn meet(&self) -> Vec<String> {
        let ids = self
            .nodes
            .iter()
            .map(|node| text(node.command(&["CLUSTER", "MYID"])));
        let ids: Vec<String> = ids.collect();
        for (epoch, node) in (1..).zip(&self.nodes) {
            node.command(&["CLUSTER", "SET-CONFIG-EPOCH", &u32::to_string(&epoch)]);
        }
        let [first, others @ ..] = &self.nodes[..] else {
            unreachable!("a cluster has nodes")
        };
        for other in others {
            let bus = text(other.command(&["CONFIG", "GET", "cluster-port"]));
            let bus = bus.trim_start_matches("cluster-port").to_owned();
            let port = other.port().to_string();
            first.command(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
        }
        wait_until("all nodes know each other", LIMIT, || {
            self.nodes.iter().all(|node| {
                let known = text(node.command(&["CLUSTER", "NODES"]));
                known.lines().filter(|line| line.contains(" connected")).count() == self.nodes.len()
                    && !known.contains("handshake")
            })
        });
        ids
    }

    fn share_slots(&self, ids: &[String]) {
        for (place, master) in self.nodes[..MASTERS].iter().enumerate() {
            let (first, next) = (place * SLOTS / MASTERS, (place + 1) * SLOTS / MASTERS);
            master.command(&[
                "CLUSTER",
                "ADDSLOTSRANGE",
                &first.to_string(),
                &(next - 1).to_string(),
            ]);
        }
        for (replica, master) in self.nodes[MASTERS..].iter().zip(ids) {
            replica.command(&["CLUSTER", "REPLICATE", master]);
        }
        self.wait_until_whole();
        wait_until("every replica follows its master", LIMIT, || {
            let followed =
                |master: &Redis| text(master.command(&["INFO", "replication"])).contains("state=online");
            self.nodes[..MASTERS].iter().all(followed)
        });
    }
}

fn text(reply: Reply) -> String {
    String::from_utf8_lossy(&reply.strings().concat()).into_owned()
}
