//! Timesheets, as they are stored, shown and asked for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::day::{Day, Week};
use crate::db::row;
use crate::ids::{ProjectId, TaskId, UserId};
use crate::words::words;

/// The longest reason, in characters.
pub const MAX_REASON: usize = 2000;
/// The most lines that a timesheet shows.
pub const MAX_LINES: i64 = 2000;
/// The most entries of an export.
pub const MAX_EXPORT: i64 = 50_000;

words! {
    /// How a week stands.
    pub enum TimesheetState {
        /// Time can be logged in it.
        Open = "open",
        /// It waits for a manager; nothing in it changes.
        Submitted = "submitted",
        /// It is agreed; nothing in it changes.
        Approved = "approved",
        /// It was handed back: time can be logged in it, and it can be submitted again.
        Rejected = "rejected",
    }
}

impl TimesheetState {
    /// Whether nothing in the week may change.
    pub fn is_locked(self) -> bool {
        matches!(self, Self::Submitted | Self::Approved)
    }
}

row! {
    /// A week as it is stored.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Stored {
        pub user_id: UserId,
        pub week: Week,
        pub state: TimesheetState,
        pub reason: String,
        pub submitted_at: Option<DateTime<Utc>>,
        pub decided_by: Option<UserId>,
        pub decided_at: Option<DateTime<Utc>>,
    }
}

impl Stored {
    /// A week in which nothing happened.
    pub(super) fn fresh(user: UserId, week: Week) -> Self {
        let (reason, state) = (String::new(), TimesheetState::Open);
        Self { user_id: user, week, state, reason, submitted_at: None, decided_by: None, decided_at: None }
    }
}

/// A week in short: what lists show and events carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TimesheetRef {
    /// Whose it is.
    pub user: UserId,
    /// Which week.
    pub week: Week,
    /// How it stands.
    pub state: TimesheetState,
    /// Why it was handed back, if it was.
    pub reason: String,
    /// When it was submitted.
    pub submitted_at: Option<DateTime<Utc>>,
    /// Who approved it or handed it back.
    pub decided_by: Option<UserId>,
    /// When that was.
    pub decided_at: Option<DateTime<Utc>>,
    /// How long the person worked, in minutes.
    pub minutes: i64,
    /// How much of that is charged to somebody.
    pub billable_minutes: i64,
}

/// A week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Timesheet {
    /// In short.
    #[serde(flatten)]
    pub short: TimesheetRef,
    /// Its Monday.
    pub from: Day,
    /// Its Sunday.
    pub to: Day,
    /// The zone in which the person counts their days now; an entry stays on the day on which it was logged.
    pub time_zone: String,
    /// Its seven days.
    pub days: Vec<TimesheetDay>,
    /// What was done on which day; at most 2000.
    pub lines: Vec<TimesheetLine>,
}

/// A day of a week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TimesheetDay {
    /// Which.
    pub date: Day,
    /// How long the person worked, in minutes.
    pub minutes: i64,
    /// How much of that is charged to somebody.
    pub billable_minutes: i64,
}

row! {
    /// What a person did on a task on a day.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct TimesheetLine {
        /// The day.
        #[serde(rename = "date")]
        pub day: Day,
        /// The project.
        #[serde(rename = "project")]
        pub project_id: ProjectId,
        /// The task; null when it is gone.
        #[serde(rename = "task")]
        pub task_id: Option<TaskId>,
        /// What people called it.
        pub task_key: String,
        /// How long, in minutes.
        pub minutes: i64,
        /// How much of that is charged to somebody.
        pub billable_minutes: i64,
    }
}

/// Which week of whom.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeekOf {
    /// The week: `2026-W48`.
    pub week: Week,
    /// Whose; whoever asks, when left out.
    #[serde(default)]
    pub user: Option<UserId>,
}

/// What a manager decides.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Whose week.
    pub user: UserId,
    /// The week: `2026-W48`.
    pub week: Week,
    /// Why, at most 2000 characters; a week that is handed back needs one.
    #[serde(default)]
    pub reason: String,
}
