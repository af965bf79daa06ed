//! Dispatch: takes events that nobody has looked at, gives them their place in the log, and starts the runs they ask for.
//!
//! Judging happens outside the transaction, on what the event itself says: the same event, judged by the same version,
//! always comes to the same verdict. The transaction then claims the events by giving them positions; of two
//! dispatchers that judged the same event only one gets it, and only that one's runs are stored.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use trackside_rules::{Facts, Vars};

use super::hot::{HotRuns, Plan};
use super::model::{Mode, NewRun, RunError, RunState};
use super::{service, store};
use crate::cx::{Cause, Source};
use crate::db::{Db, Signal};
use crate::events::store::{self as log, Pending};
use crate::ids::{EventId, RunId};
use crate::jobs::{self, Starter};
use crate::rules::{Entry, Library};
use crate::{Error, Result, crash};

/// How many events one batch takes.
const BATCH: i64 = 256;
/// The largest event, in bytes of its text, that is kept in memory for the run it starts. As values it is up to a hundred
/// times as large; the run of a larger one reads it again.
const HEAVY: usize = 64 * 1024;

/// Turns undispatched events into runs.
#[derive(Clone)]
pub struct Dispatcher {
    db: Db,
    source: Source,
    library: Arc<Library>,
    hot: Arc<HotRuns>,
    starter: Option<Arc<dyn Starter>>,
}

/// What one event led to.
struct Judged {
    event: EventId,
    runs: Vec<(NewRun, Option<Plan>)>,
}

impl Dispatcher {
    /// A dispatcher over this database.
    pub fn new(db: Db, source: Source, library: Arc<Library>, hot: Arc<HotRuns>) -> Self {
        Self { db, source, library, hot, starter: None }
    }

    /// Lets runs start at once on this node's own worker while it is free.
    pub fn starting(mut self, starter: Option<Arc<dyn Starter>>) -> Self {
        self.starter = starter;
        self
    }

    /// Dispatches one batch, and answers how many events it took: 0 when there is nothing to do.
    pub async fn batch(&self) -> Result<usize> {
        let pending = {
            let mut rx = self.db.read().await?;
            let pending = log::pending(&mut rx, BATCH).await?;
            if !pending.is_empty() {
                self.library.refresh(&mut rx).await?;
            }
            pending
        };
        if pending.is_empty() {
            return Ok(0);
        }
        let taken = pending.len();
        let judged: Vec<Judged> = pending.into_iter().map(|event| self.judge(event)).collect();
        self.store(judged).await?;
        metrics::counter!("trackside_events_dispatched_total").increment(taken as u64);
        Ok(taken)
    }

    async fn store(&self, judged: Vec<Judged>) -> Result<()> {
        let source = self.source.clone();
        let (ids, mut plans) = (judged.iter().map(|judged| judged.event).collect::<Vec<_>>(), Vec::new());
        let mut runs = Vec::new();
        for (run, plan) in judged.into_iter().flat_map(|judged| judged.runs) {
            plans.extend(plan);
            runs.push(run);
        }
        // Kept before the commit: a worker may claim a run the moment it stands. A plan of a run that another
        // dispatcher won is never asked for, and pushed out by later ones.
        let hot = &self.hot;
        plans.into_iter().for_each(|plan| hot.keep(plan));
        let starting = runs.iter().filter(|run| !run.state.is_terminal()).count();
        let seats = self.starter.as_ref().filter(|_| starting > 0).and_then(|starter| starter.reserve(starting));
        let claim = seats.as_ref().map(|seats| (seats.worker.clone(), source.now() + seats.lease));
        let claimed = self
            .db
            .write(async move |tx| {
                let assigned: HashSet<EventId> = log::assign(tx, &ids).await?.into_iter().map(|(id, _)| id).collect();
                if assigned.len() < ids.len() {
                    runs.retain(|run| run.event.is_none_or(|event| assigned.contains(&event)));
                }
                let mut claimed = Vec::new();
                if !runs.is_empty() {
                    let now = source.now();
                    store::insert_many(tx, &runs, now).await?;
                    let jobs: Vec<_> = runs
                        .iter()
                        .filter(|run| !run.state.is_terminal())
                        .map(|run| service::job(run.id, run.workspace, now))
                        .collect();
                    match claim {
                        Some((worker, until)) => {
                            claimed = jobs::service::enqueue_claimed(tx, &jobs, &worker, until).await?;
                        }
                        None => jobs::service::enqueue_many(tx, &jobs).await?,
                    }
                }
                crash::point("dispatch.before_commit");
                tx.wake(Signal::Log);
                Ok(claimed)
            })
            .await?;
        crash::point("dispatch.committed");
        if let (Some(starter), Some(seats)) = (&self.starter, seats)
            && !claimed.is_empty()
        {
            starter.start(seats, claimed);
        }
        Ok(())
    }

