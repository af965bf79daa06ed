//! All SQL on `rotas` and `rota_overrides`.

use chrono::{DateTime, Utc};

use super::model::{Override, Rota};
use crate::Result;
use crate::db::{One, Rx, Tx, statements};
use crate::ids::{RotaId, RotaOverrideId, WorkspaceId};

statements! {
    INSERT = "insert into rotas (id, workspace_id, name, people, rotation, version, created_by, created_at, updated_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    UPDATE = "update rotas set name = $3, people = $4, rotation = $5, version = $6, updated_at = $7 where workspace_id = $1 and id = $2";
    DELETE = "delete from rotas where workspace_id = $1 and id = $2";
    FIND = "select {Rota} from rotas where workspace_id = $1 and id = $2", Rota;
    FIND_FOR_UPDATE = "select {Rota} from rotas where workspace_id = $1 and id = $2 for update", Rota;
    NAMED = "select {Rota} from rotas where workspace_id = $1 and lower(name) = lower($2) order by id limit 1", Rota;
    LIST = "select {Rota} from rotas where workspace_id = $1 order by name, id", Rota;
    INSERT_OVERRIDE = "insert into rota_overrides (id, rota_id, workspace_id, user_id, from_at, to_at, created_by, created_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    DELETE_OVERRIDE = "delete from rota_overrides where workspace_id = $1 and rota_id = $2 and id = $3";
    OVERRIDES = "select {Override} from rota_overrides where workspace_id = $1 and rota_id = $2 and to_at > $3 order by from_at, id", Override;
    OVERRIDES_AT = "select {Override} from rota_overrides where workspace_id = $1 and rota_id = $2 and from_at <= $3 and to_at > $3 \
        order by created_at desc, id desc", Override;
    COUNT_OVERRIDES = "select count(*) from rota_overrides where workspace_id = $1 and rota_id = $2 and to_at > $3";
}

pub(super) async fn insert(tx: &mut Tx, rota: &Rota) -> Result<()> {
    let args = (
        rota.id,
        rota.workspace_id,
        rota.name.as_str(),
        rota.people.text(),
        rota.rotation.text(),
        rota.version,
        rota.created_by,
        rota.created_at,
        rota.updated_at,
    );
    tx.execute(INSERT, args).await.map(drop)
}

pub(super) async fn update(tx: &mut Tx, rota: &Rota) -> Result<()> {
    let (people, rotation) = (rota.people.text(), rota.rotation.text());
    let args = (rota.workspace_id, rota.id, rota.name.as_str(), people, rotation, rota.version, rota.updated_at);
    tx.execute(UPDATE, args).await.map(drop)
}

pub(super) async fn delete(tx: &mut Tx, workspace: WorkspaceId, id: RotaId) -> Result<()> {
    tx.execute(DELETE, (workspace, id)).await.map(drop)
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, id: RotaId) -> Result<Option<Rota>> {
    rx.opt(FIND, (workspace, id)).await
}

pub(super) async fn lock(tx: &mut Tx, workspace: WorkspaceId, id: RotaId) -> Result<Option<Rota>> {
    tx.opt(FIND_FOR_UPDATE, (workspace, id)).await
}

pub(super) async fn named(rx: &mut Rx, workspace: WorkspaceId, name: &str) -> Result<Option<Rota>> {
    rx.opt(NAMED, (workspace, name)).await
}

pub(super) async fn list(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<Rota>> {
    rx.all(LIST, (workspace,)).await
}

pub(super) async fn insert_override(tx: &mut Tx, rota: &Rota, new: &Override) -> Result<()> {
    let args =
        (new.id, rota.id, rota.workspace_id, new.user_id, new.from_at, new.to_at, new.created_by, new.created_at);
    tx.execute(INSERT_OVERRIDE, args).await.map(drop)
}

/// Whether there was one.
pub(super) async fn delete_override(tx: &mut Tx, rota: &Rota, id: RotaOverrideId) -> Result<bool> {
    Ok(tx.execute(DELETE_OVERRIDE, (rota.workspace_id, rota.id, id)).await? > 0)
}

/// Those that are not over.
pub(super) async fn overrides(rx: &mut Rx, rota: &Rota, now: DateTime<Utc>) -> Result<Vec<Override>> {
    rx.all(OVERRIDES, (rota.workspace_id, rota.id, now)).await
}

/// Those for a moment, the one said last first.
pub(super) async fn overrides_at(rx: &mut Rx, rota: &Rota, at: DateTime<Utc>) -> Result<Vec<Override>> {
    rx.all(OVERRIDES_AT, (rota.workspace_id, rota.id, at)).await
}

pub(super) async fn count_overrides(rx: &mut Rx, rota: &Rota, now: DateTime<Utc>) -> Result<i64> {
    Ok(rx.one::<One<i64>>(COUNT_OVERRIDES, (rota.workspace_id, rota.id, now)).await?.0)
}
