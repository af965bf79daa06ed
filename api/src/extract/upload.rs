//! A file in a request's body: the part `file` of a form ([RFC 7578](https://www.rfc-editor.org/rfc/rfc7578)), or the body
//! itself. It passes through piece by piece; nothing of it is kept here.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use futures::{Stream, StreamExt as _, stream};
use trackside_engine::Error;
use trackside_engine::attachments::{Attachment, Limits, arrive};
use trackside_engine::files::Pieces;

use super::body::{PIECE_WITHIN, broken_off, nothing_came, pass_over};
use crate::problem::Problem;

/// What a form may have around its file, in bytes.
const AROUND: u64 = 64 * 1024;
/// What may be read of a form and not be handed on yet, in bytes: heads of parts are held whole.
const HELD: u64 = 1024 * 1024;
/// The part that is the file.
const PART: &str = "file";

/// A problem that a stream of engine errors cannot tell; it is told when the stream has ended.
type Told = Arc<Mutex<Option<Problem>>>;

/// The rest of a body that is read no further.
type Rest = Arc<Mutex<Option<BodyDataStream>>>;

/// A file that begins to arrive.
pub struct Upload {
    name: String,
    pieces: Option<Pieces<'static>>,
    told: Told,
    rest: Rest,
}

impl Upload {
    /// Refuses what says itself that it is too large, before anything is read.
    ///
    /// # Errors
    /// `file_too_large` (413).
    pub fn announced(headers: &HeaderMap, limits: Limits) -> Result<(), Problem> {
        let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        match length.is_some_and(|length| length > limits.file.saturating_add(AROUND)) {
            true => Err(arrive::too_large(limits).into()),
            false => Ok(()),
        }
    }

    /// Reads as far as the file's first byte. `name` is what the query calls it.
    ///
    /// # Errors
    /// `malformed_form` (400), `body_unreadable`, `body_too_slow`; a form without a file; a body without a name.
    pub async fn begin(headers: &HeaderMap, name: Option<String>, body: Body) -> Result<Self, Problem> {
        let (told, rest, held) = (Told::default(), Rest::default(), Arc::new(AtomicU64::new(0)));
        let stream = Patient::new(body, told.clone(), rest.clone(), held.clone());
        let read = Self::read(headers, name, stream, &told, &held).await;
        match read {
            Ok((name, pieces)) => Ok(Self { name, pieces: Some(pieces), told, rest }),
            Err(problem) => {
                pass_over_rest(&rest).await;
                Err(take(&told).unwrap_or(problem))
            }
        }
    }

    async fn read(
        headers: &HeaderMap,
        name: Option<String>,
        stream: Patient,
        told: &Told,
        held: &Arc<AtomicU64>,
    ) -> Result<(String, Pieces<'static>), Problem> {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.trim_start().to_ascii_lowercase().starts_with("multipart/") {
            let missing = || Error::field("/name", "is missing; name the file as `?name=plan.pdf`");
            let held = held.clone();
            let pieces = stream.map(move |piece| handed_on(piece.map_err(|()| ended()), &held));
            return Ok((name.ok_or_else(missing)?, Box::pin(pieces)));
        }
        let boundary = multer::parse_boundary(kind).map_err(|_| {
            Problem::bad_request(
                "malformed_form",
                "The body is said to be a form but its boundary is not; send it as `multipart/form-data; boundary=…`.",
            )
        })?;
        let bytes = stream.map(|piece| piece.map_err(|()| std::io::Error::other("the body ended")));
        let mut form = multer::Multipart::new(bytes, boundary);
        let part = form.next_field().await.map_err(|error| malformed(&error))?;
        let missing = || Error::field(format!("/{PART}"), "is missing; send one part of this name with the file");
        let part = part.ok_or_else(missing)?;
        check(&part)?;
        let name = name.or_else(|| part.file_name().map(str::to_owned));
        let missing =
            || Error::field("/name", "is missing; give the part a `filename`, or name the file as `?name=plan.pdf`");
        let name = name.ok_or_else(missing)?;
        let pieces = stream::unfold(Some((form, Some(part), told.clone())), async |state| next(state?).await);
        let held = held.clone();
        Ok((name, Box::pin(pieces.map(move |piece| handed_on(piece, &held)))))
    }

    /// What it is called, and its pieces, once.
    pub fn parts(&mut self) -> (String, Pieces<'static>) {
        (self.name.clone(), self.pieces.take().unwrap_or_else(|| Box::pin(stream::empty())))
    }

    /// The outcome: what went wrong on the way here goes before what the engine made of it.
    ///
    /// # Errors
    /// Those of [`Upload::begin`], and the engine's.
    pub async fn end(self, kept: Result<Attachment, Error>) -> Result<Attachment, Problem> {
        match kept {
            Ok(kept) => Ok(kept),
            Err(error) => {
                pass_over_rest(&self.rest).await;
                Err(take(&self.told).unwrap_or_else(|| error.into()))
            }
        }
    }
}

