//! SQLite's one writer: a thread, a connection, and one commit for all that is queued.
//!
//! The closures that wait are run one after another in one transaction, each in a savepoint of its own (the first of a
//! transaction needs none: undoing it undoes everything). Then there is one commit, and only then are they answered. There
//! is no lingering for more: what arrives during a commit is the next batch. A savepoint costs a copy of every page that is
//! changed within it, so the hottest paths gather what they write into one closure ([`super::gather`]).
//!
//! Traps, met here: SQLite itself undoes a whole transaction when the disk is full or fails, so `is_autocommit` is asked
//! after each closure, and batch-mates that had succeeded get a `Busy` error (`write_undone`) and may try again. A panic
//! in a closure is caught and is that closure's `Internal` error. A panic anywhere else on this thread would leave every
//! write waiting for ever, so it ends the process, which is then started anew.

use std::any::Any;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use futures::FutureExt;
use tokio::sync::oneshot;
use tracing::Span;

use super::health::Health;
use super::signals::{Signals, Wakes};
use super::sqlite::{PROBE, Sqlite};
use super::transaction::{Conn, Tx, waited};
use crate::{Error, Result};

/// Most closures in one commit.
const MOST_WRITES: usize = 512;
/// No further closure is taken into a commit after this, so that the first need not wait for long.
const LONGEST: Duration = Duration::from_millis(20);

/// The way to the writer thread.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
    slow_writes: Arc<AtomicU64>,
}

enum Message {
    Write(Box<dyn Job>),
    /// Asks whether writes can be done.
    Check(oneshot::Sender<Result<()>>),
    Stop(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(conn: Sqlite, slow: Duration, signals: Signals) -> Result<Self> {
        let (queue, jobs) = mpsc::channel();
        let slow_writes = Arc::new(AtomicU64::new(0));
        let thread = Thread {
            tx: Tx::new(Conn::Sqlite(Box::new(conn))),
            open: false,
            batch: Vec::new(),
            wakes: Wakes::default(),
            health: Health::default(),
            checks: Vec::new(),
            signals,
            slow,
            slow_writes: slow_writes.clone(),
        };
        let run = move || {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| thread.run(&jobs))) {
                // To say so may panic again, when the log's disk is full: the process ends all the same.
                let _ = catch_unwind(AssertUnwindSafe(|| {
                    tracing::error!(panic = said(&*panic), "the writer thread is dead; ending the process");
                }));
                std::process::abort();
            }
        };
        std::thread::Builder::new()
            .name("db-writer".into())
            .spawn(run)
            .map_err(|error| Error::internal(format!("The writer thread cannot start: {error}.")).caused_by(error))?;
        Ok(Self { queue, slow_writes })
    }

    /// Runs a closure and waits for the commit.
    pub(super) async fn write<T, F>(&self, closure: F, place: &'static Location<'static>) -> Result<T>
    where
        F: AsyncFnOnce(&mut Tx) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Write { closure: Some(closure), outcome: None, reply, span: Span::current(), place };
        self.queue.send(Message::Write(Box::new(job))).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Whether writes can be done; nothing is written unless the last one failed.
    pub(super) async fn check(&self) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(Message::Check(reply)).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Ends the thread once everything queued so far is done.
    pub(super) async fn stop(&self) {
        let (done, stopped) = oneshot::channel();
        if self.queue.send(Message::Stop(done)).is_ok() {
            let _ = stopped.await; // an error means that it was stopped already
        }
    }

    /// How many closures have been slow since the start.
    pub(super) fn slow_writes(&self) -> u64 {
        self.slow_writes.load(Ordering::Relaxed)
    }
}

fn closed() -> Error {
    Error::busy("database_closed", "The program is stopping. Try again.")
}

/// A closure with the way back to its caller.
trait Job: Send {
    /// Nobody waits for it any more, so it need not start.
    fn is_abandoned(&self) -> bool;
    /// Runs it and keeps the outcome; whether it succeeded.
    fn run(&mut self, tx: &mut Tx) -> bool;
    /// Answers with the outcome, or with `error` in its place.
    fn answer(self: Box<Self>, error: Option<Error>);
    /// What it failed with, if it did.
    fn error(&self) -> Option<&Error>;
    /// Where it was written down.
    fn place(&self) -> &'static Location<'static>;
}

