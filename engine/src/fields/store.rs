//! All SQL on `fields` and `field_values`, but for the list of tasks; and on the `custom` of a project's tasks where a
//! definition changes it.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::model::{Field, FieldOption, FieldType};
use crate::Result;
use crate::db::{Dialect, JsonText, Rx, Tx, row, statements};
use crate::ids::{FieldId, ProjectId, TaskId, WorkspaceId};
use crate::raw::Raw;

row! {
    /// A field by what filters want to know.
    #[derive(Debug)]
    pub struct Named {
        /// Its name in `custom`.
        pub key: String,
        /// What it holds.
        pub kind: FieldType,
        /// What can be chosen.
        pub options: Raw<Vec<FieldOption>>,
    }
}

statements! {
    OF_PROJECT = "select {Field} from fields where workspace_id = $1 and project_id = $2 order by id", Field;
    FIND = "select {Field} from fields where workspace_id = $1 and project_id = $2 and key = $3", Field;
    // Projects define fields alike; each way is read once.
    NAMED = "select distinct key, kind, options from fields where workspace_id = $1 and key = any($2) order by key, kind, options";
    KEYS = "select project_id, key from fields where workspace_id = $1 order by key, project_id limit 2000";
    SENSITIVE = "select project_id, key from fields where workspace_id = $1 and key = any($2) and sensitive";
    INSERT = "insert into fields (id, workspace_id, project_id, key, name, description, kind, options, currency, required, \
     sensitive, version, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    UPDATE = "update fields set name = $3, description = $4, options = $5, required = $6, sensitive = $7, version = $8, \
     updated_at = $9 where workspace_id = $1 and id = $2";
    DELETE = "delete from fields where workspace_id = $1 and id = $2";
    HOLDERS = "select id, custom, hidden from tasks where workspace_id = $1 and project_id = $2 \
     and (cast(custom -> $3 as text) is not null or cast(hidden -> $3 as text) is not null) order by id for update";
    SET_CUSTOM = "update tasks set custom = $3, hidden = $4, version = version + 1, updated_at = $5 where workspace_id = $1 and id = $2";
    CLEAR_VALUES = "delete from field_values where task_id = $1";
    CLEAR_FIELD = "delete from field_values where workspace_id = $1 and key = $2 \
     and task_id in (select t.id from tasks t where t.workspace_id = $1 and t.project_id = $3)";
    INSERT_VALUE = "insert into field_values (workspace_id, task_id, key, ord) values ($1, $2, $3, $4)";
}

/// The fields of a project, in the order they were defined.
pub(super) async fn list_of_project(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Vec<Field>> {
    rx.all(OF_PROJECT, (workspace, project)).await
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId, key: &str) -> Result<Option<Field>> {
    rx.opt(FIND, (workspace, project, key)).await
}

/// The fields with these keys, in whichever project; those that are alike are one.
pub(super) async fn list_named(rx: &mut Rx, workspace: WorkspaceId, keys: &[&str]) -> Result<Vec<Named>> {
    rx.all(NAMED, (workspace, keys)).await
}

/// What the fields of a workspace are called, and where: of very many, the first.
pub(super) async fn list_keys(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<(ProjectId, String)>> {
    rx.all(KEYS, (workspace,)).await
}

/// Where fields with these keys are sensitive.
pub(super) async fn list_sensitive(
    rx: &mut Rx,
    workspace: WorkspaceId,
    keys: &[&str],
) -> Result<Vec<(ProjectId, String)>> {
    rx.all(SENSITIVE, (workspace, keys)).await
}

pub(super) async fn insert(tx: &mut Tx, field: &Field) -> Result<()> {
    let args = (
        field.id,
        field.workspace_id,
        field.project_id,
        &field.key,
        &field.name,
        &field.description,
        field.kind,
        field.options.text(),
        &field.currency,
        field.required,
        field.sensitive,
        field.version,
        field.created_at,
        field.updated_at,
    );
    tx.execute(INSERT, args).await.map(drop)
}

pub(super) async fn update(tx: &mut Tx, field: &Field) -> Result<()> {
    let Field { workspace_id, id, name, description, options, required, sensitive, version, updated_at, .. } = field;
    let args = (workspace_id, id, name, description, options.text(), required, sensitive, version, updated_at);
    tx.execute(UPDATE, args).await.map(drop)
}

pub(super) async fn delete(tx: &mut Tx, workspace: WorkspaceId, field: FieldId) -> Result<()> {
    tx.execute(DELETE, (workspace, field)).await.map(drop)
}

/// A task with what it holds: what is shown with it, and what is sensitive.
type Holder = (TaskId, Raw<Map<String, Value>>, Raw<Map<String, Value>>);

/// The tasks of a project that hold something under this key, with all that they hold, locked.
pub(super) async fn list_holders(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: ProjectId,
    key: &str,
) -> Result<Vec<Holder>> {
    tx.all(HOLDERS, (workspace, project, key)).await
}

/// Writes what tasks hold from now on. Each is a change of the task.
pub(super) async fn set_custom(
    tx: &mut Tx,
    workspace: WorkspaceId,
    tasks: &[(TaskId, String, String)],
    now: DateTime<Utc>,
) -> Result<()> {
    for (task, custom, hidden) in tasks {
        tx.execute(SET_CUSTOM, (workspace, task, JsonText(custom), JsonText(hidden), now)).await?;
    }
    Ok(())
}

/// Takes what is under this key out of the tasks of a project; says of how many. Each is a change of the task.
pub(super) async fn take_out(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: ProjectId,
    key: &str,
    now: DateTime<Utc>,
) -> Result<u64> {
    // The databases have no common name for it.
    let without = match tx.dialect() {
        Dialect::Sqlite => "custom = json_remove(custom, '$.' || $3), hidden = json_remove(hidden, '$.' || $3)",
        Dialect::Postgres => "custom = custom - $3, hidden = hidden - $3",
    };
    let sql = format!(
        "update tasks set {without}, version = version + 1, updated_at = $4 where workspace_id = $1 and project_id = $2 \
         and (cast(custom -> $3 as text) is not null or cast(hidden -> $3 as text) is not null)"
    );
    tx.execute(&sql, (workspace, project, key, now)).await
}

/// Writes the values of a task as rows; `fresh` says that there are none yet.
pub(super) async fn set_values(
    tx: &mut Tx,
    workspace: WorkspaceId,
    task: TaskId,
    rows: &[(String, String)],
    fresh: bool,
) -> Result<()> {
    if !fresh {
        tx.execute(CLEAR_VALUES, (task,)).await?;
    }
    let rows: Vec<_> = rows.iter().map(|(key, ord)| (workspace, task, key, ord)).collect();
    tx.execute_many(INSERT_VALUE, &rows).await.map(drop)
}

/// Takes the rows of one field of a project away.
pub(super) async fn clear_field(tx: &mut Tx, workspace: WorkspaceId, project: ProjectId, key: &str) -> Result<()> {
    tx.execute(CLEAR_FIELD, (workspace, key, project)).await.map(drop)
}

/// Writes the rows of one field.
pub(super) async fn insert_values(
    tx: &mut Tx,
    workspace: WorkspaceId,
    key: &str,
    rows: &[(TaskId, String)],
) -> Result<()> {
    let rows: Vec<_> = rows.iter().map(|(task, ord)| (workspace, *task, key, ord)).collect();
    tx.execute_many(INSERT_VALUE, &rows).await.map(drop)
}
