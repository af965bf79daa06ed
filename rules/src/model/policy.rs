//! How often and how much a rule may run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::period::Period;

/// The limits a rule sets itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Runs of the same key never overlap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Concurrency>,
    /// At most so many runs in a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Throttle>,
    /// Run once the events have been quiet for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debounce: Option<Debounce>,
    /// One run per key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedupe: Option<Dedupe>,
    /// Higher goes first; 0 is usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
    /// What other rules' changes may do to this one.
    #[serde(default, skip_serializing_if = "Cause::is_default")]
    pub cause: Cause,
    /// What a run, and a day of runs, may cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
}

impl Policy {
    /// Whether nothing was set.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Runs of the same key never overlap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Concurrency {
    /// Expression whose value is the key.
    pub key: String,
    /// What happens to a run that finds its key taken.
    #[serde(default)]
    pub on_busy: OnBusy,
}

/// What happens to a run that finds its key taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnBusy {
    /// It waits its turn.
    #[default]
    Queue,
    /// It is skipped.
    Drop,
    /// It takes the place of the one that runs.
    Replace,
}

/// At most so many runs in a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Throttle {
    /// How many runs.
    pub runs: u32,
    /// In how long.
    pub per: Period,
}

/// Run once the events have been quiet for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Debounce {
    /// Expression; events of the same key are one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How long it must be quiet.
    #[serde(rename = "for")]
    pub quiet: Period,
}

/// One run per key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dedupe {
    /// Expression whose value is the key.
    pub key: String,
    /// For how long the key is remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Period>,
}

/// What other rules' changes may do to this one. Without a word, nothing: a loop needs consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CausePolicy")]
pub struct Cause {
    /// Whether events caused by rules start this one.
    #[serde(default)]
    pub accept_rules: bool,
    /// How long a chain of rules causing rules may grow before it ends as `blocked(loop)`.
    #[serde(default = "max_depth")]
    pub max_depth: u32,
}

fn max_depth() -> u32 {
    5
}

impl Default for Cause {
    fn default() -> Self {
        Self { accept_rules: false, max_depth: max_depth() }
    }
}

impl Cause {
    /// Whether nothing was set.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What a run, and a day of runs, may cost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RunBudget")]
pub struct Budget {
    /// Outgoing calls a run may make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<u32>,
    /// Milliseconds a run may work (waiting does not count).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// Notifications a run may send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notifications: Option<u32>,
    /// Runs in a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs_per_day: Option<u32>,
}
