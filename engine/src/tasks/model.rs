//! Tasks, as they are stored, shown and asked for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::word::open_words;
use crate::db::{self, Cell, Column, Param, row};
use crate::handle::Handle;
use crate::ids::{MilestoneId, ProjectId, SprintId, TaskId, UserId};
use crate::patch::Patch;
use crate::raw::Raw;
use crate::words::words;
use crate::{Error, Result};

open_words! {
    /// What kind of work a task is. Projects may have others.
    pub struct TaskType("type") {
        /// Work.
        Task = "task",
        /// Something is broken.
        Bug = "bug",
        /// Something new.
        Feature = "feature",
        /// Something better.
        Improvement = "improvement",
        /// Something to write down.
        Documentation = "documentation",
    }
}

open_words! {
    /// How a task stands. Projects with a workflow of their own may have others.
    pub struct TaskStatus("status") {
        /// Nobody has begun.
        Todo = "todo",
        /// Somebody works on it.
        InProgress = "in_progress",
        /// Somebody looks at it.
        InReview = "in_review",
        /// It waits for something else.
        Blocked = "blocked",
        /// It is done.
        Completed = "completed",
        /// It will not be done.
        Cancelled = "cancelled",
    }
}

words! {
    /// What a status means, whatever it is called: what everything else goes by.
    pub enum Category {
        /// Nobody has begun.
        Todo = "todo",
        /// Work goes on, or waits.
        InProgress = "in_progress",
        /// The work is done: the task is completed.
        Done = "done",
        /// It will not be done.
        Cancelled = "cancelled",
    }
}

impl Category {
    /// Its place in the flow of work.
    pub(crate) fn rank(self) -> i64 {
        self as i64
    }

    /// Whether there is still something to do.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Todo | Self::InProgress)
    }
}

/// How urgent a task is. Stored as a number, so that it sorts: `-priority` begins with `critical`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// When there is time.
    Low = 1,
    /// As it comes.
    Medium = 2,
    /// Soon.
    High = 3,
    /// Now.
    Critical = 4,
}

impl Priority {
    /// The number that is stored: 1 for low to 4 for critical.
    pub fn rank(self) -> i64 {
        self as i64
    }
}

impl std::str::FromStr for Priority {
    type Err = Error;
    fn from_str(word: &str) -> Result<Self> {
        match word {
            "low" => Ok(Self::Low),
            "medium" => Ok(Self::Medium),
            "high" => Ok(Self::High),
            "critical" => Ok(Self::Critical),
            _ => Err(Error::invalid("unknown_word", format!("`{word}` is none of critical, high, medium, low"))),
        }
    }
}

impl Param for Priority {
    const KIND: db::Kind = db::Kind::Int;
    fn value(&self) -> db::Value<'_> {
        db::Value::Int(self.rank())
    }
}

impl Column for Priority {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        match cell.i64()? {
            1 => Ok(Self::Low),
            2 => Ok(Self::Medium),
            3 => Ok(Self::High),
            4 => Ok(Self::Critical),
            other => Err(Error::internal(format!("{other} is no priority."))),
        }
    }
}

row! {
    /// A task.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    pub struct Task {
        /// Its id.
        pub id: TaskId,
        /// What people call it: `WEB-142`.
        pub key: String,
        /// Goes up by one with every change.
        pub version: i64,
        /// The project it belongs to.
        #[serde(rename = "project")]
        pub project_id: ProjectId,
        /// What is to be done.
        pub title: String,
        /// More about it, in Markdown.
        pub description: String,
        /// What kind of work it is.
        #[serde(rename = "type")]
        pub kind: TaskType,
        /// How it stands.
        pub status: TaskStatus,
        /// What its status means.
        pub category: Category,
        /// The place of its status in the flow of work: what lists are ordered by.
        #[serde(skip)]
        pub status_rank: i64,
        /// How urgent it is.
        pub priority: Priority,
        /// Its labels, in the order they were given.
        pub labels: Raw<Vec<String>>,
        /// Who works on it.
        pub assignees: Raw<Vec<UserId>>,
        /// Who wants to know what happens to it.
        pub watchers: Raw<Vec<UserId>>,
        /// The task that it is a part of.
        #[serde(rename = "parent")]
        pub parent_id: Option<TaskId>,
        /// The milestone that it belongs to.
        #[serde(rename = "milestone")]
        pub milestone_id: Option<MilestoneId>,
        /// The sprint that it is to be done in.
        #[serde(rename = "sprint")]
        pub sprint_id: Option<SprintId>,
        /// When work is to begin.
        pub start_at: Option<DateTime<Utc>>,
        /// When it is to be done.
        pub due_at: Option<DateTime<Utc>>,
        /// How much work it is thought to be, in whole minutes.
        pub estimate: Option<i64>,
        /// The same in points, a measure of the team's own.
        pub points: Option<i64>,
        /// Fields of the project's own.
        pub custom: Raw<Map<String, Value>>,
        /// Who made it, or in whose name a rule did; null when the program itself did.
        pub created_by: Option<UserId>,
        /// When it was made.
        pub created_at: DateTime<Utc>,
        /// When it last changed.
        pub updated_at: DateTime<Utc>,
        /// When it was completed, while it is.
        pub completed_at: Option<DateTime<Utc>>,
        /// What it holds of sensitive fields. Shown within `custom`, and only to those who may `budget.view`.
        #[serde(skip)]
        pub hidden: Raw<Map<String, Value>>,
    }
}

