//! The portable form of a project: what it is outside of a database. What it has of its own for its tasks, and whatever else
//! is not a task, stands in [`setup`](super::setup).

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::model::{FORMAT, VERSION};
use super::setup::{
    PortableBaseline, PortableBudget, PortableCost, PortableMember, PortablePlan, PortableRecurrence, PortableTemplate,
};
use crate::fields::NewField;
use crate::ids::AttachmentId;
use crate::links::LinkType;
use crate::milestones::MilestoneStatus;
use crate::planning::{ConstraintType, DependencyType, WorkingTime};
use crate::projects::{Health, ProjectStatus};
use crate::sprints::SprintState;
use crate::tasks::{Priority, TaskStatus, TaskType};
use crate::words::words;
use crate::workflow::{CustomType, Workflow};

words! {
    /// What an export leaves out because whoever asked for it may not see it.
    pub enum LeftOut {
        /// Values of sensitive fields, the budget and the costs: they need `budget.view`.
        Sensitive = "sensitive",
        /// Tasks that may not be seen, with all that hangs on them.
        Tasks = "tasks",
        /// The people of the project.
        Members = "members",
        /// Sprints: they need `sprint.view`.
        Sprints = "sprints",
        /// Milestones: they need `milestone.view`.
        Milestones = "milestones",
        /// Who is meant anywhere: the addresses of people need `member.view`.
        People = "people",
        /// Task templates.
        TaskTemplates = "task_templates",
        /// Recurring tasks.
        Recurrences = "recurrences",
    }
}

/// A project outside of a database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Portable {
    /// `trackside.project`.
    pub format: String,
    /// 2. A document of version 1, which knows of less, is read as well.
    pub version: i64,
    /// What is left out because whoever exported it may not see it; nothing when all is there.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
    /// The project itself.
    pub project: PortableProject,
    /// The workflow of its own; null for the usual one.
    #[serde(default)]
    pub workflow: Option<Workflow>,
    /// The types of its own.
    #[serde(default)]
    pub types: Vec<CustomType>,
    /// The fields that it defines, in their order.
    #[serde(default)]
    pub fields: Vec<NewField>,
    /// Its people, by their addresses.
    #[serde(default)]
    pub members: Vec<PortableMember>,
    /// When work is done in it; null for the workspace's working time.
    #[serde(default)]
    pub calendar: Option<WorkingTime>,
    /// How it is planned as a whole; null when nothing was said.
    #[serde(default)]
    pub plan: Option<PortablePlan>,
    /// What it may cost.
    #[serde(default)]
    pub budget: Option<PortableBudget>,
    /// The costs that were entered, in the order they were.
    #[serde(default)]
    pub costs: Vec<PortableCost>,
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
    /// The dates of its tasks as they once were.
    #[serde(default)]
    pub baselines: Vec<PortableBaseline>,
    /// Its task templates, oldest first.
    #[serde(default)]
    pub task_templates: Vec<PortableTemplate>,
    /// Its recurring tasks, oldest first.
    #[serde(default)]
    pub recurrences: Vec<PortableRecurrence>,
}

impl Portable {
    /// A document of this project, in which nothing else stands yet.
    pub(super) fn of(project: PortableProject) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            left_out: Vec::new(),
            project,
            workflow: None,
            types: Vec::new(),
            fields: Vec::new(),
            members: Vec::new(),
            calendar: None,
            plan: None,
            budget: None,
            costs: Vec::new(),
            sprints: Vec::new(),
            milestones: Vec::new(),
            tasks: Vec::new(),
            dependencies: Vec::new(),
            links: Vec::new(),
            baselines: Vec::new(),
            task_templates: Vec::new(),
            recurrences: Vec::new(),
        }
    }
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
    /// Who answers for it, by their address.
    #[serde(default)]
    pub owner: Option<String>,
    /// When it begins.
    #[serde(default)]
    pub start_at: Option<DateTime<Utc>>,
    /// When it is to be done.
    #[serde(default)]
    pub due_at: Option<DateTime<Utc>>,
    /// How it does.
    #[serde(default)]
    pub health: Option<Health>,
    /// Why.
    #[serde(default)]
    pub health_note: String,
    /// Whether other projects are made of it.
    #[serde(default)]
    pub is_template: bool,
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
    /// Fields of the project's own; people in them by their addresses.
    #[serde(default)]
    pub custom: Map<String, Value>,
    /// What it says about its time beyond its own dates.
    #[serde(default)]
    pub schedule: Option<PortableSchedule>,
    /// Its files, oldest first.
    #[serde(default)]
    pub attachments: Vec<PortableAttachment>,
    /// What was said about it, oldest first.
    #[serde(default)]
    pub comments: Vec<PortableComment>,
    /// The line or the place in the list that it was read from, for messages.
    #[serde(skip)]
    pub line: usize,
    /// What another program calls its status, as a plain word: the project that it comes to may call one so, too.
    #[serde(skip)]
    pub standing: Option<String>,
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

impl Default for PortableSchedule {
    fn default() -> Self {
        Self {
            constraint: ConstraintType::AsSoonAsPossible,
            constraint_at: None,
            duration: None,
            progress: 0,
            actual_start: None,
            actual_finish: None,
            calendar: None,
        }
    }
}

/// What a task says about its time beyond its own dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortableSchedule {
    /// What holds it besides what it waits for.
    pub constraint: ConstraintType,
    /// The date of the constraint, if it has one.
    #[serde(default)]
    pub constraint_at: Option<DateTime<Utc>>,
    /// How long it takes, in working minutes; null for what its dates say.
    #[serde(default)]
    pub duration: Option<i64>,
    /// How much of it is done, in percent.
    #[serde(default)]
    pub progress: i64,
    /// When it began, if it has.
    #[serde(default)]
    pub actual_start: Option<DateTime<Utc>>,
    /// When it was done, if it is.
    #[serde(default)]
    pub actual_finish: Option<DateTime<Utc>>,
    /// When work on it is done; null for the project's working time.
    #[serde(default)]
    pub calendar: Option<WorkingTime>,
}

/// A file on a task. A document tells of it; its bytes are beside the document in an archive, or nowhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortableAttachment {
    /// What it is called.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// Where its bytes are in the archive that the document came in; not there in a document by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What it is called here, for whoever packs it.
    #[serde(skip)]
    pub id: Option<AttachmentId>,
}
