//! Trials, as they are asked for, stored and shown.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ids::{BacktestId, EventId, RuleId, UserId, WorkspaceId};
use crate::row;
use crate::runs::{Hindrance, Judgement, Rehearsal, RunError, RunState, Would};
use crate::words::words;

/// An event that is made up.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MadeUpEvent")]
pub struct MadeUp {
    /// Its kind, of `GET /event-kinds`, or `manual`.
    pub kind: String,
    /// What it says: the payload, as the schema of its kind has it.
    pub data: Map<String, Value>,
    /// Who did it; whoever asks when left out.
    #[serde(default)]
    pub actor: Option<Map<String, Value>>,
    /// When it happens; now when left out.
    #[serde(default)]
    pub occurred_at: Option<DateTime<Utc>>,
}

/// What a rule is tried on.
#[derive(Debug, Clone)]
pub enum Tried {
    /// An event of the log.
    Logged(EventId),
    /// One that is made up.
    MadeUp(MadeUp),
}

/// An event in short.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EventInShort")]
pub struct EventShort {
    /// Its id; none of one that is made up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<EventId>,
    /// Its kind.
    pub kind: String,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
}

/// What came of a dry run.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DryRun {
    /// The event.
    pub event: EventShort,
    /// Whether the rule fires, and why not.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// What it would do, where it fires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Rehearsal>,
}

words! {
    /// Where a back-test stands. The last three never change.
    pub enum BacktestState {
        /// Waits for a worker.
        Queued = "queued",
        /// A worker is at it, or it waits for its next turn.
        Running = "running",
        /// All of the stretch was looked at.
        Finished = "finished",
        /// It could not be brought to an end; `error` says why.
        Failed = "failed",
        /// Somebody stopped it.
        Cancelled = "cancelled",
    }
}

impl BacktestState {
    /// Whether it is over.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// The stretch of the log that a back-test is asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "LogStretch")]
pub struct Stretch {
    /// Only events from then on; from the beginning when left out.
    pub from: Option<DateTime<Utc>>,
    /// Only events before then; up to now when left out.
    pub to: Option<DateTime<Utc>>,
}

row! {
    /// A back-test, as it is stored.
    #[derive(Debug, Clone)]
    pub struct BacktestRow {
        pub id: BacktestId,
        pub workspace_id: WorkspaceId,
        pub rule_id: RuleId,
        pub rule_version: i64,
        pub user_id: UserId,
        pub scopes: Option<String>,
        pub from_at: Option<DateTime<Utc>>,
        pub to_at: Option<DateTime<Utc>>,
        pub first_position: i64,
        pub last_position: i64,
        pub position: i64,
        pub state: BacktestState,
        pub found: String,
        pub error: Option<String>,
        pub created_at: DateTime<Utc>,
        pub updated_at: DateTime<Utc>,
        pub finished_at: Option<DateTime<Utc>>,
    }
}

/// A back-test, as the API shows it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Backtest {
    /// Its id.
    pub id: BacktestId,
    /// The rule.
    pub rule: RuleId,
    /// The version that is tried.
    pub rule_version: i64,
    /// Who asked for it, with whose eyes it is done.
    pub asked_by: UserId,
    /// Only events from then on.
    pub from: Option<DateTime<Utc>>,
    /// Only events before then.
    pub to: Option<DateTime<Utc>>,
    /// Where it stands.
    pub state: BacktestState,
    /// How much of the stretch was looked at, from 0 to 1.
    pub progress: f64,
    /// What was found so far.
    #[serde(flatten)]
    pub found: Found,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it last came further.
    pub updated_at: DateTime<Utc>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
}

/// What a back-test found so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "BacktestFound")]
pub struct Found {
    /// Events of the kinds that the rule listens to, as far as whoever asked may see them.
    pub events: i64,
    /// How many of them would have started a run that carries out its steps.
    pub fired: i64,
    /// How those runs would have ended, if every action succeeded.
    pub states: BTreeMap<String, i64>,
    /// How often each action would have been done.
    pub actions: BTreeMap<String, i64>,
    /// How often each field of tasks would have been changed.
    pub changed: BTreeMap<String, i64>,
    /// Why the others would have started none, the most frequent first.
    pub not_fired: Vec<Reason>,
    /// On which days (UTC) it would have fired, and how often.
    pub days: BTreeMap<String, i64>,
    /// The first 50 times that it would have fired, with what it would have done. Only for whoever asked for it, and for
    /// those who look after runs and are kept from nothing.
    pub firings: Vec<Firing>,
}

/// Why events start no run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "NotFiredReason")]
pub struct Reason {
    /// What was asked first and found against it.
    pub what: Hindrance,
    /// The path in `match`, or the part of the condition; empty otherwise.
    pub at: String,
    /// How many events.
    pub events: i64,
}

/// One time that a rule would have fired.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "BacktestFiring")]
pub struct Firing {
    /// The event.
    pub event: EventShort,
    /// The key of the task that it is about, as it was then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// How the run would have ended.
    pub state: RunState,
    /// Why it would not have succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
    /// The first 20 of its steps; long inputs are cut.
    pub steps: Vec<Would>,
}
