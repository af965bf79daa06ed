//! All SQL on `notifications`.

use chrono::{DateTime, Utc};

use super::model::Notification;
use crate::Result;
use crate::db::{Rx, Tx, statements};
use crate::ids::{NotificationId, UserId, WorkspaceId};

statements! {
    INSERT = "insert into notifications (id, workspace_id, user_id, message, subject, created_at) \
        values ($1, $2, $3, $4, $5, $6)";
    LIST = "select {Notification} from notifications where user_id = $1 and workspace_id = $2 \
        and (id < $3 or cast($3 as text) is null) and (read_at is null or not $4) order by id desc limit $5", Notification;
    MARK = "update notifications set read_at = $3 \
        where user_id = $1 and workspace_id = $2 and read_at is null and id = any($4)";
    MARK_ALL = "update notifications set read_at = $3 where user_id = $1 and workspace_id = $2 and read_at is null";
    COUNT_UNREAD = "select count(*) from notifications where user_id = $1 and workspace_id = $2 and read_at is null";
}

pub(super) async fn insert(
    tx: &mut Tx,
    workspace: WorkspaceId,
    notes: &[(NotificationId, UserId)],
    message: &str,
    subject: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    let rows: Vec<_> = notes.iter().map(|(id, user)| (id, workspace, user, message, subject, now)).collect();
    tx.execute_many(INSERT, &rows).await.map(drop)
}

/// The newest first, those before `before`.
pub(super) async fn list(
    rx: &mut Rx,
    workspace: WorkspaceId,
    user: UserId,
    unread: bool,
    before: Option<NotificationId>,
    limit: i64,
) -> Result<Vec<Notification>> {
    rx.all(LIST, (user, workspace, before, unread, limit)).await
}

/// Marks these as read, or all; says how many were not read before.
pub(super) async fn mark(
    tx: &mut Tx,
    workspace: WorkspaceId,
    user: UserId,
    ids: Option<&[NotificationId]>,
    now: DateTime<Utc>,
) -> Result<u64> {
    match ids {
        Some(ids) => tx.execute(MARK, (user, workspace, now, ids)).await,
        None => tx.execute(MARK_ALL, (user, workspace, now)).await,
    }
}

pub(super) async fn count_unread(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<i64> {
    let (count,): (i64,) = rx.one(COUNT_UNREAD, (user, workspace)).await?;
    Ok(count)
}
