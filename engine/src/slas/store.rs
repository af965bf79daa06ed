//! All SQL on `slas`, `sla_places` and `sla_timers`.

use chrono::{DateTime, Utc};

use super::model::{ReportOfPriority, Stored, Timer};
use crate::Result;
use crate::db::{One, Rx, Tx, statements};
use crate::ids::{EventId, ProjectId, SlaId, TaskId, WorkspaceId};

statements! {
    INSERT = "insert into slas (id, workspace_id, project_id, name, enabled, policy, effective_from, version, created_by, created_at, updated_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    UPDATE = "update slas set project_id = $3, name = $4, enabled = $5, policy = $6, effective_from = $7, version = $8, updated_at = $9 \
        where workspace_id = $1 and id = $2";
    DELETE = "delete from slas where workspace_id = $1 and id = $2";
    FIND = "select {Stored} from slas where workspace_id = $1 and id = $2", Stored;
    FIND_FOR_UPDATE = "select {Stored} from slas where workspace_id = $1 and id = $2 for update", Stored;
    LIST = "select {Stored} from slas where workspace_id = $1 order by id", Stored;
    ENABLED = "select {Stored} from slas where workspace_id = $1 and enabled = $2 order by id", Stored;
    // Of every workspace, as NEXT and DUE below: for the look at what is due alone.
    PLACES = "select p.workspace_id, p.position from sla_places p where exists (select 1 from slas s where s.workspace_id = p.workspace_id and s.enabled) \
        order by p.workspace_id";
    PLACE_FOR_UPDATE = "select position from sla_places where workspace_id = $1 for update";
    PUT_PLACE = "insert into sla_places (workspace_id, position) values ($1, $2) \
        on conflict (workspace_id) do update set position = excluded.position";
    LAST = "select {Timer} from sla_timers where sla_id = $1 and task_id = $2 order by cycle desc limit 1 for update", Timer;
    // The task may be gone by now.
    INSERT_TIMER = "insert into sla_timers (sla_id, task_id, cycle, workspace_id, project_id, state, priority, target, started_at, stretches, \
        carried, paused_at, due_at, warn_at, warned_at, breached_at, ended_at, look_at, stale) \
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19 where exists (select 1 from tasks t where t.id = $2)";
    UPDATE_TIMER = "update sla_timers set state = $4, priority = $5, target = $6, stretches = $7, carried = $8, paused_at = $9, due_at = $10, \
        warn_at = $11, warned_at = $12, breached_at = $13, ended_at = $14, look_at = $15, stale = $16 where sla_id = $1 and task_id = $2 and cycle = $3";
    FIND_TIMER_FOR_UPDATE = "select {Timer} from sla_timers where sla_id = $1 and task_id = $2 and cycle = $3 for update", Timer;
    OF_TASK = "select {Timer} from sla_timers where workspace_id = $1 and task_id = $2 order by sla_id, cycle", Timer;
    DUE = "select {Timer} from sla_timers where look_at <= $1 order by look_at limit $2", Timer;
    NEXT = "select look_at from sla_timers where look_at is not null order by look_at limit 1";
    PUT_OFF = "update sla_timers set look_at = $4 where sla_id = $1 and task_id = $2 and cycle = $3 and look_at = $5";
    AGE_POLICY = "update sla_timers set stale = $3, look_at = $2 where sla_id = $1 and ended_at is null";
    AGE_WORKSPACE = "update sla_timers set stale = $3, look_at = $2 where workspace_id = $1 and ended_at is null";
    AGE_PROJECT = "update sla_timers set stale = $4, look_at = $3 where workspace_id = $1 and project_id = $2 and ended_at is null";
    // What happened to a task and was not read yet. `substr` as the index `events_task` has it.
    UNREAD = "select id from events where workspace_id = $1 and subject = $2 and substr(subject, 1, 5) = 'task_' and kind = any($3) \
        and (position is null or position > (select p.position from sla_places p where p.workspace_id = $1)) limit 1";
    REPORT = "select priority, cast(sum(case when breached_at is null and state = 'ended' and ended_at >= $2 and ended_at < $3 then 1 else 0 end) as bigint), \
        cast(sum(case when breached_at >= $2 and breached_at < $3 then 1 else 0 end) as bigint) from sla_timers where sla_id = $1 \
        and (breached_at >= $2 and breached_at < $3 or ended_at >= $2 and ended_at < $3) group by priority order by priority desc";
    OPEN = "select state, count(*) from sla_timers where sla_id = $1 and ended_at is null group by state";
}

pub(super) async fn insert(tx: &mut Tx, sla: &Stored, name: &str) -> Result<()> {
    let args = (
        sla.id,
        sla.workspace_id,
        sla.project_id,
        name,
        sla.enabled,
        sla.policy.text(),
        sla.effective_from,
        sla.version,
        sla.created_by,
        sla.created_at,
        sla.updated_at,
    );
    tx.execute(INSERT, args).await.map(drop)
}

pub(super) async fn update(tx: &mut Tx, sla: &Stored, name: &str) -> Result<()> {
    let policy = sla.policy.text();
    let args = (
        sla.workspace_id,
        sla.id,
        sla.project_id,
        name,
        sla.enabled,
        policy,
        sla.effective_from,
        sla.version,
        sla.updated_at,
    );
    tx.execute(UPDATE, args).await.map(drop)
}