struct Write<T, F> {
    closure: Option<F>,
    outcome: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
    span: Span,
    place: &'static Location<'static>,
}

impl<T, F> Job for Write<T, F>
where
    F: AsyncFnOnce(&mut Tx) -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn run(&mut self, tx: &mut Tx) -> bool {
        let Some(closure) = self.closure.take() else { return false };
        let _span = self.span.enter();
        let polled = catch_unwind(AssertUnwindSafe(|| closure(tx).now_or_never()));
        let outcome = match polled {
            Ok(Some(outcome)) => outcome,
            Ok(None) => Err(waited()),
            Err(panic) => Err(panicked(&*panic, self.place)),
        };
        let outcome = tx.settle(outcome);
        let succeeded = outcome.is_ok();
        self.outcome = Some(outcome);
        succeeded
    }

    fn answer(self: Box<Self>, error: Option<Error>) {
        let outcome = error.map(Err).or(self.outcome).unwrap_or_else(|| Err(closed()));
        let _ = self.reply.send(outcome); // the caller may be gone; what was committed stays
    }

    fn error(&self) -> Option<&Error> {
        self.outcome.as_ref().and_then(|outcome| outcome.as_ref().err())
    }

    fn place(&self) -> &'static Location<'static> {
        self.place
    }
}

