//! All SQL on `variables`.

use serde_json::Value;

use super::model::Variable;
use crate::Result;
use crate::db::{One, Rx, Tx, statements};
use crate::ids::{ProjectId, VariableId, WorkspaceId};
use crate::raw::Raw;

statements! {
    LIST = "select {Variable} from (select v.*, p.key as project_key from variables v left join projects p on p.id = v.project_id) v \
     where workspace_id = $1 and (id > $2 or $2 is null) order by id limit $3", Variable;
    LIST_OF_PROJECT = "select {Variable} from (select v.*, p.key as project_key from variables v left join projects p on p.id = v.project_id) v \
     where workspace_id = $1 and project_id = $4 and (id > $2 or $2 is null) order by id limit $3", Variable;
    FIND = "select {Variable} from (select v.*, p.key as project_key from variables v left join projects p on p.id = v.project_id) v \
     where workspace_id = $1 and project_id is not distinct from $2 and name = $3", Variable;
    COUNT = "select count(*) from variables where workspace_id = $1 and project_id is not distinct from $2";
    INSERT = "insert into variables (id, workspace_id, project_id, name, value, set_by, set_at) \
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing";
    UPDATE = "update variables set value = $4, set_by = $5, set_at = $6 \
     where workspace_id = $1 and project_id is not distinct from $2 and name = $3";
    DELETE = "delete from variables where workspace_id = $1 and project_id is not distinct from $2 and name = $3";
    OF_PLACE = "select name, value, project_id from variables where workspace_id = $1 and (project_id is null or project_id = $2)";
    OF_WORKSPACE = "select v.project_id, p.key, v.name, v.value from variables v left join projects p on p.id = v.project_id \
     where v.workspace_id = $1";
    OF_ALL = "select v.workspace_id, v.project_id, p.key, v.name, v.value from variables v left join projects p on p.id = v.project_id";
}

/// A variable of a place: its name and value, and its project.
pub(super) type Placed = (String, Raw<Value>, Option<ProjectId>);
/// A variable with its project, by id and key.
pub(super) type Keyed = (Option<ProjectId>, Option<String>, String, Raw<Value>);

/// The variables of a project, or with none all of the workspace, in the order in which they were first set.
pub(super) async fn list(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: Option<ProjectId>,
    after: Option<VariableId>,
    limit: i64,
) -> Result<Vec<Variable>> {
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
) -> Result<Option<Variable>> {
    rx.opt(FIND, (workspace, project, name)).await
}

pub(super) async fn count(rx: &mut Rx, workspace: WorkspaceId, project: Option<ProjectId>) -> Result<i64> {
    let One(count) = rx.one::<One<i64>>(COUNT, (workspace, project)).await?;
    Ok(count)
}

/// False when the name is taken.
pub(super) async fn insert(tx: &mut Tx, workspace: WorkspaceId, new: &Variable) -> Result<bool> {
    let args = (new.id, workspace, new.project_id, new.name.as_str(), new.value.text(), new.set_by, new.set_at);
    Ok(tx.execute(INSERT, args).await? == 1)
}

/// False when there is none of the name.
pub(super) async fn update(tx: &mut Tx, workspace: WorkspaceId, new: &Variable) -> Result<bool> {
    let args = (workspace, new.project_id, new.name.as_str(), new.value.text(), new.set_by, new.set_at);
    Ok(tx.execute(UPDATE, args).await? == 1)
}

pub(super) async fn delete(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: Option<ProjectId>,
    name: &str,
) -> Result<bool> {
    Ok(tx.execute(DELETE, (workspace, project, name)).await? == 1)
}

/// The variables of the workspace itself and of this project.
pub(super) async fn of_place(rx: &mut Rx, workspace: WorkspaceId, project: Option<ProjectId>) -> Result<Vec<Placed>> {
    rx.all(OF_PLACE, (workspace, project)).await
}

/// The variables of a workspace and of all its projects.
pub(super) async fn of_workspace(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<Keyed>> {
    rx.all(OF_WORKSPACE, (workspace,)).await
}

/// The variables of every workspace.
pub(super) async fn of_all(
    rx: &mut Rx,
) -> Result<Vec<(WorkspaceId, Option<ProjectId>, Option<String>, String, Raw<Value>)>> {
    rx.all(OF_ALL, ()).await
}
