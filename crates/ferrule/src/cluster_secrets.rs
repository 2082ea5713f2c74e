//! `secrets DIR`: what the services of `docker-compose.yml` are given, each a folder of its own.
//!
//! `kept/` holds what is made once: the key ring, passwords, the authority's key. All else follows from it and is
//! written anew each time, certificates too. Files change at once or not at all, so that running services may read
//! them meanwhile.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ferrule_model::Chance;
use ferrule_seal::KeyRing;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use crate::certificates::{Authority, Certified, Purpose};

/// The users that the containers run as: Ferrule's image, and the official ones.
const FERRULE: u32 = 65_532;
const REDIS: u32 = 999;
const POSTGRES: u32 = 999;
const INGRESS: u32 = 99;

/// Makes what is missing under `directory` and writes what follows from it. `host` is where browsers find the
/// ingress; loopback's names are always on its certificate.
///
/// As root, each folder belongs to the user that reads it; otherwise all belong to whoever runs this.
pub(crate) fn lay_out(
    directory: &Path,
    host: Option<&str>,
    chance: &Chance,
    now: Timestamp,
) -> anyhow::Result<()> {
    fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
    let owner = fs::metadata(directory)?.uid();
    let folder = |name, user| Folder::open(directory.join(name), user);

    let kept = Kept::open(&folder("kept", owner)?, chance, now)?;
    let authority = Authority::with_key(&kept.authority_key, now)?;

    for service in ["gateway", "oauth-broker", "instance-registry"] {
        let folder = folder(service, FERRULE)?;
        let Certified { certificate, key } = authority.certify(&[service], Purpose::Peer)?;
        folder.write("cert.pem", &certificate)?;
        folder.write("key.pem", key.expose_secret())?;
        folder.write("ca.pem", &kept.authority)?;
        let secret = |name: &str, secret: &SecretString| folder.write(name, secret.expose_secret());
        match service {
            "oauth-broker" => {
                secret("master-keys", &kept.master_keys)?;
                let password = kept.redis_password.expose_secret();
                folder.write("redis-url", &format!("redis://:{password}@redis:6379"))?;
            }
            "instance-registry" => {
                secret("master-keys", &kept.master_keys)?;
                secret("organization-secret", &kept.organization)?;
                secret("user-secret", &kept.user)?;
                let password = kept.database_password.expose_secret();
                let url = format!("postgres://ferrule:{password}@postgres:5432/ferrule");
                folder.write("database-url", &url)?;
            }
            _ => {}
        }
    }

    let password = kept.redis_password.expose_secret();
    folder("redis", REDIS)?.write("redis.conf", &format!("requirepass {password}\n"))?;
    folder("postgres", POSTGRES)?.write("password", kept.database_password.expose_secret())?;

    let shown = match kept.ingress {
        Some(own) => own,
        None => of_ingress(&authority, host)?,
    };
    folder("ingress", INGRESS)?.write("tls.pem", shown.expose_secret())?;

    let operator = folder("operator", owner)?;
    operator.write("ca.pem", &kept.authority)?;
    operator.write("organization-secret", kept.organization.expose_secret())?;
    operator.write("user-secret", kept.user.expose_secret())
}

/// A certificate for the ingress, with its key.
fn of_ingress(authority: &Authority, host: Option<&str>) -> anyhow::Result<SecretString> {
    let mut names = vec!["localhost", "127.0.0.1", "::1"];
    if let Some(host) = host.map(|host| host.trim_matches(['[', ']'])) {
        names.retain(|name| *name != host);
        names.insert(0, host);
    }
    let Certified { certificate, key } = authority.certify(&names, Purpose::Server)?;
    Ok((certificate + key.expose_secret()).into())
}

/// What is made once, or brought by the operator.
struct Kept {
    master_keys: SecretString,
    organization: SecretString,
    user: SecretString,
    redis_password: SecretString,
    database_password: SecretString,
    authority_key: SecretString,
    authority: String,
    /// The operator's own certificate and key.
    ingress: Option<SecretString>,
}

impl Kept {
    fn open(folder: &Folder, chance: &Chance, now: Timestamp) -> anyhow::Result<Self> {
        let once = |name, make: fn(&Chance) -> SecretString| folder.once(name, || make(chance));
        if folder.read("ca.key")?.is_none() {
            let Certified { certificate, key } = Authority::begin(now)?;
            folder.write("ca.pem", &certificate)?;
            folder.write("ca.key", key.expose_secret())?;
        }
        let missing = |name| {
            folder
                .read(name)?
                .with_context(|| format!("kept/{name} is missing"))
        };
        Ok(Self {
            master_keys: once("master-keys", |chance| KeyRing::generate(chance, "k1"))?,
            organization: once("organization-secret", Chance::hex_token)?,
            user: once("user-secret", Chance::base64_token)?,
            redis_password: once("redis-password", Chance::hex_token)?,
            database_password: once("database-password", Chance::hex_token)?,
            authority_key: missing("ca.key")?,
            authority: missing("ca.pem")?.expose_secret().to_owned(),
            ingress: folder.read("ingress.pem")?,
        })
    }
}

/// A folder that one user reads.
struct Folder {
    path: PathBuf,
    /// `None`: this process may not give files away.
    user: Option<u32>,
}

