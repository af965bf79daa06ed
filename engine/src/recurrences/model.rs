//! Recurrences, as they are stored, shown and asked for.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::db::row;
use crate::ids::{ProjectId, RecurrenceId, TaskTemplateId, UserId, WorkspaceId};
use crate::patch::Patch;
use crate::raw::Raw;
use crate::task_templates::TaskBody;

/// The longest name, in characters.
pub const MAX_NAME: usize = 200;
/// The most recurrences of a project.
pub const MAX_RECURRENCES: i64 = 500;
/// Tasks recur at most every so many minutes.
pub const SHORTEST_MINUTES: i64 = 5;

/// What is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Source {
    /// The tasks of a template.
    Template(TaskTemplateId),
    /// A task of its own.
    Task(Box<TaskBody>),
}

row! {
    /// A task that recurs.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    pub struct Recurrence {
        /// Its id.
        pub id: RecurrenceId,
        /// The workspace it belongs to.
        #[serde(skip)]
        pub workspace_id: WorkspaceId,
        /// The project it belongs to.
        #[serde(rename = "project")]
        pub project_id: ProjectId,
        /// Its name.
        pub name: String,
        /// The template it makes, if it makes one.
        #[serde(rename = "template")]
        pub template_id: Option<TaskTemplateId>,
        /// The task it makes, if it makes one of its own.
        #[serde(rename = "task")]
        pub body: Option<Raw<TaskBody>>,
        /// What stands for each placeholder; `date` and `number` are given.
        pub variables: Raw<BTreeMap<String, String>>,
        /// The rule, by RFC 5545.
        pub rrule: String,
        /// When it begins, as it was written.
        pub dtstart: String,
        /// The zone whose clock it follows.
        pub tz: String,
        /// Times that are left out.
        pub exdates: Raw<Vec<String>>,
        /// Whether it rests.
        pub paused: bool,
        /// Why it rests, when its task could not be made.
        pub paused_because: Option<String>,
        /// When the next task is made; null when it rests or is over.
        pub next_at: Option<DateTime<Utc>>,
        /// The time that the last task was made for.
        pub last_at: Option<DateTime<Utc>>,
        /// How many times it has made something.
        pub made: i64,
        /// In whose name tasks are made.
        #[serde(rename = "owner")]
        pub owner_id: UserId,
        /// Goes up by one with every change by people; making a task is none.
        pub version: i64,
        /// When it was made.
        pub created_at: DateTime<Utc>,
        /// When it last changed.
        pub updated_at: DateTime<Utc>,
    }
}

/// A recurrence that is asked for: with either `template` or `task`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRecurrence {
    /// 1 to 200 characters.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// A template of the project.
    #[serde(default)]
    pub template: Option<TaskTemplateId>,
    /// A task of its own, as in a template; its placeholders are filled from `variables`.
    #[serde(default)]
    pub task: Option<TaskBody>,
    /// What stands for each placeholder. `date` (the day, by the clock of the zone) and `number` (1, 2, 3 …) are given.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// A rule of RFC 5545: `FREQ=WEEKLY;BYDAY=MO`. At most every five minutes.
    pub rrule: String,
    /// When it begins: RFC 3339, or without an offset on the clock of the zone.
    pub dtstart: String,
    /// The zone whose clock it follows; `UTC` when left out.
    #[serde(default = "utc")]
    pub tz: String,
    /// Times that are left out, at most 200.
    #[serde(default)]
    pub exdates: Vec<String>,
    /// Whether it rests at first.
    #[serde(default)]
    pub paused: bool,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// A change of a recurrence: what is left out stays. Its tasks are made in the name of whoever changed it last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RecurrencePatch {
    /// 1 to 200 characters.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub name: Patch<String>,
    /// A template of the project, in place of what was made before.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub template: Patch<TaskTemplateId>,
    /// A task of its own, in place of what was made before.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub task: Patch<TaskBody>,
    /// What stands for each placeholder, all of it from now on.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub variables: Patch<BTreeMap<String, String>>,
    /// The rule.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub rrule: Patch<String>,
    /// When it begins.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub dtstart: Patch<String>,
    /// The zone whose clock it follows.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub tz: Patch<String>,
    /// Times that are left out, all of them from now on.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub exdates: Patch<Vec<String>>,
    /// Whether it rests.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub paused: Patch<bool>,
}