    /// Finds the rules that listen to an event and holds their conditions against it.
    fn judge(&self, event: Pending) -> Judged {
        let mut runs = Vec::new();
        let mut seen: Option<Result<Facts, (Value, Error)>> = None;
        self.library.listeners(event.workspace_id, &event.kind, |entry| {
            if !accepts(entry, &event) {
                return;
            }
            match seen.get_or_insert_with(|| read(&event)) {
                Ok(seen) => runs.extend(self.hold(entry, &event, seen)),
                Err((fields, error)) if listens(entry, &event, fields) => {
                    let mut run = self.new_run(entry, &event);
                    run.state = RunState::Failed;
                    run.error = Some(RunError { code: error.code.into(), message: error.detail.clone(), step: None });
                    runs.push((run, None));
                }
                Err(_) => {}
            }
        });
        Judged { event: event.id, runs }
    }

    fn new_run(&self, entry: &Entry, event: &Pending) -> NewRun {
        NewRun {
            id: self.source.new_id(),
            workspace: event.workspace_id,
            rule: entry.rule,
            rule_version: entry.version,
            event: Some(event.id),
            rerun_of: None,
            mode: entry.mode,
            state: RunState::Queued,
            inputs: None,
            depth: event.depth + 1,
            error: None,
        }
    }

    fn hold(&self, entry: &Entry, event: &Pending, facts: &Facts) -> Option<(NewRun, Option<Plan>)> {
        let compiled = &entry.compiled;
        if !listens(entry, event, facts.json()) {
            return None;
        }
        let verdict = match &compiled.condition {
            None => Ok(true),
            Some(condition) => condition.eval_bool(&Vars::new(facts.clone(), event.occurred_at)),
        };
        let mut run = self.new_run(entry, event);
        let depth = run.depth;
        match verdict {
            Ok(false) => {
                metrics::counter!("trackside_rules_skipped_total").increment(1);
                return None;
            }
            Err(error) => {
                run.state = RunState::Failed;
                run.error = Some(RunError { code: "condition".into(), message: error.to_string(), step: None });
                return Some((run, None));
            }
            Ok(true) => {}
        }
        let limit = i64::from(compiled.rule.policy.cause.max_depth);
        if depth > limit {
            run.state = RunState::Blocked;
            run.error = Some(RunError {
                code: "loop".into(),
                message: format!(
                    "rules have started one another {depth} times in a row and the limit is {limit}; \
                     narrow the trigger or the condition, or raise policy.cause.max_depth"
                ),
                step: None,
            });
            return Some((run, None));
        }
        let plan = (event.payload.len() <= HEAVY).then(|| Plan {
            run: run.id,
            workspace: run.workspace,
            rule: run.rule,
            rule_version: run.rule_version,
            owner: entry.owner,
            event: run.event,
            mode: run.mode,
            depth,
            compiled: compiled.clone(),
            facts: facts.clone(),
            trace: event.trace.as_deref().map(Arc::from),
            weight: event.payload.len(),
        });
        Some((run, plan))
    }
}

