//! The job that carries a back-test on.
//!
//! It reads the log in pages, judges them where that holds up nobody ([`lanes`](crate::lanes)), and walks through the steps of the events that
//! would have fired. How far it came is written with what was found, now and then and fenced by the job's lease, so a
//! back-test that is taken up again counts nothing twice. After a turn others of its queue go first. One that kills its
//! workers, or cannot go on, fails: none stays under way for ever.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use trackside_rules::{Facts, Parts};

use super::model::{BacktestRow, BacktestState, EventShort, Firing, Found, Reason};
use super::service::{read, scopes, text};
use super::{kinds, store};
use crate::access::{self, Actor, Who};
use crate::cx::Source;
use crate::db::{Rx, Tx};
use crate::events::store::{self as log, Past, Pending, Range};
use crate::ids::BacktestId;
use crate::jobs::{self, Job, Outcome, Ticket};
use crate::lanes::Pace;
use crate::rules::{Entry, RuleInfo};
use crate::runs::service::CRASH_LIMIT;
use crate::runs::{self, Hindrance, Mode, Rehearsal, Stage, Would};
use crate::{Class, Error, Result, crash, rules, variables};

/// The kind of job.
pub const BACKTEST: &str = "backtest";
/// The queue it stands in.
pub const QUEUE: &str = "maintenance";
/// Events of a page.
const PAGE: i64 = 500;
/// Positions of the log that a page is looked for in: events of other kinds and workspaces lie between.
const WINDOW: i64 = 20_000;
/// So many events at which the rule fires are judged before their steps are gone through, and for so long.
const MOST_FIRED: usize = 20;
const SLICE: Duration = Duration::from_secs(1);
/// How often it is written how far it came.
const SAVED_EVERY: Duration = Duration::from_millis(500);
/// How long it goes on before others have their turn.
const TURN: Duration = Duration::from_secs(20);
/// How many firings are kept, and steps of each.
const MOST_FIRINGS: usize = 50;
const MOST_STEPS: usize = 20;
/// Bytes of an input or output that are kept with a firing.
const KEPT_BYTES: usize = 2_000;
/// How long to wait when the database does not answer.
const PAUSE: Duration = Duration::from_millis(500);

/// A back-test that is carried on.
struct Test {
    row: BacktestRow,
    rule: Judged,
    /// Who looks, with what they may see now.
    eyes: Actor,
    /// With whose eyes steps go over tasks.
    walks: Actor,
    kinds: Vec<&'static str>,
    found: Found,
    reasons: HashMap<(Hindrance, String), i64>,
    /// What was read and not judged yet, and how far the log is read with it.
    page: VecDeque<Past>,
    page_end: i64,
}

/// A rule, and what tells why it does not fire.
type Judged = (Entry, Option<Parts>);

/// Carries a back-test on, as its job says.
pub async fn run(stage: &Stage, source: &Source, job: &Job, id: BacktestId) -> Outcome {
    match turn(stage, source, job, id).await {
        Ok(outcome) => outcome,
        Err(error) if error.code == jobs::LEASE_LOST => Outcome::Released,
        Err(error) if error.class == Class::Busy => {
            tokio::time::sleep(PAUSE).await;
            Outcome::Released
        }
        Err(error) => {
            tracing::warn!(backtest = %id, %error, "a back-test failed");
            Outcome::of(finish(stage, source, job.ticket(), id, Some(error.detail())).await)
        }
    }
}

async fn turn(stage: &Stage, source: &Source, job: &Job, id: BacktestId) -> Result<Outcome> {
    let row = store::read(&mut *stage.db.read().await?, id).await?;
    // Its rule was deleted, or somebody was faster.
    let Some(row) = row.filter(|row| !row.state.is_over()) else { return Ok(Outcome::Done) };
    if job.attempts > CRASH_LIMIT {
        let message = format!("the worker died {CRASH_LIMIT} times at it; narrow the stretch");
        return Err(Error::internal(message));
    }
    let mut test = open(stage, source, row).await?;
    let (began, mut saved) = (Instant::now(), Instant::now());
    while test.row.position < test.row.last_position {
        test.go_on(stage).await?;
        if began.elapsed() > TURN {
            save(stage, source, job.ticket(), &mut test, true).await?;
            return Ok(Outcome::Settled);
        }
        if saved.elapsed() > SAVED_EVERY {
            save(stage, source, job.ticket(), &mut test, false).await?;
            saved = Instant::now();
        }
        tokio::task::yield_now().await;
    }
    save(stage, source, job.ticket(), &mut test, false).await?;
    finish(stage, source, job.ticket(), id, None).await?;
    Ok(Outcome::Settled)
}

