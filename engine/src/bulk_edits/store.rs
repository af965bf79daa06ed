//! All SQL on `bulk_edits` and `bulk_edit_items`.

use chrono::{DateTime, Utc};

use super::model::{BulkEdit, Item};
use crate::Result;
use crate::db::{Rx, Tx, statements};
use crate::ids::{BulkEditId, TaskId, UserId, WorkspaceId};

statements! {
    FIND_FOR_UPDATE = "select {BulkEdit} from bulk_edits where workspace_id = $1 and id = $2 for update", BulkEdit;
    LAST = "select id from bulk_edits where workspace_id = $1 and user_id = $2 order by id desc limit 1";
    ITEMS = "select {Item} from bulk_edit_items where workspace_id = $1 and bulk_edit_id = $2 order by task_id", Item;
    INSERT = "insert into bulk_edits (id, workspace_id, user_id, filter, patch, changed, created_at) \
     values ($1, $2, $3, $4, $5, 0, $6)";
    SET_CHANGED = "update bulk_edits set changed = $3 where workspace_id = $1 and id = $2";
    SET_UNDONE = "update bulk_edits set undone_at = $3 where workspace_id = $1 and id = $2";
    DELETE = "delete from bulk_edits where workspace_id = $1 and id = $2";
    // What can no longer be undone is of no use.
    SWEEP = "delete from bulk_edits where workspace_id = $1 and created_at < $2";
    TAKE_ITEM = "delete from bulk_edit_items where workspace_id = $1 and bulk_edit_id = $2 and task_id = $3";
    INSERT_ITEM = "insert into bulk_edit_items (bulk_edit_id, task_id, workspace_id, before, after) \
     values ($1, $2, $3, $4, $5)";
}

/// The bulk edit as it is now, locked until the transaction ends.
pub(super) async fn find_for_update(tx: &mut Tx, workspace: WorkspaceId, id: BulkEditId) -> Result<Option<BulkEdit>> {
    tx.opt(FIND_FOR_UPDATE, (workspace, id)).await
}

/// A person's last bulk edit.
pub(super) async fn last(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<Option<BulkEditId>> {
    let row: Option<(BulkEditId,)> = rx.opt(LAST, (workspace, user)).await?;
    Ok(row.map(|(id,)| id))
}

pub(super) async fn items(rx: &mut Rx, workspace: WorkspaceId, id: BulkEditId) -> Result<Vec<Item>> {
    rx.all(ITEMS, (workspace, id)).await
}

/// Takes what is kept of one task; whether it was still there.
pub(super) async fn take_item(tx: &mut Tx, workspace: WorkspaceId, id: BulkEditId, task: TaskId) -> Result<bool> {
    Ok(tx.execute(TAKE_ITEM, (workspace, id, task)).await? == 1)
}

pub(super) async fn insert(tx: &mut Tx, edit: &BulkEdit) -> Result<()> {
    let args = (edit.id, edit.workspace_id, edit.user_id, &edit.filter, &edit.patch, edit.created_at);
    tx.execute(INSERT, args).await.map(drop)
}

pub(super) async fn set_changed(tx: &mut Tx, workspace: WorkspaceId, id: BulkEditId, changed: i64) -> Result<()> {
    tx.execute(SET_CHANGED, (workspace, id, changed)).await.map(drop)
}

pub(super) async fn set_undone(tx: &mut Tx, workspace: WorkspaceId, id: BulkEditId, now: DateTime<Utc>) -> Result<()> {
    tx.execute(SET_UNDONE, (workspace, id, now)).await.map(drop)
}

pub(super) async fn delete(tx: &mut Tx, workspace: WorkspaceId, id: BulkEditId) -> Result<()> {
    tx.execute(DELETE, (workspace, id)).await.map(drop)
}

/// Forgets what was made before this time.
pub(super) async fn sweep(tx: &mut Tx, workspace: WorkspaceId, before: DateTime<Utc>) -> Result<()> {
    tx.execute(SWEEP, (workspace, before)).await.map(drop)
}

pub(super) async fn insert_item(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: BulkEditId,
    task: TaskId,
    before: &str,
    after: &str,
) -> Result<()> {
    tx.execute(INSERT_ITEM, (id, task, workspace, before, after)).await.map(drop)
}
