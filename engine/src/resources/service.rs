//! The public verbs of resources: absences, allocations, and how full days are.

use std::collections::{HashMap, HashSet};

use super::model::{DayPart, MAX_DAYS, Planned, ResourceQuery, Resources};
use super::{store, workload};
use crate::access::permissions::{Granted, ProjectView, ResourceView, Workspace};
use crate::cx::Cx;
use crate::day::Day;
use crate::db::{Rx, Tx};
use crate::handle::Handle;
use crate::ids::{ProjectId, UserId, WorkspaceId};
use crate::paging::{Cursor, Page, PageRequest};
use crate::projects::{self, Project, members};
use crate::{Error, Result, time_entries};

pub use super::absences::{add_absence, delete_absence, find_absence, list_absences, update_absence};
pub use super::allocations::{allocate, find_allocation, list_allocations, project_of, release, update_allocation};

/// How many days are looked at when many plans change at once: some nine years.
const LOOKS_AHEAD: u64 = 3300;
/// The most days of people on one page.
const MAX_CELLS: i64 = 20_000;

/// Who of these people is away for all of the day that is named with them.
pub(crate) async fn away(rx: &mut Rx, workspace: WorkspaceId, days: &[(UserId, Day)]) -> Result<HashSet<UserId>> {
    let (first, last) = (days.iter().map(|(_, day)| *day).min(), days.iter().map(|(_, day)| *day).max());
    let Some((first, last)) = first.zip(last) else { return Ok(HashSet::new()) };
    let users: Vec<UserId> = days.iter().map(|(user, _)| *user).collect();
    let absences = store::list_away(rx, workspace, &users, first, last).await?;
    let away = |(user, day): &(UserId, Day)| {
        let of_day = absences.iter().filter(|absence| absence.user_id == *user);
        let parts: Vec<DayPart> =
            of_day.filter(|absence| absence.from_day <= *day && *day <= absence.to_day).map(|of| of.part).collect();
        let has = |part| parts.contains(&part);
        has(DayPart::Full) || has(DayPart::Morning) && has(DayPart::Afternoon)
    };
    Ok(days.iter().filter(|day| away(day)).map(|(user, _)| *user).collect())
}

/// The days of people, one item a person, in the order in which they became known. What they are planned for in projects
/// that the reader may not see has no name.
pub async fn list(
    rx: &mut Rx,
    cx: &Cx,
    may: &Granted<ResourceView, Workspace>,
    query: &ResourceQuery,
    page: &PageRequest,
) -> Result<Page<Resources>> {
    let workspace = may.resource().0;
    let limit = page.limit()?;
    check(query, limit)?;
    let people = match query.user {
        None => store::list_members(rx, workspace, page.after()?, limit + 1).await?,
        Some(user) if members::stranger(rx, workspace, &[user]).await?.is_some() => {
            return Err(Error::not_found("member", user));
        }
        Some(user) => vec![user],
    };
    let Page { items, next_cursor, total } = Page::cut(people, limit, |last| Cursor::of_id(*last));
    let mut seen = HashMap::new();
    let mut found = Vec::with_capacity(items.len());
    for user in items {
        found.push(of_person(rx, cx, user, query, &mut seen).await?);
    }
    Ok(Page { items: found, next_cursor, total })
}

async fn of_person(
    rx: &mut Rx,
    cx: &Cx,
    user: UserId,
    query: &ResourceQuery,
    seen: &mut HashMap<ProjectId, bool>,
) -> Result<Resources> {
    let (days, planned) = workload::of(rx, cx.actor.workspace, user, query.from, query.to).await?;
    let mut allocations = Vec::with_capacity(planned.len());
    for plan in planned {
        let visible = match seen.get(&plan.project_id) {
            Some(visible) => *visible,
            None => {
                let project = projects::service::find(rx, cx.actor.workspace, &Handle::Id(plan.project_id)).await?;
                let visible = cx.actor.may::<ProjectView, _>(project).is_ok();
                seen.insert(plan.project_id, visible);
                visible
            }
        };
        allocations.push(Planned {
            project: visible.then_some(plan.project_id),
            task: plan.task_id.filter(|_| visible),
            allocation: visible.then_some(plan.id),
            from: plan.from_day,
            to: plan.to_day,
            minutes_per_day: plan.minutes_per_day,
            percent: plan.percent,
        });
    }
    Ok(Resources { user, days, allocations })
}

fn check(query: &ResourceQuery, limit: i64) -> Result<()> {
    let days = query.from.until(query.to) + 1;
    if days < 1 {
        return Err(Error::invalid("invalid_parameter", "`to` must not be before `from`"));
    }
    if days > MAX_DAYS {
        return Err(Error::invalid("invalid_parameter", format!("`from` to `to` must be at most {MAX_DAYS} days")));
    }
    if query.user.is_none() && days * limit > MAX_CELLS {
        let detail = format!("`limit` must be at most {} for {days} days", MAX_CELLS / days);
        return Err(Error::invalid("invalid_parameter", detail));
    }
    Ok(())
}

/// Looks at what is planned for a person from today on, after their working hours have changed: in the workspace in which
/// they said so. A transaction sees no other one; there it shows with the next change of their plans.
pub(crate) async fn recheck_person(tx: &mut Tx, cx: &Cx, user: UserId) -> Result<()> {
    let workspace = cx.actor.workspace;
    store::lock_book(tx, workspace, user).await?;
    let zone = time_entries::service::zone_of(tx, workspace, user).await?;
    let today = Day::of(cx.now(), zone);
    let Some((first, last)) = store::find_span(tx, workspace, user, today).await? else { return Ok(()) };
    let first = first.max(today);
    workload::recheck(tx, cx, user, first, last.min(first.plus(LOOKS_AHEAD))).await
}

/// Takes people off a project that goes away, and announces whose days are too full no longer.
pub(crate) async fn forget_project(tx: &mut Tx, cx: &Cx, project: &Project) -> Result<()> {
    let spans = store::list_spans(tx, project.workspace_id, project.id).await?;
    for (user, ..) in &spans {
        store::lock_book(tx, project.workspace_id, *user).await?;
    }
    store::delete_of_project(tx, project.workspace_id, project.id).await?;
    for (user, from, to) in spans {
        workload::recheck(tx, cx, user, from, to.min(from.plus(LOOKS_AHEAD))).await?;
    }
    Ok(())
}
