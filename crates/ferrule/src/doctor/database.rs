//! The database: reachable, of this version's schema, in step, and under this key ring.

use ferrule_instance_registry::store::{Schema, StoreError};
use ferrule_instance_registry::{Inspection, Keys, inspect};
use ferrule_model::Clock;
use ferrule_seal::KeyRing;
use ferrule_service::settings::{Layers, Variable, mask};
use secrecy::{ExposeSecret as _, SecretString};

use super::report::Finding;
use crate::commands::key_ring_text;
use crate::embedded::database_url;

const CHECK: &str = "database";
const KEYS: &str = "key ring";

/// The key ring, and the database where this program has one.
pub(super) async fn look(program: &str, layers: &Layers, clock: &Clock) -> Vec<Finding> {
    let mut found = Vec::new();
    let ring = ring(program, layers, &mut found);
    let url = match program {
        "ferrule" => database_url(layers).ok(),
        "instance-registry" => layers.secret("FERRULE_DATABASE_URL").ok().flatten(),
        _ => None,
    };
    let Some(url) = url else {
        if let (Some(ring), true) = (ring, program == "oauth-broker") {
            found.push(Finding::ok(
                KEYS,
                format!(
                    "seals with {:?}; the registry's doctor proves it",
                    ring.sealing_key_id()
                ),
            ));
        }
        return found;
    };
    let at = shown(&url);
    match inspect(&url, ring.as_ref(), clock).await {
        Ok(Some(inspection)) => found.extend(of(&at, &inspection)),
        Ok(None) => found.push(Finding::ok(
            CHECK,
            format!("{at} is not there yet: the first start makes it"),
        )),
        Err(error) => found.push(Finding::wrong(CHECK, format!("{at}: {error}"), remedy(&error))),
    }
    found
}

/// The ring that is set or kept; what is wrong with it is found at once.
fn ring(program: &str, layers: &Layers, found: &mut Vec<Finding>) -> Option<KeyRing> {
    let text = match program {
        "ferrule" => key_ring_text(layers).ok(),
        _ => layers.secret("FERRULE_MASTER_KEYS").ok().flatten(),
    }?;
    match KeyRing::parse(&text) {
        Ok(ring) => Some(ring),
        Err(error) => {
            let remedy = "write id:base64(32 bytes), comma separated; ferrule keys new ID makes one";
            found.push(Finding::wrong(
                KEYS,
                format!("FERRULE_MASTER_KEYS: {error}"),
                remedy,
            ));
            None
        }
    }
}

/// The address as it may be shown.
fn shown(url: &SecretString) -> String {
    let variable = Variable::find("FERRULE_DATABASE_URL");
    variable.map_or_else(String::new, |variable| mask(variable, url.expose_secret()))
}

fn remedy(error: &StoreError) -> &'static str {
    match error {
        StoreError::Url(_) => "correct FERRULE_DATABASE_URL",
        StoreError::Unavailable(_) => "start it, or correct FERRULE_DATABASE_URL and what lies between",
        _ => "see what the database's own log says",
    }
}

fn of(at: &str, inspection: &Inspection) -> Vec<Finding> {
    let database = if inspection.takes_writes {
        Finding::ok(CHECK, format!("{at} answers"))
    } else {
        let remedy = "name the primary in FERRULE_DATABASE_URL, or end default_transaction_read_only";
        Finding::wrong(CHECK, format!("{at} answers and takes no writes"), remedy)
    };
    let (theirs, ours) = inspection.clock;
    vec![
        database,
        schema(&inspection.schema),
        Finding::of_clock("database's clock", theirs, ours),
        keys(&inspection.keys),
    ]
}

fn schema(schema: &Schema) -> Finding {
    let count = |migrations: &[i64]| match migrations {
        [one] => format!("migration {one}"),
        many => format!("{} migrations", many.len()),
    };
    match schema {
        Schema { missing, newer } if !missing.is_empty() => {
            let what = format!("{} to be applied", count(missing));
            let more = if newer.is_empty() {
                ""
            } else {
                ", beside those of a later version"
            };
            let remedy = "the next start applies what is missing, or instance-registry migrate beforehand";
            Finding::warn("schema", what + more, remedy)
        }
        Schema { newer, .. } if !newer.is_empty() => Finding::warn(
            "schema",
            format!(
                "{} of a later version than {}",
                count(newer),
                ferrule_service::VERSION
            ),
            "this version serves beside the later one: end the upgrade by replacing this one too",
        ),
        _ => Finding::ok("schema", format!("that of version {}", ferrule_service::VERSION)),
    }
}

fn keys(keys: &Keys) -> Finding {
    match keys {
        Keys::Open => Finding::ok(KEYS, "opens the database"),
        Keys::New => Finding::ok(KEYS, "nothing is sealed in the database yet"),
        Keys::Other(error) => Finding::wrong(
            KEYS,
            format!("does not open the database: {error}"),
            "put back the ring that was in force; without it the database is worth nothing",
        ),
        Keys::NotAsked => Finding::wrong(
            KEYS,
            "there is none to open the database with",
            "set FERRULE_MASTER_KEYS to the ring that was in force",
        ),
    }
}
