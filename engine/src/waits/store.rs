//! All SQL on `run_waits`.

use chrono::{DateTime, Utc};

use crate::Result;
use crate::db::{Rx, Tx, row, statements};
use crate::ids::{EventId, RuleId, RunId, WorkspaceId};

row! {
    /// What a run waits for.
    #[derive(Debug, Clone)]
    pub(crate) struct Stored {
        pub run_id: RunId,
        pub path: String,
        pub workspace_id: WorkspaceId,
        pub rule_id: RuleId,
        pub rule_version: i64,
        pub wants: String,
        pub looked_at: i64,
        pub since: Option<DateTime<Utc>>,
        pub open: bool,
        pub event_id: Option<EventId>,
        pub created_at: DateTime<Utc>,
    }
}

statements! {
    INSERT = "insert into run_waits (run_id, path, workspace_id, rule_id, rule_version, wants, looked_at, since, open, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, true, $9)";
    FIND = "select {Stored} from run_waits where run_id = $1 and path = $2", Stored;
    OPEN = "select {Stored} from run_waits where open and created_at >= $1 order by created_at, run_id, path", Stored;
    FOUND = "update run_waits set open = false, event_id = $3 where run_id = $1 and path = $2 and open";
    CLOSE = "update run_waits set open = false where run_id = $1 and path = $2 and open";
    CLOSE_ALL = "update run_waits set open = false where run_id = $1 and open";
    MOVE = "update run_waits set looked_at = $2 where workspace_id = $1 and open and looked_at < $2 and run_id = any($3)";
    CAME = "select w.path, e.position from run_waits w join events e on e.workspace_id = w.workspace_id and e.id = w.event_id where w.run_id = $1";
}

pub(super) async fn insert(tx: &mut Tx, wait: &Stored) -> Result<()> {
    let args = (
        wait.run_id,
        wait.path.as_str(),
        wait.workspace_id,
        wait.rule_id,
        wait.rule_version,
        wait.wants.as_str(),
        wait.looked_at,
        wait.since,
        wait.created_at,
    );
    tx.execute(INSERT, args).await.map(drop)
}

pub(super) async fn find(rx: &mut Rx, run: RunId, path: &str) -> Result<Option<Stored>> {
    rx.opt(FIND, (run, path)).await
}

/// Every wait that is open and was written at `since` or later.
pub(super) async fn open(rx: &mut Rx, since: DateTime<Utc>) -> Result<Vec<Stored>> {
    rx.all(OPEN, (since,)).await
}

/// Ends a wait by an event; false when it was over.
pub(super) async fn found(tx: &mut Tx, run: RunId, path: &str, event: EventId) -> Result<bool> {
    Ok(tx.execute(FOUND, (run, path, event)).await? == 1)
}

/// Ends a wait without one; false when it was over.
pub(super) async fn close(tx: &mut Tx, run: RunId, path: &str) -> Result<bool> {
    Ok(tx.execute(CLOSE, (run, path)).await? == 1)
}

pub(super) async fn close_all(tx: &mut Tx, run: RunId) -> Result<()> {
    tx.execute(CLOSE_ALL, (run,)).await.map(drop)
}

/// Notes how far the log was read for these runs.
pub(super) async fn set_looked(tx: &mut Tx, workspace: WorkspaceId, position: i64, runs: &[RunId]) -> Result<()> {
    tx.execute(MOVE, (workspace, position, runs)).await.map(drop)
}

/// The steps of a run for which an event came, each with its position; one without has no place in the log yet.
pub(super) async fn came(rx: &mut Rx, run: RunId) -> Result<Vec<(String, Option<i64>)>> {
    rx.all(CAME, (run,)).await
}
