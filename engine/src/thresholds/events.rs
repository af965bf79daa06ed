//! What figures announce.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::access::{BudgetView, Permission as _};
use crate::events::EventType;
use crate::ids::ProjectId;
use crate::projects::ProjectRef;
use crate::schedules::events::DueRule;

/// The figure, and what it crossed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Crossed {
    /// Which figure: `tasks.open`.
    pub metric: String,
    /// What it is.
    #[serde(serialize_with = "plain")]
    pub value: f64,
    /// It is above this.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain_if")]
    pub above: Option<f64>,
    /// It is below this.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain_if")]
    pub below: Option<f64>,
    /// Since when it was found so.
    pub since: DateTime<Utc>,
}

/// Whole numbers without a fraction: `3`, and not `3.0`.
pub(super) fn plain<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    #[expect(clippy::cast_possible_truncation, reason = "only what is whole and small is cast")]
    if value.fract() == 0.0 && value.abs() < 1e15 { to.serialize_i64(*value as i64) } else { to.serialize_f64(*value) }
}

fn plain_if<S: Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => plain(value, to),
        None => to.serialize_none(),
    }
}

/// A figure came to stand beyond what a rule says. Only that rule is started by it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ThresholdCrossed {
    /// The rule.
    pub rule: DueRule,
    /// The figure.
    pub threshold: Crossed,
    /// The project whose figure it is, if it is a project's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectRef>,
}

impl EventType for ThresholdCrossed {
    const KIND: &'static str = "threshold.crossed";
    const SUMMARY: &'static str =
        "A figure came to stand beyond what a rule says; `threshold` says which, and where it stands.";
    // Some figures are of money.
    const NEEDS: &'static str = BudgetView::NAME;
    fn subject(&self) -> String {
        self.rule.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        self.project.as_ref().map(|project| project.id)
    }
}
