//! The registry's own schedule: when is something due, and give me a hundred of it. Among many rows that are not.

use std::io::BufRead as _;
use std::time::{Duration, Instant};

use anyhow::ensure;
use ferrule_instance_registry::store::{Filter, Store, StoreOptions};
use ferrule_model::{ConnectorKey, OrganizationId};
use secrecy::SecretString;
use sqlx::{Connection as _, PgConnection};

/// The connector that has instances that are due.
const BUSY: &str = "bench-0";

const CLAIM: u32 = 100;

/// Lays out the registry's tables and fills them: `due` rows of one connector are due, all others within the hour.
pub(crate) async fn fill(database: &str, rows: i64, due: i64) -> anyhow::Result<()> {
    open(database).await?.close().await;
    let mut connection = PgConnection::connect(database).await?;
    // One by one: VACUUM stands in no transaction.
    for statement in include_str!("schedule.sql").split_inclusive(";\n") {
        let statement = statement
            .replace(":rows", &rows.to_string())
            .replace(":due", &due.to_string());
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
            .execute(&mut connection)
            .await?;
    }
    Ok(())
}

/// For each line that comes in, claims that many times; prints the median microseconds of the due-query and of a claim.
///
/// All on one connection, which has seen every row before. A registry keeps its connections, and what a new one pays
/// once is not the schedule's price: its catalog caches are empty, and the kernel maps PostgreSQL's memory into the
/// connection's process only where that touches it, page by page, of which a large table has more.
#[expect(clippy::print_stdout, reason = "whoever measures reads it there")]
pub(crate) async fn measure(database: &str) -> anyhow::Result<()> {
    // Else workers see rows for it.
    let store = open(&format!("{database}?options[max_parallel_workers_per_gather]=0")).await?;
    let nobody = Filter {
        search: Some("nobody's name".to_owned()),
        ..Filter::default()
    };
    store.list(OrganizationId(1), &nobody, 1, None).await?;
    for line in std::io::stdin().lock().lines() {
        let (ask, claim) = visit(&store, line?.parse()?).await?;
        println!("{} {}", ask.as_micros(), claim.as_micros());
    }
    Ok(())
}

async fn visit(store: &Store, claims: u32) -> anyhow::Result<(Duration, Duration)> {
    let connector: ConnectorKey = BUSY.parse()?;
    let (mut asked, mut claimed) = (Vec::new(), Vec::new());
    for _ in 0..claims {
        let start = Instant::now();
        let schedule = store.next_due().await?;
        asked.push(start.elapsed());
        ensure!(
            schedule
                .iter()
                .any(|due| due.connector == connector && due.due_in.is_zero()),
            "nothing is due any more: fill anew"
        );
        let start = Instant::now();
        let rows = store.claim_due(&connector, "bench", CLAIM).await?;
        claimed.push(start.elapsed());
        ensure!(
            rows.len() == CLAIM as usize,
            "only {} rows were claimed",
            rows.len()
        );
    }
    Ok((median(asked), median(claimed)))
}

async fn open(database: &str) -> anyhow::Result<Store> {
    let one_connection = StoreOptions {
        connections: 1,
        ..StoreOptions::default()
    };
    Ok(Store::open(&SecretString::from(database), &one_connection).await?)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
