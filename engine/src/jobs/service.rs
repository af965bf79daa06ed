//! The public verbs of the queue, for code that holds a transaction. Workers go through
//! [`JobStore`](super::JobStore).

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use schemars::JsonSchema;
use serde::Serialize;

use super::model::{Job, NewJob, Ticket};
use super::{QUEUES, store};
use crate::db::{Db, Rx, Signal, Tx};
use crate::ids::JobId;
use crate::{Class, Error, Result};

/// How many jobs stand where in one queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Waiting {
    /// The queue.
    pub queue: String,
    /// Nothing is claimed from it.
    pub paused: bool,
    /// Due and waiting for a worker.
    pub ready: i64,
    /// Waiting for their time.
    pub delayed: i64,
    /// Claimed.
    pub running: i64,
    /// Given up.
    pub dead: i64,
    /// Since when the first of the ready ones is due.
    pub oldest_at: Option<DateTime<Utc>>,
}

/// Writes a job; workers learn of it when the transaction commits.
pub async fn enqueue(tx: &mut Tx, job: &NewJob) -> Result<()> {
    enqueue_many(tx, std::slice::from_ref(job)).await
}

/// Writes jobs; workers learn of them when the transaction commits.
pub async fn enqueue_many(tx: &mut Tx, jobs: &[NewJob]) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    store::insert(tx, jobs).await?;
    tx.wake(Signal::Jobs);
    Ok(())
}

/// Writes jobs of one queue that are due at once as claimed by `worker` until `lease_until`, and answers them; or, when
/// others wait in line before them, as [`enqueue_many`] does, and answers none.
pub async fn enqueue_claimed(
    tx: &mut Tx,
    jobs: &[NewJob],
    worker: &str,
    lease_until: DateTime<Utc>,
) -> Result<Vec<Job>> {
    let Some(queue) = jobs.first().map(|job| job.queue) else { return Ok(Vec::new()) };
    let plain = jobs.iter().all(|job| job.queue == queue && job.key.is_none() && job.due_at <= job.created_at);
    if !plain || store::must_wait(tx, queue).await? {
        enqueue_many(tx, jobs).await?;
        return Ok(Vec::new());
    }
    store::insert_claimed(tx, jobs, lease_until, worker).await
}

/// Finishes a job in the transaction that holds its effects. Fails with `lease_lost` when another worker has claimed
/// it since, and then nothing of the transaction may commit.
pub async fn complete(tx: &mut Tx, ticket: Ticket) -> Result<()> {
    match store::complete(tx, ticket).await? {
        None => Err(lease_lost(ticket)),
        Some(again) => {
            if again {
                tx.wake(Signal::Jobs);
            }
            Ok(())
        }
    }
}

/// [`complete`] for many, all or none: fails with `lease_lost` when any of them has been claimed since.
pub async fn complete_all(tx: &mut Tx, tickets: &[Ticket]) -> Result<()> {
    let Some(again) = store::complete_all(tx, tickets).await? else {
        return Err(Error::new(Class::Conflict, LEASE_LOST, "another worker has taken over one of these jobs"));
    };
    if again {
        tx.wake(Signal::Jobs);
    }
    Ok(())
}

/// Puts a job off to `due_at` in the transaction that holds its effects; its attempts start again at 0. Fails with
/// `lease_lost` as [`complete`] does.
pub async fn reschedule(tx: &mut Tx, ticket: Ticket, due_at: DateTime<Utc>) -> Result<()> {
    if !store::reschedule(tx, ticket, due_at).await? {
        return Err(lease_lost(ticket));
    }
    tx.wake(Signal::Jobs);
    Ok(())
}

/// Makes a job due now that was put off, unless it is claimed: then it is looked at anyway. It does not wait for whoever is
/// writing about the job, who may be waiting for this transaction; where that leaves the job put off, it is made due as soon as
/// this one has been committed.
pub async fn hasten(tx: &mut Tx, id: JobId, now: DateTime<Utc>) -> Result<()> {
    if !store::hasten(tx, id, now).await? {
        tx.afterwards(move |db| hasten_later(db, id, now).boxed());
    }
    tx.wake(Signal::Jobs);
    Ok(())
}

