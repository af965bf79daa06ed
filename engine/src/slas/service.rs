//! The public verbs of SLA policies. What of a policy can be checked without the workspace is [`examine`](super::examine)d before.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::conditions::Compiled;
use super::model::{
    MAX_POLICIES, MAX_TOLD, Policy, Report, ReportQuery, Sla, SlaQuery, SlaRef, SlaState, Stored, TargetClock,
    TaskTimer, Timer,
};
use super::store;
use super::time::Time;
use crate::access::{Actor, Granted, Permission as _, Place, SlaEdit, SlaView, TaskView};
use crate::cx::Cx;
use crate::db::{Rx, Signal, Tx};
use crate::handle::Handle;
use crate::ids::{ProjectId, SlaId, TaskId, WorkspaceId};
use crate::notifications::people;
use crate::projects::{self, Project};
use crate::raw::Raw;
use crate::{Class, Error, Result, audit, checks, events};

/// How far back a report looks when nobody says.
const USUAL: TimeDelta = TimeDelta::days(30);

/// A policy: what a permission is asked for.
///
/// # Errors
/// `sla_not_found`.
pub async fn find(rx: &mut Rx, workspace: WorkspaceId, id: SlaId) -> Result<Stored> {
    store::find(rx, workspace, id).await?.ok_or_else(|| Error::unseen("sla"))
}

/// The policies that whoever asks may see, in the order they were made.
///
/// # Errors
/// `denied`; `project_not_found`.
pub async fn list(rx: &mut Rx, actor: &Actor, query: &SlaQuery) -> Result<Vec<Sla>> {
    actor.may_somewhere::<SlaView>()?;
    let project = match &query.project {
        None => None,
        Some(name) => Some(project_of(rx, actor.workspace, name, "/project").await?.id),
    };
    let seen = store::list(rx, actor.workspace).await?.into_iter();
    let seen = seen.filter(|stored| project.is_none_or(|project| stored.project_id == Some(project)));
    seen.filter(|stored| actor.may::<SlaView, _>(stored).is_ok()).map(Stored::shown).collect()
}

/// One policy.
pub fn get(may: &Granted<SlaView, Stored>) -> Result<Sla> {
    may.resource().clone().shown()
}

async fn project_of(rx: &mut Rx, workspace: WorkspaceId, name: &str, pointer: &str) -> Result<Project> {
    let unknown =
        || Error::field(pointer, "is no project of this workspace, or none that you may see; give its id or key");
    let handle: Handle<ProjectId> = name.parse().map_err(|_| unknown())?;
    projects::service::find(rx, workspace, &handle).await.map_err(|error| match error.class {
        Class::NotFound => unknown(),
        _ => error,
    })
}

/// Whoever may say how soon things are to be done: in the project that a policy is for, or in all of the workspace.
async fn place_of(tx: &mut Tx, cx: &Cx, policy: &mut Policy) -> Result<Option<ProjectId>> {
    let Some(name) = &policy.project else {
        cx.actor.may_here::<SlaEdit>()?;
        return Ok(None);
    };
    let project = project_of(tx, cx.actor.workspace, name, "/project").await?;
    projects::service::refuse_archived(&project)?;
    let may = cx.actor.may::<SlaEdit, _>(project)?;
    policy.project = Some(may.resource().id.to_string());
    Ok(Some(may.resource().id))
}

/// Makes a policy. It is for the tasks that begin from now on. A workspace has at most [`MAX_POLICIES`].
///
/// # Errors
/// `invalid_fields`, `denied`; `too_many_slas`.
pub async fn create(tx: &mut Tx, cx: &Cx, mut policy: Policy) -> Result<Sla> {
    let project_id = place_of(tx, cx, &mut policy).await?;
    let workspace = cx.actor.workspace;
    check_told(tx, workspace, &policy).await?;
    if store::list(tx, workspace).await?.len() as i64 >= MAX_POLICIES {
        let detail = format!("a workspace has at most {MAX_POLICIES} policies; delete one that nobody needs");
        return Err(Error::conflict("too_many_slas", detail));
    }
    let now = cx.now();
    let stored = Stored {
        id: cx.new_id(),
        workspace_id: workspace,
        project_id,
        enabled: policy.enabled,
        policy: Raw::of(&policy)?,
        effective_from: now,
        version: 1,
        created_by: cx.actor.user(),
        created_at: now,
        updated_at: now,
    };
    if policy.enabled {
        begin_reading(tx, workspace).await?;
    }
    store::insert(tx, &stored, &policy.name).await?;
    tx.wake(Signal::Schedules);
    changed(tx, cx, "sla.created", &stored).await
}

