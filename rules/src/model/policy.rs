//! How often and how much a rule may run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{period::Period, problem::Problem};

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

    /// Whether a run is asked before it begins.
    pub fn is_gate(&self) -> bool {
        let day = self.budget.as_ref().is_some_and(|budget| budget.runs_per_day.is_some());
        day || self.concurrency.is_some() || self.throttle.is_some() || self.debounce.is_some() || self.dedupe.is_some()
    }

    /// The expressions that give keys, each with its place.
    pub fn keys(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let keys = [
            ("/policy/concurrency/key", self.concurrency.as_ref().map(|limit| &limit.key)),
            ("/policy/debounce/key", self.debounce.as_ref().and_then(|limit| limit.key.as_ref())),
            ("/policy/dedupe/key", self.dedupe.as_ref().map(|limit| &limit.key)),
        ];
        keys.into_iter().filter_map(|(pointer, key)| Some((pointer, key?.as_str())))
    }

    /// What is no limit, or none that can be kept.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut say = |pointer: &str, message: &str| {
            problems.push(Problem::new("limit", format!("/policy/{pointer}"), message.to_owned()));
        };
        if self.throttle.as_ref().is_some_and(|limit| limit.runs == 0) {
            say("throttle/runs", "With no run at all the rule never runs; pause it instead.");
        }
        if self.throttle.as_ref().is_some_and(|limit| limit.per.0.is_zero()) {
            say("throttle/per", "Say in how long, such as `1m`.");
        }
        if self.debounce.as_ref().is_some_and(|limit| limit.quiet.0.is_zero()) {
            say("debounce/for", "Say how long it must be quiet, such as `30s`.");
        }
        if self.dedupe.as_ref().and_then(|limit| limit.within).is_some_and(|within| within.0.is_zero()) {
            say("dedupe/within", "Say for how long a key is remembered, such as `1h`; for ever when it is left out.");
        }
        if self.priority.is_some_and(|priority| !(-MAX_PRIORITY..=MAX_PRIORITY).contains(&priority)) {
            say("priority", "The priority must be from -100 to 100; 0 is usual.");
        }
        if self.budget.as_ref().and_then(|budget| budget.runs_per_day) == Some(0) {
            say("budget/runs_per_day", "With no run at all the rule never runs; pause it instead.");
        }
        problems
    }
}

/// How far a priority may be from the usual one.
const MAX_PRIORITY: i64 = 100;

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
