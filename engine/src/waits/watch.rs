//! Reads the log for those who wait, page by page behind the place that each has come to.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch::Receiver;
use trackside_rules::matcher::{Matcher, kind_matches};
use trackside_rules::{Compiled, EventStep, Kind, Vars, WaitStep};

use super::store::{self, Stored};
use crate::cx::{Cause, Source};
use crate::db::{Db, Signal, Tx};
use crate::events::store::Pending;
use crate::events::{self, KINDS};
use crate::ids::{EventId, RunId, WorkspaceId};
use crate::rules::Library;
use crate::{Class, Error, Result, access, crash, rules, runs};

/// How many events one page of one workspace holds.
const PAGE: i64 = 256;
/// How often everything that waits is read anew: what is over elsewhere is forgotten here, and how far was read is noted.
const REREAD: TimeDelta = TimeDelta::minutes(1);
/// How often those who have begun to wait are read when nothing was heard of any.
const RELOOK: TimeDelta = TimeDelta::seconds(1);
/// They are read from so long before the last time: transactions take a while, and clocks differ. What is missed even so is
/// read with all the others.
const OVERLAP: TimeDelta = TimeDelta::seconds(5);

/// The place of a wait: its run and step.
type Key = (RunId, String);

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// Nobody waits.
    Nobody,
    /// Everything was read that there is.
    All,
    /// There is more to read.
    More,
}

/// Somebody who waits.
struct Waiter {
    stored: Stored,
    /// The rule as it was when the run began.
    compiled: Arc<Compiled>,
    matcher: Matcher,
    kinds: Vec<&'static str>,
    /// Up to here nothing was found.
    position: i64,
}

/// Watches the log for the runs of all workspaces. One for each node; several find the same.
pub struct Watch {
    db: Db,
    source: Source,
    library: Arc<Library>,
    waiters: HashMap<Key, Waiter>,
    heard: Receiver<u64>,
    /// When those who wait were read, and when all of them.
    read_at: Option<DateTime<Utc>>,
    all_read_at: Option<DateTime<Utc>>,
}

impl Watch {
    /// A watch that knows nobody yet.
    pub fn new(db: Db, source: Source, library: Arc<Library>) -> Self {
        let heard = db.signals().watch(Signal::Waits);
        Self { db, source, library, waiters: HashMap::new(), heard, read_at: None, all_read_at: None }
    }

    /// Reads on, and wakes those for whom something came.
    pub async fn look(&mut self) -> Result<Looked> {
        self.refresh().await?;
        if self.waiters.is_empty() {
            return Ok(Looked::Nobody);
        }
        let head = events::service::head(&mut *self.db.read().await?).await?;
        let mut places: BTreeMap<WorkspaceId, (i64, i64)> = BTreeMap::new();
        for waiter in self.waiters.values() {
            let (last, front) = places.entry(waiter.stored.workspace_id).or_insert((waiter.position, waiter.position));
            (*last, *front) = ((*last).min(waiter.position), (*front).max(waiter.position));
        }
        for (workspace, (last, front)) in places {
            // Those who come from far back must not hold up the others.
            self.read(workspace, front, head).await?;
            if last < front {
                self.read(workspace, last, front).await?;
            }
        }
        let more = self.waiters.values().any(|waiter| waiter.position < head);
        Ok(if more { Looked::More } else { Looked::All })
    }

    /// Learns who waits.
    async fn refresh(&mut self) -> Result<()> {
        let now = self.source.now();
        let ago = |read: Option<DateTime<Utc>>, long| read.is_none_or(|read| now - read >= long || now < read);
        let all = ago(self.all_read_at, REREAD);
        if !all && !self.heard.has_changed().unwrap_or(true) && !ago(self.read_at, RELOOK) {
            return Ok(());
        }
        self.heard.mark_unchanged();
        if all {
            self.note().await?;
        }
        let since = if all { DateTime::UNIX_EPOCH } else { self.read_at.unwrap_or(now) - OVERLAP };
        let mut known = if all { std::mem::take(&mut self.waiters) } else { HashMap::new() };
        let mut rx = self.db.read().await?;
        for stored in store::open(&mut rx, since).await? {
            let key = (stored.run_id, stored.path.clone());
            if self.waiters.contains_key(&key) {
                continue;
            }
            let waiter = match known.remove(&key) {
                Some(waiter) => waiter,
                None => match waiter(&mut rx, &self.library, stored).await {
                    Ok(waiter) => waiter,
                    Err(error) => {
                        tracing::error!(run = %key.0, step = key.1, %error, "a run waits for what cannot be looked for");
                        continue;
                    }
                },
            };
            self.waiters.insert(key, waiter);
        }
        self.read_at = Some(now);
        if all {
            self.all_read_at = Some(now);
        }
        Ok(())
    }

    /// Notes how far was read, so that nobody who starts anew reads it all again.
    async fn note(&self) -> Result<()> {
        let mut places: BTreeMap<(WorkspaceId, i64), Vec<RunId>> = BTreeMap::new();
        for waiter in self.waiters.values().filter(|waiter| waiter.position > waiter.stored.looked_at) {
            places.entry((waiter.stored.workspace_id, waiter.position)).or_default().push(waiter.stored.run_id);
        }
        // A run with two waits stands with the one that is further back.
        let further: HashMap<RunId, i64> = self.waiters.values().fold(HashMap::new(), |mut least, waiter| {
            let place = least.entry(waiter.stored.run_id).or_insert(waiter.position);
            *place = (*place).min(waiter.position);
            least
        });
        for ((workspace, position), mut runs) in places {
            runs.retain(|run| further.get(run).is_none_or(|least| *least >= position));
            let note = async move |tx: &mut Tx| store::set_looked(tx, workspace, position, &runs).await;
            self.db.write(note).await?;
        }
        Ok(())
    }

