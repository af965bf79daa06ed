//! The figures, as the owner of a rule sees them.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use trackside_rules::model::Metric;

use crate::access::{Actor, BudgetView, ResourceView, RunView, TaskView};
use crate::day::Day;
use crate::db::Rx;
use crate::ids::UserId;
use crate::projects::Project;
use crate::tasks::{self, TaskQuery};
use crate::{Class, Error, Result, budgets, resources, runs, sprints};

/// So long ago a run counts that failed.
const RECENT: TimeDelta = TimeDelta::hours(1);

/// Events of these kinds can have moved a figure.
pub(super) fn moved_by(metric: Metric) -> &'static [&'static str] {
    const TASKS: &[&str] = &[
        "project.archived",
        "project.unarchived",
        "project.workflow_changed",
        "task.assigned",
        "task.created",
        "task.deleted",
        "task.status_changed",
        "task.updated",
    ];
    match metric {
        Metric::TasksOpen | Metric::TasksOverdue => TASKS,
        Metric::SprintRemaining => &[
            "project.workflow_changed",
            "sprint.closed",
            "sprint.started",
            "task.created",
            "task.deleted",
            "task.status_changed",
            "task.updated",
        ],
        Metric::BudgetUsedPercent => &[
            "budget.cost_added",
            "budget.cost_deleted",
            "budget.cost_updated",
            "budget.planned",
            "budget.rate_added",
            "budget.rate_deleted",
            "budget.rate_updated",
            "time.deleted",
            "time.logged",
            "time.updated",
        ],
        Metric::PeopleOverAllocated => &["resource.over_allocated", "resource.over_allocation_resolved"],
        Metric::RunsFailed => &["run.failed"],
    }
}

/// A query of tasks by a filter as it is written, and what holds besides.
///
/// # Errors
/// What is wrong with the filter.
pub(super) fn filtered(filter: &str, more: &[(&str, &str)], me: Option<UserId>) -> Result<TaskQuery> {
    let written: Vec<(String, String)> = form_urlencoded::parse(filter.as_bytes())
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    if let Some((name, _)) =
        written.iter().find(|(name, _)| matches!(name.as_str(), "cursor" | "limit" | "offset" | "sort" | "total"))
    {
        return Err(Error::invalid("invalid_parameter", format!("`{name}` is no filter; leave it out")));
    }
    let written = written.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    TaskQuery::parse(written.chain(more.iter().copied()), me)
}

/// A figure of a project, or of all of the workspace; nothing when there is none, such as without a budget.
pub(super) async fn figure(
    rx: &mut Rx,
    actor: &Actor,
    metric: Metric,
    project: Option<&Project>,
    filter: &str,
    now: DateTime<Utc>,
) -> Result<Option<f64>> {
    let count = |count: i64| {
        // Far fewer than a float can tell apart.
        #[expect(clippy::cast_precision_loss, reason = "counts are small")]
        Some(count as f64)
    };
    match metric {
        Metric::TasksOpen => Ok(count(open(rx, actor, project, filter, &[]).await?)),
        Metric::TasksOverdue => {
            let now = now.to_rfc3339_opts(SecondsFormat::Micros, true);
            Ok(count(open(rx, actor, project, filter, &[("due_at.lt", now)]).await?))
        }
        Metric::SprintRemaining => {
            let Some(project) = project else { return Ok(None) };
            let Some(sprint) = sprints::service::active(rx, project).await? else { return Ok(None) };
            Ok(count(open(rx, actor, Some(project), filter, &[("sprint", sprint.id.to_string())]).await?))
        }
        Metric::BudgetUsedPercent => {
            let Some(project) = project else { return Ok(None) };
            let may = actor.may::<BudgetView, _>(project.clone())?;
            match budgets::service::find(rx, &may).await {
                Ok(budget) => Ok(budget.used_percent.and_then(|percent| percent.parse().ok())),
                Err(error) if error.class == Class::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        }
        Metric::PeopleOverAllocated => {
            let may = actor.may_here::<ResourceView>()?;
            Ok(count(resources::service::count_over_allocated(rx, may.resource().0, Day::utc(now)).await?))
        }
        Metric::RunsFailed => {
            let may = actor.may_here::<RunView>()?;
            Ok(count(runs::service::count_failed(rx, may.resource().0, now - RECENT).await?))
        }
    }
}

/// How many open tasks there are, of those that may be seen.
async fn open(
    rx: &mut Rx,
    actor: &Actor,
    project: Option<&Project>,
    filter: &str,
    more: &[(&str, String)],
) -> Result<i64> {
    let may = actor.may_somewhere::<TaskView>()?;
    let project = project.map(|project| project.id.to_string());
    let mut besides = vec![("category", "todo,in_progress"), ("limit", "1"), ("total", "true")];
    besides.extend(project.as_deref().map(|project| ("project", project)));
    besides.extend(more.iter().map(|(name, value)| (*name, value.as_str())));
    let query = filtered(filter, &besides, actor.user())?;
    let page = tasks::service::list(rx, &may, &query).await?;
    Ok(page.total.unwrap_or(page.items.len() as i64))
}