/// What expressions and matches see of one event: the payload's fields, and `event` and `actor` beside them. Made once,
/// shared by every rule that looks.
fn fields(event: &Pending) -> Result<Value> {
    let unreadable = |error: serde_json::Error| Error::internal(format!("event {}: {error}", event.id));
    let mut fields: Map<String, Value> = serde_json::from_str(&event.payload).map_err(unreadable)?;
    fields.insert("event".into(), about(event.id, &event.kind, event.occurred_at));
    fields.insert("actor".into(), serde_json::from_str(&event.actor).map_err(unreadable)?);
    Ok(Value::Object(fields))
}

fn facts(fields: Value) -> Result<Facts> {
    Facts::from_json(fields).map_err(|problem| Error::invalid("facts", problem.to_string()))
}

fn about(id: EventId, kind: &str, occurred_at: DateTime<Utc>) -> Value {
    json!({ "id": id, "kind": kind, "occurred_at": occurred_at })
}

/// The facts of an event; or why there are none, and what can be said of it all the same.
fn read(event: &Pending) -> Result<Facts, (Value, Error)> {
    let unreadable = |error: Error| {
        tracing::error!(event = %event.id, %error, "an event cannot be judged; the runs it should start fail");
        (fields(event).unwrap_or_default(), error)
    };
    fields(event).and_then(facts).map_err(unreadable)
}

/// Whether the rule's scope and trigger cover the event.
fn listens(entry: &Entry, event: &Pending, fields: &Value) -> bool {
    in_scope(entry, fields) && entry.compiled.trigger.matches(&event.kind, fields)
}

/// Whether the rule wants events that rules caused. A failed run is always a rule's doing, so who listens to failures
/// wants them; but never its own, which would be the shortest loop there is.
fn accepts(entry: &Entry, event: &Pending) -> bool {
    let Some(cause) = &event.cause else { return true };
    if event.kind == "run.failed" {
        return serde_json::from_str::<Cause>(cause).map_or(true, |cause| cause.rule != entry.rule);
    }
    entry.compiled.rule.policy.cause.accept_rules
}

/// Whether the event happened in one of the rule's projects, given by key or id.
fn in_scope(entry: &Entry, event: &Value) -> bool {
    let projects = &entry.compiled.rule.scope.projects;
    projects.is_empty()
        || ["key", "id"].iter().any(|name| {
            event["project"][name].as_str().is_some_and(|value| projects.iter().any(|project| project == value))
        })
}

/// The plan of a run that this process did not start, or starts anew: read from the database.
pub(super) async fn plan(db: &Db, library: &Library, run: RunId) -> Result<Option<(Plan, RunState)>> {
    let mut rx = db.read().await?;
    let Some(standing) = store::standing(&mut rx, run).await? else { return Ok(None) };
    let Some(owner) = store::owner(&mut rx, standing.rule_id).await? else { return Ok(None) };
    let compiled = library.version(&mut rx, standing.rule_id, standing.rule_version).await?;
    let (mut seen, mut trace) = (json!({}), None);
    if let Some(id) = standing.event_id {
        let event = log::find_pending(&mut rx, standing.workspace_id, id)
            .await?
            .ok_or_else(|| Error::not_found("event", id))?;
        trace = event.trace.as_deref().map(Arc::from);
        seen = fields(&event)?;
    }
    if let Some(inputs) = standing.inputs {
        seen["inputs"] =
            serde_json::from_str(&inputs).map_err(|error| Error::internal(format!("inputs of {run}: {error}")))?;
    }
    let plan = Plan {
        run,
        workspace: standing.workspace_id,
        rule: standing.rule_id,
        rule_version: standing.rule_version,
        owner,
        event: standing.event_id,
        mode: standing.mode,
        depth: standing.depth,
        compiled,
        facts: facts(seen)?,
        trace,
        weight: 0,
    };
    Ok(Some((plan, standing.state)))
}

/// Whether a shadow rule's run does anything; used where effects are decided.
pub(super) fn is_shadow(plan: &Plan) -> bool {
    plan.mode == Mode::Shadow
}
