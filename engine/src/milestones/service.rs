//! The public verbs of milestones. The permission is asked for on the milestone's project, which [`project_of`] finds.

use std::collections::HashMap;

use super::events::{
    MilestoneCompleted, MilestoneCreated, MilestoneDeleted, MilestoneReopened, MilestoneTasksCompleted,
    MilestoneUpdated,
};
use super::model::{
    MAX_DESCRIPTION, MAX_MILESTONES, MAX_NAME, Milestone, MilestonePatch, MilestoneQuery, MilestoneStatus,
    NewMilestone, Progress, Shown,
};
use super::store;
use crate::access::permissions::{Granted, MilestoneEdit, MilestoneView};
use crate::checks;
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{MilestoneId, WorkspaceId};
use crate::paging::Page;
use crate::projects::events::{Changes, change};
use crate::projects::{self, Project, ProjectRef};
use crate::tasks::Task;
use crate::{Error, Result};

/// The project of this milestone; what a permission on the milestone is asked for.
pub async fn project_of(rx: &mut Rx, workspace: WorkspaceId, id: MilestoneId) -> Result<Project> {
    let milestone = store::find(rx, workspace, id).await?.ok_or_else(|| unknown(id))?;
    projects::service::find(rx, workspace, &Handle::Id(milestone.project_id)).await
}

/// A milestone with its progress.
pub async fn get(rx: &mut Rx, may: &Granted<MilestoneView, Project>, id: MilestoneId) -> Result<Shown> {
    let project = may.resource();
    let milestone = store::find(rx, project.workspace_id, id)
        .await?
        .filter(|milestone| milestone.project_id == project.id)
        .ok_or_else(|| unknown(id))?;
    let progress = progress(rx, project.workspace_id, id).await?;
    Ok(Shown { milestone, progress })
}

/// The milestones of a project.
pub async fn list(rx: &mut Rx, may: &Granted<MilestoneView, Project>, query: &MilestoneQuery) -> Result<Page<Shown>> {
    let project = may.resource();
    let page = store::page(rx, project.workspace_id, project.id, query).await?;
    let ids: Vec<MilestoneId> = page.items.iter().map(|milestone| milestone.id).collect();
    let mut known: HashMap<_, _> = match ids.is_empty() {
        true => HashMap::new(),
        false => store::progress(rx, project.workspace_id, &ids).await?.into_iter().collect(),
    };
    let shown = |milestone: Milestone| {
        let progress = known.remove(&milestone.id).unwrap_or_default();
        Shown { milestone, progress }
    };
    Ok(Page { items: page.items.into_iter().map(shown).collect(), next_cursor: page.next_cursor, total: page.total })
}

/// Every milestone of a project, oldest first.
pub(crate) async fn all(rx: &mut Rx, may: &Granted<MilestoneView, Project>) -> Result<Vec<Milestone>> {
    store::list_of_project(rx, may.resource().workspace_id, may.resource().id).await
}

/// Makes a milestone. A project has at most [`MAX_MILESTONES`].
pub async fn create(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<MilestoneEdit, Project>,
    new: NewMilestone,
) -> Result<Milestone> {
    check_name(&new.name)?;
    checks::text("/description", &new.description, MAX_DESCRIPTION)?;
    let due_at = new.due_at.map(|time| checks::time("/due_at", time)).transpose()?;
    // Under the project's lock nobody else adds one between the count and the insert.
    let project = projects::service::lock(tx, may.resource()).await?;
    projects::service::refuse_archived(&project)?;
    if store::count(tx, project.workspace_id, project.id).await? >= MAX_MILESTONES {
        let detail = format!("{} has {MAX_MILESTONES} milestones, the most; delete one first", project.key);
        return Err(Error::conflict("too_many_milestones", detail));
    }
    let now = cx.now();
    let milestone = Milestone {
        id: cx.new_id(),
        workspace_id: project.workspace_id,
        project_id: project.id,
        name: new.name,
        description: new.description,
        due_at,
        status: MilestoneStatus::Open,
        completed_at: None,
        version: 1,
        created_by: cx.actor.user(),
        created_at: now,
        updated_at: now,
    };
    store::insert(tx, &milestone).await?;
    emit(tx, cx, &MilestoneCreated { milestone: &milestone, project: &ProjectRef::from(&project) }).await?;
    Ok(milestone)
}

