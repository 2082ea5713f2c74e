//! What stands before several replicas: TCP connections, each to one of them in turn.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Passes bytes on as they are. A connection stays with its replica; one that cannot be reached is passed over.
pub struct Balancer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    replicas: Vec<String>,
    /// The replicas that get no new connections.
    resting: Mutex<Vec<usize>>,
    next: AtomicUsize,
    over: AtomicBool,
}

impl Balancer {
    /// Listens on a port of its own for the replicas at these `host:port`s.
    pub fn over(replicas: impl IntoIterator<Item = String>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
        let address = listener.local_addr().expect("the address of a listener");
        let shared = Arc::new(Shared {
            replicas: replicas.into_iter().collect(),
            resting: Mutex::default(),
            next: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if accepting.over.load(Ordering::SeqCst) {
                    break;
                }
                let shared = Arc::clone(&accepting);
                thread::spawn(move || shared.pass_on(&client));
            }
        });
        Self { address, shared }
    }

    /// `127.0.0.1:port`
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// New connections go elsewhere from now on, as when an orchestrator is about to stop a replica; or they come again.
    pub fn rest(&self, replica: usize, rests: bool) {
        let mut resting = self.shared.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.retain(|known| *known != replica);
        if rests {
            resting.push(replica);
        }
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // Wakes the listening thread, which then ends.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    /// Without a replica the client's connection is closed.
    fn pass_on(&self, client: &TcpStream) {
        let Some(replica) = self.connect() else { return };
        let _ = client.set_nodelay(true);
        let _ = replica.set_nodelay(true);
        thread::scope(|scope| {
            scope.spawn(|| copy(client, &replica));
            copy(&replica, client);
        });
    }

    fn connect(&self) -> Option<TcpStream> {
        let count = self.replicas.len();
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let resting = self
            .resting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let turns = (first..first + count).map(|turn| turn % count);
        turns
            .filter(|replica| !resting.contains(replica))
            .find_map(|replica| TcpStream::connect(&self.replicas[replica]).ok())
    }
}

/// One direction, up to its end, which is passed on too.
fn copy(mut from: &TcpStream, mut to: &TcpStream) {
    let ended = io::copy(&mut from, &mut to);
    let how = if ended.is_ok() {
        Shutdown::Write
    } else {
        Shutdown::Both
    };
    let _ = to.shutdown(how);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Behaviour, HttpClient, TokenEndpoint, free_port};

    #[test]
    fn each_connection_goes_to_the_next_that_is_there() {
        let vendors = [(), ()].map(|()| TokenEndpoint::start(Behaviour::default()));
        let of = |vendor: &TokenEndpoint| {
            let url = vendor.url("");
            url.trim_start_matches("http://").trim_end_matches('/').to_owned()
        };
        let nobody = format!("127.0.0.1:{}", free_port());
        let balancer = Balancer::over([of(&vendors[0]), nobody, of(&vendors[1])]);
        let call = || HttpClient::new().get(&format!("http://{}/", balancer.address()), &[]);
        let seen = || vendors.each_ref().map(|vendor| vendor.requests().len());
        for _ in 0..6 {
            assert_eq!(call().status, 200);
        }
        assert_eq!(seen(), [2, 4]);
        balancer.rest(2, true);
        for _ in 0..3 {
            assert_eq!(call().status, 200);
        }
        assert_eq!(seen(), [5, 4]);
        balancer.rest(2, false);
        call();
        call();
        assert_eq!(seen(), [6, 5]);
    }
}
