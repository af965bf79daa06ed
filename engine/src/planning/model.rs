//! Dependencies and timelines, as they are stored, shown and asked for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schedules::ConstraintType;
use crate::db::row;
use crate::handle::Handle;
use crate::ids::{BaselineId, TaskId, UserId};
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
    /// When the project starts: as its plan says, or the earliest `start_at` of its tasks, or when it was made; in
    /// working time.
    pub start: DateTime<Utc>,
    /// The earliest that all of it can be done.
    pub finish: DateTime<Utc>,
    /// Up to when progress is known, if the plan says so: what is not done happens after it.
    pub status_at: Option<DateTime<Utc>>,
    /// The baseline that it was compared with, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineId>,
}

/// When a task can and must happen. Instants lie in working time, but for those that people gave; durations and floats are
/// whole working minutes of the task's calendar.
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
    /// Whether its dates are those of its subtasks.
    pub summary: bool,
    /// Whether it takes no time.
    pub milestone: bool,
    /// How long it takes, in working minutes; 0 for a milestone.
    pub duration: i64,
    /// What else holds it.
    pub constraint: ConstraintType,
    /// The date of its constraint, if that has one.
    pub constraint_at: Option<DateTime<Utc>>,
    /// How much of it is done, in percent.
    pub progress: i64,
    /// When it began, if it has.
    pub actual_start: Option<DateTime<Utc>>,
    /// When it was done, if it is.
    pub actual_finish: Option<DateTime<Utc>>,
    /// When it starts as planned: early, unless it is to be as late as possible.
    pub start: DateTime<Utc>,
    /// When it is done as planned.
    pub finish: DateTime<Utc>,
    /// The earliest that it can start.
    pub early_start: DateTime<Utc>,
    /// The earliest that it can be done.
    pub early_finish: DateTime<Utc>,
    /// The latest that it can start without the project being done later.
    pub late_start: DateTime<Utc>,
    /// The latest that it can be done without the project being done later.
    pub late_finish: DateTime<Utc>,
    /// How many working minutes it can slip without the project, or a constraint, being late; negative when it is too
    /// late for that already.
    pub total_float: i64,
    /// How many working minutes it can slip without anything else starting later.
    pub free_float: i64,
    /// Whether the project is done later when this is.
    pub critical: bool,
    /// Whether its constraint has it start before what it depends on lets it.
    pub conflict: bool,
    /// How far it is from the baseline that was asked for; null when that does not know the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variance: Option<Variance>,
}

/// How far a task is from a baseline, in working minutes of its project: positive when it is later, or longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Variance {
    /// When it was to start.
    pub baseline_start: DateTime<Utc>,
    /// When it was to be done.
    pub baseline_finish: DateTime<Utc>,
    /// How much later it starts.
    pub start: i64,
    /// How much later it is done.
    pub finish: i64,
    /// How much longer it takes.
    pub duration: i64,
}
