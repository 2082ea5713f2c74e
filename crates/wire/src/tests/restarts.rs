//! Replicas come and go.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use tonic::Code;

use super::replica::{Counting, Replica, create, identify};
use crate::{Transport, connect, is_serving};

/// Addresses that a name resolves to at the moment.
type Zone = Arc<Mutex<Vec<SocketAddr>>>;

fn named(zone: &Zone) -> Transport {
    let zone = Arc::clone(zone);
    let resolve = Arc::new(move |_, _| {
        let zone = Arc::clone(&zone);
        async move { Ok(zone.lock().unwrap().clone()) }.boxed()
    });
    Transport::resolved_by(resolve, "dns:///registry.example.com:7002", None)
}

/// An address of this machine that no other test has.
fn at(last: u8) -> SocketAddr {
    (Ipv4Addr::new(127, 0, 7, last), 0).into()
}

/// The numbers of those who answered calls, until there are so many different ones.
async fn who_answers(transport: &Transport, wanted: &[i64]) {
    let wait = async {
        loop {
            let mut heard = Vec::new();
            for _ in 0..6 {
                heard.push(identify(transport).await.unwrap());
            }
            heard.sort_unstable();
            heard.dedup();
            if heard == wanted {
                return;
            }
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(10), wait).await;
    assert!(in_time.is_ok(), "not answered by {wanted:?}");
}

#[tokio::test]
async fn every_address_of_a_name_is_called_and_those_that_it_loses_are_not() {
    let [one, two, three] = [1, 2, 3].map(Counting::new);
    let replicas =
        [(11, &one), (12, &two), (13, &three)].map(|(last, service)| Replica::start(at(last), service));
    let zone: Zone = Arc::new(Mutex::new(vec![replicas[0].address, replicas[1].address]));
    let transport = named(&zone);
    who_answers(&transport, &[1, 2]).await;

    *zone.lock().unwrap() = vec![replicas[1].address, replicas[2].address];
    who_answers(&transport, &[2, 3]).await;
    // A name that is unknown for a moment changes nothing.
    zone.lock().unwrap().clear();
    who_answers(&transport, &[2, 3]).await;
}

#[tokio::test]
async fn several_urls_are_replicas_too() {
    let [one, two] = [1, 2].map(Counting::new);
    let replicas = [Replica::start(at(21), &one), Replica::start(at(22), &two)];
    let urls = format!("http://{}, http://{}", replicas[0].address, replicas[1].address);
    let transport = connect(&urls, None, Duration::from_secs(5)).unwrap();
    who_answers(&transport, &[1, 2]).await;
}

#[tokio::test]
async fn a_rolling_restart_under_load_loses_no_call() {
    let service = Counting::new(1);
    let mut replicas = [31, 32].map(|last| Some(Replica::start(at(last), &service)));
    let addresses = replicas
        .each_ref()
        .map(|replica| replica.as_ref().unwrap().address);
    let zone: Zone = Arc::new(Mutex::new(addresses.to_vec()));
    let transport = named(&zone);
    let (over, failed, made) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(Mutex::new(Vec::new())),
        Arc::new(AtomicUsize::new(0)),
    );
    let callers: Vec<_> = (0..32)
        .map(|_| {
            let (transport, over, failed, made) = (
                transport.clone(),
                Arc::clone(&over),
                Arc::clone(&failed),
                Arc::clone(&made),
            );
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    // What may not be repeated: a call that was cut would fail.
                    if let Err(status) = create(&transport).await {
                        failed.lock().unwrap().push(status);
                    }
                    made.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for _ in 0..5 {
        for (replica, address) in replicas.iter_mut().zip(addresses) {
            replica.take().unwrap().stop().await;
            *replica = Some(Replica::start(address, &service));
            let before = made.load(Ordering::Relaxed);
            // The next one follows when this one serves, as an orchestrator waits for readiness.
            let alone = connect(&format!("http://{address}"), None, Duration::from_secs(5)).unwrap();
            while is_serving(alone.clone()).await.is_err() || made.load(Ordering::Relaxed) < before + 200 {}
        }
    }
    over.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }
    let failed = failed.lock().unwrap();
    assert!(
        failed.is_empty(),
        "{} of {made:?}: {:?}",
        failed.len(),
        failed.first()
    );
    assert_eq!(
        service.calls(),
        made.load(Ordering::Relaxed),
        "each call was made once"
    );
}

#[tokio::test]
async fn a_call_that_may_have_been_answered_is_repeated_only_if_that_changes_nothing() {
    let (first, second) = (Counting::holding(1), Counting::new(2));
    let killed = Replica::start(at(41), &first);
    let zone: Zone = Arc::new(Mutex::new(vec![killed.address]));
    let transport = named(&zone);
    let [read, write] = [
        tokio::spawn({
            let transport = transport.clone();
            async move { identify(&transport).await }
        }),
        tokio::spawn({
            let transport = transport.clone();
            async move { create(&transport).await }
        }),
    ];
    first.reached(2).await;
    let other = Replica::start(at(42), &second);
    zone.lock().unwrap().push(other.address);
    killed.kill();
    assert_eq!(read.await.unwrap().unwrap(), 2);
    assert_eq!(write.await.unwrap().unwrap_err().code(), Code::Unavailable);
    assert_eq!((first.calls(), second.calls()), (2, 1));
}

#[tokio::test]
async fn whoever_is_called_again_is_found_again() {
    let service = Counting::new(1);
    let replica = Replica::start(at(51), &service);
    let address = replica.address;
    let transport = connect(&format!("http://{address}"), None, Duration::from_secs(5)).unwrap();
    assert_eq!(create(&transport).await.unwrap(), 1);
    replica.stop().await;
    assert_eq!(create(&transport).await.unwrap_err().code(), Code::Unavailable);
    let _replica = Replica::start(address, &service);
    assert_eq!(create(&transport).await.unwrap(), 1);
}
