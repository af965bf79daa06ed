//! The public verbs of comments. Those that change something want the permission on the project of the comment's task,
//! which [`project_of`] finds.

use super::events::{TaskCommentDeleted, TaskCommentEdited, TaskCommented, TaskMentioned};
use super::model::{Comment, CommentPatch, CommentQuery, EarlierComment, MAX_EDITS, NewComment, check_body};
use super::{mentions, store};
use crate::access::{CommentModerate, Granted, Sight, TaskComment, TaskView};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{CommentId, TaskId, UserId, WorkspaceId};
use crate::paging::Page;
use crate::projects::events::{Changes, change};
use crate::projects::{self, Project, ProjectOfTask, ProjectRef};
use crate::raw::Raw;
use crate::tasks::{self, Task};
use crate::{Error, Result, search};

/// The project that a comment belongs to: what a permission on the comment is asked for.
pub async fn project_of(rx: &mut Rx, workspace: WorkspaceId, id: CommentId) -> Result<ProjectOfTask> {
    let comment = store::find(rx, workspace, id).await?.ok_or_else(|| Error::not_found("comment", id))?;
    projects::service::find_of_task(rx, workspace, &comment.task_id.into()).await
}

/// One comment.
pub async fn find(rx: &mut Rx, may: &Granted<TaskView, Project>, id: CommentId) -> Result<Comment> {
    let comment = store::find(rx, may.resource().workspace_id, id).await?;
    let comment = comment.ok_or_else(|| Error::not_found("comment", id))?;
    tasks::service::find_in(rx, may, &comment.task_id.into()).await?;
    Ok(comment)
}

/// A task's comments, oldest first, those that were deleted among them.
pub async fn list(
    rx: &mut Rx,
    may: &(impl Sight + Sync),
    task: &Handle<TaskId>,
    query: &CommentQuery,
) -> Result<Page<Comment>> {
    let task = tasks::service::find(rx, may, task).await?;
    store::page(rx, may.workspace(), task.id, query).await
}

/// Writes a comment, and tells those whom it mentions. The task's version stays: a comment is no change of the task.
pub async fn comment(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskComment, Project>,
    task: &Handle<TaskId>,
    new: NewComment,
) -> Result<Comment> {
    check_body(&new.body)?;
    let project = may.resource();
    let task = tasks::service::find_in(tx, may, task).await?;
    let mentioned = mentions::resolve(tx, cx, project, &task, &new.body).await?;
    let comment = Comment {
        id: cx.new_id(),
        task_id: task.id,
        author_id: cx.actor.user(),
        version: 1,
        body: new.body,
        mentions: Raw::of(&mentioned)?,
        created_at: cx.now(),
        edited_at: None,
        deleted_at: None,
    };
    store::insert(tx, project.workspace_id, &comment).await?;
    search::service::put_comment(tx, project, &comment, true).await?;
    let short = ProjectRef::from(project);
    emit(tx, cx, &TaskCommented { task: &task, project: &short, comment: &comment }).await?;
    announce(tx, cx, &task, &short, &comment, &mentioned).await?;
    Ok(comment)
}

