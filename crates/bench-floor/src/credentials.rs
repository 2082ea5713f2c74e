//! Sealed tokens in PostgreSQL: a row by its primary key, opened.

use anyhow::{Context as _, anyhow};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

/// How many rows there are.
pub(crate) const ROWS: i64 = 10_000;

const CONNECTIONS: u32 = 8;
const TOKEN_LENGTH: usize = 472;

/// The rows and the key that opens them.
pub(crate) struct Credentials {
    database: PgPool,
    key: LessSafeKey,
}

impl Credentials {
    /// Opens the database and fills its table, if that is not there yet.
    pub(crate) async fn open(database: &str) -> anyhow::Result<Self> {
        let database = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .test_before_acquire(false)
            .connect(database)
            .await?;
        let key = UnboundKey::new(&AES_256_GCM, &[7; 32]).map_err(|_| anyhow!("a key of 32 bytes"))?;
        let credentials = Self {
            database,
            key: LessSafeKey::new(key),
        };
        credentials.fill().await?;
        Ok(credentials)
    }

    async fn fill(&self) -> anyhow::Result<()> {
        sqlx::query(
            "CREATE TABLE IF NOT EXISTS credentials (id BIGINT PRIMARY KEY, sealed BYTEA NOT NULL, expires_at BIGINT)",
        )
        .execute(&self.database)
        .await?;
        sqlx::query(
            "INSERT INTO credentials SELECT id, $1, 0 FROM generate_series(1, $2) id ON CONFLICT DO NOTHING",
        )
        .bind(self.seal(&"t".repeat(TOKEN_LENGTH))?)
        .bind(ROWS)
        .execute(&self.database)
        .await?;
        sqlx::query("ANALYZE credentials").execute(&self.database).await?;
        Ok(())
    }

    /// The token of a row.
    pub(crate) async fn token(&self, id: i64) -> anyhow::Result<String> {
        let (sealed, _): (Vec<u8>, i64) =
            sqlx::query_as("SELECT sealed, expires_at FROM credentials WHERE id = $1")
                .bind(id)
                .fetch_one(&self.database)
                .await?;
        self.open_sealed(sealed)
    }

    fn seal(&self, token: &str) -> anyhow::Result<Vec<u8>> {
        let nonce = rand::random::<[u8; NONCE_LEN]>();
        let mut sealed = token.as_bytes().to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(b"floor"),
                &mut sealed,
            )
            .map_err(|_| anyhow!("sealing failed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn open_sealed(&self, mut sealed: Vec<u8>) -> anyhow::Result<String> {
        let (nonce, text) = sealed
            .split_first_chunk_mut::<NONCE_LEN>()
            .context("a row without a nonce")?;
        let token = self
            .key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(b"floor"), text)
            .map_err(|_| anyhow!("a row that does not open"))?;
        Ok(std::str::from_utf8(token)?.to_owned())
    }
}
