//! The ways in which one rule sets off another.

use serde_json::Value;

use super::effects::Effects;
use super::known::Known;
use super::{Node, budget, may_start, walk};
use crate::compiled::{Compiled, CompiledStep, Kind};
use crate::matcher::kind_matches;
use crate::model::{DATE_REACHED, Step, THRESHOLD_CROSSED, Trigger};

/// The kind of event that a failed run causes, whatever its rule does.
const RUN_FAILED: &str = "run.failed";
/// The kind of event that a post to a hook causes.
const HOOK_RECEIVED: &str = "hook.received";
/// What the address of a hook contains.
const HOOK: &str = "hook_";
/// Events with which a figure rises and never falls: a rule that only causes these does not bring it to cross a line twice.
const RAISING: &[&str] = &["budget.cost_added", "task.created", "time.logged"];

/// How one rule sets off another.
pub(super) struct Edge {
    /// By which step; none where the end of its run is what counts.
    pub step: Option<String>,
    /// By which event; none where the step calls the other.
    pub event: Option<String>,
    /// Whether the chain is counted.
    pub counted: bool,
}

/// How one rule can set off another, if it can.
pub(super) fn edge(from: &Node<'_>, to: &Node<'_>, nodes: &[Node<'_>], effects: &Effects) -> Option<Edge> {
    if budget::is_over() {
        return None;
    }
    let trigger = &to.compiled.rule.trigger;
    // Whoever listens to failures wants those of rules, but never its own.
    if from.id != to.id && kind_matches(trigger.kind(), RUN_FAILED) {
        return Some(Edge { step: None, event: Some(RUN_FAILED.to_owned()), counted: true });
    }
    if from.id != to.id && trigger.metric.as_deref() == Some("runs.failed") {
        return Some(Edge { step: None, event: Some(THRESHOLD_CROSSED.to_owned()), counted: false });
    }
    let mut found = None;
    walk(&from.compiled.steps, &mut |step| {
        if found.is_none() {
            found = by_step(from, step, to, nodes, effects);
        }
    });
    found
}

fn by_step(from: &Node<'_>, step: &CompiledStep, to: &Node<'_>, nodes: &[Node<'_>], effects: &Effects) -> Option<Edge> {
    let (own, trigger) = (Some(step.id.clone()), &to.compiled.rule.trigger);
    let by_event =
        |kind: &str| Edge { step: own.clone(), event: Some(kind.to_owned()), counted: !effects.untold.contains(kind) };
    match &step.kind {
        Kind::Call(_) => {
            let named = written(from.compiled, &step.id)?.call.as_deref()?;
            let may = trigger.is_manual() && !trigger.is_button() && may_name(named, to);
            may.then(|| Edge { step: own.clone(), event: None, counted: true })
        }
        Kind::Approve(_) => {
            let mut kinds = effects.asking.iter().map(String::as_str);
            kinds.find(|kind| hears(from, to, kind, &Known::default(), effects)).map(by_event)
        }
        Kind::Action(action) => {
            let action = action.action.as_str();
            // What is made for one rule others may hear as well, by its kind.
            let made_for = |is: fn(&Trigger) -> bool| {
                let all = nodes.iter().filter(move |node| is(&node.compiled.rule.trigger));
                all.filter(move |node| !trigger.is_addressed() || node.id == to.id)
            };
            if kind_matches(trigger.kind(), DATE_REACHED) && accepts(from, to, DATE_REACHED, effects) {
                let step = written(from.compiled, &step.id)?;
                let mut fields =
                    made_for(Trigger::is_date).filter_map(|node| node.compiled.rule.trigger.field.as_deref());
                if fields.any(|field| may_set(step, action, field, effects)) {
                    return Some(by_event(DATE_REACHED));
                }
            }
            if kind_matches(trigger.kind(), THRESHOLD_CROSSED)
                && made_for(Trigger::is_threshold).any(|node| may_cross(action, node.compiled, nodes, effects))
            {
                return Some(by_event(THRESHOLD_CROSSED));
            }
            if trigger.is_addressed() {
                return None;
            }
            if effects.outward.contains(action) {
                let url = written(from.compiled, &step.id)?.with.get("url").and_then(Value::as_str)?;
                let own = url.contains(HOOK) || url.contains("{{");
                return (own && hears(from, to, HOOK_RECEIVED, &Known::default(), effects))
                    .then(|| by_event(HOOK_RECEIVED));
            }
            let writes = effects.writes.get(action).map(Vec::as_slice).unwrap_or_default();
            let known = |kind: &str| Known::of_step(&from.compiled.rule, &step.id, writes, kind);
            let mut kinds = effects.kinds_of(action);
            kinds.find(|kind| hears(from, to, kind, &known(kind), effects)).map(by_event)
        }
        _ => None,
    }
}

/// Whether an event of this kind, which a step of `from` brings about, may start `to`.
fn hears(from: &Node<'_>, to: &Node<'_>, kind: &str, known: &Known, effects: &Effects) -> bool {
    let trigger = &to.compiled.rule.trigger;
    trigger.is_event()
        && kind_matches(trigger.kind(), kind)
        && accepts(from, to, kind, effects)
        && may_start(to.compiled, kind, known)
}

/// Whether `to` takes an event of this kind that a rule is behind, as dispatch decides it.
fn accepts(from: &Node<'_>, to: &Node<'_>, kind: &str, effects: &Effects) -> bool {
    to.compiled.rule.policy.cause.accept_rules
        || effects.untold.contains(kind)
        // Whoever goes by a date does not care who set it, but does not answer to itself.
        || (kind == DATE_REACHED && from.id != to.id)
}

/// Whether a call by this id or name may mean the rule.
fn may_name(named: &str, rule: &Node<'_>) -> bool {
    named.contains("{{") || named == rule.id || named == rule.compiled.rule.name
}

/// Whether a step may set this date of a task.
fn may_set(step: &Step, action: &str, field: &str, effects: &Effects) -> bool {
    let (name, key) = field.split_once('.').map_or((field, None), |(name, key)| (name, Some(key)));
    let changes = effects.changes_of(action);
    if !changes.iter().any(|change| change == "task.*" || change.strip_prefix("task.") == Some(name)) {
        return false;
    }
    // Those that take the fields of a task as their inputs set what they name and nothing else.
    if !matches!(action, "task.create" | "task.update") {
        return true;
    }
    step.with.get(name).is_some_and(|value| match (key, value) {
        (Some(key), Value::Object(fields)) => fields.contains_key(key),
        _ => !value.is_null(),
    })
}

/// Whether an action may bring a rule's figure to cross its line, again and again.
fn may_cross(action: &str, to: &Compiled, nodes: &[Node<'_>], effects: &Effects) -> bool {
    let trigger = &to.rule.trigger;
    let moves = trigger.metric.as_ref().and_then(|metric| effects.moves.get(metric));
    let Some(moves) = moves.filter(|moves| effects.causes_any(action, moves)) else { return false };
    if trigger.above.is_none() {
        return true;
    }
    let raising: Vec<String> = RAISING.iter().map(|kind| (*kind).to_owned()).collect();
    let mut lowered = false;
    for node in nodes {
        walk(&node.compiled.steps, &mut |step| {
            if let Kind::Action(action) = &step.kind {
                lowered |= effects.causes_any(&action.action, moves) && !effects.causes_any(&action.action, &raising);
            }
        });
    }
    lowered
}

/// The step as it is written.
fn written<'c>(rule: &'c Compiled, id: &str) -> Option<&'c Step> {
    rule.rule.walk().into_iter().find(|(_, step)| step.id == id).map(|(_, step)| step)
}
