//! Judging: which rules listen to an event, and whether their conditions hold. Outside of any transaction, on what the
//! event itself says: the same event, judged by the same version, always comes to the same verdict.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use trackside_rules::Facts;
use trackside_rules::matcher::kind_matches;
use trackside_rules::model::DATE_REACHED;

use super::hot::Plan;
use super::model::{NewRun, RunError, RunState};
use super::policy;
use crate::access::Actor;
use crate::cx::{Cause, Source};
use crate::events::store::Pending;
use crate::events::{Sighted, sees};
use crate::ids::EventId;
use crate::rules::{Book, Entry};
use crate::words::words;
use crate::{Error, Result};

/// How long anybody waits for a judgement, about: who posted, and the events of other workspaces.
const PATIENCE: Duration = Duration::from_millis(5);

/// A run that an event starts, and what carrying it out needs if that is to be kept.
pub(super) type Started = (NewRun, Option<Plan>);

/// Judges by one revision of the rules.
pub(super) struct Judge<'j> {
    pub source: &'j Source,
    pub book: &'j Book,
}

impl Judge<'_> {
    /// The runs that an event starts.
    pub(super) fn judge(&self, event: &Pending) -> Vec<Started> {
        let (mut runs, mut seen, mut began) = (Vec::new(), None, Instant::now());
        for entry in self.book.listeners(event.workspace_id, &event.kind) {
            runs.extend(self.look(entry, event, &mut seen));
            let now = Instant::now();
            entry.meter.judged(now - began);
            began = now;
        }
        runs
    }

    /// The same while somebody waits for it. `None` when that takes too long; a rule that was slow once is not waited for
    /// again.
    pub(super) fn judge_soon(&self, event: &Pending) -> Option<Vec<Started>> {
        let listeners = || self.book.listeners(event.workspace_id, &event.kind);
        if listeners().next().is_none() {
            return Some(Vec::new());
        }
        if event.is_heavy() || listeners().any(|entry| entry.slow.load(Ordering::Relaxed)) {
            return None;
        }
        let (mut runs, mut seen) = (Vec::new(), None);
        let mut began = Instant::now();
        let until = began + PATIENCE;
        for entry in listeners() {
            runs.extend(self.look(entry, event, &mut seen));
            let now = Instant::now();
            entry.meter.judged(now - began);
            if now - began > PATIENCE {
                entry.slow.store(true, Ordering::Relaxed);
            }
            if now > until {
                return None;
            }
            began = now;
        }
        Some(runs)
    }

    /// What one rule makes of an event; `seen` are the event's facts, made for the first rule that looks at them.
    fn look(&self, entry: &Entry, event: &Pending, seen: &mut Option<Seen>) -> Option<Started> {
        match weigh(entry, event, seen) {
            Verdict::Fires => Some(self.begin(entry, event, seen.as_ref()?.as_ref().ok()?)),
            Verdict::Not(why) => {
                entry.meter.hindered(why);
                if why == Hindrance::Condition {
                    metrics::counter!("trackside_rules_skipped_total").increment(1);
                }
                None
            }
            Verdict::Over { state, code, message, .. } => Some(self.over(entry, event, state, code, message)),
        }
    }

    /// A run that is over before it began.
    fn over(&self, entry: &Entry, event: &Pending, state: RunState, code: &str, message: String) -> Started {
        let mut run = self.new_run(entry, event);
        run.state = state;
        run.error = Some(RunError { code: code.into(), message, step: None });
        (run, None)
    }

    fn new_run(&self, entry: &Entry, event: &Pending) -> NewRun {
        NewRun {
            id: self.source.new_id(),
            workspace: event.workspace_id,
            rule: entry.rule,
            rule_version: entry.version,
            event: Some(event.id),
            rerun_of: None,
            parent: None,
            mode: entry.mode,
            state: RunState::Queued,
            inputs: None,
            started_by: None,
            depth: event.depth + 1,
            error: None,
            priority: entry.compiled.rule.policy.priority.unwrap_or(0),
            turns: Vec::new(),
        }
    }

    fn begin(&self, entry: &Entry, event: &Pending, facts: &Facts) -> Started {
        let (mut run, compiled) = (self.new_run(entry, event), &entry.compiled);
        if compiled.rule.policy.is_gate() {
            match policy::of_event(compiled, &entry.vars(facts, event.occurred_at)) {
                Ok(turns) => run.turns = turns,
                Err(problem) => return self.over(entry, event, RunState::Failed, "policy", problem.to_string()),
            }
        }
        let depth = run.depth;
        let plan = (!event.is_heavy()).then(|| Plan {
            run: run.id,
            workspace: run.workspace,
            rule: run.rule,
            rule_version: run.rule_version,
            owner: entry.owner,
            event: run.event,
            parent: None,
            mode: run.mode,
            depth,
            compiled: compiled.clone(),
            facts: facts.clone(),
            trace: event.trace.as_deref().map(Arc::from),
            weight: event.payload.len(),
            admitted: false,
            worked_ms: 0,
        });
        (run, plan)
    }
}