/// A sender that is still sending should see the answer and not a connection that breaks.
async fn pass_over_rest(rest: &Rest) {
    let body = rest.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(body) = body {
        pass_over(&mut Body::from_stream(body)).await;
    }
}

fn handed_on(piece: Result<Bytes, Error>, held: &AtomicU64) -> Result<Bytes, Error> {
    let length = piece.as_ref().map_or(0, |piece| piece.len() as u64);
    let _ = held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| Some(held.saturating_sub(length)));
    piece
}

type Form = (multer::Multipart<'static>, Option<multer::Field<'static>>, Told);

/// The next piece of the file; behind its last the form must end.
async fn next((mut form, part, told): Form) -> Option<(Result<Bytes, Error>, Option<Form>)> {
    if let Some(mut part) = part {
        match part.chunk().await {
            Ok(Some(piece)) => return Some((Ok(piece), Some((form, Some(part), told)))),
            Ok(None) => {}
            Err(error) => return Some((Err(broken(&told, &error)), None)),
        }
    }
    match form.next_field().await {
        Ok(None) => None,
        Ok(Some(other)) => {
            let refused = check(&other).err().unwrap_or_else(|| {
                Error::field(format!("/{PART}"), "is there twice; send one file with each request").into()
            });
            told.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(refused);
            Some((Err(ended()), None))
        }
        Err(error) => Some((Err(broken(&told, &error)), None)),
    }
}

/// Refuses a part that is not the file.
fn check(part: &multer::Field<'_>) -> Result<(), Problem> {
    let name: String = part.name().unwrap_or_default().chars().take(64).collect();
    if name == PART {
        return Ok(());
    }
    let message = format!("there is no part `{name}` here; send one part `{PART}` with the file");
    Err(Error::field(format!("/{name}"), message).into())
}

fn broken(told: &Told, error: &multer::Error) -> Error {
    told.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| malformed(error));
    ended()
}

fn malformed(error: &multer::Error) -> Problem {
    let detail = format!("The form cannot be read: {error}. Send it as `multipart/form-data` with one part `{PART}`.");
    Problem::bad_request("malformed_form", detail)
}

fn take(told: &Told) -> Option<Problem> {
    told.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// What the engine is told when [`Told`] says the rest.
fn ended() -> Error {
    Error::invalid("upload_ended", "the upload ended before the whole file had come; send it again")
}

/// A body that gives up when nothing comes, and that rests after every piece: a form's reader takes all that is there
/// before it hands anything on, and would take a whole file.
struct Patient {
    body: Option<BodyDataStream>,
    told: Told,
    rest: Rest,
    held: Arc<AtomicU64>,
    resting: bool,
    sleep: Pin<Box<tokio::time::Sleep>>,
}

impl Drop for Patient {
    fn drop(&mut self) {
        *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = self.body.take();
    }
}

impl Patient {
    fn new(body: Body, told: Told, rest: Rest, held: Arc<AtomicU64>) -> Self {
        let sleep = Box::pin(tokio::time::sleep(PIECE_WITHIN));
        Self { body: Some(body.into_data_stream()), told, rest, held, resting: false, sleep }
    }

    fn refuse(&self, problem: Problem) -> Poll<Option<Result<Bytes, ()>>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(problem);
        Poll::Ready(Some(Err(())))
    }
}

impl Stream for Patient {
    type Item = Result<Bytes, ()>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.resting) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        match body.poll_next_unpin(context) {
            Poll::Ready(Some(Ok(piece))) => {
                let length = piece.len() as u64;
                if self.held.fetch_add(length, Ordering::Relaxed) > HELD {
                    let detail = "The form has a head of more than a mebibyte. Send one part with the file.";
                    return self.refuse(Problem::bad_request("malformed_form", detail));
                }
                self.resting = true;
                let later = tokio::time::Instant::now() + PIECE_WITHIN;
                self.sleep.as_mut().reset(later);
                Poll::Ready(Some(Ok(piece)))
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Ready(Some(Err(_))) => self.refuse(broken_off()),
            Poll::Pending => match self.sleep.as_mut().poll(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(()) => self.refuse(nothing_came()),
            },
        }
    }
}
