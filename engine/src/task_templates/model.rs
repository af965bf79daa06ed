//! Templates, as they are stored, shown and asked for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use trackside_rules::Period;

use crate::db::row;
use crate::handle::Handle;
use crate::ids::{ProjectId, SprintId, TaskId, TaskTemplateId, UserId, WorkspaceId};
use crate::patch::Patch;
use crate::raw::Raw;
use crate::tasks::{Priority, Task, TaskType};

/// The longest name, in characters.
pub const MAX_NAME: usize = 200;
/// The most templates of a project.
pub const MAX_TEMPLATES: i64 = 500;
/// The most tasks that one template makes.
pub const MAX_TASKS: usize = 100;
/// How many levels of tasks a template may have.
pub const MAX_LEVELS: usize = 8;
/// The largest body, in bytes of JSON.
pub const MAX_BODY: usize = 128 * 1024;

/// Whom a task of a template is given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assignee {
    /// Whoever applies it.
    Applier,
    /// Whoever answers for the project.
    ProjectOwner,
    /// A member of the workspace.
    User(UserId),
}

impl FromStr for Assignee {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "applier" => Ok(Self::Applier),
            "project_owner" => Ok(Self::ProjectOwner),
            _ => text
                .parse()
                .map(Self::User)
                .map_err(|_| "must be `applier`, `project_owner` or the id of a user".into()),
        }
    }
}

impl<'de> Deserialize<'de> for Assignee {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Assignee {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Applier => to.serialize_str("applier"),
            Self::ProjectOwner => to.serialize_str("project_owner"),
            Self::User(id) => to.collect_str(id),
        }
    }
}

impl JsonSchema for Assignee {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Assignee".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "description": "`applier`, `project_owner` or the id of a user." })
    }
}

/// A task of a template, with its subtasks. `{{ name }}` in its texts is filled in when it is applied.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskBody {
    /// 1 to 500 characters once it is filled in.
    pub title: String,
    /// Markdown.
    #[serde(default)]
    pub description: String,
    /// Boxes to be ticked, at the end of the description.
    #[serde(default)]
    pub checklist: Vec<String>,
    /// `task` when left out.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<TaskType>,
    /// `medium` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Its labels.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Whom it is given to.
    #[serde(default)]
    pub assignees: Vec<Assignee>,
    /// When work is to begin, from the start on: `2d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_in: Option<Period>,
    /// When it is to be done, from the start on: `1w`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_in: Option<Period>,
    /// Fields of the workspace's own.
    #[serde(default)]
    pub custom: Map<String, Value>,
    /// The tasks that it consists of.
    #[serde(default)]
    pub subtasks: Vec<TaskBody>,
}

row! {
    /// A task template.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    pub struct TaskTemplate {
        /// Its id.
        pub id: TaskTemplateId,
        /// The workspace it belongs to.
        #[serde(skip)]
        pub workspace_id: WorkspaceId,
        /// The project it belongs to.
        #[serde(rename = "project")]
        pub project_id: ProjectId,
        /// Its name.
        pub name: String,
        /// What it makes.
        #[serde(rename = "task")]
        pub body: Raw<TaskBody>,
        /// The placeholders that it has.
        pub variables: Raw<Vec<String>>,
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

/// A template that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTemplate {
    /// 1 to 200 characters.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// What it makes: at most 100 tasks in 8 levels, and 128 KiB of JSON.
    pub task: TaskBody,
}

/// A change of a template: what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TemplatePatch {
    /// 1 to 200 characters.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub name: Patch<String>,
    /// What it makes, all of it from now on.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub task: Patch<TaskBody>,
}

/// How a template is applied.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Apply {
    /// What stands for each placeholder.
    pub variables: BTreeMap<String, String>,
    /// What the dates count from; now when left out.
    pub start: Option<DateTime<Utc>>,
    /// The task of the same project that the made one becomes a part of, by id or key.
    pub parent: Option<Handle<TaskId>>,
    /// The sprint that all its tasks are to be done in.
    pub sprint: Option<SprintId>,
}

/// What an application made.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Applied {
    /// The task at the top.
    pub task: Task,
    /// The keys of all tasks, a task before those that it consists of.
    pub keys: Vec<String>,
}
