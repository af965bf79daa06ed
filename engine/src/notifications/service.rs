//! The public verbs of notifications.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::fan_out::{self, People};
use super::model::{Kind, MAX_MESSAGE, MAX_RECIPIENTS, MAX_SUBJECT, News, Notification, Unread};
use super::store;
use crate::access::Who;
use crate::access::permissions::{Granted, NotificationSend, Workspace};
use crate::cx::Cx;
use crate::db::{Rx, Signal, Tx};
use crate::ids::{NotificationId, UserId, WorkspaceId};
use crate::paging::{Cursor, Page, PageRequest};
use crate::projects::members;
use crate::{Error, Result, crash, jobs};

/// Notifications are put off by a year at the most.
const LONGEST_SNOOZE: TimeDelta = TimeDelta::days(366);

/// Tells people something, each once, in the transaction of what happened. It only writes down that they are to be told: the
/// rest is done by jobs after the commit, which leave out whoever may not see the task or project then, and whoever is no
/// member. Whoever did it is left out here, unless the kind is one that somebody is chosen for.
///
/// Answers the ids of the notifications that they get, in the order of the people, if they want it told within Trackside.
pub async fn tell(tx: &mut Tx, cx: &Cx, news: &News, to: &[UserId]) -> Result<Vec<(UserId, NotificationId)>> {
    if cx.tells_nobody() {
        return Ok(Vec::new());
    }
    let doer = match cx.actor.who {
        Who::User { id } if !news.kind.tells_oneself() => Some(id),
        _ => None,
    };
    let mut people: Vec<UserId> = to.iter().copied().filter(|user| Some(*user) != doer).collect();
    people.sort_unstable();
    people.dedup();
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let people: Vec<(UserId, NotificationId)> = people.into_iter().map(|user| (user, cx.new_id())).collect();
    let telling = store::insert_telling(tx, cx, news).await?;
    let jobs: Result<Vec<_>> = people.chunks(fan_out::TOGETHER).map(|some| People::job(cx, telling, some)).collect();
    jobs::service::enqueue_many(tx, &jobs?).await?;
    crash::point("tell.before_commit");
    Ok(people)
}

/// What a rule or a person has to say.
///
/// # Errors
/// `invalid_fields` for what is empty or too long.
pub fn news(message: &str, subject: Option<&str>) -> Result<News> {
    check("/message", message, MAX_MESSAGE)?;
    subject.map_or(Ok(()), |subject| check("/subject", subject, MAX_SUBJECT))?;
    let mut news = News::saying(Kind::Rule, message);
    news.details.subject = subject.map(str::to_owned);
    Ok(news)
}

/// Tells each of `to` once, however often they are named, what a rule or a person has to say.
pub async fn send(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<NotificationSend, Workspace>,
    to: &[UserId],
    news: &News,
) -> Result<Vec<NotificationId>> {
    let people: HashSet<UserId> = to.iter().copied().collect();
    let people: Vec<UserId> = people.into_iter().collect();
    if people.len() > MAX_RECIPIENTS {
        return Err(Error::field("/to", format!("must be at most {MAX_RECIPIENTS} people")));
    }
    if let Some(stranger) = members::stranger(tx, may.resource().0, &people).await? {
        return Err(Error::field("/to", format!("{stranger} is not a member of this workspace")));
    }
    Ok(tell(tx, cx, news, &people).await?.into_iter().map(|(_, id)| id).collect())
}

/// Tells people what Trackside itself has to say. It never fails for what it is given, because what it reports has
/// already happened: who has left the workspace is passed over, and what is too long is cut.
pub async fn notify(tx: &mut Tx, cx: &Cx, to: &[UserId], message: &str, subject: Option<&str>) -> Result<()> {
    let mut news = News::saying(Kind::System, message);
    if let Some(subject) = subject {
        news = news.subject(subject);
    }
    tell(tx, cx, &news, to).await.map(drop)
}

/// What a person was told in a workspace, the newest first; without what is put off.
pub async fn list(
    rx: &mut Rx,
    cx: &Cx,
    user: UserId,
    unread: bool,
    snoozed: bool,
    page: &PageRequest,
) -> Result<Page<Notification>> {
    let limit = page.limit()?;
    let rows = store::list(rx, cx, user, (unread, snoozed), page.after()?, limit + 1).await?;
    Ok(Page::cut(rows, limit, |last| Cursor::of_id(last.id)))
}

/// How many a person has not read yet.
pub async fn count_unread(rx: &mut Rx, cx: &Cx, user: UserId) -> Result<Unread> {
    let kinds = store::count_unread(rx, cx, user).await?;
    Ok(Unread { unread: kinds.iter().map(|of| of.unread).sum(), kinds })
}

/// How many each of these people has not read, in every workspace where there are any: for the realtime hub alone.
pub async fn unread_of(rx: &mut Rx, users: &[UserId], now: DateTime<Utc>) -> Result<Vec<(WorkspaceId, UserId, i64)>> {
    store::unread_of(rx, users, now).await
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
    let marked = store::mark(tx, workspace, user, ids, cx.now()).await?;
    if marked > 0 {
        tx.wake(Signal::Told);
    }
    Ok(marked)
}

/// Puts one of a person's own off until a time; then it is there as unread. With `None` it is shown at once.
///
/// # Errors
/// `notification_not_found`, `invalid_fields`.
pub async fn snooze(
    tx: &mut Tx,
    cx: &Cx,
    user: UserId,
    id: NotificationId,
    until: Option<DateTime<Utc>>,
) -> Result<Notification> {
    let now = cx.now();
    if until.is_some_and(|until| until <= now || until > now + LONGEST_SNOOZE) {
        return Err(Error::field("/until", "must be a time to come, within a year"));
    }
    let found = store::snooze(tx, cx.actor.workspace, user, id, until).await?;
    tx.wake(Signal::Told);
    found.ok_or_else(|| Error::not_found("notification", id))
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
