//! What starts a rule.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::period::Period;

/// Dotted path → value it must equal, list of values it must be one of, or `"*"` for "is present".
pub type Match = IndexMap<String, Value>;

/// Name of an input → what it must be.
pub type Form = IndexMap<String, Input>;

/// What starts a rule: an event, a form, or (parsed, not yet carried out) the clock or a figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// An event kind (`task.status_changed`), a pattern (`task.*`), `hook`, `manual`, `schedule`,
    /// `date` or `threshold`.
    pub on: String,
    /// What the event must say, beyond its kind.
    #[serde(default, rename = "match", skip_serializing_if = "IndexMap::is_empty")]
    pub matches: Match,
    /// For `manual`: what the person who starts it is asked.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub form: Form,
    /// For `schedule`: a cron line with seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// For `schedule`: an interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// For `schedule`: one moment (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// For `schedule`: a recurrence rule (RFC 5545).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rrule: Option<String>,
    /// For `schedule` and `date`: an IANA zone, `Europe/Berlin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// For `schedule`: what happens to times missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catch_up: Option<CatchUp>,
    /// For `schedule`: what happens when the last run still goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<Overlap>,
    /// For `schedule`: a calendar whose days are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclude: Option<String>,
    /// For `date`: the date field, `task.due_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// For `date`: how long before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Period>,
    /// For `date`: how long after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Period>,
    /// For `threshold`: the metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// For `threshold`: fires when the metric rises above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// For `threshold`: fires when the metric falls below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
}

impl Trigger {
    /// The event kind or pattern listened to; `hook` is short for `hook.received`.
    pub fn kind(&self) -> &str {
        if self.on == "hook" { "hook.received" } else { &self.on }
    }

    /// Whether a person starts the rule.
    pub fn is_manual(&self) -> bool {
        self.on == "manual"
    }

    /// Whether an event of the log starts the rule.
    pub fn is_event(&self) -> bool {
        !matches!(self.on.as_str(), "manual" | "schedule" | "date" | "threshold")
    }
}

/// What happens to scheduled times missed while the system was down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// They are gone.
    None,
    /// The last one runs.
    Last,
    /// Each runs.
    All,
}

/// What happens when a scheduled time comes while the last run still goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// This time is skipped.
    Skip,
    /// It waits.
    Queue,
}

/// One question of a manual trigger's form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What kind of answer.
    #[serde(rename = "type")]
    pub kind: InputType,
    /// Whether an answer must be given.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// What the person reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What helps the person answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The answer when none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// For `choice`: the answers allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// What kind of answer a form asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputType {
    /// Text.
    #[serde(alias = "text")]
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
    /// A day, `2026-01-31`.
    Date,
    /// A moment (RFC 3339).
    Datetime,
    /// One of `options`.
    Choice,
    /// A user's id.
    User,
    /// A task's id or key.
    Task,
    /// A project's id or key.
    Project,
}
