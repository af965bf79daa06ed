//! The wall between rules and our own network (SSRF).
//!
//! Everything that rules, webhooks and integrations send goes through one [`Egress`], which reaches only addresses
//! that its [`Policy`] permits. Hosts written as addresses are judged from the URL, in whatever notation (the `url`
//! crate reads decimal, octal and hexadecimal as browsers do); names are judged by the resolver, after the look-up
//! and before the connection, at every connection. Redirects are never followed and no proxy of the environment is
//! used, so there is no second way out.
//!
//! Deliberately absent: retries, which belong to the queue, and decompression, which has its own bombs.

mod addresses;
mod resolver;
mod service;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use url::{Host, Url};

pub use addresses::Policy;
pub use resolver::{Lookup, SystemLookup};
pub use service::WalledService;

use resolver::{Blocked, WalledResolver};

/// Bytes of an answer that are kept unless the caller asks for another number.
pub const DEFAULT_MAX_BODY: usize = 256 * 1024;

/// Time for look-up, connection and TLS together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Time after which a connection nobody uses is closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Idle connections kept to one host.
const IDLE_PER_HOST: usize = 64;

/// Ends every refusal.
const HOW_TO_OPEN: &str = "only public addresses may be reached, unless an administrator allows the range";

/// The one way out. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Egress {
    client: reqwest::Client,
    policy: Arc<Policy>,
}

/// What is sent.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to; judged again at every send.
    pub url: Url,
    /// Sent as they are.
    pub headers: HeaderMap,
    /// Empty for none.
    pub body: Bytes,
    /// For everything from the look-up to the last byte of the answer.
    pub timeout: Duration,
    /// Bytes of the answer's body that are kept.
    pub max_body: usize,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method, url: Url, timeout: Duration) -> Self {
        Request { method, url, headers: HeaderMap::new(), body: Bytes::new(), timeout, max_body: DEFAULT_MAX_BODY }
    }
}

/// What came back, whatever its status.
#[derive(Debug)]
pub struct Response {
    /// The status; a redirect is an answer like any other.
    pub status: StatusCode,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// At most the first [`Request::max_body`] bytes.
    pub body: Bytes,
    /// Whether there was more.
    pub truncated: bool,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The wall stopped it. Never sent, and would be stopped again.
    #[error("{0}")]
    Refused(String),
    /// No connection came about. Never sent.
    #[error("could not connect: {0}")]
    Connect(String),
    /// The time ran out after the request may have been sent.
    #[error("no whole answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The connection broke after the request may have been sent.
    #[error("the connection broke before the whole answer: {0}")]
    Broken(String),
}

impl SendError {
    /// Whether the other side may have acted on the request.
    pub fn maybe_sent(&self) -> bool {
        matches!(self, SendError::TimedOut(_) | SendError::Broken(_))
    }
}

