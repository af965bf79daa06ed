//! Files in a bucket that speaks S3: Amazon's, or any other's that an operator names by `AWS_ENDPOINT_URL`.
//!
//! A small file is put in one request, a large one in parts of [`PART`], and read in pieces of [`PIECE`], so that no more
//! than one of them is in memory. A request that fails for a reason that may pass is tried again. Every request is signed
//! ([`sign`]), with the hash of what it carries. A process that dies in the middle of a large file leaves parts that no
//! listing shows; give the bucket a rule that ends incomplete uploads after two days.

mod sign;

use std::ops::Range;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, stream};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use trackside_engine::files::{FileKey, FileStore, Pieces, Work};
use trackside_engine::{Error, Result, Source};
use url::Url;

use crate::egress::{Egress, Policy, Request, Response};
use sign::Keys;

/// The size of a part in bytes: S3 wants at least 5 MiB and takes at most 10,000 of them, which makes 80 GB.
const PART: usize = 8 * 1024 * 1024;
/// The size of what is read at once.
const PIECE: u64 = 4 * 1024 * 1024;
/// One request may take so long.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How often a request is sent before it is given up.
const ATTEMPTS: u32 = 4;
/// How long to wait before the second time; twice as long before each further one.
const PAUSE: Duration = Duration::from_millis(200);

/// A bucket, or a part of one. Cheap to clone.
#[derive(Clone)]
pub struct S3 {
    egress: Egress,
    source: Source,
    keys: Keys,
    /// What all names of files are put behind; ends with a slash.
    base: Url,
}

impl S3 {
    /// A bucket, by the variables that Amazon's own tools read: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
    /// `AWS_SESSION_TOKEN`, `AWS_REGION` (`us-east-1`), `AWS_ENDPOINT_URL`. Nothing is asked of the bucket yet.
    ///
    /// # Errors
    /// What is missing or wrong.
    pub fn open(
        bucket: &str,
        prefix: &str,
        source: Source,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let wanted = |name: &str| variable(name).ok_or_else(|| format!("s3:// wants {name}; set it"));
        let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).unwrap_or("us-east-1".into());
        let (id, secret) = (wanted("AWS_ACCESS_KEY_ID")?, wanted("AWS_SECRET_ACCESS_KEY")?);
        let place = match variable("AWS_ENDPOINT_URL_S3").or_else(|| variable("AWS_ENDPOINT_URL")) {
            Some(endpoint) => format!("{}/{bucket}/", endpoint.trim_end_matches('/')),
            None => format!("https://{bucket}.s3.{region}.amazonaws.com/"),
        };
        let place = if prefix.is_empty() { place } else { format!("{place}{prefix}/") };
        let base = Url::parse(&place).map_err(|error| format!("AWS_ENDPOINT_URL is no URL: {error}"))?;
        // Where an operator keeps the files is no rule's choice: it may be at any address.
        let anywhere = ["0.0.0.0/0", "::/0"].iter().filter_map(|range| range.parse().ok()).collect();
        let egress = Egress::new(Policy { allow: anywhere }).map_err(|error| error.to_string())?;
        Ok(Self { egress, source, keys: Keys { id, secret, token: variable("AWS_SESSION_TOKEN"), region }, base })
    }

    /// Sends a request about a file, again while that may help, and takes only an answer of success.
    async fn ask(
        &self,
        method: Method,
        key: &FileKey,
        query: &str,
        range: Option<&str>,
        body: Bytes,
    ) -> Result<Response> {
        let failed = |why: String| {
            tracing::error!(%key, "the bucket that keeps files: {why}");
            Error::busy("storage_unavailable", "The bucket that keeps files does not answer as it should. Try again.")
        };
        let mut url = self.base.join(&key.to_string()).map_err(|error| failed(error.to_string()))?;
        url.set_query((!query.is_empty()).then_some(query));
        let mut attempt = 1;
        loop {
            let signed = self.keys.sign(&method, &url, &body, self.source.now());
            let mut headers = signed.ok_or_else(|| failed("the request cannot be signed".into()))?;
            add(&mut headers, "range", range);
            let request = Request {
                headers,
                body: body.clone(),
                max_body: PIECE as usize + 64 * 1024,
                ..Request::new(method.clone(), url.clone(), TIMEOUT)
            };
            let why = match self.egress.send(request).await {
                Ok(answer) if answer.status.is_success() && !answer.truncated => return Ok(answer),
                Ok(answer) if answer.status == StatusCode::NOT_FOUND => {
                    return Err(Error::internal(format!("The file {key} is missing.")).with_code("file_missing"));
                }
                Ok(answer) => {
                    let said: String = String::from_utf8_lossy(&answer.body).chars().take(300).collect();
                    let why = format!("{method} was answered {}: {said}", answer.status);
                    let passing = answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS;
                    if !passing {
                        return Err(failed(why));
                    }
                    why
                }
                Err(error) => format!("{method}: {error}"),
            };
            if attempt == ATTEMPTS {
                return Err(failed(why));
            }
            tokio::time::sleep(PAUSE * 2_u32.pow(attempt - 1)).await;
            attempt += 1;
        }
    }

    async fn keep(&self, key: &FileKey, mut pieces: Pieces<'_>) -> Result<()> {
        let mut upload = Parts { store: self, key, id: None, tags: Vec::new() };
        let mut part = BytesMut::new();
        let sent = async {
            while let Some(piece) = pieces.next().await {
                part.extend_from_slice(&piece?);
                if part.len() >= PART {
                    upload.send(std::mem::take(&mut part).freeze()).await?;
                }
            }
            upload.end(part.freeze()).await
        };
        let sent = sent.await;
        if sent.is_err() {
            upload.abort().await;
        }
        sent
    }

    async fn piece(self, key: FileKey, range: Range<u64>) -> Result<(Bytes, Range<u64>)> {
        let end = range.end.min(range.start + PIECE);
        let asked = format!("bytes={}-{}", range.start, end - 1);
        let answer = self.ask(Method::GET, &key, "", Some(&asked), Bytes::new()).await?;
        if answer.body.len() as u64 != end - range.start {
            return Err(Error::internal(format!("The file {key} is shorter than it was.")).with_code("file_missing"));
        }
        Ok((answer.body, end..range.end))
    }

    async fn open_range(&self, key: &FileKey, range: Range<u64>) -> Result<Pieces<'static>> {
        if range.is_empty() {
            return Ok(Box::pin(stream::empty()));
        }
        // The first at once, so that what is wrong is told before an answer has begun.
        let (store, key) = (self.clone(), *key);
        let (first, rest) = store.clone().piece(key, range).await?;
        let rest = stream::try_unfold(rest, move |rest| {
            let store = store.clone();
            async move { if rest.is_empty() { Ok(None) } else { store.piece(key, rest).await.map(Some) } }
        });
        Ok(Box::pin(stream::once(async { Ok(first) }).chain(rest)))
    }

    async fn remove(&self, key: &FileKey) -> Result<()> {
        match self.ask(Method::DELETE, key, "", None, Bytes::new()).await {
            Err(error) if error.code == "file_missing" => Ok(()),
            answered => answered.map(drop),
        }
    }
}

