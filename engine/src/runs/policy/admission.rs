//! Whether a run may begin now.

use trackside_rules::model::OnBusy;
use trackside_rules::{Problem, Vars};

use super::super::hot::Plan;
use super::super::model::{RunError, RunState};
use super::super::runner::Runner;
use super::super::{service, settle, store as runs};
use super::gates::{Entry, Gate, shown};
use super::store;
use super::turns::{Policy, key, leave};
use crate::access::Actor;
use crate::cx::Source;
use crate::db::Tx;
use crate::ids::RunId;
use crate::jobs::{self, Ticket};
use crate::{Result, crash, notifications, variables};

/// What the keys of the rule's policy see.
async fn vars(runner: &Runner, plan: &Plan) -> Result<Vars> {
    let vars = Vars::new(plan.facts.clone(), runner.source.now());
    if !plan.compiled.asks("vars") {
        return Ok(vars);
    }
    let mut rx = runner.db.read().await?;
    Ok(vars.with(
        "vars",
        variables::for_run(&mut rx, plan.whose(runner.source.now()), &plan.compiled.rule, &plan.facts).await?,
    ))
}

/// What became of a run that asked.
enum Answer {
    Begins,
    /// It was put down, or is over, and so is its job.
    Not,
    /// Nothing else keeps it, and these are to be cancelled first.
    InPlaceOf(Vec<RunId>),
}

/// Whether the run may begin, or has begun. If not it was put down, or is over, and so is its job.
///
/// Whoever let it begin may have died before it did. Then it begins now, and asks once more where it counts when that is.
pub(in super::super) async fn admit(runner: &Runner, plan: &Plan, begun: bool, ticket: Ticket) -> Result<bool> {
    let limits = &plan.compiled.rule.policy;
    if plan.admitted && (begun || limits.throttle.is_none()) || !limits.is_gate() {
        return Ok(true);
    }
    let own = match own_key(runner, plan).await? {
        Ok(own) => own,
        Err(problem) => {
            let error = RunError { code: "policy".into(), message: problem.to_string(), step: None };
            settle::finish(runner, plan, ticket, (Vec::new(), false), RunState::Failed, Some(error)).await?;
            return Ok(false);
        }
    };
    // A run that is dropped when its key is taken waits for nobody.
    let waits = limits.concurrency.as_ref().is_some_and(|limit| limit.on_busy != OnBusy::Drop);
    if let Some(key) = own.as_ref().filter(|_| waits)
        && let Some(caller) = waiting_caller(runner, plan, key).await?
    {
        let message = format!("run {caller}, which waits for this one, has the key “{}”", shown(key));
        let error = RunError { code: "loop".into(), message, step: None };
        settle::finish(runner, plan, ticket, (Vec::new(), false), RunState::Blocked, Some(error)).await?;
        return Ok(false);
    }
    match ask(runner, plan, ticket, own.clone(), true).await? {
        Answer::InPlaceOf(others) => {
            replace(runner, plan, others).await?;
            Ok(matches!(ask(runner, plan, ticket, own, false).await?, Answer::Begins))
        }
        answer => Ok(matches!(answer, Answer::Begins)),
    }
}

/// The concurrency key: what the event gave, or for a run without one what its inputs give.
async fn own_key(runner: &Runner, plan: &Plan) -> Result<Result<Option<String>, Problem>> {
    let Some(expr) = &plan.compiled.keys.concurrency else { return Ok(Ok(None)) };
    let turns = store::of_run(&mut *runner.db.read().await?, plan.run).await?;
    match turns.into_iter().find(|turn| turn.policy == Policy::Concurrency) {
        Some(turn) => Ok(Ok(Some(turn.key))),
        None => Ok(key(expr, &vars(runner, plan).await?)),
    }
}

/// Asks all limits, and writes what follows.
async fn ask(runner: &Runner, plan: &Plan, ticket: Ticket, own: Option<String>, may_replace: bool) -> Result<Answer> {
    let (source, plan) = (runner.source.clone(), plan.clone());
    let answer = runner.db.write(async move |tx: &mut Tx| {
        let (now, run) = (source.now(), plan.run);
        // Whoever called this run is told if it is over before it begins; callers are locked before what they called.
        if let Some(caller) = plan.parent {
            jobs::service::lock(tx, &[service::job_id(caller)]).await?;
        }
        jobs::service::hold(tx, ticket).await?;
        if plan.admitted {
            runs::set_not_admitted(tx, run).await?;
            store::retract(tx, run, Policy::Throttle, now).await?;
        }
        let turns = store::of_run(tx, run).await?;
        let mut entry =
            Entry { tx, plan: &plan, now, own, may_replace, turns, in_place_of: Vec::new(), notes: Vec::new() };
        let gate = entry.pass().await?;
        if matches!(gate, Gate::Open) {
            entry.begin().await?;
        }
        let (others, notes) = (entry.in_place_of, entry.notes);
        tell(tx, &source, &plan, notes).await?;
        let answer = match gate {
            Gate::Open if others.is_empty() => Answer::Begins,
            Gate::Open => Answer::InPlaceOf(others),
            Gate::Wait(waiting, until) => {
                jobs::service::reschedule(tx, ticket, until).await?;
                runs::set_state(tx, run, RunState::Waiting, Some(&waiting)).await?;
                Answer::Not
            }
            Gate::Shut(error) => {
                jobs::service::complete(tx, ticket).await?;
                runs::finish(tx, run, RunState::Skipped, Some(&error), now).await?;
                service::wake_parents(tx, &[run], now).await?;
                leave(tx, run, now).await?;
                Answer::Not
            }
        };
        crash::point("run.admission_before_commit");
        Ok(answer)
    });
    let answer = answer.await?;
    crash::point("run.admission_committed");
    Ok(answer)
}

/// The run that has the key which this one needs, and waits for this one's end: neither would ever go on.
async fn waiting_caller(runner: &Runner, plan: &Plan, key: &str) -> Result<Option<RunId>> {
    let Some(mut caller) = plan.parent else { return Ok(None) };
    let mut rx = runner.db.read().await?;
    let others = store::others(&mut rx, plan.rule, plan.run, key).await?;
    loop {
        if others.contains(&caller) {
            return Ok(Some(caller));
        }
        match runs::origin(&mut rx, caller).await?.and_then(|origin| origin.parent_id) {
            Some(above) => caller = above,
            None => return Ok(None),
        }
    }
}

/// The owner hears of a budget in time.
async fn tell(tx: &mut Tx, source: &Source, plan: &Plan, notes: Vec<String>) -> Result<()> {
    if notes.is_empty() || plan.is_shadow() {
        return Ok(());
    }
    let (cx, subject) = (source.cx(Actor::system(plan.workspace)), plan.rule.to_string());
    for note in notes {
        let message = format!("“{}” {note}", plan.compiled.rule.name);
        notifications::service::notify(tx, &cx, &[plan.owner], &message, Some(&subject)).await?;
    }
    Ok(())
}

/// Cancels these runs. Each in a transaction of its own, in which locks are taken as everywhere: the job, the run, the key.
async fn replace(runner: &Runner, plan: &Plan, others: Vec<RunId>) -> Result<()> {
    for run in others {
        let (workspace, source, by) = (plan.workspace, runner.source.clone(), plan.run);
        let message = format!("run {by} of the same key took its place");
        runner
            .db
            .write(async move |tx: &mut Tx| {
                let error = RunError { code: "replaced".into(), message, step: None };
                service::end(tx, &source, (workspace, run), RunState::Cancelled, error).await.map(drop)
            })
            .await?;
    }
    Ok(())
}
