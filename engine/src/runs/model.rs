//! A run and its steps, as they are stored and shown.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::access::{Place, Scoped};
use crate::ids::{ApprovalId, EventId, Id as _, RuleId, RunId, TaskId, UserId, WorkspaceId};
use crate::words::words;

words! {
    /// Where a run stands. Terminal states never change.
    pub enum RunState {
        /// Waits for a worker.
        Queued = "queued",
        /// A worker is at it.
        Running = "running",
        /// Waits for what `waiting` says; no worker is held.
        Waiting = "waiting",
        /// A step failed and will be tried again.
        Retrying = "retrying",
        /// Every step was carried out.
        Succeeded = "succeeded",
        /// The condition did not hold.
        Skipped = "skipped",
        /// A step failed for good; `error` says which and why.
        Failed = "failed",
        /// Somebody stopped it.
        Cancelled = "cancelled",
        /// It took longer than its rule allows.
        TimedOut = "timed_out",
        /// A limit ended it: `error` says which.
        Blocked = "blocked",
    }
}

impl RunState {
    /// Whether the run is over.
    pub fn is_terminal(self) -> bool {
        !matches!(self, Self::Queued | Self::Running | Self::Waiting | Self::Retrying)
    }
}

words! {
    /// Whether a run does what its steps say, or only records what it would do.
    pub enum Mode {
        /// Effects are done.
        Live = "live",
        /// Effects are only recorded: the rule is in shadow.
        Shadow = "shadow",
    }
}

words! {
    /// Where a step stands.
    pub enum StepState {
        /// Begun, not over.
        Running = "running",
        /// Done.
        Succeeded = "succeeded",
        /// Failed for good.
        Failed = "failed",
        /// Failed, will be tried again at `resume_at`.
        Retrying = "retrying",
        /// Was sent and not answered; will be tried again with the same idempotency key.
        Unknown = "unknown",
        /// Waits, until `resume_at` at the longest.
        Waiting = "waiting",
        /// The branch or loop was entered: what is inside has lines of its own.
        Entered = "entered",
        /// Not done, because the rule is in shadow: `input` is what would have been sent.
        Recorded = "recorded",
    }
}

impl StepState {
    /// Whether a run that is taken up again goes on behind this step.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Recorded | Self::Entered)
    }
}

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "for", rename_all = "snake_case")]
#[schemars(rename = "RunWaiting")]
pub enum Waiting {
    /// A time, because a step says so.
    Timer {
        /// The path of the step.
        step: String,
        /// When it goes on.
        until: DateTime<Utc>,
    },
    /// An event.
    Event {
        /// The path of the step.
        step: String,
        /// The kind of the event, or a pattern.
        on: String,
        /// When it is too late; never when null.
        until: Option<DateTime<Utc>>,
    },
    /// Somebody's agreement.
    Approval {
        /// The path of the step.
        step: String,
        /// The approval.
        approval: ApprovalId,
        /// When it is too late; never when null.
        until: Option<DateTime<Utc>>,
    },
    /// The end of another run, which this one started.
    Run {
        /// The path of the step.
        step: String,
        /// The other run.
        run: RunId,
        /// When it is too late; never when null.
        until: Option<DateTime<Utc>>,
    },
    /// Several things side by side.
    Branches {
        /// What each branch waits for that does.
        waits: Vec<Waiting>,
    },
    /// The next attempt of a step.
    Retry {
        /// The path of the step.
        step: String,
        /// When it is tried again.
        until: DateTime<Utc>,
    },
    /// The runs of the same `concurrency` or `dedupe` key that came before it.
    Key {
        /// The key.
        key: String,
    },
    /// Its place under the rule's `throttle`.
    Rate {
        /// When it may begin.
        until: DateTime<Utc>,
    },
    /// That no other event of its `debounce` key comes.
    Quiet {
        /// When it begins then.
        until: DateTime<Utc>,
    },
    /// A day on which the rule's `budget` has runs left.
    Budget {
        /// When it may begin.
        until: DateTime<Utc>,
    },
}

