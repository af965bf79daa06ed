//! What schedules announce.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::events::EventType;
use crate::ids::{ProjectId, RuleId};
use crate::projects::ProjectRef;
use crate::tasks::Task;

/// The rule that an event is made for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DueRule {
    /// Its id.
    pub id: RuleId,
    /// Its name.
    pub name: String,
}

/// Why nothing is done about a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Skipped {
    /// The rule's last run still went.
    Overlap,
}

/// The time that came.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DueTime {
    /// The time by the schedule, whenever it was noticed.
    pub nominal_at: DateTime<Utc>,
    /// The same with the offset of the schedule's zone: `2026-03-02T09:00:00+01:00`.
    pub local: String,
    /// Whether it was missed at its time and is made up for.
    pub caught_up: bool,
    /// Why nothing is done about it; null when the rule is to run.
    pub skipped: Option<Skipped>,
}

/// A rule is due by its schedule. Only that rule is started by it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ScheduleOccurred {
    /// The rule.
    pub rule: DueRule,
    /// The time.
    pub schedule: DueTime,
    /// The project that the rule is for, if it is for one alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectRef>,
}

impl EventType for ScheduleOccurred {
    const KIND: &'static str = "schedule.occurred";
    const SUMMARY: &'static str = "A rule is due by its schedule; `schedule.nominal_at` says for which time.";
    fn subject(&self) -> String {
        self.rule.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        self.project.as_ref().map(|project| project.id)
    }
}

/// The date that is reached.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Reached {
    /// The field: `due_at`, `start_at` or `custom.<key>`.
    pub field: String,
    /// Its value.
    pub date: DateTime<Utc>,
    /// The moment that the rule says: so long before or after it, whenever it was noticed.
    pub nominal_at: DateTime<Utc>,
}

/// A task came to what a rule says of one of its dates. Only that rule is started by it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DateReached<'a> {
    /// The task.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
    /// The rule.
    pub rule: DueRule,
    /// The date.
    pub reached: Reached,
}

impl EventType for DateReached<'_> {
    const KIND: &'static str = "task.date_reached";
    const SUMMARY: &'static str =
        "A task came to what a rule says of one of its dates; `reached` says which date and when.";
    fn subject(&self) -> String {
        self.task.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        Some(self.task.project_id)
    }
}
