//! What projects announce.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::model::{Project, ProjectRef};
use crate::events::EventType;
use crate::ids::ProjectId;

/// What a field was and what it became.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FieldChange {
    /// What it was.
    pub from: Value,
    /// What it became.
    pub to: Value,
}

/// The fields that changed, by name.
pub type Changes = IndexMap<&'static str, FieldChange>;

/// Notes the change of one field, if it is one, and makes it.
pub(crate) fn change<T: PartialEq + Serialize>(
    changes: &mut Changes,
    name: &'static str,
    field: &mut T,
    new: Option<T>,
) {
    let Some(new) = new else { return };
    if *field != new {
        let from = serde_json::json!(&*field);
        changes.insert(name, FieldChange { from, to: serde_json::json!(&new) });
        *field = new;
    }
}

/// A project was made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProjectCreated<'a> {
    /// The project.
    pub project: &'a Project,
}

/// A project changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProjectUpdated<'a> {
    /// The project as it is now.
    pub project: &'a Project,
    /// What changed.
    pub change: &'a Changes,
}

/// A project went away, with its tasks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProjectDeleted<'a> {
    /// The project as it was.
    pub project: &'a ProjectRef,
    /// How many tasks went with it.
    pub tasks: i64,
}

impl EventType for ProjectCreated<'_> {
    const KIND: &'static str = "project.created";
    const SUMMARY: &'static str = "A project was made.";
    fn subject(&self) -> String {
        self.project.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        Some(self.project.id)
    }
}

impl EventType for ProjectUpdated<'_> {
    const KIND: &'static str = "project.updated";
    const SUMMARY: &'static str = "A project changed; `change` names each field with what it was and what it became.";
    fn subject(&self) -> String {
        self.project.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        Some(self.project.id)
    }
}

impl EventType for ProjectDeleted<'_> {
    const KIND: &'static str = "project.deleted";
    const SUMMARY: &'static str = "A project was deleted, and its tasks with it.";
    fn subject(&self) -> String {
        self.project.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        Some(self.project.id)
    }
}
