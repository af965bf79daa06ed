//! Announcing the times that have come. Any number of nodes may do this at once.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use trackside_rules::model::Overlap;

use super::events::{DueRule, DueTime, ScheduleOccurred, Skipped};
use super::model::Row;
use super::plan::{self, Due};
use super::service::{Reading, hold, local};
use super::{changes, dates, store};
use crate::access::Actor;
use crate::cx::Source;
use crate::db::{Db, Tx};
use crate::events::NewEvent;
use crate::events::{self, Fresh};
use crate::handle::Handle;
use crate::projects::{self, ProjectRef};
use crate::rules::{self, RuleInfo, RuleState};
use crate::{Class, Error, Result, crash};

/// How many rules are looked at in one go.
const BATCH: i64 = 50;
/// So far ahead the clocks of nodes may be of each other. What is settled later than that was settled before the clock was
/// put back.
pub(super) const APART: TimeDelta = TimeDelta::minutes(1);
/// How often is looked whether the run is over that times wait for.
const WAIT: TimeDelta = TimeDelta::seconds(1);
/// After a look that failed it is looked again, later and later.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// The clock may be put back so far without a time being announced twice.
const REMEMBERED: TimeDelta = TimeDelta::days(400);

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// How many rules were due.
    pub due: usize,
    /// When the next one is to be looked at.
    pub next: Option<DateTime<Utc>>,
}

/// Announces what is due.
///
/// # Errors
/// Only when the database cannot be asked. What is wrong with one rule is noted in its row, and it is looked at again.
pub async fn run(db: &Db, source: &Source) -> Result<Looked> {
    let now = source.now();
    changes::run(db, source, now).await?;
    let due = store::due(&mut *db.read().await?, now, now + APART, BATCH).await?;
    let count = due.len();
    for row in due {
        match look(db, source, row.clone(), now).await {
            Ok(()) => {}
            Err(error) if error.class == Class::Busy => return Err(error),
            Err(error) => {
                let rule = row.rule_id;
                tracing::warn!(%rule, %error, "a schedule could not be carried out; it is tried again");
                db.write(async move |tx: &mut Tx| failed(tx, row, now, &error).await).await?;
            }
        }
    }
    let next = store::next(&mut *db.read().await?).await?;
    Ok(Looked { due: count, next })
}

/// Notes that a look failed, and when it is repeated.
async fn failed(tx: &mut Tx, seen: Row, now: DateTime<Utc>, error: &Error) -> Result<()> {
    let Some(mut row) = hold(tx, &seen).await? else { return Ok(()) };
    let doublings = u32::try_from(row.failures).unwrap_or(0).min(16);
    let pause = FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
    row.failures += 1;
    row.look_at = Some(now + pause);
    row.error = Some(error.detail.chars().take(1_000).collect());
    store::put(tx, &row).await
}

