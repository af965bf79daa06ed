//! The public verbs of analytics. They read much: call them within [`Db::scan`](crate::db::Db::scan).

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::model::{
    Counts, Interval, MAX_LISTED, MAX_PROJECTS, Metrics, MetricsQuery, Portfolio, PortfolioQuery, ProjectFigures,
};
use super::series::{History, durations, points, took};
use super::{days, store};
use crate::access::permissions::{Granted, ProjectView, TaskView};
use crate::access::{Reach, Sight as _};
use crate::db::Rx;
use crate::ids::ProjectId;
use crate::projects::{self, Project, ProjectQuery};
use crate::{Error, Result};

/// A project's figures, as of `now`.
pub async fn metrics(
    rx: &mut Rx,
    may: &Granted<TaskView, Project>,
    now: DateTime<Utc>,
    query: &MetricsQuery,
) -> Result<Metrics> {
    let interval = query.interval.unwrap_or(Interval::Day);
    let (range, parts) = days::range(now, query.from.as_deref(), query.to.as_deref(), query.tz.as_deref(), interval)?;
    let window = (parts[0], parts[parts.len() - 1]);
    let (workspace, project) = (may.resource().workspace_id, may.resource().id);
    let mut history = History {
        standing: store::list_standing(rx, workspace, project, window.0, false).await?,
        entered: store::list_entered(rx, workspace, project, window, false).await?,
        left: store::list_left(rx, workspace, project, window, false).await?,
        created: store::list_created(rx, workspace, project, window).await?,
    };
    if store::is_estimated(rx, workspace, project).await? {
        history.standing.extend(store::list_standing(rx, workspace, project, window.0, true).await?);
        history.entered.extend(store::list_entered(rx, workspace, project, window, true).await?);
        history.left.extend(store::list_left(rx, workspace, project, window, true).await?);
    }
    let done = store::list_done(rx, workspace, project, window).await?;
    let points = points(&parts, &history, &done);
    let mut completed = took(done);
    let throughput = i64::try_from(completed.len()).unwrap_or(i64::MAX);
    let cycle_time = durations(completed.iter().filter_map(|task| task.cycle_seconds).collect());
    let lead_time = durations(completed.iter().map(|task| task.lead_seconds).collect());
    completed.truncate(MAX_LISTED);
    Ok(Metrics {
        project,
        key: may.resource().key.clone(),
        range,
        points,
        throughput,
        cycle_time,
        lead_time,
        completed,
        overdue: store::count_late(rx, workspace, project, now).await?,
        overdue_tasks: store::list_late(rx, workspace, project, now, MAX_LISTED as i64).await?,
        workload: store::list_workload(rx, workspace, project, now).await?,
        unassigned: store::count_unassigned(rx, workspace, project).await?,
    })
}

/// The figures of all projects that one may see, a page of them one by one. More than [`MAX_PROJECTS`] are refused as
/// `portfolio_too_large`.
pub async fn portfolio(
    rx: &mut Rx,
    may: &Granted<ProjectView, Reach>,
    now: DateTime<Utc>,
    query: &PortfolioQuery,
) -> Result<Portfolio> {
    let (range, parts) =
        days::range(now, query.from.as_deref(), query.to.as_deref(), query.tz.as_deref(), Interval::Week)?;
    let window = (parts[0], parts[parts.len() - 1]);
    let wanted = ProjectQuery {
        status: query.status.clone(),
        owner: query.owner.clone(),
        q: query.q.clone(),
        sort: query.sort.clone(),
        limit: query.limit,
        offset: query.offset,
        cursor: query.cursor.clone(),
        template: Some(false),
        ..ProjectQuery::default()
    };
    let all = projects::service::ids(rx, may, &wanted, MAX_PROJECTS + 1).await?;
    let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
    if total > MAX_PROJECTS {
        let detail = format!("there are more than {MAX_PROJECTS} such projects; ask for fewer by `status` or `owner`");
        return Err(Error::invalid("portfolio_too_large", detail));
    }
    let page = projects::service::list(rx, may, &wanted).await?;
    let mut counts: HashMap<ProjectId, Counts> =
        store::list_counts(rx, may.workspace(), &all, now, window).await?.into_iter().collect();
    let mut totals = Counts::default();
    counts.values().for_each(|counts| totals.add(counts));
    let shown: Vec<ProjectId> = page.items.iter().map(|project| project.id).collect();
    let mut milestones: HashMap<ProjectId, DateTime<Utc>> =
        store::list_next_milestones(rx, may.workspace(), &shown).await?.into_iter().collect();
    let figures = |project: Project| {
        let counts = counts.remove(&project.id).unwrap_or_default();
        figures(project, counts, &mut milestones)
    };
    Ok(Portfolio {
        range,
        items: page.items.into_iter().map(figures).collect(),
        next_cursor: page.next_cursor,
        total,
        totals,
        progress: totals.progress(),
    })
}

fn figures(project: Project, counts: Counts, milestones: &mut HashMap<ProjectId, DateTime<Utc>>) -> ProjectFigures {
    ProjectFigures {
        id: project.id,
        key: project.key,
        name: project.name,
        status: project.status,
        owner: project.owner_id,
        health: project.health,
        start_at: project.start_at,
        due_at: project.due_at,
        next_milestone_at: milestones.remove(&project.id),
        progress: counts.progress(),
        counts,
    }
}
