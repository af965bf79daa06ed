//! What planning announces. Each event carries both tasks, and their project in short.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::Dependency;
use crate::events::EventType;
use crate::ids::ProjectId;
use crate::projects::ProjectRef;
use crate::tasks::Task;

/// A task waits for another from now on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskDependencyAdded<'a> {
    /// The task that waits.
    pub task: &'a Task,
    /// The task that it waits for.
    pub predecessor: &'a Task,
    /// Their project.
    pub project: &'a ProjectRef,
    /// In which way it waits.
    pub dependency: &'a Dependency,
}

/// A task waits for another no longer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskDependencyRemoved<'a> {
    /// The task that waited.
    pub task: &'a Task,
    /// The task that it waited for.
    pub predecessor: &'a Task,
    /// Their project.
    pub project: &'a ProjectRef,
    /// In which way it waited.
    pub dependency: &'a Dependency,
}

impl EventType for TaskDependencyAdded<'_> {
    const KIND: &'static str = "task.dependency_added";
    const SUMMARY: &'static str = "A task depends on another from now on; `dependency` says in which way.";
    fn subject(&self) -> String {
        self.task.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        Some(self.task.project_id)
    }
}

impl EventType for TaskDependencyRemoved<'_> {
    const KIND: &'static str = "task.dependency_removed";
    const SUMMARY: &'static str = "A task no longer depends on another; `dependency` says in which way it did.";
    fn subject(&self) -> String {
        self.task.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        Some(self.task.project_id)
    }
}
