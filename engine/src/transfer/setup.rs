//! What a project has beside its tasks, in its portable form.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::budgets::CostState;
use crate::day::Day;
use crate::money::{Amount, Currency};

/// Somebody of the project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortableMember {
    /// Their address.
    pub person: String,
    /// Their role on the project: the word of a default one, or the name of one of the workspace's own.
    pub role: String,
}

/// How the project is planned as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PortablePlan {
    /// When it starts; null for the earliest `start_at` of its tasks.
    pub start_at: Option<DateTime<Utc>>,
    /// Up to when progress is known.
    pub status_at: Option<DateTime<Utc>>,
}

/// What the project may cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortableBudget {
    /// The currency of all of it.
    pub currency: Currency,
    /// What it may cost.
    pub planned: Amount,
    /// At which percentages of `planned` it is announced that so much is used.
    pub thresholds: Vec<i64>,
}

/// A cost that was entered, in the budget's currency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortableCost {
    /// How much.
    pub amount: Amount,
    /// The day of it.
    pub date: Day,
    /// What it is for.
    #[serde(default)]
    pub category: String,
    /// How it stands.
    pub state: CostState,
    /// More about it.
    #[serde(default)]
    pub note: String,
}

/// The dates of the project's tasks as they once were. What it knows of tasks that are gone is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortableBaseline {
    /// What people call it.
    pub name: String,
    /// The dates, by the tasks' numbers.
    pub tasks: Vec<PortableDates>,
}

/// The dates of a task as they once were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortableDates {
    /// The task.
    pub task: String,
    /// When it was to start.
    pub start: DateTime<Utc>,
    /// When it was to be done.
    pub finish: DateTime<Utc>,
    /// How long it was to take, in working minutes.
    pub duration: i64,
}

/// A task template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortableTemplate {
    /// What recurring tasks call it by in this document.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Its name.
    pub name: String,
    /// What it makes, as the template has it; people by their addresses.
    pub task: Value,
}

/// A recurring task. An import sets it up in the importer's name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortableRecurrence {
    /// Its name.
    pub name: String,
    /// The template that it makes, if it makes one.
    #[serde(default)]
    pub template: Option<String>,
    /// The task that it makes, if it makes one of its own; people by their addresses.
    #[serde(default)]
    pub task: Option<Value>,
    /// What stands for each placeholder.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// The rule, by RFC 5545.
    pub rrule: String,
    /// When it begins.
    pub dtstart: String,
    /// The zone whose clock it follows.
    pub tz: String,
    /// Times that are left out.
    #[serde(default)]
    pub exdates: Vec<String>,
    /// Whether it rests.
    #[serde(default)]
    pub paused: bool,
}
