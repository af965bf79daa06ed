//! The transactions that a run is made of: each shows the lease first, and writes what happened together with what it
//! led to.

use std::time::Duration;

use serde_json::Value;

use super::endings::{self, Ending};
use super::events::{FailedRun, RunFailed};
use super::hot::Plan;
use super::interpreter::Wait;
use super::journal::Line;
use super::model::{RunError, RunState, Step, StepState};
use super::runner::Runner;
use super::service::run_of;
use super::{journal, policy, service, store};
use crate::access::{self, Actor, Who};
use crate::actions::ErasedInternal;
use crate::cx::{Cause, Cx, Source};
use crate::db::{Rx, Tx};
use crate::ids::RunId;
use crate::jobs::{self, Ticket};
use crate::notifications::{Kind, News};
use crate::projects::people::About;
use crate::{Error, Result, approvals, crash, events, notifications, rules, waits};

/// So many errors are told when a rule is paused, so much of each.
const TOLD_ERRORS: usize = 3;
const TOLD_CHARS: usize = 400;

/// Who acts in a run: its rule, with the rights its owner has now.
pub(super) async fn actor(rx: &mut Rx, source: &Source, plan: &Plan) -> Result<Actor> {
    let who = Who::Rule { id: plan.rule, owner: plan.owner };
    let gone = || {
        Error::denied(format!(
            "the rule's owner {} is no longer a member of the workspace; `POST /rules/{}/take` makes whoever asks its owner",
            plan.owner, plan.rule
        ))
    };
    access::service::acting(rx, who, plan.workspace, plan.owner, source.now()).await?.ok_or_else(gone)
}

/// The context in which a step acts.
pub(super) async fn context(tx: &mut Tx, source: &Source, plan: &Plan, step: &str) -> Result<Cx> {
    let mut cx = source.cx(actor(tx, source, plan).await?).because(cause(plan, step));
    cx.trace = plan.trace.clone();
    cx.about = About::of(plan.facts.json());
    Ok(cx)
}

/// The context in which Trackside itself says what became of a run.
pub(super) fn because(source: &Source, plan: &Plan, step: &str) -> Cx {
    source.cx(Actor::system(plan.workspace)).because(cause(plan, step))
}

fn cause(plan: &Plan, step: &str) -> Cause {
    Cause { rule: plan.rule, run: plan.run, step: step.to_owned(), event: plan.event, depth: plan.depth }
}

/// Does an internal action: its effects, its events and its line of the journal in one transaction.
pub(super) async fn perform(
    runner: &Runner,
    plan: &Plan,
    ticket: Ticket,
    before: Vec<Line>,
    mut step: Step,
    action: &'static dyn ErasedInternal,
    input: Value,
) -> Result<Step> {
    let (source, plan) = (runner.source.clone(), plan.clone());
    let done = runner
        .db
        .write(async move |tx| {
            jobs::service::advance(tx, ticket).await?;
            journal::write(tx, plan.run, &before).await?;
            let cx = context(tx, &source, &plan, &step.path).await?.noting();
            let output = action.perform(tx, &cx, input).await?;
            step.state = StepState::Succeeded;
            step.output = Some(output);
            step.events = cx.noted();
            step.error = None;
            step.finished_at = Some(source.now());
            journal::write_one(tx, plan.run, &step).await?;
            store::set_state(tx, plan.run, RunState::Running, None).await?;
            crash::point_at("run.step_before_commit", action.name());
            Ok(step)
        })
        .await?;
    crash::point("run.step_committed");
    Ok(done)
}

/// Writes lines of the journal, so that what they say is not done again.
pub(super) async fn write(runner: &Runner, plan: &Plan, ticket: Ticket, steps: Vec<Line>) -> Result<()> {
    let run = plan.run;
    runner
        .db
        .write(async move |tx| {
            jobs::service::hold(tx, ticket).await?;
            journal::write(tx, run, &steps).await?;
            store::set_state(tx, run, RunState::Running, None).await
        })
        .await?;
    crash::point("run.journal_committed");
    Ok(())
}

/// Puts the run down: from then on it is a row and a job that is due later.
pub(super) async fn suspend(
    runner: &Runner,
    plan: &Plan,
    ticket: Ticket,
    steps: Vec<Line>,
    worked: Option<i64>,
    wait: Wait,
) -> Result<()> {
    let (run, Wait { state, waiting, until }) = (plan.run, wait);
    runner
        .db
        .write(async move |tx| {
            // The lease first, as everywhere: whoever writes to a run takes its job's row and then the run's.
            jobs::service::reschedule(tx, ticket, until).await?;
            journal::write(tx, run, &steps).await?;
            store::set_state(tx, run, state, Some(&waiting)).await?;
            note_work(tx, run, worked).await?;
            crash::point("run.suspend_before_commit");
            Ok(())
        })
        .await?;
    crash::point("run.suspended");
    Ok(())
}

