//! Where a request comes from. What a header says of it is believed only of proxies that the operator names.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderName};
use ipnet::IpNet;

use crate::app::App;

/// What each proxy adds the address to that it was asked from, the last one at the end.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address(pub IpAddr);

impl Address {
    /// Who stands at the other end: of the connection, or, if that is a trusted proxy, of the one in front of it.
    /// `None` without a connection.
    pub fn find(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpNet]) -> Option<Self> {
        let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
        Some(Self(behind(peer.ip().to_canonical(), headers, trusted)))
    }

    /// The same, of a request that [`crate::observe`] has seen.
    pub fn of(parts: &Parts) -> Option<IpAddr> {
        parts.extensions.get::<Self>().map(|Self(address)| *address)
    }

    /// What one caller can choose among: with IPv6 everybody has a /64 of addresses at the least.
    pub fn neighbourhood(&self) -> String {
        match self.0 {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX)).to_string(),
        }
    }
}

impl OptionalFromRequestParts<App> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Infallible> {
        Ok(Self::find(&parts.extensions, &parts.headers, &app.trusted_proxies))
    }
}

/// Goes along the proxies, from the last to the first, as far as they are trusted: whatever stands before is hearsay.
fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|range| range.contains(address));
    let said: Vec<&str> =
        headers.get_all(X_FORWARDED_FOR).iter().flat_map(|value| value.to_str().unwrap_or("?").split(',')).collect();
    let mut address = peer;
    for before in said.into_iter().rev() {
        if !is_trusted(&address) {
            break;
        }
        match read(before.trim()) {
            Some(before) => address = before,
            None => break,
        }
    }
    address
}

/// An address, as proxies write it: also with a port, and in brackets.
fn read(text: &str) -> Option<IpAddr> {
    let plain = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    plain.ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip())).map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind_them(peer: &str, lines: &[&'static str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, axum::http::HeaderValue::from_static(line));
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|range| range.parse().unwrap()).collect();
        behind(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn hearsay_is_believed_of_trusted_proxies_alone() {
        let (near, far) = ("10.0.0.0/8", "192.0.2.0/24");
        assert_eq!(behind_them("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(behind_them("203.0.113.9", &["198.51.100.1"], &[near]), "203.0.113.9");
        assert_eq!(behind_them("10.0.0.1", &[], &[near]), "10.0.0.1");
        assert_eq!(behind_them("10.0.0.1", &["198.51.100.1"], &[near]), "198.51.100.1");
        // What the caller sent stands before what the proxy knows.
        assert_eq!(behind_them("10.0.0.1", &["1.2.3.4, 198.51.100.1"], &[near]), "198.51.100.1");
        assert_eq!(behind_them("10.0.0.1", &["1.2.3.4", "198.51.100.1, 192.0.2.7"], &[near, far]), "198.51.100.1");
        assert_eq!(behind_them("10.0.0.1", &["10.0.0.3, 10.0.0.2"], &[near]), "10.0.0.3");
        assert_eq!(behind_them("10.0.0.1", &["1.2.3.4, unknown"], &[near]), "10.0.0.1");
        assert_eq!(behind_them("10.0.0.1", &["198.51.100.1:4711"], &[near]), "198.51.100.1");
        assert_eq!(behind_them("10.0.0.1", &["[2001:db8::1]:443"], &[near]), "2001:db8::1");
        assert_eq!(behind_them("10.0.0.1", &["[2001:db8::1]"], &[near]), "2001:db8::1");
        assert_eq!(behind_them("10.0.0.1", &["::ffff:198.51.100.1"], &[near]), "198.51.100.1");
    }

    #[test]
    fn neighbours_of_one_network_are_one_caller() {
        let of = |text: &str| Address(text.parse().unwrap()).neighbourhood();
        assert_eq!(of("2001:db8:0:1::5"), of("2001:db8:0:1:ffff::9"));
        assert_ne!(of("2001:db8:0:1::5"), of("2001:db8:0:2::5"));
        assert_ne!(of("198.51.100.1"), of("198.51.100.2"));
    }
}
