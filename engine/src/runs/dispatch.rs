//! Dispatch: takes events that nobody has looked at, gives them their place in the log, and starts the runs they ask for.
//!
//! Judging happens before the transaction ([`Judge`]), which then claims the events by giving them positions; of two
//! dispatchers that judged the same event only one gets it, and only that one's runs are stored.
//!
//! An event that comes from outside can be judged before it is written ([`Dispatcher::judge_ahead`]). If the rules are still
//! the same when it is, it is written with its place in the log and with its runs ([`admit`]): one commit for all, and
//! nothing is read again. Otherwise, and for every event of a change, the dispatcher does it, later.
//!
//! One workspace's slow conditions do not hold up the others: what takes long is judged apart ([`Slow`]).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::{Mutex as Turns, MutexGuard};

use super::hot::HotRuns;
use super::judge::{Judge, Started};
use super::model::NewRun;
use super::slow::Slow;
use super::{policy, service, store};
use crate::cx::Source;
use crate::db::{Db, Dialect, Signal, Tx};
use crate::events::store::{self as log, Pending};
use crate::events::{self, Fresh};
use crate::ids::{EventId, WorkspaceId};
use crate::jobs::{self, Job, Seats, Starter};
use crate::rules::{Book, Library};
use crate::{Error, Result, crash};

/// How many events one batch takes.
const BATCH: i64 = 256;
/// How long the events of one workspace are judged in one batch, about; what is left of them is judged apart.
const SLICE: Duration = Duration::from_millis(10);
/// The same where they are judged apart; then others have their turn.
const LONG_SLICE: Duration = Duration::from_secs(1);
/// How long to wait after events that were judged apart could not be stored.
const PAUSE: Duration = Duration::from_millis(500);

/// Turns undispatched events into runs. Clones work together.
#[derive(Clone)]
pub struct Dispatcher {
    db: Db,
    source: Source,
    library: Arc<Library>,
    hot: Arc<HotRuns>,
    starter: Option<Arc<dyn Starter>>,
    slow: Arc<Slow>,
    turns: Arc<Turns<()>>,
}

/// What a batch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dispatched {
    /// There were events, and there may be more.
    Some,
    /// There were none.
    None,
    /// There were some, but the rules changed meanwhile or another node had the head of the log: try again in a moment.
    Again,
}

/// What an event that is not written yet will start.
pub(crate) struct Ahead {
    revision: i64,
    runs: Vec<NewRun>,
}

/// Room on this node for the runs that are about to be written.
pub(crate) struct Room {
    seats: Seats,
    until: DateTime<Utc>,
}

/// An event, and the runs it starts.
type Judged = (EventId, Vec<Started>);

/// The code of the error when events were judged by rules that have changed.
pub(crate) const RULES_CHANGED: &str = "rules_changed";
/// The code of the error when a run's rule has just been deleted.
pub(crate) const RULE_GONE: &str = "reference_broken";

/// In whose name jobs are written as claimed, and until when.
pub(crate) type Claim = (String, DateTime<Utc>);

impl Room {
    /// What to write into the jobs.
    pub(crate) fn claim(&self) -> Claim {
        (self.seats.worker.clone(), self.until)
    }
}

impl Dispatcher {
    /// A dispatcher over this database.
    pub fn new(db: Db, source: Source, library: Arc<Library>, hot: Arc<HotRuns>) -> Self {
        Self { db, source, library, hot, starter: None, slow: Slow::new(), turns: Arc::default() }
    }

    /// Lets runs start at once on this node's own worker while it is free.
    pub fn starting(mut self, starter: Option<Arc<dyn Starter>>) -> Self {
        self.starter = starter;
        self
    }

    /// Dispatches one batch.
    pub async fn batch(&self) -> Result<Dispatched> {
        let pending = {
            let mut rx = self.db.read().await?;
            let pending = log::pending(&mut rx, BATCH, &self.slow.busy()).await?;
            if !pending.is_empty() {
                self.library.refresh(&mut rx).await?;
            }
            pending
        };
        if pending.is_empty() {
            return Ok(Dispatched::None);
        }
        let book = self.library.book();
        let (judged, slow) = self.judge(&book, pending);
        if !judged.is_empty() && !self.store(book.revision(), judged).await? {
            return Ok(Dispatched::Again);
        }
        slow.into_iter().for_each(|(workspace, events)| self.judge_apart(workspace, events));
        Ok(Dispatched::Some)
    }

