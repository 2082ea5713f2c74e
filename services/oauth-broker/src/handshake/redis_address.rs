//! The forms of `FERRULE_REDIS_URL`.

use std::fmt;
use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

/// Where Redis is.
///
/// | form | written |
/// |---|---|
/// | one server | `redis://[user:password@]host[:port][/db]` |
/// | a cluster | `redis+cluster://[user:password@]host:port,host:port,…` |
/// | behind sentinels | `redis+sentinel://[user:password@]host:port,host:port,…/master-name[/db]` |
///
/// With `rediss` in place of `redis`, connections use TLS (to the sentinels too); `?sslrootcert=/path/ca.pem` names the
/// authorities to believe then, in place of the public ones. The credentials are the servers'; those of sentinels that
/// ask for some follow as `?sentinel_user=…&sentinel_password=…`.
#[derive(Clone)]
pub struct RedisAddress {
    /// How to reach it.
    pub(super) form: Form,
    /// The file with the authorities to believe; `None`: the public ones.
    pub(super) authorities: Option<PathBuf>,
    /// The address without credentials, for logs and errors.
    pub(super) shown: String,
}

/// Each node is a URL of the first form, credentials included.
#[derive(Clone)]
pub(super) enum Form {
    Single(SecretString),
    Cluster(Vec<SecretString>),
    Sentinel {
        sentinels: Vec<SecretString>,
        master: String,
        /// Credentials, database and TLS for the master; its host is not used.
        server: SecretString,
    },
}

/// The text is no address of Redis.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("FERRULE_REDIS_URL is not valid: {0}")]
pub struct InvalidRedisAddress(&'static str);

impl RedisAddress {
    /// Reads one of the forms above. Errors name the part that is wrong and never repeat the text.
    pub fn parse(text: &SecretString) -> Result<Self, InvalidRedisAddress> {
        let parts = Parts::split(text.expose_secret())?;
        let form = match parts.topology {
            "" => Form::Single(parts.node(single(&parts.hosts)?, parts.path)?),
            "cluster" if parts.path.is_empty() => Form::Cluster(parts.nodes("")?),
            "cluster" => return Err(InvalidRedisAddress("a cluster has one database: remove the path")),
            "sentinel" => {
                let (master, database) = parts.path.split_once('/').unwrap_or((parts.path, ""));
                if master.is_empty() {
                    return Err(InvalidRedisAddress(
                        "the name of the master is missing after the sentinels",
                    ));
                }
                Form::Sentinel {
                    sentinels: parts.sentinels()?,
                    master: master.to_owned(),
                    server: parts.node(parts.hosts[0], database)?,
                }
            }
            _ => return Err(InvalidRedisAddress(SCHEMES)),
        };
        Ok(Self {
            form,
            authorities: parts.authorities()?,
            shown: parts.shown(),
        })
    }
}

/// As it may be shown: without credentials.
impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisAddress({})", self.shown)
    }
}

const SCHEMES: &str = "it begins with redis://, rediss://, redis+cluster:// or redis+sentinel://";

const PARAMETERS: [&str; 3] = ["sslrootcert", "sentinel_user", "sentinel_password"];

struct Parts<'a> {
    /// `redis` or `rediss`.
    scheme: &'a str,
    /// What follows the `+` of the scheme.
    topology: &'a str,
    /// Up to and including the `@`.
    credentials: &'a str,
    hosts: Vec<&'a str>,
    path: &'a str,
    query: &'a str,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Result<Self, InvalidRedisAddress> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidRedisAddress(SCHEMES))?;
        let (scheme, topology) = scheme.split_once('+').unwrap_or((scheme, ""));
        if !matches!(scheme, "redis" | "rediss") {
            return Err(InvalidRedisAddress(SCHEMES));
        }
        if rest.contains('#') {
            return Err(InvalidRedisAddress("it has a fragment: write # as %23"));
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (credentials, hosts) = match authority.rfind('@') {
            Some(at) => authority.split_at(at + 1),
            None => ("", authority),
        };
        let hosts: Vec<&str> = hosts.split(',').collect();
        if hosts.iter().any(|host| host.is_empty()) {
            return Err(InvalidRedisAddress("a host is missing"));
        }
        let names = query.split('&').filter_map(|pair| pair.split('=').next());
        if !names
            .filter(|name| !name.is_empty())
            .all(|name| PARAMETERS.contains(&name))
        {
            return Err(InvalidRedisAddress(
                "it has a parameter other than sslrootcert and the two for sentinels",
            ));
        }
        Ok(Self {
            scheme,
            topology,
            credentials,
            hosts,
            path: path.trim_end_matches('/'),
            query,
        })
    }

    fn node(&self, host: &str, database: &str) -> Result<SecretString, InvalidRedisAddress> {
        if !database.is_empty() && database.parse::<u32>().is_err() {
            return Err(InvalidRedisAddress("the database is not a number"));
        }
        checked(format!("{}://{}{host}/{database}", self.scheme, self.credentials))
    }

    fn nodes(&self, database: &str) -> Result<Vec<SecretString>, InvalidRedisAddress> {
        self.hosts.iter().map(|host| self.node(host, database)).collect()
    }

    /// A parameter of the query; empty when it is absent.
    fn parameter(&self, name: &str) -> &str {
        let mut given = self.query.split('&').filter_map(|pair| pair.split_once('='));
        given
            .find_map(|(known, value)| (known == name).then_some(value))
            .unwrap_or("")
    }

    fn authorities(&self) -> Result<Option<PathBuf>, InvalidRedisAddress> {
        match (self.parameter("sslrootcert"), self.scheme) {
            ("", _) => Ok(None),
            (file, "rediss") => Ok(Some(file.into())),
            _ => Err(InvalidRedisAddress(
                "sslrootcert needs TLS: write rediss in place of redis",
            )),
        }
    }

    fn sentinels(&self) -> Result<Vec<SecretString>, InvalidRedisAddress> {
        let (user, password) = (
            self.parameter("sentinel_user"),
            self.parameter("sentinel_password"),
        );
        let credentials = match (user, password) {
            (_, "") => String::new(),
            (user, password) => format!("{user}:{password}@"),
        };
        self.hosts
            .iter()
            .map(|host| checked(format!("{}://{credentials}{host}/", self.scheme)))
            .collect()
    }

    fn shown(&self) -> String {
        let plus = if self.topology.is_empty() { "" } else { "+" };
        let path = if self.path.is_empty() {
            String::new()
        } else {
            format!("/{}", self.path)
        };
        format!(
            "{}{plus}{}://{}{path}",
            self.scheme,
            self.topology,
            self.hosts.join(",")
        )
    }
}

