//! What each limit says to a run that asks, and what a run uses up that begins.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use trackside_rules::model::{OnBusy, Policy as Limits};

use super::super::hot::Plan;
use super::super::model::{RunError, Waiting};
use super::super::store as runs;
use super::store::{self, Stored};
use super::turns::{Policy, Turn, hasten, lock};
use crate::Result;
use crate::db::Tx;
use crate::ids::RunId;

/// How often a run that waits for its key looks by itself. Usually the end of the one before it wakes it.
const LOOK: TimeDelta = TimeDelta::minutes(10);
/// Days that a run may be put off by its rule's budget.
const DAYS: u64 = 366;
/// So many runs are counted that wait before another for their rate; who is further back looks again then.
const FAR: i64 = 1_000;

/// What one limit says.
pub(super) enum Gate {
    Open,
    /// Not before this time, or a word from another run.
    Wait(Waiting, DateTime<Utc>),
    /// Not at all.
    Shut(RunError),
}

/// One run that asks to begin.
pub(super) struct Entry<'e> {
    pub tx: &'e mut Tx,
    pub plan: &'e Plan,
    pub now: DateTime<Utc>,
    /// Its concurrency key, if it has one.
    pub own: Option<String>,
    /// Whether it has not yet cancelled those before it.
    pub may_replace: bool,
    pub turns: Vec<Stored>,
    /// The runs whose place it takes, once nothing else keeps it.
    pub in_place_of: Vec<RunId>,
    /// What the owner is to hear.
    pub notes: Vec<String>,
}

