//! All SQL on `audit_entries` and `audit_heads`.

use chrono::{DateTime, Utc};

use super::chain::{self, Said};
use crate::Result;
use crate::db::{Dialect, One, Rx, Tx, row, statements};
use crate::ids::WorkspaceId;

row! {
    /// An entry as it is stored.
    #[derive(Debug, Clone)]
    pub struct EntryRow {
        pub workspace_id: WorkspaceId,
        pub seq: i64,
        pub at: DateTime<Utc>,
        pub actor: String,
        pub action: String,
        pub subject: String,
        pub detail: String,
        pub hash: Vec<u8>,
    }
}

row! {
    /// Where the log of a workspace ends.
    #[derive(Debug, Clone)]
    pub struct HeadRow {
        pub workspace_id: WorkspaceId,
        pub seq: i64,
        pub hash: Vec<u8>,
    }
}

statements! {
    BEGIN = "insert into audit_heads (workspace_id, seq, hash) values ($1, 0, $2) on conflict do nothing";
    LOCK = "select {HeadRow} from audit_heads where workspace_id = $1 for update", HeadRow;
    MOVE = "update audit_heads set seq = $2, hash = $3 where workspace_id = $1";
    INSERT = "insert into audit_entries (workspace_id, seq, at, actor, action, subject, detail, hash) \
     values ($1, $2, $3, $4, $5, $6, $7, $8)";
    LIST = "select {EntryRow} from audit_entries where workspace_id = $1 and seq < $2 and at >= $3 and at < $4 \
     and (cast($5 as text) is null or lower(actor) like $5) and (cast($6 as text) is null or action = $6) \
     and (cast($7 as text) is null or lower(action) like $7) and (cast($8 as text) is null or subject = $8) \
     order by seq desc limit $9", EntryRow;
    AFTER = "select {EntryRow} from audit_entries where workspace_id = $1 and seq > $2 order by seq limit $3", EntryRow;
    HASH = "select hash from audit_entries where workspace_id = $1 and seq = $2";
    HEADS = "select {HeadRow} from audit_heads order by workspace_id", HeadRow;
    EVERY = "select {EntryRow} from audit_entries order by workspace_id, seq", EntryRow;
}

impl EntryRow {
    /// Hands over what is hashed; the texts that are made for it live only as long.
    pub fn told<T>(&self, to: impl FnOnce(&Said<'_>) -> T) -> T {
        let (workspace, at) = (self.workspace_id.to_string(), chain::moment(self.at));
        let Self { seq, actor, action, subject, detail, .. } = self;
        to(&Said { workspace: &workspace, seq: *seq, at: &at, actor, action, subject, detail })
    }
}

/// The head of a workspace's log, locked; it begins when it is first asked for.
pub(super) async fn lock_head(tx: &mut Tx, workspace: WorkspaceId) -> Result<HeadRow> {
    if let Some(head) = tx.opt(LOCK, (workspace,)).await? {
        return Ok(head);
    }
    tx.execute(BEGIN, (workspace, &chain::START[..])).await?;
    tx.one(LOCK, (workspace,)).await
}

/// Stores an entry and makes it the head.
pub(super) async fn append(tx: &mut Tx, entry: &EntryRow) -> Result<()> {
    let EntryRow { workspace_id, seq, at, actor, action, subject, detail, hash } = entry;
    tx.execute(INSERT, (workspace_id, seq, at, actor, action, subject, detail, hash)).await?;
    tx.execute(MOVE, (workspace_id, seq, hash)).await.map(drop)
}

/// What narrows a list, as its statement takes it.
pub(super) struct Narrow {
    pub before: i64,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub actor: Option<String>,
    pub action: Option<String>,
    pub actions: Option<String>,
    pub subject: Option<String>,
}

/// The newest entries first.
pub(super) async fn list(rx: &mut Rx, workspace: WorkspaceId, by: &Narrow, limit: i64) -> Result<Vec<EntryRow>> {
    let Narrow { before, from, to, actor, action, actions, subject } = by;
    rx.all(LIST, (workspace, before, from, to, actor, action, actions, subject, limit)).await
}

/// The oldest entries first.
pub(super) async fn after(rx: &mut Rx, workspace: WorkspaceId, seq: i64, limit: i64) -> Result<Vec<EntryRow>> {
    rx.all(AFTER, (workspace, seq, limit)).await
}

pub(super) async fn hash_of(rx: &mut Rx, workspace: WorkspaceId, seq: i64) -> Result<Option<Vec<u8>>> {
    Ok(rx.opt::<One<Vec<u8>>>(HASH, (workspace, seq)).await?.map(|row| row.0))
}

/// The heads of all workspaces.
pub(super) async fn heads(rx: &mut Rx) -> Result<Vec<HeadRow>> {
    rx.all(HEADS, ()).await
}

/// The names of the triggers on these tables that fire. The one thing here that each database says in its own words.
pub(super) async fn guards(rx: &mut Rx) -> Result<Vec<String>> {
    let sql = match rx.dialect() {
        Dialect::Sqlite => "select name from sqlite_schema where type = 'trigger' and tbl_name like 'audit_%'",
        Dialect::Postgres => {
            "select cast(t.tgname as text) from pg_trigger t join pg_class c on c.oid = t.tgrelid \
             where c.relname like 'audit_%' and c.relnamespace = cast(current_schema() as regnamespace) \
             and not t.tgisinternal and t.tgenabled in ('O', 'A')"
        }
    };
    let names: Vec<One<String>> = rx.all(sql, ()).await?;
    Ok(names.into_iter().map(|row| row.0).collect())
}

/// Each entry of all workspaces, workspace by workspace and in order.
pub(super) async fn each(rx: &mut Rx, visit: impl FnMut(EntryRow) -> Result<()> + Send) -> Result<()> {
    rx.each(EVERY, (), visit).await
}
