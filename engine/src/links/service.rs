//! The public verbs of links. Linking wants `task.edit` on the task and `task.view` on the other one.

use super::events::{LinkSeen, TaskLinked, TaskUnlinked};
use super::model::{Link, LinkType, LinkedTask, MAX_LINKS, NewLink, Row};
use super::store;
use crate::access::{Granted, Sight, TaskEdit, TaskView};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::TaskId;
use crate::projects::{self, Project, ProjectRef};
use crate::tasks::{self, Task, TaskShort};
use crate::{Class, Error, Result};

/// What a task is linked with, in the order it was linked; at most [`MAX_LINKS`].
pub async fn list(rx: &mut Rx, may: &(impl Sight + Sync), task: &Handle<TaskId>) -> Result<Vec<Link>> {
    let task = tasks::service::find(rx, may, task).await?;
    let rows = store::list_of_task(rx, may.workspace(), task.id, MAX_LINKS).await?;
    let mut links = Vec::with_capacity(rows.len());
    for (row, other) in rows {
        // Another project's task may be one that the reader does not see.
        if may.reach().is_none() || tasks::service::find(rx, may, &Handle::Id(other.id)).await.is_ok() {
            links.push(seen_from(&row, task.id, other));
        }
    }
    Ok(links)
}

/// Links a task with another one. Where they are linked in this way already, from either end, the answer is the conflict
/// `link_exists`.
pub async fn link(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskEdit, Project>,
    task: &Handle<TaskId>,
    new: NewLink,
) -> Result<Link> {
    let project = may.resource();
    let task = tasks::service::find_in(tx, may, task).await?;
    let other = other(tx, cx, &new.other).await?;
    if task.id == other.id {
        return Err(Error::field("/other", format!("{} cannot be linked with itself; name another task", task.key)));
    }
    refuse_too_many(tx, project, [&task, &other]).await?;
    let (from, to, kind) = Row::ends(task.id, other.id, new.kind);
    let row = Row { task_id: from, other_id: to, kind, created_by: cx.actor.user(), created_at: cx.now() };
    if !store::insert(tx, project.workspace_id, &row).await? {
        let message = format!("{} already {} {}", task.key, new.kind, other.key);
        return Err(Error::conflict("link_exists", message.clone()).and_field("/other", message));
    }
    let seen = seen_from(&row, task.id, LinkedTask::from(&other));
    let project = ProjectRef::from(project);
    emit(tx, cx, &TaskLinked { task: &task, other: TaskShort::from(&other), project: &project, link: new.kind.into() })
        .await?;
    Ok(seen)
}

/// Takes links between two tasks away: of one type, as the task sees it, or with `None` all. Where there is none, the
/// answer is `link_not_found`.
pub async fn unlink(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskEdit, Project>,
    task: &Handle<TaskId>,
    with: &Handle<TaskId>,
    kind: Option<LinkType>,
) -> Result<()> {
    let project = may.resource();
    let task = tasks::service::find_in(tx, may, task).await?;
    let other_project = projects::service::find_of_task(tx, project.workspace_id, with).await?;
    let view = cx.actor.may::<TaskView, _>(other_project)?;
    let other = tasks::service::find_in(tx, &view, with).await?;
    let seen = |row: &Row| if row.task_id == task.id { row.kind } else { row.kind.inverse() };
    let mut known = store::list_between(tx, project.workspace_id, task.id, other.id).await?;
    known.retain(|row| kind.is_none_or(|kind| kind == seen(row)));
    if known.is_empty() {
        return Err(Error::not_found("link", format!("of {} with {}", task.key, other.key)));
    }
    let short = ProjectRef::from(project);
    for row in &known {
        store::delete(tx, project.workspace_id, row.task_id, row.other_id, row.kind).await?;
        let link = LinkSeen::from(seen(row));
        emit(tx, cx, &TaskUnlinked { task: &task, other: TaskShort::from(&other), project: &short, link }).await?;
    }
    Ok(())
}

/// The other end, if the actor may see it. One that may not be seen is not there.
async fn other(tx: &mut Tx, cx: &Cx, handle: &Handle<TaskId>) -> Result<Task> {
    let workspace = cx.actor.workspace;
    let unknown = |error: Error| match error.class {
        Class::NotFound => Error::field("/other", format!("there is no task {handle} in this workspace")),
        _ => error,
    };
    let project = projects::service::find_of_task(tx, workspace, handle).await.map_err(unknown)?;
    let view = cx.actor.may::<TaskView, _>(project).map_err(unknown)?;
    tasks::service::find_in(tx, &view, handle).await.map_err(unknown)
}

async fn refuse_too_many(tx: &mut Tx, project: &Project, ends: [&Task; 2]) -> Result<()> {
    for task in ends {
        if store::count(tx, project.workspace_id, task.id).await? >= MAX_LINKS {
            let detail =
                format!("{} has {MAX_LINKS} links, the most that a task may have; take one away first", task.key);
            return Err(Error::conflict("too_many_links", detail));
        }
    }
    Ok(())
}

fn seen_from(row: &Row, task: TaskId, other: LinkedTask) -> Link {
    let kind = if row.task_id == task { row.kind } else { row.kind.inverse() };
    Link { kind, other, created_by: row.created_by, created_at: row.created_at }
}

impl From<&Task> for LinkedTask {
    fn from(task: &Task) -> Self {
        Self {
            id: task.id,
            key: task.key.clone(),
            project_id: task.project_id,
            title: task.title.clone(),
            status: task.status,
        }
    }
}
