//! `Idempotency-Key`: a POST that is repeated with the same key answers what the first one answered, and does nothing.
//!
//! The key belongs to the person. It is reserved before the request runs and keeps the answer of what was done for 24 hours;
//! a refusal frees it, since nothing was done. Answers that hold a secret are not kept: their repetition is refused.
//!
//! The first that a request writes takes along the note that something was written ([`Once`]). So a process that dies leaves a
//! key that says how far it came: [`ABANDONED`] later it is free when nothing was written, and otherwise a repetition is told
//! that it was done. A request that is slower than that finds its key taken, and writes nothing.

mod store;

use std::fmt::Write as _;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::Instrument as _;
use trackside_engine::Error;
use trackside_engine::crash;
use trackside_engine::db::{Once, Tx};
use trackside_engine::ids::{EventId, UserId, WorkspaceId};

pub use store::ALL;

use crate::app::App;
use crate::extract::{Auth, read_body};
use crate::problem::Problem;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// How long an answer is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// After so long a request that has not answered is taken for dead: twice what any may take.
pub const ABANDONED: TimeDelta = TimeDelta::minutes(2);
/// The largest answer that is kept, in bytes.
const LARGEST: usize = 256 * 1024;
/// Where answers hold secrets, below `/api/v1`; a star is an id.
const SECRET: &[&str] = &[
    "/auth/switch",
    "/hooks",
    "/hooks/*/rotate",
    "/invitations",
    "/invitations/*/resend",
    "/me/second-factor",
    "/me/second-factor/confirm",
    "/members/*/password-reset",
    "/service-accounts/*/tokens",
    "/tokens",
];
/// Where nobody is known yet.
const OPEN: &[&str] = &[
    "/auth/email/verify",
    "/auth/login",
    "/auth/login/second-factor",
    "/auth/logout",
    "/auth/oidc/ticket",
    "/auth/password/forgot",
    "/auth/password/reset",
    "/auth/refresh",
    "/invitations/accept",
    "/setup",
];

fn is_secret(path: &str) -> bool {
    let same = |known: &&&str| {
        known.split('/').count() == path.split('/').count()
            && known.split('/').zip(path.split('/')).all(|(known, part)| known == "*" || known == part)
    };
    SECRET.iter().any(|known| same(&known))
}

/// Whose key it is.
type Owner = (WorkspaceId, UserId);

/// A key, and by which mark it is ours.
#[derive(Clone)]
struct Slot {
    owner: Owner,
    key: String,
    mark: String,
}

/// What became of the key.
enum Reserved {
    /// It is ours: go on.
    Fresh,
    /// Somebody is at it.
    Busy,
    /// It was used for another request.
    Other,
    /// Its request was answered, with a secret that was not kept.
    Secret,
    /// Its request wrote something, and died before its answer was kept.
    Unanswered,
    /// Its request was answered with this.
    Answered(Kept),
}

/// An answer that is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    kind: Option<String>,
    etag: Option<String>,
    body: String,
}

/// The layer. Costs one look-up in the headers when there is no key.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Result<Response, Problem> {
    let keyed = request.method() == Method::POST && request.headers().contains_key(IDEMPOTENCY_KEY);
    let path = request.uri().path();
    let path = path.strip_prefix("/api/v1").unwrap_or(path).to_owned();
    if !keyed || OPEN.contains(&path.as_str()) {
        return Ok(next.run(request).await);
    }
    let (mut parts, body) = request.into_parts();
    let key = read_key(parts.headers.get(IDEMPOTENCY_KEY))?;
    let Auth(cx) = Auth::from_request_parts(&mut parts, &app).await?;
    let user = cx.actor.user().ok_or_else(|| Error::denied("only a person's requests can be repeated by key"))?;
    let owner = (cx.actor.workspace, user);
    // A file passes through and is not held: what it is called and how long it is makes it the same.
    let (body, known) = match crate::observe::is_upload(&parts.method, &path, &parts.headers) {
        true => (
            body,
            parts
                .headers
                .get(CONTENT_LENGTH)
                .map_or_else(Bytes::new, |length| Bytes::copy_from_slice(length.as_bytes())),
        ),
        false => {
            let mut bare = Request::new(body);
            // How large a body may be is its path's matter.
            parts.uri.clone_into(bare.uri_mut());
            let read = read_body(bare).await?;
            (Body::from(read.clone()), read)
        }
    };
    let hash = fingerprint(&parts.uri, kind(&parts.headers), cx.actor.scopes.as_deref(), &known);
    // Apart from the connection: whoever hangs up and asks again is to find the answer of what was done, and not to have
    // it done twice.
    let act = async move {
        let mark = app.source.new_id::<EventId>().to_string();
        let slot = Slot { owner, key, mark };
        match reserve(&app, slot.clone(), hash).await? {
            Reserved::Fresh => {}
            Reserved::Busy => return Err(busy()),
            Reserved::Other => return Err(other()),
            Reserved::Secret => return Err(secret()),
            Reserved::Unanswered => return Err(unanswered()),
            Reserved::Answered(kept) => return Ok(replay(kept)),
        }
        let once = Once::new({
            let slot = slot.clone();
            move |tx| Box::pin(note_written(tx, slot.clone()))
        });
        let response = once.scope(next.run(Request::from_parts(parts, body))).await;
        crash::point("idempotency.before_note");
        Reservation { app, slot }.note(response, is_secret(&path)).await
    };
    match tokio::spawn(act.in_current_span()).await {
        Ok(answer) => answer,
        Err(error) => Err(Problem::internal(format!("a request with a key ended early: {error}"))),
    }
}

