//! The public verbs of sprints. The permission is asked for on the sprint's project, which [`project_of`] finds.

use chrono::{DateTime, Utc};

use super::events::{SprintClosed, SprintCreated, SprintDeleted, SprintStarted, SprintUpdated};
use super::model::{CloseSprint, Closed, MAX_GOAL, MAX_NAME, MAX_SPRINTS, NewSprint, Sprint, SprintPatch, SprintState};
use super::store;
use crate::access::permissions::{Granted, SprintEdit, SprintView};
use crate::checks;
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{SprintId, WorkspaceId};
use crate::paging::{Cursor, Page, PageRequest};
use crate::projects::events::{Changes, change};
use crate::projects::{self, Project, ProjectRef};
use crate::{Error, Result};

/// The project of this sprint; what a permission on the sprint is asked for.
pub async fn project_of(rx: &mut Rx, workspace: WorkspaceId, id: SprintId) -> Result<Project> {
    let sprint = store::find(rx, workspace, id).await?.ok_or_else(|| unknown(id))?;
    projects::service::find(rx, workspace, &Handle::Id(sprint.project_id)).await
}

/// A sprint.
pub async fn get(rx: &mut Rx, may: &Granted<SprintView, Project>, id: SprintId) -> Result<Sprint> {
    let project = may.resource();
    let found = store::find(rx, project.workspace_id, id).await?;
    found.filter(|sprint| sprint.project_id == project.id).ok_or_else(|| unknown(id))
}

/// The sprints of a project, oldest first; with a state only those that are in it.
pub async fn list(
    rx: &mut Rx,
    may: &Granted<SprintView, Project>,
    state: Option<SprintState>,
    page: &PageRequest,
) -> Result<Page<Sprint>> {
    let (project, limit) = (may.resource(), page.limit()?);
    let any = [SprintState::Planned, SprintState::Active, SprintState::Closed];
    let states = state.as_ref().map_or(&any[..], std::slice::from_ref);
    let rows = store::list(rx, project.workspace_id, project.id, states, page.after()?, limit + 1).await?;
    Ok(Page::cut(rows, limit, |last: &Sprint| Cursor::of_id(last.id)))
}

/// Makes a sprint, planned. A project has at most [`MAX_SPRINTS`].
pub async fn create(tx: &mut Tx, cx: &Cx, may: &Granted<SprintEdit, Project>, new: NewSprint) -> Result<Sprint> {
    check_texts(Some(&new.name), Some(&new.goal))?;
    let starts_at = new.starts_at.map(|time| checks::time("/starts_at", time)).transpose()?;
    let ends_at = new.ends_at.map(|time| checks::time("/ends_at", time)).transpose()?;
    check_order(starts_at, ends_at)?;
    // Under the project's lock nobody else adds one between the count and the insert.
    let project = projects::service::lock(tx, may.resource()).await?;
    projects::service::refuse_archived(&project)?;
    if store::count(tx, project.workspace_id, project.id).await? >= MAX_SPRINTS {
        let detail = format!("{} has {MAX_SPRINTS} sprints, the most; delete one first", project.key);
        return Err(Error::conflict("too_many_sprints", detail));
    }
    let now = cx.now();
    let sprint = Sprint {
        id: cx.new_id(),
        workspace_id: project.workspace_id,
        project_id: project.id,
        name: new.name,
        goal: new.goal,
        starts_at,
        ends_at,
        state: SprintState::Planned,
        started_at: None,
        closed_at: None,
        version: 1,
        created_by: cx.actor.user(),
        created_at: now,
        updated_at: now,
    };
    store::insert(tx, &sprint).await?;
    emit(tx, cx, &SprintCreated { sprint: &sprint, project: &ProjectRef::from(&project) }).await?;
    Ok(sprint)
}

/// Changes a sprint. `expected` is the version that the caller saw; another one now is refused as stale.
pub async fn update(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<SprintEdit, Project>,
    id: SprintId,
    expected: Option<i64>,
    patch: SprintPatch,
) -> Result<Sprint> {
    projects::service::refuse_archived(may.resource())?;
    let mut sprint = lock(tx, may.resource(), id, expected).await?;
    let (name, goal) = (patch.name.required("/name")?, patch.goal.or_default());
    check_texts(name.as_deref(), goal.as_deref())?;
    let time = |pointer, time: Option<DateTime<Utc>>| time.map(|time| checks::time(pointer, time)).transpose();
    let starts_at = patch.starts_at.optional().map(|it| time("/starts_at", it)).transpose()?;
    let ends_at = patch.ends_at.optional().map(|it| time("/ends_at", it)).transpose()?;
    let mut changes = Changes::new();
    change(&mut changes, "name", &mut sprint.name, name);
    change(&mut changes, "goal", &mut sprint.goal, goal);
    change(&mut changes, "starts_at", &mut sprint.starts_at, starts_at);
    change(&mut changes, "ends_at", &mut sprint.ends_at, ends_at);
    check_order(sprint.starts_at, sprint.ends_at)?;
    if changes.is_empty() {
        return Ok(sprint);
    }
    touch(tx, cx, &mut sprint).await?;
    let project = &ProjectRef::from(may.resource());
    emit(tx, cx, &SprintUpdated { sprint: &sprint, project, change: &changes }).await?;
    Ok(sprint)
}

