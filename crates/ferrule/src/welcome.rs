//! What `ferrule` prints when it is up: where it is, what it made, and the main job ready to paste.

use std::fmt::{self, Display, Formatter};
use std::net::SocketAddr;
use std::path::Path;

use ferrule_instance_registry::MadeSecrets;
use ferrule_sandbox_vendor::{CLIENT_ID, CLIENT_SECRET};
use secrecy::{ExposeSecret as _, SecretString};

/// What there is to say.
pub(crate) struct Facts<'a> {
    pub(crate) public_url: &'a str,
    pub(crate) admin: SocketAddr,
    pub(crate) data_dir: &'a Path,
    /// Secrets made just now: this is the only time that anybody sees them.
    pub(crate) made: &'a MadeSecrets,
    pub(crate) has_sandbox: bool,
}

/// Prints it to stdout.
pub(crate) fn say(facts: &Facts<'_>) {
    ferrule_service::say(&format!("{facts}\n"));
}

impl Display for Facts<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Ferrule {} is up at {}",
            ferrule_service::VERSION,
            self.public_url
        )?;
        writeln!(
            f,
            "health and metrics: http://{}   state: {}",
            self.admin,
            self.data_dir.display()
        )?;
        self.secrets(f)?;
        self.main_job(f)
    }
}

impl Facts<'_> {
    fn secrets(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let made = [
            ("FERRULE_USER_SECRET", &self.made.user),
            ("FERRULE_ORGANIZATION_SECRET", &self.made.organization),
        ];
        let lines: Vec<(&str, &SecretString)> = made
            .iter()
            .filter_map(|(name, secret)| Some((*name, secret.as_ref()?)))
            .collect();
        if lines.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "\nThese secrets were made now and are shown this once. Paste the lines, and keep them:"
        )?;
        lines
            .iter()
            .try_for_each(|(name, secret)| writeln!(f, "  export {name}='{}'", secret.expose_secret()))
    }

    fn main_job(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let api = format!("{}/elements/api-v2", self.public_url);
        let (key, id, secret) = if self.has_sandbox {
            ("sandbox", CLIENT_ID, CLIENT_SECRET)
        } else {
            ("intercom", "YOUR_API_KEY", "YOUR_API_SECRET")
        };
        let credentials =
            "-H \"Authorization: User $FERRULE_USER_SECRET, Organization $FERRULE_ORGANIZATION_SECRET\"";
        write!(
            f,
            "\nA connector instance in three steps:\n\
             1. Fetch the vendor's login URL:\n\
             curl -sS '{api}/elements/{key}/oauth/url?apiKey={id}&apiSecret={secret}' \\\n  {credentials}\n\
             2. Open the oauthUrl of the answer in a browser, and log in.\n\
             3. The page you land on shows this line with the handshake filled in:\n\
             curl -sS -X POST '{api}/instances' \\\n  {credentials} \\\n  \
             -H 'Content-Type: application/json' \\\n  \
             -d '{{\"element\":{{\"key\":\"{key}\"}},\"providerData\":{{\"handshake\":\"HANDSHAKE\"}},\"name\":\"My {key}\"}}'\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(made: &MadeSecrets) -> String {
        let facts = Facts {
            public_url: "http://localhost:8080",
            admin: "127.0.0.1:9090".parse().unwrap(),
            data_dir: Path::new("./.ferrule"),
            made,
            has_sandbox: true,
        };
        facts.to_string()
    }

    #[test]
    fn secrets_that_were_made_are_shown_and_no_others() {
        let made = MadeSecrets {
            user: Some("made-user".into()),
            organization: None,
        };
        let first = told(&made);
        assert!(first.contains("export FERRULE_USER_SECRET='made-user'"));
        assert!(!first.contains("export FERRULE_ORGANIZATION_SECRET"));
        let later = told(&MadeSecrets::default());
        assert!(!later.contains("export"));
        assert!(later.contains("$FERRULE_USER_SECRET, Organization $FERRULE_ORGANIZATION_SECRET"));
    }
}
