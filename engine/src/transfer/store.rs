//! What an export reads of other areas' tables, one row after another.

use super::model::{MAX_COMMENTS, MAX_FILES, MAX_TASKS};
use crate::attachments::Attachment;
use crate::budgets::Cost;
use crate::comments::Comment;
use crate::db::{Rx, statements};
use crate::ids::{ProjectId, RoleId, TaskId, UserId, WorkspaceId};
use crate::links::LinkType;
use crate::milestones::Milestone;
use crate::planning::{Dependency, TaskSchedule};
use crate::recurrences::Recurrence;
use crate::sprints::Sprint;
use crate::task_templates::TaskTemplate;
use crate::tasks::Task;
use crate::{Error, Result};

/// The most bytes of texts that an export holds.
const MAX_BYTES: usize = 64 * 1024 * 1024;

statements! {
    TASKS = "select {Task} from tasks where workspace_id = $1 and project_id = $2 order by number limit $3", Task;
    COMMENTS = "select {c.Comment} from comments c join tasks t on t.id = c.task_id \
     where c.workspace_id = $1 and t.project_id = $2 and c.deleted_at is null order by c.id limit $3", Comment;
    SPRINTS = "select {Sprint} from sprints where workspace_id = $1 and project_id = $2 order by id", Sprint;
    MILESTONES = "select {Milestone} from milestones where workspace_id = $1 and project_id = $2 order by id", Milestone;
    DEPENDENCIES = "select {Dependency} from dependencies where workspace_id = $1 and project_id = $2", Dependency;
    LINKS = "select l.task_id, l.other_id, l.kind from task_links l join tasks one on one.id = l.task_id \
     join tasks two on two.id = l.other_id \
     where l.workspace_id = $1 and one.project_id = $2 and two.project_id = $2";
    SCHEDULES = "select {TaskSchedule} from task_schedules where workspace_id = $1 and project_id = $2", TaskSchedule;
    ATTACHMENTS = "select {a.Attachment} from attachments a join tasks t on t.id = a.task_id \
     where a.workspace_id = $1 and t.project_id = $2 order by a.id limit $3", Attachment;
    BASELINES = "select name, dates from baselines where workspace_id = $1 and project_id = $2 order by id";
    COSTS = "select {Cost} from costs where workspace_id = $1 and project_id = $2 order by id", Cost;
    TEMPLATES = "select {TaskTemplate} from task_templates where workspace_id = $1 and project_id = $2 order by id", TaskTemplate;
    RECURRENCES = "select {Recurrence} from recurrences where workspace_id = $1 and project_id = $2 order by id", Recurrence;
    ROLES = "select id, name from roles where workspace_id = $1 order by id";
    ADDRESSES = "select m.user_id, lower(u.email) from members m join users u on u.id = m.user_id where m.workspace_id = $1";
}

/// The tasks of a project, by number.
pub(super) async fn tasks(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Vec<Task>> {
    let (mut found, mut bytes) = (Vec::new(), 0);
    let most = i64::try_from(MAX_TASKS + 1).unwrap_or(i64::MAX);
    rx.each(TASKS, (workspace, project, most), |task: Task| {
        bytes += task.title.len() + task.description.len() + task.custom.text().len();
        found.push(task);
        if found.len() > MAX_TASKS || bytes > MAX_BYTES { Err(too_large()) } else { Ok(()) }
    })
    .await?;
    Ok(found)
}

/// The comments on the tasks of a project, oldest first.
pub(super) async fn comments(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Vec<Comment>> {
    let (mut found, mut bytes) = (Vec::new(), 0);
    let most = i64::try_from(MAX_COMMENTS + 1).unwrap_or(i64::MAX);
    rx.each(COMMENTS, (workspace, project, most), |comment: Comment| {
        bytes += comment.body.len();
        found.push(comment);
        if found.len() > MAX_COMMENTS || bytes > MAX_BYTES { Err(too_large()) } else { Ok(()) }
    })
    .await?;
    Ok(found)
}

pub(super) async fn sprints(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Vec<Sprint>> {
    rx.all(SPRINTS, (workspace, project)).await
}

pub(super) async fn milestones(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Vec<Milestone>> {
    rx.all(MILESTONES, (workspace, project)).await
}

pub(super) async fn dependencies(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Vec<Dependency>> {
    rx.all(DEPENDENCIES, (workspace, project)).await
}

/// The links between tasks of the project, as they are stored.
pub(super) async fn links(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
) -> Result<Vec<(TaskId, TaskId, LinkType)>> {
    rx.all(LINKS, (workspace, project)).await
}

/// What the project's tasks say about their time.
pub(super) async fn schedules(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Vec<TaskSchedule>> {
    rx.all(SCHEDULES, (workspace, project)).await
}

/// The files on the project's tasks, oldest first.
pub(super) async fn attachments(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Vec<Attachment>> {
    let most = i64::try_from(MAX_FILES + 1).unwrap_or(i64::MAX);
    let found: Vec<Attachment> = rx.all(ATTACHMENTS, (workspace, project, most)).await?;
    if found.len() > MAX_FILES {
        let detail = format!("the project has more than {MAX_FILES} files, too many for one export");
        return Err(Error::conflict("project_too_large", detail));
    }
    Ok(found)
}

/// The names of the project's baselines, with what they keep.
pub(super) async fn baselines(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
) -> Result<Vec<(String, String)>> {
    rx.all(BASELINES, (workspace, project)).await
}

/// The costs of the project, in the order they were entered.
pub(super) async fn costs(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Vec<Cost>> {
    rx.all(COSTS, (workspace, project)).await
}

/// The project's task templates, oldest first.
pub(super) async fn templates(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Vec<TaskTemplate>> {
    rx.all(TEMPLATES, (workspace, project)).await
}

/// The project's recurring tasks, oldest first.
pub(super) async fn recurrences(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Vec<Recurrence>> {
    rx.all(RECURRENCES, (workspace, project)).await
}

/// The roles of the workspace's own, with their names.
pub(super) async fn roles(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<(RoleId, String)>> {
    rx.all(ROLES, (workspace,)).await
}

/// The addresses of the workspace's members.
pub(super) async fn addresses(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<(UserId, String)>> {
    rx.all(ADDRESSES, (workspace,)).await
}

fn too_large() -> Error {
    let detail = format!(
        "the project has more than {MAX_TASKS} tasks, {MAX_COMMENTS} comments or {} MiB of text; export lists of it by GET /tasks",
        MAX_BYTES / 1024 / 1024
    );
    Error::conflict("project_too_large", detail)
}
