//! All SQL on `idempotency_keys`. Status 0 is a request that has written nothing, 1 one that has, and has not answered; until it
//! has, `body` says whose reservation it is. 2 is one that did something and failed.

use chrono::{DateTime, Utc};
use trackside_engine::Result;
use trackside_engine::db::{Rx, Tx, row, statements};

use super::Slot;

row! {
    /// What is known under a key.
    #[derive(Debug)]
    pub(super) struct Found {
        pub request_hash: Vec<u8>,
        pub status: i64,
        pub body: String,
        pub created_at: DateTime<Utc>,
    }
}

statements! {
    INSERT = "insert into idempotency_keys (workspace_id, user_id, key, request_hash, status, body, created_at) \
        values ($1, $2, $3, $4, 0, $6, $5) on conflict (workspace_id, user_id, key) do nothing";
    FIND = "select {Found} from idempotency_keys where workspace_id = $1 and user_id = $2 and key = $3 for update", Found;
    TAKE_OVER = "update idempotency_keys set request_hash = $4, status = 0, body = $6, created_at = $5 \
        where workspace_id = $1 and user_id = $2 and key = $3";
    /// Of this reservation alone.
    WROTE = "update idempotency_keys set status = 1 where workspace_id = $1 and user_id = $2 and key = $3 and status < 2 and body = $4";
    FINISH = "update idempotency_keys set status = $4, body = $5 \
        where workspace_id = $1 and user_id = $2 and key = $3 and status < 2 and body = $6";
    /// Up to this status.
    FREE = "delete from idempotency_keys \
        where workspace_id = $1 and user_id = $2 and key = $3 and status <= $5 and body = $4";
    FAILED = "update idempotency_keys set status = 2, body = '' \
        where workspace_id = $1 and user_id = $2 and key = $3 and status = 1 and body = $4";
    SWEEP = "delete from idempotency_keys where created_at < $1";
}

pub(super) async fn insert(tx: &mut Tx, slot: &Slot, hash: &[u8], now: DateTime<Utc>) -> Result<bool> {
    let Slot { owner, key, mark } = slot;
    Ok(tx.execute(INSERT, (owner.0, owner.1, key.as_str(), hash, now, mark.as_str())).await? == 1)
}

pub(super) async fn find(rx: &mut Rx, slot: &Slot) -> Result<Option<Found>> {
    rx.opt(FIND, (slot.owner.0, slot.owner.1, slot.key.as_str())).await
}

pub(super) async fn take_over(tx: &mut Tx, slot: &Slot, hash: &[u8], now: DateTime<Utc>) -> Result<()> {
    let Slot { owner, key, mark } = slot;
    tx.execute(TAKE_OVER, (owner.0, owner.1, key.as_str(), hash, now, mark.as_str())).await.map(drop)
}

/// Notes that something was written; false when the key is another's by now.
pub(super) async fn wrote(tx: &mut Tx, slot: &Slot) -> Result<bool> {
    Ok(tx.execute(WROTE, (slot.owner.0, slot.owner.1, slot.key.as_str(), slot.mark.as_str())).await? == 1)
}

pub(super) async fn finish(tx: &mut Tx, slot: &Slot, status: i64, body: &str) -> Result<()> {
    let Slot { owner, key, mark } = slot;
    tx.execute(FINISH, (owner.0, owner.1, key.as_str(), status, body, mark.as_str())).await.map(drop)
}

/// Frees the key of a request that was refused.
pub(super) async fn free(tx: &mut Tx, slot: &Slot) -> Result<()> {
    let Slot { owner, key, mark } = slot;
    tx.execute(FREE, (owner.0, owner.1, key.as_str(), mark.as_str(), 1)).await.map(drop)
}

/// Frees the key of a request that failed, if it wrote nothing before.
pub(super) async fn fail(tx: &mut Tx, slot: &Slot) -> Result<()> {
    let Slot { owner, key, mark } = slot;
    let of = (owner.0, owner.1, key.as_str(), mark.as_str());
    tx.execute(FREE, (of.0, of.1, of.2, of.3, 0)).await?;
    tx.execute(FAILED, of).await.map(drop)
}

pub(super) async fn sweep(tx: &mut Tx, before: DateTime<Utc>) -> Result<()> {
    tx.execute(SWEEP, (before,)).await.map(drop)
}

#[cfg(test)]
mod tests {
    use trackside_engine::db::{Db, Options};

    #[tokio::test]
    async fn every_statement_is_understood() {
        let folder = tempfile::tempdir().unwrap();
        let db =
            Db::open(&Options::new(format!("sqlite://{}", folder.path().join("test.db").display()))).await.unwrap();
        db.migrate().await.unwrap();
        db.prepare_all(super::ALL).await.unwrap();
    }
}
