//! What a run has done so far: the lines that stand in the database, and those that will go into the next transaction.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::model::{Step, StepState};
use super::store;
use crate::Result;
use crate::db::Tx;
use crate::ids::RunId;

/// A value larger than this, as JSON text, is cut in the journal: histories must not fill the disk.
const KEPT_BYTES: usize = 64 * 1024;

/// Lines of one run. Loops in loops could ask for millions, and they are all held in memory and written together.
pub(super) const MOST_LINES: usize = 20_000;

/// What a run may write down in all, in bytes of JSON text: its inputs and outputs, cut as they are.
pub(super) const MOST_BYTES: usize = 16 * 1024 * 1024;

/// So many lines, or bytes of them, are written when there is nothing else to write them with. What is not written is lost with
/// the process, takes memory, and stalls the other writes when it comes all at once.
const OVERDUE_LINES: usize = 500;
const OVERDUE_BYTES: usize = 1024 * 1024;

/// The journal of one run, as this process knows it.
#[derive(Default)]
pub(super) struct Journal {
    known: HashMap<String, Arc<Step>>,
    unwritten: Vec<Line>,
    ordinal: i64,
    /// Of all lines, and of those that are not written.
    bytes: usize,
    unwritten_bytes: usize,
    /// Whether anything was done since it was read.
    has_grown: bool,
    /// What steps were given and answered is kept in memory as well: in a rehearsal it stands nowhere else.
    keeps_all: bool,
}

/// A line with its values as text already: they are written out where the run goes on, not where all writes wait.
#[derive(Clone)]
pub(super) struct Line {
    step: Arc<Step>,
    input: Option<Arc<str>>,
    output: Option<Arc<str>>,
}

impl From<Step> for Line {
    fn from(step: Step) -> Self {
        let text = |value: &Option<Value>| value.as_ref().map(|value| value.to_string().into());
        let (input, output) = (text(&step.input), text(&step.output));
        Self { step: Arc::new(step), input, output }
    }
}

impl Line {
    fn bytes(&self) -> usize {
        let of = |text: &Option<Arc<str>>| text.as_ref().map_or(0, |text| text.len());
        of(&self.input) + of(&self.output)
    }
}

impl Journal {
    /// Whether nothing was done yet.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The journal that stands in the database.
    pub(super) fn of(steps: Vec<Step>) -> Self {
        let ordinal = steps.iter().map(|step| step.ordinal).max().unwrap_or(0);
        let of = |value: &Option<Value>| value.as_ref().map_or(0, roughly);
        let bytes = steps.iter().map(|step| of(&step.input) + of(&step.output)).sum();
        Self {
            known: steps.into_iter().map(|step| (step.path.clone(), Arc::new(step))).collect(),
            ordinal,
            bytes,
            ..Self::default()
        }
    }

    /// That of a rehearsal.
    pub(super) fn of_rehearsal() -> Self {
        Self { keeps_all: true, ..Self::default() }
    }

    /// How much stands in it, in bytes of JSON text.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many lines it has.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether anything was done since it was read.
    pub(super) fn has_grown(&self) -> bool {
        self.has_grown
    }

    /// Whether so much is not written that it should be.
    pub(super) fn is_overdue(&self) -> bool {
        self.unwritten.len() >= OVERDUE_LINES || self.unwritten_bytes >= OVERDUE_BYTES
    }

    /// The line of a path, finished or not.
    pub(super) fn get(&self, path: &str) -> Option<&Step> {
        self.known.get(path).map(|step| &**step)
    }

    /// All of its lines, in the order in which they began.
    pub(super) fn lines(&self) -> Vec<&Step> {
        let mut lines: Vec<&Step> = self.known.values().map(|step| &**step).collect();
        lines.sort_by_key(|step| step.ordinal);
        lines
    }

    /// How often actions of these names were tried.
    pub(super) fn attempts(&self, of: impl Fn(&str) -> bool) -> i64 {
        self.known.values().filter(|step| of(&step.kind)).map(|step| step.attempts).sum()
    }

    /// Whether any step waits.
    pub(super) fn waits(&self) -> bool {
        self.known.values().any(|step| step.state == StepState::Waiting)
    }

    /// A line for a step that begins or is tried again.
    pub(super) fn begin(&mut self, path: &str, kind: &str, now: DateTime<Utc>) -> Step {
        if let Some(known) = self.known.get(path) {
            return Step { kind: kind.to_owned(), resume_at: None, ..Step::clone(known) };
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
            events: Vec::new(),
            error: None,
            resume_at: None,
            started_at: now,
            finished_at: None,
        }
    }

    /// Adds a line to what the next transaction writes.
    pub(super) fn record(&mut self, step: Step) {
        let mut line = Line::from(step);
        self.bytes += line.bytes();
        self.has_grown = true;
        if !self.keeps_all {
            self.slim(&mut line.step);
        }
        self.known.insert(line.step.path.clone(), line.step.clone());
        if !self.keeps_all {
            self.unwritten_bytes += line.bytes();
            self.unwritten.push(line);
        }
    }

    /// What is done is not asked for again in this walk, and the next one reads it.
    fn slim(&self, step: &mut Arc<Step>) {
        if step.state.is_done() {
            let step = Arc::make_mut(step);
            (step.input, step.output) = (None, None);
        }
    }

    /// Remembers a line that has been written.
    pub(super) fn know(&mut self, step: Step) {
        let of = |value: &Option<Value>| value.as_ref().map_or(0, roughly);
        self.bytes += of(&step.input) + of(&step.output);
        self.has_grown = true;
        let mut step = Arc::new(step);
        self.slim(&mut step);
        self.known.insert(step.path.clone(), step);
    }

    /// The lines for the next transaction. They stay until [`Journal::written`] says that it committed.
    pub(super) fn unwritten(&self) -> Vec<Line> {
        self.unwritten.clone()
    }

    /// The transaction with the unwritten lines has committed.
    pub(super) fn written(&mut self) {
        self.unwritten.clear();
        self.unwritten_bytes = 0;
    }
}

/// Writes lines of a run into the transaction.
pub(super) async fn write(tx: &mut Tx, run: RunId, lines: &[Line]) -> Result<()> {
    write_all(tx, [(run, lines)]).await
}

/// Writes lines of several runs into the transaction.
pub(super) async fn write_all<'l>(tx: &mut Tx, runs: impl IntoIterator<Item = (RunId, &'l [Line])>) -> Result<()> {
    let lines: Vec<_> = runs
        .into_iter()
        .flat_map(|(run, lines)| newest(lines).map(move |line| (run, line)))
        .map(|(run, Line { step, input, output })| (run, &**step, input.as_deref(), output.as_deref()))
        .collect();
    store::put_steps(tx, &lines).await
}

/// The last line of each path: one statement must not write a row twice.
fn newest(lines: &[Line]) -> impl Iterator<Item = &Line> {
    let mut known = HashSet::new();
    lines.iter().rev().filter(move |line| lines.len() == 1 || known.insert(line.step.path.as_str()))
}

/// Writes one line whose values are known only within the transaction.
pub(super) async fn write_one(tx: &mut Tx, run: RunId, step: &Step) -> Result<()> {
    let text = |value: &Option<Value>| value.as_ref().map(Value::to_string);
    let (input, output) = (text(&step.input), text(&step.output));
    store::put_steps(tx, &[(run, step, input.as_deref(), output.as_deref())]).await
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
