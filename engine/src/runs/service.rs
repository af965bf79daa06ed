//! The public verbs of one run: look, cancel, re-run, start by hand.

use chrono::{DateTime, Utc};
use serde_json::Value;
use trackside_rules::Vars;

use super::model::{Mode, NewRun, Run, RunError, RunState, RunSummary, Step, StepState};
use super::sight::may_read_steps;
use super::store::Origin;
use super::{journal, policy, settle, sight, store};
use crate::access::{Actor, Granted, RuleRun, RunManage, RunView};
use crate::actions::Actions;
use crate::cx::{Cx, Source};
use crate::db::{Rx, Signal, Tx};
use crate::ids::{Id, JobId, RuleId, RunId, WorkspaceId};
use crate::jobs::dead::Discarded;
use crate::jobs::{self, NewJob};
use crate::paging::{Cursor, Page, PageRequest, bad_cursor};
use crate::rules::buttons::OnTask;
use crate::rules::{RuleInfo, RuleState};
use crate::variables::{self, Whose};
use crate::{Error, Result, rules};

/// The job kind that carries a run on.
pub const ADVANCE: &str = "advance_run";
/// The queue of [`ADVANCE`] jobs.
pub const QUEUE: &str = "runs";
/// After so many deaths of its worker without progress the run is failed: whatever it does kills its worker. The first it may
/// share with all that ran there, the second with seven, and at the others it was the only suspect of its node: three times
/// by chance is rare even where machines die every few seconds.
pub const CRASH_LIMIT: i64 = 5;

/// The job of a run has the run's own id: there is never a second one, and it needs no payload.
pub(super) fn job(run: &NewRun, now: DateTime<Utc>) -> NewJob {
    NewJob {
        id: job_id(run.id),
        workspace_id: Some(run.workspace),
        queue: QUEUE,
        kind: ADVANCE,
        payload: "null".to_owned(),
        key: None,
        priority: run.priority,
        due_at: now,
        // One more than the limit, so that the runner is asked once more and can say why it gives up.
        max_attempts: CRASH_LIMIT + 2,
        created_at: now,
    }
}

pub(super) fn job_id(run: RunId) -> JobId {
    JobId::from_uuid(run.uuid())
}

/// The run that an [`ADVANCE`] job carries on.
pub fn run_of(job: JobId) -> RunId {
    RunId::from_uuid(job.uuid())
}

/// A run of somebody's workspace.
///
/// # Errors
/// `run_not_found`, also when they may not see it.
pub async fn find(rx: &mut Rx, actor: &Actor, id: RunId) -> Result<RunSummary> {
    sight::find(rx, actor, id).await
}

/// A run with its steps, as far as somebody may read them.
pub async fn get(rx: &mut Rx, actor: &Actor, may: &Granted<RunView, RunSummary>) -> Result<Run> {
    let summary = may.resource().clone();
    let owner = store::owner(rx, summary.rule_id).await?;
    let mut run = store::get(rx, summary).await?;
    if !owner.is_some_and(|owner| may_read_steps(actor, owner)) {
        run.veil();
    }
    Ok(run)
}

/// A page of the steps of a run, in the order they began, as far as somebody may read them. [`get`] cuts what is large; here it is
/// whole.
pub async fn steps(
    rx: &mut Rx,
    actor: &Actor,
    may: &Granted<RunView, RunSummary>,
    page: &PageRequest,
) -> Result<Page<Step>> {
    let run = may.resource();
    let limit = page.limit()?;
    let after = match &page.cursor {
        None => (i64::MIN, String::new()),
        Some(cursor) => match Cursor::decode(cursor, "ordinal")?.values.as_slice() {
            [Value::Number(ordinal), Value::String(path)] if ordinal.is_i64() => {
                (ordinal.as_i64().unwrap_or_default(), path.clone())
            }
            _ => return Err(bad_cursor()),
        },
    };
    let (mut items, more) = store::steps_after(rx, run.id, after, limit).await?;
    let owner = store::owner(rx, run.rule_id).await?;
    if !owner.is_some_and(|owner| may_read_steps(actor, owner)) {
        items.iter_mut().for_each(Step::veil);
    }
    let last = items.last().filter(|_| more);
    let cursor =
        |last: &Step| Cursor { sort: "ordinal".into(), values: vec![last.ordinal.into(), last.path.clone().into()] };
    let next_cursor = last.map(|last| cursor(last).encode());
    Ok(Page { items, next_cursor, total: None })
}

/// Stops a run. What it has done stays done; a call that is under way is not waited for.
pub async fn cancel(tx: &mut Tx, cx: &Cx, may: &Granted<RunManage, RunSummary>) -> Result<RunSummary> {
    let run = may.resource();
    let error = RunError { code: "cancelled".into(), message: format!("cancelled by {}", by(cx)), step: None };
    let state = end(tx, cx.source(), (run.workspace_id, run.id), RunState::Cancelled, error).await?;
    match state.ok_or_else(|| Error::not_found("run", run.id))? {
        state if state.is_terminal() => {
            Err(Error::conflict("run_over", format!("the run is already {state}; there is nothing to cancel")))
        }
        _ => shown(tx, cx, run.id).await,
    }
}