/// Has the log read from here on, if it is not already.
async fn begin_reading(tx: &mut Tx, workspace: WorkspaceId) -> Result<()> {
    let reads = !store::enabled(tx, workspace).await?.is_empty();
    let place = store::lock_place(tx, workspace).await?;
    if reads && place.is_some() {
        return Ok(());
    }
    let head = events::service::head(tx).await?;
    store::put_place(tx, workspace, head).await
}

/// Says a policy anew. Timers that run are reckoned by it at once; what was announced stays announced.
///
/// # Errors
/// Those of [`create`]; `sla_not_found`, `stale`.
pub async fn replace(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<SlaEdit, Stored>,
    expected: Option<i64>,
    mut policy: Policy,
) -> Result<Sla> {
    let mut stored = locked(tx, cx, may, expected).await?;
    let project_id = place_of(tx, cx, &mut policy).await?;
    check_told(tx, stored.workspace_id, &policy).await?;
    let text = Raw::of(&policy)?;
    if text.text() == stored.policy.text() {
        return stored.shown();
    }
    if policy.enabled && !stored.enabled {
        begin_reading(tx, stored.workspace_id).await?;
        stored.effective_from = cx.now();
    }
    (stored.project_id, stored.enabled, stored.policy) = (project_id, policy.enabled, text);
    (stored.version, stored.updated_at) = (stored.version + 1, cx.now());
    store::update(tx, &stored, &policy.name).await?;
    store::age_policy(tx, stored.id, cx.now()).await?;
    tx.wake(Signal::Schedules);
    changed(tx, cx, "sla.updated", &stored).await
}

/// Deletes a policy with its timers.
///
/// # Errors
/// `sla_not_found`, `stale`, `denied`.
pub async fn delete(tx: &mut Tx, cx: &Cx, may: &Granted<SlaEdit, Stored>, expected: Option<i64>) -> Result<()> {
    let stored = locked(tx, cx, may, expected).await?;
    store::delete(tx, stored.workspace_id, stored.id).await?;
    changed(tx, cx, "sla.deleted", &stored).await.map(drop)
}

/// The policy as it is, locked. Who changes one for all of the workspace may so in all of it.
async fn locked(tx: &mut Tx, cx: &Cx, may: &Granted<SlaEdit, Stored>, expected: Option<i64>) -> Result<Stored> {
    let known = may.resource();
    let stored = store::lock(tx, known.workspace_id, known.id).await?.ok_or_else(|| Error::unseen("sla"))?;
    if stored.project_id != known.project_id {
        return Err(Error::busy("moved", "The policy is changed at this moment. Try again."));
    }
    if stored.project_id.is_none() {
        cx.actor.may_here::<SlaEdit>()?;
    }
    match expected.filter(|expected| *expected != stored.version) {
        Some(expected) => Err(Error::stale(format!(
            "you saw version {expected} of the policy, which is at version {}; read it again and repeat your change",
            stored.version
        ))),
        None => Ok(stored),
    }
}

async fn changed(tx: &mut Tx, cx: &Cx, action: &'static str, stored: &Stored) -> Result<Sla> {
    let shown = stored.clone().shown()?;
    audit::service::record(tx, cx, action, &stored.id.to_string(), &json!({ "sla": shown })).await?;
    Ok(shown)
}

/// Refuses to tell whom there is not.
async fn check_told(rx: &mut Rx, workspace: WorkspaceId, policy: &Policy) -> Result<()> {
    for (name, told) in [("warned", &policy.notify.warned), ("breached", &policy.notify.breached)] {
        let place = format!("/notify/{name}");
        if told.len() > MAX_TOLD {
            return Err(Error::field(place, format!("must be at most {MAX_TOLD}")));
        }
        people::check(rx, workspace, &place, told).await?;
    }
    Ok(())
}

