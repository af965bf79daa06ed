//! Answers for every job this node has claimed: keeps its lease, and writes what became of it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use trackside_engine::jobs::{Job, JobStore, Outcome, Ticket};

use super::places::Place;

/// Outcomes written in one transaction at most.
const BATCH: usize = 1_000;
/// With more outcomes than this waiting to be written, nothing more is claimed.
const BACKLOG: usize = 4_000;

/// Everything this node has claimed and not yet settled.
#[derive(Clone)]
pub(super) struct Desk {
    held: Arc<Mutex<HashMap<Ticket, Held>>>,
    unwritten: Arc<AtomicUsize>,
    outcomes: mpsc::UnboundedSender<Message>,
}

struct Held {
    cancel: CancellationToken,
    until: Instant,
}

enum Message {
    Outcome(Ticket, Outcome),
    Flush(oneshot::Sender<()>),
}

impl Desk {
    /// A desk, and the two tasks that work at it: they end with `stop`, or when nobody has the desk any more.
    pub(super) fn open(store: Arc<dyn JobStore>, lease: Duration, stop: CancellationToken) -> Self {
        let (outcomes, waiting) = mpsc::unbounded_channel();
        let desk = Self { held: Arc::default(), unwritten: Arc::default(), outcomes };
        tokio::spawn(renew(Arc::downgrade(&desk.held), store.clone(), lease, stop.clone()));
        tokio::spawn(write(desk.unwritten.clone(), store, waiting, stop));
        desk
    }

    /// Takes charge of claimed jobs; `lease` counts from `since`, the moment before they were claimed.
    pub(super) fn take(&self, jobs: Vec<Job>, since: Instant, lease: Duration) -> Vec<Claimed> {
        let mut held = lock(&self.held);
        jobs.into_iter()
            .map(|job| {
                let cancel = CancellationToken::new();
                let ticket = job.ticket();
                held.insert(ticket, Held { cancel: cancel.clone(), until: since + lease });
                Claimed {
                    job: Arc::new(job),
                    cancel,
                    hold: Some(Hold { ticket, desk: Some(self.clone()), place: None }),
                }
            })
            .collect()
    }

    fn settle(&self, ticket: Ticket, outcome: Outcome) {
        lock(&self.held).remove(&ticket);
        if outcome == Outcome::Settled {
            return;
        }
        self.unwritten.fetch_add(1, Ordering::Relaxed);
        // The receiver ends only after the last worker, at shutdown; then the lease runs out by itself.
        let _ = self.outcomes.send(Message::Outcome(ticket, outcome));
    }

    /// Resolves once everything settled so far is written.
    pub(super) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.outcomes.send(Message::Flush(done)).is_ok() {
            let _ = written.await;
        }
    }

    /// Outcomes are written more slowly than jobs run: claim no more for the moment.
    pub(super) fn is_full(&self) -> bool {
        self.unwritten.load(Ordering::Relaxed) > BACKLOG
    }
}

fn lock(held: &Mutex<HashMap<Ticket, Held>>) -> MutexGuard<'_, HashMap<Ticket, Held>> {
    // Nothing in here can panic between two changes that belong together.
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A claimed job on its way through apalis.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) job: Arc<Job>,
    /// Cancelled when the lease is lost.
    pub(super) cancel: CancellationToken,
    hold: Option<Hold>,
}

impl Claimed {
    /// The duty to say what became of it.
    pub(super) fn take_hold(&mut self) -> Option<Hold> {
        self.hold.take()
    }

    /// Keeps `place` until the job is settled.
    pub(super) fn occupy(&mut self, place: Place) {
        if let Some(hold) = &mut self.hold {
            hold.place = Some(place);
        }
    }
}

/// The duty to say what became of a claimed job. Dropped without a word, it gives the job back at once, so that
/// nobody has to wait for the lease to run out.
pub(super) struct Hold {
    ticket: Ticket,
    desk: Option<Desk>,
    place: Option<Place>,
}

