//! Whether a run may begin now.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use trackside_rules::Vars;
use trackside_rules::model::{OnBusy, Policy as Limits};

use super::super::hot::Plan;
use super::super::model::{RunError, RunState, Waiting};
use super::super::runner::Runner;
use super::super::{service, settle, store as runs};
use super::store::{self, Stored};
use super::turns::{Policy, Turn, key, leave, lock};
use crate::access::Actor;
use crate::cx::Source;
use crate::db::Tx;
use crate::jobs::{self, Ticket};
use crate::{Result, crash, notifications, variables};

/// How often a run that waits for its key looks by itself. Usually the end of the one before it wakes it.
const LOOK: TimeDelta = TimeDelta::minutes(10);
/// Days that a run may be put off by its rule's budget.
const DAYS: u64 = 366;

/// What one limit says.
enum Gate {
    Open,
    /// Not before this time, or a word from another run.
    Wait(Waiting, DateTime<Utc>),
    /// Not at all.
    Shut(RunError),
}

/// What the keys of the rule's policy see.
async fn vars(runner: &Runner, plan: &Plan) -> Result<Vars> {
    let vars = Vars::new(plan.facts.clone(), runner.source.now());
    if !plan.compiled.asks("vars") {
        return Ok(vars);
    }
    let mut rx = runner.db.read().await?;
    Ok(vars.with("vars", variables::for_run(&mut rx, plan.workspace, &plan.compiled.rule, &plan.facts).await?))
}

