//! The public verbs of projects.

use std::collections::HashMap;

use super::events::{Changes, ProjectCreated, ProjectDeleted, ProjectUpdated, change};
use super::model::{MAX_DESCRIPTION, MAX_NAME, NewProject, Project, ProjectPatch, ProjectRef, ProjectStatus};
use super::of_task::ProjectOfTask;
use super::{members, store};
use crate::access::permissions::{Granted, ProjectCreate, ProjectDelete, ProjectEdit, ProjectView, Workspace};
use crate::access::{Reach, Scoped as _, Sight as _};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{ProjectId, TaskId, UserId, WorkspaceId};
use crate::paging::{Cursor, Page, PageRequest};
use crate::{Error, Result};

/// The project with this id or key.
pub async fn find(rx: &mut Rx, workspace: WorkspaceId, handle: &Handle<ProjectId>) -> Result<Project> {
    store::find(rx, workspace, handle).await?.ok_or_else(|| Error::not_found("project", handle))
}

/// The project of the task with this id or key; what a permission on the task is asked for.
pub async fn find_of_task(rx: &mut Rx, workspace: WorkspaceId, task: &Handle<TaskId>) -> Result<ProjectOfTask> {
    store::find_of_task(rx, workspace, task).await?.ok_or_else(|| Error::not_found("task", task))
}

/// The projects that may be seen, oldest first.
pub async fn list(rx: &mut Rx, may: &Granted<ProjectView, Reach>, page: &PageRequest) -> Result<Page<Project>> {
    let limit = page.limit()?;
    let (mut after, mut seen) = (page.after()?, Vec::new());
    loop {
        let rows = store::list(rx, may.workspace(), after, limit + 1).await?;
        let more = rows.len() as i64 > limit;
        after = rows.last().map(|last| last.id);
        seen.extend(rows.into_iter().filter(|project| may.sees(&project.place(), &|| project.facts())));
        if !more || seen.len() as i64 > limit {
            return Ok(Page::cut(seen, limit, |last| Cursor::of_id(last.id)));
        }
    }
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

/// Makes a project. A key that is in use answers the conflict `project_key_taken`.
pub async fn create(tx: &mut Tx, cx: &Cx, may: &Granted<ProjectCreate, Workspace>, new: NewProject) -> Result<Project> {
    let workspace = may.resource().0;
    check_key(&new.key)?;
    check_name(&new.name)?;
    check_description(&new.description)?;
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
    if let Some(expected) = expected.filter(|expected| *expected != project.version) {
        return Err(Error::stale(format!(
            "you changed version {expected} of {}, which is at version {} since {}; read it again and repeat your change",
            project.key,
            project.version,
            project.updated_at.to_rfc3339(),
        )));
    }
    let (name, status) = (patch.name.required("/name")?, patch.status.required("/status")?);
    let (owner, description) = (patch.owner.required("/owner")?, patch.description.or_default());
    name.as_deref().map_or(Ok(()), check_name)?;
    description.as_deref().map_or(Ok(()), check_description)?;
    if let Some(owner) = owner {
        check_owner(tx, project.workspace_id, owner).await?;
    }
    let mut changes = Changes::new();
    change(&mut changes, "name", &mut project.name, name);
    change(&mut changes, "description", &mut project.description, description);
    change(&mut changes, "status", &mut project.status, status);
    change(&mut changes, "owner", &mut project.owner_id, owner);
    if changes.is_empty() {
        return Ok(project);
    }
    project.version += 1;
    project.updated_at = cx.now();
    store::update(tx, &project).await?;
    emit(tx, cx, &ProjectUpdated { project: &project, change: &changes }).await?;
    Ok(project)
}

/// Deletes a project and its tasks; says how many tasks. `project.deleted` announces them all.
pub async fn delete(tx: &mut Tx, cx: &Cx, may: &Granted<ProjectDelete, Project>) -> Result<i64> {
    let project = lock(tx, may.resource()).await?;
    let tasks = store::delete(tx, project.workspace_id, project.id).await?;
    let tasks = i64::try_from(tasks).unwrap_or(i64::MAX);
    emit(tx, cx, &ProjectDeleted { project: &ProjectRef::from(&project), tasks }).await?;
    Ok(tasks)
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
    if name.trim().is_empty() || name.chars().count() > MAX_NAME {
        return Err(Error::field("/name", format!("must be 1 to {MAX_NAME} characters")));
    }
    storable("/name", name)
}

fn check_description(description: &str) -> Result<()> {
    if description.len() > MAX_DESCRIPTION {
        return Err(Error::field("/description", format!("must be at most {MAX_DESCRIPTION} bytes")));
    }
    storable("/description", description)
}

/// PostgreSQL stores every character but U+0000; what is refused by one database is refused by both.
fn storable(pointer: &str, text: &str) -> Result<()> {
    if text.contains('\0') {
        return Err(Error::field(pointer, "must not contain the character U+0000"));
    }
    Ok(())
}

async fn check_owner(rx: &mut Rx, workspace: WorkspaceId, owner: UserId) -> Result<()> {
    match members::stranger(rx, workspace, &[owner]).await? {
        None => Ok(()),
        Some(stranger) => Err(Error::field("/owner", format!("{stranger} is not a member of this workspace"))),
    }
}
