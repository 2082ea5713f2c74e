//! Keeping a login that has begun: 200 bytes into Redis under a random state, and the URL that carries it.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use redis::aio::MultiplexedConnection;
use url::Url;

const LIFETIME_SECONDS: u64 = 600;

/// The store; clones share its connection.
#[derive(Clone)]
pub(crate) struct Handshakes(MultiplexedConnection);

impl Handshakes {
    pub(crate) async fn open(redis: &str) -> anyhow::Result<Self> {
        let client = redis::Client::open(redis)?;
        Ok(Self(client.get_multiplexed_async_connection().await?))
    }

    /// Begins a login: where the user is sent.
    pub(crate) async fn begin(&self, user: &str) -> anyhow::Result<String> {
        let state = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let record = format!(
            "{{\"connector\":\"intercom\",\"user\":\"{user}\",\
             \"verifier\":\"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk\",\
             \"redirect\":\"http://127.0.0.1:3000/done\",\"scopes\":[\"read_users\",\"write_users\"],\
             \"began\":1700000000}}"
        );
        let mut connection = self.0.clone();
        let kept: Option<String> = redis::cmd("SET")
            .arg(format!("state:{state}"))
            .arg(record)
            .arg("NX")
            .arg("EX")
            .arg(LIFETIME_SECONDS)
            .query_async(&mut connection)
            .await?;
        anyhow::ensure!(kept.is_some(), "a random state was there already");
        authorization_url(&state)
    }
}

fn authorization_url(state: &str) -> anyhow::Result<String> {
    let mut url = Url::parse("https://app.intercom.io/oauth")?;
    url.query_pairs_mut()
        .append_pair("scope", "read_users write_users")
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", "http://127.0.0.1:8080/oauth/callback/intercom")
        .append_pair("state", state)
        .append_pair("client_id", "client-1234567890");
    Ok(url.into())
}

/// HTTP in front of the store, in one process.
pub(crate) async fn routes(redis: &str) -> anyhow::Result<Router> {
    let handshakes = Handshakes::open(redis).await?;
    let begin = async |Path(user): Path<String>, State(handshakes): State<Handshakes>| {
        let url = handshakes.begin(&user).await;
        url.map_err(|error| (StatusCode::BAD_GATEWAY, error.to_string()))
    };
    Ok(Router::new()
        .route("/url/{user}", get(begin))
        .with_state(handshakes))
}
