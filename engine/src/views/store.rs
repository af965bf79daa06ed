//! All SQL on `views`.

use super::model::View;
use crate::Result;
use crate::db::{Rx, Tx, statements};
use crate::ids::{UserId, ViewId, WorkspaceId};

statements! {
    FIND = "select {View} from views where workspace_id = $1 and id = $2", View;
    FIND_FOR_UPDATE = "select {View} from views where workspace_id = $1 and id = $2 for update", View;
    LIST = "select {View} from views where workspace_id = $1 and (owner_id = $2 or sharing <> 'private') \
     order by id limit $3", View;
    LIST_AFTER = "select {View} from views where workspace_id = $1 and (owner_id = $2 or sharing <> 'private') \
     and id > $4 order by id limit $3", View;
    COUNT = "select count(*) from views where workspace_id = $1 and owner_id = $2";
    INSERT = "insert into views (id, workspace_id, owner_id, name, query, layout, options, sharing, project_id, version, \
     created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    UPDATE = "update views set name = $3, query = $4, layout = $5, options = $6, sharing = $7, project_id = $8, \
     version = $9, updated_at = $10 where workspace_id = $1 and id = $2";
    DELETE = "delete from views where workspace_id = $1 and id = $2";
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, id: ViewId) -> Result<Option<View>> {
    rx.opt(FIND, (workspace, id)).await
}

/// The view as it is now, locked until the transaction ends.
pub(super) async fn find_for_update(tx: &mut Tx, workspace: WorkspaceId, id: ViewId) -> Result<Option<View>> {
    tx.opt(FIND_FOR_UPDATE, (workspace, id)).await
}

/// A person's views and those that are shared, by id.
pub(super) async fn list(
    rx: &mut Rx,
    workspace: WorkspaceId,
    user: Option<UserId>,
    after: Option<ViewId>,
    limit: i64,
) -> Result<Vec<View>> {
    match after {
        None => rx.all(LIST, (workspace, user, limit)).await,
        Some(after) => rx.all(LIST_AFTER, (workspace, user, limit, after)).await,
    }
}

pub(super) async fn count(rx: &mut Rx, workspace: WorkspaceId, owner: UserId) -> Result<i64> {
    let (count,): (i64,) = rx.one(COUNT, (workspace, owner)).await?;
    Ok(count)
}

pub(super) async fn insert(tx: &mut Tx, view: &View) -> Result<()> {
    let args = (
        view.id,
        view.workspace_id,
        view.owner_id,
        &view.name,
        &view.query,
        view.layout,
        view.options.text(),
        view.sharing,
        view.project_id,
        view.version,
        view.created_at,
        view.updated_at,
    );
    tx.execute(INSERT, args).await.map(drop)
}

pub(super) async fn update(tx: &mut Tx, view: &View) -> Result<()> {
    let args = (
        view.workspace_id,
        view.id,
        &view.name,
        &view.query,
        view.layout,
        view.options.text(),
        view.sharing,
        view.project_id,
        view.version,
        view.updated_at,
    );
    tx.execute(UPDATE, args).await.map(drop)
}

pub(super) async fn delete(tx: &mut Tx, workspace: WorkspaceId, id: ViewId) -> Result<()> {
    tx.execute(DELETE, (workspace, id)).await.map(drop)
}