/// The media type; of a form without its boundary, which is a new one each time.
fn kind(headers: &HeaderMap) -> &str {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("multipart/") { kind.split(';').next().unwrap_or_default() } else { kind }
}

fn read_key(value: Option<&HeaderValue>) -> Result<String, Problem> {
    let text = value.and_then(|value| value.to_str().ok()).unwrap_or_default().trim().trim_matches('"');
    if (1..=255).contains(&text.len()) {
        return Ok(text.to_owned());
    }
    Err(Problem::bad_request(
        "invalid_idempotency_key",
        "Idempotency-Key must be 1 to 255 ASCII characters, such as a UUID.",
    ))
}

/// What makes two requests the same. The scopes belong to it, so that a token never reads what one with more rights was
/// answered.
fn fingerprint(uri: &axum::http::Uri, kind: &str, scopes: Option<&[String]>, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut head = String::new();
    // Writing to a String cannot fail.
    let _ = write!(head, "{uri}\n{}\n{scopes:?}\n", kind);
    hash.update(head.as_bytes());
    hash.update(body);
    hash.finalize().into()
}

async fn note_written(tx: &mut Tx, slot: Slot) -> Result<(), Error> {
    if store::wrote(tx, &slot).await? {
        return Ok(());
    }
    let detail =
        "This request took so long that its Idempotency-Key went to a repetition. Nothing was done by this one.";
    Err(Error::conflict("idempotency_key_in_use", detail))
}

async fn reserve(app: &App, slot: Slot, hash: [u8; 32]) -> Result<Reserved, Error> {
    let now = app.source.now();
    app.db
        .write(async move |tx: &mut Tx| {
            if store::insert(tx, &slot, &hash, now).await? {
                // Some of the keys that come in sweep out what is too old: cheap, and needs no clockwork.
                if hash[0] == 0 {
                    store::sweep(tx, now - KEPT).await?;
                }
                return Ok(Reserved::Fresh);
            }
            let Some(found) = store::find(tx, &slot).await? else { return Ok(Reserved::Busy) };
            let age = now - found.created_at;
            if age > KEPT || (found.status == 0 && age > ABANDONED) {
                store::take_over(tx, &slot, &hash, now).await?;
                return Ok(Reserved::Fresh);
            }
            if found.request_hash != hash {
                return Ok(Reserved::Other);
            }
            Ok(match found.status {
                1 if age > ABANDONED => Reserved::Unanswered,
                2 => Reserved::Unanswered,
                0 | 1 => Reserved::Busy,
                _ if found.body.is_empty() => Reserved::Secret,
                _ => Reserved::Answered(
                    serde_json::from_str(&found.body)
                        .map_err(|error| Error::internal("A kept answer cannot be read.").caused_by(error))?,
                ),
            })
        })
        .await
}

/// A key that is ours until the answer stands.
struct Reservation {
    app: App,
    slot: Slot,
}

impl Reservation {
    async fn note(self, response: Response, secret: bool) -> Result<Response, Problem> {
        let Self { app, slot } = self;
        let status = response.status();
        // A refusal did nothing: the key is there for the request as it is meant.
        if status.is_client_error() {
            app.db.write(async move |tx: &mut Tx| store::free(tx, &slot).await).await?;
            return Ok(response);
        }
        if status.is_server_error() {
            app.db.write(async move |tx: &mut Tx| store::fail(tx, &slot).await).await?;
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        let bytes =
            axum::body::to_bytes(body, usize::MAX).await.map_err(|error| Problem::internal(error.to_string()))?;
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let text =
            std::str::from_utf8(&bytes).ok().filter(|text| text.len() <= LARGEST && !(secret && status.is_success()));
        let kept = text.map(|text| Kept {
            status: status.as_u16(),
            kind: header(CONTENT_TYPE),
            etag: header(ETAG),
            body: text.to_owned(),
        });
        let kept = kept.and_then(|kept| serde_json::to_string(&kept).ok()).unwrap_or_default();
        let code = i64::from(status.as_u16());
        app.db.write(async move |tx: &mut Tx| store::finish(tx, &slot, code, &kept).await).await?;
        Ok(Response::from_parts(parts, Body::from(bytes)))
    }
}

fn replay(kept: Kept) -> Response {
    let mut response = Response::new(Body::from(kept.body));
    *response.status_mut() = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    for (name, text) in [(CONTENT_TYPE, kept.kind), (ETAG, kept.etag), (REPLAYED, Some("true".into()))] {
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response.into_response()
}

fn busy() -> Problem {
    let detail = "The first request with this Idempotency-Key is still under way. Ask again in a moment.";
    Problem::new(StatusCode::CONFLICT, "idempotency_key_in_use", detail).retry_after(1)
}

fn other() -> Problem {
    let detail = "This Idempotency-Key was used for another request. Take a new key for a new request.";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail)
}

fn unanswered() -> Problem {
    let detail = "This request did something before with this Idempotency-Key, and its answer was lost. Look for what it did; take a new key to do it again.";
    Problem::new(StatusCode::CONFLICT, "idempotency_answer_lost", detail)
}

fn secret() -> Problem {
    let detail = "This request was carried out before with this Idempotency-Key; its answer held a secret, or was large, and was not kept. Take a new key to do it again.";
    Problem::new(StatusCode::CONFLICT, "idempotency_answer_not_kept", detail)
}