/// Whether the run may begin, or has begun. If not it was put down, or is over, and so is its job.
pub(in super::super) async fn admit(runner: &Runner, plan: &Plan, ticket: Ticket) -> Result<bool> {
    let limits = &plan.compiled.rule.policy;
    if plan.admitted || !limits.is_gate() {
        return Ok(true);
    }
    let own = match &plan.compiled.keys.concurrency {
        None => None,
        Some(expr) => match key(expr, &vars(runner, plan).await?) {
            Ok(key) => Some(key),
            Err(problem) => {
                let error = RunError { code: "policy".into(), message: problem.to_string(), step: None };
                settle::finish(runner, plan, ticket, (Vec::new(), false), RunState::Failed, Some(error)).await?;
                return Ok(false);
            }
        },
    };
    if let (Some(OnBusy::Replace), Some(key)) = (limits.concurrency.as_ref().map(|it| it.on_busy), &own) {
        replace(runner, plan, key).await?;
    }
    let (source, plan) = (runner.source.clone(), plan.clone());
    let admitted = runner.db.write(async move |tx: &mut Tx| {
        jobs::service::hold(tx, ticket).await?;
        let (now, run) = (source.now(), plan.run);
        let mut entry = Entry { turns: store::of_run(tx, run).await?, tx, plan: &plan, now, notes: Vec::new() };
        let gate = entry.pass(own).await?;
        let notes = std::mem::take(&mut entry.notes);
        tell(tx, &source, &plan, notes).await?;
        match gate {
            Gate::Open => runs::set_admitted(tx, run).await?,
            Gate::Wait(waiting, until) => {
                jobs::service::reschedule(tx, ticket, until).await?;
                runs::set_state(tx, run, RunState::Waiting, Some(&waiting)).await?;
                crash::point("run.admission_before_commit");
                return Ok(false);
            }
            Gate::Shut(error) => {
                jobs::service::complete(tx, ticket).await?;
                runs::finish(tx, run, RunState::Skipped, Some(&error), now).await?;
                service::wake_parents(tx, &[run], now).await?;
                leave(tx, run, now).await?;
                crash::point("run.admission_before_commit");
                return Ok(false);
            }
        }
        crash::point("run.admission_before_commit");
        Ok(true)
    });
    let admitted = admitted.await?;
    crash::point("run.admission_committed");
    Ok(admitted)
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

/// Cancels the runs of this key that are before this one. Each in a transaction of its own, in which locks are taken as
/// everywhere: the job, the run, the key.
async fn replace(runner: &Runner, plan: &Plan, key: &str) -> Result<()> {
    let earlier = {
        let mut rx = runner.db.read().await?;
        let own = store::of_run(&mut rx, plan.run).await?.into_iter().find(|turn| turn.policy == Policy::Concurrency);
        match own {
            Some(own) => store::earlier(&mut rx, plan.rule, &own).await?,
            // Started by hand, so after all that are there.
            None => store::others(&mut rx, plan.rule, plan.run, key).await?,
        }
    };
    for run in earlier {
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

/// One run that asks to begin.
struct Entry<'e> {
    tx: &'e mut Tx,
    plan: &'e Plan,
    now: DateTime<Utc>,
    turns: Vec<Stored>,
    /// What the owner is to hear.
    notes: Vec<String>,
}

impl Entry<'_> {
    /// Asks each limit in turn, up to the first that is not open. All lock their keys in the same order.
    async fn pass(&mut self, own: Option<String>) -> Result<Gate> {
        for policy in [Policy::Dedupe, Policy::Debounce, Policy::Day, Policy::Throttle, Policy::Concurrency] {
            let gate = match policy {
                Policy::Dedupe => self.dedupe().await?,
                Policy::Debounce => self.debounce().await?,
                Policy::Day => self.day().await?,
                Policy::Throttle => self.throttle().await?,
                Policy::Concurrency => match &own {
                    Some(key) => self.concurrency(key).await?,
                    None => Gate::Open,
                },
            };
            if !matches!(gate, Gate::Open) {
                return Ok(gate);
            }
        }
        Ok(Gate::Open)
    }

    fn limits(&self) -> &Limits {
        &self.plan.compiled.rule.policy
    }

    fn turn(&self, policy: Policy) -> Option<Stored> {
        self.turns.iter().find(|turn| turn.policy == policy).cloned()
    }

    async fn lock(&mut self, policy: Policy, key: &str) -> Result<()> {
        lock(self.tx, self.plan.rule, policy, key).await
    }

    /// Writes a turn that the event did not give.
    async fn take(&mut self, policy: Policy, key: &str, passed: bool, at: DateTime<Utc>) -> Result<()> {
        let (plan, turn) = (self.plan, Turn { policy, key: key.to_owned() });
        store::insert(self.tx, plan.workspace, plan.run, plan.rule, &turn, passed, at).await
    }

    /// A run by hand, and one that repeats another, has no such turn: whoever asks for it means it.
    async fn dedupe(&mut self) -> Result<Gate> {
        let Some(turn) = self.turn(Policy::Dedupe).filter(|turn| !turn.passed) else { return Ok(Gate::Open) };
        self.lock(Policy::Dedupe, &turn.key).await?;
        let within = self.limits().dedupe.as_ref().and_then(|dedupe| dedupe.within);
        let since = within.and_then(|within| TimeDelta::from_std(within.0).ok()).map(|within| turn.at - within);
        if let Some(since) = since {
            store::prune(self.tx, self.plan.rule, Policy::Dedupe, since).await?;
        }
        match store::before(self.tx, self.plan.rule, self.plan.run, &turn, since).await? {
            Some(before) => {
                store::drop(self.tx, self.plan.run, Policy::Dedupe).await?;
                let message = format!("run {before} had the same key, “{}”", shown(&turn.key));
                Ok(Gate::Shut(RunError { code: "duplicate".into(), message, step: None }))
            }
            None => {
                store::pass(self.tx, self.plan.run, Policy::Dedupe).await?;
                Ok(Gate::Open)
            }
        }
    }

    async fn debounce(&mut self) -> Result<Gate> {
        let limit = self.limits().debounce.as_ref().and_then(|limit| TimeDelta::from_std(limit.quiet.0).ok());
        let (Some(quiet), Some(turn)) = (limit, self.turn(Policy::Debounce)) else { return Ok(Gate::Open) };
        self.lock(Policy::Debounce, &turn.key).await?;
        if let Some(later) = store::after(self.tx, self.plan.rule, &turn).await? {
            let message = format!("run {later} came before it had been quiet for long enough, and goes in its place");
            return Ok(Gate::Shut(RunError { code: "debounced".into(), message, step: None }));
        }
        let until = turn.at + quiet;
        if self.now < until {
            return Ok(Gate::Wait(Waiting::Quiet { until }, until));
        }
        store::drop(self.tx, self.plan.run, Policy::Debounce).await?;
        Ok(Gate::Open)
    }

    async fn day(&mut self) -> Result<Gate> {
        let limit = self.limits().budget.as_ref().and_then(|budget| budget.runs_per_day).map(i64::from);
        let Some(limit) = limit else { return Ok(Gate::Open) };
        let waiting = |until| Gate::Wait(Waiting::Budget { until }, until);
        if let Some(turn) = self.turn(Policy::Day) {
            return Ok(if turn.at <= self.now { Gate::Open } else { waiting(turn.at) });
        }
        self.lock(Policy::Day, "").await?;
        let today = self.now.date_naive();
        store::prune(self.tx, self.plan.rule, Policy::Day, self.now - TimeDelta::days(2)).await?;
        for ahead in 0..DAYS {
            let Some(day) = today.checked_add_days(Days::new(ahead)) else { break };
            let (name, begins) = (day.to_string(), day.and_time(NaiveTime::MIN).and_utc());
            let used = store::of_day(self.tx, self.plan.rule, &name).await?;
            if used >= limit {
                continue;
            }
            let at = if ahead == 0 { self.now } else { begins };
            self.take(Policy::Day, &name, true, at).await?;
            if ahead == 0 {
                // Once a day, since the rows are counted under a lock.
                if used + 1 == warn_at(limit) {
                    let left = limit - used - 1;
                    self.notes.push(format!("has begun {} of its {limit} runs of today; {left} are left", used + 1));
                }
                return Ok(Gate::Open);
            }
            if ahead == 1 && used == 0 {
                self.notes
                    .push(format!("has used up its {limit} runs of today; the others wait for tomorrow, 00:00 UTC"));
            }
            return Ok(waiting(begins));
        }
        let message = format!("the rule's budget of {limit} runs a day is used up for the next {DAYS} days");
        Ok(Gate::Shut(RunError { code: "budget".into(), message, step: None }))
    }

    async fn throttle(&mut self) -> Result<Gate> {
        let Some(limit) = self.limits().throttle.clone() else { return Ok(Gate::Open) };
        let waiting = |until| Gate::Wait(Waiting::Rate { until }, until);
        if let Some(turn) = self.turn(Policy::Throttle) {
            return Ok(if turn.at <= self.now { Gate::Open } else { waiting(turn.at) });
        }
        self.lock(Policy::Throttle, "").await?;
        let per = TimeDelta::from_std(limit.per.0).unwrap_or(TimeDelta::MAX);
        let nth = store::nth(self.tx, self.plan.rule, i64::from(limit.runs.max(1)) - 1).await?;
        let at = nth.map_or(self.now, |nth| self.now.max(nth + per));
        self.take(Policy::Throttle, "", true, at).await?;
        store::prune(self.tx, self.plan.rule, Policy::Throttle, self.now - per).await?;
        Ok(if at <= self.now { Gate::Open } else { waiting(at) })
    }

    async fn concurrency(&mut self, key: &str) -> Result<Gate> {
        let Some(limit) = self.limits().concurrency.clone() else { return Ok(Gate::Open) };
        self.lock(Policy::Concurrency, key).await?;
        if self.turn(Policy::Concurrency).is_none() {
            self.take(Policy::Concurrency, key, false, self.now).await?;
        }
        if store::next(self.tx, self.plan.rule, key).await? == Some(self.plan.run) {
            store::pass(self.tx, self.plan.run, Policy::Concurrency).await?;
            return Ok(Gate::Open);
        }
        if limit.on_busy == OnBusy::Drop {
            let message = format!("another run has the key “{}”, and the rule says `on_busy: drop`", shown(key));
            return Ok(Gate::Shut(RunError { code: "busy".into(), message, step: None }));
        }
        let until = self.now + LOOK;
        Ok(Gate::Wait(Waiting::Key { key: shown(key) }, until))
    }
}

/// The run of a day at which the owner is warned: at four fifths, and not only when nothing is left.
fn warn_at(limit: i64) -> i64 {
    (limit.saturating_mul(4) + 4) / 5
}

fn shown(key: &str) -> String {
    key.chars().take(100).collect()
}
