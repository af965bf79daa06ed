//! SLA policies: how soon things are to be done, and a timer for each task that comes under one.
//!
//! A policy says which tasks it is for (`filter`), what starts, pauses and stops their timers, how long each may take by its
//! priority, and in which time that is counted: that in which work is done in the project, or all of it. [`follow`] reads the
//! log and moves the timers, each by what the task was at that moment ([`step`]); [`due`] announces what the clock brings.
//! A timer is a row that knows its own stretches, so that nothing hangs on what was reckoned before: when a calendar, a policy or
//! a project changes, it is reckoned anew.
//!
//! Guaranteed: `sla.warned`, `sla.breached` and `sla.met` at most once per policy, task and cycle, each in the transaction that
//! notes it in the timer's row, whatever dies and however many nodes look; a task that was done in time is not said to be late
//! because its event was read late; what comes by the log counts by when it happened. Whoever may not see the task sees neither
//! its timers nor its events. Deliberately absent: tasks from before the policy began, and what one must not do before a time.

mod conditions;
pub mod due;
pub mod events;
mod follow;
mod model;
pub mod service;
mod step;
pub(crate) mod store;
mod time;

pub use conditions::examine;
pub use model::{
    Policy, Report, ReportOfPriority, ReportQuery, Sla, SlaQuery, SlaRef, SlaState, Stop, TargetClock, Targets,
    TaskTimer, Tells, Warn,
};
