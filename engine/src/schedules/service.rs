//! The verbs of schedules: what follows from a rule that is saved, switched or shown.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use trackside_rules::model::{CatchUp, Trigger};
use trackside_rules::schedule::Timetable;

use super::model::{Row, RuleSchedule};
use super::plan::Plan;
use super::store;
use crate::access::{Actor, Granted, ProjectView, RuleView};
use crate::db::{Rx, Signal, Tx};
use crate::handle::Handle;
use crate::ids::{RuleId, WorkspaceId};
use crate::planning::{WorkDays, plans};
use crate::projects::{self, Project};
use crate::rules::{RuleInfo, RuleState};
use crate::{Class, Error, Result};

/// How many times are shown with a rule.
const SHOWN: usize = 10;

/// What a schedule is read from, ready to be asked.
pub(super) struct Reading {
    pub timetable: Timetable,
    excluded: Option<WorkDays>,
    pub catch_up: CatchUp,
}

impl Reading {
    /// Reads a rule's schedule, and the calendar that leaves days out, if it names one.
    pub(super) async fn of(rx: &mut Rx, workspace: WorkspaceId, trigger: &Trigger) -> Result<Self> {
        let timetable = trigger.timetable().map_err(|wrong| Error::invalid("schedule", wrong.message))?;
        let excluded = match trigger.exclude.as_deref() {
            None => None,
            Some("workspace") => Some(plans::work_days(rx, workspace, None).await?),
            Some(name) => {
                let project = calendar_of(rx, workspace, name).await?;
                Some(plans::work_days(rx, workspace, Some(&project)).await?)
            }
        };
        Ok(Self { timetable, excluded, catch_up: trigger.catch_up.unwrap_or(CatchUp::Last) })
    }

    /// Whether a time counts.
    pub(super) fn counts(&self, time: DateTime<Utc>) -> bool {
        self.excluded.as_ref().is_none_or(|days| days.works_at(time))
    }

    /// As it is planned with, for a row.
    pub(super) fn due(&self, row: &Row, now: DateTime<Utc>) -> Vec<super::plan::Due> {
        let (settled, waiting_since) = (row.settled_at, row.waiting_since);
        self.plan(settled, waiting_since, |plan| plan.due(now))
    }

    /// The first time after `after` that counts.
    pub(super) fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.plan(after, None, |plan| plan.next(after))
    }

    fn plan<T>(
        &self,
        settled: DateTime<Utc>,
        waiting_since: Option<DateTime<Utc>>,
        ask: impl FnOnce(&Plan<'_>) -> T,
    ) -> T {
        let counts = |time: DateTime<Utc>| self.counts(time);
        ask(&Plan { timetable: &self.timetable, counts: &counts, settled, waiting_since, catch_up: self.catch_up })
    }
}

/// The project whose calendar a schedule names.
async fn calendar_of(rx: &mut Rx, workspace: WorkspaceId, name: &str) -> Result<Project> {
    let handle: Handle<_> = name.parse().map_err(|_| no_calendar(name))?;
    projects::service::find(rx, workspace, &handle).await.map_err(|error| match error.class {
        Class::NotFound => no_calendar(name),
        _ => error,
    })
}

fn no_calendar(name: &str) -> Error {
    let shown: String = name.chars().take(64).collect();
    let message = format!("There is no project `{shown}`; write the key or id of a project, or `workspace`.");
    Error::invalid("rule_invalid", message.clone()).and_field("/trigger/exclude", message)
}

/// Lets a rule's schedule follow the rule, after it was saved or switched.
///
/// # Errors
/// `rule_invalid` when it is switched on and names a calendar that is not there, or that `actor` may not see.
pub(crate) async fn follow(tx: &mut Tx, actor: &Actor, now: DateTime<Utc>, info: &RuleInfo) -> Result<()> {
    let (workspace, trigger) = (info.workspace_id, &info.rule.trigger);
    let known = store::find_for_update(tx, workspace, info.id).await?;
    if !trigger.is_clock() {
        return if known.is_some() { store::delete(tx, workspace, info.id).await } else { Ok(()) };
    }
    let timing = timing(trigger)?;
    let on = matches!(info.state, RuleState::Enabled | RuleState::Shadow);
    let Some(mut row) = known.or_else(|| on.then(|| fresh(info, now))) else { return Ok(()) };
    if !on {
        (row.next_at, row.look_at, row.waiting_since, row.error, row.failures) = (None, None, None, None, 0);
        row.active = false;
        return store::put(tx, &row).await;
    }
    if let Some(name) = trigger.exclude.as_deref().filter(|name| *name != "workspace") {
        refuse_unseen(tx, actor, workspace, name).await?;
    }
    if row.timing != timing {
        (row.timing, row.settled_at, row.waiting_since) = (timing, now, None);
    } else if !row.active && trigger.catch_up.is_none_or(|catch_up| catch_up == CatchUp::None) {
        // What passed while the rule was switched off is made up for only if the rule says so itself.
        row.settled_at = row.settled_at.max(now);
    }
    (row.failures, row.error, row.active) = (0, None, true);
    row.field = trigger.dated().map(|dated| dated.field.to_string());
    // Whoever looks finds the next time: some are searched for long, and here other writes wait.
    (row.next_at, row.look_at) = (None, Some(now));
    store::put(tx, &row).await?;
    tx.wake(Signal::Schedules);
    Ok(())
}

/// A calendar that the actor may not see is not there.
async fn refuse_unseen(rx: &mut Rx, actor: &Actor, workspace: WorkspaceId, name: &str) -> Result<()> {
    let project = calendar_of(rx, workspace, name).await?;
    actor.may::<ProjectView, _>(project).map(drop).map_err(|_| no_calendar(name))
}

