//! The verbs of thresholds: what follows from a rule that is saved, switched or shown.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::events::plain;
use super::store::{self, Row};
use crate::access::{Granted, RuleView};
use crate::db::{Rx, Signal, Tx};
use crate::ids::ProjectId;
use crate::rules::{RuleInfo, RuleState};
use crate::{Error, Result};

/// How a figure stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Standing {
    /// What it was when it was last looked at; nothing when there was none.
    pub value: Option<f64>,
    /// Since when it is beyond.
    pub since: Option<DateTime<Utc>>,
    /// Whether that was announced.
    pub over: bool,
}

/// How each figure of a rule stands, by the id of its project; of the workspace under nothing.
pub(super) type Standings = BTreeMap<String, Standing>;

/// A figure of a rule, as people see it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Gauge {
    /// The project whose figure it is; null for that of the workspace.
    pub project: Option<ProjectId>,
    /// What it was when it was last looked at; null when there was none, and to whoever may not see money, if it is of money.
    #[serde(serialize_with = "shown")]
    pub value: Option<f64>,
    /// Since when it is beyond; null while it is not.
    pub since: Option<DateTime<Utc>>,
    /// Whether the rule was started by it and it is not back since.
    pub crossed: bool,
    /// When it was last looked at.
    pub looked_at: Option<DateTime<Utc>>,
    /// Why it could not be looked at; it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

fn shown<S: serde::Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => plain(value, to),
        None => to.serialize_none(),
    }
}

pub(super) fn read(row: &Row) -> Result<Standings> {
    serde_json::from_str(&row.gauges)
        .map_err(|error| Error::internal("How a figure stands cannot be read.").caused_by(error))
}

/// Lets the figures of a rule follow it, after it was saved or switched. A rule that is switched off forgets how they stood.
pub(crate) async fn follow(tx: &mut Tx, now: DateTime<Utc>, info: &RuleInfo) -> Result<()> {
    let (workspace, trigger) = (info.workspace_id, &info.rule.trigger);
    let on = matches!(info.state, RuleState::Enabled | RuleState::Shadow);
    if !trigger.is_threshold() || !on {
        return store::delete(tx, workspace, info.id).await;
    }
    let timing = serde_json::to_string(&(trigger, &info.rule.scope))
        .map_err(|error| Error::internal("A trigger cannot be written as JSON.").caused_by(error))?;
    let known = store::lock(tx, workspace, info.id).await?;
    let gauges = known.filter(|known| known.timing == timing).map_or_else(|| "{}".to_owned(), |known| known.gauges);
    let row = Row {
        rule_id: info.id,
        workspace_id: workspace,
        timing,
        gauges,
        position: 0,
        looked_at: None,
        look_at: now,
        failures: 0,
        error: None,
    };
    store::put(tx, &row).await?;
    tx.wake(Signal::Schedules);
    Ok(())
}

/// How the figures of a rule stand; none for a rule that has another trigger, or is switched off.
pub async fn of_rule(rx: &mut Rx, may: &Granted<RuleView, RuleInfo>) -> Result<Vec<Gauge>> {
    let info = may.resource();
    let Some(row) = store::find(rx, info.workspace_id, info.id).await? else { return Ok(Vec::new()) };
    // Some figures are of money.
    let hidden = info.rule.trigger.metric.as_deref() == Some("budget.used_percent") && !may.shows_money();
    let gauge = |(place, standing): (String, Standing)| Gauge {
        project: place.parse().ok(),
        value: standing.value.filter(|_| !hidden),
        since: standing.since,
        crossed: standing.over,
        looked_at: row.looked_at,
        error: row.error.clone(),
    };
    Ok(read(&row)?.into_iter().map(gauge).collect())
}
