//! Projects, as they are stored, shown and asked for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::access::{Place, Scoped};
use crate::db::row;
use crate::ids::{ProjectId, UserId, WorkspaceId};
use crate::patch::Patch;
use crate::raw::Raw;
use crate::words::words;
use crate::workflow::{CustomType, Workflow};

/// The longest name, in characters.
pub const MAX_NAME: usize = 200;
/// The longest description, in bytes.
pub const MAX_DESCRIPTION: usize = 64 * 1024;

words! {
    /// How a project stands.
    pub enum ProjectStatus {
        /// Work goes on.
        Active = "active",
        /// Work waits.
        OnHold = "on_hold",
        /// The work is done.
        Completed = "completed",
        /// Put away: it takes no new tasks.
        Archived = "archived",
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
}
