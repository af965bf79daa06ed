//! The SQL of search that both databases understand: what is shown of what was found, and what is still to be put in. It
//! only reads `tasks` and `comments`.

use uuid::Uuid;

use super::model::DocumentType;
use crate::Result;
use crate::db::{Rx, Tx, row, statements};
use crate::ids::{CommentId, ProjectId, TaskId, WorkspaceId};

row! {
    /// What is shown of a task or a comment.
    #[derive(Debug, Clone)]
    pub(super) struct Shown {
        pub id: Uuid,
        pub task_id: TaskId,
        pub key: String,
        pub title: String,
        pub project_id: ProjectId,
        pub text: String,
    }
}

row! {
    /// A document that is to be put in.
    #[derive(Debug, Clone)]
    pub(super) struct Waiting {
        pub workspace_id: WorkspaceId,
        pub id: Uuid,
        pub kind: DocumentType,
    }
}

statements! {
    TASKS = "select t.id, t.id, t.key, t.title, t.project_id, t.description from tasks t \
     where t.workspace_id = $1 and t.id = any($2)";
    COMMENTS = "select c.id, t.id, t.key, t.title, t.project_id, c.body from comments c join tasks t on t.id = c.task_id \
     where c.workspace_id = $1 and c.id = any($2) and c.deleted_at is null";
    REMOVE = "delete from search_docs where workspace_id = $1 and task_id = $2 and id = $3";
    WAITING = "select {Waiting} from search_backlog order by id limit $1 for update skip locked", Waiting;
    DONE = "delete from search_backlog where id = $1";
}

/// What is shown of these tasks, in no order.
pub(super) async fn list_tasks(rx: &mut Rx, workspace: WorkspaceId, ids: &[Uuid]) -> Result<Vec<Shown>> {
    rx.all(TASKS, (workspace, ids)).await
}

/// What is shown of these comments, in no order.
pub(super) async fn list_comments(rx: &mut Rx, workspace: WorkspaceId, ids: &[Uuid]) -> Result<Vec<Shown>> {
    rx.all(COMMENTS, (workspace, ids)).await
}

pub(super) async fn remove(tx: &mut Tx, workspace: WorkspaceId, task: TaskId, comment: CommentId) -> Result<()> {
    tx.execute(REMOVE, (workspace, task, comment)).await.map(drop)
}

/// Some of what was there before the index, locked.
pub(super) async fn list_waiting(tx: &mut Tx, limit: i64) -> Result<Vec<Waiting>> {
    tx.all(WAITING, (limit,)).await
}

pub(super) async fn done(tx: &mut Tx, waiting: &[Waiting]) -> Result<()> {
    let ids: Vec<_> = waiting.iter().map(|waiting| (waiting.id,)).collect();
    tx.execute_many(DONE, &ids).await.map(drop)
}