fn fresh(info: &RuleInfo, now: DateTime<Utc>) -> Row {
    Row {
        rule_id: info.id,
        workspace_id: info.workspace_id,
        timing: String::new(),
        settled_at: now,
        next_at: None,
        look_at: None,
        waiting_since: None,
        last_at: None,
        last_event_id: None,
        failures: 0,
        error: None,
        field: None,
        active: false,
    }
}

/// What decides over a rule's times, as text: another one, and they are counted anew from now on.
fn timing(trigger: &Trigger) -> Result<String> {
    let mut times = trigger.clone();
    // These say what is done about a time, and not when it is.
    (times.catch_up, times.overlap, times.exclude) = (None, None, None);
    serde_json::to_string(&times).map_err(|error| Error::internal(format!("a trigger's JSON: {error}")))
}

/// Looks anew at all schedules of a workspace: a calendar that leaves days out of them may have changed.
pub(crate) async fn look_anew(tx: &mut Tx, workspace: WorkspaceId, now: DateTime<Utc>) -> Result<()> {
    if store::look(tx, workspace, now).await? {
        tx.wake(Signal::Schedules);
    }
    Ok(())
}

/// When a rule is due by its schedule; none for a rule that has another trigger.
pub async fn of_rule(
    rx: &mut Rx,
    may: &Granted<RuleView, RuleInfo>,
    now: DateTime<Utc>,
) -> Result<Option<RuleSchedule>> {
    let info = may.resource();
    let trigger = &info.rule.trigger;
    if !trigger.is_clock() {
        return Ok(None);
    }
    let row = store::find(rx, info.workspace_id, info.id).await?;
    if let Some(dated) = trigger.dated() {
        let next = row.as_ref().and_then(|row| row.next_at).map(|next| next.with_timezone(&dated.zone));
        return Ok(Some(RuleSchedule {
            next: next.map(|next| next.to_rfc3339_opts(SecondsFormat::Secs, true)).into_iter().collect(),
            last_at: None,
            waiting_since: None,
            error: row.and_then(|row| row.error),
        }));
    }
    let (next, unread) = match Reading::of(rx, info.workspace_id, &info.rule.trigger).await {
        Ok(reading) => (shown(Arc::new(reading), now).await?, None),
        Err(error) if error.class != Class::Invalid => return Err(error),
        Err(error) => (Vec::new(), Some(error.detail.clone())),
    };
    Ok(Some(RuleSchedule {
        next,
        last_at: row.as_ref().and_then(|row| row.last_at),
        waiting_since: row.as_ref().and_then(|row| row.waiting_since),
        error: row.and_then(|row| row.error).or(unread),
    }))
}

/// The days on which a schedule with this `exclude` may be due.
///
/// # Errors
/// `invalid_fields` at `/exclude` when there is no such calendar, or none that the actor may see.
pub async fn calendar(rx: &mut Rx, actor: &Actor, exclude: &str) -> Result<WorkDays> {
    if exclude == "workspace" {
        return plans::work_days(rx, actor.workspace, None).await;
    }
    let found = match calendar_of(rx, actor.workspace, exclude).await {
        Ok(project) => actor.may::<ProjectView, _>(project).ok(),
        Err(error) if error.class == Class::Invalid => None,
        Err(error) => return Err(error),
    };
    let message = "There is no such project; write the key or id of a project, or `workspace`.";
    let project = found.ok_or_else(|| Error::field("/exclude", message))?.into_resource();
    plans::work_days(rx, actor.workspace, Some(&project)).await
}

/// Whether a schedule that can be read has no time left.
pub(crate) async fn never_comes(
    rx: &mut Rx,
    workspace: WorkspaceId,
    trigger: &Trigger,
    now: DateTime<Utc>,
) -> Result<bool> {
    match Reading::of(rx, workspace, trigger).await {
        Ok(reading) => {
            let find = move || reading.next(now).is_none();
            let found = tokio::task::spawn_blocking(find).await;
            found.map_err(|error| Error::internal(format!("a schedule's times: {error}")))
        }
        // What cannot be read is said elsewhere.
        Err(error) if error.class == Class::Invalid => Ok(false),
        Err(error) => Err(error),
    }
}

/// The next times, searched where short requests do not wait: some schedules are rare.
async fn shown(reading: Arc<Reading>, now: DateTime<Utc>) -> Result<Vec<String>> {
    let find = move || {
        let mut times = Vec::with_capacity(SHOWN);
        // A time that is just now has not passed.
        let mut after = now - TimeDelta::microseconds(1);
        while let Some(time) = reading.next(after).filter(|_| times.len() < SHOWN) {
            times.push(local(&reading.timetable, time));
            after = time;
        }
        times
    };
    tokio::task::spawn_blocking(find).await.map_err(|error| Error::internal(format!("a schedule's times: {error}")))
}

/// A time with the offset of the schedule's zone.
pub(super) fn local(timetable: &Timetable, time: DateTime<Utc>) -> String {
    time.with_timezone(&timetable.zone()).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The row of a rule, for whoever looks at what is due.
pub(super) async fn hold(tx: &mut Tx, seen: &Row) -> Result<Option<Row>> {
    let (workspace, rule): (WorkspaceId, RuleId) = (seen.workspace_id, seen.rule_id);
    // Another node was faster, or the rule was changed or switched off.
    Ok(store::find_for_update(tx, workspace, rule).await?.filter(|row| row == seen))
}
