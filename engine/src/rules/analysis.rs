//! What a rule sets off among the others: whether it can start itself again, and which rules set the same field differently.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use trackside_rules::Compiled;
use trackside_rules::graph::{self, Conflict, Link, Node};

use super::library::Library;
use super::store;
use crate::Result;
use crate::access::{Actor, RuleView};
use crate::db::Rx;
use crate::ids::RuleId;
use crate::lanes::in_place;

/// What stands for a rule that is not saved yet.
const DRAFT: &str = "draft";

/// How long rules are compared.
const LONGEST: Duration = Duration::from_millis(500);
/// What is said when that was not enough.
const TOO_MANY: &str = "Nobody can say whether it loops: there are too many rules with too large conditions to compare it with. \
     Take it as one that can; `policy.cause.accept_rules: false` makes sure.";

/// The most overlaps that are named: who listens to everything overlaps with all.
const MOST_OVERLAPS: usize = 50;

/// What a rule sets off.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "RuleAnalysis")]
pub struct Analysis {
    /// Whether it can start itself again, by way of the rules that are switched on now.
    pub loops: Loops,
    /// Rules that are switched on and set a field of the event's task differently on the same event.
    pub conflicts: Vec<Clash>,
}

/// Whether a rule can start itself again.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Loops {
    /// Whether it can. `false` is a proof, as far as rules and not people or other services close the circle.
    pub can_loop: bool,
    /// Whether it, or a rule that it sets off, sends something to other services: what they make of that may come back.
    pub sends_out: bool,
    /// The same in words.
    pub detail: String,
    /// The shortest way round: each step causes the event that starts the next rule, the last one this rule.
    pub path: Vec<LoopStep>,
    /// After so many rules in a row such a chain is ended as `blocked` (`loop`).
    pub max_depth: u32,
}

/// One rule of a loop.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LoopStep {
    /// The rule; null for the one that is checked, if it is not saved yet, and for one that you may not see.
    pub rule: Option<RuleId>,
    /// Its name.
    pub name: String,
    /// The step that acts; null where it is the failure of the run.
    pub step: Option<String>,
    /// The event that comes of it; null where it calls the next rule.
    pub event: Option<String>,
}

/// A rule that sets a field differently on the same event.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Clash {
    /// The other rule; null for one that you may not see.
    pub rule: Option<RuleId>,
    /// Its name.
    pub name: String,
    /// The field, as events show it: `task.priority`.
    pub field: String,
    /// What this rule sets it to, and in which step.
    pub ours: graph::Setting,
    /// What the other one sets it to.
    pub theirs: graph::Setting,
    /// An event on which both do.
    pub witness: graph::Witness,
}

/// Looks at a rule among those that are switched on, as the library knows them: [refresh](Library::refresh) it before. `id`
/// is none for a draft that is not saved.
pub async fn analyse(
    rx: &mut Rx,
    library: &Library,
    actor: &Actor,
    id: Option<RuleId>,
    compiled: &Compiled,
) -> Result<Analysis> {
    let (book, own) = (library.book(), id.map_or_else(|| DRAFT.to_owned(), |id| id.to_string()));
    let others: Vec<(String, &Compiled)> = book
        .all_on(actor.workspace)
        .filter(|entry| Some(entry.rule) != id)
        .map(|entry| (entry.rule.to_string(), &*entry.compiled))
        .collect();
    let mut nodes = vec![Node { id: &own, compiled }];
    nodes.extend(others.iter().map(|(id, compiled)| Node { id, compiled }));
    let kinds: Vec<&str> = library.catalogue().events.keys().map(String::as_str).collect();
    let lane = library.lanes().enter(actor.workspace).await;
    let look = || {
        let (path, sends_out) = (
            graph::shortest_loop(&own, &nodes, library.effects()),
            graph::reaches_out(&own, &nodes, library.effects()),
        );
        (path, sends_out, graph::conflicts(nodes[0], &nodes, library.effects(), &kinds))
    };
    let ((path, sends_out, conflicts), is_all) = in_place(|| graph::within(LONGEST, look));
    drop(lane);

    let mut names = Names { actor, own: (&own, id, &compiled.rule.name), rx };
    let (mut steps, mut counted) = (Vec::new(), true);
    for Link { rule, step, event, counted: counts } in path.into_iter().flatten() {
        counted &= counts;
        let (rule, name) = names.of(&rule).await?;
        steps.push(LoopStep { rule, name, step, event });
    }
    let mut clashes = Vec::new();
    for Conflict { rule, field, ours, theirs, witness } in conflicts {
        let (rule, name) = names.of(&rule).await?;
        clashes.push(Clash { rule, name, field, ours, theirs, witness });
    }
    let max_depth = compiled.rule.policy.cause.max_depth;
    let unsure = steps.is_empty() && !is_all;
    let detail = if unsure { TOO_MANY.to_owned() } else { detail(compiled, &steps, counted, sends_out) };
    let loops = Loops { can_loop: unsure || !steps.is_empty(), sends_out, detail, path: steps, max_depth };
    Ok(Analysis { loops, conflicts: clashes })
}

