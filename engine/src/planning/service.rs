//! The public verbs of planning. Those that change something want the permission on the project of the task that waits,
//! which [`projects::service::find_of_task`](crate::projects::service::find_of_task) finds.

use std::collections::HashMap;

use super::events::{TaskDependencyAdded, TaskDependencyRemoved};
use super::inputs::Inputs;
use super::model::{Dependency, DependencyType, MAX_LAG, MAX_PREDECESSORS, NewDependency, Timeline};
use super::{baselines, circles, plans, store, timeline};
use crate::access::{Granted, Sight, TaskEdit, TaskView};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{BaselineId, TaskId};
use crate::projects::{self, Project, ProjectRef};
use crate::tasks::{self, Task};
use crate::{Class, Error, Result};

/// What a task waits for, in the order it was added; at most [`MAX_PREDECESSORS`]. What may not be seen is left out.
pub async fn dependencies(rx: &mut Rx, may: &(impl Sight + Sync), task: &Handle<TaskId>) -> Result<Vec<Dependency>> {
    let task = tasks::service::find(rx, may, task).await?;
    let mut found = store::list_of_task(rx, may.workspace(), task.id).await?;
    if may.reach().is_some() && !found.is_empty() {
        let ids: Vec<TaskId> = found.iter().map(|dependency| dependency.predecessor_id).collect();
        let seen = tasks::service::seen_of(rx, may, &ids).await?;
        found.retain(|dependency| seen.contains(&dependency.predecessor_id));
    }
    Ok(found)
}

/// Makes a task wait for another one of its project. One that already does in the same way answers the conflict
/// `dependency_exists`; one that would wait for itself in the end `dependency_cycle`, with the way by the tasks' keys.
pub async fn depend(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskEdit, Project>,
    task: &Handle<TaskId>,
    new: NewDependency,
) -> Result<Dependency> {
    if !(-MAX_LAG..=MAX_LAG).contains(&new.lag) {
        return Err(Error::field("/lag", format!("must be -{MAX_LAG} to {MAX_LAG} working minutes")));
    }
    let project = may.resource();
    // The network of a project changes under its lock, so nobody closes a circle with a link that is not seen here.
    projects::service::lock(tx, project).await?;
    let task = tasks::service::hold(tx, may, task).await?;
    let predecessor = predecessor(tx, may, &new.predecessor).await?;
    if task.id == predecessor.id {
        return Err(Error::field("/predecessor", format!("{} cannot depend on itself; name another task", task.key)));
    }
    let known = store::list_of_task(tx, project.workspace_id, task.id).await?;
    refuse_known(&known, &task, &predecessor, new.kind)?;
    refuse_circle(tx, project, &task, &predecessor).await?;
    let dependency = Dependency {
        task_id: task.id,
        predecessor_id: predecessor.id,
        kind: new.kind,
        lag: new.lag,
        created_by: cx.actor.user(),
        created_at: cx.now(),
    };
    store::insert(tx, project.workspace_id, project.id, &dependency).await?;
    plans::begin(tx, cx, project).await?;
    let project = ProjectRef::from(project);
    let (task, predecessor) = (&task, &predecessor);
    emit(
        tx,
        cx,
        &TaskDependencyAdded { task, predecessor: predecessor.into(), project: &project, dependency: &dependency },
    )
    .await?;
    Ok(dependency)
}

/// Ends that a task waits for another one: in one way, or with `None` in every way. When it does not, the answer is
/// `dependency_not_found`.
pub async fn release(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskEdit, Project>,
    task: &Handle<TaskId>,
    predecessor: &Handle<TaskId>,
    kind: Option<DependencyType>,
) -> Result<()> {
    let project = may.resource();
    projects::service::lock(tx, project).await?;
    let task = tasks::service::find_in(tx, may, task).await?;
    let predecessor = tasks::service::find_in(tx, may, predecessor).await?;
    let mut known = store::list_of_task(tx, project.workspace_id, task.id).await?;
    known.retain(|known| known.predecessor_id == predecessor.id && kind.is_none_or(|kind| kind == known.kind));
    if known.is_empty() {
        return Err(Error::not_found("dependency", format!("of {} on {}", task.key, predecessor.key)));
    }
    plans::begin(tx, cx, project).await?;
    let short = ProjectRef::from(project);
    let (task, predecessor, short) = (&task, &predecessor, &short);
    for dependency in &known {
        store::delete(tx, project.workspace_id, task.id, predecessor.id, dependency.kind).await?;
        emit(tx, cx, &TaskDependencyRemoved { task, predecessor: predecessor.into(), project: short, dependency })
            .await?;
    }
    Ok(())
}

