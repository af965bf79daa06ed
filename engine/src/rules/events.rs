//! What rules announce.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::RuleState;
use crate::events::EventType;
use crate::ids::{ProjectId, RuleId};
use crate::projects::ProjectRef;
use crate::schedules::events::DueRule;
use crate::tasks::Task;

/// A rule was saved, switched, or removed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RuleChanged {
    /// The rule.
    pub rule: ChangedRule,
}

/// What is known about a changed rule.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangedRule {
    /// Its id.
    pub id: RuleId,
    /// Its name.
    pub name: String,
    /// Its version now.
    pub version: i64,
    /// Its state now; absent when it was deleted.
    pub state: Option<RuleState>,
    /// Why Trackside paused it, if Trackside did.
    pub because: Option<String>,
}

impl EventType for RuleChanged {
    const KIND: &'static str = "rule.changed";
    const SUMMARY: &'static str = "A rule was saved, switched on or off, or deleted.";
    fn subject(&self) -> String {
        self.rule.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        None
    }
}

/// Somebody started a rule by its button on a task. Only that rule is started by it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskButtonPressed<'a> {
    /// The task as it was.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
    /// The rule.
    pub rule: DueRule,
}

impl EventType for TaskButtonPressed<'_> {
    const KIND: &'static str = trackside_rules::model::BUTTON_PRESSED;
    const SUMMARY: &'static str = "Somebody started a rule by its button on a task; `rule` says which.";
    fn subject(&self) -> String {
        self.task.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        Some(self.task.project_id)
    }
}
