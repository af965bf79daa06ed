//! Absences, allocations and how full days are, as they are stored, shown and asked for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::db::row;
use crate::handle::Handle;
use crate::ids::{AbsenceId, AllocationId, ProjectId, TaskId, UserId};
use crate::patch::Patch;
use crate::words::words;

/// The most days of an absence, and of what is asked for.
pub const MAX_DAYS: i64 = 366;
/// The most days of an allocation.
pub const MAX_ALLOCATION_DAYS: i64 = 1096;
/// The most allocations, and the most absences, of a person.
pub const MAX_OF_PERSON: i64 = 2000;
/// The longest note, in characters.
pub const MAX_NOTE: usize = 2000;

words! {
    /// Which part of the days.
    pub enum DayPart {
        /// All of each day.
        Full = "full",
        /// The first half of the working hours.
        Morning = "morning",
        /// The second half of the working hours.
        Afternoon = "afternoon",
    }
}

words! {
    /// Why somebody is away.
    pub enum AbsenceKind {
        /// On holiday.
        Vacation = "vacation",
        /// Ill.
        Sick = "sick",
        /// A public holiday.
        Holiday = "holiday",
        /// Learning.
        Training = "training",
        /// Something else.
        Other = "other",
    }
}

row! {
    /// An absence as it is stored.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct StoredAbsence {
        pub id: AbsenceId,
        pub user_id: UserId,
        pub from_day: Day,
        pub to_day: Day,
        pub part: DayPart,
        pub kind: AbsenceKind,
        pub note: String,
        pub version: i64,
        pub created_by: Option<UserId>,
        pub created_at: DateTime<Utc>,
        pub updated_at: DateTime<Utc>,
    }
}

row! {
    /// When somebody is away, without why.
    #[derive(Debug, Clone, Copy)]
    pub struct Away {
        pub user_id: UserId,
        pub from_day: Day,
        pub to_day: Day,
        pub part: DayPart,
    }
}

/// Somebody is away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Absence {
    /// Its id.
    pub id: AbsenceId,
    /// Who.
    pub user: UserId,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
    /// Which part of these days.
    pub part: DayPart,
    /// Why; null for whoever may not know.
    pub kind: Option<AbsenceKind>,
    /// More about it; null for whoever may not know.
    pub note: Option<String>,
    /// Goes up by one with every change.
    pub version: i64,
    /// Who entered it.
    pub created_by: Option<UserId>,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Absence {
    /// The absence, with its reason if that is for the reader.
    pub(super) fn of(stored: StoredAbsence, open: bool) -> Self {
        Self {
            id: stored.id,
            user: stored.user_id,
            from: stored.from_day,
            to: stored.to_day,
            part: stored.part,
            kind: open.then_some(stored.kind),
            note: open.then_some(stored.note),
            version: stored.version,
            created_by: stored.created_by,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
        }
    }
}

/// An absence that is entered.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAbsence {
    /// Who is away: whoever asks, when left out; another member with `resource.manage`.
    #[serde(default)]
    pub user: Option<UserId>,
    /// The first day.
    pub from: Day,
    /// The last day, at most a year after the first; the first when left out.
    #[serde(default)]
    pub to: Option<Day>,
    /// `full` when left out.
    #[serde(default)]
    pub part: Option<DayPart>,
    /// `vacation` when left out.
    #[serde(default)]
    pub kind: Option<AbsenceKind>,
    /// At most 2000 characters.
    #[serde(default)]
    pub note: String,
}

/// A change of an absence: what is left out stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AbsencePatch {
    /// The first day.
    pub from: Patch<Day>,
    /// The last day.
    pub to: Patch<Day>,
    /// Which part of these days.
    pub part: Patch<DayPart>,
    /// Why.
    pub kind: Patch<AbsenceKind>,
    /// More about it; null empties it.
    pub note: Patch<String>,
}