/// Writes down how long the run has worked, for a rule that limits that.
async fn note_work(tx: &mut Tx, run: RunId, worked: Option<i64>) -> Result<()> {
    match worked {
        Some(worked) => store::set_worked(tx, run, worked).await,
        None => Ok(()),
    }
}

/// Puts the run down so that others get a turn; it goes on at once.
pub(super) async fn rest(
    runner: &Runner,
    plan: &Plan,
    ticket: Ticket,
    steps: Vec<Line>,
    worked: Option<i64>,
) -> Result<()> {
    let (run, now) = (plan.run, runner.source.now());
    runner
        .db
        .write(async move |tx| {
            jobs::service::reschedule(tx, ticket, now).await?;
            journal::write(tx, run, &steps).await?;
            store::set_state(tx, run, RunState::Running, None).await?;
            note_work(tx, run, worked).await
        })
        .await
}

/// Ends the run: its last lines, its outcome, what the outcome leads to, and the end of its job. `waits` says that a branch of
/// it waits for something.
pub(super) async fn finish(
    runner: &Runner,
    plan: &Plan,
    ticket: Ticket,
    (lines, waits): (Vec<Line>, bool),
    state: RunState,
    error: Option<RunError>,
) -> Result<()> {
    let gate = plan.compiled.rule.policy.is_gate();
    // What still waits elsewhere in the run is given up with it.
    let plain = state == RunState::Succeeded && !waits && lines.len() <= endings::MOST_LINES && !gate;
    if plain {
        runner.endings.put(Ending { run: plan.run, parent: plan.parent, ticket, lines }).await?;
    } else {
        let (source, plan) = (runner.source.clone(), plan.clone());
        let end = async move |tx: &mut Tx| {
            service::wake_parents(tx, &[plan.run], source.now()).await?;
            jobs::service::complete(tx, ticket).await?;
            journal::write(tx, plan.run, &lines).await?;
            store::finish(tx, plan.run, state, error.as_ref(), source.now()).await?;
            let over = give_up(tx, &source, plan.run).await?;
            match (state, error) {
                (RunState::Failed, Some(error)) => failed(tx, &source, &plan, error).await?,
                (RunState::Blocked, Some(error)) => blocked(tx, &source, &plan, error).await?,
                _ => {}
            }
            // Last, as where a rule is switched off: the rule's row before the keys.
            if gate || over.len() > 1 {
                policy::leave_all(tx, &over, source.now()).await?;
            }
            crash::point("run.finish_before_commit");
            Ok(())
        };
        runner.db.write(end).await?;
    }
    crash::point("run.finished");
    metrics::counter!("trackside_runs_finished_total", "state" => state.as_str()).increment(1);
    Ok(())
}

/// A limit that the rule sets itself has ended the run: its owner is told, whatever else the rule says.
async fn blocked(tx: &mut Tx, source: &Source, plan: &Plan, error: RunError) -> Result<()> {
    if plan.is_shadow() {
        return Ok(());
    }
    let cx = source.cx(Actor::system(plan.workspace));
    let message = format!("A run of “{}” was stopped: {}", plan.compiled.rule.name, error.message);
    notifications::service::notify(tx, &cx, &[plan.owner], &message, Some(&plan.run.to_string())).await
}

/// What a failure leads to: an event, word to the owner, and after too many in a row the rule is paused.
async fn failed(tx: &mut Tx, source: &Source, plan: &Plan, error: RunError) -> Result<()> {
    if plan.is_shadow() {
        return Ok(());
    }
    let cx = because(source, plan, error.step.as_deref().unwrap_or_default());
    let mut message = format!("A run of “{}” failed: {}", plan.compiled.rule.name, error.message);
    let Some(policy) = plan.compiled.rule.on_failure.clone() else {
        begins_to_fail(tx, &cx, plan, &message).await?;
        return announce(tx, &cx, plan, error).await;
    };
    let mut paused = false;
    if let Some(limit) = policy.pause_after.filter(|limit| *limit > 0) {
        // Of two that fail at once the second counts the first.
        rules::service::hold(tx, plan.workspace, plan.rule).await?;
        // What failed before the rule was last switched on or saved does not count any more.
        let last = store::last_ends(tx, plan.rule, i64::from(limit)).await?;
        if last.len() == limit as usize && last.iter().all(|(state, _)| *state == RunState::Failed) {
            let because = format!("it failed {limit} times in a row: {}", last_errors(&error, &last));
            if rules::service::pause_because(tx, &cx, plan.rule, &because).await?.is_some() {
                message = format!("“{}” was paused: {because}", plan.compiled.rule.name);
                paused = true;
            }
        }
    }
    // Of a pause the owner is told in any case: nothing happens any more that would remind them.
    if paused || policy.notify.iter().any(|who| who == "owner") {
        let subject = Some(plan.run.to_string());
        notifications::service::notify(tx, &cx, &[plan.owner], &message, subject.as_deref()).await?;
    }
    announce(tx, &cx, plan, error).await
}

