//! Comments on tasks.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::events::TaskCommented;
use super::{limits, service, store};
use crate::Result;
use crate::access::permissions::{Granted, TaskComment, TaskView, Workspace};
use crate::cx::Cx;
use crate::db::{Rx, Tx, row};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{CommentId, TaskId, UserId};
use crate::paging::{Cursor, Page, PageRequest};
use crate::projects::{Project, ProjectRef};

row! {
    /// A comment.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    pub struct Comment {
        /// Its id.
        pub id: CommentId,
        /// The task it is on.
        #[serde(rename = "task")]
        pub task_id: TaskId,
        /// Who wrote it, or in whose name a rule did; null when the program itself did.
        #[serde(rename = "author")]
        pub author_id: Option<UserId>,
        /// What it says, in Markdown.
        pub body: String,
        /// When it was written.
        pub created_at: DateTime<Utc>,
    }
}

/// A comment that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewComment {
    /// Markdown, at most 64 KiB.
    #[schemars(length(min = 1))]
    pub body: String,
}

/// Writes a comment. The task's version stays: a comment is no change of the task.
pub async fn comment(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskComment, Project>,
    task: &Handle<TaskId>,
    new: NewComment,
) -> Result<Comment> {
    limits::comment(&new.body)?;
    let project = may.resource();
    let task = service::find_in(tx, project, task).await?;
    let comment =
        Comment { id: cx.new_id(), task_id: task.id, author_id: cx.actor.user(), body: new.body, created_at: cx.now() };
    store::insert_comment(tx, project.workspace_id, &comment).await?;
    emit(tx, cx, &TaskCommented { task: &task, project: &ProjectRef::from(project), comment: &comment }).await?;
    Ok(comment)
}

/// A task's comments, oldest first.
pub async fn list(
    rx: &mut Rx,
    may: &Granted<TaskView, Workspace>,
    task: &Handle<TaskId>,
    page: &PageRequest,
) -> Result<Page<Comment>> {
    let limit = page.limit()?;
    let task = service::find(rx, may, task).await?;
    let rows = store::list_comments(rx, may.resource().0, task.id, page.after()?, limit + 1).await?;
    Ok(Page::cut(rows, limit, |last| Cursor::of_id(last.id)))
}