impl std::fmt::Debug for Hold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Hold").field(&self.ticket).finish()
    }
}

impl Hold {
    pub(super) fn settle(mut self, outcome: Outcome) {
        if let Some(desk) = self.desk.take() {
            desk.settle(self.ticket, outcome);
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(desk) = self.desk.take() {
            desk.settle(self.ticket, Outcome::Released);
        }
        drop(self.place.take());
    }
}

/// Renews every lease at a third of its length, and cancels the jobs whose lease is lost.
async fn renew(
    held: Weak<Mutex<HashMap<Ticket, Held>>>,
    store: Arc<dyn JobStore>,
    lease: Duration,
    stop: CancellationToken,
) {
    let mut tick = tokio::time::interval(lease / 3);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = stop.cancelled() => return,
        }
        // Nobody is at the desk any more: the workers are gone and every outcome is written.
        let Some(held) = held.upgrade() else { return };
        let tickets: Vec<Ticket> = lock(&held).keys().copied().collect();
        if tickets.is_empty() {
            continue;
        }
        let since = Instant::now();
        let lost = match tokio::time::timeout(lease / 3, store.renew(tickets.clone(), lease)).await {
            Ok(Ok(renewed)) => {
                let mut held = lock(&held);
                for ticket in &renewed.kept {
                    if let Some(entry) = held.get_mut(ticket) {
                        entry.until = since + lease;
                    }
                }
                renewed.lost
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, jobs = tickets.len(), "could not renew the leases of running jobs");
                Vec::new()
            }
            Err(_) => {
                tracing::warn!(jobs = tickets.len(), "renewing the leases of running jobs takes too long");
                Vec::new()
            }
        };
        // Not renewed in time is as good as lost: another node may have the job by now.
        let mut held = lock(&held);
        for ticket in lost {
            if let Some(entry) = held.remove(&ticket) {
                // Most of these have just been settled by their own transaction, and are over anyway.
                tracing::debug!(job = %ticket.id, epoch = ticket.epoch, "the lease is gone; the job is cancelled here");
                entry.cancel.cancel();
            }
        }
        let now = Instant::now();
        for entry in held.values().filter(|entry| entry.until <= now) {
            entry.cancel.cancel();
        }
    }
}

/// Writes outcomes: what has gathered while the last batch was written is the next batch.
async fn write(
    unwritten: Arc<AtomicUsize>,
    store: Arc<dyn JobStore>,
    mut waiting: mpsc::UnboundedReceiver<Message>,
    stop: CancellationToken,
) {
    let mut messages = Vec::with_capacity(BATCH);
    loop {
        messages.clear();
        tokio::select! {
            biased;
            n = waiting.recv_many(&mut messages, BATCH) => if n == 0 { return },
            () = stop.cancelled() => return,
        }
        let mut outcomes = Vec::with_capacity(messages.len());
        let mut flushes = Vec::new();
        for message in messages.drain(..) {
            match message {
                Message::Outcome(ticket, outcome) => outcomes.push((ticket, outcome)),
                Message::Flush(done) => flushes.push(done),
            }
        }
        let settled = outcomes.len();
        let mut pause = Duration::from_millis(50);
        while !outcomes.is_empty() {
            // The epoch fences: writing what is written already does nothing.
            match store.finish(outcomes.clone()).await {
                Ok(()) => break,
                Err(error) => {
                    tracing::warn!(%error, jobs = outcomes.len(), "could not write what became of jobs; trying again");
                    tokio::select! {
                        () = tokio::time::sleep(pause) => pause = (pause * 2).min(Duration::from_secs(5)),
                        () = stop.cancelled() => return,
                    }
                }
            }
        }
        unwritten.fetch_sub(settled, Ordering::Relaxed);
        for done in flushes {
            let _ = done.send(());
        }
    }
}
