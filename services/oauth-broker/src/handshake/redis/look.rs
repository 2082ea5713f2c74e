//! A look at Redis that changes nothing: for `ferrule doctor`.

use std::sync::Arc;

use ferrule_model::Clock;
use jiff::Timestamp;
use redis::cmd;
use tokio::time::timeout;

use super::{OPEN, RedisStore};
use crate::handshake::redis_address::RedisAddress;
use crate::handshake::store::StoreError;

/// What a Redis says of itself, once it answers and evicts nothing.
#[derive(Clone, Debug)]
pub struct RedisInspection {
    /// Where it is, without credentials.
    pub shown: String,
    /// Whether each node keeps an append-only file; `None`: it does not tell.
    pub append_only: Option<bool>,
    /// Its clock, and ours before and after it was asked; `None`: it does not tell.
    pub clock: Option<(Timestamp, [Timestamp; 2])>,
}

impl RedisStore {
    pub(in crate::handshake) async fn look(
        address: RedisAddress,
        clock: &Clock,
    ) -> Result<RedisInspection, StoreError> {
        let store = Self {
            shown: format!("Redis at {address}").into(),
            address: Arc::new(address),
            links: Arc::default(),
        };
        let looking = async {
            let mut connection = store.connect().await?;
            let append_only = connection.append_only().await;
            let before = clock.now();
            let theirs = cmd("TIME").query_async::<(i64, i64)>(&mut connection).await;
            let theirs = theirs.ok().and_then(|(seconds, micros)| {
                Timestamp::new(seconds, i32::try_from(micros).ok()? * 1000).ok()
            });
            Ok(RedisInspection {
                shown: store.address.to_string(),
                append_only,
                clock: theirs.map(|theirs| (theirs, [before, clock.now()])),
            })
        };
        let late = || store.unavailable(format!("no answer within {} s", OPEN.as_secs()));
        timeout(OPEN, looking).await.unwrap_or_else(|_| Err(late()))
    }
}