impl Folder {
    fn open(path: PathBuf, user: u32) -> anyhow::Result<Self> {
        let root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        let folder = Self {
            user: root.then_some(user),
            path,
        };
        let outcome = fs::create_dir_all(&folder.path)
            .and_then(|()| fs::set_permissions(&folder.path, Permissions::from_mode(0o700)))
            .and_then(|()| folder.give_away(&folder.path));
        outcome.with_context(|| folder.path.display().to_string())?;
        Ok(folder)
    }

    fn read(&self, name: &str) -> anyhow::Result<Option<SecretString>> {
        let file = self.path.join(name);
        match fs::read_to_string(&file) {
            Ok(text) => Ok(Some(text.trim_end().into())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| file.display().to_string()),
        }
    }

    fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let (file, new) = (self.path.join(name), self.path.join(format!(".{name}.new")));
        let outcome = self.fill(&new, text).and_then(|()| fs::rename(&new, &file));
        outcome.with_context(|| file.display().to_string())
    }

    fn fill(&self, new: &Path, text: &str) -> std::io::Result<()> {
        // What an earlier run left unfinished.
        if fs::exists(new)? {
            fs::remove_file(new)?;
        }
        let mut file: File = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o400)
            .open(new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        self.give_away(new)
    }

    fn once(&self, name: &str, make: impl FnOnce() -> SecretString) -> anyhow::Result<SecretString> {
        if let Some(text) = self.read(name)? {
            return Ok(text);
        }
        let secret = make();
        self.write(name, secret.expose_secret())?;
        Ok(secret)
    }

    fn give_away(&self, path: &Path) -> std::io::Result<()> {
        self.user
            .map_or(Ok(()), |user| chown(path, Some(user), Some(user)))
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn laid_out(directory: &Path, host: Option<&str>) {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        lay_out(directory, host, &Chance::system(), now).unwrap();
    }

    fn text(directory: &Path, name: &str) -> String {
        fs::read_to_string(directory.join(name)).unwrap()
    }

    #[test]
    fn services_that_share_a_secret_are_given_the_same_one() {
        let directory = tempfile::tempdir().unwrap();
        laid_out(directory.path(), None);
        let text = |name: &str| text(directory.path(), name);
        assert_eq!(
            text("oauth-broker/master-keys"),
            text("instance-registry/master-keys")
        );
        let password = text("redis/redis.conf");
        let password = password.strip_prefix("requirepass ").unwrap().trim_end();
        assert_eq!(
            text("oauth-broker/redis-url"),
            format!("redis://:{password}@redis:6379")
        );
        let password = text("postgres/password");
        assert_eq!(
            text("instance-registry/database-url"),
            format!("postgres://ferrule:{password}@postgres:5432/ferrule")
        );
        for secret in ["user-secret", "organization-secret"] {
            let of = |folder: &str| text(&format!("{folder}/{secret}"));
            assert_eq!(of("operator"), of("instance-registry"));
        }
    }

    #[test]
    fn a_second_run_keeps_what_was_made_and_renews_certificates() {
        let directory = tempfile::tempdir().unwrap();
        laid_out(directory.path(), None);
        let all = || {
            [
                "oauth-broker/master-keys",
                "operator/user-secret",
                "operator/ca.pem",
                "gateway/cert.pem",
            ]
            .map(|name| text(directory.path(), name))
        };
        let first = all();
        laid_out(directory.path(), None);
        let second = all();
        assert_eq!(first[..3], second[..3]);
        assert_ne!(first[3], second[3]);
    }

    #[test]
    fn what_the_operator_changes_in_kept_reaches_the_services() {
        let directory = tempfile::tempdir().unwrap();
        laid_out(directory.path(), None);
        let ring = directory.path().join("kept/master-keys");
        fs::remove_file(&ring).unwrap();
        fs::write(&ring, "k2:mine,k1:old\n").unwrap();
        fs::write(directory.path().join("kept/ingress.pem"), "my own").unwrap();
        laid_out(directory.path(), None);
        let text = |name| text(directory.path(), name);
        assert_eq!(text("oauth-broker/master-keys"), "k2:mine,k1:old");
        assert_eq!(text("ingress/tls.pem"), "my own");
    }

    #[test]
    fn nobody_else_reads_them() {
        let directory = tempfile::tempdir().unwrap();
        laid_out(directory.path(), Some("connect.example.com"));
        for folder in fs::read_dir(directory.path()).unwrap() {
            let folder = folder.unwrap().path();
            assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
            for file in fs::read_dir(folder).unwrap() {
                let file = file.unwrap();
                assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o400, "{file:?}");
            }
        }
    }

    #[test]
    fn the_ingress_is_known_by_the_public_name_and_services_by_theirs() {
        let directory = tempfile::tempdir().unwrap();
        laid_out(directory.path(), Some("connect.example.com"));
        let names = |name: &str| {
            let pem = text(directory.path(), name);
            let (_, begun) = pem.split_once("CERTIFICATE-----").unwrap();
            let (certificate, _) = begun.split_once("-----END").unwrap();
            let certificate: String = certificate.split_whitespace().collect();
            String::from_utf8_lossy(&STANDARD.decode(certificate).unwrap()).into_owned()
        };
        assert!(names("ingress/tls.pem").contains("connect.example.com"));
        assert!(names("ingress/tls.pem").contains("localhost"));
        assert!(names("gateway/cert.pem").contains("gateway"));
    }
}
