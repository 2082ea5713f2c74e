//! Settings as the types they are, or what to write instead.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

use super::{Layers, SettingsError, Variable, mask};
use crate::one_line::cut;

/// How much of a bad value an error repeats, in bytes.
const SHOWN: usize = 120;

/// Each read answers `None` when neither value nor default is there, and an error that names the variable,
/// its value (unless that may be a secret) and what to write.
impl Layers {
    /// The value of `read`, or an error that says it is needed: `layers.required("X", Layers::address)`.
    pub fn required<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Self, &str) -> Result<Option<T>, SettingsError>,
    ) -> Result<T, SettingsError> {
        let missing = || match Variable::find(name) {
            Some(variable) => SettingsError::Missing(variable),
            None => SettingsError::Undeclared(name.to_owned()),
        };
        read(self, name)?.ok_or_else(missing)
    }

    /// Any text.
    pub fn text(&self, name: &str) -> Result<Option<String>, SettingsError> {
        Ok(self.raw(name)?.1.map(str::to_owned))
    }

    /// A text that is never shown.
    pub fn secret(&self, name: &str) -> Result<Option<SecretString>, SettingsError> {
        Ok(self.raw(name)?.1.map(SecretString::from))
    }

    /// A path of this machine; whether it exists is the reader's affair.
    pub fn path(&self, name: &str) -> Result<Option<PathBuf>, SettingsError> {
        Ok(self.raw(name)?.1.map(PathBuf::from))
    }

    /// An IP address and port to listen on; `localhost` stands for 127.0.0.1.
    pub fn address(&self, name: &str) -> Result<Option<SocketAddr>, SettingsError> {
        self.parse(
            name,
            "is no address",
            "host:port, e.g. 127.0.0.1:8080",
            parse_address,
        )
    }

    /// An absolute http or https URL without user, query and fragment, and without a `/` at its end.
    pub fn url(&self, name: &str) -> Result<Option<String>, SettingsError> {
        let instead = "http://… or https://…, without user, query and fragment, e.g. https://example.com";
        self.parse(name, "is no such URL", instead, parse_url)
    }

    /// `true`, `1`, `yes`, `on`, or `false`, `0`, `no`, `off`, in any case.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, SettingsError> {
        self.parse(name, "is neither true nor false", "true or false", parse_flag)
    }

    /// A whole number within `range`.
    pub fn number(&self, name: &str, range: RangeInclusive<u64>) -> Result<Option<u64>, SettingsError> {
        let instead = format!("a number from {} to {}", range.start(), range.end());
        let within = |text: &str| text.trim().parse().ok().filter(|number| range.contains(number));
        self.parse(name, "is out of range or no number", &instead, within)
    }

    /// One of `words`, in any case.
    pub fn one_of(&self, name: &str, words: &[&'static str]) -> Result<Option<&'static str>, SettingsError> {
        let find = |text: &str| {
            words
                .iter()
                .copied()
                .find(|word| word.eq_ignore_ascii_case(text.trim()))
        };
        self.parse(name, "is not known", &words.join(" or "), find)
    }

    /// Comma separated items, trimmed, empty ones left out; an empty list when unset.
    pub fn list(&self, name: &str) -> Result<Vec<String>, SettingsError> {
        Ok(items(self.raw(name)?.1.unwrap_or_default())
            .map(str::to_owned)
            .collect())
    }

    /// Comma separated networks; an address alone is a network of one. An empty list when unset.
    pub fn networks(&self, name: &str) -> Result<Vec<IpNet>, SettingsError> {
        let instead = "networks, comma separated, e.g. 10.0.0.0/8,::1";
        let parse = |text: &str| items(text).map(parse_network).collect();
        Ok(self
            .parse(name, "is no list of networks", instead, parse)?
            .unwrap_or_default())
    }

    /// An error on the value of `name`, for rules that only its reader knows.
    pub fn unfit(&self, name: &str, problem: &str, instead: &str) -> SettingsError {
        match self.raw(name) {
            Ok((variable, text)) => SettingsError::Unfit {
                variable: variable.name,
                value: shown(variable, text.unwrap_or_default()),
                problem: problem.to_owned(),
                instead: instead.to_owned(),
            },
            Err(error) => error,
        }
    }

    fn parse<T>(
        &self,
        name: &str,
        problem: &str,
        instead: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, SettingsError> {
        let Some(text) = self.raw(name)?.1 else {
            return Ok(None);
        };
        parse(text)
            .map(Some)
            .ok_or_else(|| self.unfit(name, problem, instead))
    }
}

fn shown(variable: &Variable, text: &str) -> String {
    if variable.has_file_form {
        "its value".to_owned()
    } else {
        format!("{:?}", cut(&mask(variable, text), SHOWN))
    }
}

pub(super) fn parse_address(text: &str) -> Option<SocketAddr> {
    let text = text.trim();
    match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}").parse().ok(),
        None => text.parse().ok(),
    }
}

pub(super) fn parse_url(text: &str) -> Option<String> {
    let url = Url::parse(text.trim()).ok()?;
    let plain = url.username().is_empty() && url.password().is_none();
    let bare = url.query().is_none() && url.fragment().is_none();
    let web = matches!(url.scheme(), "http" | "https");
    (web && plain && bare && url.has_host()).then(|| url.as_str().trim_end_matches('/').to_owned())
}

