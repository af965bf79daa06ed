//! All SQL on `refused_addresses`.

use chrono::{DateTime, Utc};

use super::refused::Refused;
use crate::Result;
use crate::db::{One, Rx, Tx, statements};

statements! {
    FIND = "select {Refused} from refused_addresses where address = $1", Refused;
    KNOWN = "select address from refused_addresses where address = $1";
    PUT = "insert into refused_addresses (address, refused_at, reason) values ($1, $2, $3) \
        on conflict (address) do update set refused_at = excluded.refused_at, reason = excluded.reason";
    DELETE = "delete from refused_addresses where address = $1";
}

pub(super) async fn find(rx: &mut Rx, address: &str) -> Result<Option<Refused>> {
    rx.opt(FIND, (address,)).await
}

pub(super) async fn is_known(rx: &mut Rx, address: &str) -> Result<bool> {
    Ok(rx.opt::<One<String>>(KNOWN, (address,)).await?.is_some())
}

pub(super) async fn put(tx: &mut Tx, address: &str, now: DateTime<Utc>, reason: &str) -> Result<()> {
    tx.execute(PUT, (address, now, reason)).await.map(drop)
}

pub(super) async fn delete(tx: &mut Tx, address: &str) -> Result<()> {
    tx.execute(DELETE, (address,)).await.map(drop)
}