    /// Reads a page for those who have come to `after` or, as far as `until`, beyond.
    async fn read(&mut self, workspace: WorkspaceId, after: i64, until: i64) -> Result<()> {
        if after >= until {
            return Ok(());
        }
        let here = |waiter: &&Waiter| waiter.stored.workspace_id == workspace && waiter.position >= after;
        let mut kinds: Vec<&str> = self.waiters.values().filter(here).flat_map(|waiter| waiter.kinds.clone()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let mut rx = self.db.read().await?;
        let page = events::store::of_kinds(&mut rx, workspace, after, until, &kinds, PAGE).await?;
        let full = page.len() as i64 == PAGE;
        let end = if full { page.last().map_or(until, |(_, position)| *position) } else { until };
        for (id, position) in page {
            let Some(event) = events::store::find_pending(&mut rx, workspace, id).await? else { continue };
            for key in self.fitting(&event, after, position) {
                let Some(waiter) = self.waiters.get(&key) else { continue };
                if sees(&mut rx, waiter, &event).await? {
                    self.wake(&key, event.id).await?;
                    self.waiters.remove(&key);
                }
            }
            // Others of this node have their turn.
            tokio::task::yield_now().await;
        }
        for waiter in self.waiters.values_mut() {
            if waiter.stored.workspace_id == workspace && (after..end).contains(&waiter.position) {
                waiter.position = end;
            }
        }
        Ok(())
    }

    /// Those who have come to `after` and wait for such an event.
    fn fitting(&self, event: &Pending, after: i64, position: i64) -> Vec<Key> {
        let mut seen = None;
        let mut fitting = Vec::new();
        for (key, waiter) in &self.waiters {
            let comes =
                (after..position).contains(&waiter.position) && waiter.stored.workspace_id == event.workspace_id;
            if !comes || !waiter.kinds.contains(&event.kind.as_str()) {
                continue;
            }
            let fields = match seen.get_or_insert_with(|| runs::judge::fields(event)) {
                Ok(fields) => fields,
                // Nobody can be told of what cannot be read.
                Err(_) => return Vec::new(),
            };
            if waiter.fits(event, fields) {
                fitting.push(key.clone());
            }
        }
        fitting
    }

    /// Ends the wait and wakes its run: the job first, as workers take them.
    async fn wake(&self, (run, path): &Key, event: EventId) -> Result<()> {
        let (run, path, now) = (*run, path.clone(), self.source.now());
        let wake = async move |tx: &mut Tx| {
            runs::service::wake(tx, run, now).await?;
            store::found(tx, run, &path, event).await?;
            crash::point("wait.found_before_commit");
            Ok(())
        };
        self.db.write(wake).await?;
        crash::point("wait.found");
        Ok(())
    }
}

impl Waiter {
    fn step(&self) -> Option<&EventStep> {
        step(&self.compiled, &self.stored.path)
    }

    fn fits(&self, event: &Pending, fields: &serde_json::Value) -> bool {
        if self.stored.since.is_some_and(|since| event.occurred_at < since) || self.is_own(event) {
            return false;
        }
        if !self.matcher.matches(&event.kind, fields) {
            return false;
        }
        let Some(condition) = self.step().and_then(|step| step.only_if.as_ref()) else { return true };
        let holds =
            runs::judge::facts(fields.clone()).map(|facts| condition.eval_bool(&Vars::new(facts, event.occurred_at)));
        // What cannot be judged of an event is no reason to take it for the one that was meant.
        matches!(holds, Ok(Ok(true)))
    }

    /// Whether the run itself brought it about.
    fn is_own(&self, event: &Pending) -> bool {
        let cause = event.cause.as_deref().and_then(|cause| serde_json::from_str::<Cause>(cause).ok());
        cause.is_some_and(|cause| cause.run == self.stored.run_id)
    }
}

fn step<'c>(compiled: &'c Compiled, path: &str) -> Option<&'c EventStep> {
    let id = path.rsplit('.').next().unwrap_or(path);
    match &compiled.step(id)?.kind {
        Kind::Wait(WaitStep::Event(event)) => Some(event),
        _ => None,
    }
}

async fn waiter(rx: &mut crate::db::Rx, library: &Library, stored: Stored) -> Result<Waiter> {
    let compiled = library.version(rx, stored.rule_id, stored.rule_version).await?;
    let wants = serde_json::from_str(&stored.wants).map_err(|error| Error::internal(format!("a match: {error}")))?;
    let event = step(&compiled, &stored.path).ok_or_else(|| Error::internal("the step waits for no event"))?;
    let matcher = event.matcher(&wants);
    let kinds = KINDS.iter().map(|kind| kind.name).filter(|kind| kind_matches(&event.on, kind)).collect();
    let position = stored.looked_at;
    Ok(Waiter { stored, compiled, matcher, kinds, position })
}

/// Whether the rule's owner may see the event: what they may not see, the rule does not see, either.
async fn sees(rx: &mut crate::db::Rx, waiter: &Waiter, event: &Pending) -> Result<bool> {
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