impl FileStore for S3 {
    fn put<'a>(&'a self, key: &'a FileKey, pieces: Pieces<'a>) -> Work<'a, ()> {
        Box::pin(self.keep(key, pieces))
    }

    fn get<'a>(&'a self, key: &'a FileKey, range: Range<u64>) -> Work<'a, Pieces<'static>> {
        Box::pin(self.open_range(key, range))
    }

    fn delete<'a>(&'a self, key: &'a FileKey) -> Work<'a, ()> {
        Box::pin(self.remove(key))
    }
}

/// A file on its way: whole, or once there is a part of it, in parts.
struct Parts<'a> {
    store: &'a S3,
    key: &'a FileKey,
    /// What the bucket calls the upload, written for a query.
    id: Option<String>,
    tags: Vec<String>,
}

impl Parts<'_> {
    async fn send(&mut self, part: Bytes) -> Result<()> {
        let id = match &self.id {
            Some(id) => id.clone(),
            None => {
                let answer = self.store.ask(Method::POST, self.key, "uploads=", None, Bytes::new()).await?;
                let text = String::from_utf8_lossy(&answer.body);
                let id = text.split_once("<UploadId>").and_then(|(_, rest)| rest.split_once("</UploadId>"));
                let id = id.map(|(id, _)| encoded(id)).ok_or_else(|| odd("an upload without its id"))?;
                self.id.insert(id).clone()
            }
        };
        let query = format!("partNumber={}&uploadId={id}", self.tags.len() + 1);
        let answer = self.store.ask(Method::PUT, self.key, &query, None, part).await?;
        let tag = answer.headers.get("etag").and_then(|tag| tag.to_str().ok());
        self.tags.push(tag.ok_or_else(|| odd("a part without its tag"))?.to_owned());
        Ok(())
    }

    async fn end(&mut self, last: Bytes) -> Result<()> {
        if self.id.is_none() {
            return self.store.ask(Method::PUT, self.key, "", None, last).await.map(drop);
        }
        if !last.is_empty() {
            self.send(last).await?;
        }
        let parts: String = (1..)
            .zip(&self.tags)
            .map(|(number, tag)| format!("<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>"))
            .collect();
        let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
        let query = format!("uploadId={}", self.id.as_deref().unwrap_or_default());
        let answer = self.store.ask(Method::POST, self.key, &query, None, body.into()).await?;
        // The one request that is answered 200 before it is known how it ends.
        match String::from_utf8_lossy(&answer.body).contains("<Error>") {
            true => Err(odd("an upload that could not be completed")),
            false => Ok(()),
        }
    }

    /// Tells the bucket to forget the parts; should that fail, its own rule does it.
    async fn abort(&mut self) {
        if let Some(id) = self.id.take()
            && let Err(error) =
                self.store.ask(Method::DELETE, self.key, &format!("uploadId={id}"), None, Bytes::new()).await
        {
            tracing::warn!(%error, key = %self.key, "parts of a file that broke off stay in the bucket");
        }
    }
}

fn odd(what: &str) -> Error {
    tracing::error!("the bucket that keeps files answered {what}");
    Error::busy("storage_unavailable", "The bucket that keeps files does not answer as it should. Try again.")
}

fn add(headers: &mut HeaderMap, name: &'static str, value: Option<&str>) {
    if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
        headers.insert(name, value);
    }
}

/// As it stands in a query: everything but letters, digits and `-._~` in percent.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