/// Makes what waits for what in one project wait in another as well, between its tasks that stand for the first one's;
/// says how many dependencies. Since they went in no circle there, they go in none here. More than `most` are refused as
/// `project_too_large`.
pub(crate) async fn copy(
    tx: &mut Tx,
    cx: &Cx,
    from: &Project,
    to: &Granted<TaskEdit, Project>,
    tasks: &HashMap<TaskId, Task>,
    most: usize,
) -> Result<usize> {
    let (project, short) = (to.resource(), ProjectRef::from(to.resource()));
    let mut known = store::list_of_project(tx, from.workspace_id, from.id).await?;
    known.retain(|known| tasks.contains_key(&known.task_id) && tasks.contains_key(&known.predecessor_id));
    if known.len() > most {
        let detail = format!("{} has more than {most} dependencies, too many to copy; leave them out", from.key);
        return Err(Error::conflict("project_too_large", detail));
    }
    for known in &known {
        let (task, predecessor) = (&tasks[&known.task_id], &tasks[&known.predecessor_id]);
        let dependency = Dependency {
            task_id: task.id,
            predecessor_id: predecessor.id,
            kind: known.kind,
            lag: known.lag,
            created_by: cx.actor.user(),
            created_at: cx.now(),
        };
        store::insert(tx, project.workspace_id, project.id, &dependency).await?;
        emit(
            tx,
            cx,
            &TaskDependencyAdded { task, predecessor: predecessor.into(), project: &short, dependency: &dependency },
        )
        .await?;
    }
    if !known.is_empty() {
        plans::begin(tx, cx, project).await?;
    }
    Ok(known.len())
}

/// When the tasks of a project can and must happen, and how far that is from a baseline, if one is asked for. A project
/// of more than [`MAX_TASKS`](super::MAX_TASKS) is refused as `project_too_large`.
pub async fn timeline(rx: &mut Rx, may: &Granted<TaskView, Project>, baseline: Option<BaselineId>) -> Result<Timeline> {
    let project = may.resource();
    let plan = plans::find(rx, project).await?;
    let inputs = Inputs::read(rx, may, &plan).await?;
    let working_time = inputs.working_time.clone();
    let mut timeline = timeline::of(inputs)?;
    if let Some(baseline) = baseline {
        baselines::compare(rx, project, &working_time.calendar()?, baseline, &mut timeline).await?;
    }
    Ok(timeline)
}

/// Refuses that a task has become a part of another, when tasks would now wait for each other in a circle. The project is
/// locked.
pub(crate) async fn refuse_circle_of_part(tx: &mut Tx, project: &Project, child: &Task, parent: TaskId) -> Result<()> {
    let Some(keys) = circles::way_of_part(tx, project, child.id, parent).await? else { return Ok(()) };
    let message = format!(
        "{} cannot be a part of that task: they would wait for each other: {}; remove one of these dependencies first",
        child.key,
        shown(&keys)
    );
    Err(Error::conflict("dependency_cycle", message.clone()).and_field("/parent", message))
}

/// The task to wait for, locked: while it is waited for it does not go away.
async fn predecessor(tx: &mut Tx, may: &Granted<TaskEdit, Project>, handle: &Handle<TaskId>) -> Result<Task> {
    let project = may.resource();
    tasks::service::hold(tx, may, handle).await.map_err(|error| match error.class {
        Class::NotFound => {
            let message = format!(
                "there is no task {handle} in the project {}; a task depends on tasks of its own project",
                project.key
            );
            Error::field("/predecessor", message)
        }
        _ => error,
    })
}

fn refuse_known(known: &[Dependency], task: &Task, predecessor: &Task, kind: DependencyType) -> Result<()> {
    if let Some(known) = known.iter().find(|known| known.predecessor_id == predecessor.id && known.kind == kind) {
        let message = format!(
            "{} already depends on {} by {kind} with a lag of {}; remove that first to change it",
            task.key, predecessor.key, known.lag
        );
        return Err(Error::conflict("dependency_exists", message.clone()).and_field("/predecessor", message));
    }
    if known.len() >= MAX_PREDECESSORS {
        let detail = format!(
            "{} has {MAX_PREDECESSORS} dependencies, the most that a task may have; remove one first, or make a milestone of some",
            task.key
        );
        return Err(Error::conflict("too_many_dependencies", detail));
    }
    Ok(())
}

/// Refuses the dependency if its predecessor, in the end, waits for the task itself.
async fn refuse_circle(tx: &mut Tx, project: &Project, task: &Task, predecessor: &Task) -> Result<()> {
    let Some(mut keys) = circles::way(tx, project, task.id, predecessor.id).await? else { return Ok(()) };
    keys.push(task.key.clone());
    let message = format!(
        "{} cannot depend on {}, which already waits for it: {}; remove one of these dependencies first",
        task.key,
        predecessor.key,
        shown(&keys)
    );
    Err(Error::conflict("dependency_cycle", message.clone()).and_field("/predecessor", message))
}

/// A way by its keys; of a long one its two ends.
fn shown(keys: &[String]) -> String {
    const ENDS: usize = 10;
    if keys.len() <= 2 * ENDS {
        return keys.join(" -> ");
    }
    let (head, tail) = (&keys[..ENDS], &keys[keys.len() - ENDS..]);
    format!("{} -> ({} more) -> {}", head.join(" -> "), keys.len() - 2 * ENDS, tail.join(" -> "))
}
