//! All SQL on `rule_schedules` and `rule_times`.

use chrono::{DateTime, Utc};

use super::model::Row;
use crate::Result;
use crate::db::{Rx, Tx, statements};
use crate::ids::{EventId, RuleId, WorkspaceId};

statements! {
    FIND = "select {Row} from rule_schedules where workspace_id = $1 and rule_id = $2", Row;
    FIND_FOR_UPDATE = "select {Row} from rule_schedules where workspace_id = $1 and rule_id = $2 for update", Row;
    // Of every workspace, as the two below: for the look at what is due alone. What is settled in the future was settled
    // before the clock was put back.
    DUE = "select {Row} from rule_schedules where look_at <= $1 or settled_at > $2 order by look_at limit $3", Row;
    NEXT = "select look_at from rule_schedules where look_at is not null order by look_at limit 1";
    PUT = "insert into rule_schedules (rule_id, workspace_id, timing, settled_at, next_at, look_at, waiting_since, last_at, \
     last_event_id, failures, error) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (rule_id) do update set \
     timing = excluded.timing, settled_at = excluded.settled_at, next_at = excluded.next_at, look_at = excluded.look_at, \
     waiting_since = excluded.waiting_since, last_at = excluded.last_at, last_event_id = excluded.last_event_id, \
     failures = excluded.failures, error = excluded.error";
    DELETE = "delete from rule_schedules where workspace_id = $1 and rule_id = $2";
    LOOK = "update rule_schedules set look_at = $2 where workspace_id = $1 and look_at is not null and look_at > $2";
    NOTE = "insert into rule_times (rule_id, nominal_at, workspace_id, event_id) values ($1, $2, $3, $4) \
     on conflict (rule_id, nominal_at) do nothing";
    FORGET = "delete from rule_times where rule_id = $1 and nominal_at < $2";
    // An event that is not dispatched may still start a run.
    GOING = "select e.id from events e left join runs r on r.event_id = e.id and r.rule_id = $2 and r.rerun_of is null \
     where e.id = $1 and (e.position is null or r.state in ('queued', 'running', 'waiting', 'retrying'))";
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, rule: RuleId) -> Result<Option<Row>> {
    rx.opt(FIND, (workspace, rule)).await
}

/// The row as it is now, locked until the transaction ends.
pub(super) async fn find_for_update(tx: &mut Tx, workspace: WorkspaceId, rule: RuleId) -> Result<Option<Row>> {
    tx.opt(FIND_FOR_UPDATE, (workspace, rule)).await
}

/// Those that are to be looked at, and those that are settled later than `ahead`; the longest due first.
pub(super) async fn due(rx: &mut Rx, now: DateTime<Utc>, ahead: DateTime<Utc>, limit: i64) -> Result<Vec<Row>> {
    rx.all(DUE, (now, ahead, limit)).await
}

/// When the next one is to be looked at.
pub(super) async fn next(rx: &mut Rx) -> Result<Option<DateTime<Utc>>> {
    Ok(rx.opt::<(DateTime<Utc>,)>(NEXT, ()).await?.map(|(time,)| time))
}

pub(super) async fn put(tx: &mut Tx, row: &Row) -> Result<()> {
    let args = (
        row.rule_id,
        row.workspace_id,
        row.timing.as_str(),
        row.settled_at,
        row.next_at,
        row.look_at,
        row.waiting_since,
        row.last_at,
        row.last_event_id,
        row.failures,
        row.error.as_deref(),
    );
    tx.execute(PUT, args).await.map(drop)
}

pub(super) async fn delete(tx: &mut Tx, workspace: WorkspaceId, rule: RuleId) -> Result<()> {
    tx.execute(DELETE, (workspace, rule)).await.map(drop)
}

/// Looks at a workspace's at `now`, not later.
pub(super) async fn look(tx: &mut Tx, workspace: WorkspaceId, now: DateTime<Utc>) -> Result<bool> {
    Ok(tx.execute(LOOK, (workspace, now)).await? > 0)
}

/// Notes that a time is announced; false when it was noted before.
pub(super) async fn note(tx: &mut Tx, row: &Row, nominal: DateTime<Utc>, event: EventId) -> Result<bool> {
    Ok(tx.execute(NOTE, (row.rule_id, nominal, row.workspace_id, event)).await? == 1)
}

/// Forgets which times before `until` were announced.
pub(super) async fn forget(tx: &mut Tx, rule: RuleId, until: DateTime<Utc>) -> Result<()> {
    tx.execute(FORGET, (rule, until)).await.map(drop)
}

/// Whether what this event starts, or started, of this rule is not over.
pub(super) async fn is_going(rx: &mut Rx, event: EventId, rule: RuleId) -> Result<bool> {
    Ok(rx.opt::<(EventId,)>(GOING, (event, rule)).await?.is_some())
}