/// Which absences are listed.
#[derive(Debug, Clone, Default)]
pub struct AbsenceQuery {
    /// Only those of this person.
    pub user: Option<UserId>,
    /// Only those that reach this day or later ones.
    pub from: Option<Day>,
    /// Only those that begin on this day or earlier ones.
    pub to: Option<Day>,
}

row! {
    /// A person is planned for a project.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Allocation {
        /// Its id.
        pub id: AllocationId,
        /// The project.
        #[serde(rename = "project")]
        pub project_id: ProjectId,
        /// The task of it; null for the project as a whole.
        #[serde(rename = "task")]
        pub task_id: Option<TaskId>,
        /// Who.
        #[serde(rename = "user")]
        pub user_id: UserId,
        /// The first day.
        #[serde(rename = "from")]
        pub from_day: Day,
        /// The last day.
        #[serde(rename = "to")]
        pub to_day: Day,
        /// How many minutes of each working day; null when it is so many percent.
        pub minutes_per_day: Option<i64>,
        /// How many percent of the working hours; null when it is so many minutes.
        pub percent: Option<i64>,
        /// More about it.
        pub note: String,
        /// Goes up by one with every change.
        pub version: i64,
        /// Who entered it.
        pub created_by: Option<UserId>,
        /// When it was entered.
        pub created_at: DateTime<Utc>,
        /// When it last changed.
        pub updated_at: DateTime<Utc>,
    }
}

/// An allocation that is entered: `minutes_per_day` or `percent`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAllocation {
    /// Who: a member of the workspace.
    pub user: UserId,
    /// A task of the project, by id or key; the project as a whole when left out.
    #[serde(default)]
    pub task: Option<Handle<TaskId>>,
    /// The first day.
    pub from: Day,
    /// The last day, at most three years after the first.
    pub to: Day,
    /// 1 to 1440 minutes of each working day.
    #[serde(default)]
    pub minutes_per_day: Option<i64>,
    /// 1 to 1000 percent of the working hours.
    #[serde(default)]
    pub percent: Option<i64>,
    /// At most 2000 characters.
    #[serde(default)]
    pub note: String,
}

/// A change of an allocation: what is left out stays. One of `minutes_per_day` and `percent` takes the other's place.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AllocationPatch {
    /// The first day.
    pub from: Patch<Day>,
    /// The last day.
    pub to: Patch<Day>,
    /// 1 to 1440 minutes of each working day.
    pub minutes_per_day: Patch<i64>,
    /// 1 to 1000 percent of the working hours.
    pub percent: Patch<i64>,
    /// More about it; null empties it.
    pub note: Patch<String>,
}

/// Whose days are asked for, and which.
#[derive(Debug, Clone)]
pub struct ResourceQuery {
    /// The first day.
    pub from: Day,
    /// The last day, at most a year after the first.
    pub to: Day,
    /// Only this person.
    pub user: Option<UserId>,
}

/// The days of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Resources {
    /// Who.
    pub user: UserId,
    /// Each day.
    pub days: Vec<ResourceDay>,
    /// What they are planned for.
    pub allocations: Vec<Planned>,
}

/// How full a day is, in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ResourceDay {
    /// Which.
    pub date: Day,
    /// The working hours.
    pub working: i64,
    /// The working hours without absences.
    pub capacity: i64,
    /// What is planned.
    pub allocated: i64,
    /// What is left.
    pub free: i64,
    /// How much more is planned than there is.
    pub over: i64,
}

/// What a person is planned for, as far as the reader may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Planned {
    /// The project; null for one that the reader may not see.
    pub project: Option<ProjectId>,
    /// The task of it, if it is for one that the reader may see.
    pub task: Option<TaskId>,
    /// The allocation, if the reader may see it.
    pub allocation: Option<AllocationId>,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
    /// How many minutes of each working day.
    pub minutes_per_day: Option<i64>,
    /// How many percent of the working hours.
    pub percent: Option<i64>,
}
