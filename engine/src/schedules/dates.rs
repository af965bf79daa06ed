//! Rules that are started by dates of tasks: the trigger `date`.
//!
//! Of the tasks only those are read whose date is near enough to be reached now, or next: by an index, in the order of the
//! dates. What is reached later than [`settled`](super::model::Row) and by now is announced, once per rule, task and date; the
//! next one is when the rule is looked at again. A date that is changed is looked at by itself ([`changes`](super::changes)).

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Map, Value};
use trackside_rules::model::{DateField, Dated};
use trackside_rules::recurrence::instant;

use super::due::{APART, put};
use super::events::{DateReached, DueRule, Reached};
use super::model::Row;
use super::service::hold;
use super::store::{self, At};
use crate::access::Actor;
use crate::cx::{Cause, Cx, Source};
use crate::db::{Db, Rx, Tx};
use crate::events::store as log;
use crate::events::{self, Fresh, NewEvent};
use crate::handle::Handle;
use crate::ids::{ProjectId, TaskId, WorkspaceId};
use crate::planning::{WorkDays, plans};
use crate::projects::{self, ProjectRef};
use crate::rules::RuleInfo;
use crate::runs::Change;
use crate::tasks::{self, Task};
use crate::{Error, Result, crash};

/// How many tasks are read at a time.
const PAGE: i64 = 200;
/// How many are announced in one transaction.
const TOGETHER: usize = 25;
/// So many changes of a task are read at once to find who set its date, and so often.
const LOG_PAGE: i64 = 50;
const LOG_PAGES: usize = 20;
/// What was reached longer ago, while nothing looked, is gone.
const LATE: TimeDelta = TimeDelta::days(30);

/// A task whose date is reached.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub task: TaskId,
    pub date: DateTime<Utc>,
    pub moment: DateTime<Utc>,
}

/// A rule with a `date` trigger, ready to be asked.
pub(super) struct Asked {
    pub dated: Dated,
    /// The projects that the rule is for; all when none are named.
    scope: Option<Vec<ProjectId>>,
    usual: Option<WorkDays>,
    own: HashMap<ProjectId, WorkDays>,
}

impl Asked {
    pub(super) async fn of(rx: &mut Rx, info: &RuleInfo) -> Result<Self> {
        let dated = info.rule.trigger.dated();
        let dated = dated.ok_or_else(|| Error::invalid("date", "the trigger says no date that can be read"))?;
        let workspace = info.workspace_id;
        let mut scope = None;
        if !info.rule.scope.is_workspace() {
            let mut ids = Vec::new();
            for name in &info.rule.scope.projects {
                let Ok(handle) = name.parse::<Handle<ProjectId>>() else { continue };
                // A project that is gone has no tasks.
                ids.extend(projects::service::find(rx, workspace, &handle).await.ok().map(|project| project.id));
            }
            scope = Some(ids);
        }
        let (mut usual, mut own) = (None, HashMap::new());
        if dated.asks_for_working_days() {
            usual = Some(plans::work_days(rx, workspace, None).await?);
            own = plans::own_work_days(rx, workspace).await?;
        }
        Ok(Self { dated, scope, usual, own })
    }

    pub(super) fn covers(&self, project: ProjectId) -> bool {
        self.scope.as_ref().is_none_or(|scope| scope.contains(&project))
    }

    /// When the date of a task of this project is reached.
    pub(super) fn moment(&self, date: DateTime<Utc>, project: ProjectId) -> Option<DateTime<Utc>> {
        let days = self.own.get(&project).or(self.usual.as_ref());
        self.dated.moment(date, |day| works(days, day))
    }

    /// Every calendar that matters.
    fn calendars(&self) -> Vec<Option<&WorkDays>> {
        let own = self.own.values().map(Some);
        std::iter::once(self.usual.as_ref()).chain(own).collect()
    }

    /// The earliest that a date can be reached, whatever project it is of.
    fn earliest(&self, date: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.calendars().into_iter().filter_map(|days| self.dated.moment(date, |day| works(days, day))).min()
    }