/// Looks at one rule: announces each of its times that is due, in a transaction of its own.
async fn look(db: &Db, source: &Source, mut row: Row, now: DateTime<Utc>) -> Result<()> {
    let (info, reading) = {
        let mut rx = db.read().await?;
        let info = rules::service::find(&mut rx, row.workspace_id, row.rule_id).await?;
        if !matches!(info.state, RuleState::Enabled | RuleState::Shadow) {
            return Ok(());
        }
        if info.rule.trigger.is_date() {
            drop(rx);
            return dates::look(db, source, row, &info, now).await;
        }
        let reading = Reading::of(&mut rx, row.workspace_id, &info.rule.trigger).await?;
        (info, reading)
    };
    if row.settled_at > now + APART {
        // The clock was put back: what comes now comes again, and what was announced already is known by its time.
        tracing::info!(rule = %row.rule_id, settled_at = %row.settled_at, "the clock was put back; a schedule begins anew from now on");
        let back = Row { settled_at: now, waiting_since: None, ..row.clone() };
        return settle(db, row, back, &reading).await;
    }
    let mut due = reading.due(&row, now).into_iter().peekable();
    while let Some(Due { nominal, caught_up }) = due.next() {
        let going = match (info.rule.trigger.overlap, row.last_event_id) {
            (None | Some(Overlap::Allow), _) | (_, None) => false,
            (_, Some(event)) => store::is_going(&mut *db.read().await?, event, row.rule_id).await?,
        };
        let skipped = going.then_some(Skipped::Overlap);
        if going && info.rule.trigger.overlap == Some(Overlap::Queue) {
            // What was missed before it began to wait is made up for, and says so.
            let since = row.waiting_since.unwrap_or(row.settled_at.max(plan::in_time_after(now)));
            let waits =
                Row { waiting_since: Some(since), look_at: Some(now + WAIT), next_at: Some(nominal), ..row.clone() };
            return put(db, row, waits).await;
        }
        let schedule = DueTime { nominal_at: nominal, local: local(&reading.timetable, nominal), caught_up, skipped };
        let next = match due.peek() {
            Some(next) => Some(next.nominal),
            None => reading.next(now),
        };
        let settled_at = if due.peek().is_some() { nominal } else { now };
        let waiting_since = row.waiting_since.filter(|_| due.peek().is_some());
        let after =
            Row { settled_at, next_at: next, look_at: next, waiting_since, failures: 0, error: None, ..row.clone() };
        match announce(db, source, row, after, &info, schedule).await? {
            Some(now) => row = now,
            None => return Ok(()),
        }
        if due.peek().is_none() {
            return Ok(());
        }
    }
    let after = Row { settled_at: now, waiting_since: None, ..row.clone() };
    settle(db, row, after, &reading).await
}

/// Writes a row that has nothing to announce, up to what is settled now.
async fn settle(db: &Db, seen: Row, mut after: Row, reading: &Reading) -> Result<()> {
    after.next_at = reading.next(after.settled_at);
    (after.look_at, after.failures, after.error) = (after.next_at, 0, None);
    put(db, seen, after).await
}

pub(super) async fn put(db: &Db, seen: Row, after: Row) -> Result<()> {
    let write = async move |tx: &mut Tx| match hold(tx, &seen).await? {
        Some(_) => store::put(tx, &after).await,
        None => Ok(()),
    };
    db.write(write).await
}

/// Announces one time, once; answers the row as it is then, or nothing when somebody else has it.
async fn announce(
    db: &Db,
    source: &Source,
    seen: Row,
    mut after: Row,
    info: &RuleInfo,
    schedule: DueTime,
) -> Result<Option<Row>> {
    let nominal = schedule.nominal_at;
    let runs = schedule.skipped.is_none();
    let rule = DueRule { id: info.id, name: info.name.clone() };
    let place = match info.rule.scope.projects.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    };
    let cx = source.cx(Actor::system(info.workspace_id));
    let write = async move |tx: &mut Tx| {
        let Some(row) = hold(tx, &seen).await? else { return Ok(None) };
        let id = cx.new_id();
        if store::note(tx, &row, nominal, id).await? {
            let project = match place.as_deref().and_then(|name| name.parse::<Handle<_>>().ok()) {
                Some(handle) => projects::service::find(tx, row.workspace_id, &handle).await.ok(),
                None => None,
            };
            let event = ScheduleOccurred { rule, schedule, project: project.as_ref().map(ProjectRef::from) };
            let fresh = Fresh::new(&cx, id, NewEvent::of(&event)?)?;
            events::service::append(tx, &[&fresh], None).await?;
            after.last_at = Some(nominal);
            if runs {
                after.last_event_id = Some(id);
            }
            store::forget(tx, row.rule_id, nominal - REMEMBERED).await?;
        }
        store::put(tx, &after).await?;
        crash::point("schedule.before_commit");
        Ok(Some(after))
    };
    let after = db.write(write).await?;
    crash::point("schedule.announced");
    Ok(after)
}
