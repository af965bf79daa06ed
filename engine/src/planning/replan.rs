//! Planning anew: after each change that can move dates, the dates of the project are computed, compared with those
//! that were computed last, and every task of which one moved is announced, once, by `task.rescheduled`.
//!
//! The change only notes itself in the project's plan and asks for a job, of which there is one a project however many
//! changes there are. The job reads and computes outside of any transaction, and writes what moved, with its events, some
//! tasks at a time. Each of these transactions first makes sure that the job's lease still holds and that nothing changed
//! since it was read; if something did, it begins anew. So a job may die or be done by two nodes at any moment: what is
//! written is announced, what is not will be.
//!
//! Who holds several locks takes them in this order: the project, a task, the job, the plan.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::events::{Move, Moves, TaskRescheduled};
use super::inputs::Inputs;
use super::plans::Plan;
use super::store::{self, Dates};
use super::timeline;
use crate::access::permissions::{Granted, TaskView};
use crate::access::{Actor, Who};
use crate::cx::{Cause, Cx, Source};
use crate::db::{Db, Rx, Tx};
use crate::events::{Fresh, NewEvent};
use crate::handle::Handle;
use crate::ids::{ProjectId, TaskId, UserId, WorkspaceId};
use crate::jobs::{self, Job, NewJob, Outcome, Ticket};
use crate::projects::{self, Project, ProjectRef};
use crate::{Class, Error, Result, crash, events, tasks};

/// The kind of job.
pub const REPLAN: &str = "replan";
/// The queue it stands in.
pub const QUEUE: &str = "schedule";
/// How many tasks one transaction announces: on SQLite every other write waits meanwhile.
const AT_ONCE: usize = 200;
/// How often a job begins anew by itself before it lets others go first.
const TRIES: usize = 5;

/// Notes that something of a project changed which can move dates, if the project is planned. Costs a project that is not
/// planned one look at an index.
pub(crate) async fn moved(tx: &mut Tx, cx: &Cx, project: ProjectId) -> Result<()> {
    let workspace = cx.actor.workspace;
    if !store::is_planned(tx, workspace, project).await? {
        return Ok(());
    }
    let job = NewJob::new(cx.source(), Some(workspace), QUEUE, REPLAN, &project)?.key(project.to_string());
    jobs::service::enqueue(tx, &job).await?;
    let cause = cx.cause.as_ref().map(serde_json::to_string).transpose();
    let cause = cause.map_err(|error| Error::internal("a cause cannot be written as JSON").caused_by(error))?;
    let depth = cx.cause.as_ref().map_or(0, |cause| cause.depth);
    // A rule is known by its cause; of a person nothing else would tell.
    let person = match cx.actor.who {
        Who::User { id } => Some(id.to_string()),
        _ => None,
    };
    store::moved(tx, workspace, project, depth, cause.as_deref(), cx.trace.as_deref(), person.as_deref()).await
}

/// Plans a project anew, as its job says.
pub async fn run(db: &Db, source: &Source, job: &Job, project: ProjectId) -> Outcome {
    let Some(workspace) = job.workspace_id else {
        return Outcome::Dead { reason: "a job to plan a project must name its workspace".to_owned() };
    };
    match anew(db, source, job.ticket(), workspace, project).await {
        Ok(outcome) => outcome,
        Err(error) if error.code == jobs::LEASE_LOST => Outcome::Released,
        Err(error) => Outcome::retry(error.to_string()),
    }
}

async fn anew(db: &Db, source: &Source, ticket: Ticket, workspace: WorkspaceId, project: ProjectId) -> Result<Outcome> {
    for _ in 0..TRIES {
        let Some(read) = db.scan(async move |rx: &mut Rx| read(rx, workspace, project).await).await? else {
            return Ok(Outcome::Done);
        };
        let told = tokio::task::spawn_blocking(move || differences(read)).await;
        let told = told.map_err(|error| Error::internal("planning panicked").caused_by(error))??;
        if announce(db, source, ticket, told).await? {
            return Ok(Outcome::Settled);
        }
    }
    // Too much changes just now. The changes have asked for another turn, which the job gets after others.
    Ok(Outcome::Done)
}

/// All that planning anew looks at.
struct Read {
    may: Granted<TaskView, Project>,
    plan: Plan,
    inputs: Inputs,
    dates: Vec<Dates>,
}

