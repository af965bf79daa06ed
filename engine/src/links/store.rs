//! All SQL on `task_links`.

use super::model::{LinkType, LinkedTask, Row};
use crate::Result;
use crate::db::{Both, Rx, Tx, statements};
use crate::ids::{TaskId, WorkspaceId};

statements! {
    OF_TASK = "select {l.Row}, {t.LinkedTask} from task_links l \
     join tasks t on t.id = case when l.task_id = $2 then l.other_id else l.task_id end \
     where l.workspace_id = $1 and (l.task_id = $2 or l.other_id = $2) \
     order by l.created_at, l.task_id, l.other_id, l.kind limit $3", Row, LinkedTask;
    COUNT = "select count(*) from task_links where workspace_id = $1 and (task_id = $2 or other_id = $2)";
    BETWEEN = "select {Row} from task_links where workspace_id = $1 \
     and ((task_id = $2 and other_id = $3) or (task_id = $3 and other_id = $2)) order by kind, task_id", Row;
    INSERT = "insert into task_links (workspace_id, task_id, other_id, kind, created_by, created_at) \
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing";
    DELETE = "delete from task_links where workspace_id = $1 and task_id = $2 and other_id = $3 and kind = $4";
}

/// The links of a task with their other ends, in the order they were made.
pub(super) async fn list_of_task(
    rx: &mut Rx,
    workspace: WorkspaceId,
    task: TaskId,
    limit: i64,
) -> Result<Vec<(Row, LinkedTask)>> {
    let rows: Vec<Both<Row, LinkedTask>> = rx.all(OF_TASK, (workspace, task, limit)).await?;
    Ok(rows.into_iter().map(|Both(row, other)| (row, other)).collect())
}

/// How many links a task has.
pub(super) async fn count(rx: &mut Rx, workspace: WorkspaceId, task: TaskId) -> Result<i64> {
    let (count,): (i64,) = rx.one(COUNT, (workspace, task)).await?;
    Ok(count)
}

/// The links between two tasks, whichever way.
pub(super) async fn list_between(rx: &mut Rx, workspace: WorkspaceId, one: TaskId, two: TaskId) -> Result<Vec<Row>> {
    rx.all(BETWEEN, (workspace, one, two)).await
}

/// Writes a link; says whether it is new.
pub(super) async fn insert(tx: &mut Tx, workspace: WorkspaceId, row: &Row) -> Result<bool> {
    let Row { task_id, other_id, kind, created_by, created_at } = row;
    let written = tx.execute(INSERT, (workspace, task_id, other_id, kind, created_by, created_at)).await?;
    Ok(written > 0)
}

pub(super) async fn delete(
    tx: &mut Tx,
    workspace: WorkspaceId,
    task: TaskId,
    other: TaskId,
    kind: LinkType,
) -> Result<()> {
    tx.execute(DELETE, (workspace, task, other, kind)).await.map(drop)
}
