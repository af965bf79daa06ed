//! The public verbs of notifications.

use super::model::{MAX_MESSAGE, MAX_RECIPIENTS, MAX_SUBJECT, Notification};
use super::store;
use crate::access::permissions::{Granted, NotificationSend, Workspace};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::ids::{NotificationId, UserId, WorkspaceId};
use crate::paging::{Cursor, Page, PageRequest};
use crate::projects::members;
use crate::{Error, Result};

/// Tells each of `to` once, however often they are named.
pub async fn send(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<NotificationSend, Workspace>,
    to: &[UserId],
    message: &str,
    subject: Option<&str>,
) -> Result<Vec<NotificationId>> {
    let workspace = may.resource().0;
    check("/message", message, MAX_MESSAGE)?;
    subject.map_or(Ok(()), |subject| check("/subject", subject, MAX_SUBJECT))?;
    let mut people: Vec<UserId> = to.to_vec();
    people.sort_unstable();
    people.dedup();
    if people.len() > MAX_RECIPIENTS {
        return Err(Error::field("/to", format!("must be at most {MAX_RECIPIENTS} people")));
    }
    if let Some(stranger) = members::stranger(tx, workspace, &people).await? {
        return Err(Error::field("/to", format!("{stranger} is not a member of this workspace")));
    }
    let notes: Vec<(NotificationId, UserId)> = people.into_iter().map(|user| (cx.new_id(), user)).collect();
    store::insert(tx, workspace, &notes, message, subject, cx.now()).await?;
    Ok(notes.into_iter().map(|(id, _)| id).collect())
}

/// Tells people what Trackside itself has to say. It never fails for what it is given, because what it reports has
/// already happened: who has left the workspace is passed over, and what is too long is cut.
pub async fn notify(tx: &mut Tx, cx: &Cx, to: &[UserId], message: &str, subject: Option<&str>) -> Result<()> {
    let workspace = cx.actor.workspace;
    let mut people = members::among(tx, workspace, to).await?;
    people.sort_unstable();
    let notes: Vec<(NotificationId, UserId)> = people.into_iter().map(|user| (cx.new_id(), user)).collect();
    let (message, subject) = (cut(message, MAX_MESSAGE), subject.map(|subject| cut(subject, MAX_SUBJECT)));
    store::insert(tx, workspace, &notes, &message, subject.as_deref(), cx.now()).await
}

/// What a person was told in a workspace, the newest first.
pub async fn list(
    rx: &mut Rx,
    workspace: WorkspaceId,
    user: UserId,
    unread: bool,
    page: &PageRequest,
) -> Result<Page<Notification>> {
    let limit = page.limit()?;
    let rows = store::list(rx, workspace, user, unread, page.after()?, limit + 1).await?;
    Ok(Page::cut(rows, limit, |last| Cursor::of_id(last.id)))
}

/// How many a person has not read yet.
pub async fn count_unread(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<i64> {
    store::count_unread(rx, workspace, user).await
}

/// Marks those of a person's own as read, all of them with `None`; says how many were unread. Ids that are not the
/// person's are passed over.
pub async fn mark_read(
    tx: &mut Tx,
    cx: &Cx,
    workspace: WorkspaceId,
    user: UserId,
    ids: Option<&[NotificationId]>,
) -> Result<u64> {
    store::mark(tx, workspace, user, ids, cx.now()).await
}

fn check(pointer: &str, text: &str, longest: usize) -> Result<()> {
    if text.trim().is_empty() || text.len() > longest {
        return Err(Error::field(pointer, format!("must be 1 to {longest} bytes")));
    }
    if text.contains('\0') {
        return Err(Error::field(pointer, "must not contain the character U+0000"));
    }
    Ok(())
}

/// The text without U+0000, which not every database stores, and as much of it as fits into `longest` bytes.
fn cut(text: &str, longest: usize) -> String {
    let mut text = text.replace('\0', "");
    text.truncate(text.floor_char_boundary(longest));
    text
}
