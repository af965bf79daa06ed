//! Those of one workspace who wait, and what the log says for them.

use std::collections::HashMap;
use std::sync::Arc;

use trackside_rules::matcher::{Matcher, kind_matches};
use trackside_rules::{Compiled, EventStep, Facts, Kind, Vars, WaitStep};

use super::store::{self, Stored};
use crate::cx::{Cause, Source};
use crate::db::{Db, Rx, Tx};
use crate::events::store::Pending;
use crate::events::{self, KINDS};
use crate::ids::{EventId, RuleId, RunId, WorkspaceId};
use crate::lanes::Pace;
use crate::rules::Library;
use crate::{Class, Error, Result, access, crash, rules, runs};

/// How many events one page of one workspace holds.
const PAGE: i64 = 256;

/// The place of a wait: its run and step.
pub(super) type Key = (RunId, String);

/// A condition: a step of a version of a rule. Whether it holds for an event is the same for every run that waits at it.
type Asked = (RuleId, i64, String);

/// Somebody who waits.
pub(super) struct Waiter {
    pub(super) stored: Stored,
    /// The rule as it was when the run began.
    compiled: Arc<Compiled>,
    matcher: Matcher,
    kinds: Vec<&'static str>,
    /// Up to here nothing was found.
    pub(super) position: i64,
}

/// Those of one workspace who wait.
#[derive(Default)]
pub(super) struct Room {
    pub(super) waiters: HashMap<Key, Waiter>,
    /// It took long to look for them the last time: nobody else is to wait for that.
    pub(super) slow: bool,
}

/// What rooms look with.
#[derive(Clone)]
pub(super) struct Tools {
    pub(super) db: Db,
    pub(super) source: Source,
    pub(super) library: Arc<Library>,
}

/// How a look ended that was to be quick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// It came as far as it was to.
    Nothing,
    /// It takes long.
    Rest,
}

impl Room {
    /// Reads a page for those in front, and one for those behind, and wakes those for whom something came. With `quick` it is
    /// left where it takes long.
    pub(super) async fn look(
        &mut self,
        tools: &Tools,
        workspace: WorkspaceId,
        head: i64,
        pace: &Pace,
        quick: bool,
    ) -> Result<Left> {
        let positions = || self.waiters.values().map(|waiter| waiter.position);
        let (Some(last), Some(front)) = (positions().min(), positions().max()) else { return Ok(Left::Nothing) };
        // Those who come from far back must not hold up the others.
        if self.read(tools, workspace, (front, head), pace, quick).await? == Left::Rest {
            return Ok(Left::Rest);
        }
        if last < front {
            return self.read(tools, workspace, (last, front), pace, quick).await;
        }
        Ok(Left::Nothing)
    }

    /// Reads a page for those who have come to `after` or, as far as `until`, beyond.
    async fn read(
        &mut self,
        tools: &Tools,
        workspace: WorkspaceId,
        (after, until): (i64, i64),
        pace: &Pace,
        quick: bool,
    ) -> Result<Left> {
        if after >= until {
            return Ok(Left::Nothing);
        }
        let here = |waiter: &&Waiter| waiter.position >= after;
        let mut kinds: Vec<&str> = self.waiters.values().filter(here).flat_map(|waiter| waiter.kinds.clone()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let page = {
            let mut rx = tools.db.read().await?;
            events::store::of_kinds(&mut rx, workspace, after, until, &kinds, PAGE).await?
        };
        let full = page.len() as i64 == PAGE;
        let end = if full { page.last().map_or(until, |(_, position)| *position) } else { until };
        let mut before = after;
        for (id, position) in page {
            let event = events::store::find_pending(&mut *tools.db.read().await?, workspace, id).await?;
            let Some(event) = event else { continue };
            let Some(fitting) = self.fitting(&event, (after, position), pace, quick).await else {
                self.come(after, before);
                return Ok(Left::Rest);
            };
            for key in fitting {
                let Some(waiter) = self.waiters.get(&key) else { continue };
                if sees(&mut *tools.db.read().await?, waiter, &event).await? {
                    wake(tools, &key, event.id).await?;
                    self.waiters.remove(&key);
                }
            }
            before = position;
            // Others of this node have their turn.
            tokio::task::yield_now().await;
        }
        self.come(after, end);
        Ok(Left::Nothing)
    }

    /// Nothing was found up to here for those who had come to `after`.
    fn come(&mut self, after: i64, end: i64) {
        for waiter in self.waiters.values_mut().filter(|waiter| (after..end).contains(&waiter.position)) {
            waiter.position = end;
        }
    }

    /// Those who have come to `after` and wait for such an event. `None` when it was to be quick and is not.
    async fn fitting(
        &self,
        event: &Pending,
        (after, position): (i64, i64),
        pace: &Pace,
        quick: bool,
    ) -> Option<Vec<Key>> {
        let (mut seen, mut fitting) = (None, Vec::new());
        let mut judged: HashMap<Asked, bool> = HashMap::new();
        for (key, waiter) in &self.waiters {
            let comes = (after..position).contains(&waiter.position);
            if !comes || !waiter.kinds.contains(&event.kind.as_str()) {
                continue;
            }
            if quick && pace.is_over() {
                return None;
            }
            pace.breathe().await;
            let seen = seen.get_or_insert_with(|| {
                let fields = runs::judge::fields(event)?;
                Ok::<_, Error>((runs::judge::facts(fields.clone()).ok(), fields))
            });
            // Nobody can be told of what cannot be read.
            let Ok((facts, fields)) = seen else { return Some(Vec::new()) };
            if waiter.is_meant(event, fields) && waiter.holds(event, facts.as_ref(), &mut judged) {
                fitting.push(key.clone());
            }
        }
        Some(fitting)
    }
}

impl Waiter {
    /// That of a wait as it stands.
    pub(super) async fn of(rx: &mut Rx, library: &Library, stored: Stored) -> Result<Self> {
        let compiled = library.version(rx, stored.rule_id, stored.rule_version).await?;
        let wants =
            serde_json::from_str(&stored.wants).map_err(|error| Error::internal(format!("a match: {error}")))?;
        let event = step(&compiled, &stored.path).ok_or_else(|| Error::internal("the step waits for no event"))?;
        let matcher = event.matcher(&wants);
        let kinds = KINDS.iter().map(|kind| kind.name).filter(|kind| kind_matches(&event.on, kind)).collect();
        let position = stored.looked_at;
        Ok(Self { stored, compiled, matcher, kinds, position })
    }

