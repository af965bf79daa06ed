//! What workflows and types announce.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::{TypeInfo, Workflow};
use crate::events::EventType;
use crate::ids::ProjectId;
use crate::projects::ProjectRef;

/// Tasks that a change moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Moved {
    /// The status or type that they had.
    pub from: String,
    /// The status or type that they have.
    pub to: String,
    /// How many.
    pub tasks: u64,
}

/// The workflow of a project changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WorkflowChanged<'a> {
    /// The project.
    pub project: &'a ProjectRef,
    /// Its workflow as it is now.
    pub workflow: &'a Workflow,
    /// The tasks that stood in a status that went away.
    pub moved: &'a [Moved],
}

/// The types of a project changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TypesChanged<'a> {
    /// The project.
    pub project: &'a ProjectRef,
    /// Its types as they are now.
    pub types: &'a [TypeInfo],
    /// The tasks that had a type that went away.
    pub moved: &'a [Moved],
}

impl EventType for WorkflowChanged<'_> {
    const KIND: &'static str = "project.workflow_changed";
    const SUMMARY: &'static str =
        "The statuses of a project's tasks, or the ways between them, changed; `moved` says which tasks moved.";
    fn subject(&self) -> String {
        self.project.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        Some(self.project.id)
    }
}

impl EventType for TypesChanged<'_> {
    const KIND: &'static str = "project.types_changed";
    const SUMMARY: &'static str = "The types of a project's tasks changed; `moved` says which tasks got another one.";
    fn subject(&self) -> String {
        self.project.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        Some(self.project.id)
    }
}
