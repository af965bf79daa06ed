//! Many operations on tasks at once, by the same verbs and with the same permissions as one by one. Either each for
//! itself, a few in a transaction ([`Db::write_each`]), or all or nothing in one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use schemars::JsonSchema;
use serde::Deserialize;

use super::model::{NewTask, Task, TaskPatch};
use super::service;
use crate::access::permissions::{TaskComment, TaskCreate, TaskDelete, TaskEdit};
use crate::comments::{self, NewComment};
use crate::cx::Cx;
use crate::db::{Db, Tx};
use crate::handle::Handle;
use crate::ids::{ProjectId, TaskId};
use crate::projects;
use crate::{Class, Error, Result};

/// The most operations of one batch.
pub const MAX_OPERATIONS: usize = 1_000;

/// One operation. In requests its kind stands inside, as `op`; it is read as the one field of an object, because
/// serde cannot say where in a tagged enum something is wrong.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Operation {
    /// Makes a task.
    Create {
        /// The project, by id or key.
        project: Handle<ProjectId>,
        /// The task, as `POST /projects/{id}/tasks` takes it.
        task: NewTask,
    },
    /// Changes a task.
    Update {
        /// The task, by id or key.
        task: Handle<TaskId>,
        /// The version that was seen: another one now refuses the change.
        #[serde(default)]
        version: Option<i64>,
        /// The change, as `PATCH /tasks/{id}` takes it.
        patch: TaskPatch,
    },
    /// Deletes a task.
    Delete {
        /// The task, by id or key.
        task: Handle<TaskId>,
        /// The version that was seen: another one now refuses the deletion.
        #[serde(default)]
        version: Option<i64>,
    },
    /// Writes a comment on a task.
    Comment {
        /// The task, by id or key.
        task: Handle<TaskId>,
        /// Markdown, at most 64 KiB.
        body: String,
    },
}

impl Operation {
    /// The kinds of operations.
    pub const KINDS: &'static [&'static str] = &["create", "update", "delete", "comment"];
}

/// What an operation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// A task was made: id, key, version.
    Created(TaskId, String, i64),
    /// A task was changed, or was already as it should be: id, key, version.
    Updated(TaskId, String, i64),
    /// A task was deleted.
    Deleted,
    /// A comment was written.
    Commented(crate::ids::CommentId),
}

/// Does the operations one after another, each for itself; what became of each.
pub async fn each(db: &Db, cx: &Cx, operations: Vec<Operation>) -> Vec<Result<Done>> {
    let (operations, cx) = (Arc::<[Operation]>::from(operations), cx.clone());
    let count = operations.len();
    db.write_each(
        count,
        Arc::new(move |tx: &mut Tx, at| {
            let (operations, cx) = (operations.clone(), cx.clone());
            Box::pin(async move { perform(tx, &cx, &operations[at]).await })
        }),
    )
    .await
}

/// Does all operations or, with the error of the first that fails and its number, none.
pub async fn all(db: &Db, cx: &Cx, operations: Vec<Operation>) -> Result<Vec<Done>, (usize, Error)> {
    let reached = Arc::new(AtomicUsize::new(0));
    let (cx, at) = (cx.clone(), reached.clone());
    let perform = async move |tx: &mut Tx| {
        let mut done = Vec::with_capacity(operations.len());
        for (number, operation) in operations.iter().enumerate() {
            at.store(number, Ordering::Release);
            done.push(perform(tx, &cx, operation).await?);
        }
        Ok(done)
    };
    db.write(perform).await.map_err(|error| (reached.load(Ordering::Acquire), error))
}

async fn perform(tx: &mut Tx, cx: &Cx, operation: &Operation) -> Result<Done> {
    perform_bare(tx, cx, operation).await.map_err(|error| placed(error, operation))
}

async fn perform_bare(tx: &mut Tx, cx: &Cx, operation: &Operation) -> Result<Done> {
    let workspace = cx.actor.workspace;
    let told = |task: Task| (task.id, task.key, task.version);
    match operation.clone() {
        Operation::Create { project, task } => {
            let project = projects::service::find(tx, workspace, &project).await?;
            let task = service::create(tx, cx, &cx.actor.may::<TaskCreate, _>(project)?, task).await?;
            let (id, key, version) = told(task);
            Ok(Done::Created(id, key, version))
        }
        Operation::Update { task, version, patch } => {
            let project = projects::service::find_of_task(tx, workspace, &task).await?;
            let may = cx.actor.may::<TaskEdit, _>(project)?;
            let (id, key, version) = told(service::update(tx, cx, &may, &task, version, patch).await?);
            Ok(Done::Updated(id, key, version))
        }
        Operation::Delete { task, version } => {
            let project = projects::service::find_of_task(tx, workspace, &task).await?;
            service::delete(tx, cx, &cx.actor.may::<TaskDelete, _>(project)?, &task, version).await?;
            Ok(Done::Deleted)
        }
        Operation::Comment { task, body } => {
            let project = projects::service::find_of_task(tx, workspace, &task).await?;
            let may = cx.actor.may::<TaskComment, _>(project)?;
            Ok(Done::Commented(comments::service::comment(tx, cx, &may, &task, NewComment { body }).await?.id))
        }
    }
}

/// The error with pointers into the operation.
fn placed(error: Error, operation: &Operation) -> Error {
    let within = match operation {
        // What the services name is in the task or the patch; a thing that is not there was named beside it.
        Operation::Create { .. } if error.fields.is_empty() && error.class == Class::NotFound => "/project",
        _ if error.fields.is_empty() && error.class == Class::NotFound => "/task",
        _ if error.fields.is_empty() => "",
        Operation::Create { .. } => "/task",
        Operation::Update { .. } => "/patch",
        Operation::Delete { .. } | Operation::Comment { .. } => "",
    };
    error.under(within)
}
