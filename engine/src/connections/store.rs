//! All SQL on `connections`.

use super::model::{Connection, ConnectionKind};
use crate::Result;
use crate::db::{Both, One, Rx, Tx, statements};
use crate::ids::{ConnectionId, WorkspaceId};

statements! {
    INSERT = "insert into connections (id, workspace_id, kind, name, base_url, sealed_token, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing";
    LIST = "select {Connection} from connections where workspace_id = $1 order by id", Connection;
    FIND = "select {Connection} from connections where workspace_id = $1 and id = $2", Connection;
    OF_KIND = "select {Connection}, sealed_token from connections where workspace_id = $1 and kind = $2 order by name", Connection;
    DELETE = "delete from connections where workspace_id = $1 and id = $2";
}

/// False when the name is taken.
pub(super) async fn insert(tx: &mut Tx, new: &Connection, sealed_token: &[u8]) -> Result<bool> {
    let args =
        (new.id, new.workspace_id, new.kind, new.name.as_str(), new.base_url.as_deref(), sealed_token, new.created_at);
    Ok(tx.execute(INSERT, args).await? == 1)
}

pub(super) async fn list(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<Connection>> {
    rx.all(LIST, (workspace,)).await
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, id: ConnectionId) -> Result<Option<Connection>> {
    rx.opt(FIND, (workspace, id)).await
}

/// The connections of a kind with their sealed tokens.
pub(super) async fn of_kind(
    rx: &mut Rx,
    workspace: WorkspaceId,
    kind: ConnectionKind,
) -> Result<Vec<(Connection, Vec<u8>)>> {
    let rows: Vec<Both<Connection, One<Vec<u8>>>> = rx.all(OF_KIND, (workspace, kind)).await?;
    Ok(rows.into_iter().map(|row| (row.0, row.1.0)).collect())
}

pub(super) async fn delete(tx: &mut Tx, workspace: WorkspaceId, id: ConnectionId) -> Result<bool> {
    Ok(tx.execute(DELETE, (workspace, id)).await? == 1)
}
