//! All SQL on `attachments` and `storage_use`. A row whose `task_id` is null is nobody's: its file is arriving, or goes.

use chrono::{DateTime, Utc};

use super::model::Attachment;
use crate::Result;
use crate::db::{Rx, Tx, statements};
use crate::files::FileKey;
use crate::ids::{AttachmentId, TaskId, WorkspaceId};

statements! {
    FIND = "select {Attachment} from attachments where workspace_id = $1 and id = $2 and task_id is not null", Attachment;
    FIND_FOR_UPDATE = "select {Attachment} from attachments where workspace_id = $1 and id = $2 and task_id is not null \
     for update", Attachment;
    LIST = "select {Attachment} from attachments where workspace_id = $1 and task_id = $2 and (id > $3 or cast($3 as text) is null) \
     order by id limit $4", Attachment;
    COUNT = "select count(*) from attachments where workspace_id = $1 and task_id = $2";
    ARRIVE = "insert into attachments (workspace_id, id, name, content_type, size, sha256, created_at, arrives_by) \
     values ($1, $2, $3, '', 0, '', $4, $5)";
    // Only a row that is still nobody's: one that took too long may be swept already.
    KEEP = "update attachments set task_id = $3, content_type = $4, size = $5, sha256 = $6, created_by = $7, created_at = $8, \
     arrives_by = $8 where workspace_id = $1 and id = $2 and task_id is null and arrives_by > $9";
    GIVE_UP = "update attachments set arrives_by = $3 where workspace_id = $1 and id = $2 and task_id is null";
    REMOVE = "update attachments set task_id = null where workspace_id = $1 and id = $2";
    USED = "select bytes from storage_use where workspace_id = $1";
    USE = "insert into storage_use (workspace_id, bytes) values ($1, $2) \
     on conflict (workspace_id) do update set bytes = storage_use.bytes + excluded.bytes";
    LOOSE = "select workspace_id, id from attachments where task_id is null and arrives_by <= $1 order by arrives_by limit $2";
    FORGET = "delete from attachments where workspace_id = $1 and id = $2 and task_id is null returning size";
    FREE = "update storage_use set bytes = bytes - $2 where workspace_id = $1";
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, id: AttachmentId) -> Result<Option<Attachment>> {
    rx.opt(FIND, (workspace, id)).await
}

/// The attachment as it is now, locked until the transaction ends.
pub(super) async fn find_for_update(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: AttachmentId,
) -> Result<Option<Attachment>> {
    tx.opt(FIND_FOR_UPDATE, (workspace, id)).await
}

/// A task's attachments, oldest first.
pub(super) async fn list(
    rx: &mut Rx,
    workspace: WorkspaceId,
    task: TaskId,
    after: Option<AttachmentId>,
    limit: i64,
) -> Result<Vec<Attachment>> {
    rx.all(LIST, (workspace, task, after, limit)).await
}

pub(super) async fn count(rx: &mut Rx, workspace: WorkspaceId, task: TaskId) -> Result<i64> {
    let (count,): (i64,) = rx.one(COUNT, (workspace, task)).await?;
    Ok(count)
}

/// A file begins to arrive.
pub(super) async fn arrive(tx: &mut Tx, key: FileKey, name: &str, now: DateTime<Utc>, by: DateTime<Utc>) -> Result<()> {
    tx.execute(ARRIVE, (key.workspace, key.id, name, now, by)).await.map(drop)
}

/// It has arrived, and is the task's from now on; whether it was in time.
pub(super) async fn keep(
    tx: &mut Tx,
    workspace: WorkspaceId,
    file: &Attachment,
    latest: DateTime<Utc>,
) -> Result<bool> {
    let Attachment { id, task_id, content_type, size, sha256, created_by, created_at, .. } = file;
    let args = (workspace, id, task_id, content_type, size, sha256, created_by, created_at, latest);
    Ok(tx.execute(KEEP, args).await? > 0)
}

/// It will not arrive, unless it has; whether it was still nobody's.
pub(super) async fn give_up(tx: &mut Tx, key: FileKey, now: DateTime<Utc>) -> Result<bool> {
    Ok(tx.execute(GIVE_UP, (key.workspace, key.id, now)).await? > 0)
}

pub(super) async fn remove(tx: &mut Tx, workspace: WorkspaceId, id: AttachmentId) -> Result<()> {
    tx.execute(REMOVE, (workspace, id)).await.map(drop)
}

/// How many bytes a workspace keeps.
pub(super) async fn used(rx: &mut Rx, workspace: WorkspaceId) -> Result<i64> {
    Ok(rx.opt::<(i64,)>(USED, (workspace,)).await?.map_or(0, |(bytes,)| bytes))
}

/// So many more bytes; others who want to add some wait until the transaction ends.
pub(super) async fn add_use(tx: &mut Tx, workspace: WorkspaceId, bytes: i64) -> Result<()> {
    tx.execute(USE, (workspace, bytes)).await.map(drop)
}

/// Files that are nobody's and are not waited for, the oldest first.
pub(super) async fn list_loose(rx: &mut Rx, now: DateTime<Utc>, limit: i64) -> Result<Vec<FileKey>> {
    let rows: Vec<(WorkspaceId, AttachmentId)> = rx.all(LOOSE, (now, limit)).await?;
    Ok(rows.into_iter().map(|(workspace, id)| FileKey { workspace, id }).collect())
}

/// The file has gone, so the row goes; its bytes are free.
pub(super) async fn forget(tx: &mut Tx, key: FileKey) -> Result<()> {
    let size: Option<(i64,)> = tx.opt(FORGET, (key.workspace, key.id)).await?;
    if let Some((size,)) = size.filter(|(size,)| *size > 0) {
        tx.execute(FREE, (key.workspace, size)).await?;
    }
    Ok(())
}
