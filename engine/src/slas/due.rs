//! What the clock brings: warnings, times that have passed, and timers that are to be reckoned anew. Any number of nodes may
//! look at once: each timer is held while it is looked at, and what was said of it stands in its row.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::conditions::{Compiled, Sight};
use super::events::{SlaBreached, SlaMet, SlaWarned};
use super::follow::Look;
use super::model::{Stored, TaskTimer, Timer};
use super::step::{Count, Said, Seen};
use super::time::Time;
use super::{follow, store};
use crate::access::Actor;
use crate::cx::{Cx, Source};
use crate::db::{Db, Tx};
use crate::events::emit;
use crate::handle::Handle;
use crate::notifications::{Kind, News, people, service as notifications};
use crate::projects::{self, Project, ProjectRef};
use crate::tasks::{self, Task};
use crate::{Class, Error, Result, crash, events, lanes};

/// How many timers are looked at in one go.
const BATCH: i64 = 50;
/// How soon is looked again at a timer of whose task something is not in the log yet.
const AGAIN: TimeDelta = TimeDelta::milliseconds(300);
/// How many pages of a workspace's log are read in one go.
const PAGES: usize = 50;
/// How soon at one that could not be looked at.
const FAILED: TimeDelta = TimeDelta::seconds(30);

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// Whether any policy counts anywhere.
    pub active: bool,
    /// When something is due next.
    pub next: Option<DateTime<Utc>>,
    /// Whether there is more to do at once.
    pub more: bool,
}

/// Reads on in the log, and does what is due.
///
/// # Errors
/// When the database cannot be asked. What is wrong with one timer is logged, and it is looked at again.
pub async fn run(db: &Db, source: &Source) -> Result<Looked> {
    let places = store::places(&mut *db.read().await?).await?;
    let mut behind = HashSet::new();
    if !places.is_empty() {
        let head = events::service::head(&mut *db.read().await?).await?;
        for (workspace, position) in &places {
            let mut after = *position;
            for _ in 0..PAGES {
                match follow::read(db, source, *workspace, after, head).await? {
                    Some(end) => after = end,
                    // Another node reads.
                    None => break,
                }
                if after >= head {
                    break;
                }
            }
            if after < head {
                behind.insert(*workspace);
            }
        }
    }
    let now = source.now();
    let next = store::next(&mut *db.read().await?).await?;
    if next.is_none_or(|next| next > now) {
        return Ok(Looked { active: !places.is_empty(), next, more: !behind.is_empty() });
    }
    let due = store::due(&mut *db.read().await?, now, BATCH).await?;
    let more = !behind.is_empty() || due.len() as i64 == BATCH;
    for timer in due.into_iter().filter(|timer| !behind.contains(&timer.workspace_id)) {
        look(db, source, timer, now).await?;
    }
    let next = store::next(&mut *db.read().await?).await?;
    Ok(Looked { active: !places.is_empty(), next, more })
}

async fn look(db: &Db, source: &Source, timer: Timer, now: DateTime<Utc>) -> Result<()> {
    let judged = match judge(db, &timer, now).await {
        Ok(judged) => judged,
        Err(error) if error.class == Class::Busy => return Err(error),
        Err(error) => return put_off(db, timer, now, &error).await,
    };
    let seen = timer.clone();
    let clock = source.clone();
    let write = async move |tx: &mut Tx| {
        if let Some(judged) = &judged {
            one(tx, &clock, &seen, judged, now).await?;
        }
        crash::point("sla.due_before_commit");
        Ok(())
    };
    match db.write(write).await {
        Ok(()) => {}
        Err(error) if error.class == Class::Busy => return Err(error),
        Err(error) => put_off(db, timer, now, &error).await?,
    }
    crash::point("sla.due");
    Ok(())
}

async fn put_off(db: &Db, timer: Timer, now: DateTime<Utc>, error: &Error) -> Result<()> {
    tracing::warn!(sla = %timer.sla_id, task = %timer.task_id, %error, "a timer could not be looked at; it is tried again");
    db.write(async move |tx: &mut Tx| store::put_off(tx, &timer, now + FAILED).await).await
}

/// What a timer is about, and what its policy sees of the task as it is, where that is to be known anew.
struct Judged {
    stored: Stored,
    compiled: Arc<Compiled>,
    project: Project,
    task: Task,
    seen: Option<Seen>,
}

