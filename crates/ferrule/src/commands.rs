//! What an operator can ask of `ferrule` besides running.

use std::path::Path;

use anyhow::{Context as _, bail};
use ferrule_instance_registry::rotate_keys;
use ferrule_instance_registry::store::{Store, StoreOptions};
use ferrule_model::{Chance, Clock};
use ferrule_seal::KeyRing;
use ferrule_service::Start;
use ferrule_service::settings::Layers;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::data_dir::key_ring_file;
use crate::embedded::database_url;
use crate::{cluster_secrets, connectors, doctor};

pub(crate) const DOCTOR: &str = "doctor";
pub(crate) const KEYS_NEW: &str = "keys new";
pub(crate) const KEYS_ROTATE: &str = "keys rotate";
pub(crate) const SECRETS: &str = "secrets";

/// Does what these words ask for.
pub(crate) async fn run(words: &str, start: &Start) -> anyhow::Result<()> {
    let layers = &start.layers;
    match (words, start.arguments.as_slice()) {
        (DOCTOR, arguments) => doctor::run(arguments, layers).await,
        (KEYS_NEW, [id]) => new_key(id),
        (KEYS_ROTATE, []) => rotate(layers).await,
        (SECRETS, [directory]) => lay_out_secrets(Path::new(directory), layers),
        (_, arguments) if words.starts_with("connectors ") => tokio::select! {
            outcome = connectors::run(words, arguments, layers) => outcome,
            // Whoever is asked a question may leave.
            () = start.shutdown.cancelled() => bail!("ended unfinished"),
        },
        _ => bail!("{words} is not known"),
    }
}

fn new_key(id: &str) -> anyhow::Result<()> {
    let text = KeyRing::generate(&Chance::system(), id);
    KeyRing::parse(&text).context("this id cannot be used")?;
    print(text.expose_secret());
    Ok(())
}

/// Beside a running Ferrule: the database is brought under the first key by compare-and-set.
async fn rotate(layers: &Layers) -> anyhow::Result<()> {
    let ring = KeyRing::parse(&key_ring_text(layers)?).context("FERRULE_MASTER_KEYS")?;
    let store = Store::open(&database_url(layers)?, &StoreOptions::default()).await?;
    let rotation = rotate_keys(&store, &ring, &Chance::system()).await?;
    print(&format!(
        "{} data keys are now under key {:?}, {} were already. Keep the old keys in the ring for 7 more days.",
        rotation.rewrapped,
        ring.sealing_key_id(),
        rotation.current
    ));
    Ok(())
}

fn lay_out_secrets(directory: &Path, layers: &Layers) -> anyhow::Result<()> {
    let url = layers.url("FERRULE_PUBLIC_URL")?;
    let url = url.as_deref().map(Url::parse).transpose()?;
    let host = url.as_ref().and_then(Url::host_str);
    cluster_secrets::lay_out(directory, host, &Chance::system(), Clock::system().now())?;
    print(&format!(
        "{}: every service has what it needs; what a caller needs is in operator/",
        directory.display()
    ));
    Ok(())
}

/// The ring that is set, or the one in the data directory.
pub(crate) fn key_ring_text(layers: &Layers) -> anyhow::Result<SecretString> {
    if let Some(text) = layers.secret("FERRULE_MASTER_KEYS")? {
        return Ok(text);
    }
    let file = key_ring_file(&layers.required("FERRULE_DATA_DIR", Layers::path)?);
    let text =
        std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(text.into())
}

fn print(line: &str) {
    ferrule_service::say(&format!("{line}\n"));
}
