//! Policies and timers, as they are stored, shown and asked for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trackside_rules::Period;
use trackside_rules::model::Condition;

use crate::access::{Permission as _, Place, ProjectView, Scoped};
use crate::db::row;
use crate::ids::{ProjectId, SlaId, TaskId, UserId, WorkspaceId};
use crate::raw::Raw;
use crate::tasks::Priority;
use crate::words::words;

/// The longest name, in characters.
pub const MAX_NAME: usize = 200;
/// The most policies of a workspace.
pub const MAX_POLICIES: i64 = 100;
/// The most people whom a policy names.
pub const MAX_TOLD: usize = 50;

words! {
    /// In which time a target is counted.
    pub enum TargetClock {
        /// The time in which work is done in the project of the task.
        Working = "working",
        /// All of it.
        Wall = "wall",
    }
}

words! {
    /// How a timer stands.
    pub enum SlaState {
        /// Time passes.
        Running = "running",
        /// It is held by the policy's `pause`.
        Paused = "paused",
        /// What stops it came: it was met, or breached before.
        Ended = "ended",
        /// The task is none of the policy's any more.
        Cancelled = "cancelled",
    }
}

/// What stops a timer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SlaStop")]
pub enum Stop {
    /// The task is done, or will not be.
    #[default]
    Done,
    /// Somebody comments who did not make the task. It does not begin anew after that.
    FirstResponse,
    /// This holds of the task.
    When(Condition),
}

/// How long it may take, by the priority of the task: `30m`, `4h`. For a priority without one, `default` counts; tasks for which
/// there is none at all do not come under the policy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Targets {
    /// For critical tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub critical: Option<Period>,
    /// For high ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<Period>,
    /// For medium ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<Period>,
    /// For low ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<Period>,
    /// For all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Period>,
}

impl Targets {
    /// Each by its name.
    pub(super) fn named(&self) -> [(&'static str, Option<Period>); 5] {
        [
            ("critical", self.critical),
            ("high", self.high),
            ("medium", self.medium),
            ("low", self.low),
            ("default", self.default),
        ]
    }

    /// How long a task of this priority may take, in seconds.
    pub(super) fn of(&self, priority: Priority) -> Option<i64> {
        let own = match priority {
            Priority::Critical => self.critical,
            Priority::High => self.high,
            Priority::Medium => self.medium,
            Priority::Low => self.low,
        };
        own.or(self.default).map(seconds)
    }
}

/// A period in seconds.
pub(super) fn seconds(period: Period) -> i64 {
    i64::try_from(period.0.as_secs()).unwrap_or(i64::MAX)
}

/// When is warned: one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Warn {
    /// So long before the target, in the time of the target.
    Before(Period),
    /// When so much of it has passed, in percent: 1 to 99.
    Percent(i64),
}

/// Who is told: `assignees`, `watchers` or `reporter` of the task, `project.owner`, `user:` with an id or address, `role:` or
/// `group:` with an id or name, `oncall:` with the name of a rota.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tells {
    /// When is warned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warned: Vec<String>,
    /// When it is too late.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub breached: Vec<String>,
}

/// A policy, as people write it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SlaPolicy")]
pub struct Policy {
    /// 1 to 200 characters.
    pub name: String,
    /// For the tasks of this project alone, by its id or key; for all of the workspace when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Which tasks it is for: a condition over `task` and `project`. All when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<Condition>,
    /// What starts the timer, likewise. When left out, that the task is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Condition>,
    /// While this holds, no time passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Condition>,
    /// What stops it: `"done"` (when left out), `"first_response"` or `{"when": condition}`.
    #[serde(default)]
    pub stop: Stop,
    /// How long it may take.
    pub targets: Targets,
    /// In which time that is counted; `working` when left out.
    #[serde(default = "working")]
    pub clock: TargetClock,
    /// When is warned: `{"before": "1h"}` or `{"percent": 80}`. Never when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn: Option<Warn>,
    /// Who is told.
    #[serde(default)]
    pub notify: Tells,
    /// Whether it counts; `true` when left out. A policy that is switched off ends its timers.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn working() -> TargetClock {
    TargetClock::Working
}

fn yes() -> bool {
    true
}

row! {
    /// A policy as it is stored.
    #[derive(Debug, Clone)]
    pub struct Stored {
        pub id: SlaId,
        pub workspace_id: WorkspaceId,
        pub project_id: Option<ProjectId>,
        pub enabled: bool,
        pub policy: Raw<Policy>,
        pub effective_from: DateTime<Utc>,
        pub version: i64,
        pub created_by: Option<UserId>,
        pub created_at: DateTime<Utc>,
        pub updated_at: DateTime<Utc>,
    }
}

