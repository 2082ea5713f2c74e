//! Which hosts an address can name, whatever its values are.

use std::net::Ipv4Addr;

use crate::pieces::Piece;

/// Which hosts an address can name.
#[derive(Clone, Debug)]
pub(crate) enum Reach {
    /// The one that the file spells out.
    Fixed(String),
    /// Those below a domain that the file spells out.
    Below(String),
    /// Those of the file's `hosts` list.
    Listed(Vec<String>),
    /// Any that the patterns let through.
    Open,
}

impl Reach {
    /// The reach of a host's pieces in a file with this `hosts` list.
    pub(crate) fn of(host: &[Piece], hosts: &[String]) -> Self {
        if let Some(fixed) = host.iter().map(Piece::literal).collect::<Option<String>>() {
            return Self::Fixed(fixed);
        }
        // What follows the last placeholder, from its first dot on: in `{a}-eu.example.com` it is `example.com`.
        let end = host.last().and_then(Piece::literal);
        match end.and_then(|end| end.split_once('.')) {
            // One label alone, as in `{a}.com`, belongs to everybody.
            Some((_, domain)) if domain.contains('.') || domain == "localhost" => {
                Self::Below(domain.to_owned())
            }
            _ if hosts.is_empty() => Self::Open,
            _ => Self::Listed(hosts.to_vec()),
        }
    }

    /// Whether the file itself, and not a value, decides.
    pub(crate) fn is_bounded(&self) -> bool {
        !matches!(self, Self::Open)
    }

    /// Whether this host is within reach.
    pub(crate) fn contains(&self, host: &str) -> bool {
        match self {
            Self::Fixed(fixed) => fixed == host,
            Self::Below(domain) => host
                .strip_suffix(domain.as_str())
                .is_some_and(|below| below.ends_with('.')),
            Self::Listed(hosts) => hosts.iter().any(|listed| listed == host),
            Self::Open => true,
        }
    }

    /// Whether every host within reach is this machine.
    pub(crate) fn stays_on_loopback(&self) -> bool {
        match self {
            Self::Fixed(host) | Self::Below(host) => is_loopback(host),
            Self::Listed(hosts) => hosts.iter().all(|host| is_loopback(host)),
            Self::Open => false,
        }
    }
}

/// Whether a host is this machine by its very name.
pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host == "[::1]"
        || host
            .parse::<Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
}
