//! Projects, as they are stored, shown and asked for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::Result;
use crate::access::{AccessManage, Permission as _, Place, ProjectDelete, ProjectEdit, ProjectShare, Scoped};
use crate::db::row;
use crate::handle::Handle;
use crate::ids::{ProjectId, UserId, WorkspaceId};
use crate::patch::Patch;
use crate::raw::Raw;
use crate::words::words;
use crate::workflow::{CustomType, Workflow};

/// The longest name, in characters.
pub const MAX_NAME: usize = 200;
/// The longest description, in bytes.
pub const MAX_DESCRIPTION: usize = 64 * 1024;
/// The longest note on a project's health, in bytes.
pub const MAX_HEALTH_NOTE: usize = 4 * 1024;

words! {
    /// How a project stands.
    pub enum ProjectStatus {
        /// Work goes on.
        Active = "active",
        /// Work waits.
        OnHold = "on_hold",
        /// The work is done.
        Completed = "completed",
        /// Put away: it is only read.
        Archived = "archived",
    }
}

words! {
    /// How a project does.
    pub enum Health {
        /// As planned.
        OnTrack = "on_track",
        /// It may not be.
        AtRisk = "at_risk",
        /// It is not.
        OffTrack = "off_track",
    }
}

row! {
    /// A project.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    pub struct Project {
        /// Its id.
        pub id: ProjectId,
        /// The workspace it belongs to.
        #[serde(skip)]
        pub workspace_id: WorkspaceId,
        /// What its tasks' keys begin with: `WEB`. It never changes.
        pub key: String,
        /// Its name.
        pub name: String,
        /// What it is about, in Markdown.
        pub description: String,
        /// How it stands.
        pub status: ProjectStatus,
        /// Who answers for it.
        #[serde(rename = "owner")]
        pub owner_id: UserId,
        /// When it begins.
        pub start_at: Option<DateTime<Utc>>,
        /// When it is to be done.
        pub due_at: Option<DateTime<Utc>>,
        /// How it does; null when nobody has said.
        pub health: Option<Health>,
        /// Why, in Markdown.
        pub health_note: String,
        /// Who said so, or in whose name a rule did.
        pub health_by: Option<UserId>,
        /// When it was said.
        pub health_at: Option<DateTime<Utc>>,
        /// Whether other projects are made of it.
        pub is_template: bool,
        /// Goes up by one with every change.
        pub version: i64,
        /// When it was made.
        pub created_at: DateTime<Utc>,
        /// When it last changed.
        pub updated_at: DateTime<Utc>,
        /// Goes up with every change of what the project has of its own for its tasks (fields, workflow, types); 0 says that it never
        /// had anything, so that nobody needs to look.
        #[serde(skip)]
        pub setup: i64,
        /// The workflow of its own, if it has one.
        #[serde(skip)]
        pub workflow: Option<Raw<Workflow>>,
        /// The types of its own, if it has any.
        #[serde(skip)]
        pub types: Option<Raw<Vec<CustomType>>>,
    }
}

impl Scoped for Project {
    fn workspace(&self) -> WorkspaceId {
        self.workspace_id
    }
    fn named(&self) -> (&'static str, String) {
        ("project", self.id.to_string())
    }
    fn place(&self) -> Place {
        Place::Project(self.id)
    }
    fn seen_by(&self) -> Option<&'static str> {
        Some("project.view")
    }
    fn facts(&self) -> Map<String, Value> {
        let seen = json!({ "id": self.id, "key": self.key, "status": self.status, "owner": self.owner_id });
        Map::from_iter([("project".to_owned(), seen)])
    }
    /// An archived project is there to be read, given away, deleted, or opened again.
    fn refuses(&self, permission: &'static str) -> Result<()> {
        const STILL: [&str; 4] = [AccessManage::NAME, ProjectDelete::NAME, ProjectEdit::NAME, ProjectShare::NAME];
        if permission.ends_with(".view") || STILL.contains(&permission) {
            return Ok(());
        }
        super::service::refuse_archived(self)
    }
}

/// A project in short, as events carry it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ProjectRef {
    /// Its id.
    pub id: ProjectId,
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Who answers for it.
    pub owner: UserId,
    /// How it stands.
    pub status: ProjectStatus,
}

impl From<&Project> for ProjectRef {
    fn from(project: &Project) -> Self {
        Self {
            id: project.id,
            key: project.key.clone(),
            name: project.name.clone(),
            owner: project.owner_id,
            status: project.status,
        }
    }
}

/// A project that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProject {
    /// 2 to 10 characters: a capital letter, then capitals and digits. It begins the keys of the project's tasks.
    #[schemars(regex(pattern = "^[A-Z][A-Z0-9]{1,9}$"))]
    pub key: String,
    /// 1 to 200 characters.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// Markdown, at most 64 KiB.
    #[serde(default)]
    pub description: String,
    /// `active` when left out.
    #[serde(default)]
    pub status: Option<ProjectStatus>,
    /// Whoever asks, when left out.
    #[serde(default)]
    pub owner: Option<UserId>,
    /// When it begins. With a template, its dates move so that it begins here.
    #[serde(default)]
    pub start_at: Option<DateTime<Utc>>,
    /// When it is to be done.
    #[serde(default)]
    pub due_at: Option<DateTime<Utc>>,
    /// Whether other projects may be made of it.
    #[serde(default)]
    pub is_template: bool,
    /// The template that it is made of, by id or key: with its tasks, dependencies and milestones.
    #[serde(default)]
    pub template: Option<Handle<ProjectId>>,
}

/// A change of a project. The key stays: tasks carry it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectPatch {
    /// 1 to 200 characters.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub name: Patch<String>,
    /// Markdown, at most 64 KiB; null empties it.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub description: Patch<String>,
    /// How it stands.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub status: Patch<ProjectStatus>,
    /// Who answers for it: a member of the workspace.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub owner: Patch<UserId>,
    /// When it begins; null takes it off.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub start_at: Patch<DateTime<Utc>>,
    /// When it is to be done; null takes it off.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub due_at: Patch<DateTime<Utc>>,
    /// How it does; null takes it off, with the note.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub health: Patch<Health>,
    /// Why, in Markdown, at most 4 KiB. A health without a note takes the one before off.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub health_note: Patch<String>,
    /// Whether other projects may be made of it.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub is_template: Patch<bool>,
}
