//! The portable form of a project, and what an import tells.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ids::ProjectId;
use crate::links::LinkType;
use crate::milestones::MilestoneStatus;
use crate::planning::DependencyType;
use crate::projects::ProjectStatus;
use crate::sprints::SprintState;
use crate::tasks::{Priority, TaskStatus, TaskType};
use crate::words::words;

/// What an export calls its format.
pub const FORMAT: &str = "trackside.project";
/// The version of the format. It goes up when a field changes its meaning.
pub const VERSION: i64 = 1;
/// The most tasks of an export or an import.
pub const MAX_TASKS: usize = 10_000;
/// The most comments of an export or an import.
pub const MAX_COMMENTS: usize = 50_000;
/// After so many problems an import looks no further.
pub const MAX_PROBLEMS: usize = 100;

words! {
    /// What is imported.
    pub enum Format {
        /// An export of Trackside's.
        Trackside = "trackside",
        /// A table with a heading.
        Csv = "csv",
        /// Jira: the JSON of a search, or its CSV.
        Jira = "jira",
        /// GitHub: a list of issues, as its REST interface gives them.
        Github = "github",
    }
}

/// A project outside of a database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Portable {
    /// `trackside.project`.
    pub format: String,
    /// 1.
    pub version: i64,
    /// The project itself.
    pub project: PortableProject,
    /// Its sprints, oldest first.
    #[serde(default)]
    pub sprints: Vec<PortableSprint>,
    /// Its milestones, oldest first.
    #[serde(default)]
    pub milestones: Vec<PortableMilestone>,
    /// Its tasks, by number.
    #[serde(default)]
    pub tasks: Vec<PortableTask>,
    /// Which task waits for which.
    #[serde(default)]
    pub dependencies: Vec<PortableDependency>,
    /// What its tasks have to do with each other. Links to tasks of other projects are left out.
    #[serde(default)]
    pub links: Vec<PortableLink>,
}

/// The project itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortableProject {
    /// What its tasks' keys begin with.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it is about.
    #[serde(default)]
    pub description: String,
    /// How it stands.
    pub status: ProjectStatus,
}

/// A sprint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortableSprint {
    /// What tasks call it by in this document.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Its name.
    pub name: String,
    /// What is to be reached.
    #[serde(default)]
    pub goal: String,
    /// When it is to begin.
    #[serde(default)]
    pub starts_at: Option<DateTime<Utc>>,
    /// When it is to be over.
    #[serde(default)]
    pub ends_at: Option<DateTime<Utc>>,
    /// How it stands.
    pub state: SprintState,
}

/// A milestone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortableMilestone {
    /// What tasks call it by in this document.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Its name.
    pub name: String,
    /// What it is about.
    #[serde(default)]
    pub description: String,
    /// When it is to be reached.
    #[serde(default)]
    pub due_at: Option<DateTime<Utc>>,
    /// How it stands.
    pub status: MilestoneStatus,
}

/// A task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortableTask {
    /// What others call it by in this document: its key.
    pub key: String,
    /// What is to be done.
    pub title: String,
    /// More about it.
    #[serde(default)]
    pub description: String,
    /// What kind of work it is.
    #[serde(rename = "type", default)]
    pub kind: Option<TaskType>,
    /// How it stands.
    #[serde(default)]
    pub status: Option<TaskStatus>,
    /// How urgent it is.
    #[serde(default)]
    pub priority: Option<Priority>,
    /// Its labels.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Who works on it, by their addresses.
    #[serde(default)]
    pub assignees: Vec<String>,
    /// Who is told of it, by their addresses.
    #[serde(default)]
    pub watchers: Vec<String>,
    /// The task that it is a part of.
    #[serde(default)]
    pub parent: Option<String>,
    /// The sprint that it is to be done in.
    #[serde(default)]
    pub sprint: Option<String>,
    /// The milestone that it belongs to.
    #[serde(default)]
    pub milestone: Option<String>,
    /// When work is to begin.
    #[serde(default)]
    pub start_at: Option<DateTime<Utc>>,
    /// When it is to be done.
    #[serde(default)]
    pub due_at: Option<DateTime<Utc>>,
    /// How long it takes, as the task has it.
    #[serde(default)]
    pub estimate: Option<i64>,
    /// The same in points.
    #[serde(default)]
    pub points: Option<i64>,
    /// Fields of the workspace's own.
    #[serde(default)]
    pub custom: Map<String, Value>,
    /// What was said about it, oldest first.
    #[serde(default)]
    pub comments: Vec<PortableComment>,
    /// The line or the place in the list that it was read from, for messages.
    #[serde(skip)]
    pub line: usize,
}

/// A comment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortableComment {
    /// Who wrote it, by their address. An import writes it in the importer's name.
    #[serde(default)]
    pub author: Option<String>,
    /// What it says.
    pub body: String,
    /// When it was written.
    #[serde(default)]
    pub created_at: Option<DateTime<Utc>>,
}

/// That a task waits for another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortableDependency {
    /// The task that waits.
    pub task: String,
    /// The task that it waits for.
    pub predecessor: String,
    /// Which ends of the two are tied.
    #[serde(rename = "type")]
    pub kind: DependencyType,
    /// Working minutes between them.
    pub lag: i64,
}

/// What a task has to do with another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortableLink {
    /// The task.
    pub task: String,
    /// The other task.
    pub other: String,
    /// What it has to do with it.
    #[serde(rename = "type")]
    pub kind: LinkType,
}

/// How an import is read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Columns of a table, by their headings, and the fields that they fill; null passes one over.
    pub mapping: BTreeMap<String, Option<String>>,
    /// What parts the columns; found out when left out.
    pub delimiter: Option<char>,
    /// Names of people elsewhere, and their addresses here.
    pub people: BTreeMap<String, String>,
}

/// Something that keeps an import from being done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Trouble {
    /// The line of the table, or the place in the list of tasks (1 for the first); null when it is about all.
    pub line: Option<usize>,
    /// The column or field.
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
}

/// A task that an import makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Made {
    /// The line of the table, or the place in the list of tasks.
    pub line: usize,
    /// What it was called in the document.
    pub from: String,
    /// Its key here.
    pub key: String,
    /// Its title.
    pub title: String,
}

/// What an import did, or would do.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Report {
    /// Whether nothing was done.
    pub dry_run: bool,
    /// The project; null for a new one that was not made.
    pub project: Option<ProjectId>,
    /// Its key.
    pub project_key: String,
    /// How many tasks are made.
    pub tasks: usize,
    /// How many comments are written.
    pub comments: usize,
    /// How many sprints are made.
    pub sprints: usize,
    /// How many milestones are made.
    pub milestones: usize,
    /// How many dependencies are added.
    pub dependencies: usize,
    /// How many links are made.
    pub links: usize,
    /// The tasks in the order they are made, at most the first 1,000.
    pub made: Vec<Made>,
    /// What is lost or was understood in one of several ways.
    pub notes: Vec<String>,
    /// What keeps it from being done.
    pub problems: Vec<Trouble>,
}
