//! How often an address may try: calls without credentials, attempts to sign in.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;

use axum::http::HeaderMap;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;

/// Calls of the catalogue and `oauth/url` without credentials (design, "Errors").
pub(crate) const ANONYMOUS_CALLS: NonZeroU32 = NonZeroU32::new(60).expect("sixty is not zero");

/// Attempts to sign in.
pub(crate) const SIGN_INS: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");

/// Counts by address.
#[derive(Debug)]
pub(crate) struct AddressLimit {
    calls: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
    trusted_proxies: Vec<IpNet>,
}

impl AddressLimit {
    pub(crate) fn new(a_minute: NonZeroU32, trusted_proxies: Vec<IpNet>) -> Self {
        let calls = RateLimiter::keyed(Quota::per_minute(a_minute));
        Self {
            calls,
            clock: DefaultClock::default(),
            trusted_proxies,
        }
    }

    /// Counts one call of whoever sent this request. One too many: the seconds to wait.
    pub(crate) fn count(&self, peer: SocketAddr, headers: &HeaderMap) -> Result<(), u64> {
        let address = client_address(peer.ip(), headers, &self.trusted_proxies);
        self.calls
            .check_key(&one_subscriber(address))
            .map_err(|not_until| {
                let wait = not_until.wait_time_from(self.clock.now());
                wait.as_secs().max(1)
            })
    }

    /// Forgets addresses that made no call of late.
    pub(crate) fn forget_quiet(&self) {
        self.calls.retain_recent();
    }
}

/// The nearest address that is not a trusted proxy's: `X-Forwarded-For` is read right to left, and only as
/// long as whoever wrote the entry is trusted.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let mut address = peer.to_canonical();
    for entry in forwarded.iter().rev() {
        if !is_trusted(&address) {
            break;
        }
        let Ok(next) = entry.trim().parse::<IpAddr>() else {
            break;
        };
        address = next.to_canonical();
    }
    address
}

/// An IPv6 subscriber has a whole /64.
fn one_subscriber(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn forwarded(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(
            "x-forwarded-for".parse().unwrap(),
            HeaderValue::from_str(value).unwrap(),
        )])
    }

    #[test]
    fn forwarded_addresses_count_only_behind_trusted_proxies() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        for (peer, header, want) in [
            ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
            ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
            ("10.0.0.1", "nonsense", "10.0.0.1"),
            ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ] {
            let got = client_address(peer.parse().unwrap(), &forwarded(header), &trusted);
            assert_eq!(got, want.parse::<IpAddr>().unwrap(), "{peer} {header}");
        }
    }

    #[test]
    fn the_sixty_first_call_of_a_minute_waits() {
        let limit = AddressLimit::new(ANONYMOUS_CALLS, Vec::new());
        let peer: SocketAddr = "192.0.2.1:9".parse().unwrap();
        let none = HeaderMap::new();
        assert!((0..60).all(|_| limit.count(peer, &none).is_ok()));
        assert!(limit.count(peer, &none).is_err());
        assert!(limit.count("192.0.2.2:9".parse().unwrap(), &none).is_ok());
    }
}
