//! A rule with its state, as it is stored and shown.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trackside_rules::{Problem, Rule};

use super::analysis::Analysis;
use crate::access::{Actor, Place, Scoped};
use crate::db::row;
use crate::ids::{Id as _, RuleId, UserId, WorkspaceId};
use crate::runs::sight::may_read_steps;
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

impl RuleInfo {
    /// The same, as this actor may read it: why it was paused quotes errors, and those quote tasks.
    #[must_use]
    pub fn told(mut self, actor: &Actor) -> Self {
        if !may_read_steps(actor, self.owner_id) {
            self.paused_because = self.paused_because.map(|because| beginning(&because).to_owned());
        }
        self
    }
}

/// Why a rule was paused, without the errors that are quoted behind a colon.
pub(super) fn beginning(because: &str) -> &str {
    because.split_once(':').map_or(because, |(beginning, _)| beginning)
}

/// What a list of rules can be asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RuleQuery {
    /// Only rules in this state.
    pub state: Option<RuleState>,
    /// Part of the name.
    pub q: Option<String>,
    /// Any of created_at, name, updated_at; `-` before one turns it round. `created_at` when left out.
    pub sort: Option<String>,
    /// 1 to 200 items; 25 when left out.
    pub limit: Option<i64>,
    /// Rows to pass over, at most 10,000; `cursor` is faster and misses nothing.
    pub offset: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// `true` counts the rules on all pages.
    pub total: bool,
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
    /// What it would set off among the rules that are switched on; only where nothing is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysis: Option<Analysis>,
}

row! {
    /// A rule that runs in somebody's name.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct OwnedRule {
        /// Its id.
        pub id: RuleId,
        /// Its name.
        pub name: String,
    }
}
