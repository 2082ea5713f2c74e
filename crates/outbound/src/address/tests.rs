use proptest::prelude::*;

use super::*;

const CLOSED: Guard = Guard {
    allow_private_networks: false,
};
const OPEN: Guard = Guard {
    allow_private_networks: true,
};

/// Each with its neighbours at both ends where those are public.
const PUBLIC: &[&str] = &[
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.0.3.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2001:200::",
    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::",
    "2003::",
    "2a00:1450::1",
];

const PRIVATE: &[&str] = &[
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.168.0.0",
    "192.168.255.255",
    "::1",
    "fc00::",
    "fd00:ec2::254",
    "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];

const RESERVED: &[&str] = &[
    "0.0.0.0",
    "0.255.255.255",
    "169.254.0.0",
    "169.254.169.254",
    "192.0.0.0",
    "192.0.0.255",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.0",
    "255.255.255.255",
    "::",
    "::2",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::127.0.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "100::1",
    "2001::",
    "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002::",
    "3fff::1",
    "5f00::1",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff00::",
    "ff02::1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];

fn uri(host: &str, scheme: &str) -> Uri {
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    format!("{scheme}://{host}:8443/token").parse().unwrap()
}

#[test]
fn literals_are_checked_before_anything_is_sent() {
    let refused = Err(NotSent::RefusedAddress);
    for (hosts, closed, open) in [
        (PUBLIC, Ok(()), Ok(())),
        (PRIVATE, refused, Ok(())),
        (RESERVED, refused, refused),
    ] {
        for host in hosts {
            assert_eq!(CLOSED.check(&uri(host, "https")), closed, "{host}");
            assert_eq!(OPEN.check(&uri(host, "https")), open, "{host}");
        }
    }
}

#[test]
fn the_same_holds_for_what_a_name_resolves_to() {
    for (hosts, closed, open) in [
        (PUBLIC, true, true),
        (PRIVATE, false, true),
        (RESERVED, false, false),
    ] {
        for host in hosts {
            let found = SocketAddr::new(host.parse().unwrap(), 0);
            for (guard, admitted) in [(CLOSED, closed), (OPEN, open)] {
                let want = if admitted {
                    Ok(vec![found])
                } else {
                    Err(NotSent::RefusedAddress)
                };
                assert_eq!(guard.admit("vendor.example", [found].into_iter()), want, "{host}");
            }
        }
    }
}

#[test]
fn of_a_names_addresses_only_public_ones_stay() {
    let found = ["10.0.0.1:0", "1.1.1.1:0", "[::ffff:127.0.0.1]:0"].map(|address| address.parse().unwrap());
    assert_eq!(
        CLOSED.admit("vendor.example", found.into_iter()),
        Ok(vec![found[1]])
    );
    assert_eq!(
        CLOSED.admit("vendor.example", [].into_iter()),
        Err(NotSent::NameNotFound)
    );
}

#[test]
fn localhost_is_this_machine_or_nothing() {
    let found: [SocketAddr; 2] = ["1.1.1.1:0", "127.0.0.1:0"].map(|address| address.parse().unwrap());
    assert_eq!(OPEN.admit("LocalHost", found.into_iter()), Ok(vec![found[1]]));
    assert_eq!(
        OPEN.admit("localhost", [found[0]].into_iter()),
        Err(NotSent::RefusedAddress)
    );
}

#[test]
fn plain_http_is_for_loopback_where_private_networks_are_allowed() {
    for (host, open) in [
        ("127.0.0.1", Ok(())),
        ("::1", Ok(())),
        ("localhost", Ok(())),
        ("LOCALHOST", Ok(())),
        ("10.0.0.1", Err(NotSent::Insecure)),
        ("1.1.1.1", Err(NotSent::Insecure)),
        ("vendor.example", Err(NotSent::Insecure)),
        ("localhost.vendor.example", Err(NotSent::Insecure)),
        ("127.1", Err(NotSent::Insecure)),
    ] {
        assert_eq!(OPEN.check(&uri(host, "http")), open, "{host}");
        assert_eq!(CLOSED.check(&uri(host, "http")), Err(NotSent::Insecure), "{host}");
    }
}

#[test]
fn what_is_no_web_address_is_refused() {
    for (address, want) in [
        ("/token", NotSent::Malformed),
        ("vendor.example", NotSent::Malformed),
        ("https://user@vendor.example/", NotSent::Malformed),
        ("https://user:secret@vendor.example/", NotSent::Malformed),
        ("ftp://vendor.example/", NotSent::Insecure),
        ("file://localhost/", NotSent::Insecure),
    ] {
        assert_eq!(OPEN.check(&address.parse().unwrap()), Err(want), "{address}");
    }
}

proptest! {
    #[test]
    fn what_std_calls_local_is_never_public(bits: u128, short: u32) {
        for address in [IpAddr::from(Ipv6Addr::from(bits)), IpAddr::from(Ipv4Addr::from(short))] {
            let local = match address {
                IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || v4.is_broadcast() || v4.is_documentation(),
                IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local() || v6.to_ipv4().is_some(),
            };
            if local || address.is_loopback() || address.is_unspecified() || address.is_multicast() {
                prop_assert!(!CLOSED.allows(address), "{}", address);
            }
        }
    }
}
