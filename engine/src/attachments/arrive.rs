//! How a file comes in: a row that is nobody's, the bytes, and the row becomes the task's.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use chrono::TimeDelta;
use futures::StreamExt as _;
use sha2::{Digest as _, Sha256};

use super::events::TaskAttachmentAdded;
use super::model::{Attachment, Limits, MAX_ATTACHMENTS};
use super::{names, sniff, store};
use crate::access::{Granted, TaskEdit};
use crate::cx::Cx;
use crate::db::{Db, Rx, Tx};
use crate::events::emit;
use crate::files::{FileKey, FileStore, Pieces};
use crate::handle::Handle;
use crate::ids::TaskId;
use crate::projects::{self, Project, ProjectRef};
use crate::{Error, Result, tasks};

/// How long a file may take to arrive.
const LONGEST: TimeDelta = TimeDelta::hours(24);

/// Clocks of nodes differ a little: so much earlier a file is refused, so that none is kept that another node sweeps.
const GRACE: TimeDelta = TimeDelta::minutes(10);

/// What somebody puts on a task.
pub struct Incoming<'a> {
    /// What it is called; made harmless here.
    pub name: &'a str,
    /// Its bytes.
    pub pieces: Pieces<'a>,
}

/// Takes a file in and puts it on a task. Permission is asked for before the first byte is read, and again after the last,
/// since much may have changed until then. When this fails, or whoever calls it goes away, nothing is left but a row that
/// the sweep removes.
///
/// # Errors
/// `empty_file`, `file_too_large`, `quota_reached`, `too_many_attachments`, `upload_expired`; a name that is none; what
/// `pieces` says, and what the store says.
pub async fn upload(
    db: &Db,
    files: &dyn FileStore,
    limits: Limits,
    cx: &Cx,
    task: &Handle<TaskId>,
    incoming: Incoming<'_>,
) -> Result<Attachment> {
    let (begun, handle, called) = (cx.clone(), task.clone(), incoming.name.to_owned());
    let begin = async move |tx: &mut Tx| begin(tx, &begun, limits, &handle, &called).await;
    let (key, name) = db.write(begin).await?;
    let arrived = take(db, files, limits, cx, key, name, incoming.pieces).await?;
    let key = arrived.key;
    let kept = {
        let (cx, task) = (cx.clone(), task.clone());
        let keep = async move |tx: &mut Tx| {
            let may = granted(tx, &cx, &task).await?;
            place(tx, &cx, limits, &may, &task, &arrived).await
        };
        db.write(keep).await
    };
    if kept.is_err() {
        leave(db, files, cx, key).await;
    }
    kept
}

/// A file that has arrived and is still nobody's: a row that the sweep removes if nothing comes of it.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    /// Where its bytes lie.
    pub key: FileKey,
    name: String,
    measured: Measured,
}

impl Arrived {
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.measured.sha256
    }
}

/// Takes in a file that is to be put on a task later ([`place`]), or to be left ([`leave`]).
///
/// # Errors
/// Those of [`upload`] but for what is the task's.
pub(crate) async fn stage(
    db: &Db,
    files: &dyn FileStore,
    limits: Limits,
    cx: &Cx,
    incoming: Incoming<'_>,
) -> Result<Arrived> {
    let name = names::safe(incoming.name)?;
    let key = FileKey { workspace: cx.actor.workspace, id: cx.new_id() };
    let (called, now) = (name.clone(), cx.now());
    db.write(async move |tx: &mut Tx| store::arrive(tx, key, &called, now, now + LONGEST).await).await?;
    take(db, files, limits, cx, key, name, incoming.pieces).await
}

/// Takes the bytes of a file whose row stands.
async fn take(
    db: &Db,
    files: &dyn FileStore,
    limits: Limits,
    cx: &Cx,
    key: FileKey,
    name: String,
    pieces: Pieces<'_>,
) -> Result<Arrived> {
    let meter = Arc::new(Mutex::new(Meter::new(limits.file)));
    let put = files.put(&key, metered(pieces, meter.clone())).await;
    let measured = put.and_then(|()| meter.lock().unwrap_or_else(PoisonError::into_inner).end());
    match measured {
        Ok(measured) => Ok(Arrived { key, name, measured }),
        Err(error) => {
            leave(db, files, cx, key).await;
            Err(error)
        }
    }
}

/// Leaves a file that nothing comes of; what cannot be done now is the sweep's.
pub(crate) async fn leave(db: &Db, files: &dyn FileStore, cx: &Cx, key: FileKey) {
    if let Err(error) = give_up(db, files, cx, key).await {
        tracing::debug!(%error, %key, "an upload that failed is left to the sweep");
    }
}

/// Whether a file may be put on the task at all: asked before anything of it is read.
///
/// # Errors
/// `task_not_found`, `denied`.
pub async fn ask(rx: &mut Rx, cx: &Cx, task: &Handle<TaskId>) -> Result<()> {
    let may = granted(rx, cx, task).await?;
    tasks::service::find_in(rx, &may, task).await.map(drop)
}

/// Whether there is room for so many bytes more: asked before files are taken in that are put on tasks later.
///
/// # Errors
/// `quota_reached`.
pub(crate) async fn ask_room(rx: &mut Rx, cx: &Cx, limits: Limits, bytes: u64) -> Result<()> {
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    check_quota(store::used(rx, cx.actor.workspace).await?.saturating_add(bytes), limits)
}