/// Why a run did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunError {
    /// A stable word: `step_failed`, `loop`, `condition`, `worker_died` ….
    pub code: String,
    /// What went wrong and what to do.
    pub message: String,
    /// The path of the step that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

/// A run that is about to be stored.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Its id.
    pub id: RunId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The rule.
    pub rule: RuleId,
    /// The version that it is pinned to.
    pub rule_version: i64,
    /// The event that started it; none for a run by hand.
    pub event: Option<EventId>,
    /// The run that it repeats.
    pub rerun_of: Option<RunId>,
    /// The run that called its rule and waits for its end.
    pub parent: Option<RunId>,
    /// Live or shadow.
    pub mode: Mode,
    /// Queued, or already over (`blocked`, `failed`).
    pub state: RunState,
    /// What the form of a manual trigger was filled in with.
    pub inputs: Option<Value>,
    /// Who started or repeated it by hand.
    pub started_by: Option<UserId>,
    /// How many rules stand in the chain, this one counted.
    pub depth: i64,
    /// Why it is already over.
    pub error: Option<RunError>,
    /// Higher goes first; 0 is usual.
    pub priority: i64,
    /// The keys that its rule's policy goes by.
    pub(super) turns: Vec<super::policy::Turn>,
}

/// A run in a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RunSummary {
    /// Its id.
    pub id: RunId,
    /// The workspace; not shown, it is the asker's own.
    #[serde(skip)]
    pub workspace_id: WorkspaceId,
    /// The rule.
    #[serde(rename = "rule")]
    pub rule_id: RuleId,
    /// The rule's name, as it is now.
    pub rule_name: String,
    /// The version that it is pinned to.
    pub rule_version: i64,
    /// The event that started it.
    #[serde(rename = "event")]
    pub event_id: Option<EventId>,
    /// The task that the event is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<RunTask>,
    /// The run that it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rerun_of: Option<RunId>,
    /// The run that called its rule and waits for its end.
    #[serde(rename = "parent", skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<RunId>,
    /// Live or shadow.
    pub mode: Mode,
    /// Where it stands.
    pub state: RunState,
    /// What it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// How many rules stand in the chain, this one counted.
    pub depth: i64,
    /// What the form of a manual trigger was filled in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Value>,
    /// Why it did not succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
    /// When it was started.
    pub created_at: DateTime<Utc>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
}

/// The task behind a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RunTask {
    /// Its id.
    pub id: TaskId,
    /// Its key, as long as it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl Scoped for RunSummary {
    fn workspace(&self) -> WorkspaceId {
        self.workspace_id
    }
    fn named(&self) -> (&'static str, String) {
        ("run", self.id.to_string())
    }
    /// Its rule's: whoever was given the rule was given its runs.
    fn place(&self) -> Place {
        Place::Object(self.rule_id.uuid())
    }
}

/// A run with its journal.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Run {
    /// What the list shows.
    #[serde(flatten)]
    pub summary: RunSummary,
    /// What each step did, in the order they began. Of a run that did much, what steps were given and answered is cut;
    /// `/runs/{id}/steps` has it whole, page by page.
    pub steps: Vec<Step>,
}

/// One line of the journal.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "RunStep")]
pub struct Step {
    /// Where in the run: the step's id, with the loop's item where there is one (`subs[3].block`).
    pub path: String,
    /// The order in which steps began.
    #[serde(skip)]
    pub ordinal: i64,
    /// The action's name, or `if`, `for_each`, `approve`, `wait`, `parallel`, `call`, `script`, `stop`.
    pub kind: String,
    /// Where it stands.
    pub state: StepState,
    /// How often it was tried.
    pub attempts: i64,
    /// What it was given, rendered.
    pub input: Option<Value>,
    /// What it answered.
    pub output: Option<Value>,
    /// The events that it brought about, in order: what it changed, from what to what. Only of actions on what is Trackside's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventId>,
    /// Why it failed, or failed last.
    pub error: Option<String>,
    /// When it goes on, if it waits or will be tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume_at: Option<DateTime<Utc>>,
    /// When it was first begun.
    pub started_at: DateTime<Utc>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
}
