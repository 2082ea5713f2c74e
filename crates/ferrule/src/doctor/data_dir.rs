//! The data directory of the embedded form: whose it is, and who may read it.

use std::fs::{self, OpenOptions};
use std::path::Path;

use ferrule_service::settings::Layers;

use super::report::Finding;
use crate::data_dir::{database_file, key_ring_file};

const CHECK: &str = "data directory";

pub(super) fn look(layers: &Layers) -> Vec<Finding> {
    let Ok(Some(path)) = layers.path("FERRULE_DATA_DIR") else {
        return Vec::new();
    };
    let shown = path.display();
    let Ok(about) = fs::metadata(&path) else {
        return vec![Finding::ok(
            CHECK,
            format!("{shown} is not there yet: the first start makes it"),
        )];
    };
    if !about.is_dir() {
        let remedy = "name another in FERRULE_DATA_DIR";
        return vec![Finding::wrong(CHECK, format!("{shown} is no directory"), remedy)];
    }
    let mut found = vec![in_use(&path)];
    if others_may(&about) {
        let what = format!("other users of this machine may look into {shown}");
        found.push(Finding::warn(CHECK, what, format!("chmod 700 {shown}")));
    }
    let ring = key_ring_file(&path);
    match fs::metadata(&ring) {
        Ok(about) if others_may(&about) => {
            let what = format!("other users of this machine may read {}", ring.display());
            found.push(Finding::wrong(
                CHECK,
                what,
                format!("chmod 600 {}", ring.display()),
            ));
        }
        Err(_) if layers.source("FERRULE_MASTER_KEYS").is_none() && database_file(&path).exists() => {
            let what = format!("{} is missing, and the database is under it", ring.display());
            found.push(Finding::wrong(
                CHECK,
                what,
                "put it back from its backup, or set FERRULE_MASTER_KEYS",
            ));
        }
        Ok(_) | Err(_) => {}
    }
    found
}

/// Whether a Ferrule runs on it; the lock is only tried, and not kept.
fn in_use(path: &Path) -> Finding {
    let shown = path.display();
    let lock = path.join("lock");
    if !lock.exists() {
        return Finding::ok(CHECK, format!("{shown} has not been used yet"));
    }
    match OpenOptions::new().write(true).open(&lock) {
        Ok(lock) if lock.try_lock().is_err() => Finding::ok(CHECK, format!("{shown}, a Ferrule runs on it")),
        Ok(_) => Finding::ok(CHECK, format!("{shown}, no Ferrule runs on it")),
        Err(error) => Finding::wrong(
            CHECK,
            format!("{} cannot be written: {error}", lock.display()),
            "run Ferrule, and this, as the directory's owner",
        ),
    }
}

#[cfg(unix)]
fn others_may(about: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    about.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn others_may(_: &fs::Metadata) -> bool {
    false
}
