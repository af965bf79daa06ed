//! Reminders of dates: the day before a task is due, and when it was due and is not done. Whoever works on it is reminded, once
//! per task and date.
//!
//! Each look asks for all tasks that are within reach now and of which nobody was reminded yet: by the index on their dates, so
//! that it costs what is near and not what there is. Nothing is planned ahead, so nothing is lost when a date is moved, a clock is
//! put, or a process dies; `task_reminders` sees to it that no look reminds twice. What was due longer ago than [`LATE`] while
//! nothing looked, and what was over when it was written down, reminds nobody.

use chrono::TimeDelta;

use super::model::Kind;
use super::store::{self, Reminder};
use super::{service, sources};
use crate::access::Actor;
use crate::cx::Source;
use crate::db::{Db, Tx};
use crate::{Result, crash, tasks};

/// So long before it is due, a task is due soon.
const SOON: TimeDelta = TimeDelta::days(1);
/// What was due longer ago reminds nobody.
const LATE: TimeDelta = TimeDelta::days(3);
/// How many are read at a time.
const PAGE: i64 = 500;
/// How many are reminded of in one transaction.
const TOGETHER: usize = 25;
/// What was told is known for so long: nobody is told the same twice within it.
const KEPT: TimeDelta = TimeDelta::days(60);
/// How much of it is forgotten at a time.
const FORGOTTEN: i64 = 200;

/// Reminds of what is within reach; says of how many tasks.
///
/// # Errors
/// When the database cannot be asked.
pub async fn run(db: &Db, source: &Source) -> Result<usize> {
    let now = source.now();
    let mut count = 0;
    for (kind, span) in [(Kind::Overdue, (now - LATE, now)), (Kind::DueSoon, (now, now + SOON))] {
        loop {
            let found = store::list_reminders(&mut *db.read().await?, kind, span, PAGE).await?;
            let last = (found.len() as i64) < PAGE;
            let mut found = found.into_iter().peekable();
            while found.peek().is_some() {
                let some: Vec<Reminder> = found.by_ref().take(TOGETHER).collect();
                let source = source.clone();
                count += db.write(async move |tx: &mut Tx| remind(tx, &source, kind, &some).await).await?;
                crash::point("remind.committed");
            }
            if last {
                break;
            }
        }
    }
    Ok(count)
}

async fn remind(tx: &mut Tx, source: &Source, kind: Kind, some: &[Reminder]) -> Result<usize> {
    let mut count = 0;
    for reminder in some {
        let found = tasks::service::by_ids(tx, reminder.workspace_id, &[reminder.task_id]).await?;
        // It was changed meanwhile: the next look sees what it is now.
        let same = |task: &&tasks::Task| task.is_open() && task.due_at == Some(reminder.due_at);
        let Some(task) = found.first().filter(same) else { continue };
        if !store::remind(tx, kind, reminder).await? {
            continue;
        }
        let (news, people) = sources::reminder(kind, task, reminder.due_at)?;
        let cx = source.cx(Actor::system(reminder.workspace_id));
        service::tell(tx, &cx, &news, &people).await?;
        count += 1;
    }
    crash::point("remind.before_commit");
    Ok(count)
}

/// Forgets what was told long ago; how much of it.
///
/// # Errors
/// When the database cannot be asked.
pub async fn forget(db: &Db, source: &Source) -> Result<u64> {
    let until = source.now() - KEPT;
    db.write(async move |tx: &mut Tx| store::forget(tx, until, FORGOTTEN).await).await
}
