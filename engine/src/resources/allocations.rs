//! Allocations: whoever manages the resources of a project plans people for it.

use super::absences::{member, note, range, recheck_both, stale};
use super::events::{ResourceAllocationAdded, ResourceAllocationDeleted, ResourceAllocationUpdated};
use super::model::{Allocation, AllocationPatch, MAX_ALLOCATION_DAYS, MAX_OF_PERSON, NewAllocation};
use super::{store, workload};
use crate::access::permissions::{Granted, ResourceManage, ResourceView};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{AllocationId, WorkspaceId};
use crate::paging::{Cursor, Page, PageRequest};
use crate::patch::Patch;
use crate::projects::events::{Changes, change};
use crate::projects::{self, Project, ProjectRef};
use crate::tasks;
use crate::{Error, Result};

/// The most minutes of a day.
const MAX_MINUTES: i64 = 1440;
/// The most percent of the working hours.
const MAX_PERCENT: i64 = 1000;

/// The project of an allocation: what a permission on it is asked for.
pub async fn project_of(rx: &mut Rx, workspace: WorkspaceId, id: AllocationId) -> Result<Project> {
    let found = store::find_allocation(rx, workspace, id).await?.ok_or_else(|| missing(id))?;
    projects::service::find(rx, workspace, &Handle::Id(found.project_id)).await
}

/// The allocations of a project, in the order they were entered.
pub async fn list_allocations(
    rx: &mut Rx,
    may: &Granted<ResourceView, Project>,
    page: &PageRequest,
) -> Result<Page<Allocation>> {
    let limit = page.limit()?;
    let project = may.resource();
    let rows = store::list_allocations(rx, project.workspace_id, project.id, page.after()?, limit + 1).await?;
    Ok(Page::cut(rows, limit, |last| Cursor::of_id(last.id)))
}

/// One allocation.
pub async fn find_allocation(
    rx: &mut Rx,
    may: &Granted<ResourceView, Project>,
    id: AllocationId,
) -> Result<Allocation> {
    get(rx, may.resource(), id).await
}

/// Plans a person for a project.
pub async fn allocate(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<ResourceManage, Project>,
    new: NewAllocation,
) -> Result<Allocation> {
    let project = may.resource();
    range(new.from, new.to, MAX_ALLOCATION_DAYS)?;
    share(new.minutes_per_day, new.percent)?;
    note(&new.note)?;
    member(tx, project.workspace_id, new.user).await?;
    let task_id = match &new.task {
        None => None,
        Some(handle) => Some(tasks::service::find_in(tx, may, handle).await.map_err(at_task)?.id),
    };
    // The project before the person, as whoever deletes it does.
    projects::service::lock(tx, project).await?;
    store::lock_book(tx, project.workspace_id, new.user).await?;
    if store::count_allocations(tx, project.workspace_id, new.user).await? >= MAX_OF_PERSON {
        let detail =
            format!("this person has {MAX_OF_PERSON} allocations, the most that one may have; delete old ones");
        return Err(Error::conflict("too_many_allocations", detail));
    }
    let now = cx.now();
    let allocation = Allocation {
        id: cx.new_id(),
        project_id: project.id,
        task_id,
        user_id: new.user,
        from_day: new.from,
        to_day: new.to,
        minutes_per_day: new.minutes_per_day,
        percent: new.percent,
        note: new.note,
        version: 1,
        created_by: cx.actor.user(),
        created_at: now,
        updated_at: now,
    };
    store::insert_allocation(tx, project.workspace_id, &allocation).await?;
    let (short, change) = (ProjectRef::from(project), &Changes::new());
    emit(tx, cx, &ResourceAllocationAdded { allocation: &allocation, project: &short, change }).await?;
    workload::recheck(tx, cx, allocation.user_id, allocation.from_day, allocation.to_day).await?;
    Ok(allocation)
}