async fn granted(rx: &mut Rx, cx: &Cx, task: &Handle<TaskId>) -> Result<Granted<TaskEdit, Project>> {
    let project = projects::service::find_of_task(rx, cx.actor.workspace, task).await?;
    cx.actor.may(project)
}

async fn begin(tx: &mut Tx, cx: &Cx, limits: Limits, task: &Handle<TaskId>, name: &str) -> Result<(FileKey, String)> {
    let may = granted(tx, cx, task).await?;
    let name = names::safe(name)?;
    let workspace = may.resource().workspace_id;
    let task = tasks::service::find_in(tx, &may, task).await?;
    if store::count(tx, workspace, task.id).await? >= MAX_ATTACHMENTS {
        return Err(too_many(&task.key));
    }
    check_quota(store::used(tx, workspace).await?.saturating_add(1), limits)?;
    let key = FileKey { workspace, id: cx.new_id() };
    store::arrive(tx, key, &name, cx.now(), cx.now() + LONGEST).await?;
    Ok((key, name))
}

/// Puts a file that has arrived on a task.
pub(crate) async fn place(
    tx: &mut Tx,
    cx: &Cx,
    limits: Limits,
    may: &Granted<TaskEdit, Project>,
    task: &Handle<TaskId>,
    arrived: &Arrived,
) -> Result<Attachment> {
    let (key, measured) = (arrived.key, &arrived.measured);
    let project = may.resource();
    let task = tasks::service::hold(tx, may, task).await?;
    if store::count(tx, key.workspace, task.id).await? >= MAX_ATTACHMENTS {
        return Err(too_many(&task.key));
    }
    store::add_use(tx, key.workspace, measured.size).await?;
    check_quota(store::used(tx, key.workspace).await?, limits)?;
    let attachment = Attachment {
        id: key.id,
        task_id: task.id,
        name: arrived.name.clone(),
        content_type: measured.content_type.to_owned(),
        size: measured.size,
        sha256: measured.sha256.clone(),
        created_by: cx.actor.user(),
        created_at: cx.now(),
    };
    if !store::keep(tx, key.workspace, &attachment, cx.now() + GRACE).await? {
        let detail = format!("the file took longer than {} hours to arrive; send it again", LONGEST.num_hours());
        return Err(Error::conflict("upload_expired", detail));
    }
    let project = ProjectRef::from(project);
    emit(tx, cx, &TaskAttachmentAdded { task: &task, project: &project, attachment: &attachment }).await?;
    Ok(attachment)
}

/// Leaves neither file nor row, as far as that can be done now; the sweep does the rest. The row is asked first: where it
/// was not known whether a commit came about, it did if the row is the task's.
async fn give_up(db: &Db, files: &dyn FileStore, cx: &Cx, key: FileKey) -> Result<()> {
    let now = cx.now();
    if db.write(async move |tx: &mut Tx| store::give_up(tx, key, now).await).await? {
        files.delete(&key).await?;
        db.write(async move |tx: &mut Tx| store::forget(tx, key).await).await?;
    }
    Ok(())
}

fn too_many(key: &str) -> Error {
    let detail = format!("{key} has {MAX_ATTACHMENTS} files, the most that a task may have; take one off first");
    Error::conflict("too_many_attachments", detail)
}

fn check_quota(used: i64, limits: Limits) -> Result<()> {
    match limits.workspace {
        Some(most) if u64::try_from(used).is_ok_and(|used| used > most) => Err(Error::conflict(
            "quota_reached",
            format!(
                "the files of this workspace may have {most} bytes in all; take some off, or ask the operator for more"
            ),
        )),
        _ => Ok(()),
    }
}

/// A file is larger than it may be.
pub fn too_large(limits: Limits) -> Error {
    Error::too_large("file_too_large", format!("a file may have at most {} bytes; send a smaller one", limits.file))
}

/// What is known of a file when all of it has passed.
#[derive(Debug, Clone)]
struct Measured {
    size: i64,
    sha256: String,
    content_type: &'static str,
}

/// What is known of a file while it passes.
struct Meter {
    limit: u64,
    size: u64,
    hash: Sha256,
    head: BytesMut,
}

impl Meter {
    fn new(limit: u64) -> Self {
        Self { limit, size: 0, hash: Sha256::new(), head: BytesMut::new() }
    }

    fn take(&mut self, piece: &[u8]) -> Result<()> {
        self.size = self.size.saturating_add(piece.len() as u64);
        if self.size > self.limit {
            return Err(too_large(Limits { file: self.limit, workspace: None }));
        }
        self.hash.update(piece);
        let room = sniff::ENOUGH.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(&piece[..room]);
        Ok(())
    }

    fn end(&mut self) -> Result<Measured> {
        if self.size == 0 {
            return Err(Error::invalid("empty_file", "the file has no bytes; send one that has"));
        }
        Ok(Measured {
            size: i64::try_from(self.size).unwrap_or(i64::MAX),
            sha256: hex::encode(std::mem::take(&mut self.hash).finalize()),
            content_type: sniff::media_type(&self.head),
        })
    }
}

/// The pieces as they pass the meter; ends with an error when they are too many or none.
fn metered(pieces: Pieces<'_>, meter: Arc<Mutex<Meter>>) -> Pieces<'_> {
    let measured = pieces.map(move |piece: Result<Bytes>| {
        let piece = piece?;
        meter.lock().unwrap_or_else(PoisonError::into_inner).take(&piece)?;
        Ok(piece)
    });
    Box::pin(measured)
}
