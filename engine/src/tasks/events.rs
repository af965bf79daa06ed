//! What tasks announce. Each event carries the task as it is after the change, and its project in short.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::{Task, TaskStatus};
use crate::access::{BudgetView, Permission};
use crate::events::EventType;
use crate::ids::{ProjectId, UserId};
use crate::notifications::sources;
use crate::projects::ProjectRef;
use crate::projects::events::{Changes, FieldChange};

/// A task was made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskCreated<'a> {
    /// The task.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
}

/// A task changed, in whatever way.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskUpdated<'a> {
    /// The task as it is now.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
    /// What changed, by field: `{"title": {"from": …, "to": …}}`.
    pub change: &'a Changes,
}

/// From which status to which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StatusChange {
    /// How it stood.
    pub from: TaskStatus,
    /// How it stands.
    pub to: TaskStatus,
}

/// A task's status changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskStatusChanged<'a> {
    /// The task as it is now.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
    /// The change.
    pub change: StatusChange,
}

/// Who came and who went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AssigneeChange {
    /// Who works on it from now on.
    pub added: Vec<UserId>,
    /// Who does no longer.
    pub removed: Vec<UserId>,
}

impl AssigneeChange {
    /// From these people to those.
    pub(super) fn between(before: &[UserId], after: &[UserId]) -> Self {
        let not_in =
            |these: &[UserId], those: &[UserId]| these.iter().filter(|user| !those.contains(user)).copied().collect();
        Self { added: not_in(after, before), removed: not_in(before, after) }
    }
}

/// A task got other people, also when it was made with some.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskAssigned<'a> {
    /// The task as it is now.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
    /// The change.
    pub change: AssigneeChange,
}

/// The sensitive fields that changed, by key.
pub type SensitiveChanges = indexmap::IndexMap<String, FieldChange>;

/// What a task holds of sensitive fields changed. Only those get it who may see that.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskSensitiveChanged<'a> {
    /// The task as it is now, without what is sensitive.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
    /// What changed, by field.
    pub change: &'a SensitiveChanges,
}

impl EventType for TaskSensitiveChanged<'_> {
    const KIND: &'static str = "task.sensitive_changed";
    const SUMMARY: &'static str =
        "Values of a task's sensitive fields changed; `change` names each field with what it was and what it became.";
    const NEEDS: &'static str = BudgetView::NAME;
    fn subject(&self) -> String {
        self.task.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        Some(self.task.project_id)
    }
}

/// A task was deleted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskDeleted<'a> {
    /// The task as it was.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
}

/// Somebody watches a task from now on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskWatched<'a> {
    /// The task.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
    /// Who watches it.
    pub watcher: UserId,
}

/// Somebody watches a task no longer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskUnwatched<'a> {
    /// The task.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
    /// Who watched it.
    pub watcher: UserId,
}

/// A label of a project's tasks got another name, or was taken off them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LabelRenamed<'a> {
    /// The project.
    pub project: &'a ProjectRef,
    /// The label that tasks had.
    pub from: &'a str,
    /// The label that they have instead, if they do.
    pub to: Option<&'a str>,
    /// How many tasks.
    pub tasks: usize,
}

impl crate::events::EventType for LabelRenamed<'_> {
    const KIND: &'static str = "project.label_renamed";
    const SUMMARY: &'static str = "A label of a project's tasks got another name, or was taken off them.";
    fn subject(&self) -> String {
        self.project.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        Some(self.project.id)
    }
}

/// Declares events that carry the task that they are about; behind `=>`, whom they tell what.
macro_rules! about_a_task {
    ($($event:ident $kind:literal $summary:literal $(=> $news:path)?;)+) => {$(
        impl $crate::events::EventType for $event<'_> {
            const KIND: &'static str = $kind;
            const SUMMARY: &'static str = $summary;
            fn subject(&self) -> String {
                self.task.id.to_string()
            }
            fn project(&self) -> Option<$crate::ids::ProjectId> {
                Some(self.task.project_id)
            }
            $(fn news(&self) -> $crate::Result<$crate::notifications::sources::Told> {
                $news(self)
            })?
        }
    )+};
}
pub(crate) use about_a_task;

about_a_task! {
    TaskAssigned "task.assigned" "The people who work on a task changed; `change` says who was added and who removed." => sources::assigned;
    TaskCreated "task.created" "A task was made.";
    TaskDeleted "task.deleted" "A task was deleted.";
    TaskStatusChanged "task.status_changed" "A task's status changed; `change` says from what to what." => sources::status_changed;
    TaskUnwatched "task.unwatched" "Somebody watches a task no longer; `watcher` says who.";
    TaskUpdated "task.updated" "A task changed; `change` names each field with what it was and what it became." => sources::updated;
    TaskWatched "task.watched" "Somebody watches a task from now on; `watcher` says who.";
}
