//! Which addresses may be reached.
//!
//! IPv4 is everything but the special-purpose blocks; IPv6 is only global unicast (2000::/3) but its special-purpose
//! blocks, so that every form that wraps an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo) stays outside. The
//! blocks are those of the IANA special-purpose registries (RFC 6890) and the few addresses clouds answer metadata on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// What an administrator opens beyond the public internet.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Ranges that may be reached although they would be refused, such as an intranet's `10.1.0.0/16`. An IPv6
    /// address that wraps an IPv4 one is judged as written: opening `10.0.0.0/8` does not open `::ffff:10.0.0.1`.
    pub allow: Vec<IpNet>,
}

impl Policy {
    /// Judges one address.
    ///
    /// # Errors
    /// What kind of address it is, when it may not be reached.
    pub fn check(&self, address: IpAddr) -> Result<(), &'static str> {
        let Some(kind) = special(address) else { return Ok(()) };
        if !self.allow.iter().any(|range| range.contains(&address)) {
            return Err(kind);
        }
        // On an IPv6-only network NAT64 is how IPv4 is reached at all, so it can be opened; what it leads to is
        // judged all the same.
        match address {
            IpAddr::V6(v6) if v6.segments()[..6] == NAT64 => self.check(IpAddr::V4(last_four(v6))),
            _ => Ok(()),
        }
    }
}

/// The well-known prefix 64:ff9b::/96 (RFC 6052).
const NAT64: [u16; 6] = [0x64, 0xff9b, 0, 0, 0, 0];

fn last_four(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

/// What is special about an address; `None` for one on the public internet.
fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => special_v4(v4),
        IpAddr::V6(v6) => special_v6(v6),
    }
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    let [a, b, c, d] = address.octets();
    Some(match (a, b, c, d) {
        (0, ..) => "an address of \"this network\"",
        (10, ..) | (172, 16..=31, ..) | (192, 168, ..) => "a private address",
        (100, 64..=127, ..) => "a carrier's shared address",
        (127, ..) => "a loopback address",
        (169, 254, 169, 254) | (168, 63, 129, 16) => "a cloud's metadata address",
        (169, 254, ..) => "a link-local address",
        (192, 0, 0, _) => "an address for protocol assignments",
        (192, 0, 2, _) | (198, 51, 100, _) | (203, 0, 113, _) => "an address for documentation",
        (192, 31, 196, _) | (192, 175, 48, _) => "an AS112 address",
        (192, 52, 193, _) | (192, 88, 99, _) => "a relay's anycast address",
        (198, 18..=19, ..) => "an address for benchmarking",
        (224..=239, ..) => "a multicast address",
        (255, 255, 255, 255) => "the broadcast address",
        (240.., ..) => "a reserved address",
        _ => return None,
    })
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    let s = address.segments();
    Some(match s {
        [0, 0, 0, 0, 0, 0, 0, 0] => "the unspecified address",
        [0, 0, 0, 0, 0, 0, 0, 1] => "a loopback address",
        [0, 0, 0, 0, 0, 0xffff, ..] => "an IPv4-mapped address",
        [0, 0, 0, 0, 0, 0, ..] => "an IPv4-compatible address",
        [0x64, 0xff9b, ..] => "an address that wraps an IPv4 one (NAT64)",
        [0x2001, 0, ..] => "an address that wraps an IPv4 one (Teredo)",
        [0x2002, ..] => "an address that wraps an IPv4 one (6to4)",
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => "an address for documentation",
        // 2001::/23 holds protocol assignments, benchmarking and ORCHID identifiers beside Teredo.
        [0x2001, 0..=0x01ff, ..] => "an address for protocol assignments",
        [0xfc00..=0xfdff, ..] => "a private address",
        [0xfe80..=0xfebf, ..] => "a link-local address",
        [0xfec0..=0xfeff, ..] => "a site-local address",
        [0xff00..=0xffff, ..] => "a multicast address",
        [0x2000..=0x3fff, ..] => return None,
        _ => "an address outside global unicast",
    })
}
