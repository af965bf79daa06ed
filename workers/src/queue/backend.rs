//! The apalis backend: hands out the jobs of one queue.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use apalis_core::backend::finalize::Ephemeral;
use apalis_core::backend::{Backend, BackendConfig};
use apalis_core::task::Task;
use apalis_core::worker::context::WorkerContext;
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::{Mutex, Notify, mpsc, watch};
use tokio::time::Instant;
use trackside_engine::ids::{JobId, WorkspaceId};
use trackside_engine::jobs::{Ask, Job, JobStore, Limits, Seats, Starter};

use super::ack::AckLayer;
use super::bucket::Bucket;
use super::config::Queue;
use super::desk::{Claimed, Desk};
use super::places::{Offer, Place, Places};
use super::ranks::Ranks;

/// Claims are at least this far apart, so that jobs that trickle in are claimed together.
const SPACING: Duration = Duration::from_millis(1);
/// How often to look whether the node stops.
const WATCH: Duration = Duration::from_millis(250);
/// After so many jobs in a row the backend lets other tasks of its thread run.
const YIELD_AFTER: u32 = 64;

/// What this node knows about one queue; shared by its worker, the pump and Redis.
pub(super) struct Line {
    pub(super) config: Queue,
    pub(super) store: Arc<dyn JobStore>,
    pub(super) desk: Desk,
    pub(super) worker: String,
    pub(super) lease: Duration,
    bucket: Bucket,
    ranks: Arc<Ranks>,
    priority: AtomicI64,
    /// Milliseconds.
    timeout: AtomicU64,
    /// Jobs that ended here.
    pub(super) done: AtomicU64,
    /// Nothing new is taken.
    draining: watch::Sender<bool>,
    /// Taken by what is handed out and not yet settled, or waits in the buffer.
    places: Arc<Places>,
    /// Jobs are ready: the pump has seen some.
    pub(super) ready: Notify,
    /// The same, for the feeder of Redis.
    pub(super) feed: Notify,
    /// Claim from the table. Off while Redis brings ids.
    pub(super) direct: AtomicBool,
    /// The last claim was filled to the brim, so there are probably more.
    more: AtomicBool,
    /// The last claim left out workspaces that had their share; they may have jobs in line.
    left_out: AtomicBool,
    closing: AtomicBool,
    ids: Mutex<mpsc::Receiver<Vec<JobId>>>,
    /// What is left of a list there was not room for.
    rest: std::sync::Mutex<Vec<JobId>>,
    /// Where lists of ids go in.
    pub(super) offer: mpsc::Sender<Vec<JobId>>,
    /// Jobs that were written as claimed by this worker.
    handed: (mpsc::UnboundedSender<Vec<Claimed>>, Mutex<mpsc::UnboundedReceiver<Vec<Claimed>>>),
}

impl Line {
    pub(super) fn new(
        config: Queue,
        store: Arc<dyn JobStore>,
        desk: Desk,
        worker: String,
        lease: Duration,
        ranks: Arc<Ranks>,
    ) -> Self {
        // One list may wait while the one before is claimed; more would only grow old here.
        let (offer, ids) = mpsc::channel(1);
        let (hand, handed) = mpsc::unbounded_channel();
        Self {
            handed: (hand, Mutex::new(handed)),
            bucket: Bucket::new(config.rate),
            ranks,
            priority: AtomicI64::new(config.priority),
            timeout: AtomicU64::new(millis(config.timeout)),
            done: AtomicU64::new(0),
            draining: watch::Sender::new(false),
            places: Places::new(config.concurrency),
            config,
            store,
            desk,
            worker,
            lease,
            ready: Notify::new(),
            feed: Notify::new(),
            direct: AtomicBool::new(true),
            more: AtomicBool::new(false),
            left_out: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            ids: Mutex::new(ids),
            rest: std::sync::Mutex::default(),
            offer,
        }
    }

    /// Works by these limits from now on.
    pub(super) fn set(&self, limits: Limits) {
        self.places.resize(limits.concurrency);
        self.bucket.set(limits.rate);
        self.priority.store(limits.priority, Ordering::SeqCst);
        self.timeout.store(millis(limits.timeout), Ordering::SeqCst);
    }

    /// Takes nothing new, or takes jobs again.
    pub(super) fn drain(&self, draining: bool) {
        self.draining.send_if_modified(|now| std::mem::replace(now, draining) != draining);
    }