    /// No date before this one is reached after `from`.
    fn first(&self, from: DateTime<Utc>) -> DateTime<Utc> {
        let first = |days| self.dated.first_date(from, |day| works(days, day));
        self.calendars().into_iter().filter_map(first).min().unwrap_or(from)
    }

    /// The date that a task has, if it is one of this rule's.
    pub(super) fn date_of(&self, task: &Task) -> Result<Option<DateTime<Utc>>> {
        Ok(match &self.dated.field {
            DateField::Due => task.due_at,
            DateField::Start => task.start_at,
            DateField::Custom(key) => {
                let custom = task.custom.read()?;
                let day = custom.get(key).and_then(|value| value.as_str()).and_then(|text| text.parse().ok());
                day.and_then(|day| self.midnight(day))
            }
        })
    }

    /// A day as a moment: when it begins on the clock of the rule's zone.
    fn midnight(&self, day: NaiveDate) -> Option<DateTime<Utc>> {
        Some(instant(self.dated.zone, day.and_time(chrono::NaiveTime::MIN))?.to_utc())
    }

    /// A page of open tasks by their dates, behind `behind` or from `first` on; and where the next page begins.
    async fn page(
        &self,
        rx: &mut Rx,
        workspace: WorkspaceId,
        first: DateTime<Utc>,
        behind: Option<At>,
    ) -> Result<(Vec<(TaskId, ProjectId, DateTime<Utc>)>, Option<At>)> {
        let rows: Vec<(TaskId, ProjectId, DateTime<Utc>, At)> = match &self.dated.field {
            DateField::Custom(key) => {
                let day = first.with_timezone(&self.dated.zone).date_naive();
                let behind = behind.unwrap_or_else(|| At::day(day));
                let rows = store::list_by_field(rx, workspace, key, &behind, PAGE).await?;
                let dated = rows.into_iter().filter_map(|(task, project, ord)| {
                    let day = ord.get(1..).and_then(|text| text.parse().ok())?;
                    Some((task, project, self.midnight(day)?, At::Ord(ord, task)))
                });
                dated.collect()
            }
            field => {
                let behind = behind.unwrap_or_else(|| At::moment(first));
                let due = *field == DateField::Due;
                let rows = store::list_by_date(rx, workspace, due, &behind, PAGE).await?;
                rows.into_iter().map(|(task, project, date)| (task, project, date, At::Time(date, task))).collect()
            }
        };
        let full = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= PAGE;
        let next = rows.last().map(|row| row.3.clone()).filter(|_| full);
        Ok((rows.into_iter().map(|(task, project, date, _)| (task, project, date)).collect(), next))
    }
}

fn works(days: Option<&WorkDays>, day: NaiveDate) -> bool {
    days.is_none_or(|days| days.works_on(day))
}

/// Looks at a rule with a `date` trigger: announces what is reached, and finds when the next date will be.
pub(super) async fn look(db: &Db, source: &Source, row: Row, info: &RuleInfo, now: DateTime<Utc>) -> Result<()> {
    let asked = Asked::of(&mut *db.read().await?, info).await?;
    let from = if row.settled_at > now + APART { now } else { row.settled_at.max(now - LATE) };
    let (first, mut behind, mut next) = (asked.first(from), None, None);
    let mut reached = Vec::new();
    loop {
        let (page, more) = asked.page(&mut *db.read().await?, row.workspace_id, first, behind).await?;
        let last = page.last().map(|(_, _, date)| *date);
        for (task, project, date) in page {
            let Some(moment) = asked.moment(date, project).filter(|_| asked.covers(project)) else { continue };
            if moment > now {
                next = Some(next.map_or(moment, |next: DateTime<Utc>| next.min(moment)));
            } else if moment > from {
                reached.push(Hit { task, date, moment });
            }
        }
        while reached.len() >= TOGETHER || (more.is_none() && !reached.is_empty()) {
            let rest = reached.split_off(reached.len().min(TOGETHER));
            if !announce(db, source, &row, info, reached).await? {
                return Ok(());
            }
            reached = rest;
        }
        // What comes behind is reached later than the next that was found.
        let later = last.and_then(|date| asked.earliest(date)).zip(next).is_some_and(|(last, next)| last >= next);
        behind = more;
        if behind.is_none() || later {
            break;
        }
    }
    if !reached.is_empty() && !announce(db, source, &row, info, reached).await? {
        return Ok(());
    }
    let after = Row { settled_at: now, next_at: next, look_at: next, failures: 0, error: None, ..row.clone() };
    put(db, row, after).await
}

