//! Who watches a task: everyone may watch what they see, and whoever may edit a task says it of others. It is a change
//! of the task like any other (its version goes up, for `ETag`s), announced by events of its own.

use super::events::{TaskUnwatched, TaskWatched};
use super::limits::MAX_WATCHERS;
use super::model::Task;
use super::{service, store};
use crate::access::permissions::{TaskEdit, TaskView};
use crate::cx::Cx;
use crate::db::Tx;
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{TaskId, UserId};
use crate::projects::{self, Project, ProjectRef, members};
use crate::raw::Raw;
use crate::{Error, Result};

/// Makes `user` watch the task; whoever does already stays.
pub async fn watch(tx: &mut Tx, cx: &Cx, task: &Handle<TaskId>, user: UserId) -> Result<Task> {
    let Held { project, mut task } = held(tx, cx, task, user).await?;
    let mut watchers = task.watchers.read()?;
    if watchers.contains(&user) {
        return Ok(task);
    }
    if let Some(stranger) = members::stranger(tx, project.workspace_id, &[user]).await? {
        return Err(Error::not_found("user", stranger));
    }
    if watchers.len() >= MAX_WATCHERS {
        let detail =
            format!("{} has {MAX_WATCHERS} watchers, the most that a task may have; take one off first", task.key);
        return Err(Error::conflict("too_many_watchers", detail));
    }
    watchers.push(user);
    turn(tx, cx, &project, &mut task, &watchers, user).await?;
    let (task_now, project) = (&task, &ProjectRef::from(&project));
    emit(tx, cx, &TaskWatched { task: task_now, project, watcher: user }).await?;
    Ok(task)
}

/// Ends that `user` watches the task; whoever does not stays away.
pub async fn unwatch(tx: &mut Tx, cx: &Cx, task: &Handle<TaskId>, user: UserId) -> Result<Task> {
    let Held { project, mut task } = held(tx, cx, task, user).await?;
    let mut watchers = task.watchers.read()?;
    if !watchers.contains(&user) {
        return Ok(task);
    }
    watchers.retain(|watcher| *watcher != user);
    turn(tx, cx, &project, &mut task, &watchers, user).await?;
    let (task_now, project) = (&task, &ProjectRef::from(&project));
    emit(tx, cx, &TaskUnwatched { task: task_now, project, watcher: user }).await?;
    Ok(task)
}

/// A task that is held, with its project.
struct Held {
    project: Project,
    task: Task,
}

/// The task, if the actor may say of `user` that they watch it; nobody else changes it until the transaction ends.
async fn held(tx: &mut Tx, cx: &Cx, handle: &Handle<TaskId>, user: UserId) -> Result<Held> {
    let project = projects::service::find_of_task(tx, cx.actor.workspace, handle).await?;
    if cx.actor.user() == Some(user) {
        let may = cx.actor.may::<TaskView, _>(project)?;
        let task = service::hold(tx, &may, handle).await?;
        return Ok(Held { task, project: may.into_resource() });
    }
    let may = cx.actor.may::<TaskEdit, _>(project)?;
    let task = service::hold(tx, &may, handle).await?;
    Ok(Held { task, project: may.into_resource() })
}

async fn turn(
    tx: &mut Tx,
    cx: &Cx,
    project: &Project,
    task: &mut Task,
    watchers: &[UserId],
    user: UserId,
) -> Result<()> {
    task.watchers = Raw::of(&watchers.to_vec())?;
    task.version += 1;
    task.updated_at = cx.now();
    store::set_watcher(tx, project.workspace_id, task, user, watchers.contains(&user)).await
}
