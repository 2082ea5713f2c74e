//! The broker over its gRPC surface, with vendors on loopback, the embedded file and a real Redis.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod another_ring;
mod answers_kept;
mod authorization_url;
mod authorize_refusals;
mod callback;
mod callback_refusals;
mod certified_vendor;
mod claim_refusals;
mod connectors;
mod denial;
mod discovery;
mod exchange_failures;
mod hostile_input;
mod once;
mod pkce;
mod process;
mod quirks;
mod refresh;
mod refresh_journal;
mod refresh_once;
mod refresh_verdicts;
mod refreshing;
mod requests;
mod returned_values;
mod revoke;
mod secrecy;
mod shipped_connectors;
mod states;
mod store_away;
mod token_request;
mod vendor_words;
mod without_user;
mod world;

/// Makes a test of each named function, once for either store.
macro_rules! on_both_stores {
    ($($name:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() { super::$name($crate::world::World::embedded().await).await; })+
        }
        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() { super::$name($crate::world::World::redis().await).await; })+
        }
    };
}
use on_both_stores;
