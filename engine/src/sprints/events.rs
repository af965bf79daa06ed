//! What sprints announce. Each event carries the sprint as it is after the change, and its project in short.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::Sprint;
use crate::access::{Permission as _, SprintView};
use crate::events::EventType;
use crate::ids::{ProjectId, SprintId, TaskId};
use crate::projects::ProjectRef;
use crate::projects::events::Changes;

/// A sprint was made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SprintCreated<'a> {
    /// The sprint.
    pub sprint: &'a Sprint,
    /// Its project.
    pub project: &'a ProjectRef,
}

/// A sprint changed, in whatever way.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SprintUpdated<'a> {
    /// The sprint as it is now.
    pub sprint: &'a Sprint,
    /// Its project.
    pub project: &'a ProjectRef,
    /// What changed, by field.
    pub change: &'a Changes,
}

/// A project works in this sprint from now on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SprintStarted<'a> {
    /// The sprint.
    pub sprint: &'a Sprint,
    /// Its project.
    pub project: &'a ProjectRef,
}

/// A sprint is over, and what was still to be done in it was moved.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SprintClosed<'a> {
    /// The sprint.
    pub sprint: &'a Sprint,
    /// Its project.
    pub project: &'a ProjectRef,
    /// How many open tasks were moved.
    pub moved: i64,
    /// Which.
    pub tasks: Vec<TaskId>,
    /// The sprint that they are in now; null when they are in none.
    pub moved_to: Option<SprintId>,
}

/// A sprint was deleted; its tasks are in none.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SprintDeleted<'a> {
    /// The sprint as it was.
    pub sprint: &'a Sprint,
    /// Its project.
    pub project: &'a ProjectRef,
    /// How many tasks were in it.
    pub tasks: i64,
}

macro_rules! about_a_sprint {
    ($($event:ident $kind:literal $summary:literal;)+) => {$(
        impl EventType for $event<'_> {
            const KIND: &'static str = $kind;
            const SUMMARY: &'static str = $summary;
            const NEEDS: &'static str = SprintView::NAME;
            fn subject(&self) -> String {
                self.sprint.id.to_string()
            }
            fn project(&self) -> Option<ProjectId> {
                Some(self.sprint.project_id)
            }
        }
    )+};
}

about_a_sprint! {
    SprintClosed "sprint.closed" "A sprint was closed; `moved` says how many open tasks went elsewhere.";
    SprintCreated "sprint.created" "A sprint was made.";
    SprintDeleted "sprint.deleted" "A sprint was deleted; its tasks stay, in no sprint.";
    SprintStarted "sprint.started" "A sprint was started.";
    SprintUpdated "sprint.updated" "A sprint changed; `change` names each field with what it was and what it became.";
}
