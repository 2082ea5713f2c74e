//! What `cargo xtask bench` compares Ferrule with: the same shapes, built with the same profile, with nothing in them.
//! No authentication, no limits, no logs. One program, a word for each shape.

mod broker;
mod collector;
mod credentials;
mod gateway;
mod handshake;
mod proxy;
mod schedule;
mod serve;
mod upstream;

use anyhow::bail;

const USAGE: &str = "one of:
  upstream LISTEN
  redis LISTEN REDIS_URL
  broker LISTEN REDIS_URL DATABASE_URL
  gateway LISTEN BROKER_URL
  collector LISTEN
  proxy LISTEN BROKER_URL UPSTREAM
  schedule-fill DATABASE_URL ROWS DUE
  schedule DATABASE_URL < CLAIMS";

mod wire {
    //! The floors' own messages.
    #![expect(clippy::allow_attributes, clippy::pedantic, reason = "generated")]
    tonic::include_proto!("ferrule.bench.v1");
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["upstream", listen] => serve::serve(listen, upstream::routes()).await,
        ["redis", listen, redis] => serve::serve(listen, handshake::routes(redis).await?).await,
        ["broker", listen, redis, database] => broker::run(listen, redis, database).await,
        ["collector", listen] => collector::run(listen).await,
        ["gateway", listen, broker] => serve::serve(listen, gateway::routes(broker).await?).await,
        ["proxy", listen, broker, upstream] => {
            serve::serve(listen, proxy::routes(broker, upstream).await?).await
        }
        ["schedule-fill", database, rows, due] => schedule::fill(database, rows.parse()?, due.parse()?).await,
        ["schedule", database] => schedule::measure(database).await,
        _ => bail!("{USAGE}"),
    }
}
