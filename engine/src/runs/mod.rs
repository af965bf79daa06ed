//! Runs: what a rule did about an event, step by step, whatever happens to the process meanwhile.
//!
//! [`dispatch`] judges undispatched events and starts runs; a job per run wakes [`Runner::advance`], which walks the
//! rule's tree. What a step did stands in the journal (`run_steps`) in the same transaction as its effects and events,
//! so a run that is taken up again, by this process or another, goes on behind the last finished step. A run that
//! waits is a row and a job that is due later, not a worker.
//!
//! Guaranteed: one run per (event, rule); internal actions exactly once; external calls at least once, with a key that
//! stays the same; a worker that lost its lease cannot write. Terminal states never change.

mod changes;
pub mod dispatch;
mod endings;
pub mod events;
pub mod history;
mod hot;
mod interpreter;
mod journal;
pub(crate) mod judge;
mod model;
pub(crate) mod policy;
mod rehearsal;
pub mod retention;
mod runner;
pub mod service;
mod settle;
pub mod several;
pub(crate) mod sight;
mod slow;
mod steps;
pub(crate) mod store;
pub mod watch;

pub use changes::{Change, Turn};
pub use hot::HotRuns;
pub use judge::Hindrance;
pub use model::{Mode, NewRun, Run, RunError, RunState, RunSummary, RunTask, Step, StepState, Waiting};
pub use rehearsal::{Because, Judgement, Rehearsal, Stage, Would};
pub(crate) use rehearsal::{judge, tally};
pub use runner::{RunJob, Runner};
