//! A bucket that speaks as much S3 as files need, and takes nothing that is not signed as
//! [Amazon describes it](https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::response::Response;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use super::lock;

/// Who may put something into the bucket.
pub const KEY: &str = "AKIATRACKSIDE";
/// With which secret.
pub const SECRET: &str = "a secret of forty characters or so";
/// Its name.
pub const BUCKET: &str = "the-bucket";

#[derive(Default)]
struct Book {
    objects: BTreeMap<String, Bytes>,
    uploads: BTreeMap<String, BTreeMap<u32, Bytes>>,
    largest: usize,
    requests: Vec<String>,
    refusals: Vec<String>,
    /// What the next requests are answered.
    troubles: Vec<u16>,
}

/// A bucket that is there. It goes when this is dropped.
pub struct Bucket {
    /// `http://127.0.0.1:<port>`.
    pub url: String,
    book: Arc<Mutex<Book>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Bucket {
    /// Starts one on a free port of loopback.
    ///
    /// # Panics
    /// When loopback gives no port.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let url = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        let book = Arc::new(Mutex::new(Book::default()));
        let app = Router::new().fallback(answer).with_state(book.clone());
        let task = tokio::spawn(async move {
            // Ends with the task; there is nobody to tell.
            let _ = axum::serve(listener, app).await;
        });
        Self { url, book, task }
    }

    /// The names of what lies in it, and the bytes.
    pub fn objects(&self) -> BTreeMap<String, Bytes> {
        lock(&self.book).objects.clone()
    }

    /// How many uploads in parts have neither been completed nor given up.
    pub fn unfinished(&self) -> usize {
        lock(&self.book).uploads.len()
    }

    /// The largest body that came in one request.
    pub fn largest(&self) -> usize {
        lock(&self.book).largest
    }

    /// What it was asked, as `PUT /the-bucket/…`.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.book).requests.clone()
    }

    /// What it did not take.
    pub fn refusals(&self) -> Vec<String> {
        lock(&self.book).refusals.clone()
    }

    /// Answers the next requests with these statuses.
    pub fn fail(&self, statuses: &[u16]) {
        lock(&self.book).troubles.extend(statuses.iter().rev());
    }
}

async fn answer(State(book): State<Arc<Mutex<Book>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let mut book = lock(&book);
    book.largest = book.largest.max(body.len());
    book.requests.push(format!("{} {}", parts.method, parts.uri));
    if let Some(status) = book.troubles.pop() {
        return reply(status, &[], "<Error><Code>SlowDown</Code></Error>".into());
    }
    if let Err(why) = signed(&parts, &body) {
        book.refusals.push(format!("{} {}: {why}", parts.method, parts.uri));
        return reply(
            403,
            &[],
            format!("<Error><Code>SignatureDoesNotMatch</Code><Message>{why}</Message></Error>").into(),
        );
    }
    perform(&mut book, &parts, body)
}

fn perform(book: &mut Book, parts: &Parts, body: Bytes) -> Response {
    let Some(name) = parts.uri.path().strip_prefix(&format!("/{BUCKET}/")).map(str::to_owned) else {
        return reply(404, &[], "<Error><Code>NoSuchBucket</Code></Error>".into());
    };
    let query = query(parts);
    let asked = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let (upload, number) = (asked("uploadId"), asked("partNumber").and_then(|number| number.parse::<u32>().ok()));
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&body)[..8]));
    match (parts.method.as_str(), upload, number) {
        ("POST", None, None) if asked("uploads").is_some() => {
            let id = format!("u{}", book.requests.len());
            book.uploads.insert(id.clone(), BTreeMap::new());
            let text = format!(
                "<InitiateMultipartUploadResult><Bucket>{BUCKET}</Bucket><Key>{name}</Key><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
            );
            reply(200, &[], text.into())
        }
        ("PUT", Some(id), Some(number)) => match book.uploads.get_mut(&id) {
            Some(known) => {
                known.insert(number, body);
                reply(200, &[("etag", tag)], Bytes::new())
            }
            None => reply(404, &[], "<Error><Code>NoSuchUpload</Code></Error>".into()),
        },
        ("POST", Some(id), None) => match book.uploads.remove(&id) {
            Some(known) => {
                let small = known.values().rev().skip(1).any(|part| part.len() < 5 * 1024 * 1024);
                if small {
                    return reply(400, &[], "<Error><Code>EntityTooSmall</Code></Error>".into());
                }
                book.objects.insert(name.clone(), known.into_values().collect::<Vec<_>>().concat().into());
                let text = format!(
                    "<CompleteMultipartUploadResult><Bucket>{BUCKET}</Bucket><Key>{name}</Key><ETag>{tag}</ETag></CompleteMultipartUploadResult>"
                );
                reply(200, &[], text.into())
            }
            None => reply(404, &[], "<Error><Code>NoSuchUpload</Code></Error>".into()),
        },
        ("DELETE", Some(id), None) => {
            book.uploads.remove(&id);
            reply(204, &[], Bytes::new())
        }
        ("PUT", None, None) => {
            book.objects.insert(name, body);
            reply(200, &[("etag", tag)], Bytes::new())
        }
        ("DELETE", None, None) => {
            book.objects.remove(&name);
            reply(204, &[], Bytes::new())
        }
        ("GET", None, None) => read(book, parts, &name),
        _ => {
            book.refusals.push(format!("{} {}: not known", parts.method, parts.uri));
            reply(501, &[], "<Error><Code>NotImplemented</Code></Error>".into())
        }
    }
}