/// Changes an allocation. Whom and what it is for stays.
pub async fn update_allocation(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<ResourceManage, Project>,
    id: AllocationId,
    expected: Option<i64>,
    patch: AllocationPatch,
) -> Result<Allocation> {
    let project = may.resource();
    let mut allocation = hold(tx, project, id, expected).await?;
    let before = (allocation.from_day, allocation.to_day);
    let new_note = patch.note.or_default();
    new_note.as_deref().map_or(Ok(()), note)?;
    // One of the two that is given takes the other's place.
    let (minutes, percent) = match (patch.minutes_per_day, patch.percent) {
        (Patch::Value(minutes), Patch::Absent) => (Some(Some(minutes)), Some(None)),
        (Patch::Absent, Patch::Value(percent)) => (Some(None), Some(Some(percent))),
        (minutes, percent) => (minutes.optional(), percent.optional()),
    };
    let mut changes = Changes::new();
    change(&mut changes, "from", &mut allocation.from_day, patch.from.required("/from")?);
    change(&mut changes, "to", &mut allocation.to_day, patch.to.required("/to")?);
    change(&mut changes, "minutes_per_day", &mut allocation.minutes_per_day, minutes);
    change(&mut changes, "percent", &mut allocation.percent, percent);
    change(&mut changes, "note", &mut allocation.note, new_note);
    range(allocation.from_day, allocation.to_day, MAX_ALLOCATION_DAYS)?;
    share(allocation.minutes_per_day, allocation.percent)?;
    if changes.is_empty() {
        return Ok(allocation);
    }
    allocation.version += 1;
    allocation.updated_at = cx.now();
    store::update_allocation(tx, project.workspace_id, &allocation).await?;
    let short = ProjectRef::from(project);
    emit(tx, cx, &ResourceAllocationUpdated { allocation: &allocation, project: &short, change: &changes }).await?;
    recheck_both(tx, cx, allocation.user_id, before, (allocation.from_day, allocation.to_day)).await?;
    Ok(allocation)
}

/// Deletes an allocation.
pub async fn release(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<ResourceManage, Project>,
    id: AllocationId,
    expected: Option<i64>,
) -> Result<()> {
    let project = may.resource();
    let allocation = hold(tx, project, id, expected).await?;
    store::delete_allocation(tx, project.workspace_id, id).await?;
    let (short, change) = (ProjectRef::from(project), &Changes::new());
    emit(tx, cx, &ResourceAllocationDeleted { allocation: &allocation, project: &short, change }).await?;
    workload::recheck(tx, cx, allocation.user_id, allocation.from_day, allocation.to_day).await
}

async fn get(rx: &mut Rx, project: &Project, id: AllocationId) -> Result<Allocation> {
    let found = store::find_allocation(rx, project.workspace_id, id).await?;
    found.filter(|found| found.project_id == project.id).ok_or_else(|| missing(id))
}

/// The allocation as it is now; the person's plans are locked.
async fn hold(tx: &mut Tx, project: &Project, id: AllocationId, expected: Option<i64>) -> Result<Allocation> {
    let found = get(tx, project, id).await?;
    store::lock_book(tx, project.workspace_id, found.user_id).await?;
    let allocation = get(tx, project, id).await?;
    match expected.filter(|expected| *expected != allocation.version) {
        None => Ok(allocation),
        Some(expected) => Err(stale(id, expected, allocation.version)),
    }
}

/// Either so many minutes or so many percent.
fn share(minutes: Option<i64>, percent: Option<i64>) -> Result<()> {
    match (minutes, percent) {
        (Some(_), Some(_)) => Err(Error::field("/percent", "give either `minutes_per_day` or `percent`")),
        (None, None) => Err(Error::field("/minutes_per_day", "is missing; give `minutes_per_day` or `percent`")),
        (Some(minutes), None) if !(1..=MAX_MINUTES).contains(&minutes) => {
            Err(Error::field("/minutes_per_day", format!("must be 1 to {MAX_MINUTES}")))
        }
        (None, Some(percent)) if !(1..=MAX_PERCENT).contains(&percent) => {
            Err(Error::field("/percent", format!("must be 1 to {MAX_PERCENT}")))
        }
        _ => Ok(()),
    }
}

fn at_task(error: Error) -> Error {
    match error.class {
        crate::Class::NotFound => Error::field("/task", "is no task of this project"),
        _ => error,
    }
}

fn missing(id: AllocationId) -> Error {
    Error::not_found("allocation", id)
}
