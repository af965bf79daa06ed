//! All SQL on `task_templates`.

use super::model::TaskTemplate;
use crate::Result;
use crate::db::{Rx, Tx, statements};
use crate::ids::{ProjectId, TaskTemplateId, WorkspaceId};

statements! {
    FIND = "select {TaskTemplate} from task_templates where workspace_id = $1 and id = $2", TaskTemplate;
    FIND_FOR_UPDATE = "select {TaskTemplate} from task_templates where workspace_id = $1 and id = $2 for update", TaskTemplate;
    LIST = "select {TaskTemplate} from task_templates where workspace_id = $1 and project_id = $2 order by id limit $3", TaskTemplate;
    LIST_AFTER = "select {TaskTemplate} from task_templates where workspace_id = $1 and project_id = $2 and id > $4 \
     order by id limit $3", TaskTemplate;
    COUNT = "select count(*) from task_templates where workspace_id = $1 and project_id = $2";
    USED = "select count(*) from recurrences where workspace_id = $1 and template_id = $2";
    INSERT = "insert into task_templates (id, workspace_id, project_id, name, body, variables, version, created_by, \
     created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    UPDATE = "update task_templates set name = $3, body = $4, variables = $5, version = $6, updated_at = $7 \
     where workspace_id = $1 and id = $2";
    DELETE = "delete from task_templates where workspace_id = $1 and id = $2";
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, id: TaskTemplateId) -> Result<Option<TaskTemplate>> {
    rx.opt(FIND, (workspace, id)).await
}

/// The template as it is now, locked until the transaction ends.
pub(super) async fn find_for_update(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: TaskTemplateId,
) -> Result<Option<TaskTemplate>> {
    tx.opt(FIND_FOR_UPDATE, (workspace, id)).await
}

/// The templates of a project, by id.
pub(super) async fn list(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
    after: Option<TaskTemplateId>,
    limit: i64,
) -> Result<Vec<TaskTemplate>> {
    match after {
        None => rx.all(LIST, (workspace, project, limit)).await,
        Some(after) => rx.all(LIST_AFTER, (workspace, project, limit, after)).await,
    }
}

pub(super) async fn count(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<i64> {
    let (count,): (i64,) = rx.one(COUNT, (workspace, project)).await?;
    Ok(count)
}

/// How many recurring tasks are made of the template.
pub(super) async fn used(rx: &mut Rx, workspace: WorkspaceId, id: TaskTemplateId) -> Result<i64> {
    let (count,): (i64,) = rx.one(USED, (workspace, id)).await?;
    Ok(count)
}

pub(super) async fn insert(tx: &mut Tx, template: &TaskTemplate) -> Result<()> {
    let args = (
        template.id,
        template.workspace_id,
        template.project_id,
        &template.name,
        template.body.text(),
        template.variables.text(),
        template.version,
        template.created_by,
        template.created_at,
        template.updated_at,
    );
    tx.execute(INSERT, args).await.map(drop)
}

pub(super) async fn update(tx: &mut Tx, template: &TaskTemplate) -> Result<()> {
    let args = (
        template.workspace_id,
        template.id,
        &template.name,
        template.body.text(),
        template.variables.text(),
        template.version,
        template.updated_at,
    );
    tx.execute(UPDATE, args).await.map(drop)
}

pub(super) async fn delete(tx: &mut Tx, workspace: WorkspaceId, id: TaskTemplateId) -> Result<()> {
    tx.execute(DELETE, (workspace, id)).await.map(drop)
}
