//! Sprints, as they are stored, shown and asked for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::db::row;
use crate::ids::{ProjectId, SprintId, UserId, WorkspaceId};
use crate::patch::Patch;
use crate::words::words;

/// The longest name, in characters.
pub const MAX_NAME: usize = 200;
/// The longest goal, in bytes.
pub const MAX_GOAL: usize = 16 * 1024;
/// The most sprints of a project.
pub const MAX_SPRINTS: i64 = 1_000;

words! {
    /// How a sprint stands.
    pub enum SprintState {
        /// It is filled.
        Planned = "planned",
        /// It is worked on.
        Active = "active",
        /// It is over.
        Closed = "closed",
    }
}

row! {
    /// A sprint.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Sprint {
        /// Its id.
        pub id: SprintId,
        /// The workspace it belongs to.
        #[serde(skip)]
        pub workspace_id: WorkspaceId,
        /// The project it belongs to.
        #[serde(rename = "project")]
        pub project_id: ProjectId,
        /// Its name.
        pub name: String,
        /// What is to be reached, in Markdown.
        pub goal: String,
        /// When it is to begin.
        pub starts_at: Option<DateTime<Utc>>,
        /// When it is to be over.
        pub ends_at: Option<DateTime<Utc>>,
        /// How it stands.
        pub state: SprintState,
        /// When it was started.
        pub started_at: Option<DateTime<Utc>>,
        /// When it was closed.
        pub closed_at: Option<DateTime<Utc>>,
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

/// A sprint that is asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSprint {
    /// 1 to 200 characters.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// Markdown, at most 16 KiB.
    #[serde(default)]
    pub goal: String,
    /// When it is to begin.
    #[serde(default)]
    pub starts_at: Option<DateTime<Utc>>,
    /// When it is to be over, not before it begins.
    #[serde(default)]
    pub ends_at: Option<DateTime<Utc>>,
}

/// A change of a sprint: what is left out stays, null empties. It is started and closed by verbs of their own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SprintPatch {
    /// 1 to 200 characters.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub name: Patch<String>,
    /// Markdown, at most 16 KiB; null empties it.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub goal: Patch<String>,
    /// When it is to begin; null takes it off.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub starts_at: Patch<DateTime<Utc>>,
    /// When it is to be over; null takes it off.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub ends_at: Patch<DateTime<Utc>>,
}

/// How a sprint is closed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CloseSprint {
    /// The sprint of the same project that its open tasks go to; into none when left out or null.
    pub move_to: Option<SprintId>,
}

/// A sprint that was closed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Closed {
    /// The sprint.
    pub sprint: Sprint,
    /// How many open tasks were moved.
    pub moved: i64,
}