    fn is_meant(&self, event: &Pending, fields: &serde_json::Value) -> bool {
        if self.stored.since.is_some_and(|since| event.occurred_at < since) || self.is_own(event) {
            return false;
        }
        self.matcher.matches(&event.kind, fields)
    }

    /// Whether its condition holds, asked once for all that wait at this step.
    fn holds(&self, event: &Pending, facts: Option<&Facts>, judged: &mut HashMap<Asked, bool>) -> bool {
        let step = step(&self.compiled, &self.stored.path);
        let Some(condition) = step.and_then(|step| step.only_if.as_ref()) else { return true };
        let asked = (self.stored.rule_id, self.stored.rule_version, step_id(&self.stored.path).to_owned());
        *judged.entry(asked).or_insert_with(|| {
            // What cannot be judged of an event is no reason to take it for the one that was meant.
            facts.is_some_and(|facts| {
                matches!(condition.eval_bool(&Vars::new(facts.clone(), event.occurred_at)), Ok(true))
            })
        })
    }

    /// Whether the run itself brought it about.
    fn is_own(&self, event: &Pending) -> bool {
        let cause = event.cause.as_deref().and_then(|cause| serde_json::from_str::<Cause>(cause).ok());
        cause.is_some_and(|cause| cause.run == self.stored.run_id)
    }
}

fn step_id(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

fn step<'c>(compiled: &'c Compiled, path: &str) -> Option<&'c EventStep> {
    match &compiled.step(step_id(path))?.kind {
        Kind::Wait(WaitStep::Event(event)) => Some(event),
        _ => None,
    }
}

/// Ends the wait and wakes its run: the job first, as workers take them.
async fn wake(tools: &Tools, (run, path): &Key, event: EventId) -> Result<()> {
    let (run, path, now) = (*run, path.clone(), tools.source.now());
    let wake = async move |tx: &mut Tx| {
        runs::service::wake(tx, run, now).await?;
        store::found(tx, run, &path, event).await?;
        crash::point("wait.found_before_commit");
        Ok(())
    };
    tools.db.write(wake).await?;
    crash::point("wait.found");
    Ok(())
}

/// Whether the rule's owner may see the event: what they may not see, the rule does not see, either.
async fn sees(rx: &mut Rx, waiter: &Waiter, event: &Pending) -> Result<bool> {
    let workspace = waiter.stored.workspace_id;
    let owner = match rules::service::find(rx, workspace, waiter.stored.rule_id).await {
        Ok(rule) => rule.owner_id,
        // It was deleted with its runs.
        Err(error) if error.class == Class::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let who = access::Who::User { id: owner };
    let actor = access::service::acting(rx, who, workspace, owner, event.occurred_at).await?;
    let fields = runs::judge::fields(event)?;
    Ok(actor.is_some_and(|actor| runs::judge::visible(&actor, event, &fields)))
}
