//! Dispatch: takes events that nobody has looked at, gives them their place in the log, and starts the runs they ask for.
//!
//! Judging happens before the transaction ([`Judge`]), which then claims the events by giving them positions; of two
//! dispatchers that judged the same event only one gets it, and only that one's runs are stored.
//!
//! An event that comes from outside can be judged before it is written ([`Dispatcher::judge_ahead`]). If the rules are still
//! the same when it is, it is written with its place in the log and with its runs ([`admit`]): one commit for all, and
//! nothing is read again. Otherwise, and for every event of a change, the dispatcher does it, later.
//!
//! One workspace's slow conditions do not hold up the others: having used its slice of a batch, it rests for as long as it
//! took.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::{Mutex as Turns, MutexGuard};

use super::hot::HotRuns;
use super::judge::{Judge, Started};
use super::model::NewRun;
use super::{service, store};
use crate::cx::Source;
use crate::db::{Db, Dialect, Signal, Tx};
use crate::events::store::{self as log, Pending};
use crate::events::{self, Fresh};
use crate::ids::{EventId, WorkspaceId};
use crate::jobs::{self, Job, Seats, Starter};
use crate::rules::Library;
use crate::{Result, crash};

/// How many events one batch takes.
const BATCH: i64 = 256;
/// How long the events of one workspace are judged in one batch, about.
const SLICE: Duration = Duration::from_millis(10);

/// Turns undispatched events into runs. Clones work together.
#[derive(Clone)]
pub struct Dispatcher {
    db: Db,
    source: Source,
    library: Arc<Library>,
    hot: Arc<HotRuns>,
    starter: Option<Arc<dyn Starter>>,
    resting: Arc<Mutex<HashMap<WorkspaceId, Instant>>>,
    turns: Arc<Turns<()>>,
}

/// What a batch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dispatched {
    /// So many events; there may be more.
    Events(usize),
    /// None that could be taken now.
    Nothing {
        /// When to look again in any case, if there are events that had to be left.
        rest: Option<Duration>,
    },
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
        Self { db, source, library, hot, starter: None, resting: Arc::default(), turns: Arc::default() }
    }

    /// Lets runs start at once on this node's own worker while it is free.
    pub fn starting(mut self, starter: Option<Arc<dyn Starter>>) -> Self {
        self.starter = starter;
        self
    }

    /// Dispatches one batch.
    pub async fn batch(&self) -> Result<Dispatched> {
        let (resting, rest) = self.resting();
        let pending = {
            let mut rx = self.db.read().await?;
            let pending = log::pending(&mut rx, BATCH, &resting).await?;
            if !pending.is_empty() {
                self.library.refresh(&mut rx).await?;
            }
            pending
        };
        if pending.is_empty() {
            return Ok(Dispatched::Nothing { rest });
        }
        let judged = self.judge(pending);
        let taken = judged.len();
        self.store(judged).await?;
        metrics::counter!("trackside_events_dispatched_total").increment(taken as u64);
        Ok(Dispatched::Events(taken))
    }

    /// Judges events as far as the slices of their workspaces go; each workspace has at least one judged.
    fn judge(&self, pending: Vec<Pending>) -> Vec<(EventId, Vec<Started>)> {
        let book = self.library.book();
        let judge = Judge { source: &self.source, book: &book };
        let mut judged = Vec::with_capacity(pending.len());
        let mut spent: HashMap<WorkspaceId, Duration> = HashMap::new();
        let mut began = Instant::now();
        for event in pending {
            let spent = spent.entry(event.workspace_id).or_default();
            if *spent < SLICE {
                judged.push((event.id, judge.judge(&event)));
                let now = Instant::now();
                *spent += now - began;
                began = now;
            }
        }
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let over = spent.into_iter().filter(|(_, spent)| *spent >= SLICE);
        resting.extend(over.map(|(workspace, spent)| (workspace, began + spent)));
        judged
    }

    /// The workspaces that rest now, and for how long at least one of them does.
    fn resting(&self) -> (Vec<WorkspaceId>, Option<Duration>) {
        let now = Instant::now();
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.retain(|_, until| *until > now);
        (resting.keys().copied().collect(), resting.values().min().map(|until| *until - now))
    }

    async fn store(&self, judged: Vec<(EventId, Vec<Started>)>) -> Result<()> {
        let (ids, runs): (Vec<EventId>, Vec<_>) = judged.into_iter().unzip();
        // Kept before the commit: a worker may claim a run the moment it stands. A plan of a run that another
        // dispatcher won is never asked for, and pushed out by later ones.
        let mut runs: Vec<NewRun> = runs.into_iter().flatten().map(|started| self.keep(started)).collect();
        let room = self.room(runs.iter());
        let (source, claim) = (self.source.clone(), room.as_ref().map(Room::claim));
        let _turn = self.turn().await;
        let claimed = self
            .db
            .write(async move |tx| {
                let assigned: HashSet<EventId> = log::assign(tx, &ids).await?.into_iter().map(|(id, _)| id).collect();
                if assigned.len() < ids.len() {
                    runs.retain(|run| run.event.is_none_or(|event| assigned.contains(&event)));
                }
                let claimed = write(tx, &source, &runs, claim.as_ref()).await?;
                tx.wake(Signal::Log);
                Ok(claimed)
            })
            .await?;
        self.start(room, claimed);
        Ok(())
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

/// Writes events that may have been judged: one that was, by the rules as they still are, with its place in the log and
/// its runs, unless another transaction has the head of the log; the others for the dispatcher. Answers the jobs that were
/// written as claimed.
pub(crate) async fn admit(
    tx: &mut Tx,
    source: &Source,
    events: &[(&Fresh, Option<&Ahead>)],
    claim: Option<&Claim>,
) -> Result<Vec<Job>> {
    let judged = events.iter().any(|(_, ahead)| ahead.is_some());
    let revision = if judged { Some(Library::revision(tx).await?) } else { None };
    let (mut now, mut later, mut runs) = (Vec::with_capacity(events.len()), Vec::new(), Vec::new());
    for (event, ahead) in events {
        match ahead {
            Some(ahead) if Some(ahead.revision) == revision => {
                now.push(*event);
                runs.extend_from_slice(&ahead.runs);
            }
            _ => later.push(*event),
        }
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
        let jobs: Vec<_> = runs
            .iter()
            .filter(|run| !run.state.is_terminal())
            .map(|run| service::job(run.id, run.workspace, now))
            .collect();
        match claim {
            Some((worker, until)) => claimed = jobs::service::enqueue_claimed(tx, &jobs, worker, *until).await?,
            None => jobs::service::enqueue_many(tx, &jobs).await?,
        }
    }
    crash::point("dispatch.before_commit");
    Ok(claimed)
}
