//! A push service (RFC 8030) with browsers that subscribed to it: it wants what the standards want of whoever sends
//! (RFC 8188, 8291, 8292), and opens what it gets as a browser would.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aes_gcm::aead::{Aead as _, KeyInit as _};
use aes_gcm::{Aes128Gcm, Key, Nonce};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use p256::{PublicKey, SecretKey, ecdh};
use serde_json::{Value, json};
use sha2::Sha256;
use trackside_engine::Source;

use super::lock;

/// How long a message may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A browser that subscribed.
struct Browser {
    key: SecretKey,
    auth: [u8; 16],
    /// The key that it was given when it subscribed: messages of another sender are refused.
    sender: String,
}

/// A message that a browser was shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// To which browser.
    pub browser: String,
    /// What it says.
    pub message: Value,
    /// The `TTL` header, in seconds.
    pub ttl: i64,
    /// The `Topic` header.
    pub topic: Option<String>,
    /// When it came.
    pub at: Instant,
}

#[derive(Default)]
struct Book {
    browsers: HashMap<String, Browser>,
    shown: Vec<Shown>,
    /// What the next messages are answered, one each: a status and `Retry-After`; 201 when there is none.
    answers: VecDeque<(u16, Option<&'static str>)>,
    asked: usize,
    refusals: Vec<String>,
}

/// A push service that is running. It stops when this is dropped.
pub struct PushService {
    origin: String,
    book: Arc<Mutex<Book>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for PushService {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl PushService {
    /// Starts one on a free port of loopback.
    ///
    /// # Panics
    /// When loopback gives no port.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let origin = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        let book = Arc::new(Mutex::new(Book::default()));
        let app = Router::new().fallback(take).with_state((Arc::clone(&book), origin.clone()));
        let task = tokio::spawn(async move {
            // Ends with the task; there is nobody to tell.
            let _ = axum::serve(listener, app).await;
        });
        Self { origin, book, task }
    }

    /// A browser subscribes with the key of a sender; what it hands over, as `JSON.stringify` writes it.
    ///
    /// # Panics
    /// When there is no key to be made.
    pub fn subscribe(&self, browser: &str, sender: &str) -> Value {
        let key = SecretKey::from_slice(&rand::random::<[u8; 32]>()).expect("a random number is a key");
        let auth: [u8; 16] = rand::random();
        let point = key.public_key().to_encoded_point(false);
        let keys = json!({
            "p256dh": BASE64_URL_SAFE_NO_PAD.encode(point.as_bytes()),
            "auth": BASE64_URL_SAFE_NO_PAD.encode(auth),
        });
        let sender = sender.to_owned();
        lock(&self.book).browsers.insert(browser.to_owned(), Browser { key, auth, sender });
        json!({ "endpoint": format!("{}/send/{browser}", self.origin), "expirationTime": null, "keys": keys })
    }

    /// Answers the next messages so, one each; then takes them again.
    pub fn answer(&self, answers: impl IntoIterator<Item = (u16, Option<&'static str>)>) {
        lock(&self.book).answers.extend(answers);
    }

    /// How many requests came in.
    pub fn asked(&self) -> usize {
        lock(&self.book).asked
    }

    /// What was refused because it is not as the standards want it.
    pub fn refusals(&self) -> Vec<String> {
        lock(&self.book).refusals.clone()
    }

    /// What browsers were shown, once there is so much of it.
    ///
    /// # Panics
    /// When there is not in time.
    pub async fn shown(&self, count: usize) -> Vec<Shown> {
        let start = Instant::now();
        loop {
            let shown = lock(&self.book).shown.clone();
            if shown.len() >= count {
                return shown;
            }
            assert!(start.elapsed() < PATIENCE, "{} of {count} messages; refused: {:?}", shown.len(), self.refusals());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn take(State((book, origin)): State<(Arc<Mutex<Book>>, String)>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, 4096).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let mut book = lock(&book);
    book.asked += 1;
    if let Some((status, after)) = book.answers.pop_front() {
        let status = StatusCode::from_u16(status).expect("a status");
        return match after {
            Some(after) => (status, [("retry-after", after)]).into_response(),
            None => status.into_response(),
        };
    }
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let name = parts.uri.path().trim_start_matches("/send/").to_owned();
    let Some(browser) = book.browsers.get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let taken = judge(browser, &origin, &header, &body);
    match taken {
        Ok((message, ttl)) => {
            book.shown.push(Shown { browser: name, message, ttl, topic: header("topic"), at: Instant::now() });
            StatusCode::CREATED.into_response()
        }
        Err(why) => {
            book.refusals.push(why);
            StatusCode::BAD_REQUEST.into_response()
        }
    }
}

/// The message, if all of it is as it should be.
fn judge(
    browser: &Browser,
    origin: &str,
    header: &dyn Fn(&str) -> Option<String>,
    body: &[u8],
) -> Result<(Value, i64), String> {
    let ttl = header("ttl").and_then(|ttl| ttl.parse().ok()).ok_or("no TTL (RFC 8030 section 5.2)")?;
    if header("content-encoding").as_deref() != Some("aes128gcm") {
        return Err("no Content-Encoding: aes128gcm (RFC 8291 section 4)".to_owned());
    }
    if let Some(topic) = header("topic")
        && (topic.len() > 32 || !topic.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)))
    {
        return Err(format!("{topic} is no topic (RFC 8030 section 5.4)"));
    }
    identify(browser, origin, &header("authorization").ok_or("no Authorization (RFC 8292)")?)?;
    let plain = open(browser, body)?;
    serde_json::from_slice(&plain).map(|message| (message, ttl)).map_err(|error| error.to_string())
}

/// RFC 8292 sections 2 and 3.
fn identify(browser: &Browser, origin: &str, authorization: &str) -> Result<(), String> {
    let wrong = |what: &str| format!("{what}: {authorization}");
    let (token, key) = authorization
        .strip_prefix("vapid t=")
        .and_then(|rest| rest.split_once(", k="))
        .ok_or_else(|| wrong("no vapid"))?;
    if key != browser.sender {
        return Err(wrong("another key than the browser subscribed with"));
    }
    let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong("no base64url"));
    let (signed, signature) = token.rsplit_once('.').ok_or_else(|| wrong("no JWT"))?;
    let signature = Signature::from_slice(&decode(signature)?).map_err(|_| wrong("no signature"))?;
    let key = VerifyingKey::from_sec1_bytes(&decode(key)?).map_err(|_| wrong("no key"))?;
    key.verify(signed.as_bytes(), &signature).map_err(|_| wrong("a wrong signature"))?;
    let (head, claims) = signed.split_once('.').ok_or_else(|| wrong("no JWT"))?;
    let read = |text: &str| serde_json::from_slice::<Value>(&decode(text)?).map_err(|_| wrong("no JSON"));
    let (head, claims) = (read(head)?, read(claims)?);
    let now = Source::default().now().timestamp();
    let until = claims["exp"].as_i64().unwrap_or_default();
    let good = head["alg"] == "ES256" && claims["aud"] == origin && until > now && until <= now + 86_400;
    let contact = claims["sub"]
        .as_str()
        .is_some_and(|sub| sub.starts_with("https:") || sub.starts_with("mailto:") || sub.starts_with("http://127."));
    if good && contact { Ok(()) } else { Err(wrong(&format!("wrong claims {head} {claims}"))) }
}

/// RFC 8188 section 2 and RFC 8291 section 3, as a browser does it.
fn open(browser: &Browser, body: &[u8]) -> Result<Vec<u8>, String> {
    if body.len() < 86 || body[20] != 65 {
        return Err(format!("a body of {} bytes without its header", body.len()));
    }
    let (salt, sender, sealed) = (&body[..16], &body[21..86], &body[86..]);
    let size = u32::from_be_bytes([body[16], body[17], body[18], body[19]]);
    if sealed.len() > size as usize {
        return Err("more than one record".to_owned());
    }
    let public = PublicKey::from_sec1_bytes(sender).map_err(|error| error.to_string())?;
    let shared = ecdh::diffie_hellman(browser.key.to_nonzero_scalar(), public.as_affine());
    let own = browser.key.public_key().to_encoded_point(false);
    let info = [b"WebPush: info\0".as_slice(), own.as_bytes(), sender].concat();
    let mut secret = [0; 32];
    let mut key = [0; 16];
    let mut nonce = [0; 12];
    let too_long = |error: hkdf::InvalidLength| error.to_string();
    Hkdf::<Sha256>::new(Some(&browser.auth), shared.raw_secret_bytes()).expand(&info, &mut secret).map_err(too_long)?;
    let keys = Hkdf::<Sha256>::new(Some(salt), &secret);
    keys.expand(b"Content-Encoding: aes128gcm\0", &mut key).map_err(too_long)?;
    keys.expand(b"Content-Encoding: nonce\0", &mut nonce).map_err(too_long)?;
    let cipher = Aes128Gcm::new(Key::<Aes128Gcm>::from_slice(&key));
    let mut plain = cipher.decrypt(Nonce::from_slice(&nonce), sealed).map_err(|_| "it does not open".to_owned())?;
    while plain.last() == Some(&0) {
        plain.pop();
    }
    match plain.pop() {
        Some(2) => Ok(plain),
        _ => Err("no end of the last record".to_owned()),
    }
}