words! {
    /// What keeps an event from starting a run of a rule, in the order in which it is asked.
    pub enum Hindrance {
        /// The rule listens to another kind of event.
        Kind = "kind",
        /// A rule caused it, and this rule does not accept that.
        Cause = "cause",
        /// It is made for another rule.
        Rule = "rule",
        /// The rule's owner may not see it.
        Sight = "sight",
        /// It happened outside of the rule's projects.
        Scope = "scope",
        /// It does not say what `match` wants.
        Match = "match",
        /// It is too large to be judged.
        Facts = "facts",
        /// The condition does not hold, or cannot be judged.
        Condition = "condition",
        /// The last run of the rule's schedule still went.
        Overlap = "overlap",
        /// Too many rules stand in the chain.
        Depth = "depth",
    }
}

/// What a rule makes of an event.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It starts a run.
    Fires,
    /// Nothing happens.
    Not(Hindrance),
    /// A run tells of it that is over before it began.
    Over { why: Hindrance, state: RunState, code: &'static str, message: String },
}

/// Holds a rule against an event; `seen` are the event's facts, made for the first rule that looks at them. The same for
/// events that happen and for those that are only tried.
pub(super) fn weigh(entry: &Entry, event: &Pending, seen: &mut Option<Seen>) -> Verdict {
    let over = |why, state, code, message| Verdict::Over { why, state, code, message };
    if !kind_matches(entry.compiled.rule.trigger.kind(), &event.kind) {
        return Verdict::Not(Hindrance::Kind);
    }
    if !accepts(entry, event) {
        return Verdict::Not(Hindrance::Cause);
    }
    let seen = seen.get_or_insert_with(|| read(event));
    let fields = match &*seen {
        Ok(facts) => facts.json(),
        Err((fields, _)) => fields,
    };
    if !is_for(entry, fields) {
        return Verdict::Not(Hindrance::Rule);
    }
    let compiled = &entry.compiled;
    if !may_see(entry, event, fields) {
        // A schedule that does nothing says so: nobody else would notice.
        if !compiled.rule.trigger.is_schedule() {
            return Verdict::Not(Hindrance::Sight);
        }
        let message = "the rule's owner may not see the project that it is for; let somebody who may take the rule (`POST /rules/{id}/take`)";
        return over(Hindrance::Sight, RunState::Failed, "denied", message.to_owned());
    }
    // What a schedule makes happens in no project but the one it is for.
    if !compiled.rule.trigger.is_schedule() && !in_scope(entry, fields) {
        return Verdict::Not(Hindrance::Scope);
    }
    if compiled.trigger.first_difference(fields).is_some() {
        return Verdict::Not(Hindrance::Match);
    }
    let facts = match &*seen {
        Ok(facts) => facts,
        Err((_, error)) => return over(Hindrance::Facts, RunState::Failed, error.code, error.detail.clone()),
    };
    let verdict = match &compiled.condition {
        None => Ok(true),
        Some(condition) => condition.eval_bool(&entry.vars(facts, event.occurred_at)),
    };
    match verdict {
        Ok(false) => return Verdict::Not(Hindrance::Condition),
        Err(error) => return over(Hindrance::Condition, RunState::Failed, "condition", error.to_string()),
        Ok(true) => {}
    }
    if compiled.rule.trigger.is_schedule() && !facts.json()["schedule"]["skipped"].is_null() {
        let message = "the rule's last run still went at this time, and its schedule says `overlap: skip`";
        return over(Hindrance::Overlap, RunState::Skipped, "overlap", message.to_owned());
    }
    let (depth, limit) = (event.depth + 1, i64::from(compiled.rule.policy.cause.max_depth));
    if depth > limit {
        let message = format!(
            "rules have started one another {depth} times in a row and the limit is {limit}; \
             narrow the trigger or the condition, or raise policy.cause.max_depth"
        );
        return over(Hindrance::Depth, RunState::Blocked, "loop", message);
    }
    Verdict::Fires
}

