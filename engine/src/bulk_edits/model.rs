//! Bulk edits, as they are asked for, stored and told.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Error;
use crate::db::row;
use crate::ids::{BulkEditId, TaskId, UserId, WorkspaceId};
use crate::tasks::{TaskFilter, TaskPatch};

/// The most tasks of one bulk edit.
pub const MAX_TASKS: i64 = 1_000;
/// How long a bulk edit can be undone.
pub const UNDO_WITHIN: TimeDelta = TimeDelta::hours(24);

/// A bulk edit that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBulkEdit {
    /// Which tasks, as `GET /tasks` finds them; at most 1,000.
    pub filter: TaskFilter,
    /// The change, as `PATCH /tasks/{id}` takes it.
    pub patch: TaskPatch,
    /// Only tells what it would come to: how many tasks it would change, and which it could not.
    #[serde(default)]
    pub dry_run: bool,
}

row! {
    /// A bulk edit, as it is stored.
    #[derive(Debug, Clone)]
    pub struct BulkEdit {
        /// Its id.
        pub id: BulkEditId,
        /// The workspace it belongs to.
        pub workspace_id: WorkspaceId,
        /// Who made it.
        pub user_id: UserId,
        /// Which tasks, as text.
        pub filter: String,
        /// The change, as JSON text.
        pub patch: String,
        /// How many tasks it changed.
        pub changed: i64,
        /// When it was undone.
        pub undone_at: Option<DateTime<Utc>>,
        /// When it was made.
        pub created_at: DateTime<Utc>,
    }
}

row! {
    /// A task that a bulk edit changed.
    #[derive(Debug, Clone)]
    pub struct Item {
        /// The task.
        pub task_id: TaskId,
        /// Its named fields as they were, as JSON text.
        pub before: String,
        /// And as they became.
        pub after: String,
    }
}

/// What a bulk edit did.
#[derive(Debug)]
pub struct Changed {
    /// Its id, to undo it; none when it changed nothing.
    pub id: Option<BulkEditId>,
    /// How many tasks the filter finds.
    pub matched: i64,
    /// How many were changed, or would be.
    pub changed: i64,
    /// Those that could not be changed, and why.
    pub failed: Vec<(TaskId, Error)>,
}

/// A field that was not put back, because somebody changed it since.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Conflict {
    /// The task.
    pub task: TaskId,
    /// Its key; null when the task is gone.
    pub key: Option<String>,
    /// The field; null for all of a task that could not be changed.
    pub field: Option<String>,
    /// What it is now.
    pub now: Value,
    /// Why it was not put back.
    pub detail: String,
}

/// What an undo did.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Undone {
    /// The bulk edit.
    pub id: BulkEditId,
    /// How many tasks were put back, as a whole or in part.
    pub restored: i64,
    /// What was not put back.
    pub conflicts: Vec<Conflict>,
}
