//! What rules announce.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::RuleState;
use crate::events::EventType;
use crate::ids::{ProjectId, RuleId};

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