/// A run as it is now, for whoever just did something to it.
async fn shown(rx: &mut Rx, cx: &Cx, id: RunId) -> Result<RunSummary> {
    let run = store::find(rx, cx.actor.workspace, id).await?.ok_or_else(|| Error::not_found("run", id))?;
    sight::veiled(rx, &cx.actor, run).await
}

/// Ends a run from outside, if it is not over; the state in which it was found.
pub(super) async fn end(
    tx: &mut Tx,
    source: &Source,
    (workspace, run): (WorkspaceId, RunId),
    state: RunState,
    error: RunError,
) -> Result<Option<RunState>> {
    // The caller before the called, and the job before the run, as a worker takes them: so nobody ever waits for another in a
    // circle.
    wake_parents(tx, &[run], source.now()).await?;
    jobs::service::remove(tx, &[job_id(run)]).await?;
    let found = store::lock(tx, workspace, run).await?;
    if found.is_some_and(|found| !found.is_terminal()) {
        store::finish(tx, run, state, Some(&error), source.now()).await?;
        let over = settle::give_up(tx, source, run).await?;
        policy::leave_all(tx, &over, source.now()).await?;
    }
    Ok(found)
}

/// Ends the runs whose jobs were given up and have been discarded: nobody carries them on any more.
pub async fn discarded(tx: &mut Tx, cx: &Cx, jobs: &[Discarded]) -> Result<()> {
    for (job, kind, workspace) in jobs {
        let (ADVANCE, Some(workspace)) = (kind.as_str(), workspace) else { continue };
        let message = format!("its job was given up, and then discarded by {}", by(cx));
        let error = RunError { code: "discarded".into(), message, step: None };
        end(tx, cx.source(), (*workspace, run_of(*job)), RunState::Failed, error).await?;
    }
    Ok(())
}

/// Lets a run that waits look again at what it waits for.
pub(crate) async fn wake(tx: &mut Tx, run: RunId, now: DateTime<Utc>) -> Result<()> {
    jobs::service::wake(tx, &[job_id(run)], now).await
}

/// How many runs that began since then failed.
pub(crate) async fn count_failed(rx: &mut Rx, workspace: WorkspaceId, since: DateTime<Utc>) -> Result<i64> {
    // Ids sort by when they were made.
    let millis = u128::try_from(since.timestamp_millis()).unwrap_or_default();
    store::count_failed(rx, workspace, RunId::from_uuid(uuid::Uuid::from_u128(millis << 80))).await
}

/// Lets those look who wait for the ends of these runs. It locks their jobs: whoever ends a run does this first, before it
/// takes the run's own job, because whoever ends the caller takes the caller's job and then those of what it called.
pub(super) async fn wake_parents(tx: &mut Tx, runs: &[RunId], now: DateTime<Utc>) -> Result<()> {
    let parents: Vec<JobId> = store::parents(tx, runs).await?.into_iter().map(job_id).collect();
    jobs::service::wake(tx, &parents, now).await
}

/// What is behind a run.
pub(crate) async fn origin(rx: &mut Rx, run: RunId) -> Result<Option<Origin>> {
    store::origin(rx, run).await
}

fn by(cx: &Cx) -> String {
    cx.actor.user().map_or_else(|| "Trackside".to_owned(), |user| user.to_string())
}

/// How a run is to be repeated.
#[derive(Debug, Clone, Default)]
pub struct Rerun {
    /// Keep what every step before this one did, and begin here; none repeats the whole.
    pub from: Option<String>,
    /// Use the rule's newest version instead of the run's own.
    pub newest: bool,
}

/// Repeats a run that is over, as a new run on the same event and inputs.
pub async fn rerun(
    tx: &mut Tx,
    cx: &Cx,
    actions: &Actions,
    may: &Granted<RunManage, RunSummary>,
    rule: &RuleInfo,
    how: Rerun,
) -> Result<RunSummary> {
    let old = may.resource();
    let version = if how.newest { rule.version } else { old.rule_version };
    rules::service::startable(tx, cx, actions, rule.id, version).await?;
    let state = store::lock(tx, old.workspace_id, old.id).await?.ok_or_else(|| Error::not_found("run", old.id))?;
    if !state.is_terminal() {
        return Err(Error::conflict("run_not_over", format!("the run is still {state}; cancel it first")));
    }
    let steps = store::steps(tx, old.id).await?;
    let kept = match &how.from {
        None => 0,
        Some(from) => steps.iter().position(|step| step.path == *from).ok_or_else(|| {
            Error::field("/from", format!("the run has no step `{from}`; take the `path` of one of its steps"))
        })?,
    };
    let new = NewRun {
        id: cx.new_id(),
        workspace: old.workspace_id,
        rule: old.rule_id,
        rule_version: version,
        event: old.event_id,
        rerun_of: Some(old.id),
        parent: None,
        mode: old.mode,
        state: RunState::Queued,
        inputs: old.inputs.clone(),
        started_by: cx.actor.user(),
        depth: old.depth,
        error: None,
        priority: rule.rule.policy.priority.unwrap_or(0),
        turns: Vec::new(),
    };
    store::insert(tx, &new, cx.now()).await?;
    for step in &steps[..kept] {
        // An unfinished or failed step before the chosen one is begun again like the chosen one itself.
        if matches!(step.state, StepState::Succeeded | StepState::Recorded | StepState::Entered) {
            journal::write_one(tx, new.id, step).await?;
        }
    }
    start(tx, cx, &new).await?;
    shown(tx, cx, new.id).await
}