    /// Judges events as far as that is quick; from the first of a workspace on for which it is not, its events are left.
    fn judge(&self, book: &Book, pending: Vec<Pending>) -> (Vec<Judged>, HashMap<WorkspaceId, Vec<Pending>>) {
        let judge = Judge { source: &self.source, book };
        let (mut judged, mut slow) = (Vec::with_capacity(pending.len()), HashMap::<_, Vec<Pending>>::new());
        let mut spent: HashMap<WorkspaceId, Duration> = HashMap::new();
        for event in pending {
            if let Some(left) = slow.get_mut(&event.workspace_id) {
                left.push(event);
                continue;
            }
            let spent = spent.entry(event.workspace_id).or_default();
            let began = Instant::now();
            match (*spent < SLICE).then(|| judge.judge_soon(&event)).flatten() {
                Some(started) => judged.push((event.id, started)),
                None => drop(slow.insert(event.workspace_id, vec![event])),
            }
            *spent += began.elapsed();
        }
        (judged, slow)
    }

    /// Judges and stores a workspace's events where they hold up nobody.
    fn judge_apart(&self, workspace: WorkspaceId, events: Vec<Pending>) {
        let Some(busy) = self.slow.begin(workspace) else { return };
        let this = self.clone();
        tokio::spawn(async move {
            if let Err(error) = this.judge_slowly(events).await {
                tracing::warn!(%workspace, %error, "events could not be dispatched; it is tried again");
                tokio::time::sleep(PAUSE).await;
            }
            drop(busy);
            this.db.signals().fire(Signal::Events);
        });
    }

    async fn judge_slowly(&self, events: Vec<Pending>) -> Result<()> {
        // Closed never.
        let _lane = self.slow.lanes.acquire().await;
        let (source, book) = (self.source.clone(), self.library.book());
        let revision = book.revision();
        let judge = move || {
            let (judge, began) = (Judge { source: &source, book: &book }, Instant::now());
            let in_time = |judged: &usize| *judged == 0 || began.elapsed() < LONG_SLICE;
            let events = events.into_iter().enumerate().take_while(|(judged, _)| in_time(judged));
            events.map(|(_, event)| (event.id, judge.judge(&event))).collect::<Vec<Judged>>()
        };
        let judged = tokio::task::spawn_blocking(judge).await;
        let judged = judged.map_err(|error| Error::internal(format!("judging events panicked: {error}")))?;
        // When it cannot be stored now, the events are read and judged again.
        self.store(revision, judged).await.map(drop)
    }

    /// Gives events their places in the log and starts their runs. False, and nothing done, when the rules are not those
    /// any more by which they were judged, or another node has the head of the log.
    async fn store(&self, revision: i64, judged: Vec<Judged>) -> Result<bool> {
        let (ids, runs): (Vec<EventId>, Vec<_>) = judged.into_iter().unzip();
        // Kept before the commit: a worker may claim a run the moment it stands. A plan of a run that another
        // dispatcher won is never asked for, and pushed out by later ones.
        let mut runs: Vec<NewRun> = runs.into_iter().flatten().map(|started| self.keep(started)).collect();
        let room = self.room(runs.iter());
        let (source, claim) = (self.source.clone(), room.as_ref().map(Room::claim));
        let _turn = self.turn().await;
        let written = self
            .db
            .write(async move |tx| {
                if Library::revision(tx).await? != revision {
                    return Ok(None);
                }
                let Some(head) = log::try_head(tx).await? else { return Ok(None) };
                let assigned: HashSet<EventId> =
                    log::assign(tx, &ids, head).await?.into_iter().map(|(id, _)| id).collect();
                if assigned.len() < ids.len() {
                    runs.retain(|run| run.event.is_none_or(|event| assigned.contains(&event)));
                }
                metrics::counter!("trackside_events_dispatched_total").increment(assigned.len() as u64);
                let claimed = write(tx, &source, &runs, claim.as_ref()).await?;
                tx.wake(Signal::Log);
                Ok(Some(claimed))
            })
            .await;
        match written {
            Ok(Some(claimed)) => {
                self.start(room, claimed);
                Ok(true)
            }
            Ok(None) => Ok(false),
            // A rule was deleted between the look at the revision and the commit.
            Err(error) if error.code == RULE_GONE => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Learns of rules that have changed.
    pub(crate) async fn refresh(&self) -> Result<()> {
        self.library.refresh(&mut *self.db.read().await?).await
    }

    fn keep(&self, (run, plan): Started) -> NewRun {
        plan.into_iter().for_each(|plan| self.hot.keep(plan));
        run
    }

    /// Judges an event that is about to be written, by the rules that this process knows; `None` when that takes longer
    /// than anybody should wait for an answer.
    pub(crate) fn judge_ahead(&self, event: &Fresh) -> Option<Ahead> {
        let book = self.library.book();
        let started = Judge { source: &self.source, book: &book }.judge_soon(&event.seen)?;
        Some(Ahead { revision: book.revision(), runs: started.into_iter().map(|started| self.keep(started)).collect() })
    }

    /// Keeps room for runs on this node's own worker, if it has any.
    fn room<'a>(&self, runs: impl Iterator<Item = &'a NewRun>) -> Option<Room> {
        let starting: Vec<WorkspaceId> = runs.filter(|run| !run.state.is_terminal()).map(|run| run.workspace).collect();
        let starter = self.starter.as_ref().filter(|_| !starting.is_empty())?;
        let seats = starter.reserve(&starting)?;
        let until = self.source.now() + seats.lease;
        Some(Room { seats, until })
    }

    /// [`room`](Self::room) for what these events will start.
    pub(crate) fn room_for<'a>(&self, events: impl Iterator<Item = &'a Ahead>) -> Option<Room> {
        self.room(events.flat_map(|ahead| &ahead.runs))
    }

