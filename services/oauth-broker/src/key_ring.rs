//! The key ring in force: read anew from its file, so that a rotation needs no restart.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ferrule_seal::KeyRing;
use tokio::sync::watch;

const INTERVAL: Duration = Duration::from_secs(30);

/// The ring, and what its file holds later on. Without a file it never changes.
///
/// A file that cannot be read or used leaves the ring in force as it is. Following ends with the last receiver.
pub fn follow(ring: KeyRing, file: Option<PathBuf>) -> watch::Receiver<Arc<KeyRing>> {
    let (sender, receiver) = watch::channel(Arc::new(ring));
    if let Some(file) = file {
        tokio::spawn(async move {
            while tokio::time::timeout(INTERVAL, sender.closed()).await.is_err() {
                let read = tokio::fs::read_to_string(&file)
                    .await
                    .map_err(anyhow::Error::from);
                match read.and_then(|text| Ok(KeyRing::parse(&text.into())?)) {
                    Ok(ring) => {
                        sender.send_replace(Arc::new(ring));
                    }
                    Err(error) => {
                        tracing::error!(%error, "the key ring's file cannot be used; the old ring stays");
                    }
                }
            }
        });
    }
    receiver
}