/// Of a rule that says nothing of failures the owner is told when it begins to fail, and not of each run: whoever knows looks.
async fn begins_to_fail(tx: &mut Tx, cx: &Cx, plan: &Plan, message: &str) -> Result<()> {
    let last = store::last_ends(tx, plan.rule, 2).await?;
    if last.get(1).is_some_and(|(state, _)| *state == RunState::Failed) {
        return Ok(());
    }
    // Of two that fail at once neither sees the other; and one that fails now and then is told of once an hour.
    let hour = cx.now().timestamp() / 3_600;
    let again = "you are told when it begins to fail, unless its `on_failure` says otherwise";
    let news = News::saying(Kind::System, &format!("{message} ({again})"));
    let news = news.subject(&plan.run.to_string()).key(format!("failing:{}:{hour}", plan.rule));
    notifications::service::tell(tx, cx, &news, &[plan.owner]).await.map(drop)
}

/// The errors of the last runs in words, each once, the newest first.
fn last_errors(newest: &RunError, last: &[(RunState, Option<RunError>)]) -> String {
    let mut said = vec![newest.message.as_str()];
    for message in last.iter().filter_map(|(_, error)| error.as_ref()).map(|error| error.message.as_str()) {
        if said.len() < TOLD_ERRORS && !said.contains(&message) {
            said.push(message);
        }
    }
    said.iter()
        .map(|message| message.chars().take(TOLD_CHARS).collect::<String>())
        .collect::<Vec<_>>()
        .join("; before that: ")
}

async fn announce(tx: &mut Tx, cx: &Cx, plan: &Plan, error: RunError) -> Result<()> {
    let run = FailedRun {
        id: plan.run,
        rule: plan.rule,
        owner: plan.owner,
        rule_version: plan.rule_version,
        event: plan.event,
        error,
    };
    events::emit(tx, cx, &RunFailed { run }).await?;
    Ok(())
}

/// Nobody has to answer a run that is over, or to look out for it; what it called goes with it.
///
/// Answers the runs that are over with it, this one too: the caller lets all of them leave their keys, as the last thing it does.
pub(super) async fn give_up(tx: &mut Tx, source: &Source, run: RunId) -> Result<Vec<RunId>> {
    let (mut over, mut next) = (vec![run], 0);
    while let Some(run) = over.get(next).copied() {
        next += 1;
        waits::service::close_all(tx, run).await?;
        approvals::request::withdraw(tx, source, run).await?;
        let children = store::children(tx, run).await?;
        for child in children {
            end_child(tx, source, child, &format!("{run}, which called it, is over")).await?;
            over.push(child);
        }
    }
    Ok(over)
}

/// Stops a run that this one called, and what that waits for.
pub(super) async fn cancel(tx: &mut Tx, source: &Source, child: RunId, because: &str) -> Result<()> {
    end_child(tx, source, child, because).await?;
    let over = give_up(tx, source, child).await?;
    policy::leave_all(tx, &over, source.now()).await
}

async fn end_child(tx: &mut Tx, source: &Source, child: RunId, because: &str) -> Result<()> {
    jobs::service::remove(tx, &[service::job_id(child)]).await?;
    let error = RunError { code: "cancelled".into(), message: because.to_owned(), step: None };
    store::cancel_live(tx, child, &error, source.now()).await
}

/// Ends a run whose rule or event cannot be read any more, so that nobody is left waiting for it.
pub(super) async fn abandon(runner: &Runner, ticket: Ticket, error: RunError) -> Result<()> {
    let (run, source) = (run_of(ticket.id), runner.source.clone());
    runner
        .db
        .write(async move |tx| {
            service::wake_parents(tx, &[run], source.now()).await?;
            jobs::service::complete(tx, ticket).await?;
            store::finish(tx, run, RunState::Failed, Some(&error), source.now()).await?;
            let over = give_up(tx, &source, run).await?;
            policy::leave_all(tx, &over, source.now()).await
        })
        .await
}

/// Ends the job of a run that needs nothing any more.
pub(super) async fn drop_job(runner: &Runner, ticket: Ticket) -> Result<()> {
    runner.db.write(async move |tx| jobs::service::complete(tx, ticket).await).await
}

/// A pause with up to a quarter more, so that what failed together does not come back together. The share comes from
/// the run and the attempt, not from chance: the same run waits the same.
pub(super) fn jittered(pause: Duration, plan: &Plan, attempt: i64) -> Duration {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (plan.run, attempt).hash(&mut hasher);
    let share = (hasher.finish() % 1_000) as f64 / 4_000.0;
    pause.mul_f64(1.0 + share)
}
