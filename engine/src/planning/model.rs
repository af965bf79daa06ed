//! Dependencies and timelines, as they are stored, shown and asked for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::db::row;
use crate::handle::Handle;
use crate::ids::{TaskId, UserId};
use crate::tasks::TaskStatus;
use crate::words::words;

/// The longest lag or lead, in working minutes: some eight years of working days.
pub const MAX_LAG: i64 = 1_000_000;
/// The most dependencies that one task has.
pub const MAX_PREDECESSORS: usize = 200;
/// The most tasks of a project that has a timeline.
pub const MAX_TASKS: i64 = 20_000;
/// How long a task takes that does not say, in working minutes: a day of eight hours.
pub const DEFAULT_DURATION: i64 = 480;

words! {
    /// Which ends of two tasks are tied.
    pub enum DependencyType {
        /// The task starts when its predecessor is done.
        FinishToStart = "FS",
        /// The task starts when its predecessor has started.
        StartToStart = "SS",
        /// The task is done when its predecessor is done.
        FinishToFinish = "FF",
        /// The task is done when its predecessor has started.
        StartToFinish = "SF",
    }
}

impl DependencyType {
    fn usual() -> Self {
        Self::FinishToStart
    }
}

row! {
    /// What a task waits for.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Dependency {
        /// The task that waits.
        #[serde(rename = "task")]
        pub task_id: TaskId,
        /// The task that it waits for, of the same project.
        #[serde(rename = "predecessor")]
        pub predecessor_id: TaskId,
        /// Which ends of the two are tied.
        #[serde(rename = "type")]
        pub kind: DependencyType,
        /// How many working minutes lie between the two ends at least; negative for a lead.
        pub lag: i64,
        /// Who added it, or in whose name a rule did; null when the program itself did.
        pub created_by: Option<UserId>,
        /// When it was added.
        pub created_at: DateTime<Utc>,
    }
}

/// A dependency that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDependency {
    /// The task that is waited for, of the same project, by id or key.
    pub predecessor: Handle<TaskId>,
    /// `FS` when left out.
    #[serde(rename = "type", default = "DependencyType::usual")]
    pub kind: DependencyType,
    /// Whole working minutes, a working day being 480; negative for a lead; 0 when left out.
    #[serde(default)]
    #[schemars(range(min = -1_000_000, max = 1_000_000))]
    pub lag: i64,
}

/// When the tasks of a project can and must happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Timeline {
    /// Every task of the project, oldest first.
    pub items: Vec<TimelineItem>,
    /// Every dependency between them. They go in no circle.
    pub dependencies: Vec<Dependency>,
    /// When the project starts: the earliest `start_at` of its tasks, or when it was made; in working time.
    pub start: DateTime<Utc>,
    /// The earliest that all of it can be done.
    pub finish: DateTime<Utc>,
}

/// When a task can and must happen. Instants lie in working time (Monday to Friday, 09:00 to 17:00 UTC); durations and
/// floats are whole working minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TimelineItem {
    /// The task.
    pub id: TaskId,
    /// What people call it: `WEB-142`.
    pub key: String,
    /// What is to be done.
    pub title: String,
    /// How it stands.
    pub status: TaskStatus,
    /// The task that it is a part of.
    pub parent: Option<TaskId>,
    /// How long it takes, in working minutes; 0 for a milestone.
    pub duration: i64,
    /// The earliest that it can start.
    pub early_start: DateTime<Utc>,
    /// The earliest that it can be done.
    pub early_finish: DateTime<Utc>,
    /// The latest that it can start without the project being done later.
    pub late_start: DateTime<Utc>,
    /// The latest that it can be done without the project being done later.
    pub late_finish: DateTime<Utc>,
    /// How many working minutes it can slip without the project being done later.
    pub total_float: i64,
    /// How many working minutes it can slip without anything else starting later.
    pub free_float: i64,
    /// Whether the project is done later when this is.
    pub critical: bool,
}
