//! Looking at figures. Any number of nodes may do this at once: a rule's row is held while what was found is noted, and what
//! another node noted meanwhile is not noted again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use trackside_rules::model::{Metric, Trigger};

use super::events::{Crossed, ThresholdCrossed};
use super::metrics;
use super::service::{Standing, Standings, read};
use super::store::{self, Row};
use crate::access::{self, Actor, Who};
use crate::cx::Source;
use crate::db::{Db, Rx, Tx};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{ProjectId, RuleId, WorkspaceId};
use crate::projects::{self, Project, ProjectRef};
use crate::rules::{self, RuleInfo};
use crate::schedules::events::DueRule;
use crate::{Class, Error, Result, crash, events};

/// A figure that events move is found anew at most so often.
const SPACING: TimeDelta = TimeDelta::seconds(1);
/// How often a figure is found anew that time moves.
const OFTEN: TimeDelta = TimeDelta::minutes(1);
/// How often one that only events move, in case one was not heard.
const SELDOM: TimeDelta = TimeDelta::minutes(5);
/// After a look that failed it is looked again, later and later.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// How long the figures of one workspace are looked at before the others have their turn.
const TURN: Duration = Duration::from_millis(250);
/// So far behind the log a row may stand without being moved on.
const BEHIND: i64 = 1_000;
/// The most projects that a rule for all of a workspace looks at.
const MOST: usize = 500;

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// Whether any rule is started by figures.
    pub active: bool,
    /// When something is to be looked at next.
    pub next: Option<DateTime<Utc>>,
}

/// A figure that was found.
struct Found {
    place: String,
    project: Option<ProjectRef>,
    value: Option<f64>,
}

/// Looks at the figures that are due, or that something can have moved.
///
/// # Errors
/// When the database cannot be asked. What is wrong with one rule stands in its row, and it is looked at again.
pub async fn run(db: &Db, source: &Source) -> Result<Looked> {
    let rows = store::all(&mut *db.read().await?).await?;
    let mut looked = Looked { active: !rows.is_empty(), next: None };
    if rows.is_empty() {
        return Ok(looked);
    }
    let head = events::service::head(&mut *db.read().await?).await?;
    let now = source.now();
    let mut spent = HashMap::<WorkspaceId, Duration>::new();
    for row in rows {
        let spent = spent.entry(row.workspace_id).or_default();
        if *spent > TURN {
            looked.next = Some(now + SPACING);
            continue;
        }
        let began = Instant::now();
        let next = match one(db, source, row.clone(), head, now).await {
            Ok(next) => next,
            Err(error) if error.class == Class::Busy => return Err(error),
            Err(error) => failed(db, row, now, &error).await?,
        };
        *spent += began.elapsed();
        looked.next = Some(looked.next.map_or(next, |known| known.min(next)));
    }
    Ok(looked)
}

/// Looks at one rule if there is reason to; answers when it is to be looked at next.
async fn one(db: &Db, source: &Source, row: Row, head: i64, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let (info, metric) = {
        let mut rx = db.read().await?;
        let info = rules::service::find(&mut rx, row.workspace_id, row.rule_id).await?;
        let metric = info.rule.trigger.metric.as_deref().and_then(Metric::named);
        (info, metric.ok_or_else(|| Error::invalid("threshold", "the trigger names no figure that there is"))?)
    };
    // A clock that was put back must not make it wait.
    let is_due = row.look_at <= now || row.looked_at.is_some_and(|looked| looked > now + SPACING);
    if !is_due {
        let kinds = metrics::moved_by(metric);
        let moved = row.position < head && {
            let mut rx = db.read().await?;
            !events::store::of_kinds(&mut rx, row.workspace_id, row.position, head, kinds, 1).await?.is_empty()
        };
        if !moved {
            if head - row.position > BEHIND {
                let on = Row { position: head, ..row.clone() };
                put(db, &row, on).await?;
            }
            return Ok(row.look_at);
        }
        if let Some(soon) = row.looked_at.map(|looked| looked + SPACING).filter(|soon| *soon > now) {
            return Ok(soon.min(row.look_at));
        }
    }
    let found = find(&mut *db.read().await?, &info, metric, now).await?;
    note(db, source, row, &info, metric, found, head, now).await
}

/// The figures of a rule, as its owner sees them.
async fn find(rx: &mut Rx, info: &RuleInfo, metric: Metric, now: DateTime<Utc>) -> Result<Vec<Found>> {
    let who = Who::User { id: info.owner_id };
    let actor = access::service::acting(rx, who, info.workspace_id, info.owner_id, now).await?;
    let actor =
        actor.ok_or_else(|| Error::denied("the owner of the rule does not belong to the workspace any more"))?;
    let filter = info.rule.trigger.filter.as_deref().unwrap_or_default();
    let projects = projects_of(rx, info, metric).await?;
    let mut found = Vec::new();
    if projects.is_empty() && !metric.is_of_projects() && info.rule.scope.is_workspace() || metric.is_of_workspaces() {
        let value = metrics::figure(rx, &actor, metric, None, filter, now).await?;
        found.push(Found { place: String::new(), project: None, value });
        return Ok(found);
    }
    for project in projects {
        let value = metrics::figure(rx, &actor, metric, Some(&project), filter, now).await?;
        found.push(Found { place: project.id.to_string(), project: Some(ProjectRef::from(&project)), value });
    }
    Ok(found)
}