/// Changes what a comment says; the text before is kept. One's own, or with `comment.moderate` anybody's. `expected` is
/// the version that the caller saw. A deleted one is refused as `comment_deleted`.
pub async fn edit(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskComment, Project>,
    id: CommentId,
    expected: Option<i64>,
    patch: CommentPatch,
) -> Result<Comment> {
    let body = patch.body.required("/body")?;
    body.as_deref().map_or(Ok(()), check_body)?;
    let project = may.resource();
    let (task, mut comment) = hold(tx, cx, may, id, expected).await?;
    if comment.deleted_at.is_some() {
        return Err(Error::conflict("comment_deleted", "this comment was deleted; write a new one"));
    }
    let Some(body) = body.filter(|body| *body != comment.body) else {
        return Ok(comment);
    };
    if comment.version > MAX_EDITS {
        let detail = format!("this comment was edited {MAX_EDITS} times, which is the most; write a new one");
        return Err(Error::conflict("comment_edited_too_often", detail));
    }
    let mentioned = mentions::resolve(tx, cx, project, &task, &body).await?;
    let before = comment.mentions.read()?;
    store::keep(tx, cx, project.workspace_id, &comment).await?;
    comment.version += 1;
    let mut changes = Changes::new();
    change(&mut changes, "body", &mut comment.body, Some(body));
    comment.mentions = Raw::of(&mentioned)?;
    comment.edited_at = Some(cx.now());
    store::update(tx, project.workspace_id, &comment).await?;
    search::service::put_comment(tx, project, &comment, false).await?;
    let short = ProjectRef::from(project);
    emit(tx, cx, &TaskCommentEdited { task: &task, project: &short, comment: &comment, change: &changes }).await?;
    let fresh: Vec<UserId> = mentioned.into_iter().filter(|user| !before.contains(user)).collect();
    announce(tx, cx, &task, &short, &comment, &fresh).await?;
    Ok(comment)
}

/// Takes a comment back: its text goes where only moderators read it, its place stays. One's own, or with
/// `comment.moderate` anybody's. One that is deleted already stays as it is.
pub async fn delete(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskComment, Project>,
    id: CommentId,
    expected: Option<i64>,
) -> Result<()> {
    let project = may.resource();
    let (task, mut comment) = hold(tx, cx, may, id, expected).await?;
    if comment.deleted_at.is_some() {
        return Ok(());
    }
    store::keep(tx, cx, project.workspace_id, &comment).await?;
    comment.version += 1;
    comment.body.clear();
    comment.mentions = Raw::of(&Vec::new())?;
    comment.deleted_at = Some(cx.now());
    store::update(tx, project.workspace_id, &comment).await?;
    search::service::remove_comment(tx, project.workspace_id, &comment).await?;
    let short = ProjectRef::from(project);
    emit(tx, cx, &TaskCommentDeleted { task: &task, project: &short, comment: &comment }).await?;
    Ok(())
}

/// What a comment said before, oldest first, at most [`MAX_EDITS`] and what was deleted.
pub async fn history(
    rx: &mut Rx,
    may: &Granted<CommentModerate, Project>,
    id: CommentId,
) -> Result<Vec<EarlierComment>> {
    let workspace = may.resource().workspace_id;
    let comment = store::find(rx, workspace, id).await?.ok_or_else(|| Error::not_found("comment", id))?;
    tasks::service::find_in(rx, may, &comment.task_id.into()).await?;
    store::list_earlier(rx, workspace, id, MAX_EDITS + 1).await
}

/// The comment as it is now, with its task, if the actor may change it; nobody else changes it until the transaction
/// ends.
async fn hold(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskComment, Project>,
    id: CommentId,
    expected: Option<i64>,
) -> Result<(Task, Comment)> {
    let project = may.resource();
    let comment = store::find_for_update(tx, project.workspace_id, id).await?;
    let comment = comment.ok_or_else(|| Error::not_found("comment", id))?;
    let task = tasks::service::find_in(tx, may, &comment.task_id.into()).await?;
    if comment.author_id.is_none() || comment.author_id != cx.actor.user() {
        cx.actor.may::<CommentModerate, _>(project.clone())?;
    }
    match expected.filter(|expected| *expected != comment.version) {
        None => Ok((task, comment)),
        Some(expected) => Err(Error::stale(format!(
            "you saw version {expected} of this comment, which is at version {}; read it again and repeat your change",
            comment.version
        ))),
    }
}

/// Announces whom a comment mentions.
async fn announce(
    tx: &mut Tx,
    cx: &Cx,
    task: &Task,
    project: &ProjectRef,
    comment: &Comment,
    mentioned: &[UserId],
) -> Result<()> {
    if mentioned.is_empty() {
        return Ok(());
    }
    emit(tx, cx, &TaskMentioned { task, project, comment, mentioned }).await.map(drop)
}
