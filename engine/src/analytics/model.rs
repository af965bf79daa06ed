//! Figures, as they are shown and asked for.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::db::row;
use crate::ids::{ProjectId, TaskId, UserId};
use crate::projects::{Health, ProjectStatus};
use crate::words::words;

/// The most points of a range.
pub const MAX_POINTS: usize = 400;
/// The most tasks that an answer names one by one, of each kind.
pub const MAX_LISTED: usize = 200;
/// The most projects that a portfolio looks at.
pub const MAX_PROJECTS: i64 = 5_000;

words! {
    /// How a range is parted.
    pub enum Interval {
        /// By days.
        Day = "day",
        /// By weeks, which begin on Monday.
        Week = "week",
    }
}

/// What metrics are asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsQuery {
    /// The first day (`2026-03-01`, or an RFC 3339 time of it); 29 days before `to` when left out.
    pub from: Option<String>,
    /// The last day; today when left out.
    pub to: Option<String>,
    /// Whose days they are, such as `Europe/Berlin`; `UTC` when left out.
    pub tz: Option<String>,
    /// `day` when left out.
    pub interval: Option<Interval>,
}

/// Which days an answer is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Range {
    /// The first day.
    #[schemars(with = "String")]
    pub from: NaiveDate,
    /// The last day.
    #[schemars(with = "String")]
    pub to: NaiveDate,
    /// Whose days they are.
    pub tz: String,
    /// How they are parted.
    pub interval: Interval,
}

/// A project's figures.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Metrics {
    /// The project.
    pub project: ProjectId,
    /// Its key.
    pub key: String,
    /// Which days they are about.
    #[serde(flatten)]
    pub range: Range,
    /// Day by day, or week by week.
    pub points: Vec<Point>,
    /// How many tasks were completed in the range.
    pub throughput: i64,
    /// From first being active to completion, of the tasks completed in the range; those that never were active are left
    /// out.
    pub cycle_time: Durations,
    /// From being made to completion, of the tasks completed in the range.
    pub lead_time: Durations,
    /// The tasks completed in the range, the newest first, at most 200.
    pub completed: Vec<DoneTask>,
    /// How many tasks are overdue now.
    pub overdue: i64,
    /// They, the longest overdue first, at most 200.
    pub overdue_tasks: Vec<LateTask>,
    /// Who has how much to do now, the busiest first.
    pub workload: Vec<Load>,
    /// How many open tasks nobody works on now.
    pub unassigned: i64,
}

/// How things stood at the end of a day or week, and what happened during it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Point {
    /// When it begins.
    pub start: DateTime<Utc>,
    /// When it ends; what happens then belongs to the next.
    pub end: DateTime<Utc>,
    /// How many tasks were made.
    pub created: i64,
    /// How many were completed: the throughput.
    pub completed: i64,
    /// Burn-up: how many tasks there were at the end, those cancelled not counted.
    pub scope: i64,
    /// Burn-up: how many of them were completed.
    pub done: i64,
    /// Burn-down: how many were still to be done.
    pub remaining: i64,
    /// The same by estimate, in minutes of work.
    pub scope_minutes: i64,
    /// What is completed, by estimate.
    pub done_minutes: i64,
    /// What was still to be done, by estimate.
    pub remaining_minutes: i64,
    /// Cumulative flow: how many tasks stood how at the end.
    pub by_status: BTreeMap<String, i64>,
}

/// How long something took, in seconds: the least that so many percent did not exceed, each one that was observed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Durations {
    /// How many were observed.
    pub count: i64,
    /// The median.
    pub p50: Option<i64>,
    /// 85 of 100 took at most so long.
    pub p85: Option<i64>,
    /// 95 of 100 took at most so long.
    pub p95: Option<i64>,
}

/// A completed task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DoneTask {
    /// Its id.
    pub id: TaskId,
    /// Its key.
    pub key: String,
    /// When it was completed.
    pub completed_at: DateTime<Utc>,
    /// From first being active to completion, in seconds.
    pub cycle_seconds: Option<i64>,
    /// From being made to completion, in seconds.
    pub lead_seconds: i64,
}

row! {
    /// An overdue task.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct LateTask {
        /// Its id.
        pub id: TaskId,
        /// Its key.
        pub key: String,
        /// What is to be done.
        pub title: String,
        /// When it was to be done.
        pub due_at: DateTime<Utc>,
    }
}

row! {
    /// What somebody has to do.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Load {
        /// Who.
        pub user: UserId,
        /// How many open tasks.
        pub open: i64,
        /// How many of them are overdue.
        pub overdue: i64,
        /// What they are estimated to take, in minutes; a task of several people counts in full for each.
        pub minutes: i64,
    }
}

/// What a portfolio is asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PortfolioQuery {
    /// The first day of the throughput; 29 days before `to` when left out.
    pub from: Option<String>,
    /// Its last day; today when left out.
    pub to: Option<String>,
    /// Whose days they are; `UTC` when left out.
    pub tz: Option<String>,
    /// active, on_hold, completed, archived; any but archived when left out.
    pub status: Option<String>,
    /// Those who answer for them: ids, or `me`.
    pub owner: Option<String>,
    /// Part of the name or key.
    pub q: Option<String>,
    /// Any of created_at, due_at, key, name, updated_at; `-` before one turns it round. `created_at` when left out.
    pub sort: Option<String>,
    /// 1 to 200 projects; 25 when left out.
    pub limit: Option<i64>,
    /// Projects to pass over, at most 10,000.
    pub offset: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// How many tasks stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// How many tasks there are.
    pub total: i64,
    /// How many are still to be done.
    pub open: i64,
    /// How many are completed.
    pub completed: i64,
    /// How many will not be done.
    pub cancelled: i64,
    /// How many of the open ones are overdue.
    pub overdue: i64,
    /// How many were completed in the range.
    pub throughput: i64,
}

impl Counts {
    /// How much of what is to be done is completed, in whole percent; 0 where nothing is to be done.
    pub fn progress(&self) -> i64 {
        (self.completed * 100).checked_div(self.total - self.cancelled).unwrap_or(0)
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.total += other.total;
        self.open += other.open;
        self.completed += other.completed;
        self.cancelled += other.cancelled;
        self.overdue += other.overdue;
        self.throughput += other.throughput;
    }
}

/// One project of a portfolio.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProjectFigures {
    /// The project.
    pub id: ProjectId,
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// How it stands.
    pub status: ProjectStatus,
    /// Who answers for it.
    pub owner: UserId,
    /// How it does; null when nobody has said.
    pub health: Option<Health>,
    /// When it begins.
    pub start_at: Option<DateTime<Utc>>,
    /// When it is to be done.
    pub due_at: Option<DateTime<Utc>>,
    /// When its next open milestone is to be reached.
    pub next_milestone_at: Option<DateTime<Utc>>,
    /// How much of it is completed, in whole percent of the tasks that are not cancelled.
    pub progress: i64,
    /// Its tasks.
    #[serde(flatten)]
    pub counts: Counts,
}

/// The figures of all projects that one may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Portfolio {
    /// Which days the throughput is about.
    #[serde(flatten)]
    pub range: Range,
    /// A page of the projects.
    pub items: Vec<ProjectFigures>,
    /// Ask with this for the next page; null on the last one.
    pub next_cursor: Option<String>,
    /// How many projects there are on all pages.
    pub total: i64,
    /// All of their tasks together.
    pub totals: Counts,
    /// How much of all is completed, in whole percent.
    pub progress: i64,
}