fn read(book: &Book, parts: &Parts, name: &str) -> Response {
    let Some(object) = book.objects.get(name) else {
        return reply(404, &[], "<Error><Code>NoSuchKey</Code></Error>".into());
    };
    let dated = ("last-modified", "Wed, 25 Nov 2026 12:00:00 GMT".to_owned());
    let tagged = ("etag", "\"tag\"".to_owned());
    let range =
        parts.headers.get("range").and_then(|range| range.to_str().ok()?.strip_prefix("bytes=")?.split_once('-'));
    let Some((first, last)) = range.and_then(|(first, last)| Some((first.parse().ok()?, last.parse::<usize>().ok()?)))
    else {
        return reply(200, &[dated, tagged], object.clone());
    };
    let last = last.min(object.len() - 1);
    let said = ("content-range", format!("bytes {first}-{last}/{}", object.len()));
    reply(206, &[dated, tagged, said], object.slice(first..=last))
}

fn reply(status: u16, headers: &[(&str, String)], body: Bytes) -> Response {
    let mut response = Response::builder().status(status).header("content-type", "application/xml");
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(body)).expect("a response can be made")
}

fn query(parts: &Parts) -> Vec<(String, String)> {
    let text = parts.uri.query().unwrap_or_default();
    let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut pairs: Vec<_> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    pairs.sort();
    pairs
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Whether the request is signed with the bucket's key, and its body is the one that was.
fn signed(parts: &Parts, body: &[u8]) -> Result<(), String> {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = header("authorization").strip_prefix("AWS4-HMAC-SHA256 ").ok_or("no signature")?;
    let part = |name: &str| given.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    let (credential, names, signature) = (part("Credential"), part("SignedHeaders"), part("Signature"));
    let (Some(credential), Some(names), Some(signature)) = (credential, names, signature) else {
        return Err("the signature has a part too few".into());
    };
    let [key, date, region, service, end] = credential.split('/').collect::<Vec<_>>()[..] else {
        return Err("the credential has no five parts".into());
    };
    let time = header("x-amz-date");
    if (key, service, end) != (KEY, "s3", "aws4_request") || !time.starts_with(date) {
        return Err("the credential is another's".into());
    }
    for wanted in ["host", "x-amz-content-sha256", "x-amz-date"] {
        if !names.split(';').any(|name| name == wanted) {
            return Err(format!("{wanted} is not signed"));
        }
    }
    let hash = header("x-amz-content-sha256");
    if hash != hex::encode(Sha256::digest(body)) {
        return Err("the body is not the one that was signed".into());
    }
    let query: Vec<String> = query(parts).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let headers: String = names.split(';').map(|name| format!("{name}:{}\n", header(name).trim())).collect();
    let canonical = [parts.method.as_str(), parts.uri.path(), &query.join("&"), &headers, names, hash].join("\n");
    let scope = [date, region, service, end].join("/");
    let text = ["AWS4-HMAC-SHA256", time, &scope, &hex::encode(Sha256::digest(canonical))].join("\n");
    let start = format!("AWS4{SECRET}").into_bytes();
    let signing = [date, region, service, end].iter().fold(start, |key, part| mac(&key, part));
    if hex::encode(mac(&signing, &text)) == signature { Ok(()) } else { Err("the signature is wrong".into()) }
}
