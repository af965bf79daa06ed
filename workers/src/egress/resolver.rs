//! Name resolution behind the wall: the client connects to what this returns and to nothing else.
//!
//! The addresses are judged between the look-up and the connection, at every connection, so a name that changes its
//! address between two requests (DNS rebinding) gains nothing.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::addresses::Policy;

/// Turns a host name into addresses. The seam at which tests play the name server.
pub trait Lookup: Send + Sync + 'static {
    /// Every address of the host, in the order in which they should be tried.
    fn lookup(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The machine's own resolver (`getaddrinfo`).
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// A name that leads only to addresses that may not be reached.
#[derive(Debug)]
pub(super) struct Blocked(pub String);

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Blocked {}

pub(super) struct WalledResolver {
    pub lookup: Arc<dyn Lookup>,
    pub policy: Arc<Policy>,
}

impl Resolve for WalledResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = Arc::clone(&self.policy);
        let found = self.lookup.lookup(name.as_str().to_owned());
        Box::pin(async move {
            let mut addresses = found.await?;
            let mut refused = None;
            addresses.retain(|address| policy.check(*address).map_err(|kind| refused = Some(kind)).is_ok());
            if addresses.is_empty()
                && let Some(kind) = refused
            {
                let detail = format!("the host `{}` leads to {kind}: {}", name.as_str(), super::HOW_TO_OPEN);
                return Err(Blocked(detail).into());
            }
            // Port 0 stands for the port of the URL.
            Ok(Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