/// Has the timers of a project, or of all of the workspace, reckoned anew: when work is done there has changed.
pub(crate) async fn look_anew(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: Option<ProjectId>,
    now: DateTime<Utc>,
) -> Result<()> {
    if store::age(tx, workspace, project, now).await? {
        tx.wake(Signal::Schedules);
    }
    Ok(())
}

/// The timers of a task under the policies that whoever asks may see.
///
/// # Errors
/// `denied`.
pub async fn of_task(rx: &mut Rx, cx: &Cx, may: &Granted<TaskView, Project>, task: TaskId) -> Result<Vec<TaskTimer>> {
    cx.actor.may_somewhere::<SlaView>()?;
    let project = may.resource();
    let mut shown = Vec::new();
    for timer in store::of_task(rx, project.workspace_id, task).await? {
        let stored = find(rx, project.workspace_id, timer.sla_id).await?;
        let seen = match stored.project_id {
            // Whoever sees a task sees its timers, also where they see nothing else of its project.
            Some(_) => cx.actor.scope_allows("sla.view"),
            None => cx.actor.may::<SlaView, _>(&stored).is_ok(),
        };
        if !seen {
            continue;
        }
        let compiled = Compiled::of(&stored)?;
        let time = Time::of(rx, compiled.policy.clock, project).await?;
        let sla = SlaRef { id: stored.id, name: compiled.policy.name.clone() };
        shown.push(self::shown(&timer, sla, compiled.policy.clock, &time, cx.now())?);
    }
    Ok(shown)
}

/// A timer, as people see it.
pub(super) fn shown(
    timer: &Timer,
    sla: SlaRef,
    clock: TargetClock,
    time: &Time,
    now: DateTime<Utc>,
) -> Result<TaskTimer> {
    let elapsed = timer.elapsed(now, time)?;
    let met = match (timer.breached_at, timer.state) {
        (Some(_), _) => Some(false),
        (None, SlaState::Ended) => Some(true),
        (None, _) => None,
    };
    Ok(TaskTimer {
        sla,
        cycle: timer.cycle,
        state: timer.state,
        met,
        clock,
        target: timer.target,
        elapsed,
        remaining: timer.target - elapsed,
        started_at: timer.started_at,
        due_at: timer.due_at,
        paused_at: timer.paused_at,
        warned_at: timer.warned_at,
        breached_at: timer.breached_at,
        ended_at: timer.ended_at,
    })
}

/// How a policy was kept. It counts tasks whether or not each may be seen, so it is for those who see all of them.
///
/// # Errors
/// `invalid_fields`, `denied`.
pub async fn report(rx: &mut Rx, cx: &Cx, may: &Granted<SlaView, Stored>, query: &ReportQuery) -> Result<Report> {
    let stored = may.resource();
    if stored.project_id.is_none() {
        cx.actor.may_here::<SlaView>()?;
    }
    let place = stored.project_id.map_or(Place::Workspace, Place::Project);
    let sees = cx.actor.decide(TaskView::BIT, &place, &serde_json::Map::new).is_ok();
    if !sees || !cx.actor.scope_allows("task.view") {
        return Err(Error::denied("A report counts tasks that you may not see; ask somebody who sees all of them."));
    }
    let to = query.to.map(|time| checks::time("/to", time)).transpose()?.unwrap_or_else(|| cx.now());
    let from = query.from.map(|time| checks::time("/from", time)).transpose()?.unwrap_or(to - USUAL);
    if from >= to {
        return Err(Error::field("/from", "must be before `to`"));
    }
    let priorities = store::report(rx, stored.id, from, to).await?;
    let (met, breached) = priorities.iter().fold((0, 0), |(met, late), of| (met + of.met, late + of.breached));
    let open = store::open(rx, stored.id).await?;
    let standing =
        |state: SlaState| open.iter().find(|(word, _)| word == state.as_str()).map_or(0, |(_, count)| *count);
    Ok(Report {
        from,
        to,
        met,
        breached,
        met_percent: (met + breached > 0).then(|| met * 100 / (met + breached)),
        priorities,
        running: standing(SlaState::Running),
        paused: standing(SlaState::Paused),
    })
}