/// Another task, as events name it: whoever sees the one need not see the other.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TaskShort {
    /// Its id.
    pub id: TaskId,
    /// What people call it.
    pub key: String,
    /// The project it belongs to.
    pub project: ProjectId,
}

impl From<&Task> for TaskShort {
    fn from(task: &Task) -> Self {
        Self { id: task.id, key: task.key.clone(), project: task.project_id }
    }
}

impl Task {
    /// Puts what is sensitive among what is shown. Only for the eyes of those who may `budget.view` in its project, and
    /// never before it is written back.
    pub(super) fn unveil(&mut self) -> Result<()> {
        if self.hidden.text() != "{}" {
            let mut custom = self.custom.read()?;
            custom.extend(self.hidden.read()?);
            self.custom = Raw::of(&custom)?;
        }
        Ok(())
    }

    /// Whether it is still to be done: neither completed nor cancelled.
    pub fn is_open(&self) -> bool {
        self.category.is_open()
    }

    /// Its number in the project: 142 of `WEB-142`.
    pub fn number(&self) -> i64 {
        self.key.rsplit_once('-').and_then(|(_, number)| number.parse().ok()).unwrap_or_default()
    }
}

row! {
    /// What planning wants to know of a task.
    #[derive(Debug, Clone)]
    pub struct TaskDates {
        /// Its id.
        pub id: TaskId,
        /// What people call it: `WEB-142`.
        pub key: String,
        /// What is to be done.
        pub title: String,
        /// How it stands.
        pub status: TaskStatus,
        /// What its status means.
        pub category: Category,
        /// The task that it is a part of.
        pub parent_id: Option<TaskId>,
        /// When work is to begin.
        pub start_at: Option<DateTime<Utc>>,
        /// When it is to be done.
        pub due_at: Option<DateTime<Utc>>,
        /// When it was completed, while it is.
        pub completed_at: Option<DateTime<Utc>>,
    }
}

/// A task that is asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewTask {
    /// 1 to 500 characters.
    #[schemars(length(min = 1, max = 500), required)]
    pub title: String,
    /// Markdown, at most 64 KiB.
    pub description: String,
    /// `task` when left out.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<TaskType>,
    /// What the project's workflow begins with when left out: usually `todo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<TaskStatus>,
    /// `medium` when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// At most 50, each at most 64 characters.
    pub labels: Vec<String>,
    /// At most 50 members of the workspace.
    pub assignees: Vec<UserId>,
    /// At most 200 members of the workspace who want to know what happens to it.
    pub watchers: Vec<UserId>,
    /// The task that it is a part of, of the same project, by id or key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Handle<TaskId>>,
    /// The milestone of the same project that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestone: Option<MilestoneId>,
    /// The sprint of the same project that it is to be done in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sprint: Option<SprintId>,
    /// When work is to begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_at: Option<DateTime<Utc>>,
    /// When it is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// How much work it is thought to be, in whole minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 10_000_000))]
    pub estimate: Option<i64>,
    /// The same in points, a measure of the team's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000))]
    pub points: Option<i64>,
    /// Fields of the project's own, at most 16 KiB; names of a-z, 0-9 and `_`. A project that defines fields takes only
    /// those.
    pub custom: Map<String, Value>,
}

/// A change of a task: what is left out stays, null empties.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TaskPatch {
    /// 1 to 500 characters.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub title: Patch<String>,
    /// Markdown, at most 64 KiB; null empties it.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub description: Patch<String>,
    /// What kind of work it is.
    #[serde(rename = "type", skip_serializing_if = "Patch::is_absent")]
    pub kind: Patch<TaskType>,
    /// How it stands.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub status: Patch<TaskStatus>,
    /// How urgent it is.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub priority: Patch<Priority>,
    /// All its labels from now on; null takes them off.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub labels: Patch<Vec<String>>,
    /// All who work on it from now on; null takes them off.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub assignees: Patch<Vec<UserId>>,
    /// The task that it becomes a part of, by id or key; null makes it stand alone.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub parent: Patch<Handle<TaskId>>,
    /// The milestone of the same project that it belongs to; null takes it off.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub milestone: Patch<MilestoneId>,
    /// The sprint of the same project that it is to be done in; null takes it out.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub sprint: Patch<SprintId>,
    /// When work is to begin; null takes it off.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub start_at: Patch<DateTime<Utc>>,
    /// When it is to be done; null takes it off.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub due_at: Patch<DateTime<Utc>>,
    /// How much work it is thought to be, in whole minutes; null takes it off.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub estimate: Patch<i64>,
    /// The same in points; null takes it off.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub points: Patch<i64>,
    /// Merged into the task's own: a field that is null goes away, others stay; null as a whole empties it.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub custom: Patch<Map<String, Value>>,
}
