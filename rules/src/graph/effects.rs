//! What actions set off, and what Trackside says by itself because of it.

use std::collections::{BTreeMap, BTreeSet};

use super::known::Write;
use crate::matcher::kind_matches;

/// What actions set off.
#[derive(Debug, Clone, Default)]
pub struct Effects {
    /// Action → the kinds of events that it can cause.
    pub causes: BTreeMap<String, Vec<String>>,
    /// Action → which of its inputs are seen in those events, and where.
    pub writes: BTreeMap<String, Vec<Write>>,
    /// Action → what it changes: `task.due_at`, `task.*`.
    pub changes: BTreeMap<String, Vec<String>>,
    /// Actions that reach other services.
    pub outward: BTreeSet<String>,
    /// Events that Trackside writes by itself after others.
    pub follows: Vec<Follows>,
    /// Figure → the kinds of events with which it moves.
    pub moves: BTreeMap<String, Vec<String>>,
    /// Events that come of an approval that is asked for.
    pub asking: Vec<String>,
    /// Kinds of events that do not tell of the rule behind them: whether a rule accepts those of rules does not matter, and
    /// nothing counts how many rules stand in the chain.
    pub untold: BTreeSet<String>,
}

/// An event that Trackside writes by itself, sooner or later, after others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follows {
    /// Its kind.
    pub kind: &'static str,
    /// After which kinds.
    pub after: &'static [&'static str],
}

impl Effects {
    /// The kinds of events that an action causes, and those that follow from them.
    pub(super) fn kinds_of(&self, action: &str) -> impl Iterator<Item = &str> {
        let causes = self.causes.get(action).map(Vec::as_slice).unwrap_or_default();
        let follows = self.follows.iter().filter(move |follows| {
            causes.iter().any(|cause| follows.after.iter().any(|after| kind_matches(after, cause)))
        });
        causes.iter().map(String::as_str).chain(follows.map(|follows| follows.kind))
    }

    /// Whether an action can cause one of these.
    pub(super) fn causes_any(&self, action: &str, kinds: &[String]) -> bool {
        self.causes.get(action).is_some_and(|causes| causes.iter().any(|cause| kinds.contains(cause)))
    }

    /// What an action may change.
    pub(super) fn changes_of(&self, action: &str) -> &[String] {
        self.changes.get(action).map(Vec::as_slice).unwrap_or_default()
    }
}