/// The error for a panic in a closure.
pub(super) fn panicked(panic: &(dyn Any + Send), place: &Location<'_>) -> Error {
    tracing::error!(panic = said(panic), %place, "a write panicked");
    Error::internal(format!("A write panicked at {place}.")).with_code("write_panicked")
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

struct Thread {
    tx: Tx,
    /// Whether a transaction is open.
    open: bool,
    /// Run in the open transaction, not yet answered; with whether it succeeded.
    batch: Vec<(Box<dyn Job>, bool)>,
    /// To fire after the commit.
    wakes: Wakes,
    health: Health,
    /// Who asked whether writes can be done.
    checks: Vec<oneshot::Sender<Result<()>>>,
    signals: Signals,
    slow: Duration,
    slow_writes: Arc<AtomicU64>,
}

impl Thread {
    fn run(mut self, jobs: &mpsc::Receiver<Message>) {
        while let Ok(first) = jobs.recv() {
            let started = Instant::now();
            let mut next = Some(first);
            let mut stop = None;
            while let Some(message) = next {
                match message {
                    Message::Write(job) if job.is_abandoned() => {}
                    Message::Write(job) => self.turn(job),
                    Message::Check(reply) => self.checks.push(reply),
                    Message::Stop(done) => {
                        stop = Some(done);
                        break;
                    }
                }
                let full = self.batch.len() >= MOST_WRITES || started.elapsed() >= LONGEST;
                next = if full { None } else { jobs.try_recv().ok() };
            }
            if self.open || !self.batch.is_empty() {
                self.commit();
            }
            self.answer_checks();
            if let Some(done) = stop {
                // So that the file alone is the whole database.
                if let Some(Err(error)) = self.tx.sqlite().map(Sqlite::checkpoint) {
                    tracing::warn!(%error, "what stands in the write-ahead log was left there");
                }
                drop(self);
                let _ = done.send(()); // nobody need wait for it
                return;
            }
        }
    }

    /// Answers those who asked, by a probe if the last that was heard of writes is that they fail.
    fn answer_checks(&mut self) {
        if self.checks.is_empty() {
            return;
        }
        let found = if self.health.is_doubtful() { self.probe() } else { Ok(()) };
        for check in self.checks.drain(..) {
            let _ = check.send(found.as_ref().copied().map_err(Error::copy)); // whoever asked may be gone
        }
    }

    fn probe(&mut self) -> Result<()> {
        let probed = PROBE.iter().try_for_each(|sql| self.control(sql));
        match &probed {
            Ok(()) => self.health.worked(),
            Err(error) => {
                self.health.failed(error, 0);
                self.roll_back();
            }
        }
        probed
    }

    fn control(&self, sql: &str) -> Result<()> {
        self.tx.sqlite().map_or(Ok(()), |conn| conn.control(sql))
    }

    /// Runs one closure, leaving the transaction open with its effects, or without them if it failed.
    fn turn(&mut self, mut job: Box<dyn Job>) {
        if !self.open {
            if let Err(error) = self.control("begin immediate") {
                self.health.failed(&error, 1);
                return job.answer(Some(error));
            }
            self.open = true;
        }
        let alone = !self.batch.iter().any(|(_, succeeded)| *succeeded);
        if !alone && let Err(error) = self.control("savepoint closure") {
            return self.undone(job, Some(error));
        }
        self.tx.wakes = Wakes::default();
        let started = Instant::now();
        let succeeded = job.run(&mut self.tx);
        self.watch_time(started.elapsed(), job.place());
        if let Some(error) = job.error() {
            self.health.failed(error, 1);
        }
        if self.tx.sqlite().is_some_and(Sqlite::is_autocommit) {
            let error = succeeded.then(|| undone_error(None));
            return self.undone(job, error);
        }
        let ended = match (succeeded, alone) {
            (true, true) => Ok(()),
            (true, false) => self.control("release closure"),
            (false, true) => self.control("rollback").map(|()| self.open = false),
            (false, false) => self.control("rollback to closure").and_then(|()| self.control("release closure")),
        };
        if let Err(error) = ended {
            return self.undone(job, Some(error));
        }
        if succeeded {
            self.wakes.join(self.tx.wakes);
        }
        self.batch.push((job, succeeded));
    }

    /// Commits what is open and answers everyone.
    fn commit(&mut self) {
        if self.open
            && let Err(error) = self.control("commit")
        {
            return self.answer_undone(Some(error));
        }
        self.open = false;
        self.signals.fire_all(std::mem::take(&mut self.wakes));
        metrics::counter!("trackside_db_commits_total").increment(1);
        metrics::counter!("trackside_db_writes_total").increment(self.batch.len() as u64);
        for (job, _) in self.batch.drain(..) {
            job.answer(None);
        }
    }

    /// The whole transaction is lost: answers `job` (with `error`, or its own outcome) and those before it.
    fn undone(&mut self, job: Box<dyn Job>, error: Option<Error>) {
        self.answer_undone(None);
        job.answer(error);
    }

    fn answer_undone(&mut self, cause: Option<Error>) {
        self.roll_back();
        self.open = false;
        self.wakes = Wakes::default();
        if let Some(cause) = &cause {
            self.health.failed(cause, self.batch.len() as u64);
        }
        for (job, succeeded) in self.batch.drain(..) {
            job.answer(succeeded.then(|| undone_error(cause.as_ref())));
        }
    }

    /// Undoes what is open, unless SQLite has done so itself.
    fn roll_back(&self) {
        if self.tx.sqlite().is_some_and(|conn| !conn.is_autocommit())
            && let Err(error) = self.control("rollback")
        {
            tracing::error!(%error, "a transaction that failed cannot be rolled back");
        }
    }

    fn watch_time(&self, took: Duration, place: &Location<'_>) {
        if took >= self.slow {
            self.slow_writes.fetch_add(1, Ordering::Relaxed);
            metrics::counter!("trackside_db_slow_writes_total").increment(1);
            let ms = took.as_millis();
            tracing::warn!(%place, ms, "a slow write held up all others; move what is no statement out of it");
        }
    }
}

/// The error of a write that succeeded but whose transaction was lost.
fn undone_error(cause: Option<&Error>) -> Error {
    let why = cause.map_or("another write in the same commit failed.", |cause| cause.detail.as_str());
    let again = if why.ends_with("ry again.") { "" } else { " Try again." };
    Error::busy("write_undone", format!("The write was undone: {why}{again}"))
}