/// Starts a sprint that is planned. While another one of the project is active, the answer is `sprint_active`.
pub async fn start(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<SprintEdit, Project>,
    id: SprintId,
    expected: Option<i64>,
) -> Result<Sprint> {
    projects::service::refuse_archived(may.resource())?;
    // Two are not started at once: both want the project first.
    let project = projects::service::lock(tx, may.resource()).await?;
    let mut sprint = lock(tx, &project, id, expected).await?;
    expect_state(&sprint, SprintState::Planned, "started")?;
    if let Some(other) = store::active(tx, project.workspace_id, project.id).await? {
        let detail = format!("{} works in the sprint `{}`; close that one first", project.key, other.name);
        return Err(Error::conflict("sprint_active", detail));
    }
    sprint.state = SprintState::Active;
    sprint.started_at = Some(cx.now());
    touch(tx, cx, &mut sprint).await?;
    emit(tx, cx, &SprintStarted { sprint: &sprint, project: &ProjectRef::from(&project) }).await?;
    Ok(sprint)
}

/// Closes the active sprint; what is still to be done in it goes to another one, or into none.
pub async fn close(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<SprintEdit, Project>,
    id: SprintId,
    expected: Option<i64>,
    how: CloseSprint,
) -> Result<Closed> {
    projects::service::refuse_archived(may.resource())?;
    let project = projects::service::lock(tx, may.resource()).await?;
    let mut sprint = lock(tx, &project, id, expected).await?;
    expect_state(&sprint, SprintState::Active, "closed")?;
    if let Some(to) = how.move_to {
        if to == id {
            return Err(Error::field("/move_to", "is the sprint that is closed; name another one, or none"));
        }
        check(tx, &project, to).await.map_err(|error| Error::field("/move_to", error.fields[0].message.clone()))?;
    }
    let tasks = store::move_open(tx, &sprint, how.move_to, cx.now()).await?;
    let moved = i64::try_from(tasks.len()).unwrap_or(i64::MAX);
    sprint.state = SprintState::Closed;
    sprint.closed_at = Some(cx.now());
    touch(tx, cx, &mut sprint).await?;
    let short = &ProjectRef::from(&project);
    emit(tx, cx, &SprintClosed { sprint: &sprint, project: short, moved, tasks, moved_to: how.move_to }).await?;
    Ok(Closed { sprint, moved })
}

/// Deletes a sprint that is not active, and frees its tasks; says how many.
pub async fn delete(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<SprintEdit, Project>,
    id: SprintId,
    expected: Option<i64>,
) -> Result<i64> {
    projects::service::refuse_archived(may.resource())?;
    let sprint = lock(tx, may.resource(), id, expected).await?;
    if sprint.state == SprintState::Active {
        return Err(Error::conflict("sprint_active", "this sprint is active; close it before you delete it"));
    }
    let freed = store::delete(tx, &sprint, cx.now()).await?;
    let tasks = i64::try_from(freed).unwrap_or(i64::MAX);
    emit(tx, cx, &SprintDeleted { sprint: &sprint, project: &ProjectRef::from(may.resource()), tasks }).await?;
    Ok(tasks)
}

/// Refuses a sprint that is none of this project or takes no tasks; until the transaction ends nobody changes it.
pub(crate) async fn check(tx: &mut Tx, project: &Project, id: SprintId) -> Result<()> {
    let found = store::find_for_update(tx, project.workspace_id, id).await?;
    match found.filter(|sprint| sprint.project_id == project.id) {
        Some(sprint) if sprint.state == SprintState::Closed => {
            Err(Error::field("/sprint", format!("the sprint `{}` is closed and takes no tasks", sprint.name)))
        }
        Some(_) => Ok(()),
        None => Err(Error::field("/sprint", format!("there is no sprint {id} in the project {}", project.key))),
    }
}

/// The sprint as it is now; nobody else changes it until the transaction ends.
async fn lock(tx: &mut Tx, project: &Project, id: SprintId, expected: Option<i64>) -> Result<Sprint> {
    let sprint = store::find_for_update(tx, project.workspace_id, id)
        .await?
        .filter(|sprint| sprint.project_id == project.id)
        .ok_or_else(|| unknown(id))?;
    match expected.filter(|expected| *expected != sprint.version) {
        Some(expected) => Err(Error::stale(format!(
            "you saw version {expected} of this sprint, which is at version {} since {}; read it again and repeat your change",
            sprint.version,
            sprint.updated_at.to_rfc3339(),
        ))),
        None => Ok(sprint),
    }
}

async fn touch(tx: &mut Tx, cx: &Cx, sprint: &mut Sprint) -> Result<()> {
    sprint.version += 1;
    sprint.updated_at = cx.now();
    store::update(tx, sprint).await
}

fn expect_state(sprint: &Sprint, state: SprintState, verb: &str) -> Result<()> {
    if sprint.state == state {
        return Ok(());
    }
    let detail = format!("the sprint `{}` is {}; only one that is {state} can be {verb}", sprint.name, sprint.state);
    Err(Error::conflict("sprint_state", detail))
}

fn check_texts(name: Option<&str>, goal: Option<&str>) -> Result<()> {
    name.map_or(Ok(()), |name| checks::name("/name", name, MAX_NAME))?;
    goal.map_or(Ok(()), |goal| checks::text("/goal", goal, MAX_GOAL))
}

fn check_order(starts_at: Option<DateTime<Utc>>, ends_at: Option<DateTime<Utc>>) -> Result<()> {
    match (starts_at, ends_at) {
        (Some(start), Some(end)) if end < start => Err(Error::field("/ends_at", "must not lie before `starts_at`")),
        _ => Ok(()),
    }
}

fn unknown(id: SprintId) -> Error {
    Error::not_found("sprint", id)
}