pub(super) async fn delete(tx: &mut Tx, workspace: WorkspaceId, id: SlaId) -> Result<()> {
    tx.execute(DELETE, (workspace, id)).await.map(drop)
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, id: SlaId) -> Result<Option<Stored>> {
    rx.opt(FIND, (workspace, id)).await
}

pub(super) async fn lock(tx: &mut Tx, workspace: WorkspaceId, id: SlaId) -> Result<Option<Stored>> {
    tx.opt(FIND_FOR_UPDATE, (workspace, id)).await
}

pub(super) async fn list(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<Stored>> {
    rx.all(LIST, (workspace,)).await
}

/// Those that count.
pub(super) async fn enabled(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<Stored>> {
    rx.all(ENABLED, (workspace, true)).await
}

/// The workspaces in which any policy counts, and how far each has read the log.
pub(super) async fn places(rx: &mut Rx) -> Result<Vec<(WorkspaceId, i64)>> {
    rx.all(PLACES, ()).await
}

/// How far the log was read, locked until the transaction ends.
pub(super) async fn lock_place(tx: &mut Tx, workspace: WorkspaceId) -> Result<Option<i64>> {
    Ok(tx.opt::<One<i64>>(PLACE_FOR_UPDATE, (workspace,)).await?.map(|One(position)| position))
}

pub(super) async fn put_place(tx: &mut Tx, workspace: WorkspaceId, position: i64) -> Result<()> {
    tx.execute(PUT_PLACE, (workspace, position)).await.map(drop)
}

/// The last timer of a task under a policy, locked until the transaction ends.
pub(super) async fn last(tx: &mut Tx, sla: SlaId, task: TaskId) -> Result<Option<Timer>> {
    tx.opt(LAST, (sla, task)).await
}

pub(super) async fn insert_timer(tx: &mut Tx, timer: &Timer) -> Result<()> {
    let args = (
        timer.sla_id,
        timer.task_id,
        timer.cycle,
        timer.workspace_id,
        timer.project_id,
        timer.state,
        timer.priority,
        timer.target,
        timer.started_at,
        timer.stretches.as_str(),
        timer.carried,
        timer.paused_at,
        timer.due_at,
        timer.warn_at,
        timer.warned_at,
        timer.breached_at,
        timer.ended_at,
        timer.look_at,
        timer.stale,
    );
    tx.execute(INSERT_TIMER, args).await.map(drop)
}

pub(super) async fn update_timer(tx: &mut Tx, timer: &Timer) -> Result<()> {
    let args = (
        timer.sla_id,
        timer.task_id,
        timer.cycle,
        timer.state,
        timer.priority,
        timer.target,
        timer.stretches.as_str(),
        timer.carried,
        timer.paused_at,
        timer.due_at,
        timer.warn_at,
        timer.warned_at,
        timer.breached_at,
        timer.ended_at,
        timer.look_at,
        timer.stale,
    );
    tx.execute(UPDATE_TIMER, args).await.map(drop)
}

/// The timer as it is now, locked until the transaction ends.
pub(super) async fn lock_timer(tx: &mut Tx, seen: &Timer) -> Result<Option<Timer>> {
    tx.opt(FIND_TIMER_FOR_UPDATE, (seen.sla_id, seen.task_id, seen.cycle)).await
}

pub(super) async fn of_task(rx: &mut Rx, workspace: WorkspaceId, task: TaskId) -> Result<Vec<Timer>> {
    rx.all(OF_TASK, (workspace, task)).await
}

pub(super) async fn due(rx: &mut Rx, now: DateTime<Utc>, limit: i64) -> Result<Vec<Timer>> {
    rx.all(DUE, (now, limit)).await
}

/// When the next one is to be looked at.
pub(super) async fn next(rx: &mut Rx) -> Result<Option<DateTime<Utc>>> {
    Ok(rx.opt::<One<DateTime<Utc>>>(NEXT, ()).await?.map(|One(next)| next))
}

/// Looks at it later, unless it has changed.
pub(super) async fn put_off(tx: &mut Tx, seen: &Timer, until: DateTime<Utc>) -> Result<()> {
    tx.execute(PUT_OFF, (seen.sla_id, seen.task_id, seen.cycle, until, seen.look_at)).await.map(drop)
}

/// Has the open timers of a policy reckoned anew.
pub(super) async fn age_policy(tx: &mut Tx, sla: SlaId, now: DateTime<Utc>) -> Result<bool> {
    Ok(tx.execute(AGE_POLICY, (sla, now, true)).await? > 0)
}

/// Likewise those of a project, or of the workspace.
pub(super) async fn age(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: Option<ProjectId>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let aged = match project {
        Some(project) => tx.execute(AGE_PROJECT, (workspace, project, now, true)).await?,
        None => tx.execute(AGE_WORKSPACE, (workspace, now, true)).await?,
    };
    Ok(aged > 0)
}

/// Whether anything of these kinds that happened to a task was not read yet.
pub(super) async fn is_unread(rx: &mut Rx, workspace: WorkspaceId, task: TaskId, kinds: &[&str]) -> Result<bool> {
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    Ok(rx.opt::<One<EventId>>(UNREAD, (workspace, task.to_string(), kinds)).await?.is_some())
}

pub(super) async fn report(
    rx: &mut Rx,
    sla: SlaId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<ReportOfPriority>> {
    rx.all(REPORT, (sla, from, to)).await
}

/// How many timers stand how.
pub(super) async fn open(rx: &mut Rx, sla: SlaId) -> Result<Vec<(String, i64)>> {
    rx.all(OPEN, (sla,)).await
}
