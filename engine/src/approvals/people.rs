//! Who may answer: asked anew each time, by what people are then.

use chrono::{DateTime, Utc};

use super::model::{About, Asked, Stored, task_in};
use super::store;
use crate::access::{self, ApprovalDecide, Who};
use crate::db::Rx;
use crate::handle::Handle;
use crate::ids::{ProjectId, TaskId, UserId, WorkspaceId};
use crate::{Class, Result, projects, tasks};

/// The most people whom one approval asks.
pub(super) const MAX_PEOPLE: usize = 200;

/// What a task, or else a project, is now; whether it is there at all.
pub(super) async fn about(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: Option<ProjectId>,
    task: Option<TaskId>,
) -> Result<About> {
    let mut project = project;
    if let Some(task) = task
        && let Some(task) = tasks::service::by_ids(rx, workspace, &[task]).await?.pop()
    {
        project = Some(task.project_id);
        if let Some(project) = find_project(rx, workspace, task.project_id).await? {
            return Ok(task_in(project, task));
        }
    }
    let found = match project {
        None => None,
        Some(project) => find_project(rx, workspace, project).await?,
    };
    Ok(found.map_or(About::Nothing, |project| About::Project(Box::new(project))))
}

async fn find_project(rx: &mut Rx, workspace: WorkspaceId, id: ProjectId) -> Result<Option<projects::Project>> {
    match projects::service::find(rx, workspace, &Handle::Id(id)).await {
        Ok(project) => Ok(Some(project)),
        Err(error) if error.class == Class::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// An approval with what it is about.
pub(super) async fn asked(rx: &mut Rx, stored: Stored) -> Result<Asked> {
    let about = about(rx, stored.workspace_id, stored.project_id, stored.task_id).await?;
    Ok(Asked { stored, about })
}

/// Whether somebody is a member, may see what it is about, and may answer at all.
pub(super) async fn may(rx: &mut Rx, asked: &Asked, user: UserId, now: DateTime<Utc>) -> Result<bool> {
    let actor = access::service::acting(rx, Who::User { id: user }, asked.stored.workspace_id, user, now).await?;
    Ok(actor.is_some_and(|actor| actor.may::<ApprovalDecide, _>(asked).is_ok()))
}

/// Everyone who may answer now for themselves. One more than [`MAX_PEOPLE`] when they are too many.
pub(super) async fn eligible(rx: &mut Rx, asked: &Asked, now: DateTime<Utc>) -> Result<Vec<UserId>> {
    let limit = MAX_PEOPLE as i64 + 1;
    let mut eligible = Vec::new();
    for user in store::people(rx, &asked.stored, limit, now).await? {
        if !asked.stored.is_own_of(user) && may(rx, asked, user, now).await? {
            eligible.push(user);
        }
    }
    Ok(eligible)
}

/// In whose place somebody may answer, by what everybody is now. That they may see what it is about was asked before.
pub(super) async fn place_of(rx: &mut Rx, asked: &Asked, user: UserId, now: DateTime<Utc>) -> Result<Option<UserId>> {
    let stored = &asked.stored;
    if store::is_approver(rx, stored, user, now).await? {
        return Ok(Some(user));
    }
    for delegation in store::delegations(rx, stored.id).await? {
        let whose = delegation.user_id;
        if delegation.delegate_id == user
            && store::is_approver(rx, stored, whose, now).await?
            && !stored.is_own_of(whose)
            && may(rx, asked, whose, now).await?
        {
            return Ok(Some(whose));
        }
    }
    Ok(None)
}
