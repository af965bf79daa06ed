//! What rules set off in one another: which step of which rule causes an event that starts which other rule.
//!
//! A step's action declares the kinds of events that it causes and which of its inputs are seen in them ([`Effects`]). What a
//! rule writes as a constant is thereby known of the event before it happens, and the match, the scope and the condition of
//! the other rule are held against it ([`partial`]). What is not known may be anything: an edge is left out only when the
//! event cannot start the rule, so "cannot loop" is a proof, and a loop that is named is one that may happen.

mod conflict;
mod known;
mod partial;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use schemars::JsonSchema;
use serde::Serialize;

use self::known::Known;
use self::partial::Truth;
use crate::compiled::{Compiled, CompiledStep, Kind};
use crate::matcher::kind_matches;

pub use self::conflict::{Conflict, Overlap, Setting, Witness, conflicts, overlaps};
pub use self::known::Write;

/// The kind of event that a failed run causes, whatever its rule does.
const RUN_FAILED: &str = "run.failed";

/// What actions set off.
#[derive(Debug, Clone, Default)]
pub struct Effects {
    /// Action → the kinds of events that it can cause.
    pub causes: BTreeMap<String, Vec<String>>,
    /// Action → which of its inputs are seen in those events, and where.
    pub writes: BTreeMap<String, Vec<Write>>,
}

/// A rule among others.
#[derive(Debug, Clone, Copy)]
pub struct Node<'r> {
    /// Whatever tells it from the others.
    pub id: &'r str,
    /// The rule.
    pub compiled: &'r Compiled,
}

/// One rule that sets off another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "LoopLink")]
pub struct Link {
    /// The rule that acts.
    pub rule: String,
    /// Its step; none where the end of its run is what counts.
    pub step: Option<String>,
    /// The kind of event that the step causes, which starts the next rule.
    pub event: String,
}

/// The shortest loop through `of`: the links from it back to itself. `None` when there is none.
pub fn shortest_loop(of: &str, nodes: &[Node<'_>], effects: &Effects) -> Option<Vec<Link>> {
    let index: BTreeMap<&str, Node<'_>> = nodes.iter().map(|node| (node.id, *node)).collect();
    // Breadth first, so that the loop that is found is a shortest one.
    let (mut queue, mut came): (VecDeque<&str>, BTreeMap<&str, (&str, Link)>) = (VecDeque::from([of]), BTreeMap::new());
    let mut seen = BTreeSet::new();
    while let Some(at) = queue.pop_front() {
        let from = index.get(at)?;
        for to in nodes {
            if to.id != of && seen.contains(to.id) {
                continue;
            }
            let Some((step, event)) = edge(from, to, effects) else { continue };
            let link = Link { rule: at.to_owned(), step, event };
            if to.id == of {
                let mut path = vec![link];
                let mut back = at;
                while let Some((before, link)) = came.get(back) {
                    path.push(link.clone());
                    back = before;
                }
                path.reverse();
                return Some(path);
            }
            seen.insert(to.id);
            came.insert(to.id, (at, link));
            queue.push_back(to.id);
        }
    }
    None
}

/// How one rule can set off another: by which step, and by which event.
fn edge(from: &Node<'_>, to: &Node<'_>, effects: &Effects) -> Option<(Option<String>, String)> {
    let trigger = &to.compiled.rule.trigger;
    if !trigger.is_event() {
        return None;
    }
    let hears = |kind: &str| kind_matches(trigger.kind(), kind);
    // Whoever listens to failures wants those of rules, but never its own.
    if hears(RUN_FAILED) && trigger.kind() == RUN_FAILED {
        return (from.id != to.id).then(|| (None, RUN_FAILED.to_owned()));
    }
    if !to.compiled.rule.policy.cause.accept_rules {
        return None;
    }
    let mut found = None;
    walk(&from.compiled.steps, &mut |step| {
        let Kind::Action(action) = &step.kind else { return };
        if found.is_some() {
            return;
        }
        let causes = effects.causes.get(&action.action).map(Vec::as_slice).unwrap_or_default();
        let writes = effects.writes.get(&action.action).map(Vec::as_slice).unwrap_or_default();
        let kind = causes.iter().find(|kind| {
            hears(kind) && may_start(to.compiled, kind, &Known::of_step(&from.compiled.rule, &step.id, writes, kind))
        });
        found = kind.map(|kind| (Some(step.id.clone()), kind.clone()));
    });
    found
}

/// Whether an event of which this is known may start the rule.
fn may_start(rule: &Compiled, kind: &str, known: &Known) -> bool {
    known.may_match(&rule.rule.trigger.matches)
        && known.may_be_in(&rule.rule.scope.projects)
        && rule.condition.as_ref().is_none_or(|condition| partial::judge(condition, known) != Truth::False)
        && kind_matches(rule.rule.trigger.kind(), kind)
}

/// Every step, also those inside others.
fn walk<'s>(steps: &'s [CompiledStep], each: &mut impl FnMut(&'s CompiledStep)) {
    for step in steps {
        each(step);
        for inside in step.children() {
            walk(inside, each);
        }
    }
}

#[cfg(test)]
mod tests;