/// Announces what is reached, in one transaction; false when somebody else has the rule's row.
async fn announce(db: &Db, source: &Source, row: &Row, info: &RuleInfo, hits: Vec<Hit>) -> Result<bool> {
    let (row, info, cx) = (row.clone(), info.clone(), source.cx(Actor::system(info.workspace_id)));
    let write = async move |tx: &mut Tx| {
        if hold(tx, &row).await?.is_none() {
            return Ok(false);
        }
        let asked = Asked::of(tx, &info).await?;
        write(tx, &cx, &info, &asked, &hits).await?;
        crash::point("schedule.before_commit");
        Ok(true)
    };
    let held = db.write(write).await?;
    crash::point("schedule.announced");
    Ok(held)
}

/// Writes the events of dates that are reached, each once. A task that has another date by now, or is done, has none.
pub(super) async fn write(tx: &mut Tx, cx: &Cx, info: &RuleInfo, asked: &Asked, hits: &[Hit]) -> Result<()> {
    let workspace = info.workspace_id;
    let ids: Vec<TaskId> = hits.iter().map(|hit| hit.task).collect();
    let found = tasks::service::by_ids(tx, workspace, &ids).await?;
    let mut known: HashMap<ProjectId, ProjectRef> = HashMap::new();
    for hit in hits {
        let Some(task) = found.iter().find(|task| task.id == hit.task && task.is_open()) else { continue };
        if asked.date_of(task)? != Some(hit.date) {
            continue;
        }
        let id = cx.new_id();
        if !store::note_date(tx, info.id, hit.task, hit.date, workspace, id).await? {
            continue;
        }
        let project = match known.get(&task.project_id) {
            Some(project) => project.clone(),
            None => {
                let found = projects::service::find(tx, workspace, &Handle::Id(task.project_id)).await?;
                let project = ProjectRef::from(&found);
                known.insert(task.project_id, project.clone());
                project
            }
        };
        let rule = DueRule { id: info.id, name: info.name.clone() };
        let reached = Reached { field: asked.dated.field.to_string(), date: hit.date, nominal_at: hit.moment };
        let event = DateReached { task, project: &project, rule, reached };
        let cause = set_by(tx, workspace, hit.task, &asked.dated.field).await?;
        let cx = cause.map_or_else(|| cx.clone(), |cause| cx.clone().because(cause));
        let fresh = Fresh::new(&cx, id, NewEvent::of(&event)?)?;
        events::service::append(tx, &[&fresh], None).await?;
    }
    Ok(())
}

/// The rule that set a date of a task, if the last change of it was a rule's: what starts because the date is reached stands in
/// the same chain, however much later that is.
async fn set_by(rx: &mut Rx, workspace: WorkspaceId, task: TaskId, field: &DateField) -> Result<Option<Cause>> {
    let (field, mut before) = (field.to_string(), None);
    for _ in 0..LOG_PAGES {
        let page = log::kinds_of_task(rx, workspace, task, &["task.created", "task.updated"], before, LOG_PAGE).await?;
        for event in &page {
            let wrong = |error: serde_json::Error| Error::internal(format!("event {}: {error}", event.id));
            let payload: Map<String, Value> = serde_json::from_str(&event.payload).map_err(wrong)?;
            let change = payload.get("change").and_then(Value::as_object);
            if event.kind == "task.created" || change.is_some_and(|change| Change::told(&field, change).is_some()) {
                return event.cause.as_deref().map(serde_json::from_str).transpose().map_err(wrong);
            }
        }
        before = page.last().map(|event| event.id);
        if before.is_none() {
            break;
        }
    }
    Ok(None)
}
