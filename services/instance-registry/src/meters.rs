//! What the registry counts: refreshes, how late they are, and the use of its connections.

use std::time::Duration;

use ferrule_model::ConnectorKey;

use crate::state::Registry;
use crate::store::STATEMENT_SECONDS;

const CLAIMED: &str = "ferrule_refreshes_due_total";
const ENDED: &str = "ferrule_refreshes_total";
const LATE: &str = "ferrule_refresh_lag_seconds";
const CONNECTIONS: &str = "ferrule_database_connections";

/// How often the connections are counted.
const INTERVAL: Duration = Duration::from_secs(5);

/// So many instances of this connector were due and taken by this process.
pub(crate) fn due(connector: &ConnectorKey, count: usize) {
    let count = u64::try_from(count).unwrap_or_default();
    metrics::counter!(CLAIMED, "connector" => connector.to_string()).increment(count);
}

/// A refresh has ended so.
pub(crate) fn refresh_ended(connector: &ConnectorKey, outcome: &'static str) {
    metrics::counter!(ENDED, "connector" => connector.to_string(), "outcome" => outcome).increment(1);
}

/// How long the instance that waits longest has been due.
pub(crate) fn lag(longest: Duration) {
    metrics::gauge!(LATE).set(longest.as_secs_f64());
}

/// Counts the connections to the database until the registry stops.
pub(crate) async fn watch_connections(registry: Registry) {
    loop {
        let (open, idle) = registry.store.connections();
        metrics::gauge!(CONNECTIONS, "state" => "idle").set(f64::from(idle));
        metrics::gauge!(CONNECTIONS, "state" => "used").set(f64::from(open.saturating_sub(idle)));
        if tokio::time::timeout(INTERVAL, registry.stopping.cancelled())
            .await
            .is_ok()
        {
            return;
        }
    }
}

/// What stands above each metric of the registry.
pub(crate) fn describe() {
    metrics::describe_counter!(
        CLAIMED,
        "Instances that were due and whose refresh this process began."
    );
    metrics::describe_counter!(ENDED, "Refreshes that have ended, by outcome.");
    metrics::describe_gauge!(
        LATE,
        "How long the instance that waits longest for its refresh has been due."
    );
    metrics::describe_gauge!(CONNECTIONS, "Connections to the database, used and idle.");
    metrics::describe_histogram!(STATEMENT_SECONDS, "Statements, with the wait for a connection.");
}
