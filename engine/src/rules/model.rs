//! A rule with its state, as it is stored and shown.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use trackside_rules::{Problem, Rule};

use crate::access::{Place, Scoped};
use crate::ids::{Id as _, RuleId, UserId, WorkspaceId};
use crate::words::words;

words! {
    /// Whether a rule is listened to.
    pub enum RuleState {
        /// Being written; nothing happens.
        Draft = "draft",
        /// Judged on live events, effects only recorded.
        Shadow = "shadow",
        /// At work.
        Enabled = "enabled",
        /// Switched off.
        Paused = "paused",
    }
}

/// A rule, as the API shows it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RuleInfo {
    /// Its id.
    pub id: RuleId,
    /// The workspace; not shown, it is the asker's own.
    #[serde(skip)]
    pub workspace_id: WorkspaceId,
    /// Its name.
    pub name: String,
    /// Draft, shadow, enabled or paused.
    pub state: RuleState,
    /// The version that new runs use: 1, 2, 3 ….
    pub version: i64,
    /// In whose name it acts.
    #[serde(rename = "owner")]
    pub owner_id: UserId,
    /// Why Trackside paused it, if Trackside did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_because: Option<String>,
    /// The rule itself.
    pub rule: Rule,
    /// When it was first saved.
    pub created_at: DateTime<Utc>,
    /// When it or its state last changed.
    pub updated_at: DateTime<Utc>,
}

impl Scoped for RuleInfo {
    fn workspace(&self) -> WorkspaceId {
        self.workspace_id
    }
    fn named(&self) -> (&'static str, String) {
        ("rule", self.id.to_string())
    }
    fn place(&self) -> Place {
        Place::Object(self.id.uuid())
    }
}

/// One saved version of a rule.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RuleVersion {
    /// 1, 2, 3 ….
    pub version: i64,
    /// The rule as it was.
    pub rule: Rule,
    /// Who saved it.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// What the check at save says.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Verdict {
    /// Whether it can be saved and switched on.
    pub ok: bool,
    /// What is wrong, and where.
    pub problems: Vec<Problem>,
}