fn single<'a>(hosts: &[&'a str]) -> Result<&'a str, InvalidRedisAddress> {
    match hosts {
        [host] => Ok(host),
        _ => Err(InvalidRedisAddress(
            "several hosts need redis+cluster:// or redis+sentinel://",
        )),
    }
}

fn checked(node: String) -> Result<SecretString, InvalidRedisAddress> {
    match Url::parse(&node) {
        Ok(url) if url.has_host() => Ok(node.into()),
        _ => Err(InvalidRedisAddress("a host or port cannot be read")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<RedisAddress, InvalidRedisAddress> {
        RedisAddress::parse(&text.into())
    }

    #[test]
    fn each_form_is_read_and_shown_without_credentials() {
        for (given, shown) in [
            ("redis://localhost", "redis://localhost"),
            ("rediss://u:p%40ss@h:6380/2", "rediss://h:6380/2"),
            ("redis://[::1]:6379", "redis://[::1]:6379"),
            ("redis+cluster://:pass@a:1,b:2", "redis+cluster://a:1,b:2"),
            (
                "redis+sentinel://:pass@a:1,b:2/main/3?sentinel_password=pass",
                "redis+sentinel://a:1,b:2/main/3",
            ),
        ] {
            let address = parse(given).unwrap();
            assert_eq!(address.to_string(), shown);
            assert!(!format!("{address:?}").contains("pass"));
        }
    }

    #[test]
    fn sentinels_and_master_have_credentials_of_their_own() {
        let address =
            parse("rediss+sentinel://u:p@a:1,b:2/main/3?sentinel_user=s&sentinel_password=q").unwrap();
        let Form::Sentinel {
            sentinels,
            master,
            server,
        } = address.form
        else {
            panic!("not the sentinel form")
        };
        let sentinels: Vec<_> = sentinels.iter().map(SecretString::expose_secret).collect();
        assert_eq!(sentinels, ["rediss://s:q@a:1/", "rediss://s:q@b:2/"]);
        assert_eq!(
            (master.as_str(), server.expose_secret()),
            ("main", "rediss://u:p@a:1/3")
        );
    }

    #[test]
    fn authorities_are_named_by_a_file() {
        for (given, file) in [
            ("rediss://a:1?sslrootcert=/run/ca.pem", Some("/run/ca.pem")),
            (
                "rediss+cluster://a:1,b:2?sslrootcert=/run/ca.pem",
                Some("/run/ca.pem"),
            ),
            (
                "rediss+sentinel://a:1/main?sentinel_password=x&sslrootcert=ca.pem",
                Some("ca.pem"),
            ),
            ("rediss://a:1", None),
        ] {
            let address = parse(given).unwrap();
            assert_eq!(address.authorities, file.map(PathBuf::from), "{given}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_without_repeating_it() {
        for bad in [
            "",
            "localhost:6379",
            "http://pass@h",
            "redis://",
            "redis://a:pass",
            "redis://:pass@a,b",
            "redis://a/pass",
            "redis://:pa#ss@h",
            "redis+cluster://a:1,b:2/1",
            "redis+sentinel://a:1",
            "redis+other://a:1",
            "redis://a:1?sslrootcert=/pass",
            "rediss://a:1?sslrootcrt=/pass",
        ] {
            let error = parse(bad).unwrap_err().to_string();
            assert!(!error.contains("pass"), "{bad}: {error}");
        }
    }
}
