//! Who shares a key with whom, and who is next.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use trackside_rules::{Compiled, Expr, Problem, Vars};

use super::super::model::NewRun;
use super::super::service::job_id;
use super::store;
use crate::db::Tx;
use crate::ids::{RuleId, RunId};
use crate::words::words;
use crate::{Result, jobs};

/// The longest key that is kept as it is; of a longer one its hash.
const MAX_KEY: usize = 200;

words! {
    /// What a run is asked about before it begins, in this order: first what may end it, last what it would use up.
    pub enum Policy {
        /// One run per key.
        Dedupe = "dedupe",
        /// One run once its key has been quiet.
        Debounce = "debounce",
        /// Runs of the same key never overlap.
        Concurrency = "concurrency",
        /// So many runs a day.
        Day = "day",
        /// So many runs in a time.
        Throttle = "throttle",
    }
}

impl Policy {
    /// Every policy, in the order in which they are asked; keys are locked in the same.
    pub(super) const ORDER: [Self; 5] = [Self::Dedupe, Self::Debounce, Self::Concurrency, Self::Day, Self::Throttle];
}

/// A key that an event gives a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Turn {
    pub policy: Policy,
    pub key: String,
}

/// The keys of a run that an event starts. Where a key is nothing, the run goes without that limit: what has no order number
/// is not all one order.
pub(crate) fn of_event(compiled: &Compiled, vars: &Vars) -> Result<Vec<Turn>, Problem> {
    let keys = &compiled.keys;
    let asked =
        [(Policy::Dedupe, &keys.dedupe), (Policy::Debounce, &keys.debounce), (Policy::Concurrency, &keys.concurrency)];
    let debounced = compiled.rule.policy.debounce.is_some();
    let mut turns = Vec::new();
    for (policy, expr) in asked {
        let key = match expr {
            Some(expr) => key(expr, vars)?,
            None => (policy == Policy::Debounce && debounced).then(String::new),
        };
        turns.extend(key.map(|key| Turn { policy, key }));
    }
    Ok(turns)
}

/// The value of a key's expression, as text; `None` when it is nothing.
pub(super) fn key(expr: &Expr, vars: &Vars) -> Result<Option<String>, Problem> {
    let text = match expr.eval_json(vars)? {
        Value::Null => return Ok(None),
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(Some(if text.len() <= MAX_KEY && !text.contains('\0') { text } else { hex::encode(Sha256::digest(&text)) }))
}

/// Writes the keys of runs that have just been written, in their order.
pub(crate) async fn insert(tx: &mut Tx, runs: &[NewRun], now: DateTime<Utc>) -> Result<()> {
    for run in runs {
        for turn in &run.turns {
            store::insert(tx, run.workspace, run.id, run.rule, turn, false, now).await?;
        }
    }
    Ok(())
}

/// Nobody else asks for a key or leaves it until the transaction ends. On SQLite there is one writer.
pub(super) async fn lock(tx: &mut Tx, rule: RuleId, policy: Policy, key: &str) -> Result<()> {
    let hash = Sha256::new().chain_update(rule.to_string()).chain_update(policy.as_str()).chain_update(key).finalize();
    tx.lock(i64::from_be_bytes(hash[..8].try_into().unwrap_or_default())).await
}

/// A run is over, or has been put aside for good: whoever waits for its key is next.
pub(crate) async fn leave(tx: &mut Tx, run: RunId, now: DateTime<Utc>) -> Result<()> {
    leave_all(tx, &[run], now).await
}

/// [`leave`] for several.
pub(crate) async fn leave_all(tx: &mut Tx, runs: &[RunId], now: DateTime<Utc>) -> Result<()> {
    let left = store::leave(tx, runs).await?;
    for policy in [Policy::Dedupe, Policy::Concurrency] {
        // Sorted, so that two who leave several never wait for each other in a circle.
        let keys: BTreeSet<(RuleId, &str)> =
            left.iter().filter(|left| left.policy == policy).map(|left| (left.rule_id, left.key.as_str())).collect();
        for (rule, key) in keys {
            lock(tx, rule, policy, key).await?;
            let next = match policy {
                Policy::Concurrency => store::next(tx, rule, key).await?,
                _ => store::first(tx, rule, policy, key).await?,
            };
            hasten(tx, next, now).await?;
        }
    }
    Ok(())
}

/// Lets a run ask now that waits to be asked later.
pub(super) async fn hasten(tx: &mut Tx, run: Option<RunId>, now: DateTime<Utc>) -> Result<()> {
    match run {
        Some(run) => jobs::service::hasten(tx, job_id(run), now).await,
        None => Ok(()),
    }
}