/// What expressions and matches see of one event: the payload's fields, and `event` and `actor` beside them. Made once,
/// shared by every rule that looks.
pub(crate) fn fields(event: &Pending) -> Result<Value> {
    let unreadable = |error: serde_json::Error| Error::internal(format!("event {}: {error}", event.id));
    let mut fields: Map<String, Value> = serde_json::from_str(&event.payload).map_err(unreadable)?;
    fields.insert("event".into(), about(event.id, &event.kind, event.occurred_at));
    fields.insert("actor".into(), serde_json::from_str(&event.actor).map_err(unreadable)?);
    Ok(Value::Object(fields))
}

pub(crate) fn facts(fields: Value) -> Result<Facts> {
    Facts::from_json(fields).map_err(|problem| Error::invalid("facts", problem.to_string()))
}

fn about(id: EventId, kind: &str, occurred_at: DateTime<Utc>) -> Value {
    json!({ "id": id, "kind": kind, "occurred_at": occurred_at })
}

/// The facts of an event; or why there are none, and what can be said of it all the same.
pub(super) type Seen = Result<Facts, (Value, Error)>;

fn read(event: &Pending) -> Seen {
    let unreadable = |error: Error| {
        tracing::error!(event = %event.id, %error, "an event cannot be judged; the runs it should start fail");
        (fields(event).unwrap_or_default(), error)
    };
    fields(event).and_then(facts).map_err(unreadable)
}

/// Whether the event is made for the rule, if the rule listens to such alone.
fn is_for(entry: &Entry, fields: &Value) -> bool {
    let rule = || fields["rule"]["id"].as_str().and_then(|id| id.parse().ok());
    !entry.compiled.rule.trigger.is_addressed() || rule() == Some(entry.rule)
}

/// Whether the rule wants events that rules caused. A failed run is always a rule's doing, so who listens to failures
/// wants them; but never its own, which would be the shortest loop there is. Who goes by a date does not care whether a
/// person or a rule set it, but does not start itself by setting it anew; nor does who goes by a timer, whoever ended it.
fn accepts(entry: &Entry, event: &Pending) -> bool {
    let accepts = entry.compiled.rule.policy.cause.accept_rules;
    // A post that says how many rules led to it comes of a rule, wherever it was in between.
    let Some(cause) = &event.cause else { return accepts || event.depth == 0 };
    let own = || serde_json::from_str::<Cause>(cause).is_ok_and(|cause| cause.rule == entry.rule);
    match event.kind.as_str() {
        "run.failed" => !own(),
        DATE_REACHED | "sla.breached" | "sla.met" | "sla.warned" => accepts || !own(),
        _ => accepts,
    }
}

/// Whether the rule's owner may see the event. Of one who has left the run tells, by failing.
fn may_see(entry: &Entry, event: &Pending, fields: &Value) -> bool {
    entry.acting.as_ref().is_none_or(|owner| visible(owner, event, fields))
}

/// Whether this actor may see the event, of which `fields` are known.
pub(crate) fn visible(owner: &Actor, event: &Pending, fields: &Value) -> bool {
    let id = |name: &str| fields[name]["id"].as_str();
    let sighted = Sighted {
        kind: &event.kind,
        project: id("project").and_then(|id| id.parse().ok()),
        task: id("task").and_then(|id| id.parse().ok()),
        payload: &|| fields.as_object().cloned().unwrap_or_default(),
    };
    if owner.rights.is_plain() {
        return sees(owner, &sighted);
    }
    sees(&Actor { at: event.occurred_at, ..owner.clone() }, &sighted)
}

/// Whether the event happened in one of the rule's projects, given by key or id.
fn in_scope(entry: &Entry, event: &Value) -> bool {
    let projects = &entry.compiled.rule.scope.projects;
    projects.is_empty()
        || ["key", "id"].iter().any(|name| {
            event["project"][name].as_str().is_some_and(|value| projects.iter().any(|project| project == value))
        })
}
