//! All SQL on `comments` and `comment_versions`.

use super::model::{Comment, CommentQuery, EarlierComment};
use crate::Result;
use crate::cx::Cx;
use crate::db::{Param as _, Rx, Tx, statements};
use crate::ids::{CommentId, TaskId, WorkspaceId};
use crate::listing::{self, CREATED_AT, Request, Statement};
use crate::paging::Page;

statements! {
    FIND = "select {Comment} from comments where workspace_id = $1 and id = $2", Comment;
    FIND_FOR_UPDATE = "select {Comment} from comments where workspace_id = $1 and id = $2 for update", Comment;
    INSERT = "insert into comments (workspace_id, id, task_id, author_id, version, body, mentions, created_at) \
     values ($1, $2, $3, $4, $5, $6, $7, $8)";
    UPDATE = "update comments set version = $3, body = $4, mentions = $5, edited_at = $6, deleted_at = $7 \
     where workspace_id = $1 and id = $2";
    KEEP = "insert into comment_versions (workspace_id, comment_id, version, body, replaced_by, replaced_at) \
     values ($1, $2, $3, $4, $5, $6)";
    EARLIER = "select {EarlierComment} from comment_versions where workspace_id = $1 and comment_id = $2 \
     order by version limit $3", EarlierComment;
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, id: CommentId) -> Result<Option<Comment>> {
    rx.opt(FIND, (workspace, id)).await
}

/// The comment as it is now, locked until the transaction ends.
pub(super) async fn find_for_update(tx: &mut Tx, workspace: WorkspaceId, id: CommentId) -> Result<Option<Comment>> {
    tx.opt(FIND_FOR_UPDATE, (workspace, id)).await
}

/// The page of a task's comments that is asked for.
pub(super) async fn page(
    rx: &mut Rx,
    workspace: WorkspaceId,
    task: TaskId,
    query: &CommentQuery,
) -> Result<Page<Comment>> {
    let CommentQuery { sort, limit, offset, cursor, total } = query;
    let request =
        Request::new(&[CREATED_AT], "created_at", sort.as_deref(), *limit, *offset, cursor.as_deref(), *total)?;
    let mut from = Statement::from("comments", workspace);
    from.push(" and task_id = ").bind(task.value());
    request.page(rx, Comment::COLUMNS, from, |comment: &Comment, _| listing::id(comment.id), |_| true).await
}

pub(super) async fn insert(tx: &mut Tx, workspace: WorkspaceId, comment: &Comment) -> Result<()> {
    let Comment { id, task_id, author_id, version, body, mentions, created_at, .. } = comment;
    let args = (workspace, id, task_id, author_id, version, body, mentions.text(), created_at);
    tx.execute(INSERT, args).await.map(drop)
}

pub(super) async fn update(tx: &mut Tx, workspace: WorkspaceId, comment: &Comment) -> Result<()> {
    let Comment { id, version, body, mentions, edited_at, deleted_at, .. } = comment;
    let args = (workspace, id, version, body, mentions.text(), edited_at, deleted_at);
    tx.execute(UPDATE, args).await.map(drop)
}

/// Keeps what the comment says, before it says something else.
pub(super) async fn keep(tx: &mut Tx, cx: &Cx, workspace: WorkspaceId, comment: &Comment) -> Result<()> {
    let args = (workspace, comment.id, comment.version, &comment.body, cx.actor.user(), cx.now());
    tx.execute(KEEP, args).await.map(drop)
}

/// What it said before, oldest first.
pub(super) async fn list_earlier(
    rx: &mut Rx,
    workspace: WorkspaceId,
    id: CommentId,
    limit: i64,
) -> Result<Vec<EarlierComment>> {
    rx.all(EARLIER, (workspace, id, limit)).await
}
