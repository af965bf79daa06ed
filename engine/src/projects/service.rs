//! The public verbs of projects.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::events::{
    Changes, HealthChange, ProjectArchived, ProjectCreated, ProjectDeleted, ProjectHealthChanged, ProjectUnarchived,
    ProjectUpdated, change,
};
use super::model::{
    MAX_DESCRIPTION, MAX_HEALTH_NOTE, MAX_NAME, NewProject, Project, ProjectPatch, ProjectRef, ProjectStatus,
};
use super::of_task::ProjectOfTask;
use super::query::{self, ProjectQuery};
use super::{copy, members, store};
use crate::access::Reach;
use crate::access::permissions::{Granted, ProjectCreate, ProjectDelete, ProjectEdit, ProjectView, Workspace};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{ProjectId, TaskId, UserId, WorkspaceId};
use crate::paging::Page;
use crate::patch::Patch;
use crate::{Error, Result, checks, resources};

/// The project with this id or key.
pub async fn find(rx: &mut Rx, workspace: WorkspaceId, handle: &Handle<ProjectId>) -> Result<Project> {
    store::find(rx, workspace, handle).await?.ok_or_else(|| Error::unseen("project"))
}

/// The template with this id or key, as `template` of a new project names it.
pub async fn find_template(rx: &mut Rx, workspace: WorkspaceId, handle: &Handle<ProjectId>) -> Result<Project> {
    let unknown = || Error::field("/template", format!("there is no project {handle} in this workspace"));
    store::find(rx, workspace, handle).await?.ok_or_else(unknown)
}

/// The project of the task with this id or key; what a permission on the task is asked for.
pub async fn find_of_task(rx: &mut Rx, workspace: WorkspaceId, task: &Handle<TaskId>) -> Result<ProjectOfTask> {
    store::find_of_task(rx, workspace, task).await?.ok_or_else(|| Error::unseen("task"))
}

/// Projects in which work can go on, at most `most`: neither archived nor templates.
pub(crate) async fn in_use(rx: &mut Rx, workspace: WorkspaceId, most: usize) -> Result<Vec<Project>> {
    store::in_use(rx, workspace, i64::try_from(most).unwrap_or(i64::MAX)).await
}

/// The projects that may be seen.
pub async fn list(rx: &mut Rx, may: &Granted<ProjectView, Reach>, query: &ProjectQuery) -> Result<Page<Project>> {
    query::page(rx, may, query).await
}

/// These projects by id; one that is gone is left out.
pub(crate) async fn among(
    rx: &mut Rx,
    workspace: WorkspaceId,
    ids: &[ProjectId],
) -> Result<HashMap<ProjectId, Project>> {
    let found = store::among(rx, workspace, ids).await?;
    Ok(found.into_iter().map(|project| (project.id, project)).collect())
}

/// The ids of all projects that a query lets through, whatever page it asks for; at most `most`.
pub(crate) async fn ids(
    rx: &mut Rx,
    may: &Granted<ProjectView, Reach>,
    query: &ProjectQuery,
    most: i64,
) -> Result<Vec<ProjectId>> {
    query::ids(rx, may, query, most).await
}

/// Makes a project of a template, with all that is in it. One that is no template is refused.
pub async fn create_from(
    tx: &mut Tx,
    cx: &Cx,
    template: &Granted<ProjectView, Project>,
    may: &Granted<ProjectCreate, Workspace>,
    mut new: NewProject,
) -> Result<Project> {
    let from = template.resource();
    if !from.is_template {
        let message = format!("{} is no template; set its `is_template`, or copy it", from.key);
        return Err(Error::field("/template", message));
    }
    if new.description.is_empty() {
        new.description.clone_from(&from.description);
    }
    new.template = None;
    copy::fill(tx, cx, template, may, new, copy::EVERYTHING).await
}

/// Makes a project. A key that is in use answers the conflict `project_key_taken`. What a template brings is
/// [`create_from`]'s matter.
pub async fn create(tx: &mut Tx, cx: &Cx, may: &Granted<ProjectCreate, Workspace>, new: NewProject) -> Result<Project> {
    let workspace = may.resource().0;
    check_key(&new.key)?;
    check_name(&new.name)?;
    check_description(&new.description)?;
    let start_at = new.start_at.map(|time| checks::time("/start_at", time)).transpose()?;
    let due_at = new.due_at.map(|time| checks::time("/due_at", time)).transpose()?;
    check_dates(start_at, due_at)?;
    let owner = new
        .owner
        .or_else(|| cx.actor.user())
        .ok_or_else(|| Error::field("/owner", "name the member who answers for the project"))?;
    check_owner(tx, workspace, owner).await?;
    let handle = Handle::Key(new.key);
    // Asked first, because a refused statement spoils the transaction for a caller who could go on; the constraint
    // still decides between two who ask at once.
    if store::find(tx, workspace, &handle).await?.is_some() {
        return Err(key_taken(&handle));
    }
    let now = cx.now();
    let project = Project {
        id: cx.new_id(),
        workspace_id: workspace,
        key: handle.to_string(),
        name: new.name,
        description: new.description,
        status: new.status.unwrap_or(ProjectStatus::Active),
        owner_id: owner,
        start_at,
        due_at,
        health: None,
        health_note: String::new(),
        health_by: None,
        health_at: None,
        is_template: new.is_template,
        version: 1,
        created_at: now,
        updated_at: now,
        setup: 0,
        workflow: None,
        types: None,
    };
    store::insert(tx, &project).await.map_err(|error| match error.constraint() {
        Some("projects_workspace_id_key_key") => key_taken(&handle),
        _ => error,
    })?;
    emit(tx, cx, &ProjectCreated { project: &project }).await?;
    Ok(project)
}