/// Tries for some time; the job comes due by itself in the end.
async fn hasten_later(db: Db, id: JobId, now: DateTime<Utc>) {
    for _ in 0..20 {
        let hastened = db.write(async move |tx: &mut Tx| {
            store::hasten_waiting(tx, id, now).await?;
            tx.wake(Signal::Jobs);
            Ok(())
        });
        match hastened.await {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, job = %id, "could not make a job due; trying again"),
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Makes sure that nobody else has claimed the job, until the transaction ends. Fails with `lease_lost`.
pub async fn hold(tx: &mut Tx, ticket: Ticket) -> Result<()> {
    if store::hold(tx, ticket).await?.is_some() { Ok(()) } else { Err(lease_lost(ticket)) }
}

/// The same, for a transaction that brings the work on for good: deaths before it do not count any more. What kills its
/// worker at one place still comes to its limit, and what was only near when others died does not.
pub async fn advance(tx: &mut Tx, ticket: Ticket) -> Result<()> {
    let attempts = store::hold(tx, ticket).await?.ok_or_else(|| lease_lost(ticket))?;
    if attempts > 1 { store::advanced(tx, ticket).await } else { Ok(()) }
}

/// Lets delayed jobs run now; one that runs, once more when it is through. Others are left as they are.
pub async fn wake(tx: &mut Tx, ids: &[JobId], now: DateTime<Utc>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    store::wake(tx, ids, now).await?;
    tx.wake(Signal::Jobs);
    Ok(())
}

/// Takes jobs back, claimed or not: whoever works at one finds its lease lost. Unknown ids are none to take back.
pub async fn remove(tx: &mut Tx, ids: &[JobId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    store::remove(tx, ids).await
}

/// Locks these jobs, waiting for whoever is at them. Workers that pass over them meanwhile look again.
pub async fn lock(tx: &mut Tx, ids: &[JobId]) -> Result<()> {
    store::lock(tx, ids).await?;
    tx.wake(Signal::Jobs);
    Ok(())
}

/// Locks those of these jobs that no other transaction is at, and answers which they are.
pub async fn lock_free(tx: &mut Tx, ids: &[JobId]) -> Result<Vec<JobId>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    store::lock_free(tx, ids).await
}

/// The code of the error that a stale ticket meets.
pub const LEASE_LOST: &str = "lease_lost";

fn lease_lost(ticket: Ticket) -> Error {
    Error::new(
        Class::Conflict,
        LEASE_LOST,
        format!("another worker has taken over {}: drop the work, its result is not wanted any more", ticket.id),
    )
}

/// Stops claims from a queue; what runs goes on.
pub async fn pause(tx: &mut Tx, queue: &str) -> Result<()> {
    known(queue)?;
    store::set_paused(tx, queue, true).await
}

/// Allows claims from a queue again.
pub async fn resume(tx: &mut Tx, queue: &str) -> Result<()> {
    known(queue)?;
    store::set_paused(tx, queue, false).await?;
    tx.wake(Signal::Jobs);
    Ok(())
}

/// How many jobs stand where. Counts rows: for people, not for polling.
pub async fn waiting(rx: &mut Rx) -> Result<Vec<Waiting>> {
    store::waiting(rx).await
}

/// Puts dead letters back in their queues with all their attempts before them. Says how many; one whose key is taken
/// by a living job is dropped, because that job does its work.
pub async fn requeue_dead(tx: &mut Tx, ids: &[JobId], now: DateTime<Utc>) -> Result<u64> {
    let revived = store::revive(tx, ids, now).await?;
    tx.wake(Signal::Jobs);
    Ok(revived)
}

/// Deletes dead letters for good. Says how many.
pub async fn forget_dead(tx: &mut Tx, ids: &[JobId]) -> Result<u64> {
    store::forget(tx, ids).await
}

pub(super) fn known(queue: &str) -> Result<()> {
    if QUEUES.contains(&queue) {
        return Ok(());
    }
    Err(Error::new(
        Class::NotFound,
        "queue_not_found",
        format!("there is no queue `{queue}`; the queues are {}", QUEUES.join(", ")),
    ))
}
