//! What starts a rule.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::offset::Offset;
use crate::period::Period;
use crate::schedule::{Fold, Gap, Timetable, Written, Wrong};

/// Dotted path → value it must equal, list of values it must be one of, or `"*"` for "is present".
pub type Match = IndexMap<String, Value>;

/// Name of an input → what it must be.
pub type Form = IndexMap<String, Input>;

/// What starts a rule: an event, a form, the clock, or (parsed, not yet carried out) a figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// An event kind (`task.status_changed`), a pattern (`task.*`), `hook`, `manual`, `schedule`,
    /// `date` or `threshold`.
    pub on: String,
    /// What the event must say, beyond its kind.
    #[serde(default, rename = "match", skip_serializing_if = "IndexMap::is_empty")]
    pub matches: Match,
    /// For `manual`: what it is started on. `match` and `scope` then say on which, and expressions see it.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// For `manual` with `for`: what its button says; the rule's name when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// For `manual`: what the person who starts it is asked.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub form: Form,
    /// For `schedule`: a cron line of five fields, or six with the second before the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// For `schedule`: an interval, counted from `start`, or else from 1970-01-01T00:00:00Z.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// For `schedule`: one moment (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once: Option<String>,
    /// For `schedule`: a recurrence rule (RFC 5545), which begins with `start`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rrule: Option<String>,
    /// For `schedule` with `rrule` or `every`: when it begins. RFC 3339, or without an offset on the clock of the zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// For `schedule` and `date`: the IANA zone whose clock counts, `Europe/Berlin`. UTC when left out.
    #[serde(default, alias = "time_zone", skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,
    /// For `schedule` with `cron` or `rrule`: what happens to a time that the clock skips.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
    /// For `schedule` with `cron` or `rrule`: what happens to a time that the clock shows twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fold: Option<Fold>,
    /// For `schedule`: what happens to times missed. Left out: of those missed because nothing ran the latest runs, and those
    /// that passed while the rule was switched off are gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catch_up: Option<CatchUp>,
    /// For `schedule`: what happens when the last run still goes; `allow` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<Overlap>,
    /// For `schedule`: whose working calendar leaves days out: `workspace`, or the key or id of a project. Times on days on
    /// which nobody works there do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclude: Option<String>,
    /// For `date`: the date field of a task: `due_at`, `start_at` or `custom.<key>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// For `date`: how long before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Offset>,
    /// For `date`: how long after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Offset>,
    /// For `date`: the time of that day on the clock of the zone, `09:00`. The date's own when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
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

/// What a manual rule is started on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A task.
    Task,
}

/// The kind of event that is made when somebody starts a rule by its button on a task.
pub const BUTTON_PRESSED: &str = "task.button_pressed";
/// The kind of event that a rule's schedule makes when its time comes.
pub const SCHEDULE_OCCURRED: &str = "schedule.occurred";
/// The kind of event that is made when a task comes to what a `date` trigger says of its date.
pub const DATE_REACHED: &str = "task.date_reached";

impl Trigger {
    /// The event kind or pattern listened to; `hook` is short for `hook.received`, and the clock makes events for `schedule`
    /// and `date`.
    pub fn kind(&self) -> &str {
        match self.on.as_str() {
            "hook" => "hook.received",
            "schedule" => SCHEDULE_OCCURRED,
            "date" => DATE_REACHED,
            other => other,
        }
    }

    /// Whether a person starts the rule.
    pub fn is_manual(&self) -> bool {
        self.on == "manual"
    }

    /// Whether a person starts the rule on a task.
    pub fn is_button(&self) -> bool {
        self.is_manual() && self.subject == Some(Subject::Task)
    }

    /// Whether times start the rule.
    pub fn is_schedule(&self) -> bool {
        self.on == "schedule"
    }

    /// Whether dates of tasks start the rule.
    pub fn is_date(&self) -> bool {
        self.on == "date"
    }

    /// Whether an event of the log starts the rule.
    pub fn is_event(&self) -> bool {
        !matches!(self.on.as_str(), "manual" | "threshold")
    }

    /// Whether that event is made for this rule alone.
    pub fn is_addressed(&self) -> bool {
        self.is_schedule() || self.is_date()
    }

    /// When a `schedule` is due.
    pub fn timetable(&self) -> Result<Timetable, Wrong> {
        Timetable::read(Written {
            cron: self.cron.as_deref(),
            every: self.every,
            once: self.once.as_deref(),
            rrule: self.rrule.as_deref(),
            start: self.start.as_deref(),
            tz: self.tz.as_deref(),
            gap: self.gap,
            fold: self.fold,
        })
    }
}

/// What happens to scheduled times missed while the system was down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// They are gone.
    None,
    /// The latest one runs.
    Last,
    /// Each runs, up to the latest hundred.
    All,
}

/// What happens when a scheduled time comes while the last run still goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It runs beside it.
    Allow,
    /// This time is skipped.
    Skip,
    /// It waits until that is over.
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