/// All that a back-test is carried on with, as it is now.
async fn open(stage: &Stage, source: &Source, row: BacktestRow) -> Result<Test> {
    let mut rx = stage.db.read().await?;
    let rule = rules::service::find(&mut rx, row.workspace_id, row.rule_id).await?;
    let compiled = stage.library.version(&mut rx, rule.id, row.rule_version).await?;
    let parts = compiled.condition.as_ref().map(|condition| Parts::of(stage.library.sandbox(), condition));
    let now = source.now();
    let asker = access::service::acting(&mut rx, Who::User { id: row.user_id }, row.workspace_id, row.user_id, now);
    let gone = || Error::denied("whoever asked for it is no longer a member of the workspace; ask for another");
    let eyes = Actor { scopes: scopes(&row), ..asker.await?.ok_or_else(gone)? };
    let owner = owner(&mut rx, &rule, now).await?;
    let walks = walks(&eyes, owner.as_ref(), &rule);
    let kinds = kinds(&compiled.rule.trigger);
    let variables = variables::for_judging(&mut rx, row.workspace_id, owner.as_ref(), &compiled).await?;
    let entry = Entry {
        rule: rule.id,
        version: row.rule_version,
        owner: rule.owner_id,
        acting: owner,
        mode: Mode::Shadow,
        compiled,
        variables,
        slow: false.into(),
        meter: Arc::default(),
    };
    let found = read(&row.found)?;
    let reasons = found.not_fired.iter().map(|reason| ((reason.what, reason.at.clone()), reason.events)).collect();
    let (page, page_end) = (VecDeque::new(), row.position);
    Ok(Test { row, rule: (entry, parts), eyes, walks, kinds, found, reasons, page, page_end })
}

/// A rule's owner with the rights that they have now; nobody once they have left.
pub(super) async fn owner(rx: &mut Rx, rule: &RuleInfo, now: DateTime<Utc>) -> Result<Option<Actor>> {
    access::service::acting(rx, Who::User { id: rule.owner_id }, rule.workspace_id, rule.owner_id, now).await
}

/// With whose eyes a rule's steps go over tasks: its owner's, unless they may see what whoever asks may not.
pub(super) fn walks(asks: &Actor, owner: Option<&Actor>, rule: &RuleInfo) -> Actor {
    let whole = |owner: &&Actor| asks.scopes.is_none() && (asks.user() == Some(rule.owner_id) || asks.covers(owner));
    owner.filter(whole).unwrap_or(asks).clone()
}

impl Test {
    /// Looks at some of the next events.
    async fn go_on(&mut self, stage: &Stage) -> Result<()> {
        let workspace = self.row.workspace_id;
        if self.page.is_empty() {
            let until = self.row.last_position.min(self.row.position + WINDOW);
            let (range, kinds) = (Range { after: self.row.position, until, limit: PAGE }, self.kinds.clone());
            let events =
                stage.db.scan(async move |rx: &mut Rx| log::stretch(rx, workspace, range, &kinds).await).await?;
            // An empty page says that there are none up to `until`.
            self.page_end = events.last().and_then(|event| event.position).unwrap_or(until);
            self.page = events.into();
        }
        let pace = Pace::new(true);
        let fired = stage.library.lanes().paced(workspace, &pace, self.judge(&pace)).await;
        for (event, facts) in &fired {
            let rehearsal = stage.rehearse(&self.rule.0, event, facts, &self.walks).await?;
            self.found.add(event, facts, rehearsal);
        }
        if self.page.is_empty() {
            self.row.position = self.page_end;
        }
        Ok(())
    }

