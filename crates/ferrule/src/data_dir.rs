//! The data directory: one owner, and the secrets that were made once and are kept there.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use ferrule_model::Chance;
use ferrule_seal::KeyRing;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

/// The first key's name in a ring that is made here.
const FIRST_KEY: &str = "k1";

/// Where the embedded form keeps its state. Held for as long as the process runs.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    /// An OS lock, gone with the process whatever ends it.
    _lock: File,
}

impl DataDir {
    /// Creates the directory where needed, and makes sure that no other process uses it.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let at = || format!("FERRULE_DATA_DIR: {} cannot be used", path.display());
        fs::create_dir_all(path).with_context(at)?;
        only_ours(path, 0o700).with_context(at)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"))
            .with_context(at)?;
        if lock.try_lock().is_err() {
            bail!(
                "FERRULE_DATA_DIR: another Ferrule runs on {}: stop it or set another directory",
                path.display()
            );
        }
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// The directory.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The key ring's text, made at the first start. A database without it is lost: that is said, not mended.
    pub(crate) fn key_ring(&self, chance: &Chance) -> anyhow::Result<SecretString> {
        let (file, database) = (key_ring_file(&self.path), database_file(&self.path));
        if !file.exists() && database.exists() {
            bail!(
                "{} is missing, and without it {} cannot be opened: put the key file back, or set FERRULE_MASTER_KEYS",
                file.display(),
                database.display()
            );
        }
        read_or_make(&file, || KeyRing::generate(chance, FIRST_KEY))
    }

    /// The sandbox vendor's signing key, made at the first start, so that its tokens survive a restart.
    pub(crate) fn sandbox_key(&self, chance: &Chance) -> anyhow::Result<Zeroizing<[u8; 32]>> {
        let text = read_or_make(&self.path.join("sandbox-key"), || chance.hex_token())?;
        Ok(Zeroizing::new(
            *ferrule_model::Digest::of(text.expose_secret()).as_bytes(),
        ))
    }
}

/// Where the key ring lies when no variable names one.
pub(crate) fn key_ring_file(data_dir: &Path) -> PathBuf {
    data_dir.join("master-keys")
}

/// Where instances lie when no variable names a database.
pub(crate) fn database_file(data_dir: &Path) -> PathBuf {
    data_dir.join("ferrule.db")
}

/// Where handshakes lie when no variable names a Redis.
pub(crate) fn handshake_folder(data_dir: &Path) -> PathBuf {
    data_dir.join("handshakes")
}

fn read_or_make(file: &Path, make: impl FnOnce() -> SecretString) -> anyhow::Result<SecretString> {
    let at = || format!("{} cannot be used", file.display());
    match fs::read_to_string(file) {
        Ok(text) => return Ok(text.trim().to_owned().into()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(at),
    }
    let secret = make();
    // Written aside and renamed: a process that dies in between leaves no half of a key.
    let aside = file.with_extension("new");
    let mut writing = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .open(&aside)
        .with_context(at)?;
    only_ours(&aside, 0o600).with_context(at)?;
    writing
        .write_all(secret.expose_secret().as_bytes())
        .with_context(at)?;
    writing.write_all(b"\n").with_context(at)?;
    writing.sync_all().with_context(at)?;
    fs::rename(&aside, file).with_context(at)?;
    Ok(secret)
}

#[cfg(unix)]
fn only_ours(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn only_ours(_: &Path, _: u32) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_found_again_and_is_nobody_elses_to_read() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let chance = Chance::system();
        let made = DataDir::open(&path).unwrap().key_ring(&chance).unwrap();
        let found = DataDir::open(&path).unwrap().key_ring(&chance).unwrap();
        assert_eq!(made.expose_secret(), found.expose_secret());
        let permissions = fs::metadata(path.join("master-keys"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(permissions & 0o777, 0o600);
    }

    #[test]
    fn a_directory_has_one_owner() {
        let folder = tempfile::tempdir().unwrap();
        let _owner = DataDir::open(folder.path()).unwrap();
        let second = DataDir::open(folder.path()).unwrap_err();
        assert!(second.to_string().contains("another Ferrule runs"), "{second}");
    }

    #[test]
    fn a_database_without_its_keys_is_not_given_new_ones() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = DataDir::open(folder.path()).unwrap();
        fs::write(database_file(folder.path()), "").unwrap();
        let error = data_dir.key_ring(&Chance::system()).unwrap_err().to_string();
        assert!(error.contains("master-keys is missing"), "{error}");
    }
}
