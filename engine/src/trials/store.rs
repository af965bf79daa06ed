//! All SQL on `backtests`.

use chrono::{DateTime, Utc};

use super::model::{BacktestRow, BacktestState};
use crate::Result;
use crate::db::{Rx, Tx};
use crate::ids::{BacktestId, RuleId, WorkspaceId};
use crate::statements;

statements! {
    INSERT = "insert into backtests (id, workspace_id, rule_id, rule_version, user_id, scopes, from_at, to_at, \
     first_position, last_position, position, state, found, created_at, updated_at) \
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9, $11, $12, $13, $13)";
    FIND = "select {BacktestRow} from backtests where workspace_id = $1 and rule_id = $2 and id = $3", BacktestRow;
    READ = "select {BacktestRow} from backtests where id = $1", BacktestRow;
    LIST = "select {BacktestRow} from backtests where workspace_id = $1 and rule_id = $2 order by id desc", BacktestRow;
    LOCK = "select state from backtests where workspace_id = $1 and id = $2 for update";
    UNFINISHED = "select count(*) from backtests where workspace_id = $1 and finished_at is null";
    PROGRESS = "update backtests set state = 'running', position = $2, found = $3, updated_at = $4 where id = $1";
    FINISH = "update backtests set state = $2, error = $3, updated_at = $4, finished_at = $4 where id = $1";
    SWEEP = "delete from backtests where rule_id = $1 and finished_at is not null and id not in \
     (select id from backtests where rule_id = $1 order by id desc limit $2)";
}

pub(super) async fn insert(tx: &mut Tx, row: &BacktestRow) -> Result<()> {
    let args = (
        row.id,
        row.workspace_id,
        row.rule_id,
        row.rule_version,
        row.user_id,
        row.scopes.as_deref(),
        row.from_at,
        row.to_at,
        row.first_position,
        row.last_position,
        row.state,
        row.found.as_str(),
        row.created_at,
    );
    tx.execute(INSERT, args).await?;
    Ok(())
}

pub(super) async fn find(
    rx: &mut Rx,
    workspace: WorkspaceId,
    rule: RuleId,
    id: BacktestId,
) -> Result<Option<BacktestRow>> {
    rx.opt(FIND, (workspace, rule, id)).await
}

/// For the job, which bears nothing but the id.
pub(super) async fn read(rx: &mut Rx, id: BacktestId) -> Result<Option<BacktestRow>> {
    rx.opt(READ, (id,)).await
}

/// Those of a rule, the newest first; there are no more than [`sweep`] leaves.
pub(super) async fn list(rx: &mut Rx, workspace: WorkspaceId, rule: RuleId) -> Result<Vec<BacktestRow>> {
    rx.all(LIST, (workspace, rule)).await
}

/// Locks one and answers where it stands.
pub(super) async fn lock(tx: &mut Tx, workspace: WorkspaceId, id: BacktestId) -> Result<Option<BacktestState>> {
    Ok(tx.opt::<(BacktestState,)>(LOCK, (workspace, id)).await?.map(|(state,)| state))
}

/// How many of a workspace are not over.
pub(super) async fn unfinished(rx: &mut Rx, workspace: WorkspaceId) -> Result<i64> {
    let (count,): (i64,) = rx.one(UNFINISHED, (workspace,)).await?;
    Ok(count)
}

/// Notes how far it has come, and what was found up to there, as text.
pub(super) async fn progress(
    tx: &mut Tx,
    id: BacktestId,
    position: i64,
    found: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    tx.execute(PROGRESS, (id, position, found, now)).await?;
    Ok(())
}

pub(super) async fn finish(
    tx: &mut Tx,
    id: BacktestId,
    state: BacktestState,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    tx.execute(FINISH, (id, state, error, now)).await?;
    Ok(())
}

/// Leaves the newest few of a rule, and those that are not over.
pub(super) async fn sweep(tx: &mut Tx, rule: RuleId, keep: i64) -> Result<()> {
    tx.execute(SWEEP, (rule, keep)).await?;
    Ok(())
}
