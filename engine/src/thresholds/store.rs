//! All SQL on `rule_thresholds`.

use chrono::{DateTime, Utc};

use crate::Result;
use crate::db::{Rx, Tx, row, statements};
use crate::ids::{RuleId, WorkspaceId};

row! {
    /// A rule that is started by figures, and how they stand.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Row {
        pub rule_id: RuleId,
        pub workspace_id: WorkspaceId,
        pub timing: String,
        pub gauges: String,
        pub position: i64,
        pub looked_at: Option<DateTime<Utc>>,
        pub look_at: DateTime<Utc>,
        pub failures: i64,
        pub error: Option<String>,
    }
}

statements! {
    // Of every workspace: for the look at figures alone.
    ALL_ROWS = "select {Row} from rule_thresholds order by look_at", Row;
    FIND = "select {Row} from rule_thresholds where workspace_id = $1 and rule_id = $2", Row;
    FIND_FOR_UPDATE = "select {Row} from rule_thresholds where workspace_id = $1 and rule_id = $2 for update", Row;
    PUT = "insert into rule_thresholds (rule_id, workspace_id, timing, gauges, position, looked_at, look_at, failures, error) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (rule_id) do update set timing = excluded.timing, gauges = excluded.gauges, \
        position = excluded.position, looked_at = excluded.looked_at, look_at = excluded.look_at, failures = excluded.failures, error = excluded.error";
    DELETE = "delete from rule_thresholds where workspace_id = $1 and rule_id = $2";
}

pub(super) async fn all(rx: &mut Rx) -> Result<Vec<Row>> {
    rx.all(ALL_ROWS, ()).await
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, rule: RuleId) -> Result<Option<Row>> {
    rx.opt(FIND, (workspace, rule)).await
}

/// The row as it is now, locked until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, workspace: WorkspaceId, rule: RuleId) -> Result<Option<Row>> {
    tx.opt(FIND_FOR_UPDATE, (workspace, rule)).await
}

pub(super) async fn put(tx: &mut Tx, row: &Row) -> Result<()> {
    let args = (
        row.rule_id,
        row.workspace_id,
        row.timing.as_str(),
        row.gauges.as_str(),
        row.position,
        row.looked_at,
        row.look_at,
        row.failures,
        row.error.as_deref(),
    );
    tx.execute(PUT, args).await.map(drop)
}

pub(super) async fn delete(tx: &mut Tx, workspace: WorkspaceId, rule: RuleId) -> Result<()> {
    tx.execute(DELETE, (workspace, rule)).await.map(drop)
}