/// A rule that may start on the same event.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "RuleOverlap")]
pub struct Overlap {
    /// The other rule; null for one that you may not see.
    pub rule: Option<RuleId>,
    /// Its name.
    pub name: String,
    /// An event on which both may start.
    pub witness: graph::Witness,
}

/// The rules that are switched on and may start on the same event as this one, at most [`MOST_OVERLAPS`]; as the library knows
/// them: [refresh](Library::refresh) it before.
pub(super) async fn overlaps(
    rx: &mut Rx,
    library: &Library,
    actor: &Actor,
    id: RuleId,
    compiled: &Compiled,
) -> Result<Vec<Overlap>> {
    let (book, own) = (library.book(), id.to_string());
    let others: Vec<(String, &Compiled)> = book
        .all(actor.workspace)
        .filter(|entry| entry.rule != id)
        .map(|entry| (entry.rule.to_string(), &*entry.compiled))
        .collect();
    let nodes: Vec<Node<'_>> = others.iter().map(|(id, compiled)| Node { id, compiled }).collect();
    let kinds: Vec<&str> = library.catalogue().events.keys().map(String::as_str).collect();
    let lane = library.lanes().enter(actor.workspace).await;
    let look = || graph::overlaps(Node { id: &own, compiled }, &nodes, &kinds);
    let (found, _) = in_place(|| graph::within(LONGEST, look));
    drop(lane);
    let mut names = Names { actor, own: (&own, Some(id), &compiled.rule.name), rx };
    let mut overlaps = Vec::new();
    for graph::Overlap { rule, witness } in found.into_iter().take(MOST_OVERLAPS) {
        let (rule, name) = names.of(&rule).await?;
        overlaps.push(Overlap { rule, name, witness });
    }
    Ok(overlaps)
}

fn detail(compiled: &Compiled, path: &[LoopStep], counted: bool, sends_out: bool) -> String {
    let rule = &compiled.rule;
    if path.is_empty() {
        let why = match () {
            () if rule.trigger.is_manual() => "no event starts it, and nothing that it sets off calls it",
            () if !rule.policy.cause.accept_rules => "what rules do does not start it (`policy.cause.accept_rules`)",
            () => "nothing that it sets off starts it again",
        };
        return if sends_out {
            format!("Cannot loop inside Trackside: {why}. What is sent to other services may come back from there.")
        } else {
            format!("Cannot loop: {why}.")
        };
    }
    let way: Vec<String> =
        path.iter().map(|link| said(&link.name, link.step.as_deref(), link.event.as_deref())).collect();
    let end = if counted {
        format!("It would be ended after {} rules.", rule.policy.cause.max_depth)
    } else {
        "No limit would end it, since one of these events does not tell which rule is behind it.".to_owned()
    };
    format!("Can loop: {}, which starts “{}” again. {end}", way.join("; then "), rule.name)
}

/// One link of a loop in words.
pub fn said(name: &str, step: Option<&str>, event: Option<&str>) -> String {
    match (step, event) {
        (Some(step), Some(event)) => format!("“{name}” in its step `{step}` causes `{event}`"),
        (Some(step), None) => format!("“{name}” in its step `{step}` calls the next"),
        (None, event) => format!("“{name}” can fail, which is `{}`", event.unwrap_or("run.failed")),
    }
}

/// The names of rules, as far as the asker may see them.
struct Names<'n> {
    actor: &'n Actor,
    own: (&'n str, Option<RuleId>, &'n str),
    rx: &'n mut Rx,
}

impl Names<'_> {
    async fn of(&mut self, rule: &str) -> Result<(Option<RuleId>, String)> {
        if rule == self.own.0 {
            return Ok((self.own.1, self.own.2.to_owned()));
        }
        let found = match rule.parse() {
            Ok(id) => store::find(self.rx, self.actor.workspace, id).await?,
            Err(_) => None,
        };
        let seen = found.and_then(|info| self.actor.may::<RuleView, _>(info).ok());
        Ok(match seen {
            Some(may) => (Some(may.resource().id), may.resource().name.clone()),
            None => (None, "a rule that you may not see".to_owned()),
        })
    }
}
