//! Dates of tasks that were changed: what that means for the rules that go by them.
//!
//! A date that will be reached later makes its rule be looked at then, if that is sooner. One that was moved to where it
//! would have been reached already is reached at once, if that would have been within [`WINDOW`]; otherwise it is not: whoever
//! writes down what is long past wants no reminders of it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::dates::{Asked, Hit, write};
use super::model::Row;
use super::store;
use crate::access::Actor;
use crate::cx::Source;
use crate::db::{Db, Signal, Tx};
use crate::ids::{TaskId, WorkspaceId};
use crate::{Result, rules, tasks};

/// How many changes are looked at in one transaction.
const TOGETHER: i64 = 20;
/// So long ago a date that is changed may have been reached.
const WINDOW: TimeDelta = TimeDelta::days(1);

/// Notes that dates of a task were changed, if a rule goes by them.
pub(crate) async fn note(tx: &mut Tx, workspace: WorkspaceId, task: TaskId, fields: &[String]) -> Result<()> {
    for field in fields {
        if store::note_change(tx, workspace, task, field).await? {
            tx.wake(Signal::Schedules);
        }
    }
    Ok(())
}

/// Looks at what was changed.
pub(super) async fn run(db: &Db, source: &Source, now: DateTime<Utc>) -> Result<()> {
    while store::has_changes(&mut *db.read().await?).await? {
        let source = source.clone();
        db.write(async move |tx: &mut Tx| some(tx, &source, now).await).await?;
    }
    Ok(())
}

async fn some(tx: &mut Tx, source: &Source, now: DateTime<Utc>) -> Result<()> {
    let mut changed: BTreeMap<(WorkspaceId, String), Vec<TaskId>> = BTreeMap::new();
    for (task, field, workspace) in store::take_changes(tx, TOGETHER).await? {
        changed.entry((workspace, field)).or_default().push(task);
    }
    for ((workspace, field), ids) in changed {
        for row in store::of_field_for_update(tx, workspace, &field).await? {
            if let Err(error) = weigh(tx, source, &row, &ids, now).await {
                if error.is_retryable() {
                    return Err(error);
                }
                tracing::warn!(rule = %row.rule_id, %error, "changed dates could not be looked at; the rule's own look says why");
            }
        }
    }
    Ok(())
}

/// What changed dates mean for one rule.
async fn weigh(tx: &mut Tx, source: &Source, row: &Row, ids: &[TaskId], now: DateTime<Utc>) -> Result<()> {
    let info = rules::service::find(tx, row.workspace_id, row.rule_id).await?;
    let asked = Asked::of(tx, &info).await?;
    let (mut hits, mut sooner) = (Vec::new(), None);
    for task in tasks::service::by_ids(tx, row.workspace_id, ids).await? {
        let Some(date) = asked.date_of(&task)?.filter(|_| asked.covers(task.project_id)) else { continue };
        let Some(moment) = asked.moment(date, task.project_id) else { continue };
        if moment > row.settled_at {
            sooner = Some(sooner.map_or(moment, |sooner: DateTime<Utc>| sooner.min(moment)));
        } else if moment > now - WINDOW {
            hits.push(Hit { task: task.id, date, moment });
        }
    }
    let cx = source.cx(Actor::system(row.workspace_id));
    write(tx, &cx, &info, &asked, &hits).await?;
    if let Some(sooner) = sooner.filter(|sooner| row.next_at.is_none_or(|next| *sooner < next)) {
        let look_at = Some(row.look_at.map_or(sooner, |look| look.min(sooner)));
        store::put(tx, &Row { next_at: Some(sooner), look_at, ..row.clone() }).await?;
    }
    Ok(())
}
