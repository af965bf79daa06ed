//! All SQL on `rule_schedules`, `rule_times`, `rule_dates` and `date_changes`; and tasks in the order of their dates.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::model::Row;
use crate::Result;
use crate::db::{Rx, Tx, statements};
use crate::ids::{EventId, Id as _, ProjectId, RuleId, TaskId, WorkspaceId};

statements! {
    FIND = "select {Row} from rule_schedules where workspace_id = $1 and rule_id = $2", Row;
    FIND_FOR_UPDATE = "select {Row} from rule_schedules where workspace_id = $1 and rule_id = $2 for update", Row;
    // Of every workspace, as the two below: for the look at what is due alone. What is settled in the future was settled
    // before the clock was put back.
    DUE = "select {Row} from rule_schedules where look_at <= $1 or settled_at > $2 order by look_at limit $3", Row;
    NEXT = "select look_at from rule_schedules where look_at is not null order by look_at limit 1";
    PUT = "insert into rule_schedules (rule_id, workspace_id, timing, settled_at, next_at, look_at, waiting_since, last_at, \
     last_event_id, failures, error, field, active) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict (rule_id) do update set \
     timing = excluded.timing, settled_at = excluded.settled_at, next_at = excluded.next_at, look_at = excluded.look_at, \
     waiting_since = excluded.waiting_since, last_at = excluded.last_at, last_event_id = excluded.last_event_id, \
     failures = excluded.failures, error = excluded.error, field = excluded.field, active = excluded.active";
    DELETE = "delete from rule_schedules where workspace_id = $1 and rule_id = $2";
    LOOK = "update rule_schedules set look_at = $2 where workspace_id = $1 and active = $3 and (look_at is null or look_at > $2)";
    OF_FIELD_FOR_UPDATE = "select {Row} from rule_schedules where workspace_id = $1 and field = $2 and active = $3 \
     order by rule_id for update", Row;
    BY_DUE = "select id, project_id, due_at from tasks where workspace_id = $1 and due_at is not null and (due_at, id) > ($2, $3) \
     and category in ('todo', 'in_progress') order by due_at, id limit $4";
    BY_START = "select id, project_id, start_at from tasks where workspace_id = $1 and start_at is not null \
     and (start_at, id) > ($2, $3) and category in ('todo', 'in_progress') order by start_at, id limit $4";
    // Dates stand there as `d2026-03-01`. What is sensitive is told to no rule.
    BY_FIELD = "select t.id, t.project_id, v.ord from field_values v join tasks t on t.id = v.task_id \
     join fields f on f.project_id = t.project_id and f.key = v.key \
     where v.workspace_id = $1 and v.key = $2 and v.ord < 'e' and (v.ord, v.task_id) > ($3, $4) and f.kind = 'date' \
     and f.sensitive = $6 and t.category in ('todo', 'in_progress') order by v.ord, v.task_id limit $5";
    NOTE_DATE = "insert into rule_dates (rule_id, task_id, date, workspace_id, event_id) values ($1, $2, $3, $4, $5) \
     on conflict (rule_id, task_id, date) do nothing";
    NOTE_CHANGE = "insert into date_changes (task_id, field, workspace_id) select $1, $2, $3 \
     where exists (select 1 from rule_schedules s where s.workspace_id = $3 and s.field = $2 and s.active = $4) \
     on conflict (task_id, field) do nothing";
    HAS_CHANGES = "select task_id from date_changes limit 1";
    TAKE_CHANGES = "delete from date_changes where (task_id, field) in (select task_id, field from date_changes order by task_id, field limit $1) \
     returning task_id, field, workspace_id";
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
        row.field.as_deref(),
        row.active,
    );
    tx.execute(PUT, args).await.map(drop)
}

pub(super) async fn delete(tx: &mut Tx, workspace: WorkspaceId, rule: RuleId) -> Result<()> {
    tx.execute(DELETE, (workspace, rule)).await.map(drop)
}

/// Looks at a workspace's at `now`, not later.
pub(super) async fn look(tx: &mut Tx, workspace: WorkspaceId, now: DateTime<Utc>) -> Result<bool> {
    Ok(tx.execute(LOOK, (workspace, now, true)).await? > 0)
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

/// Where a list of tasks by a date goes on.
#[derive(Debug, Clone)]
pub(super) enum At {
    /// Behind this task of this date.
    Time(DateTime<Utc>, TaskId),
    /// Behind this task of this value of a custom field.
    Ord(String, TaskId),
}

impl At {
    /// Before all tasks of this date.
    pub(super) fn moment(date: DateTime<Utc>) -> Self {
        Self::Time(date, TaskId::from_uuid(Uuid::nil()))
    }

    /// Before all tasks with this day in a custom field.
    pub(super) fn day(day: NaiveDate) -> Self {
        Self::Ord(format!("d{day}"), TaskId::from_uuid(Uuid::nil()))
    }
}

/// Open tasks in the order of when they are due, or of when they are to begin.
pub(super) async fn list_by_date(
    rx: &mut Rx,
    workspace: WorkspaceId,
    due: bool,
    behind: &At,
    limit: i64,
) -> Result<Vec<(TaskId, ProjectId, DateTime<Utc>)>> {
    let At::Time(date, task) = behind else { return Ok(Vec::new()) };
    rx.all(if due { BY_DUE } else { BY_START }, (workspace, *date, *task, limit)).await
}

/// Open tasks in the order of a date that they have in a custom field.
pub(super) async fn list_by_field(
    rx: &mut Rx,
    workspace: WorkspaceId,
    key: &str,
    behind: &At,
    limit: i64,
) -> Result<Vec<(TaskId, ProjectId, String)>> {
    let At::Ord(ord, task) = behind else { return Ok(Vec::new()) };
    rx.all(BY_FIELD, (workspace, key, ord.as_str(), *task, limit, false)).await
}

/// Notes that a date of a task is announced; false when it was noted before.
pub(super) async fn note_date(
    tx: &mut Tx,
    rule: RuleId,
    task: TaskId,
    date: DateTime<Utc>,
    workspace: WorkspaceId,
    event: EventId,
) -> Result<bool> {
    Ok(tx.execute(NOTE_DATE, (rule, task, date, workspace, event)).await? == 1)
}

/// Notes that a date of a task was changed; false when no rule goes by it, or it was noted before.
pub(super) async fn note_change(tx: &mut Tx, workspace: WorkspaceId, task: TaskId, field: &str) -> Result<bool> {
    Ok(tx.execute(NOTE_CHANGE, (task, field, workspace, true)).await? == 1)
}

pub(super) async fn has_changes(rx: &mut Rx) -> Result<bool> {
    Ok(rx.opt::<(TaskId,)>(HAS_CHANGES, ()).await?.is_some())
}

/// Takes some of the changes: whoever has them looks at them in the same transaction.
pub(super) async fn take_changes(tx: &mut Tx, limit: i64) -> Result<Vec<(TaskId, String, WorkspaceId)>> {
    tx.all(TAKE_CHANGES, (limit,)).await
}

/// The rules that are switched on and go by a date, locked until the transaction ends.
pub(super) async fn of_field_for_update(tx: &mut Tx, workspace: WorkspaceId, field: &str) -> Result<Vec<Row>> {
    tx.all(OF_FIELD_FOR_UPDATE, (workspace, field, true)).await
}
