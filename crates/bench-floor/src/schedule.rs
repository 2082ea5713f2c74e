//! The registry's own schedule: when is something due, and give me a hundred of it. Among many rows that are not.

use std::time::{Duration, Instant};

use anyhow::ensure;
use ferrule_instance_registry::store::{Store, StoreOptions};
use ferrule_model::ConnectorKey;
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

/// Prints the median microseconds of the due-query and of a claim.
#[expect(clippy::print_stdout, reason = "whoever measures reads it there")]
pub(crate) async fn measure(database: &str, claims: usize) -> anyhow::Result<()> {
    let store = open(database).await?;
    let connector: ConnectorKey = BUSY.parse()?;
    let (mut asked, mut claimed) = (Vec::new(), Vec::new());
    for turn in 0..=claims {
        let start = Instant::now();
        let schedule = store.next_due().await?;
        let ask = start.elapsed();
        ensure!(
            schedule
                .iter()
                .any(|due| due.connector == connector && due.due_in.is_zero()),
            "nothing is due any more: fill anew"
        );
        let start = Instant::now();
        let rows = store.claim_due(&connector, "bench", CLAIM).await?;
        let claim = start.elapsed();
        ensure!(
            rows.len() == CLAIM as usize,
            "only {} rows were claimed",
            rows.len()
        );
        // The first turn prepares the statements.
        if turn > 0 {
            asked.push(ask);
            claimed.push(claim);
        }
    }
    println!("{} {}", median(asked).as_micros(), median(claimed).as_micros());
    Ok(())
}

async fn open(database: &str) -> anyhow::Result<Store> {
    let url = SecretString::from(database);
    Ok(Store::open(&url, &StoreOptions::default()).await?)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
