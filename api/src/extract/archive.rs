//! A project with its files in a request's body: an archive, which is kept in a file of its own until it is read. The file
//! has no name, so nothing is left of it however the request ends.

use std::io::{Error as IoError, ErrorKind};

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, ReferenceOr, SchemaObject};
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use futures::StreamExt as _;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{Semaphore, SemaphorePermit};
use trackside_engine::Error;
use trackside_engine::transfer::MAX_ARCHIVE;

use super::body::{Json, PIECE_WITHIN, broken_off, media_type, nothing_came, pass_over};
use crate::problem::Problem;

/// At most so many archives are taken in at once on a node: each takes room on its disk.
static TURNS: Semaphore = Semaphore::const_new(4);

/// The media type of an archive.
const ZIP: &str = "application/zip";

/// Whether the body is said to be an archive.
pub fn is_archive(headers: &HeaderMap) -> bool {
    media_type(headers, |kind| matches!(kind, ZIP | "application/x-zip-compressed")).is_ok()
}

/// A document in JSON, or an archive of one with its files.
pub enum Sent<T> {
    /// The document.
    Json(T),
    /// An archive whose body is still to be read.
    Archive(Archive),
}

/// An archive that is to be taken in.
pub struct Archive {
    length: Option<u64>,
    body: Body,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_archive(request.headers()) {
            return Json::from_request(request, state).await.map(|Json(body)| Self::Json(body));
        }
        let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        Ok(Self::Archive(Archive { length, body: request.into_body() }))
    }
}

impl<T: JsonSchema> OperationInput for Sent<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        Json::<T>::operation_input(ctx, operation);
        if let Some(ReferenceOr::Item(body)) = &mut operation.request_body {
            let json_schema = schemars::json_schema!({ "type": "string", "format": "binary" });
            let schema = SchemaObject { json_schema, external_docs: None, example: None };
            body.content.insert(ZIP.to_owned(), MediaType { schema: Some(schema), ..MediaType::default() });
        }
    }
}

/// An archive that has come whole.
pub struct Spooled {
    /// Its bytes.
    pub file: std::fs::File,
    _turn: SemaphorePermit<'static>,
}

impl Archive {
    /// Reads the body into a file.
    ///
    /// # Errors
    /// `archive_too_large` (413), `body_too_slow`, `body_unreadable`, `imports_busy`, `storage_full`, `storage_unavailable`.
    pub async fn spool(mut self) -> Result<Spooled, Problem> {
        let read = match TURNS.try_acquire() {
            Ok(turn) => self.read().await.map(|file| Spooled { file, _turn: turn }),
            Err(_) => Err(Error::busy("imports_busy", "Several archives are being imported. Try again.").into()),
        };
        if read.is_err() {
            pass_over(&mut self.body).await;
        }
        read
    }

    async fn read(&mut self) -> Result<std::fs::File, Problem> {
        if self.length.is_some_and(|length| length > MAX_ARCHIVE) {
            return Err(too_large());
        }
        let made = tokio::task::spawn_blocking(tempfile::tempfile).await;
        let made = made.map_err(|error| Problem::internal(error.to_string()))?.map_err(|error| failed(&error))?;
        let mut file = tokio::fs::File::from_std(made);
        let (mut size, body) = (0_u64, std::mem::take(&mut self.body));
        let mut pieces = body.into_data_stream();
        let read = async {
            loop {
                let piece = match tokio::time::timeout(PIECE_WITHIN, pieces.next()).await {
                    Err(_) => return Err(nothing_came()),
                    Ok(None) => break,
                    Ok(Some(Err(_))) => return Err(broken_off()),
                    Ok(Some(Ok(piece))) => piece,
                };
                size = size.saturating_add(piece.len() as u64);
                if size > MAX_ARCHIVE {
                    return Err(too_large());
                }
                file.write_all(&piece).await.map_err(|error| failed(&error))?;
            }
            file.flush().await.map_err(|error| failed(&error))
        };
        let read = read.await;
        self.body = Body::from_stream(pieces);
        read?;
        Ok(file.into_std().await)
    }

    /// Reads on without keeping anything, so that whoever is still sending sees the answer.
    pub async fn pass_over(mut self) {
        pass_over(&mut self.body).await;
    }
}

fn too_large() -> Problem {
    let detail =
        format!("The archive is larger than {MAX_ARCHIVE} bytes. Take files out of it, and of `project.json`.");
    Error::too_large("archive_too_large", detail).into()
}

fn failed(error: &IoError) -> Problem {
    tracing::error!(%error, "an archive could not be kept in the folder for temporary files");
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Error::busy("storage_full", "The disk for temporary files is full. Free some space and try again.").into()
        }
        _ => Error::busy("storage_unavailable", "The folder for temporary files cannot be written. Try again.").into(),
    }
}
