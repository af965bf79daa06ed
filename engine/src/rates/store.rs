//! All SQL on `rates` and `rate_books`.

use super::model::Rate;
use crate::Result;
use crate::db::{One, Rx, Tx, statements};
use crate::ids::{ProjectId, RateId, UserId, WorkspaceId};
use crate::money::{Amount, Currency};

statements! {
    OPEN_BOOK = "insert into rate_books (workspace_id) values ($1) on conflict (workspace_id) do nothing";
    SHARE_BOOK = "select workspace_id from rate_books where workspace_id = $1 for share";
    LOCK_BOOK = "select workspace_id from rate_books where workspace_id = $1 for update";
    FIND = "select {Rate} from rates where workspace_id = $1 and id = $2", Rate;
    LIST = "select {Rate} from rates where workspace_id = $1 and (user_id = $2 or $2 is null) and (id > $3 or $3 is null) \
     order by id limit $4", Rate;
    LIST_OF_PROJECT = "select {Rate} from rates where workspace_id = $1 and project_id = $5 and (user_id = $2 or $2 is null) \
     and (id > $3 or $3 is null) order by id limit $4", Rate;
    COUNT = "select count(*) from rates where workspace_id = $1";
    SAME = "select id from rates where workspace_id = $1 and project_id is not distinct from $2 \
     and user_id is not distinct from $3 and valid_from = $4 and id <> $5";
    OTHER_CURRENCY = "select count(*) from rates where workspace_id = $1 and project_id = $2 and currency <> $3";
    INSERT = "insert into rates (workspace_id, id, project_id, user_id, amount, currency, valid_from, valid_to, version, \
     created_by, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    UPDATE = "update rates set amount = $3, currency = $4, valid_from = $5, valid_to = $6, version = $7 \
     where workspace_id = $1 and id = $2";
    DELETE = "delete from rates where workspace_id = $1 and id = $2";
    PRICES = "select id, amount, currency from rates where workspace_id = $1 and id = any($2)";
}

/// Keeps the rates as they are until the transaction ends; others may do the same.
pub(super) async fn share_book(tx: &mut Tx, workspace: WorkspaceId) -> Result<()> {
    tx.execute(OPEN_BOOK, (workspace,)).await?;
    tx.opt::<One<WorkspaceId>>(SHARE_BOOK, (workspace,)).await.map(drop)
}

/// The same for whoever changes them: nobody else reads or changes them meanwhile.
pub(super) async fn lock_book(tx: &mut Tx, workspace: WorkspaceId) -> Result<()> {
    tx.execute(OPEN_BOOK, (workspace,)).await?;
    tx.opt::<One<WorkspaceId>>(LOCK_BOOK, (workspace,)).await.map(drop)
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, id: RateId) -> Result<Option<Rate>> {
    rx.opt(FIND, (workspace, id)).await
}

/// The rates of a project, or with none all of the workspace, in the order they were entered.
pub(super) async fn list(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: Option<ProjectId>,
    user: Option<UserId>,
    after: Option<RateId>,
    limit: i64,
) -> Result<Vec<Rate>> {
    match project {
        None => rx.all(LIST, (workspace, user, after, limit)).await,
        Some(project) => rx.all(LIST_OF_PROJECT, (workspace, user, after, limit, project)).await,
    }
}

pub(super) async fn count(rx: &mut Rx, workspace: WorkspaceId) -> Result<i64> {
    let (count,): (i64,) = rx.one(COUNT, (workspace,)).await?;
    Ok(count)
}

/// Another rate for the same that begins on the same day.
pub(super) async fn find_same(rx: &mut Rx, workspace: WorkspaceId, rate: &Rate) -> Result<Option<RateId>> {
    let args = (workspace, rate.project_id, rate.user_id, rate.valid_from, rate.id);
    Ok(rx.opt::<One<RateId>>(SAME, args).await?.map(|One(id)| id))
}

/// How many rates of a project are in another currency.
pub(super) async fn count_others(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
    currency: Currency,
) -> Result<i64> {
    let (count,): (i64,) = rx.one(OTHER_CURRENCY, (workspace, project, currency)).await?;
    Ok(count)
}

pub(super) async fn insert(tx: &mut Tx, workspace: WorkspaceId, rate: &Rate) -> Result<()> {
    let Rate { id, project_id, user_id, amount, currency, valid_from, valid_to, version, created_by, created_at } =
        rate;
    let args =
        (workspace, id, project_id, user_id, amount, currency, valid_from, valid_to, version, created_by, created_at);
    tx.execute(INSERT, args).await.map(drop)
}

pub(super) async fn update(tx: &mut Tx, workspace: WorkspaceId, rate: &Rate) -> Result<()> {
    let Rate { id, amount, currency, valid_from, valid_to, version, .. } = rate;
    tx.execute(UPDATE, (workspace, id, amount, currency, valid_from, valid_to, version)).await.map(drop)
}

pub(super) async fn delete(tx: &mut Tx, workspace: WorkspaceId, id: RateId) -> Result<()> {
    tx.execute(DELETE, (workspace, id)).await.map(drop)
}

/// What these rates are, in no order.
pub(super) async fn list_prices(
    rx: &mut Rx,
    workspace: WorkspaceId,
    ids: &[RateId],
) -> Result<Vec<(RateId, Amount, Currency)>> {
    rx.all(PRICES, (workspace, ids)).await
}
