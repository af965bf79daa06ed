//! Time entries and timers, as they are stored, shown and asked for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::db::row;
use crate::ids::{ProjectId, RateId, TaskId, TimeEntryId, UserId};
use crate::money::{Amount, Currency};
use crate::patch::Patch;

/// The longest entry, in minutes: a day of 24 hours.
pub const MAX_MINUTES: i64 = 24 * 60;
/// The longest note, in characters.
pub const MAX_NOTE: usize = 2000;

row! {
    /// Time that somebody spent on a task.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct TimeEntry {
        /// Its id.
        pub id: TimeEntryId,
        /// The project it was spent in.
        #[serde(rename = "project")]
        pub project_id: ProjectId,
        /// The task it was spent on; null when that is gone.
        #[serde(rename = "task")]
        pub task_id: Option<TaskId>,
        /// What people called the task: `WEB-142`.
        pub task_key: String,
        /// Who spent it.
        #[serde(rename = "user")]
        pub user_id: UserId,
        /// When it began.
        pub started_at: DateTime<Utc>,
        /// When it ended.
        pub ended_at: DateTime<Utc>,
        /// How long it was, in whole minutes.
        pub minutes: i64,
        /// The day on which it counts: on which it began, where the person lived then.
        pub day: Day,
        /// What was done.
        pub note: String,
        /// Whether it is charged to somebody.
        pub billable: bool,
        /// Goes up by one with every change.
        pub version: i64,
        /// Who wrote it down, or in whose name a rule did.
        pub created_by: Option<UserId>,
        /// When it was written down.
        pub created_at: DateTime<Utc>,
        /// When it last changed.
        pub updated_at: DateTime<Utc>,
    }
}

/// An entry as it was written, with what it shares time with.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LoggedTime {
    /// The entry.
    #[serde(flatten)]
    pub entry: TimeEntry,
    /// Other entries of the same person at the same time, oldest first, at most 10. They are no error.
    pub overlaps: Vec<TimeEntryId>,
}

/// Time that is written down: from `started_at`, for `minutes` or until `ended_at`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTimeEntry {
    /// When it began. `minutes` ago when left out.
    #[serde(default)]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended; in place of `minutes`.
    #[serde(default)]
    pub ended_at: Option<DateTime<Utc>>,
    /// 1 to 1440.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1440))]
    pub minutes: Option<i64>,
    /// What was done, at most 2000 characters.
    #[serde(default)]
    pub note: String,
    /// Whether it is charged to somebody; true when left out.
    #[serde(default)]
    pub billable: Option<bool>,
    /// Whose time it is: whoever asks, when left out; another member with `time.manage`.
    #[serde(default)]
    pub user: Option<UserId>,
}

/// A change of an entry: what is left out stays. A new `started_at` alone moves it and keeps its length.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TimeEntryPatch {
    /// When it began.
    pub started_at: Patch<DateTime<Utc>>,
    /// When it ended; in place of `minutes`.
    pub ended_at: Patch<DateTime<Utc>>,
    /// 1 to 1440.
    pub minutes: Patch<i64>,
    /// What was done; null empties it.
    pub note: Patch<String>,
    /// Whether it is charged to somebody.
    pub billable: Patch<bool>,
}

row! {
    /// A timer that runs.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Timer {
        /// Whose it is.
        #[serde(rename = "user")]
        pub user_id: UserId,
        /// The project of the task.
        #[serde(rename = "project")]
        pub project_id: ProjectId,
        /// What is worked on.
        #[serde(rename = "task")]
        pub task_id: TaskId,
        /// What people call the task: `WEB-142`.
        pub task_key: String,
        /// Since when it runs.
        pub started_at: DateTime<Utc>,
        /// The day on which its time will count.
        pub day: Day,
        /// What is being done.
        pub note: String,
        /// Whether it is charged to somebody.
        pub billable: bool,
    }
}

/// A timer that is asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewTimer {
    /// What is being done, at most 2000 characters.
    pub note: String,
    /// Whether it is charged to somebody; true when left out.
    pub billable: Option<bool>,
}

/// How a timer is stopped.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StopTimer {
    /// When the work ended, for whoever forgot to stop it; now when left out.
    pub ended_at: Option<DateTime<Utc>>,
    /// What was done, in place of what was said at the start.
    pub note: Option<String>,
}

/// What starting a timer did.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TimerStarted {
    /// The timer that runs now.
    #[serde(flatten)]
    pub timer: Timer,
    /// What the timer before it became, if one ran.
    pub stopped: Option<TimeEntry>,
}

/// The timer of a person.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TimerState {
    /// The one that runs; null when none does.
    pub timer: Option<Timer>,
}

/// How much time a task was meant to take and took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TaskTime {
    /// The task.
    pub task: TaskId,
    /// How long it was meant to take, in minutes; null when nobody said.
    pub estimate_minutes: Option<i64>,
    /// How long it took so far, in minutes, without timers that run.
    pub actual_minutes: i64,
    /// How much of that is charged to somebody.
    pub billable_minutes: i64,
    /// What is left of the estimate; negative when it took longer.
    pub remaining_minutes: Option<i64>,
    /// The same by person.
    pub people: Vec<PersonTime>,
    /// The timers that run on it.
    pub running: Vec<Running>,
}

row! {
    /// How much time a person spent.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct PersonTime {
        /// The person.
        #[serde(rename = "user")]
        pub user_id: UserId,
        /// How long, in minutes.
        pub minutes: i64,
        /// How much of that is charged to somebody.
        pub billable_minutes: i64,
    }
}

row! {
    /// A timer that runs on a task.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Running {
        /// Whose it is.
        #[serde(rename = "user")]
        pub user_id: UserId,
        /// Since when it runs.
        pub started_at: DateTime<Utc>,
    }
}

row! {
    /// How much time of a project has a rate.
    #[derive(Debug, Clone)]
    pub(crate) struct RateTime {
        pub rate_id: Option<RateId>,
        pub minutes: i64,
        pub billable_minutes: i64,
    }
}

row! {
    /// An entry with all that a table of them tells.
    #[derive(Debug, Clone)]
    pub(crate) struct ExportRow {
        pub day: Day,
        pub person: String,
        pub email: String,
        pub project: String,
        pub task_key: String,
        pub title: Option<String>,
        pub started_at: DateTime<Utc>,
        pub ended_at: DateTime<Utc>,
        pub minutes: i64,
        pub billable: bool,
        pub note: String,
        pub rate: Option<Amount>,
        pub currency: Option<Currency>,
    }
}
