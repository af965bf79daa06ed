//! Two rules that set one field differently on one event.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::known::{Known, Write};
use super::partial::{self, Truth};
use super::{Effects, Node, budget, walk};
use crate::compiled::{Compiled, Kind};
use crate::matcher::kind_matches;

/// The task of the event, as steps name it.
const OWN_TASK: &[&str] = &["{{ task.id }}", "{{ task.key }}", "{{task.id}}", "{{task.key}}"];

/// Two rules that set one field differently on one event.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "RuleConflict")]
pub struct Conflict {
    /// The other rule.
    pub rule: String,
    /// The field, as the event shows it: `task.priority`.
    pub field: String,
    /// What this rule sets it to, and in which step.
    pub ours: Setting,
    /// What the other rule sets it to.
    pub theirs: Setting,
    /// An event on which both do.
    pub witness: Witness,
}

/// A value that a step sets.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Setting {
    /// The step.
    pub step: String,
    /// The value.
    pub value: Value,
}

/// An event that starts both rules.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Witness {
    /// Its kind.
    pub kind: String,
    /// What it says, by path; the rest may be anything.
    pub facts: BTreeMap<String, Value>,
}

/// Every field that `of` sets differently from another rule on the same event. `kinds` are all kinds of events there are.
pub fn conflicts(of: Node<'_>, others: &[Node<'_>], effects: &Effects, kinds: &[&str]) -> Vec<Conflict> {
    let own = settings(of.compiled, effects);
    let mut found = Vec::new();
    for other in others.iter().filter(|other| other.id != of.id && !own.is_empty()) {
        let theirs = settings(other.compiled, effects);
        let Some((field, ours, theirs)) = own.iter().find_map(|(field, ours)| {
            let theirs = theirs.iter().find(|(other, theirs)| other == field && theirs.value != ours.value)?;
            Some((field.clone(), ours.clone(), theirs.1.clone()))
        }) else {
            continue;
        };
        if let Some(witness) = witness(of.compiled, other.compiled, kinds) {
            found.push(Conflict { rule: other.id.to_owned(), field, ours, theirs, witness });
        }
    }
    found
}

/// Another rule that may start on the same event, and such an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlap {
    /// The other rule.
    pub rule: String,
    /// An event that may start both.
    pub witness: Witness,
}

/// The rules that may start on the same event as `of`. `kinds` are all kinds of events there are.
pub fn overlaps(of: Node<'_>, others: &[Node<'_>], kinds: &[&str]) -> Vec<Overlap> {
    let other = others.iter().filter(|other| other.id != of.id);
    let overlap = |other: &Node<'_>| {
        let witness = witness(of.compiled, other.compiled, kinds)?;
        Some(Overlap { rule: other.id.to_owned(), witness })
    };
    other.filter_map(overlap).collect()
}

/// The constants that a rule sets on its event's own task.
fn settings(rule: &Compiled, effects: &Effects) -> Vec<(String, Setting)> {
    let mut found = Vec::new();
    walk(&rule.steps, &mut |step| {
        let Kind::Action(action) = &step.kind else { return };
        let written = rule.rule.walk().into_iter().find(|(_, it)| it.id == step.id);
        let Some((_, written)) = written else { return };
        if !written.with.get("task").and_then(Value::as_str).is_some_and(|task| OWN_TASK.contains(&task)) {
            return;
        }
        let writes: &[Write] = effects.writes.get(&action.action).map(Vec::as_slice).unwrap_or_default();
        let known = Known::of_step(&rule.rule, &step.id, writes, "task.updated");
        for (field, value) in known.shown() {
            found.push((field, Setting { step: step.id.clone(), value }));
        }
    });
    found
}

/// An event that may start both.
fn witness(one: &Compiled, two: &Compiled, kinds: &[&str]) -> Option<Witness> {
    if budget::is_over() {
        return None;
    }
    let (first, second) = (&one.rule.trigger, &two.rule.trigger);
    if !first.is_event() || !second.is_event() {
        return None;
    }
    let kind = kinds.iter().find(|kind| kind_matches(first.kind(), kind) && kind_matches(second.kind(), kind))?;
    let mut known = Known::default();
    let projects = [&one.rule.scope.projects, &two.rule.scope.projects];
    let project = projects[0].iter().find(|project| projects[1].is_empty() || projects[1].contains(project));
    match project.or(projects[1].first().filter(|_| projects[0].is_empty())) {
        Some(project) => drop(known.note("project", &project.as_str().into())),
        // An id and a key may be of the same project, but nobody can say so here.
        None if projects.iter().all(|projects| !projects.is_empty()) => return None,
        None => {}
    }
    for rule in [one, two] {
        for (path, want) in &rule.rule.trigger.matches {
            let path =
                if known.get(path).is_none() && is_of_change(path) { format!("change.{path}") } else { path.clone() };
            let wanted = match want {
                Value::Array(wants) => wants.iter().find(|want| known.get(&path).is_none_or(|known| known == *want))?,
                want => want,
            };
            if wanted != "*" && !known.note(&path, wanted) {
                return None;
            }
        }
        let fits = rule
            .condition
            .as_ref()
            .is_none_or(|condition| partial::demands(condition, &mut |path, value| known.note(path, value)));
        if !fits {
            return None;
        }
    }
    let holds = |rule: &Compiled| {
        rule.condition.as_ref().is_none_or(|condition| partial::judge(condition, &known) != Truth::False)
    };
    (holds(one) && holds(two)).then(|| Witness { kind: (*kind).to_owned(), facts: known.shown() })
}

/// Whether a path of a match means a part of the event's `change`.
fn is_of_change(path: &str) -> bool {
    ["from", "to"].contains(&path)
}