impl Entry<'_> {
    /// Asks each limit in turn, up to the first that is not open. All lock their keys in the same order. Nothing is used up
    /// by asking.
    pub async fn pass(&mut self) -> Result<Gate> {
        for (at, policy) in Policy::ORDER.into_iter().enumerate() {
            let gate = match policy {
                Policy::Dedupe => self.dedupe().await?,
                Policy::Debounce => match self.debounce().await? {
                    Gate::Open => self.after_those_of_its_key().await?,
                    gate => gate,
                },
                Policy::Concurrency => self.concurrency().await?,
                Policy::Day => self.day().await?,
                Policy::Throttle => self.throttle().await?,
            };
            if !matches!(gate, Gate::Open) {
                // Who is kept elsewhere keeps nobody behind it from beginning.
                for later in &Policy::ORDER[at + 1..] {
                    if matches!(later, Policy::Day | Policy::Throttle)
                        && self.turn(*later).is_some_and(|turn| !turn.passed)
                    {
                        store::drop(self.tx, self.plan.run, *later).await?;
                    }
                }
                return Ok(gate);
            }
        }
        Ok(Gate::Open)
    }

    /// Uses up what a run does that begins. If it takes the place of others, all but their key: that is free when they are
    /// over, and what this run has is kept for it until then.
    pub async fn begin(&mut self) -> Result<()> {
        let (run, rule) = (self.plan.run, self.plan.rule);
        if let Some(turn) = self.turn(Policy::Dedupe).filter(|turn| !turn.passed) {
            store::pass(self.tx, run, Policy::Dedupe).await?;
            let next = store::first(self.tx, rule, Policy::Dedupe, &turn.key).await?;
            hasten(self.tx, next, self.now).await?;
        }
        let (day, throttle) = (self.has_passed(Policy::Day), self.has_passed(Policy::Throttle));
        if let Some(limit) = self.a_day().filter(|_| !day) {
            let today = self.today();
            let used = store::of_day(self.tx, rule, &today).await? + 1;
            self.put(Policy::Day, &today, true, self.now).await?;
            // Once a day, since the rows are counted under a lock.
            if used == warn_at(limit) {
                let left = limit - used;
                self.notes.push(format!("has begun {used} of its {limit} runs of today; {left} are left"));
            }
        }
        if self.limits().throttle.is_some() && !throttle {
            self.put(Policy::Throttle, "", true, self.now).await?;
        }
        if self.in_place_of.is_empty() {
            store::pass(self.tx, run, Policy::Concurrency).await?;
            runs::set_admitted(self.tx, run).await?;
        }
        Ok(())
    }

    fn limits(&self) -> &Limits {
        &self.plan.compiled.rule.policy
    }

    fn turn(&self, policy: Policy) -> Option<Stored> {
        self.turns.iter().find(|turn| turn.policy == policy).cloned()
    }

    fn has_passed(&self, policy: Policy) -> bool {
        self.turn(policy).is_some_and(|turn| turn.passed)
    }

    async fn lock(&mut self, policy: Policy, key: &str) -> Result<()> {
        lock(self.tx, self.plan.rule, policy, key).await
    }

    /// Writes a turn that the event did not give.
    async fn put(&mut self, policy: Policy, key: &str, passed: bool, at: DateTime<Utc>) -> Result<()> {
        let (plan, turn) = (self.plan, Turn { policy, key: key.to_owned() });
        store::put(self.tx, plan.workspace, plan.run, plan.rule, &turn, passed, at).await
    }

    /// A run by hand, and one that repeats another, has no such turn: whoever asks for it means it. A key belongs to the run
    /// that began.
    async fn dedupe(&mut self) -> Result<Gate> {
        let Some(turn) = self.turn(Policy::Dedupe).filter(|turn| !turn.passed) else { return Ok(Gate::Open) };
        let rule = self.plan.rule;
        self.lock(Policy::Dedupe, &turn.key).await?;
        let within = self.limits().dedupe.as_ref().and_then(|dedupe| dedupe.within);
        let since = within.and_then(|within| TimeDelta::from_std(within.0).ok()).map(|within| turn.at - within);
        if let Some(since) = since {
            store::prune(self.tx, rule, Policy::Dedupe, since).await?;
        }
        if let Some(before) = store::passed(self.tx, rule, Policy::Dedupe, &turn.key, since).await? {
            let message = format!("run {before} had the same key, “{}”", shown(&turn.key));
            return Ok(Gate::Shut(RunError { code: "duplicate".into(), message, step: None }));
        }
        Ok(Gate::Open)
    }

    async fn debounce(&mut self) -> Result<Gate> {
        let limit = self.limits().debounce.as_ref().and_then(|limit| TimeDelta::from_std(limit.quiet.0).ok());
        let (Some(quiet), Some(turn)) = (limit, self.turn(Policy::Debounce)) else { return Ok(Gate::Open) };
        self.lock(Policy::Debounce, &turn.key).await?;
        if let Some(later) = store::after(self.tx, self.plan.rule, &turn).await? {
            let message = format!("run {later} came before it had been quiet for long enough, and goes in its place");
            return Ok(Gate::Shut(RunError { code: "debounced".into(), message, step: None }));
        }
        // The one whose place this one takes says so at once.
        let before = store::before(self.tx, self.plan.rule, &turn).await?;
        hasten(self.tx, before, self.now).await?;
        let until = turn.at + quiet;
        if self.now < until {
            return Ok(Gate::Wait(Waiting::Quiet { until }, until));
        }
        store::drop(self.tx, self.plan.run, Policy::Debounce).await?;
        Ok(Gate::Open)
    }

    /// While one with its dedupe key that came before may still begin, a run waits for what becomes of it.
    async fn after_those_of_its_key(&mut self) -> Result<Gate> {
        let Some(turn) = self.turn(Policy::Dedupe).filter(|turn| !turn.passed) else { return Ok(Gate::Open) };
        Ok(match store::before(self.tx, self.plan.rule, &turn).await? {
            Some(_) => Gate::Wait(Waiting::Key { key: shown(&turn.key) }, self.now + LOOK),
            None => Gate::Open,
        })
    }

    async fn concurrency(&mut self) -> Result<Gate> {
        let (Some(limit), Some(key)) = (self.limits().concurrency.clone(), self.own.clone()) else {
            return Ok(Gate::Open);
        };
        let (run, rule) = (self.plan.run, self.plan.rule);
        if self.has_passed(Policy::Concurrency) {
            return Ok(Gate::Open);
        }
        self.lock(Policy::Concurrency, &key).await?;
        if self.turn(Policy::Concurrency).is_none() {
            self.put(Policy::Concurrency, &key, false, self.now).await?;
        }
        let wait = || Gate::Wait(Waiting::Key { key: shown(&key) }, self.now + LOOK);
        let shut = |code: &str, message: String| Gate::Shut(RunError { code: code.into(), message, step: None });
        match limit.on_busy {
            OnBusy::Queue => {
                let next = store::next(self.tx, rule, &key).await?;
                Ok(if next == Some(run) { Gate::Open } else { wait() })
            }
            // Whoever asks first while nobody has the key gets it: one that only waits may never begin.
            OnBusy::Drop => Ok(match store::passed(self.tx, rule, Policy::Concurrency, &key, None).await? {
                None => Gate::Open,
                Some(other) => {
                    let key = shown(&key);
                    shut("busy", format!("run {other} has the key “{key}”, and the rule says `on_busy: drop`"))
                }
            }),
            OnBusy::Replace => {
                let earlier = store::earlier(self.tx, rule, run, &key).await?;
                let holder = store::passed(self.tx, rule, Policy::Concurrency, &key, None).await?;
                if let Some(newer) = holder.filter(|holder| !earlier.contains(holder)) {
                    return Ok(shut("replaced", format!("run {newer} of the same key is newer, and took its place")));
                }
                if !self.may_replace && !earlier.is_empty() {
                    return Ok(wait());
                }
                self.in_place_of = earlier;
                Ok(Gate::Open)
            }
        }
    }

    fn a_day(&self) -> Option<i64> {
        self.limits().budget.as_ref().and_then(|budget| budget.runs_per_day).map(i64::from)
    }

    fn today(&self) -> String {
        self.now.date_naive().to_string()
    }

    /// Those that wait go first when a new day begins, in the order in which they came.
    async fn day(&mut self) -> Result<Gate> {
        let Some(limit) = self.a_day() else { return Ok(Gate::Open) };
        let waiting = |until| Gate::Wait(Waiting::Budget { until }, until);
        let known = self.turn(Policy::Day);
        match &known {
            Some(turn) if turn.passed => return Ok(Gate::Open),
            Some(turn) if turn.at > self.now => return Ok(waiting(turn.at)),
            _ => {}
        }
        let rule = self.plan.rule;
        self.lock(Policy::Day, "").await?;
        store::prune(self.tx, rule, Policy::Day, self.now - TimeDelta::days(2)).await?;
        let today = self.today();
        let left = (limit - store::of_day(self.tx, rule, &today).await?).max(0);
        let seq = known.as_ref().map(|turn| turn.seq);
        let ahead = store::ahead(self.tx, rule, Policy::Day, seq, i64::MAX).await?;
        if ahead < left {
            return Ok(Gate::Open);
        }
        let days = u64::try_from(1 + (ahead - left) / limit).unwrap_or(u64::MAX);
        let begins = self.now.date_naive().checked_add_days(Days::new(days)).filter(|_| days <= DAYS);
        let Some(begins) = begins.map(|day| day.and_time(NaiveTime::MIN).and_utc()) else {
            let message = format!("the rule's budget of {limit} runs a day is used up for the next {DAYS} days");
            return Ok(Gate::Shut(RunError { code: "budget".into(), message, step: None }));
        };
        if known.is_none() && ahead == left {
            self.notes.push(format!("has used up its {limit} runs of today; the others wait for tomorrow, 00:00 UTC"));
        }
        self.put(Policy::Day, "", false, begins).await?;
        Ok(waiting(begins))
    }

    /// What counts is when runs began, not when they were to: what was late does not begin all at once.
    async fn throttle(&mut self) -> Result<Gate> {
        let Some(limit) = self.limits().throttle.clone() else { return Ok(Gate::Open) };
        let waiting = |until| Gate::Wait(Waiting::Rate { until }, until);
        let known = self.turn(Policy::Throttle);
        match &known {
            Some(turn) if turn.passed => return Ok(Gate::Open),
            Some(turn) if turn.at > self.now => return Ok(waiting(turn.at)),
            _ => {}
        }
        let (rule, runs) = (self.plan.rule, i64::from(limit.runs.max(1)));
        self.lock(Policy::Throttle, "").await?;
        let per = TimeDelta::from_std(limit.per.0).unwrap_or(TimeDelta::MAX);
        store::prune(self.tx, rule, Policy::Throttle, self.now - per).await?;
        let seq = known.as_ref().map(|turn| turn.seq);
        let ahead = store::ahead(self.tx, rule, Policy::Throttle, seq, FAR).await?;
        // Of `runs` in a row each goes when the one `runs` before it is so long ago.
        let nth = store::nth(self.tx, rule, runs - 1 - ahead % runs).await?;
        let first = nth.map_or(self.now, |nth| self.now.max(nth + per));
        let rounds = i32::try_from(ahead / runs).unwrap_or(i32::MAX);
        let at = per.checked_mul(rounds).and_then(|more| first.checked_add_signed(more)).unwrap_or(first + per);
        if at <= self.now {
            return Ok(Gate::Open);
        }
        self.put(Policy::Throttle, "", false, at).await?;
        Ok(waiting(at))
    }
}

/// The run of a day at which the owner is warned: at four fifths, and not only when nothing is left.
fn warn_at(limit: i64) -> i64 {
    (limit.saturating_mul(4) + 4) / 5
}

pub(super) fn shown(key: &str) -> String {
    key.chars().take(100).collect()
}
