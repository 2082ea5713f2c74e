//! Which addresses may be connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use http::Uri;
use http::uri::Scheme;
use ipnet::{Ipv4Net, Ipv6Net};

use crate::error::NotSent;

/// Who lives in a range that is not part of the public Internet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Range {
    /// This machine or the operator's own networks: reached where private networks are allowed.
    Private,
    /// Nobody that a vendor could be: never reached. Link-local is here for the clouds' metadata services.
    Reserved,
}

use Range::{Private, Reserved};

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(head: [u16; 3], length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(head[0], head[1], head[2], 0, 0, 0, 0, 0), length)
}

/// The IANA special-purpose registry for IPv4, with multicast.
const V4: [(Ipv4Net, Range); 15] = [
    (v4(0, 0, 0, 0, 8), Reserved),       // "this network"
    (v4(10, 0, 0, 0, 8), Private),       // RFC 1918
    (v4(100, 64, 0, 0, 10), Private),    // carrier-grade NAT
    (v4(127, 0, 0, 0, 8), Private),      // loopback
    (v4(169, 254, 0, 0, 16), Reserved),  // link-local
    (v4(172, 16, 0, 0, 12), Private),    // RFC 1918
    (v4(192, 0, 0, 0, 24), Reserved),    // protocol assignments
    (v4(192, 0, 2, 0, 24), Reserved),    // documentation
    (v4(192, 88, 99, 0, 24), Reserved),  // 6to4 relays
    (v4(192, 168, 0, 0, 16), Private),   // RFC 1918
    (v4(198, 18, 0, 0, 15), Reserved),   // benchmarks
    (v4(198, 51, 100, 0, 24), Reserved), // documentation
    (v4(203, 0, 113, 0, 24), Reserved),  // documentation
    (v4(224, 0, 0, 0, 4), Reserved),     // multicast
    (v4(240, 0, 0, 0, 4), Reserved),     // reserved, broadcast
];

/// Global unicast: outside it nothing is public, mapped and NAT64 addresses among it.
const V6_GLOBAL: Ipv6Net = v6([0x2000, 0, 0], 3);

/// The IANA special-purpose registry for IPv6: what [`V6_GLOBAL`] holds and is not public, and what outside it is
/// private.
const V6: [(Ipv6Net, Range); 6] = [
    (Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128), Private),
    (v6([0xfc00, 0, 0], 7), Private),        // unique local
    (v6([0x2001, 0, 0], 23), Reserved),      // protocol assignments, Teredo
    (v6([0x2001, 0x0db8, 0], 32), Reserved), // documentation
    (v6([0x2002, 0, 0], 16), Reserved),      // 6to4
    (v6([0x3fff, 0, 0], 20), Reserved),      // documentation
];

/// The range this address is in; `None`: the public Internet.
fn range(address: IpAddr) -> Option<Range> {
    match address {
        IpAddr::V4(address) => V4
            .iter()
            .find(|(net, _)| net.contains(&address))
            .map(|(_, range)| *range),
        IpAddr::V6(address) => match V6.iter().find(|(net, _)| net.contains(&address)) {
            Some((_, range)) => Some(*range),
            None => (!V6_GLOBAL.contains(&address)).then_some(Reserved),
        },
    }
}

/// Decides which addresses may be connected to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guard {
    /// Loopback and private networks may be reached.
    pub(crate) allow_private_networks: bool,
}

impl Guard {
    /// Looks at a request's address before anything is resolved: the connector skips the resolver for literals.
    pub(crate) fn check(self, uri: &Uri) -> Result<(), NotSent> {
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(NotSent::Malformed);
        };
        if authority.host().is_empty() || authority.as_str().contains('@') {
            return Err(NotSent::Malformed);
        }
        let literal = literal(authority.host());
        let loopback = match literal {
            Some(address) => address.is_loopback(),
            None => is_localhost(authority.host()),
        };
        let plain = *scheme == Scheme::HTTP && self.allow_private_networks && loopback;
        if *scheme != Scheme::HTTPS && !plain {
            return Err(NotSent::Insecure);
        }
        match literal {
            Some(address) if !self.allows(address) => Err(NotSent::RefusedAddress),
            _ => Ok(()),
        }
    }

    /// Of the addresses that a name has, those that may be connected to. `localhost` is this machine or nothing
    /// (RFC 6761 section 6.3), since plain `http` is allowed to it.
    pub(crate) fn admit(
        self,
        name: &str,
        found: impl Iterator<Item = SocketAddr>,
    ) -> Result<Vec<SocketAddr>, NotSent> {
        let mut addresses: Vec<_> = found.collect();
        if addresses.is_empty() {
            return Err(NotSent::NameNotFound);
        }
        let may_leave = !is_localhost(name);
        addresses.retain(|address| self.allows(address.ip()) && (may_leave || address.ip().is_loopback()));
        if addresses.is_empty() {
            Err(NotSent::RefusedAddress)
        } else {
            Ok(addresses)
        }
    }

    fn allows(self, address: IpAddr) -> bool {
        match range(address) {
            None => true,
            Some(Private) => self.allow_private_networks,
            Some(Reserved) => false,
        }
    }
}

fn literal(host: &str) -> Option<IpAddr> {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    bare.parse().ok()
}

fn is_localhost(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests;
