//! Which events tell whom what. Who works on a task and who watches it follow it; whoever did something is left out later, by
//! [`service::tell`](super::service::tell).

use chrono::{DateTime, Utc};

use super::model::{Details, Kind, News};
use crate::Result;
use crate::comments::events::{TaskCommented, TaskMentioned};
use crate::ids::UserId;
use crate::tasks::Task;
use crate::tasks::events::{TaskAssigned, TaskStatusChanged, TaskUpdated};

/// What an event tells, and whom.
pub type Told = Option<(News, Vec<UserId>)>;

/// So much of a comment is told, in bytes.
const EXCERPT: usize = 280;

/// Those who follow a task, without some.
fn followers(task: &Task, without: &[UserId]) -> Result<Vec<UserId>> {
    let mut people = task.assignees.read()?;
    people.extend(task.watchers.read()?);
    people.retain(|user| !without.contains(user));
    Ok(people)
}

/// Whoever is to work on it from now on.
pub(crate) fn assigned(event: &TaskAssigned<'_>) -> Result<Told> {
    Ok(Some((News::about(Kind::Assigned, event.task), event.change.added.clone())))
}

/// Its followers; those whom the comment mentions are told of that.
pub(crate) fn commented(event: &TaskCommented<'_>) -> Result<Told> {
    let mut news = News::about(Kind::Comment, event.task);
    news.details.excerpt = Some(excerpt(&event.comment.body));
    Ok(Some((news, followers(event.task, &event.comment.mentions.read()?)?)))
}

/// Whom it mentions.
pub(crate) fn mentioned(event: &TaskMentioned<'_>) -> Result<Told> {
    let mut news = News::about(Kind::Mention, event.task);
    news.details.excerpt = Some(excerpt(&event.comment.body));
    Ok(Some((news, event.mentioned.to_vec())))
}

/// Its followers.
pub(crate) fn status_changed(event: &TaskStatusChanged<'_>) -> Result<Told> {
    let news = News::about(Kind::Status, event.task);
    let (from, to) = (Some(event.change.from.to_string()), Some(event.change.to.to_string()));
    Ok(Some((News { details: Details { from, to, ..news.details }, ..news }, followers(event.task, &[])?)))
}

/// Its followers, if it is due at another time.
pub(crate) fn updated(event: &TaskUpdated<'_>) -> Result<Told> {
    let Some(change) = event.change.get("due_at") else { return Ok(None) };
    let time = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let news = News::about(Kind::DueChanged, event.task);
    let (from, to) = (time(&change.from), time(&change.to));
    Ok(Some((News { details: Details { from, to, ..news.details }, ..news }, followers(event.task, &[])?)))
}

/// What a reminder of a task's date says, and to whom. Once per task and date.
pub(super) fn reminder(kind: Kind, task: &Task, due_at: DateTime<Utc>) -> Result<(News, Vec<UserId>)> {
    let mut news = News::about(kind, task).key(format!("{kind}:{}:{}", task.id, due_at.timestamp_micros()));
    news.details.to = Some(due_at.to_rfc3339());
    Ok((news, task.assignees.read()?))
}

fn excerpt(body: &str) -> String {
    let line = body.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut cut = super::model::cut(&line, EXCERPT);
    if cut.len() < line.len() {
        cut.push('…');
    }
    cut
}
