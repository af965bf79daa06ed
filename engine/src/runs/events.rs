//! What runs announce.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::RunError;
use crate::events::EventType;
use crate::ids::{EventId, ProjectId, RuleId, RunId, UserId};

/// A run failed for good. What went wrong may quote tasks: the event is for those who may read the steps of the rule.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RunFailed {
    /// The run.
    pub run: FailedRun,
}

/// What is known about a failed run.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FailedRun {
    /// Its id.
    pub id: RunId,
    /// The rule.
    pub rule: RuleId,
    /// In whose name the rule acts.
    pub owner: UserId,
    /// The rule's version.
    pub rule_version: i64,
    /// The event that had started it.
    pub event: Option<EventId>,
    /// Why.
    pub error: RunError,
}

impl EventType for RunFailed {
    const KIND: &'static str = "run.failed";
    const SUMMARY: &'static str = "A run of a rule failed for good.";
    fn subject(&self) -> String {
        self.run.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        None
    }
}