/// Changes a project. `expected` is the version that the caller saw; another one now is refused as stale.
pub async fn update(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<ProjectEdit, Project>,
    expected: Option<i64>,
    patch: ProjectPatch,
) -> Result<Project> {
    let mut project = lock(tx, may.resource()).await?;
    refuse_stale(&project, expected)?;
    let (status, health) = (project.status, project.health);
    let changes = apply(tx, &mut project, patch).await?;
    if changes.is_empty() {
        return Ok(project);
    }
    if status == ProjectStatus::Archived {
        refuse_archived(&project)?;
    }
    project.version += 1;
    project.updated_at = cx.now();
    let said = changes.contains_key("health") || changes.contains_key("health_note");
    if said {
        let by = project.health.and(Some(cx.now()));
        (project.health_by, project.health_at) = (by.and(cx.actor.user()), by);
    }
    store::update(tx, &project).await?;
    emit(tx, cx, &ProjectUpdated { project: &project, change: &changes }).await?;
    if said {
        let change = HealthChange { from: health, to: project.health };
        emit(tx, cx, &ProjectHealthChanged { project: &project, change }).await?;
    }
    match (status == ProjectStatus::Archived, project.status == ProjectStatus::Archived) {
        (false, true) => drop(emit(tx, cx, &ProjectArchived { project: &project }).await?),
        (true, false) => drop(emit(tx, cx, &ProjectUnarchived { project: &project }).await?),
        _ => {}
    }
    Ok(project)
}

/// Puts a project away; one that is archived stays as it is.
pub async fn archive(tx: &mut Tx, cx: &Cx, may: &Granted<ProjectEdit, Project>) -> Result<Project> {
    let status = Patch::Value(ProjectStatus::Archived);
    update(tx, cx, may, None, ProjectPatch { status, ..ProjectPatch::default() }).await
}

/// Takes an archived project up again, as active; one that is not archived stays as it is.
pub async fn unarchive(tx: &mut Tx, cx: &Cx, may: &Granted<ProjectEdit, Project>) -> Result<Project> {
    let project = lock(tx, may.resource()).await?;
    if project.status != ProjectStatus::Archived {
        return Ok(project);
    }
    let status = Patch::Value(ProjectStatus::Active);
    update(tx, cx, may, None, ProjectPatch { status, ..ProjectPatch::default() }).await
}

/// Puts a patch into a project, and notes what it changes.
async fn apply(tx: &mut Tx, project: &mut Project, patch: ProjectPatch) -> Result<Changes> {
    let (name, status) = (patch.name.required("/name")?, patch.status.required("/status")?);
    let (owner, description) = (patch.owner.required("/owner")?, patch.description.or_default());
    name.as_deref().map_or(Ok(()), check_name)?;
    description.as_deref().map_or(Ok(()), check_description)?;
    if let Some(owner) = owner {
        check_owner(tx, project.workspace_id, owner).await?;
    }
    let time = |pointer, patch: Patch<_>| {
        patch.optional().map(|time| time.map(|time| checks::time(pointer, time)).transpose()).transpose()
    };
    let mut changes = Changes::new();
    change(&mut changes, "name", &mut project.name, name);
    change(&mut changes, "description", &mut project.description, description);
    change(&mut changes, "status", &mut project.status, status);
    change(&mut changes, "owner", &mut project.owner_id, owner);
    change(&mut changes, "start_at", &mut project.start_at, time("/start_at", patch.start_at)?);
    change(&mut changes, "due_at", &mut project.due_at, time("/due_at", patch.due_at)?);
    if changes.contains_key("start_at") || changes.contains_key("due_at") {
        check_dates(project.start_at, project.due_at)?;
    }
    change(&mut changes, "is_template", &mut project.is_template, patch.is_template.required("/is_template")?);
    let note = patch.health_note.or_default();
    note.as_deref().map_or(Ok(()), |note| checks::text("/health_note", note, MAX_HEALTH_NOTE))?;
    change(&mut changes, "health", &mut project.health, patch.health.optional());
    // An old note does not stand by a new health.
    let note = note.or_else(|| changes.contains_key("health").then(String::new));
    if project.health.is_none() && note.as_deref().is_some_and(|note| !note.is_empty()) {
        return Err(Error::field("/health_note", "stands by a health; say in `health` how the project does"));
    }
    change(&mut changes, "health_note", &mut project.health_note, note);
    Ok(changes)
}