    pub(super) fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// How long a job may take.
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout.load(Ordering::SeqCst))
    }

    pub(super) fn places(&self) -> &Places {
        &self.places
    }

    /// Resolves when jobs may be taken, or none will be any more.
    async fn open(&self) {
        let mut draining = self.draining.subscribe();
        while *draining.borrow_and_update() && !self.closing.load(Ordering::SeqCst) {
            tokio::select! {
                _ = draining.changed() => {}
                // Closing wakes by this; jobs that are ready wait.
                () = self.ready.notified() => self.more.store(true, Ordering::SeqCst),
            }
        }
    }

    /// No more claims; wakes whoever waits for one.
    fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        self.ready.notify_one();
    }

    /// Waits for jobs and claims as many as there is room for. Empty only when closing.
    async fn fetch(self: Arc<Self>, after: Instant) -> Vec<Claimed> {
        tokio::select! {
            biased;
            claimed = self.handed() => return claimed,
            () = tokio::time::sleep_until(after) => {}
        }
        loop {
            tokio::select! {
                biased;
                claimed = self.handed() => return claimed,
                () = self.open() => {}
            }
            let offered = tokio::select! {
                biased;
                claimed = self.handed() => return claimed,
                ids = self.offered() => ids,
                () = self.wanted() => None,
            };
            if self.closing.load(Ordering::SeqCst) {
                return Vec::new();
            }
            let claimed = match offered {
                Some(ids) => self.claim_offered(ids).await,
                None if self.direct.load(Ordering::SeqCst) => self.claim_ready().await,
                None => Vec::new(),
            };
            if !claimed.is_empty() {
                return claimed;
            }
            tokio::time::sleep(SPACING).await;
        }
    }

    /// Jobs that start at once. Never ends without some: the line itself holds the sender.
    async fn handed(&self) -> Vec<Claimed> {
        let mut handed = self.handed.1.lock().await;
        match handed.recv().await {
            Some(claimed) => claimed,
            None => std::future::pending().await,
        }
    }

    async fn offered(&self) -> Option<Vec<JobId>> {
        // A poisoned lock would mean a panic between taking and putting back a list; ids are fed again anyway.
        let rest = std::mem::take(&mut *self.rest.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        let mut ids = self.ids.lock().await;
        let mut list = if rest.is_empty() { ids.recv().await? } else { rest };
        // Short lists are claimed together: the cost is per claim.
        while self.places.offer().is_some_and(|offer| list.len() < offer.limit) {
            match ids.try_recv() {
                Ok(more) => list.extend(more),
                Err(_) => break,
            }
        }
        Some(list)
    }

    async fn wanted(&self) {
        if self.more.swap(false, Ordering::SeqCst) {
            return;
        }
        tokio::select! {
            () = self.ready.notified() => {}
            () = self.places.freed.notified(), if self.left_out.load(Ordering::SeqCst) => {}
        }
    }

    /// Waits until something may start, and says what. None only when closing or draining.
    async fn offer(&self) -> Option<Offer> {
        loop {
            if self.closing.load(Ordering::SeqCst) {
                return None;
            }
            if self.is_draining() {
                // What was seen to be ready is looked for again when jobs are taken again.
                self.more.store(true, Ordering::SeqCst);
                return None;
            }
            let wait = match self.places.offer() {
                Some(_) if self.desk.is_full() => SPACING,
                // Woken when there is room; now and then, to notice a shutdown.
                None => WATCH,
                Some(mut offer) => match self.bucket.take(offer.limit) {
                    Ok(taken) => {
                        offer.limit = taken;
                        return Some(offer);
                    }
                    Err(wait) => wait.min(WATCH),
                },
            };
            tokio::select! {
                () = self.places.freed.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    fn ask(&self, Offer { limit, without }: Offer) -> Ask {
        let (queue, worker) = (self.config.name.to_owned(), self.worker.clone());
        Ask { queue, worker, limit, lease: self.lease, without }
    }

    async fn claim_ready(&self) -> Vec<Claimed> {
        let Some(offer) = self.offer().await else { return Vec::new() };
        self.ranks.enter(self.config.name, self.priority.load(Ordering::SeqCst)).await;
        let (since, limit) = (Instant::now(), offer.limit);
        self.left_out.store(!offer.without.is_empty(), Ordering::SeqCst);
        match self.store.claim(self.ask(offer)).await {
            Ok(jobs) => {
                let more = jobs.len() >= limit;
                self.more.store(more, Ordering::SeqCst);
                let claimed = self.took(jobs, limit, since);
                self.ranks.leave(self.config.name, more && self.places.offer().is_some() && !self.bucket.is_limited());
                claimed
            }
            Err(error) => {
                self.ranks.leave(self.config.name, false);
                self.failed(&error, limit).await
            }
        }
    }

    async fn claim_offered(&self, mut ids: Vec<JobId>) -> Vec<Claimed> {
        let mut claimed = Vec::new();
        while !ids.is_empty() {
            let Some(offer) = self.offer().await else { break };
            let (since, limit) = (Instant::now(), offer.limit);
            let some: Vec<JobId> = ids.drain(..limit.min(ids.len())).collect();
            match self.store.claim_ids(self.ask(offer), some).await {
                Ok(jobs) => claimed.extend(self.took(jobs, limit, since)),
                Err(error) => drop(self.failed(&error, limit).await),
            }
            if !claimed.is_empty() {
                // Start these; the others as soon as there is room for them.
                *self.rest.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = ids;
                break;
            }
        }
        claimed
    }

    fn took(&self, jobs: Vec<Job>, limit: usize, since: Instant) -> Vec<Claimed> {
        self.bucket.put_back(limit.saturating_sub(jobs.len()));
        let places: Vec<Place> = jobs.iter().map(|job| self.places.take(job.workspace_id)).collect();
        self.seat(jobs, places, since)
    }

    fn seat(&self, jobs: Vec<Job>, places: Vec<Place>, since: Instant) -> Vec<Claimed> {
        let mut claimed = self.desk.take(jobs, since, self.lease);
        claimed.iter_mut().zip(places).for_each(|(one, place)| one.occupy(place));
        claimed
    }

    async fn failed(&self, error: &trackside_engine::Error, limit: usize) -> Vec<Claimed> {
        self.bucket.put_back(limit);
        tracing::warn!(queue = self.config.name, %error, "could not claim jobs; trying again in a second");
        self.more.store(true, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_secs(1)).await;
        Vec::new()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Starter for Line {
    fn reserve(&self, workspaces: &[WorkspaceId]) -> Option<Seats> {
        let in_line = self.bucket.is_limited()
            || self.is_draining()
            || !self.direct.load(Ordering::SeqCst)
            || self.more.load(Ordering::SeqCst);
        if in_line || self.closing.load(Ordering::SeqCst) || self.desk.is_full() {
            return None;
        }
        let places = self.places.reserve(workspaces)?;
        Some(Seats { worker: self.worker.clone(), lease: self.lease, room: Box::new((Instant::now(), places)) })
    }

    fn start(&self, seats: Seats, jobs: Vec<Job>) {
        let Ok(room) = seats.room.downcast::<(Instant, Vec<Place>)>() else { return };
        let (since, places) = *room;
        let claimed = self.seat(jobs, places, since);
        // While closing they are dropped, which gives them back.
        if !self.closing.load(Ordering::SeqCst) {
            let _ = self.handed.0.send(claimed);
        }
    }
}

/// Hands out the jobs of one queue to an apalis worker. Never fails: an error would end the worker and cancel what
/// is in flight.
pub(super) struct Claims {
    line: Arc<Line>,
    buffer: VecDeque<Claimed>,
    fetch: Option<BoxFuture<'static, Vec<Claimed>>>,
    /// The next claim is not before this time.
    not_before: Instant,
    in_a_row: u32,
    flush: Option<BoxFuture<'static, ()>>,
}

impl Claims {
    /// A backend that starts after `delay`: a worker that was restarted must not spin.
    pub(super) fn new(line: Arc<Line>, delay: Duration) -> Self {
        Self {
            line,
            buffer: VecDeque::new(),
            fetch: None,
            not_before: Instant::now() + delay,
            in_a_row: 0,
            flush: None,
        }
    }

    fn poll_fetch(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let fetch = self.fetch.get_or_insert_with(|| self.line.clone().fetch(self.not_before).boxed());
        let claimed = futures::ready!(fetch.poll_unpin(cx));
        self.fetch = None;
        self.not_before = Instant::now() + SPACING;
        self.buffer.extend(claimed);
        Poll::Ready(())
    }
}

impl Backend for Claims {
    type Task = Task<Claimed>;
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(&mut self, cx: &mut Context<'_>, _: &WorkerContext) -> Poll<Option<Result<Self::Task, Infallible>>> {
        loop {
            if self.in_a_row >= YIELD_AFTER {
                self.in_a_row = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if let Some(job) = self.buffer.pop_front() {
                self.in_a_row += 1;
                return Poll::Ready(Some(Ok(Task::new(job))));
            }
            if self.poll_fetch(cx).is_pending() {
                self.in_a_row = 0;
                return Poll::Pending;
            }
            if self.buffer.is_empty() {
                // Closing.
                return Poll::Ready(None);
            }
        }
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        self.line.close();
        if self.fetch.is_some() {
            // A claim may be under way: wait for it, so that it can be given back.
            futures::ready!(self.poll_fetch(cx));
        }
        self.buffer.clear();
        if let Ok(mut handed) = self.line.handed.1.try_lock() {
            while handed.try_recv().is_ok() {}
        }
        let desk = self.line.desk.clone();
        let flush = self.flush.get_or_insert_with(|| async move { desk.flush().await }.boxed());
        futures::ready!(flush.poll_unpin(cx));
        Poll::Ready(Ok(()))
    }
}

impl BackendConfig for Claims {
    type Args = Claimed;
    type Id = JobId;
    type Kind = Ephemeral;
    type Config = Queue;
    type Layer = AckLayer;

    fn config(&self) -> &Queue {
        &self.line.config
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> AckLayer {
        AckLayer
    }
}
