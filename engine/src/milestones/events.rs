//! What milestones announce. Each event carries the milestone as it is after the change, and its project in short.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::{Milestone, Progress};
use crate::access::{MilestoneView, Permission as _};
use crate::events::EventType;
use crate::ids::{ProjectId, TaskId};
use crate::projects::ProjectRef;
use crate::projects::events::Changes;
use crate::tasks::Task;

/// A milestone was made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MilestoneCreated<'a> {
    /// The milestone.
    pub milestone: &'a Milestone,
    /// Its project.
    pub project: &'a ProjectRef,
}

/// A milestone changed, in whatever way.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MilestoneUpdated<'a> {
    /// The milestone as it is now.
    pub milestone: &'a Milestone,
    /// Its project.
    pub project: &'a ProjectRef,
    /// What changed, by field.
    pub change: &'a Changes,
}

/// A milestone was reached.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MilestoneCompleted<'a> {
    /// The milestone.
    pub milestone: &'a Milestone,
    /// Its project.
    pub project: &'a ProjectRef,
}

/// A milestone that was completed is open again.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MilestoneReopened<'a> {
    /// The milestone.
    pub milestone: &'a Milestone,
    /// Its project.
    pub project: &'a ProjectRef,
}

/// The last open task of an open milestone is open no longer, and at least one of its tasks is completed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MilestoneTasksCompleted<'a> {
    /// The milestone, still open.
    pub milestone: &'a Milestone,
    /// Its project.
    pub project: &'a ProjectRef,
    /// The task that was the last open one, as it is after its change.
    pub task: &'a Task,
    /// How far the milestone's tasks are.
    pub progress: Progress,
}

/// A milestone was deleted; its tasks belong to none.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MilestoneDeleted<'a> {
    /// The milestone as it was.
    pub milestone: &'a Milestone,
    /// Its project.
    pub project: &'a ProjectRef,
    /// How many tasks belonged to it.
    pub tasks: i64,
    /// Which.
    pub freed: Vec<TaskId>,
}

macro_rules! about_a_milestone {
    ($($event:ident $kind:literal $summary:literal;)+) => {$(
        impl EventType for $event<'_> {
            const KIND: &'static str = $kind;
            const SUMMARY: &'static str = $summary;
            const NEEDS: &'static str = MilestoneView::NAME;
            fn subject(&self) -> String {
                self.milestone.id.to_string()
            }
            fn project(&self) -> Option<ProjectId> {
                Some(self.milestone.project_id)
            }
        }
    )+};
}

about_a_milestone! {
    MilestoneCompleted "milestone.completed" "A milestone was completed.";
    MilestoneCreated "milestone.created" "A milestone was made.";
    MilestoneDeleted "milestone.deleted" "A milestone was deleted; its tasks stay, without a milestone.";
    MilestoneReopened "milestone.reopened" "A milestone that was completed is open again.";
    MilestoneTasksCompleted "milestone.tasks_completed" "The last open task of an open milestone was closed, moved away or deleted, and at least one task is completed.";
    MilestoneUpdated "milestone.updated" "A milestone changed; `change` names each field with what it was and what it became.";
}
