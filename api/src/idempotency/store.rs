//! All SQL on `idempotency_keys`. Status 0 is a request that has not answered.

use chrono::{DateTime, Utc};
use trackside_engine::Result;
use trackside_engine::db::{Rx, Tx, row, statements};

use super::Owner;

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
        values ($1, $2, $3, $4, 0, '', $5) on conflict (workspace_id, user_id, key) do nothing";
    FIND = "select {Found} from idempotency_keys where workspace_id = $1 and user_id = $2 and key = $3 for update", Found;
    TAKE_OVER = "update idempotency_keys set request_hash = $4, status = 0, body = '', created_at = $5 \
        where workspace_id = $1 and user_id = $2 and key = $3";
    FINISH = "update idempotency_keys set status = $4, body = $5 where workspace_id = $1 and user_id = $2 and key = $3";
    DELETE = "delete from idempotency_keys where workspace_id = $1 and user_id = $2 and key = $3";
    SWEEP = "delete from idempotency_keys where created_at < $1";
}

pub(super) async fn insert(tx: &mut Tx, owner: Owner, key: &str, hash: &[u8], now: DateTime<Utc>) -> Result<bool> {
    Ok(tx.execute(INSERT, (owner.0, owner.1, key, hash, now)).await? == 1)
}

pub(super) async fn find(rx: &mut Rx, owner: Owner, key: &str) -> Result<Option<Found>> {
    rx.opt(FIND, (owner.0, owner.1, key)).await
}

pub(super) async fn take_over(tx: &mut Tx, owner: Owner, key: &str, hash: &[u8], now: DateTime<Utc>) -> Result<()> {
    tx.execute(TAKE_OVER, (owner.0, owner.1, key, hash, now)).await.map(drop)
}

pub(super) async fn finish(tx: &mut Tx, owner: Owner, key: &str, status: i64, body: &str) -> Result<()> {
    tx.execute(FINISH, (owner.0, owner.1, key, status, body)).await.map(drop)
}

pub(super) async fn delete(tx: &mut Tx, owner: Owner, key: &str) -> Result<()> {
    tx.execute(DELETE, (owner.0, owner.1, key)).await.map(drop)
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