    /// Waits until nobody else on this node has the head of the log locked. On SQLite the writer sees to that.
    pub(crate) async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        match self.db.dialect() {
            Dialect::Sqlite => None,
            Dialect::Postgres => Some(self.turns.lock().await),
        }
    }

    /// Starts what was written as claimed; call it after the commit.
    pub(crate) fn start(&self, room: Option<Room>, claimed: Vec<Job>) {
        crash::point("dispatch.committed");
        if let (Some(starter), Some(room)) = (&self.starter, room)
            && !claimed.is_empty()
        {
            starter.start(room.seats, claimed);
        }
    }
}

/// Writes events: those that were judged with their places in the log and their runs, unless another transaction has the
/// head of the log; the others for the dispatcher. Answers the jobs that were written as claimed. Fails with [`RULES_CHANGED`]
/// when the rules are not those any more by which an event was judged.
pub(crate) async fn admit(
    tx: &mut Tx,
    source: &Source,
    events: &[(&Fresh, Option<&Ahead>)],
    claim: Option<&Claim>,
) -> Result<Vec<Job>> {
    let (mut now, mut later, mut runs) = (Vec::with_capacity(events.len()), Vec::new(), Vec::new());
    let mut revision = None;
    for (event, ahead) in events {
        let Some(ahead) = ahead else {
            later.push(*event);
            continue;
        };
        let current = match revision {
            Some(current) => current,
            None => *revision.insert(Library::revision(tx).await?),
        };
        if ahead.revision != current {
            return Err(Error::busy(RULES_CHANGED, "The rules have changed meanwhile. Try again."));
        }
        now.push(*event);
        runs.extend_from_slice(&ahead.runs);
    }
    let head = if now.is_empty() { None } else { log::try_head(tx).await? };
    if head.is_none() {
        later.append(&mut now);
    }
    if !later.is_empty() {
        events::service::append(tx, &later, None).await?;
    }
    if now.is_empty() {
        return Ok(Vec::new());
    }
    events::service::append(tx, &now, head).await?;
    metrics::counter!("trackside_events_dispatched_total").increment(now.len() as u64);
    write(tx, source, &runs, claim).await
}

/// Writes runs and their jobs, as claimed if nobody waits in line before them; answers those.
async fn write(tx: &mut Tx, source: &Source, runs: &[NewRun], claim: Option<&Claim>) -> Result<Vec<Job>> {
    let mut claimed = Vec::new();
    if !runs.is_empty() {
        let now = source.now();
        store::insert_many(tx, runs, now).await?;
        policy::insert(tx, runs, now).await?;
        let jobs: Vec<_> =
            runs.iter().filter(|run| !run.state.is_terminal()).map(|run| service::job(run, now)).collect();
        match claim {
            Some((worker, until)) => claimed = jobs::service::enqueue_claimed(tx, &jobs, worker, *until).await?,
            None => jobs::service::enqueue_many(tx, &jobs).await?,
        }
    }
    crash::point("dispatch.before_commit");
    Ok(claimed)
}
