//! From the log to the timers: every event about a task moves the timers of that task, by what the task was then.
//!
//! How far a workspace has read stands in a row that is moved in the transaction of what was read, so that each event counts
//! once, whatever dies and however many nodes read. What the policies see is judged before that transaction, which all other
//! writes wait for; it only looks whether they are still the same.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::conditions::{Compiled, Sight};
use super::model::{SlaRef, SlaState, Stored, Timer};
use super::step::{Count, Said, Seen};
use super::time::Time;
use super::{due, store};
use crate::access::{Actor, Who};
use crate::cx::{Cause, Cx, Source};
use crate::db::{Db, Tx};
use crate::events::store::Pending;
use crate::handle::Handle;
use crate::ids::{ProjectId, TaskId, UserId, WorkspaceId};
use crate::projects::{self, Project};
use crate::{Class, Result, crash, events, lanes};

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
/// How long a page is judged, about: other workspaces wait for their turn.
const LONG: Duration = Duration::from_millis(50);
/// How long one event is: what honest policies say of it takes less than a hundredth of this.
const LONGEST: Duration = Duration::from_millis(250);

/// What a policy sees of a task, when, and in which project.
pub(super) struct Look<'l> {
    pub project: &'l Project,
    pub at: DateTime<Utc>,
    pub seen: &'l Seen,
    /// The rule behind the event that showed it, if one is.
    pub cause: Option<&'l Cause>,
}

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
    let policies = store::enabled(&mut *db.read().await?, workspace).await?;
    let judged = judge(db, &policies, events).await?;
    let end = judged.last().filter(|last| last.is_cut).map_or(end, |last| last.position);
    let source = source.clone();
    let write = async move |tx: &mut Tx| {
        // Another node was faster.
        if store::lock_place(tx, workspace).await? != Some(after) {
            return Ok(None);
        }
        // Somebody changed what was judged by; it is judged anew.
        let now = store::enabled(tx, workspace).await?;
        if !now.iter().map(Stored::version_of).eq(policies.iter().map(Stored::version_of)) {
            return Ok(None);
        }
        for event in &judged {
            take(tx, &source, &policies, event).await?;
        }
        store::put_place(tx, workspace, end).await?;
        crash::point("sla.read_before_commit");
        Ok(Some(end))
    };
    let read = db.write(write).await?;
    crash::point("sla.read");
    Ok(read)
}

/// An event, and what the policies see of it.
struct Judged {
    position: i64,
    workspace: WorkspaceId,
    moves: Moves,
    /// Whether it is the last one of a page that was cut short.
    is_cut: bool,
}

enum Moves {
    Nothing,
    /// The tasks of a project are looked at as they are.
    All(Option<ProjectId>),
    /// One task, as each policy sees it; none of those that cannot be judged.
    One {
        task: TaskId,
        project: Box<Project>,
        at: DateTime<Utc>,
        seen: Vec<Option<Seen>>,
        cause: Option<Cause>,
    },
}

/// Judges a page, or as much of it as does not take long. Nothing waits for this: it is done before anything is written.
async fn judge(db: &Db, policies: &[Stored], events: Vec<(Pending, i64)>) -> Result<Vec<Judged>> {
    let compiled: Vec<_> = policies.iter().map(compiled).collect();
    let (began, mut judged) = (Instant::now(), Vec::with_capacity(events.len()));
    for (event, position) in events {
        let moves = moves(db, policies, &compiled, &event).await?;
        let is_cut = began.elapsed() > LONG;
        judged.push(Judged { position, workspace: event.workspace_id, moves, is_cut });
        if is_cut {
            break;
        }
    }
    Ok(judged)
}

fn compiled(stored: &Stored) -> Option<Arc<Compiled>> {
    let compiled = Compiled::of(stored);
    if let Err(error) = &compiled {
        tracing::error!(sla = %stored.id, %error, "a policy cannot be read; its timers stand still");
    }
    compiled.ok()
}

async fn moves(db: &Db, policies: &[Stored], compiled: &[Option<Arc<Compiled>>], event: &Pending) -> Result<Moves> {
    let Ok(data) = serde_json::from_str::<Value>(&event.payload) else { return Ok(Moves::Nothing) };
    let id = |value: &Value| value.as_str().and_then(|text| text.parse::<ProjectId>().ok());
    if event.kind.starts_with("project.") {
        return Ok(Moves::All(id(&data["project"]["id"])));
    }
    let task = &data["task"];
    let (Some(task_id), Some(project)) = (task["id"].as_str().and_then(|text| text.parse().ok()), id(&task["project"]))
    else {
        return Ok(Moves::Nothing);
    };
    let project = projects::service::find(&mut *db.read().await?, event.workspace_id, &Handle::Id(project)).await;
    let project = match project {
        Ok(project) => Box::new(project),
        // Its timers went with it.
        Err(error) if error.class == Class::NotFound => return Ok(Moves::Nothing),
        Err(error) => return Err(error),
    };
    let sight = Sight { task, project: &project, answer: is_answer(event, task), at: event.occurred_at };
    let seen = lanes::in_place(|| {
        let began = Instant::now();
        let see = |(stored, compiled): (&Stored, &Option<Arc<Compiled>>)| {
            let compiled = compiled.as_ref()?;
            if began.elapsed() > LONGEST {
                tracing::warn!(sla = %stored.id, "the policies of a workspace are too slow together; this one missed an event");
                return None;
            }
            Some(compiled.see(stored, &sight))
        };
        policies.iter().zip(compiled).map(see).collect()
    });
    let cause = event.cause.as_deref().and_then(|cause| serde_json::from_str(cause).ok());
    Ok(Moves::One { task: task_id, at: sight.at, project, seen, cause })
}

async fn take(tx: &mut Tx, source: &Source, policies: &[Stored], event: &Judged) -> Result<()> {
    match &event.moves {
        Moves::Nothing => Ok(()),
        Moves::All(project) => store::age(tx, event.workspace, *project, source.now()).await.map(drop),
        Moves::One { task, project, at, seen, cause } => {
            for (stored, seen) in policies.iter().zip(seen) {
                let (Some(seen), Ok(compiled)) = (seen, Compiled::of(stored)) else { continue };
                let look = Look { project, at: *at, seen, cause: cause.as_ref() };
                apply(tx, source, stored, &compiled, &look, *task).await?;
            }
            Ok(())
        }
    }
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
    sight: &Look<'_>,
    task: TaskId,
) -> Result<()> {
    let seen = sight.seen;
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
        timer.begin(seen, sight.at, &count)?;
        store::insert_timer(tx, &timer).await?;
        return Ok(());
    };
    let before = timer.clone();
    let said = timer.see(seen, sight.at, &count)?;
    if timer != before {
        store::update_timer(tx, &timer).await?;
    }
    match said {
        Some(said) => {
            let mut cx = source.cx(Actor::system(stored.workspace_id));
            cx.cause = sight.cause.cloned();
            announce(tx, &cx, stored, compiled, &timer, sight.project, &count, said).await
        }
        None => Ok(()),
    }
}

fn fresh(stored: &Stored, sight: &Look<'_>, task: TaskId, cycle: i64) -> Timer {
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
    cx: &Cx,
    stored: &Stored,
    compiled: &Compiled,
    timer: &Timer,
    project: &Project,
    count: &Count,
    said: Said,
) -> Result<()> {
    let sla = SlaRef { id: stored.id, name: compiled.policy.name.clone() };
    let shown = super::service::shown(timer, sla, compiled.policy.clock, &count.time, cx.now())?;
    due::say(tx, cx, compiled, &shown, timer, project, said).await
}