/// Judges before anything is written, since all other writes wait for that. Nothing when policy or task are gone.
async fn judge(db: &Db, timer: &Timer, now: DateTime<Utc>) -> Result<Option<Judged>> {
    let workspace = timer.workspace_id;
    let mut rx = db.read().await?;
    let Some(stored) = store::find(&mut rx, workspace, timer.sla_id).await? else { return Ok(None) };
    let Some(task) = tasks::service::by_ids(&mut rx, workspace, &[timer.task_id]).await?.pop() else { return Ok(None) };
    let project = projects::service::find(&mut rx, workspace, &Handle::Id(task.project_id)).await?;
    drop(rx);
    let compiled = Compiled::of(&stored)?;
    let mut seen = None;
    if timer.stale {
        let facts: Value = serde_json::to_value(&task)
            .map_err(|error| Error::internal("A task cannot be written as JSON.").caused_by(error))?;
        let sight = Sight { task: &facts, project: &project, answer: false, at: now };
        seen = Some(lanes::in_place(|| compiled.see(&stored, &sight)));
    }
    Ok(Some(Judged { stored, compiled, project, task, seen }))
}

async fn one(tx: &mut Tx, source: &Source, seen: &Timer, judged: &Judged, now: DateTime<Utc>) -> Result<()> {
    let Judged { stored, compiled, project, task, seen: anew } = judged;
    let Some(mut timer) = store::lock_timer(tx, seen).await?.filter(|timer| timer.look_at == seen.look_at) else {
        return Ok(());
    };
    let workspace = timer.workspace_id;
    // What was judged by is what is.
    let is_same =
        store::find(tx, workspace, stored.id).await?.is_some_and(|now| now.version_of() == stored.version_of())
            && tasks::service::by_ids(tx, workspace, &[task.id]).await?.iter().any(|now| now.version == task.version)
            && timer.stale == anew.is_some();
    if !is_same {
        return store::put_off(tx, &timer, now).await;
    }
    // What was done in time is not late because that is read later, nor because it is reckoned anew before it is read.
    if store::is_unread(tx, workspace, task.id, follow::KINDS).await? {
        return store::put_off(tx, &timer, now + AGAIN).await;
    }
    if let Some(seen) = anew {
        // By now all that was read has happened, which need not be so for when the look began.
        let look = Look { project, at: source.now(), seen, cause: None };
        return follow::apply(tx, source, stored, compiled, &look, task.id).await;
    }
    let time = Time::of(tx, compiled.policy.clock, project).await?;
    let count = Count { time, warn: compiled.policy.warn };
    timer.reckon(&count)?;
    let said = timer.ring(now);
    timer.reckon(&count)?;
    store::update_timer(tx, &timer).await?;
    match said {
        Some(said) => {
            let cx = source.cx(Actor::system(workspace));
            follow::announce(tx, &cx, stored, compiled, &timer, project, &count, said).await
        }
        None => Ok(()),
    }
}

/// Announces it, and tells whom the policy names.
pub(super) async fn say(
    tx: &mut Tx,
    cx: &Cx,
    compiled: &Compiled,
    shown: &TaskTimer,
    timer: &Timer,
    project: &Project,
    said: Said,
) -> Result<()> {
    let workspace = timer.workspace_id;
    let Some(task) = tasks::service::by_ids(tx, workspace, &[timer.task_id]).await?.pop() else { return Ok(()) };
    let (short, sla) = (ProjectRef::from(project), shown.sla.clone());
    let (project_ref, name) = (&short, sla.name.clone());
    let (words, told) = match said {
        Said::Met => {
            emit(tx, cx, &SlaMet { task: &task, project: project_ref, sla, timer: shown }).await?;
            return Ok(());
        }
        Said::Breached => {
            emit(tx, cx, &SlaBreached { task: &task, project: project_ref, sla, timer: shown }).await?;
            ("sla_breached", &compiled.policy.notify.breached)
        }
        Said::Warned => {
            emit(tx, cx, &SlaWarned { task: &task, project: project_ref, sla, timer: shown }).await?;
            ("sla_warned", &compiled.policy.notify.warned)
        }
    };
    if told.is_empty() {
        return Ok(());
    }
    let people = people::called(tx, workspace, &task, project, told, cx.now()).await?;
    let mut news = News::about(Kind::Escalation, &task);
    let key = format!("{words}:{}:{}:{}", timer.sla_id, timer.task_id, timer.cycle);
    news.details.says = Some(words.to_owned());
    news.details.from = Some(name);
    news.details.to = timer.due_at.or(timer.breached_at).map(|due| due.to_rfc3339());
    notifications::tell(tx, cx, &news.key(key), &people).await.map(drop)
}
