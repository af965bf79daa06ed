//! The job queue: what is to be done, by whom, when, and what became of it.
//!
//! The truth is the table `jobs`; whatever wakes workers (a notification, a list of ids in Redis) may be lost without
//! losing work. A job is *ready*, *delayed* or *running*; finished jobs are deleted, jobs that were given up stand in
//! `dead_jobs` with the reason until someone puts them back.
//!
//! What is guaranteed:
//! - A job written in a transaction exists exactly if that transaction commits.
//! - A job runs at least once. A claim is a lease with a fencing epoch ([`Ticket`]): once another worker has claimed
//!   the job, nothing that the first one still says about it is accepted ([`service::complete`] fails with
//!   `lease_lost`, so the transaction with the effects fails too).
//! - A lease that ran out counts as an attempt, so a job that kills its worker ends among the dead letters. Whatever else
//!   that worker held is suspect, too, and is run by few at a time and counted only when it begins, so that a poison job
//!   takes nothing with it.
//! - Higher priority first; within one priority workspaces take turns, however many jobs one of them has waiting.
//! - Of the unfinished jobs of one kind with the same key there is one. Asking again while it runs makes it run once
//!   more afterwards, so a wake-up is never lost.
//!
//! Deliberately absent: order between jobs (runs and deliveries keep their own), results, and any list of finished jobs.

pub mod dead;
mod limits;
mod model;
pub mod nodes;
mod seats;
pub mod service;
pub(crate) mod store;
mod truth;

pub use limits::{Limits, LimitsPatch, MAX_CONCURRENCY, QueueLimits, Rate, Setting};
pub use model::{Ask, DeadJob, Job, Look, MAX_ATTEMPTS, NewJob, Outcome, QueueState, Renewed, Ticket};
pub use seats::{Seats, Starter};
pub use service::{LEASE_LOST, Waiting};
pub use truth::{DbJobs, JobStore};

/// The queues, by purpose, sorted. A job names one of these.
pub const QUEUES: &[&str] = &["deliveries", "maintenance", "notify", "runs", "schedule", "sync"];