/// Reads it, the plan first: what changes after that is found out when something is written. None when there is nothing
/// to plan.
async fn read(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Option<Read>> {
    let found = projects::service::find(rx, workspace, &Handle::Id(project)).await;
    let project = match found {
        Err(error) if error.class == Class::NotFound => return Ok(None),
        found => found?,
    };
    let Some(plan) = store::find_plan(rx, workspace, project.id).await? else { return Ok(None) };
    let may = Actor::system(workspace).may::<TaskView, _>(project)?;
    let inputs = match Inputs::read(rx, &may, &plan).await {
        // It has no timeline, so there is nothing to announce.
        Err(error) if error.class == Class::Conflict => return Ok(None),
        inputs => inputs?,
    };
    let dates = store::list_dates(rx, workspace, may.resource().id).await?;
    Ok(Some(Read { may, plan, inputs, dates }))
}

/// The dates of a task that are to be written.
#[derive(Clone)]
struct Written {
    dates: Dates,
    /// What they were, if that is to be announced.
    from: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// What is to be written.
struct Told {
    project: Project,
    plan: Plan,
    /// What moved first, then what was not known.
    written: Vec<Written>,
    gone: Vec<TaskId>,
}

/// Computes the dates and compares them with those computed last. The first time these are what the tasks' own dates say.
fn differences(read: Read) -> Result<Told> {
    let Read { may, plan, inputs, dates } = read;
    let project = may.into_resource();
    let mut known: HashMap<TaskId, (DateTime<Utc>, DateTime<Utc>)> = HashMap::new();
    if !plan.written {
        let bare = timeline::of(inputs.bare())?;
        known.extend(bare.items.iter().map(|item| (item.id, (item.start, item.finish))));
    }
    let stored: HashSet<TaskId> = dates.iter().map(|dates| dates.task_id).collect();
    known.extend(dates.into_iter().map(|dates| (dates.task_id, (dates.start_at, dates.finish_at))));
    let timeline = timeline::of(inputs)?;
    let mut written = Vec::new();
    for item in &timeline.items {
        let from = known.remove(&item.id).filter(|from| *from != (item.start, item.finish));
        if from.is_some() || !stored.contains(&item.id) {
            let dates = Dates { task_id: item.id, start_at: item.start, finish_at: item.finish };
            written.push(Written { dates, from });
        }
    }
    written.sort_by_key(|written| written.from.is_none());
    Ok(Told { project, plan, written, gone: known.into_keys().collect() })
}

/// Writes what moved and announces it; false when something changed meanwhile.
async fn announce(db: &Db, source: &Source, ticket: Ticket, told: Told) -> Result<bool> {
    let Told { project, plan, written, gone } = told;
    let cx = context(source, project.workspace_id, &plan)?;
    let mut parts: Vec<Vec<Written>> = written.chunks(AT_ONCE).map(<[Written]>::to_vec).collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let (cx, project, revision) = (cx.clone(), project.clone(), plan.revision);
        let is_written = db.write(async move |tx: &mut Tx| write(tx, &cx, ticket, &project, revision, &part).await);
        if !is_written.await? {
            return Ok(false);
        }
        crash::point("replan.part_committed");
    }
    let revision = plan.revision;
    let end = async move |tx: &mut Tx| {
        if !write(tx, &cx, ticket, &project, revision, &last).await? {
            return Ok(false);
        }
        store::forget_dates(tx, project.workspace_id, project.id, &gone).await?;
        store::written(tx, project.workspace_id, project.id).await?;
        jobs::service::complete(tx, ticket).await?;
        crash::point("replan.before_commit");
        Ok(true)
    };
    db.write(end).await
}

/// Planning acts by itself, but because of what changed: a rule that moves dates because dates were moved comes to an end.
fn context(source: &Source, workspace: WorkspaceId, plan: &Plan) -> Result<Cx> {
    let mut cx = source.cx(Actor::system(workspace));
    if let Some(cause) = &plan.cause {
        let cause: Cause = serde_json::from_str(cause)
            .map_err(|error| Error::internal("a cause does not have the shape of one").caused_by(error))?;
        cx = cx.because(cause);
    }
    cx.trace = plan.trace.as_deref().map(Into::into);
    Ok(cx)
}

/// Writes dates and their events, unless something changed since `revision`.
async fn write(
    tx: &mut Tx,
    cx: &Cx,
    ticket: Ticket,
    project: &Project,
    revision: i64,
    written: &[Written],
) -> Result<bool> {
    let project = match projects::service::lock(tx, project).await {
        Err(error) if error.class == Class::NotFound => return Ok(false),
        project => project?,
    };
    jobs::service::hold(tx, ticket).await?;
    let plan = store::find_plan_for_update(tx, project.workspace_id, project.id).await?;
    let Some(plan) = plan.filter(|plan| plan.revision == revision) else { return Ok(false) };
    let by: Vec<UserId> = plan.people.iter().flat_map(|people| people.split(',')).flat_map(str::parse).collect();
    store::set_dates(tx, project.workspace_id, project.id, written.iter().map(|written| &written.dates)).await?;
    let moved: HashMap<TaskId, &Written> = written
        .iter()
        .filter(|written| written.from.is_some())
        .map(|written| (written.dates.task_id, written))
        .collect();
    if moved.is_empty() {
        return Ok(true);
    }
    let ids: Vec<TaskId> = moved.keys().copied().collect();
    let short = ProjectRef::from(&project);
    let mut fresh = Vec::with_capacity(moved.len());
    for task in &tasks::service::by_ids(tx, project.workspace_id, &ids).await? {
        let Some(Written { dates, from: Some((start, finish)) }) = moved.get(&task.id) else { continue };
        let change = Moves {
            start: Move { from: *start, to: dates.start_at },
            finish: Move { from: *finish, to: dates.finish_at },
        };
        let event = NewEvent::of(&TaskRescheduled { task, project: &short, change, by: &by })?;
        fresh.push(Fresh::new(cx, cx.new_id(), event)?);
    }
    events::service::append(tx, &fresh.iter().collect::<Vec<_>>(), None).await?;
    Ok(true)
}
