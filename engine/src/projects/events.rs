//! What projects announce.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::copy::Copied;
use super::model::{Health, Project, ProjectRef};
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

/// A project was archived.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProjectArchived<'a> {
    /// The project.
    pub project: &'a Project,
}

/// A project is archived no longer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProjectUnarchived<'a> {
    /// The project.
    pub project: &'a Project,
}

/// A project was made as a copy, with all that was copied; each thing has its own event before this one.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProjectCopied<'a> {
    /// The copy.
    pub project: &'a Project,
    /// What it is a copy of.
    pub from: &'a ProjectRef,
    /// How much was copied.
    pub copied: Copied,
}

/// From which health to which; null where nobody had said, or nobody says any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HealthChange {
    /// How it did.
    pub from: Option<Health>,
    /// How it does.
    pub to: Option<Health>,
}

/// Somebody said how a project does, or why.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProjectHealthChanged<'a> {
    /// The project as it is now, with the note, who wrote it and when.
    pub project: &'a Project,
    /// The change; both are the same when only the note changed.
    pub change: HealthChange,
}

/// A project went away, with its tasks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProjectDeleted<'a> {
    /// The project as it was.
    pub project: &'a ProjectRef,
    /// How many tasks went with it.
    pub tasks: i64,
}

macro_rules! about_a_project {
    ($($event:ident $kind:literal $summary:literal;)+) => {$(
        impl EventType for $event<'_> {
            const KIND: &'static str = $kind;
            const SUMMARY: &'static str = $summary;
            fn subject(&self) -> String {
                self.project.id.to_string()
            }
            fn project(&self) -> Option<ProjectId> {
                Some(self.project.id)
            }
        }
    )+};
}

about_a_project! {
    ProjectArchived "project.archived" "A project was archived: it is only read from now on.";
    ProjectCopied "project.copied" "A project was made as a copy of another; what was copied with it was announced one by one.";
    ProjectCreated "project.created" "A project was made.";
    ProjectDeleted "project.deleted" "A project was deleted, and its tasks with it.";
    ProjectHealthChanged "project.health_changed" "Somebody said how a project does, or why; `change` says from what to what.";
    ProjectUnarchived "project.unarchived" "A project is archived no longer.";
    ProjectUpdated "project.updated" "A project changed; `change` names each field with what it was and what it became.";
}
