//! Redis: reachable, evicting nothing, keeping what it acknowledged, in step.

use ferrule_model::Clock;
use ferrule_oauth_broker::handshake::{Store, StoreError};
use ferrule_service::settings::Layers;

use super::report::Finding;

const CHECK: &str = "redis";

/// Nothing where none is set: the embedded form keeps a file instead.
pub(super) async fn look(layers: &Layers, clock: &Clock) -> Vec<Finding> {
    let Ok(Some(url)) = layers.secret("FERRULE_REDIS_URL") else {
        return Vec::new();
    };
    let found = match Store::look_at_redis(&url, clock).await {
        Ok(found) => found,
        Err(error) => return vec![Finding::wrong(CHECK, error.to_string(), remedy(&error))],
    };
    let at = &found.shown;
    let kept = match found.append_only {
        Some(true) => Finding::ok(CHECK, format!("{at} answers, noeviction, appendonly")),
        Some(false) => Finding::warn(
            CHECK,
            format!("{at} keeps no append-only file: after a crash a code might be sent twice"),
            "CONFIG SET appendonly yes, and the same in redis.conf",
        ),
        None => Finding::warn(
            CHECK,
            format!("{at} does not tell whether it keeps an append-only file"),
            "allow INFO persistence, or see that appendonly is yes",
        ),
    };
    let clock = found.clock.map_or_else(
        || {
            Finding::warn(
                "redis's clock",
                "it does not tell",
                "allow TIME, or keep the machines in step by NTP",
            )
        },
        |(theirs, ours)| Finding::of_clock("redis's clock", theirs, ours),
    );
    vec![kept, clock]
}

fn remedy(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable { .. } => "start it, or correct FERRULE_REDIS_URL and what lies between",
        StoreError::Refused { .. } => "correct the credentials in FERRULE_REDIS_URL, or what they may do",
        StoreError::Evicts { .. } => "CONFIG SET maxmemory-policy noeviction, and the same in redis.conf",
        StoreError::Address(_) => "write redis://[user:password@]host[:port][/db]",
    }
}
