//! From the log to the timers: every event about a task moves the timers of that task, by what the task was then.
//!
//! How far a workspace has read stands in a row that is moved in the transaction of what was read, so that each event counts
//! once, whatever dies and however many nodes read.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::conditions::{Compiled, Sight};
use super::model::{SlaRef, SlaState, Stored, Timer};
use super::step::{Count, Said};
use super::time::Time;
use super::{due, store};
use crate::access::{Actor, Who};
use crate::cx::{Cx, Source};
use crate::db::{Db, Tx};
use crate::events::store::Pending;
use crate::handle::Handle;
use crate::ids::{ProjectId, TaskId, UserId, WorkspaceId};
use crate::projects::{self, Project};
use crate::{Class, Result, crash, events};

/// The events that carry a task as it was.
pub(super) const KINDS: &[&str] = &[
    "project.archived",
    "project.unarchived",
    "project.workflow_changed",
    "task.assigned",
    "task.commented",
    "task.created",
    "task.status_changed",
    "task.updated",
];
/// How many events one transaction reads.
const TOGETHER: i64 = 16;
/// How long its conditions are judged, about: other writes wait for it.
const LONG: Duration = Duration::from_millis(50);

/// Reads a page on in one workspace, towards `head`; answers up to where. Nothing when another node was faster.
pub(super) async fn read(
    db: &Db,
    source: &Source,
    workspace: WorkspaceId,
    after: i64,
    head: i64,
) -> Result<Option<i64>> {
    let (events, end) = {
        let mut rx = db.read().await?;
        let page = events::store::of_kinds(&mut rx, workspace, after, head, KINDS, TOGETHER).await?;
        let full = page.len() as i64 == TOGETHER;
        let end = if full { page.last().map_or(head, |(_, position)| *position) } else { head };
        let mut events = Vec::with_capacity(page.len());
        for (id, position) in page {
            let event = events::store::find_pending(&mut rx, workspace, id).await?;
            events.extend(event.map(|event| (event, position)));
        }
        (events, end)
    };
    if events.is_empty() && end - after < 1_000 {
        // Nothing that matters: it is read again with what comes, rather than written each time.
        return Ok(Some(end));
    }
    let source = source.clone();
    let write = async move |tx: &mut Tx| {
        // Another node was faster.
        if store::lock_place(tx, workspace).await? != Some(after) {
            return Ok(None);
        }
        let policies = store::enabled(tx, workspace).await?;
        let (began, mut come) = (Instant::now(), end);
        for (event, position) in &events {
            take(tx, &source, &policies, event).await?;
            if began.elapsed() > LONG {
                come = *position;
                break;
            }
        }
        store::put_place(tx, workspace, come).await?;
        crash::point("sla.read_before_commit");
        Ok(Some(come))
    };
    let read = db.write(write).await?;
    crash::point("sla.read");
    Ok(read)
}

async fn take(tx: &mut Tx, source: &Source, policies: &[Stored], event: &Pending) -> Result<()> {
    let Ok(data) = serde_json::from_str::<Value>(&event.payload) else { return Ok(()) };
    let id = |value: &Value| value.as_str().and_then(|text| text.parse::<ProjectId>().ok());
    if event.kind.starts_with("project.") {
        // Its tasks are looked at as they are.
        store::age(tx, event.workspace_id, id(&data["project"]["id"]), source.now()).await?;
        return Ok(());
    }
    let task = &data["task"];
    let (Some(task_id), Some(project)) = (task["id"].as_str().and_then(|text| text.parse().ok()), id(&task["project"]))
    else {
        return Ok(());
    };
    let project = match projects::service::find(tx, event.workspace_id, &Handle::Id(project)).await {
        Ok(project) => project,
        // Its timers went with it.
        Err(error) if error.class == Class::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let sight = Sight { task, project: &project, answer: is_answer(event, task), at: event.occurred_at };
    for stored in policies {
        let compiled = match Compiled::of(stored) {
            Ok(compiled) => compiled,
            Err(error) => {
                tracing::error!(sla = %stored.id, %error, "a policy cannot be read; its timers stand still");
                continue;
            }
        };
        apply(tx, source, stored, &compiled, &sight, task_id).await?;
    }
    Ok(())
}

/// Whether a person says something to a task that somebody else made.
fn is_answer(event: &Pending, task: &Value) -> bool {
    let who = serde_json::from_str::<Who>(&event.actor).ok();
    let maker = task["created_by"].as_str().and_then(|text| text.parse::<UserId>().ok());
    matches!(who, Some(Who::User { id }) if event.kind == "task.commented" && Some(id) != maker)
}

/// Moves the timer of a task under a policy, by what is seen of the task.
pub(super) async fn apply(
    tx: &mut Tx,
    source: &Source,
    stored: &Stored,
    compiled: &Compiled,
    sight: &Sight<'_>,
    task: TaskId,
) -> Result<()> {
    let seen = compiled.see(stored, sight);
    let last = store::last(tx, stored.id, task).await?;
    let is_open = last.as_ref().is_some_and(Timer::is_open);
    let cycle = last.as_ref().map_or(1, |last| last.cycle + 1);
    if !is_open && !seen.begins(last.as_ref()) {
        return Ok(());
    }
    let time = Time::of(tx, compiled.policy.clock, sight.project).await?;
    let count = Count { time, warn: compiled.policy.warn };
    let Some(mut timer) = last.filter(|_| is_open) else {
        let mut timer = fresh(stored, sight, task, cycle);
        (timer.priority, timer.target) = (seen.priority, seen.target);
        timer.begin(&seen, sight.at, &count)?;
        store::insert_timer(tx, &timer).await?;
        return Ok(());
    };
    let before = timer.clone();
    let said = timer.see(&seen, sight.at, &count)?;
    if timer != before {
        store::update_timer(tx, &timer).await?;
    }
    match said {
        Some(said) => announce(tx, source, stored, compiled, &timer, sight.project, &count, said).await,
        None => Ok(()),
    }
}

fn fresh(stored: &Stored, sight: &Sight<'_>, task: TaskId, cycle: i64) -> Timer {
    Timer {
        sla_id: stored.id,
        task_id: task,
        cycle,
        workspace_id: stored.workspace_id,
        project_id: sight.project.id,
        state: SlaState::Running,
        priority: crate::tasks::Priority::Medium,
        target: 0,
        started_at: sight.at,
        stretches: "[]".to_owned(),
        carried: 0,
        paused_at: None,
        due_at: None,
        warn_at: None,
        warned_at: None,
        breached_at: None,
        ended_at: None,
        look_at: None,
        stale: false,
    }
}

/// Says what became of a timer, in the transaction that notes it.
#[expect(clippy::too_many_arguments, reason = "all of what is announced")]
pub(super) async fn announce(
    tx: &mut Tx,
    source: &Source,
    stored: &Stored,
    compiled: &Compiled,
    timer: &Timer,
    project: &Project,
    count: &Count,
    said: Said,
) -> Result<()> {
    let cx: Cx = source.cx(Actor::system(stored.workspace_id));
    let sla = SlaRef { id: stored.id, name: compiled.policy.name.clone() };
    let shown = super::service::shown(timer, sla, compiled.policy.clock, &count.time, cx.now())?;
    due::say(tx, &cx, compiled, &shown, timer, project, said).await
}
