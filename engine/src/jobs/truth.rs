//! What the workers ask of the queue, as one object, so that they need not know the database.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::watch;

use super::model::{Ask, Job, Look, Outcome, Renewed, Ticket};
use super::store;
use crate::Result;
use crate::cx::Source;
use crate::db::{Db, Signal};
use crate::ids::JobId;

/// One poll lines up a few batches of due jobs and then lets workers have them; `Look::next` is in the past then, so
/// the next poll goes on at once.
const SWEEPS: usize = 4;

/// The queue, as workers see it. Everything a worker says is fenced by the epoch of its [`Ticket`].
pub trait JobStore: Send + Sync + 'static {
    /// Claims due jobs, in the order they are to run.
    fn claim(&self, ask: Ask) -> BoxFuture<'_, Result<Vec<Job>>>;
    /// Claims those of `ids` that are still to be claimed, whatever the limit.
    fn claim_ids(&self, ask: Ask, ids: Vec<JobId>) -> BoxFuture<'_, Result<Vec<Job>>>;
    /// The first due jobs of a queue, in order, unclaimed: for a front that only carries ids.
    fn ready_ids<'a>(&'a self, queue: &'a str, limit: usize) -> BoxFuture<'a, Result<Vec<JobId>>>;
    /// Writes down that a suspect job is begun, before it is: a job that was only waiting for its turn when its worker
    /// died again is not to blame. False when the ticket is stale.
    fn begin(&self, ticket: Ticket) -> BoxFuture<'_, Result<bool>>;
    /// Writes what became of jobs; what stale tickets say is dropped.
    fn finish(&self, outcomes: Vec<(Ticket, Outcome)>) -> BoxFuture<'_, Result<()>>;
    /// Renews leases, as far as nobody is writing about the jobs just now, and says which are lost.
    fn renew(&self, tickets: Vec<Ticket>, lease: Duration) -> BoxFuture<'_, Result<Renewed>>;
    /// One poll for all queues: lines up what has become due, takes over from dead workers, and says what is ready
    /// and when to look again. One query when there is nothing to do.
    fn look<'a>(&'a self, queues: &'a [String]) -> BoxFuture<'a, Result<Look>>;
    /// Changes when jobs may have become due because somebody wrote them; may change for nothing.
    fn wakes(&self) -> watch::Receiver<u64>;
    /// The time by which jobs are due.
    fn now(&self) -> DateTime<Utc>;
}

/// The queue in the database.
#[derive(Clone)]
pub struct DbJobs {
    db: Db,
    source: Source,
}

impl DbJobs {
    /// The queue in this database, by this clock.
    pub fn new(db: Db, source: Source) -> Self {
        Self { db, source }
    }
}

impl JobStore for DbJobs {
    fn claim(&self, ask: Ask) -> BoxFuture<'_, Result<Vec<Job>>> {
        let until = self.now() + ask.lease;
        async move {
            let jobs = self.db.write(async move |tx| store::claim(tx, &ask, until).await).await?;
            crate::crash::point("job.claimed");
            Ok(jobs)
        }
        .boxed()
    }

    fn claim_ids(&self, ask: Ask, ids: Vec<JobId>) -> BoxFuture<'_, Result<Vec<Job>>> {
        let until = self.now() + ask.lease;
        async move {
            let jobs = self.db.write(async move |tx| store::claim_ids(tx, &ask, &ids, until).await).await?;
            crate::crash::point("job.claimed");
            Ok(jobs)
        }
        .boxed()
    }

    fn ready_ids<'a>(&'a self, queue: &'a str, limit: usize) -> BoxFuture<'a, Result<Vec<JobId>>> {
        async move { store::ready_ids(&mut *self.db.read().await?, queue, limit as i64).await }.boxed()
    }

    fn begin(&self, ticket: Ticket) -> BoxFuture<'_, Result<bool>> {
        async move { self.db.write(async move |tx| store::begin(tx, ticket).await).await }.boxed()
    }

    fn finish(&self, outcomes: Vec<(Ticket, Outcome)>) -> BoxFuture<'_, Result<()>> {
        let now = self.now();
        async move {
            crate::crash::point("job.ran");
            self.db
                .write(async move |tx| {
                    if store::finish(tx, &outcomes, now).await? {
                        tx.wake(Signal::Jobs);
                    }
                    Ok(())
                })
                .await?;
            crate::crash::point("job.finished");
            Ok(())
        }
        .boxed()
    }

    fn renew(&self, tickets: Vec<Ticket>, lease: Duration) -> BoxFuture<'_, Result<Renewed>> {
        let until = self.now() + lease;
        async move { self.db.write(async move |tx| store::renew(tx, &tickets, until).await).await }.boxed()
    }

    fn look<'a>(&'a self, queues: &'a [String]) -> BoxFuture<'a, Result<Look>> {
        async move {
            let now = self.now();
            let mut look = store::look(&mut *self.db.read().await?, queues, now).await?;
            for _ in 0..SWEEPS {
                if look.next.is_none_or(|next| next > now) {
                    break;
                }
                let moved = self.db.write(async move |tx| store::sweep(tx, now).await).await?;
                look = store::look(&mut *self.db.read().await?, queues, now).await?;
                if moved == 0 {
                    // Another node holds these rows and moves them.
                    break;
                }
            }
            Ok(look)
        }
        .boxed()
    }

    fn wakes(&self) -> watch::Receiver<u64> {
        self.db.signals().watch(Signal::Jobs)
    }

    fn now(&self) -> DateTime<Utc> {
        self.source.now()
    }
}
