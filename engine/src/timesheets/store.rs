//! All SQL on `timesheets`.

use super::model::Stored;
use crate::Result;
use crate::day::Week;
use crate::db::{Rx, Tx, statements};
use crate::ids::{UserId, WorkspaceId};

statements! {
    OPEN = "insert into timesheets (workspace_id, user_id, week, state, reason) values ($1, $2, $3, 'open', '') \
     on conflict (workspace_id, user_id, week) do nothing";
    FIND = "select {Stored} from timesheets where workspace_id = $1 and user_id = $2 and week = $3", Stored;
    FIND_FOR_UPDATE = "select {Stored} from timesheets where workspace_id = $1 and user_id = $2 and week = $3 for update", Stored;
    SUBMITTED = "select {Stored} from timesheets where workspace_id = $1 and state = 'submitted' \
     and (week > $2 or (week = $2 and user_id > $3)) order by week, user_id limit $4", Stored;
    FIRST_SUBMITTED = "select {Stored} from timesheets where workspace_id = $1 and state = 'submitted' \
     order by week, user_id limit $2", Stored;
    UPDATE = "update timesheets set state = $4, reason = $5, submitted_at = $6, decided_by = $7, decided_at = $8 \
     where workspace_id = $1 and user_id = $2 and week = $3";
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, user: UserId, week: Week) -> Result<Option<Stored>> {
    rx.opt(FIND, (workspace, user, week)).await
}

/// The week as it is now, locked until the transaction ends, also when nothing was in it yet.
pub(super) async fn lock(tx: &mut Tx, workspace: WorkspaceId, user: UserId, week: Week) -> Result<Stored> {
    tx.execute(OPEN, (workspace, user, week)).await?;
    tx.one(FIND_FOR_UPDATE, (workspace, user, week)).await
}

/// The weeks that wait for a manager, oldest first.
pub(super) async fn list_submitted(
    rx: &mut Rx,
    workspace: WorkspaceId,
    after: Option<(Week, UserId)>,
    limit: i64,
) -> Result<Vec<Stored>> {
    match after {
        None => rx.all(FIRST_SUBMITTED, (workspace, limit)).await,
        Some((week, user)) => rx.all(SUBMITTED, (workspace, week, user, limit)).await,
    }
}

pub(super) async fn update(tx: &mut Tx, workspace: WorkspaceId, sheet: &Stored) -> Result<()> {
    let Stored { user_id, week, state, reason, submitted_at, decided_by, decided_at } = sheet;
    tx.execute(UPDATE, (workspace, user_id, week, state, reason, submitted_at, decided_by, decided_at)).await.map(drop)
}