/// The projects that each have a figure of their own: those that the rule is for.
async fn projects_of(rx: &mut Rx, info: &RuleInfo, metric: Metric) -> Result<Vec<Project>> {
    let mut found = Vec::new();
    if metric.is_of_workspaces() {
        return Ok(found);
    }
    if info.rule.scope.is_workspace() {
        if metric.is_of_projects() {
            found = projects::service::in_use(rx, info.workspace_id, MOST).await?;
        }
        return Ok(found);
    }
    for name in &info.rule.scope.projects {
        let Ok(handle) = name.parse::<Handle<ProjectId>>() else { continue };
        // A project that is gone has no figures, and one that is named twice, by key and by id, has them once.
        let project = projects::service::find(rx, info.workspace_id, &handle).await.ok();
        found.extend(project.filter(|project: &Project| found.iter().all(|known: &Project| known.id != project.id)));
    }
    Ok(found)
}

/// Notes what was found, and announces what has come to stand beyond, in one transaction.
#[expect(clippy::too_many_arguments, reason = "all of what was found")]
async fn note(
    db: &Db,
    source: &Source,
    seen: Row,
    info: &RuleInfo,
    metric: Metric,
    found: Vec<Found>,
    head: i64,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>> {
    let (trigger, rule) = (info.rule.trigger.clone(), DueRule { id: info.id, name: info.name.clone() });
    let source = source.clone();
    let write = async move |tx: &mut Tx| {
        let Some(row) = store::lock(tx, seen.workspace_id, seen.rule_id).await?.filter(|row| *row == seen) else {
            // Another node was faster, or the rule was changed or switched off.
            return Ok(now + SPACING);
        };
        let known = read(&row)?;
        let (mut standings, mut next) = (Standings::new(), now + pause(metric));
        let cx = source.cx(Actor::system(row.workspace_id));
        for Found { place, project, value } in found {
            let mut standing = known.get(&place).cloned().unwrap_or_default();
            if step(&trigger, &mut standing, value, now) {
                let threshold = Crossed {
                    metric: trigger.metric.clone().unwrap_or_default(),
                    value: value.unwrap_or_default(),
                    above: trigger.above,
                    below: trigger.below,
                    since: standing.since.unwrap_or(now),
                };
                emit(tx, &cx, &ThresholdCrossed { rule: rule.clone(), threshold, project }).await?;
            } else if let (Some(since), false) = (standing.since, standing.over) {
                next = next.min(since + lasting(&trigger));
            }
            standings.insert(place, standing);
        }
        let gauges = serde_json::to_string(&standings)
            .map_err(|error| Error::internal("How a figure stands cannot be written.").caused_by(error))?;
        let after =
            Row { gauges, position: head, looked_at: Some(now), look_at: next, failures: 0, error: None, ..row };
        store::put(tx, &after).await?;
        crash::point("threshold.before_commit");
        Ok(next)
    };
    let next = db.write(write).await?;
    crash::point("threshold.looked");
    Ok(next)
}

/// What becomes of a figure; whether it fires.
fn step(trigger: &Trigger, standing: &mut Standing, value: Option<f64>, now: DateTime<Utc>) -> bool {
    standing.value = value;
    // Where there is no figure nothing is beyond.
    let Some(figure) = value else {
        (standing.since, standing.over) = (None, false);
        return false;
    };
    if standing.over {
        if trigger.is_back(figure) {
            (standing.since, standing.over) = (None, false);
        }
        return false;
    }
    if !trigger.is_beyond(figure) {
        standing.since = None;
        return false;
    }
    // The clock may have been put back.
    let since = standing.since.map_or(now, |since| since.min(now));
    standing.since = Some(since);
    standing.over = now - since >= lasting(trigger);
    standing.over
}

/// How long it must stay beyond.
fn lasting(trigger: &Trigger) -> TimeDelta {
    trigger.lasting.and_then(|lasting| TimeDelta::from_std(lasting.0).ok()).unwrap_or_default()
}

fn pause(metric: Metric) -> TimeDelta {
    match metric {
        Metric::TasksOverdue | Metric::RunsFailed | Metric::PeopleOverAllocated => OFTEN,
        Metric::BudgetUsedPercent | Metric::SprintRemaining | Metric::TasksOpen => SELDOM,
    }
}

async fn put(db: &Db, seen: &Row, after: Row) -> Result<()> {
    let seen = seen.clone();
    let write = async move |tx: &mut Tx| match store::lock(tx, seen.workspace_id, seen.rule_id).await? {
        Some(row) if row == seen => store::put(tx, &after).await,
        _ => Ok(()),
    };
    db.write(write).await
}

/// Notes that a look failed, and when it is repeated.
async fn failed(db: &Db, row: Row, now: DateTime<Utc>, error: &Error) -> Result<DateTime<Utc>> {
    let rule: RuleId = row.rule_id;
    tracing::warn!(%rule, %error, "a figure could not be looked at; it is tried again");
    let doublings = u32::try_from(row.failures).unwrap_or(0).min(16);
    let pause = FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
    let look_at = now + TimeDelta::from_std(pause).unwrap_or(SELDOM);
    let error = Some(error.detail.chars().take(1_000).collect());
    let after = Row { failures: row.failures + 1, look_at, looked_at: Some(now), error, ..row.clone() };
    put(db, &row, after).await?;
    Ok(look_at)
}
