//! What links announce. Each event carries both tasks, as the one sees it that was asked to be linked.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::LinkType;
use crate::events::EventType;
use crate::ids::ProjectId;
use crate::projects::ProjectRef;
use crate::tasks::{Task, TaskShort};

/// What a task has to do with another one.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LinkSeen {
    /// Seen from the task.
    #[serde(rename = "type")]
    pub kind: LinkType,
    /// The same, seen from the other one.
    pub inverse: LinkType,
}

impl From<LinkType> for LinkSeen {
    fn from(kind: LinkType) -> Self {
        Self { kind, inverse: kind.inverse() }
    }
}

/// A task has something to do with another one from now on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskLinked<'a> {
    /// The task.
    pub task: &'a Task,
    /// The other one, maybe of another project.
    pub other: TaskShort,
    /// The task's project.
    pub project: &'a ProjectRef,
    /// What they have to do with each other.
    pub link: LinkSeen,
}

/// A task has nothing to do with another one any more.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskUnlinked<'a> {
    /// The task.
    pub task: &'a Task,
    /// The other one, maybe of another project.
    pub other: TaskShort,
    /// The task's project.
    pub project: &'a ProjectRef,
    /// What they had to do with each other.
    pub link: LinkSeen,
}

impl EventType for TaskLinked<'_> {
    const KIND: &'static str = "task.linked";
    const SUMMARY: &'static str = "A task was linked with another one; `link` says in which way.";
    fn subject(&self) -> String {
        self.task.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        Some(self.task.project_id)
    }
}

impl EventType for TaskUnlinked<'_> {
    const KIND: &'static str = "task.unlinked";
    const SUMMARY: &'static str = "A link between two tasks was taken away; `link` says in which way they were linked.";
    fn subject(&self) -> String {
        self.task.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        Some(self.task.project_id)
    }
}