/// Deletes a project and its tasks; says how many tasks. `project.deleted` announces them all.
pub async fn delete(tx: &mut Tx, cx: &Cx, may: &Granted<ProjectDelete, Project>, expected: Option<i64>) -> Result<i64> {
    let project = lock(tx, may.resource()).await?;
    refuse_stale(&project, expected)?;
    resources::service::forget_project(tx, cx, &project).await?;
    let tasks = store::delete(tx, project.workspace_id, project.id).await?;
    let tasks = i64::try_from(tasks).unwrap_or(i64::MAX);
    emit(tx, cx, &ProjectDeleted { project: &ProjectRef::from(&project), tasks }).await?;
    Ok(tasks)
}

/// Refuses what was asked of another version than the present one.
fn refuse_stale(project: &Project, expected: Option<i64>) -> Result<()> {
    if let Some(expected) = expected.filter(|expected| *expected != project.version) {
        return Err(Error::stale(format!(
            "you changed version {expected} of {}, which is at version {} since {}; read it again and repeat your change",
            project.key,
            project.version,
            project.updated_at.to_rfc3339(),
        )));
    }
    Ok(())
}

/// The project as it is now; nobody else changes it, or the tree of its tasks, until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, project: &Project) -> Result<Project> {
    store::find_for_update(tx, project.workspace_id, project.id)
        .await?
        .ok_or_else(|| Error::not_found("project", project.id))
}

/// Refuses a change of what lies in an archived project: it is there to be read.
pub(crate) fn refuse_archived(project: &Project) -> Result<()> {
    if project.status != ProjectStatus::Archived {
        return Ok(());
    }
    let detail = format!("{} is archived and can only be read; set its status to active first", project.key);
    Err(Error::conflict("project_archived", detail))
}

/// The next number for a task of this project: 1, 2, 3 … A number is lost only when its task is deleted.
/// The project must still have the fields that it had when it was read, for the task was checked by them.
pub(crate) async fn take_number(tx: &mut Tx, project: &Project) -> Result<i64> {
    let (number, setup) = store::take_number(tx, project.workspace_id, project.id)
        .await?
        .ok_or_else(|| Error::not_found("project", project.id))?;
    if setup != project.setup {
        let detail = format!("what {} has of its own was changed just now; try again", project.key);
        return Err(Error::busy("project_setup_changed", detail));
    }
    Ok(number)
}

/// Notes that what the project has of its own for its tasks has changed. Whoever calls this holds the project.
pub(crate) async fn touch_setup(tx: &mut Tx, project: &Project) -> Result<()> {
    store::touch_setup(tx, project.workspace_id, project.id).await
}

/// Lets the next task of this project have `number`, unless that has been given already.
pub(crate) async fn skip_to(tx: &mut Tx, project: &Project, number: i64) -> Result<()> {
    store::skip_to(tx, project.workspace_id, project.id, number).await
}

fn key_taken(key: &Handle<ProjectId>) -> Error {
    let message = format!("another project of this workspace has the key {key}; choose another");
    Error::conflict("project_key_taken", message.clone()).and_field("/key", message)
}

fn check_key(key: &str) -> Result<()> {
    let fits = (2..=10).contains(&key.len())
        && key.starts_with(|first: char| first.is_ascii_uppercase())
        && key.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if fits {
        Ok(())
    } else {
        Err(Error::field("/key", "must be 2 to 10 characters: a capital letter A-Z, then A-Z or 0-9"))
    }
}

fn check_name(name: &str) -> Result<()> {
    checks::name("/name", name, MAX_NAME)
}

fn check_description(description: &str) -> Result<()> {
    checks::text("/description", description, MAX_DESCRIPTION)
}

fn check_dates(start: Option<DateTime<Utc>>, due: Option<DateTime<Utc>>) -> Result<()> {
    match (start, due) {
        (Some(start), Some(due)) if due < start => Err(Error::field("/due_at", "must not be before `start_at`")),
        _ => Ok(()),
    }
}

async fn check_owner(rx: &mut Rx, workspace: WorkspaceId, owner: UserId) -> Result<()> {
    match members::stranger(rx, workspace, &[owner]).await? {
        None => Ok(()),
        Some(stranger) => Err(Error::field("/owner", format!("{stranger} is not a member of this workspace"))),
    }
}
