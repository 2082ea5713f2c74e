//! One suite, run against the embedded file and a real Redis: one server, a cluster, sentinels.

mod embedded_file;
mod exchange_marks;
mod handshake_verbs;
mod redis_forms;
mod redis_server;
mod redis_tls;
mod secrecy_at_rest;
mod stores;
mod world;

pub(crate) use world::ManualClock;

/// Makes a test of each named function, once for either store; and `whole_suite`, which runs them one after another in
/// worlds that share servers.
macro_rules! on_both_stores {
    ($($name:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name($crate::handshake::tests::world::World::embedded().await).await; })+
        }
        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name($crate::handshake::tests::world::World::redis().await).await; })+
        }
        pub(super) async fn whole_suite(shared: &$crate::handshake::tests::world::Shared) {
            $($name($crate::handshake::tests::world::World::on(shared).await).await;)+
        }
    };
}
use on_both_stores;
