//! What a run has done so far: the lines that stand in the database, and those that will go into the next transaction.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::model::{Step, StepState};
use super::store;
use crate::Result;
use crate::db::Tx;
use crate::ids::RunId;

/// A value larger than this, as JSON text, is cut in the journal: histories must not fill the disk.
const KEPT_BYTES: usize = 64 * 1024;

/// The journal of one run, as this process knows it.
#[derive(Default)]
pub(super) struct Journal {
    known: HashMap<String, Step>,
    unwritten: Vec<Step>,
    ordinal: i64,
}

impl Journal {
    /// The journal that stands in the database.
    pub(super) fn of(steps: Vec<Step>) -> Self {
        let ordinal = steps.iter().map(|step| step.ordinal).max().unwrap_or(0);
        Self { known: steps.into_iter().map(|step| (step.path.clone(), step)).collect(), unwritten: Vec::new(), ordinal }
    }

    /// The line of a path, finished or not.
    pub(super) fn get(&self, path: &str) -> Option<&Step> {
        self.known.get(path)
    }

    /// A line for a step that begins or is tried again.
    pub(super) fn begin(&mut self, path: &str, kind: &str, now: DateTime<Utc>) -> Step {
        if let Some(known) = self.known.get(path) {
            return Step { kind: kind.to_owned(), resume_at: None, ..known.clone() };
        }
        self.ordinal += 1;
        Step {
            path: path.to_owned(),
            ordinal: self.ordinal,
            kind: kind.to_owned(),
            state: StepState::Running,
            attempts: 0,
            input: None,
            output: None,
            error: None,
            resume_at: None,
            started_at: now,
            finished_at: None,
        }
    }

    /// Adds a line to what the next transaction writes.
    pub(super) fn record(&mut self, step: Step) {
        self.know(step.clone());
        self.unwritten.push(step);
    }

    /// Remembers a line that has been written.
    pub(super) fn know(&mut self, step: Step) {
        self.known.insert(step.path.clone(), step);
    }

    /// The lines for the next transaction. They stay until [`Journal::written`] says that it committed.
    pub(super) fn unwritten(&self) -> Vec<Step> {
        self.unwritten.clone()
    }

    /// The transaction with the unwritten lines has committed.
    pub(super) fn written(&mut self) {
        self.unwritten.clear();
    }
}

/// Writes lines into the transaction.
pub(super) async fn write(tx: &mut Tx, run: RunId, steps: &[Step]) -> Result<()> {
    for step in steps {
        store::put_step(tx, run, step).await?;
    }
    Ok(())
}

/// The value as the journal keeps it.
pub(super) fn kept(value: Value) -> Value {
    // Small values, the usual ones, are not measured by writing them out.
    if roughly(&value) <= KEPT_BYTES {
        return value;
    }
    let text = value.to_string();
    let cut: String = text.chars().take(KEPT_BYTES / 4).collect();
    serde_json::json!({ "truncated": true, "bytes": text.len(), "beginning": cut })
}

fn roughly(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| roughly(item) + 1).sum::<usize>() + 2,
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + 4 + roughly(value)).sum::<usize>() + 2,
        _ => 8,
    }
}