    /// Holds the rule against events of the page, as far as that goes now; answers those at which it fires.
    async fn judge(&mut self, pace: &Pace) -> Vec<(Pending, Facts)> {
        let (from, to, mut fired) = (self.row.from_at, self.row.to_at, Vec::new());
        while fired.len() < MOST_FIRED && pace.worked() < SLICE {
            let Some(event) = self.page.pop_front() else { break };
            self.row.position = event.position.unwrap_or(self.row.position);
            let asked = from.is_none_or(|from| event.occurred_at >= from) && to.is_none_or(|to| event.occurred_at < to);
            if !asked || !event.seen_by(&self.eyes) {
                continue;
            }
            let event = event.pending();
            self.found.events += 1;
            match runs::tally(&self.rule.0, self.rule.1.as_ref(), &event) {
                Ok(facts) => fired.push((event, facts)),
                Err(reason) => *self.reasons.entry(reason).or_default() += 1,
            }
            pace.breathe().await;
        }
        fired
    }
}

impl Found {
    /// Adds one time that the rule would have fired.
    fn add(&mut self, event: &Pending, facts: &Facts, rehearsal: Rehearsal) {
        self.fired += 1;
        *self.states.entry(rehearsal.state.to_string()).or_default() += 1;
        *self.days.entry(event.occurred_at.format("%Y-%m-%d").to_string()).or_default() += 1;
        for step in rehearsal.steps.iter().filter(|step| step.does.is_some()) {
            *self.actions.entry(step.kind.clone()).or_default() += 1;
            for change in &step.changes {
                *self.changed.entry(change.field.clone()).or_default() += 1;
            }
        }
        if self.firings.len() < MOST_FIRINGS {
            self.firings.push(Firing {
                event: EventShort { id: Some(event.id), kind: event.kind.clone(), occurred_at: event.occurred_at },
                task: facts.json()["task"]["key"].as_str().map(str::to_owned),
                state: rehearsal.state,
                error: rehearsal.error,
                steps: rehearsal.steps.into_iter().take(MOST_STEPS).map(cut).collect(),
            });
        }
    }
}

/// A step as it is kept.
fn cut(step: Would) -> Would {
    let cut = |value: Value| {
        let text = value.to_string();
        if text.len() <= KEPT_BYTES {
            return value;
        }
        json!({ "truncated": true, "bytes": text.len(), "beginning": text.chars().take(KEPT_BYTES / 4).collect::<String>() })
    };
    let mut changes = step.changes;
    for change in &mut changes {
        change.from = change.from.take().map(cut);
        change.to = cut(change.to.take());
    }
    Would { input: step.input.map(cut), output: step.output.map(cut), changes, ..step }
}

/// Writes how far it came, as long as the job is still this worker's. At the end of a turn the job goes behind others.
async fn save(stage: &Stage, source: &Source, ticket: Ticket, test: &mut Test, rests: bool) -> Result<()> {
    let mut reasons: Vec<Reason> = test
        .reasons
        .iter()
        .map(|((what, at), events)| Reason { what: *what, at: at.clone(), events: *events })
        .collect();
    reasons.sort_by(|one, other| (other.events, &one.at).cmp(&(one.events, &other.at)));
    test.found.not_fired = reasons;
    let (id, position, found, now) = (test.row.id, test.row.position, text(&test.found)?, source.now());
    stage
        .db
        .write(async move |tx: &mut Tx| {
            match rests {
                true => jobs::service::reschedule(tx, ticket, now).await?,
                false => jobs::service::hold(tx, ticket).await?,
            }
            store::progress(tx, id, position, &found, now).await?;
            crash::point("backtest.before_commit");
            Ok(())
        })
        .await?;
    crash::point("backtest.saved");
    Ok(())
}

/// Ends it and its job together.
async fn finish(stage: &Stage, source: &Source, ticket: Ticket, id: BacktestId, error: Option<&str>) -> Result<()> {
    let (error, now) = (error.map(str::to_owned), source.now());
    let state = if error.is_some() { BacktestState::Failed } else { BacktestState::Finished };
    stage
        .db
        .write(async move |tx: &mut Tx| {
            jobs::service::complete(tx, ticket).await?;
            store::finish(tx, id, state, error.as_deref(), now).await
        })
        .await
}