/// Starts a rule by hand, with its form filled in; on a task, if it is a button.
pub async fn run_by_hand(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<RuleRun, RuleInfo>,
    inputs: Value,
    on: Option<&OnTask>,
    verdict: bool,
) -> Result<RunSummary> {
    let rule = may.resource();
    let mode = match rule.state {
        RuleState::Enabled => Mode::Live,
        RuleState::Shadow => Mode::Shadow,
        state => {
            return Err(Error::conflict("rule_off", format!("the rule is {state}; enable it before you run it")));
        }
    };
    let event = match on {
        Some(on) => Some(rules::buttons::press(tx, cx, rule, on).await?),
        None => None,
    };
    let new = NewRun {
        id: cx.new_id(),
        workspace: rule.workspace_id,
        rule: rule.id,
        rule_version: rule.version,
        event,
        rerun_of: None,
        parent: None,
        mode,
        state: if verdict { RunState::Queued } else { RunState::Skipped },
        inputs: Some(inputs),
        started_by: cx.actor.user(),
        depth: 1,
        error: (!verdict).then(|| {
            let message = "the rule's condition does not hold for these inputs".to_owned();
            RunError { code: "condition_false".into(), message, step: None }
        }),
        priority: rule.rule.policy.priority.unwrap_or(0),
        turns: Vec::new(),
    };
    store::insert(tx, &new, cx.now()).await?;
    if verdict {
        start(tx, cx, &new).await?;
    }
    shown(tx, cx, new.id).await
}

/// Whether a rule's condition holds for these inputs.
pub async fn judge_by_hand(
    rx: &mut Rx,
    rule: &RuleInfo,
    compiled: &trackside_rules::Compiled,
    inputs: &Value,
    now: DateTime<Utc>,
) -> Result<bool> {
    let Some(condition) = &compiled.condition else { return Ok(true) };
    let facts = trackside_rules::Facts::from_json(serde_json::json!({ "inputs": inputs }))
        .map_err(|problem| Error::invalid("inputs", problem.to_string()))?;
    let mut vars = Vars::new(facts, now);
    if compiled.asks("vars") {
        let whose = Whose { workspace: rule.workspace_id, owner: rule.owner_id, at: now };
        let known = variables::for_run(rx, whose, &compiled.rule, vars.facts()).await?;
        vars = vars.with("vars", known);
    }
    condition
        .eval_bool(&vars)
        .map_err(|error| Error::invalid("condition", format!("the rule's condition could not be judged: {error}")))
}

async fn start(tx: &mut Tx, cx: &Cx, run: &NewRun) -> Result<()> {
    jobs::service::enqueue(tx, &job(run, cx.now())).await?;
    tx.wake(Signal::Jobs);
    Ok(())
}

/// Drops a rule's runs that have not begun, because it was switched off.
pub(crate) async fn drop_queued(tx: &mut Tx, cx: &Cx, rule: RuleId) -> Result<()> {
    let error = RunError {
        code: "rule_off".into(),
        message: "the rule was switched off before the run began".into(),
        step: None,
    };
    let queued = store::queued_of_rule(tx, rule).await?;
    wake_parents(tx, &queued, cx.now()).await?;
    let queued: Vec<JobId> = queued.into_iter().map(job_id).collect();
    // A run whose job a worker is writing about has begun; it is left alone, and not waited for.
    let free: Vec<RunId> = jobs::service::lock_free(tx, &queued).await?.into_iter().map(run_of).collect();
    let dropped = store::cancel_queued(tx, &free, &error, cx.now()).await?;
    let jobs: Vec<JobId> = dropped.iter().copied().map(job_id).collect();
    jobs::service::remove(tx, &jobs).await?;
    policy::leave_all(tx, &dropped, cx.now()).await
}

/// Forgets the jobs of a rule's runs, because it is about to be deleted with them.
pub(crate) async fn forget(tx: &mut Tx, cx: &Cx, rule: RuleId) -> Result<()> {
    let parents: Vec<JobId> = store::parents_of_rule(tx, rule).await?.into_iter().map(job_id).collect();
    jobs::service::wake(tx, &parents, cx.now()).await?;
    let jobs: Vec<JobId> = store::live_of_rule(tx, rule).await?.into_iter().map(job_id).collect();
    jobs::service::remove(tx, &jobs).await
}
