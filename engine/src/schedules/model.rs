//! A rule's schedule, as it is stored and shown.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::db::row;
use crate::ids::{EventId, RuleId, WorkspaceId};

row! {
    /// A row of `rule_schedules`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(super) struct Row {
        pub rule_id: RuleId,
        pub workspace_id: WorkspaceId,
        pub timing: String,
        pub settled_at: DateTime<Utc>,
        pub next_at: Option<DateTime<Utc>>,
        pub look_at: Option<DateTime<Utc>>,
        pub waiting_since: Option<DateTime<Utc>>,
        pub last_at: Option<DateTime<Utc>>,
        pub last_event_id: Option<EventId>,
        pub failures: i64,
        pub error: Option<String>,
        /// The date that it goes by; none for a schedule.
        pub field: Option<String>,
        pub active: bool,
    }
}

/// When a rule is due by its schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuleSchedule {
    /// The next ten times, with the offset of the schedule's zone; fewer when there are no more. A rule that is switched off
    /// shows when it would be due. Of a rule that dates of tasks start, the next.
    pub next: Vec<String>,
    /// The last time that the rule was due.
    pub last_at: Option<DateTime<Utc>>,
    /// Since when times wait for a run to end, with `overlap: queue`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<DateTime<Utc>>,
    /// Why the rule could not be started at its time; it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
