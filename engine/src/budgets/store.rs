//! All SQL on `budgets`, `budget_thresholds` and `costs`.

use chrono::{DateTime, Utc};

use super::model::{Cost, CostState, Plan, Threshold};
use crate::Result;
use crate::db::{One, Rx, Tx, statements};
use crate::ids::{CostId, ProjectId, WorkspaceId};
use crate::money::Amount;

statements! {
    FIND = "select {Plan} from budgets where workspace_id = $1 and project_id = $2", Plan;
    FIND_FOR_UPDATE = "select {Plan} from budgets where workspace_id = $1 and project_id = $2 for update", Plan;
    OF_WORKSPACE = "select project_id from budgets where workspace_id = $1 order by project_id";
    INSERT = "insert into budgets (workspace_id, project_id, currency, planned, version, created_at, updated_at) \
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (project_id) do nothing";
    UPDATE = "update budgets set currency = $3, planned = $4, version = $5, updated_at = $6 where workspace_id = $1 and project_id = $2";
    THRESHOLDS = "select {Threshold} from budget_thresholds where workspace_id = $1 and project_id = $2 order by percent", Threshold;
    INSERT_THRESHOLD = "insert into budget_thresholds (workspace_id, project_id, percent, reached_at, crossings) values ($1, $2, $3, null, 0)";
    DELETE_THRESHOLD = "delete from budget_thresholds where workspace_id = $1 and project_id = $2 and percent = $3";
    SET_THRESHOLD = "update budget_thresholds set reached_at = $4, crossings = $5 where workspace_id = $1 and project_id = $2 and percent = $3";
    FIND_COST = "select {Cost} from costs where workspace_id = $1 and id = $2", Cost;
    COSTS = "select {Cost} from costs where workspace_id = $1 and project_id = $2 order by id limit $3", Cost;
    COSTS_AFTER = "select {Cost} from costs where workspace_id = $1 and project_id = $2 and id > $4 order by id limit $3", Cost;
    AMOUNTS = "select amount, state from costs where workspace_id = $1 and project_id = $2";
    COUNT_COSTS = "select count(*) from costs where workspace_id = $1 and project_id = $2";
    INSERT_COST = "insert into costs (workspace_id, id, project_id, amount, currency, day, category, state, note, version, \
     created_by, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    UPDATE_COST = "update costs set amount = $3, day = $4, category = $5, state = $6, note = $7, version = $8, updated_at = $9 \
     where workspace_id = $1 and id = $2";
    DELETE_COST = "delete from costs where workspace_id = $1 and id = $2";
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Option<Plan>> {
    rx.opt(FIND, (workspace, project)).await
}

/// The budget as it is now, locked until the transaction ends.
pub(super) async fn find_for_update(tx: &mut Tx, workspace: WorkspaceId, project: ProjectId) -> Result<Option<Plan>> {
    tx.opt(FIND_FOR_UPDATE, (workspace, project)).await
}

/// The projects that have a budget, in the order in which their budgets are locked.
pub(super) async fn list_projects(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<ProjectId>> {
    let rows: Vec<One<ProjectId>> = rx.all(OF_WORKSPACE, (workspace,)).await?;
    Ok(rows.into_iter().map(|One(id)| id).collect())
}

/// Whether it was inserted: the project has one already otherwise.
pub(super) async fn insert(tx: &mut Tx, workspace: WorkspaceId, plan: &Plan) -> Result<bool> {
    let Plan { project_id, currency, planned, version, created_at, updated_at } = plan;
    Ok(tx.execute(INSERT, (workspace, project_id, currency, planned, version, created_at, updated_at)).await? == 1)
}

pub(super) async fn update(tx: &mut Tx, workspace: WorkspaceId, plan: &Plan) -> Result<()> {
    let Plan { project_id, currency, planned, version, updated_at, .. } = plan;
    tx.execute(UPDATE, (workspace, project_id, currency, planned, version, updated_at)).await.map(drop)
}

/// The thresholds of a budget, lowest first.
pub(super) async fn list_thresholds(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Vec<Threshold>> {
    rx.all(THRESHOLDS, (workspace, project)).await
}

pub(super) async fn insert_threshold(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: ProjectId,
    percent: i64,
) -> Result<()> {
    tx.execute(INSERT_THRESHOLD, (workspace, project, percent)).await.map(drop)
}

pub(super) async fn delete_threshold(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: ProjectId,
    percent: i64,
) -> Result<()> {
    tx.execute(DELETE_THRESHOLD, (workspace, project, percent)).await.map(drop)
}

pub(super) async fn set_threshold(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: ProjectId,
    percent: i64,
    reached_at: Option<DateTime<Utc>>,
    crossings: i64,
) -> Result<()> {
    tx.execute(SET_THRESHOLD, (workspace, project, percent, reached_at, crossings)).await.map(drop)
}

pub(super) async fn find_cost(rx: &mut Rx, workspace: WorkspaceId, id: CostId) -> Result<Option<Cost>> {
    rx.opt(FIND_COST, (workspace, id)).await
}

/// The costs of a project, in the order they were entered.
pub(super) async fn list_costs(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
    after: Option<CostId>,
    limit: i64,
) -> Result<Vec<Cost>> {
    match after {
        None => rx.all(COSTS, (workspace, project, limit)).await,
        Some(after) => rx.all(COSTS_AFTER, (workspace, project, limit, after)).await,
    }
}

/// What a project's costs sum up from.
pub(super) async fn list_amounts(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
) -> Result<Vec<(Amount, CostState)>> {
    rx.all(AMOUNTS, (workspace, project)).await
}

pub(super) async fn count_costs(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<i64> {
    let (count,): (i64,) = rx.one(COUNT_COSTS, (workspace, project)).await?;
    Ok(count)
}

pub(super) async fn insert_cost(tx: &mut Tx, workspace: WorkspaceId, cost: &Cost) -> Result<()> {
    let Cost { id, project_id, amount, currency, day, category, state, note, .. } = cost;
    let Cost { version, created_by, created_at, updated_at, .. } = cost;
    let args = (
        workspace, id, project_id, amount, currency, day, category, state, note, version, created_by, created_at,
        updated_at,
    );
    tx.execute(INSERT_COST, args).await.map(drop)
}

pub(super) async fn update_cost(tx: &mut Tx, workspace: WorkspaceId, cost: &Cost) -> Result<()> {
    let Cost { id, amount, day, category, state, note, version, updated_at, .. } = cost;
    tx.execute(UPDATE_COST, (workspace, id, amount, day, category, state, note, version, updated_at)).await.map(drop)
}

pub(super) async fn delete_cost(tx: &mut Tx, workspace: WorkspaceId, id: CostId) -> Result<()> {
    tx.execute(DELETE_COST, (workspace, id)).await.map(drop)
}