/// Changes a milestone. `expected` is the version that the caller saw; another one now is refused as stale.
pub async fn update(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<MilestoneEdit, Project>,
    id: MilestoneId,
    expected: Option<i64>,
    patch: MilestonePatch,
) -> Result<Milestone> {
    projects::service::refuse_archived(may.resource())?;
    let mut milestone = lock(tx, may.resource(), id, expected).await?;
    let before = milestone.status;
    let changes = apply(&mut milestone, patch)?;
    if changes.is_empty() {
        return Ok(milestone);
    }
    let now = cx.now();
    milestone.version += 1;
    milestone.updated_at = now;
    if milestone.status != before {
        milestone.completed_at = (milestone.status == MilestoneStatus::Completed).then_some(now);
    }
    store::update(tx, &milestone).await?;
    let (project, milestone) = (&ProjectRef::from(may.resource()), milestone);
    emit(tx, cx, &MilestoneUpdated { milestone: &milestone, project, change: &changes }).await?;
    match (milestone.status != before).then_some(milestone.status) {
        Some(MilestoneStatus::Completed) => {
            emit(tx, cx, &MilestoneCompleted { milestone: &milestone, project }).await?;
        }
        Some(MilestoneStatus::Open) => {
            emit(tx, cx, &MilestoneReopened { milestone: &milestone, project }).await?;
        }
        None => {}
    }
    Ok(milestone)
}

/// Deletes a milestone and frees its tasks; says how many.
pub async fn delete(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<MilestoneEdit, Project>,
    id: MilestoneId,
    expected: Option<i64>,
) -> Result<i64> {
    projects::service::refuse_archived(may.resource())?;
    let milestone = lock(tx, may.resource(), id, expected).await?;
    let freed = store::delete(tx, &milestone, cx.now()).await?;
    let tasks = i64::try_from(freed.len()).unwrap_or(i64::MAX);
    let project = &ProjectRef::from(may.resource());
    emit(tx, cx, &MilestoneDeleted { milestone: &milestone, project, tasks, freed }).await?;
    Ok(tasks)
}

/// Refuses a milestone that is none of this project; until the transaction ends nobody deletes it.
pub(crate) async fn check(tx: &mut Tx, project: &Project, id: MilestoneId) -> Result<()> {
    let found = store::find_for_update(tx, project.workspace_id, id).await?;
    if found.is_some_and(|milestone| milestone.project_id == project.id) {
        return Ok(());
    }
    Err(Error::field("/milestone", format!("there is no milestone {id} in the project {}", project.key)))
}

/// A task that was open in this milestone is not any more: announces it if it was the last one.
pub(crate) async fn task_left(tx: &mut Tx, cx: &Cx, project: &Project, id: MilestoneId, task: &Task) -> Result<()> {
    // Two who close the last two tasks at once wait for each other here, and only the second sees that none is open.
    let Some(milestone) = store::find_for_update(tx, project.workspace_id, id).await? else {
        return Ok(());
    };
    if milestone.status == MilestoneStatus::Completed {
        return Ok(());
    }
    let progress = progress(tx, project.workspace_id, id).await?;
    if progress.open > 0 || progress.completed == 0 {
        return Ok(());
    }
    let project = &ProjectRef::from(project);
    emit(tx, cx, &MilestoneTasksCompleted { milestone: &milestone, project, task, progress }).await?;
    Ok(())
}

async fn progress(rx: &mut Rx, workspace: WorkspaceId, id: MilestoneId) -> Result<Progress> {
    let known = store::progress(rx, workspace, &[id]).await?;
    Ok(known.first().map(|(_, progress)| *progress).unwrap_or_default())
}

/// The milestone as it is now; nobody else changes it until the transaction ends.
async fn lock(tx: &mut Tx, project: &Project, id: MilestoneId, expected: Option<i64>) -> Result<Milestone> {
    let milestone = store::find_for_update(tx, project.workspace_id, id)
        .await?
        .filter(|milestone| milestone.project_id == project.id)
        .ok_or_else(|| unknown(id))?;
    match expected.filter(|expected| *expected != milestone.version) {
        Some(expected) => Err(Error::stale(format!(
            "you saw version {expected} of this milestone, which is at version {} since {}; read it again and repeat your change",
            milestone.version,
            milestone.updated_at.to_rfc3339(),
        ))),
        None => Ok(milestone),
    }
}

/// Puts a patch into a milestone, and notes what it changes.
fn apply(milestone: &mut Milestone, patch: MilestonePatch) -> Result<Changes> {
    let (name, status) = (patch.name.required("/name")?, patch.status.required("/status")?);
    let description = patch.description.or_default();
    name.as_deref().map_or(Ok(()), check_name)?;
    description.as_deref().map_or(Ok(()), |text| checks::text("/description", text, MAX_DESCRIPTION))?;
    let due_at = patch.due_at.optional().map(|time| time.map(|time| checks::time("/due_at", time)).transpose());
    let mut changes = Changes::new();
    change(&mut changes, "name", &mut milestone.name, name);
    change(&mut changes, "description", &mut milestone.description, description);
    change(&mut changes, "due_at", &mut milestone.due_at, due_at.transpose()?);
    change(&mut changes, "status", &mut milestone.status, status);
    Ok(changes)
}

fn check_name(name: &str) -> Result<()> {
    checks::name("/name", name, MAX_NAME)
}

fn unknown(id: MilestoneId) -> Error {
    Error::not_found("milestone", id)
}
