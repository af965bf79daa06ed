//! All SQL on `secrets`.

use super::model::SecretInfo;
use crate::Result;
use crate::db::{One, Rx, Tx, statements};
use crate::ids::{ProjectId, SecretId, WorkspaceId};

statements! {
    LIST = "select {SecretInfo} from (select s.*, p.key as project_key from secrets s left join projects p on p.id = s.project_id) s \
     where workspace_id = $1 and (id > $2 or $2 is null) order by id limit $3", SecretInfo;
    LIST_OF_PROJECT = "select {SecretInfo} from (select s.*, p.key as project_key from secrets s left join projects p on p.id = s.project_id) s \
     where workspace_id = $1 and project_id = $4 and (id > $2 or $2 is null) order by id limit $3", SecretInfo;
    FIND = "select {SecretInfo} from (select s.*, p.key as project_key from secrets s left join projects p on p.id = s.project_id) s \
     where workspace_id = $1 and project_id is not distinct from $2 and name = $3", SecretInfo;
    COUNT = "select count(*) from secrets where workspace_id = $1 and project_id is not distinct from $2";
    INSERT = "insert into secrets (id, workspace_id, project_id, name, sealed, set_by, set_at) \
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing";
    UPDATE = "update secrets set sealed = $3, set_by = $4, set_at = $5 where workspace_id = $1 and id = $2";
    DELETE = "delete from secrets where workspace_id = $1 and project_id is not distinct from $2 and name = $3";
    SEALED = "select id, name, project_id, sealed from secrets \
     where workspace_id = $1 and (project_id is null or project_id = $2) and name = any($3)";
    PLACES = "select name, project_id from secrets where workspace_id = $1";
}

/// A secret as it lies: its id, name and project, and what is sealed.
pub(super) type Sealed = (SecretId, String, Option<ProjectId>, Vec<u8>);

/// The secrets of a project, or with none all of the workspace, in the order in which they were first set.
pub(super) async fn list(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: Option<ProjectId>,
    after: Option<SecretId>,
    limit: i64,
) -> Result<Vec<SecretInfo>> {
    match project {
        None => rx.all(LIST, (workspace, after, limit)).await,
        Some(project) => rx.all(LIST_OF_PROJECT, (workspace, after, limit, project)).await,
    }
}

pub(super) async fn find(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: Option<ProjectId>,
    name: &str,
) -> Result<Option<SecretInfo>> {
    rx.opt(FIND, (workspace, project, name)).await
}

pub(super) async fn count(rx: &mut Rx, workspace: WorkspaceId, project: Option<ProjectId>) -> Result<i64> {
    let One(count) = rx.one::<One<i64>>(COUNT, (workspace, project)).await?;
    Ok(count)
}

/// False when the name is taken.
pub(super) async fn insert(tx: &mut Tx, workspace: WorkspaceId, new: &SecretInfo, sealed: &[u8]) -> Result<bool> {
    let args = (new.id, workspace, new.project_id, new.name.as_str(), sealed, new.set_by, new.set_at);
    Ok(tx.execute(INSERT, args).await? == 1)
}

pub(super) async fn update(tx: &mut Tx, workspace: WorkspaceId, new: &SecretInfo, sealed: &[u8]) -> Result<()> {
    tx.execute(UPDATE, (workspace, new.id, sealed, new.set_by, new.set_at)).await.map(drop)
}

pub(super) async fn delete(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: Option<ProjectId>,
    name: &str,
) -> Result<bool> {
    Ok(tx.execute(DELETE, (workspace, project, name)).await? == 1)
}

/// The secrets of these names, of the workspace itself and of this project.
pub(super) async fn sealed(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: Option<ProjectId>,
    names: &[String],
) -> Result<Vec<Sealed>> {
    rx.all(SEALED, (workspace, project, names)).await
}

/// Every name with its place.
pub(super) async fn places(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<(String, Option<ProjectId>)>> {
    rx.all(PLACES, (workspace,)).await
}
