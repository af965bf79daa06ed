//! The workers of the job queue. The truth is the table behind [`JobStore`](trackside_engine::jobs::JobStore); apalis
//! runs the workers over our own backend, and carries lists of ids through Redis when there are many nodes.
//!
//! On one node:
//!
//! - one [`pump`] polls for all queues at once: when somebody wrote a job, when a delayed job becomes due or a lease
//!   runs out, and every five seconds in case a signal was lost;
//! - per queue one apalis worker over a [`backend`], which claims as many jobs as it has free slots, and runs each on
//!   a task of its own under a time-out, with panics caught; queues of a higher priority claim first ([`ranks`]);
//! - a [`panel`] over all of them, by which an operator drains the node and changes how much is done at once;
//! - jobs whose worker died are run by few at a time ([`suspects`]), so that a poison job takes nothing with it;
//! - one [`desk`] answers for every claimed job: it renews the leases at a third of their length, cancels the handler of
//!   a job whose lease is lost, and writes outcomes in batches;
//! - with Redis, a [`feeder`](redis) on one node pushes lists of ids of due jobs, and every node claims the ids it is
//!   given. While Redis is away each node claims for itself.
//!
//! What a job may rely on is told in [`trackside_engine::jobs`]. Deliberately absent: apalis's own retries (they wait
//! inside a slot), its task tracking (it panics on a repeated id), and any state that only Redis has.

mod ack;
mod backend;
mod bucket;
mod config;
mod desk;
mod drain;
mod handler;
mod noop;
mod panel;
mod places;
mod pump;
mod ranks;
mod redis;
mod start;
mod suspects;

pub use config::{Queue, Queues};
pub use drain::{drain_queue, run_jobs};
pub use handler::{Entry, Handler, Handlers, entry};
pub use noop::Noop;
pub use panel::Panel;
pub use start::{Options, Running, start};
pub use trackside_engine::jobs::Rate;
