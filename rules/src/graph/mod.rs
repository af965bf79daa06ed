//! What rules set off in one another: which step of which rule causes an event that starts which other rule.
//!
//! A step's action declares the kinds of events that it causes and which of its inputs are seen in them ([`Effects`]). What a
//! rule writes as a constant is thereby known of the event before it happens, and the match, the scope and the condition of
//! the other rule are held against it ([`partial`]). What is not known may be anything: an edge is left out only when the
//! event cannot start the rule, so "cannot loop" is a proof, and a loop that is named is one that may happen.
//!
//! Besides what actions cause there are calls, approvals that are asked for, dates that are set, runs that fail, and what
//! Trackside says by itself because of all that ([`follow`]). A wait sets off nothing: what wakes a run lets it go on to its
//! end, and a run has one. What goes out to other services may come back from there, which no proof can exclude
//! ([`reaches_out`]).

mod budget;
mod conflict;
mod effects;
mod follow;
mod known;
mod partial;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use schemars::JsonSchema;
use serde::Serialize;

use self::known::Known;
use self::partial::Truth;
use crate::compiled::{Compiled, CompiledStep, Kind};
use crate::matcher::kind_matches;

pub use self::budget::within;
pub use self::conflict::{Conflict, Overlap, Setting, Witness, conflicts, overlaps};
pub use self::effects::{Effects, Follows};
pub use self::known::Write;

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
    /// The kind of event that comes of the step, which starts the next rule; nothing where the step calls it.
    pub event: Option<String>,
    /// Whether the next run knows how many rules stand in the chain, so that a limit ends the loop.
    pub counted: bool,
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
            let Some(follow::Edge { step, event, counted }) = follow::edge(from, to, nodes, effects) else { continue };
            let link = Link { rule: at.to_owned(), step, event, counted };
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

/// Whether a rule, or one that it sets off, sends something to other services: what becomes of that there is not known.
pub fn reaches_out(of: &str, nodes: &[Node<'_>], effects: &Effects) -> bool {
    let (mut queue, mut seen) = (vec![of], BTreeSet::from([of]));
    while let Some(at) = queue.pop() {
        let Some(from) = nodes.iter().find(|node| node.id == at) else { continue };
        let mut out = false;
        walk(&from.compiled.steps, &mut |step| {
            out |= matches!(&step.kind, Kind::Action(action) if effects.outward.contains(&action.action));
        });
        if out {
            return true;
        }
        for to in nodes {
            if !seen.contains(to.id) && follow::edge(from, to, nodes, effects).is_some() {
                seen.insert(to.id);
                queue.push(to.id);
            }
        }
    }
    false
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