fn parse_flag(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

fn parse_network(text: &str) -> Option<IpNet> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::Form;
    use super::super::layers::tests::layers;
    use super::*;

    fn with(name: &str, value: &str) -> Layers {
        layers(Form::Service, &[(name, value)]).unwrap()
    }

    #[test]
    fn addresses() {
        for (text, want) in [
            ("127.0.0.1:8080", Some("127.0.0.1:8080")),
            ("[::1]:0", Some("[::1]:0")),
            ("localhost:80", Some("127.0.0.1:80")),
            ("8080", None),
            (":8080", None),
            ("example.com:80", None),
            ("127.0.0.1:65536", None),
        ] {
            let address = with("FERRULE_LISTEN", text).address("FERRULE_LISTEN");
            assert_eq!(
                address.ok().flatten().map(|a| a.to_string()).as_deref(),
                want,
                "{text}"
            );
        }
    }

    #[test]
    fn urls_lose_the_slash_at_their_end() {
        for (text, want) in [
            ("http://localhost:8080", Some("http://localhost:8080")),
            (
                "https://Ferrule.example.com:443/",
                Some("https://ferrule.example.com"),
            ),
            (
                "https://example.com/ferrule/",
                Some("https://example.com/ferrule"),
            ),
            ("example.com", None),
            ("/path", None),
            ("ftp://example.com", None),
            ("https://user@example.com", None),
            ("https://example.com?x=1", None),
            ("https://example.com#x", None),
        ] {
            let url = with("FERRULE_PUBLIC_URL", text).url("FERRULE_PUBLIC_URL");
            assert_eq!(url.ok().flatten().as_deref(), want, "{text}");
        }
    }

    #[test]
    fn flags() {
        for (text, want) in [
            ("true", Some(true)),
            ("1", Some(true)),
            ("Yes", Some(true)),
            ("ON", Some(true)),
            ("false", Some(false)),
            ("0", Some(false)),
            ("no", Some(false)),
            ("Off", Some(false)),
            ("maybe", None),
        ] {
            assert_eq!(
                with("FERRULE_SANDBOX", text)
                    .flag("FERRULE_SANDBOX")
                    .ok()
                    .flatten(),
                want,
                "{text}"
            );
        }
    }

    #[test]
    fn numbers_keep_to_their_range() {
        for (text, want) in [
            ("0", Some(0)),
            (" 20 ", Some(20)),
            ("3601", None),
            ("-1", None),
            ("20s", None),
        ] {
            let seconds = with("FERRULE_DRAIN_SECONDS", text).number("FERRULE_DRAIN_SECONDS", 0..=3600);
            assert_eq!(seconds.ok().flatten(), want, "{text}");
        }
    }

    #[test]
    fn words_are_chosen_from_a_list() {
        for (text, want) in [("json", Some("json")), ("TEXT", Some("text")), ("xml", None)] {
            let format = with("FERRULE_LOG_FORMAT", text).one_of("FERRULE_LOG_FORMAT", &["text", "json"]);
            assert_eq!(format.ok().flatten(), want, "{text}");
        }
    }

    #[test]
    fn lists_are_trimmed() {
        let name = "FERRULE_RETURN_URLS";
        for (text, want) in [("a, b ,,c", &["a", "b", "c"][..]), (",", &[]), ("", &[])] {
            assert_eq!(with(name, text).list(name).unwrap(), want, "{text}");
        }
    }

    #[test]
    fn networks_may_be_addresses() {
        let name = "FERRULE_TRUSTED_PROXIES";
        for (text, want) in [
            ("10.0.0.0/8, ::1", Some("10.0.0.0/8 ::1/128")),
            ("192.0.2.7", Some("192.0.2.7/32")),
            ("", Some("")),
            ("10.0.0.0/33", None),
            ("proxy", None),
        ] {
            let networks = with(name, text).networks(name).ok();
            let text_of = |n: Vec<IpNet>| n.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            assert_eq!(networks.map(text_of).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn paths_and_secrets_are_taken_as_they_are() {
        let dir = with("FERRULE_CONNECTORS_DIR", "./my connectors").path("FERRULE_CONNECTORS_DIR");
        assert_eq!(dir.unwrap(), Some(PathBuf::from("./my connectors")));
        let secret = with("FERRULE_MASTER_KEYS", "k:v")
            .secret("FERRULE_MASTER_KEYS")
            .unwrap();
        assert!(!format!("{secret:?}").contains("k:v"));
    }

    #[test]
    fn an_error_names_the_variable_its_value_and_what_to_write() {
        let error = with("FERRULE_LISTEN", "8080")
            .address("FERRULE_LISTEN")
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"FERRULE_LISTEN: "8080" is no address: write host:port, e.g. 127.0.0.1:8080"#
        );
    }

    #[test]
    fn an_error_on_a_secret_hides_its_value() {
        for name in ["FERRULE_MASTER_KEYS", "FERRULE_DATABASE_URL"] {
            let error = with(name, "s3cret")
                .unfit(name, "is unfit", "something else")
                .to_string();
            assert_eq!(error, format!("{name}: its value is unfit: write something else"));
        }
    }

    #[test]
    fn what_is_needed_and_absent_is_said() {
        let layers = layers(Form::Service, &[]).unwrap();
        let error = layers
            .required("FERRULE_GRPC_LISTEN", Layers::address)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("FERRULE_GRPC_LISTEN is not set: it is needed (gRPC address"),
            "{error}"
        );
        let error = layers
            .required("FERRULE_LISTN", Layers::address)
            .unwrap_err()
            .to_string();
        assert_eq!(error, "FERRULE_LISTN is no setting of Ferrule");
    }
}