impl Stored {
    /// What says whether it is still the same policy.
    pub(super) fn version_of(&self) -> (SlaId, i64) {
        (self.id, self.version)
    }
}

/// A policy.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Sla {
    /// Its id.
    pub id: SlaId,
    /// What it says.
    #[serde(flatten)]
    pub policy: Policy,
    /// Tasks count that begin from then on.
    pub effective_from: DateTime<Utc>,
    /// Goes up by one with every change.
    pub version: i64,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Stored {
    /// As people see it.
    pub(super) fn shown(self) -> crate::Result<Sla> {
        let policy = self.policy.read()?;
        let Self { id, effective_from, version, created_by, created_at, updated_at, .. } = self;
        Ok(Sla { id, policy, effective_from, version, created_by, created_at, updated_at })
    }
}

/// Whoever may not see its project does not find it.
impl Scoped for Stored {
    fn workspace(&self) -> WorkspaceId {
        self.workspace_id
    }
    fn named(&self) -> (&'static str, String) {
        ("sla", self.id.to_string())
    }
    fn place(&self) -> Place {
        self.project_id.map_or(Place::Beside, Place::Project)
    }
    fn seen_by(&self) -> Option<&'static str> {
        self.project_id.map(|_| ProjectView::NAME)
    }
    fn facts(&self) -> Map<String, Value> {
        Map::new()
    }
}

/// A policy in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SlaRef {
    /// Its id.
    pub id: SlaId,
    /// Its name.
    pub name: String,
}

row! {
    /// A timer as it is stored.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Timer {
        pub sla_id: SlaId,
        pub task_id: TaskId,
        pub cycle: i64,
        pub workspace_id: WorkspaceId,
        pub project_id: ProjectId,
        pub state: SlaState,
        pub priority: Priority,
        pub target: i64,
        pub started_at: DateTime<Utc>,
        pub stretches: String,
        pub carried: i64,
        pub paused_at: Option<DateTime<Utc>>,
        pub due_at: Option<DateTime<Utc>>,
        pub warn_at: Option<DateTime<Utc>>,
        pub warned_at: Option<DateTime<Utc>>,
        pub breached_at: Option<DateTime<Utc>>,
        pub ended_at: Option<DateTime<Utc>>,
        pub look_at: Option<DateTime<Utc>>,
        pub stale: bool,
    }
}

/// The timer of a task under a policy.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "SlaTimer")]
pub struct TaskTimer {
    /// The policy.
    pub sla: SlaRef,
    /// 1 the first time that the task came under it; one more each time it was reopened.
    pub cycle: i64,
    /// How it stands.
    pub state: SlaState,
    /// Whether it came in time: true once it ended so, false from when it was too late.
    pub met: Option<bool>,
    /// In which time it is counted.
    pub clock: TargetClock,
    /// How long it may take, in seconds of that time.
    pub target: i64,
    /// How long it has taken, likewise.
    pub elapsed: i64,
    /// How long is left, likewise; less than 0 when it is too late.
    pub remaining: i64,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it is too late, as things are; null while it is paused and when it is over.
    pub due_at: Option<DateTime<Utc>>,
    /// Since when it is paused.
    pub paused_at: Option<DateTime<Utc>>,
    /// When was warned.
    pub warned_at: Option<DateTime<Utc>>,
    /// When it was too late.
    pub breached_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub ended_at: Option<DateTime<Utc>>,
}

/// Which policies.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlaQuery {
    /// Those of this project alone, by its id or key.
    pub project: Option<String>,
}

/// Of which time.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportQuery {
    /// From then on; 30 days before `to` when left out.
    pub from: Option<DateTime<Utc>>,
    /// Up to then; now when left out.
    pub to: Option<DateTime<Utc>>,
}

row! {
    /// How tasks of one priority did.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    #[schemars(rename = "SlaReportOfPriority")]
    pub struct ReportOfPriority {
        /// The priority.
        pub priority: Priority,
        /// How many ended in time.
        pub met: i64,
        /// How many were too late.
        pub breached: i64,
    }
}

/// How a policy was kept.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "SlaReport")]
pub struct Report {
    /// From then on.
    pub from: DateTime<Utc>,
    /// Up to then.
    pub to: DateTime<Utc>,
    /// How many ended in time, within these times.
    pub met: i64,
    /// How many became too late, within these times.
    pub breached: i64,
    /// What share of both was met, in percent, rounded down; null when there are none.
    pub met_percent: Option<i64>,
    /// The same by priority.
    pub priorities: Vec<ReportOfPriority>,
    /// How many run now.
    pub running: i64,
    /// How many are paused now.
    pub paused: i64,
}
