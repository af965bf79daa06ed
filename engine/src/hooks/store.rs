//! All SQL on `hooks` and `hook_deliveries`.

use chrono::{DateTime, Utc};

use super::model::Hook;
use crate::db::{One, Rx, Tx, row, statements};
use crate::ids::{EventId, HookId, UserId, WorkspaceId};
use crate::{Error, Result};

row! {
    /// A hook with its sealed secret.
    pub struct HookRow {
        pub id: HookId,
        pub workspace_id: WorkspaceId,
        pub name: String,
        pub scheme: String,
        pub created_at: DateTime<Utc>,
        pub sealed_secret: Option<Vec<u8>>,
    }
}

impl TryFrom<HookRow> for Hook {
    type Error = Error;

    fn try_from(row: HookRow) -> Result<Self> {
        let scheme = serde_json::from_str(&row.scheme)
            .map_err(|error| Error::internal(format!("The scheme of {} cannot be read: {error}.", row.id)))?;
        Ok(Self { id: row.id, workspace_id: row.workspace_id, name: row.name, scheme, created_at: row.created_at })
    }
}

statements! {
    INSERT = "insert into hooks (id, workspace_id, name, scheme, sealed_secret, created_by, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing";
    LIST = "select {HookRow} from hooks where workspace_id = $1 order by id", HookRow;
    FIND = "select {HookRow} from hooks where workspace_id = $1 and id = $2", HookRow;
    FIND_ANYWHERE = "select {HookRow} from hooks where id = $1", HookRow;
    UPDATE_SECRET = "update hooks set sealed_secret = $3 where workspace_id = $1 and id = $2";
    DELETE = "delete from hooks where workspace_id = $1 and id = $2";
    INSERT_DELIVERY = "insert into hook_deliveries (hook_id, delivery_id, event_id, received_at) values ($1, $2, $3, $4) on conflict do nothing";
    FIND_DELIVERY = "select event_id from hook_deliveries where hook_id = $1 and delivery_id = $2";
    DELETE_DELIVERIES = "delete from hook_deliveries where received_at < $1";
}

/// False when the name is taken.
pub(super) async fn insert(tx: &mut Tx, hook: &Hook, sealed: Option<&[u8]>, by: Option<UserId>) -> Result<bool> {
    let scheme = serde_json::to_string(&hook.scheme)
        .map_err(|error| Error::internal(format!("A scheme cannot be written: {error}.")))?;
    let args = (hook.id, hook.workspace_id, hook.name.as_str(), scheme, sealed, by, hook.created_at);
    Ok(tx.execute(INSERT, args).await? == 1)
}

pub(super) async fn list(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<Hook>> {
    let rows: Vec<HookRow> = rx.all(LIST, (workspace,)).await?;
    rows.into_iter().map(Hook::try_from).collect()
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, id: HookId) -> Result<Option<Hook>> {
    let row: Option<HookRow> = rx.opt(FIND, (workspace, id)).await?;
    row.map(Hook::try_from).transpose()
}

/// A hook by its id alone, whichever workspace it belongs to: for a post, which proves itself by its signature.
pub(super) async fn find_anywhere(rx: &mut Rx, id: HookId) -> Result<Option<HookRow>> {
    rx.opt(FIND_ANYWHERE, (id,)).await
}

pub(super) async fn update_secret(tx: &mut Tx, workspace: WorkspaceId, id: HookId, sealed: &[u8]) -> Result<bool> {
    Ok(tx.execute(UPDATE_SECRET, (workspace, id, sealed)).await? == 1)
}

pub(super) async fn delete(tx: &mut Tx, workspace: WorkspaceId, id: HookId) -> Result<bool> {
    Ok(tx.execute(DELETE, (workspace, id)).await? == 1)
}

/// False when the delivery is known; of two at once, the second waits for the first.
pub(super) async fn insert_delivery(
    tx: &mut Tx,
    hook: HookId,
    delivery: &str,
    event: EventId,
    at: DateTime<Utc>,
) -> Result<bool> {
    Ok(tx.execute(INSERT_DELIVERY, (hook, delivery, event, at)).await? == 1)
}

pub(super) async fn find_delivery(rx: &mut Rx, hook: HookId, delivery: &str) -> Result<EventId> {
    rx.one::<One<EventId>>(FIND_DELIVERY, (hook, delivery)).await.map(|row| row.0)
}

pub(super) async fn delete_deliveries(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64> {
    tx.execute(DELETE_DELIVERIES, (before,)).await
}