/// The HTTP client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be set up: {0}")]
pub struct SetupError(#[from] reqwest::Error);

impl Egress {
    /// An egress that asks the machine's own resolver.
    ///
    /// # Errors
    /// [`SetupError`] when TLS cannot be set up.
    pub fn new(policy: Policy) -> Result<Self, SetupError> {
        Self::with_lookup(policy, Arc::new(SystemLookup))
    }

    /// An egress over another resolver, behind the same wall.
    ///
    /// # Errors
    /// [`SetupError`] when TLS cannot be set up.
    pub fn with_lookup(policy: Policy, lookup: Arc<dyn Lookup>) -> Result<Self, SetupError> {
        // Fails only when one is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let policy = Arc::new(policy);
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("Trackside/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .no_proxy()
                .connect_timeout(CONNECT_TIMEOUT)
                .pool_idle_timeout(IDLE_TIMEOUT)
                .pool_max_idle_per_host(IDLE_PER_HOST)
                .tcp_nodelay(true)
                .dns_resolver(WalledResolver { lookup: Arc::clone(&lookup), policy: Arc::clone(&policy) })
        };
        let client = builder().build().or_else(|error| {
            // A bare container may have no certificates. Plain HTTP must work there all the same; HTTPS then fails
            // at each request, which says so.
            tracing::warn!(%error, "no system certificates: HTTPS requests will fail until ca-certificates is installed");
            builder().tls_certs_only(std::iter::empty()).build()
        })?;
        Ok(Egress { client, policy })
    }

    /// Reads a URL and judges what can be judged without asking the name server: for saving, so that the mistake
    /// shows there. [`Egress::send`] judges again.
    ///
    /// # Errors
    /// [`SendError::Refused`] with what to change.
    pub fn check(&self, url: &str) -> Result<Url, SendError> {
        let url = Url::parse(url).map_err(|error| {
            SendError::Refused(format!(
                "the URL cannot be read ({error}): write it whole, as in https://example.com/path"
            ))
        })?;
        self.judge(&url)?;
        Ok(url)
    }

    fn judge(&self, url: &Url) -> Result<(), SendError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(SendError::Refused(format!("`{}:` URLs are not sent to: use http or https", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SendError::Refused("the URL holds a user or a password: use a header or a connection".into()));
        }
        let address = match url.host() {
            Some(Host::Ipv4(v4)) => v4.into(),
            Some(Host::Ipv6(v6)) => v6.into(),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(SendError::Refused("the URL names no host".into())),
        };
        self.policy.check(address).map_err(|kind| SendError::Refused(format!("`{address}` is {kind}: {HOW_TO_OPEN}")))
    }

    /// Sends once and reads the answer. Any status is an answer.
    ///
    /// # Errors
    /// [`SendError`], which tells what was certainly never sent from what may have had its effect.
    pub async fn send(&self, request: Request) -> Result<Response, SendError> {
        let Request { method, url, headers, body, timeout, max_body } = request;
        self.judge(&url)?;
        let mut sent = reqwest::Request::new(method, url);
        *sent.headers_mut() = headers;
        if !body.is_empty() {
            *sent.body_mut() = Some(body.into());
        }
        *sent.timeout_mut() = Some(timeout);
        let mut answer = self.client.execute(sent).await.map_err(|error| classify(&error, timeout))?;
        let (body, truncated) = read_body(&mut answer, max_body).await.map_err(|error| classify(&error, timeout))?;
        let status = answer.status();
        let headers = std::mem::take(answer.headers_mut());
        Ok(Response { status, headers, body, truncated })
    }

    /// This egress as a tower service, for clients that bring their own protocol (octocrab).
    pub fn service(&self, timeout: Duration, max_body: usize) -> WalledService {
        WalledService::new(self.clone(), timeout, max_body)
    }
}

/// The usual answer is one chunk, which is kept without copying.
async fn read_body(answer: &mut reqwest::Response, max: usize) -> Result<(Bytes, bool), reqwest::Error> {
    let Some(mut first) = answer.chunk().await? else { return Ok((Bytes::new(), false)) };
    if first.len() > max {
        first.truncate(max);
        return Ok((first, true));
    }
    let Some(mut next) = answer.chunk().await? else { return Ok((first, false)) };
    let mut whole = BytesMut::from(first);
    loop {
        let room = max - whole.len();
        if next.len() > room {
            whole.extend_from_slice(&next[..room]);
            return Ok((whole.freeze(), true));
        }
        whole.extend_from_slice(&next);
        match answer.chunk().await? {
            Some(more) => next = more,
            None => return Ok((whole.freeze(), false)),
        }
    }
}

fn classify(error: &reqwest::Error, timeout: Duration) -> SendError {
    let causes = || std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    if let Some(blocked) = causes().find_map(|cause| cause.downcast_ref::<Blocked>()) {
        return SendError::Refused(blocked.0.clone());
    }
    if error.is_builder() {
        return SendError::Refused("the URL cannot be sent to: check its host and path".into());
    }
    // The causes without the top, which shows the URL, and a URL may hold a secret.
    let mut detail = String::new();
    for cause in causes() {
        if !detail.is_empty() {
            detail.push_str(": ");
        }
        detail.push_str(&cause.to_string());
    }
    if error.is_connect() {
        return SendError::Connect(detail);
    }
    if error.is_timeout() {
        return SendError::TimedOut(timeout);
    }
    SendError::Broken(detail)
}
