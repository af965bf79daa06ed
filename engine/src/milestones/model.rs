//! Milestones, as they are stored, shown and asked for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::db::row;
use crate::ids::{MilestoneId, ProjectId, UserId, WorkspaceId};
use crate::patch::Patch;
use crate::words::words;

/// The longest name, in characters.
pub const MAX_NAME: usize = 200;
/// The longest description, in bytes.
pub const MAX_DESCRIPTION: usize = 64 * 1024;
/// The most milestones of a project.
pub const MAX_MILESTONES: i64 = 500;

words! {
    /// How a milestone stands.
    pub enum MilestoneStatus {
        /// It is worked towards.
        Open = "open",
        /// It is reached.
        Completed = "completed",
    }
}

row! {
    /// A milestone.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Milestone {
        /// Its id.
        pub id: MilestoneId,
        /// The workspace it belongs to.
        #[serde(skip)]
        pub workspace_id: WorkspaceId,
        /// The project it belongs to.
        #[serde(rename = "project")]
        pub project_id: ProjectId,
        /// Its name.
        pub name: String,
        /// What it is about, in Markdown.
        pub description: String,
        /// When it is to be reached.
        pub due_at: Option<DateTime<Utc>>,
        /// How it stands.
        pub status: MilestoneStatus,
        /// When it was completed, while it is.
        pub completed_at: Option<DateTime<Utc>>,
        /// Goes up by one with every change.
        pub version: i64,
        /// Who made it, or in whose name a rule did; null when the program itself did.
        pub created_by: Option<UserId>,
        /// When it was made.
        pub created_at: DateTime<Utc>,
        /// When it last changed.
        pub updated_at: DateTime<Utc>,
    }
}

/// How far the tasks of a milestone are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Progress {
    /// How many tasks belong to it.
    pub total: i64,
    /// How many of them are still to be done.
    pub open: i64,
    /// How many are completed.
    pub completed: i64,
    /// How many will not be done.
    pub cancelled: i64,
}

/// A milestone with its progress, as lists and single reads show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Shown {
    /// The milestone.
    #[serde(flatten)]
    pub milestone: Milestone,
    /// How far its tasks are.
    pub progress: Progress,
}

/// A milestone that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMilestone {
    /// 1 to 200 characters.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// Markdown, at most 64 KiB.
    #[serde(default)]
    pub description: String,
    /// When it is to be reached.
    #[serde(default)]
    pub due_at: Option<DateTime<Utc>>,
}

/// A change of a milestone: what is left out stays, null empties.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MilestonePatch {
    /// 1 to 200 characters.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub name: Patch<String>,
    /// Markdown, at most 64 KiB; null empties it.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub description: Patch<String>,
    /// When it is to be reached; null takes it off.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub due_at: Patch<DateTime<Utc>>,
    /// `completed` completes it, `open` opens it again.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub status: Patch<MilestoneStatus>,
}

/// What a list of milestones can be asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MilestoneQuery {
    /// Only those that stand so.
    pub status: Option<MilestoneStatus>,
    /// Any of created_at, due_at, name; `-` before one turns it round. `created_at` when left out.
    pub sort: Option<String>,
    /// 1 to 200 items; 25 when left out.
    pub limit: Option<i64>,
    /// Rows to pass over, at most 10,000; `cursor` is faster and misses nothing.
    pub offset: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// `true` counts the milestones on all pages.
    pub total: bool,
}
