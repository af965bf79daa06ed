//! Views, as they are stored, shown and asked for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::db::row;
use crate::handle::Handle;
use crate::ids::{ProjectId, UserId, ViewId, WorkspaceId};
use crate::patch::Patch;
use crate::raw::Raw;
use crate::tasks::TaskFilter;
use crate::words::words;

/// The longest name, in characters.
pub const MAX_NAME: usize = 200;
/// The largest options, in bytes of JSON.
pub const MAX_OPTIONS: usize = 8 * 1024;
/// The most views of one person.
pub const MAX_VIEWS: i64 = 500;

words! {
    /// How a view is shown.
    pub enum Layout {
        /// As rows.
        List = "list",
        /// As columns by status.
        Board = "board",
        /// By day.
        Calendar = "calendar",
        /// As bars over time.
        Timeline = "timeline",
    }
}

words! {
    /// Who sees a view besides its owner.
    pub enum Sharing {
        /// Nobody.
        Private = "private",
        /// Whoever sees the project.
        Project = "project",
        /// Everyone in the workspace.
        Workspace = "workspace",
    }
}

row! {
    /// A saved view.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    pub struct View {
        /// Its id.
        pub id: ViewId,
        /// The workspace it belongs to.
        #[serde(skip)]
        pub workspace_id: WorkspaceId,
        /// Whose it is.
        #[serde(rename = "owner")]
        pub owner_id: UserId,
        /// Its name.
        pub name: String,
        /// What `GET /tasks` is asked with: `status=todo&sort=-priority`.
        pub query: String,
        /// How it is shown.
        pub layout: Layout,
        /// What the layout keeps, such as columns and groups.
        pub options: Raw<Map<String, Value>>,
        /// Who sees it besides its owner.
        #[serde(rename = "shared")]
        pub sharing: Sharing,
        /// The project it is shared with.
        #[serde(rename = "project")]
        pub project_id: Option<ProjectId>,
        /// Goes up by one with every change.
        pub version: i64,
        /// When it was made.
        pub created_at: DateTime<Utc>,
        /// When it last changed.
        pub updated_at: DateTime<Utc>,
    }
}

/// A view that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewView {
    /// 1 to 200 characters.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// The filters and the order, as `GET /tasks` takes them.
    #[serde(default)]
    pub query: TaskFilter,
    /// `list` when left out.
    #[serde(default)]
    pub layout: Option<Layout>,
    /// Whatever the layout keeps, at most 8 KiB.
    #[serde(default)]
    pub options: Map<String, Value>,
    /// `private` when left out.
    #[serde(default)]
    pub shared: Option<Sharing>,
    /// The project, by id or key, when it is shared with one.
    #[serde(default)]
    pub project: Option<Handle<ProjectId>>,
}

/// A change of a view: what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ViewPatch {
    /// 1 to 200 characters.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub name: Patch<String>,
    /// The filters and the order, as `GET /tasks` takes them.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub query: Patch<TaskFilter>,
    /// How it is shown.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub layout: Patch<Layout>,
    /// Whatever the layout keeps, all of it from now on; null empties it.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub options: Patch<Map<String, Value>>,
    /// Who sees it.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub shared: Patch<Sharing>,
    /// The project, when it is shared with one; null when it no longer is.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub project: Patch<Handle<ProjectId>>,
}
