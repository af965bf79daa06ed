//! Rules by the clock. The trigger `schedule`, at times ([`trackside_rules::schedule`] says how one is read, and what
//! happens when clocks are changed).
//!
//! A rule that is switched on has a row with the time up to which everything is settled and the first after it. [`due::run`]
//! looks for rows whose time has come, on any number of nodes; it announces `schedule.occurred`, an event made for that rule alone,
//! and moves the row on, in one transaction. From there on it is an event like any other: it is judged, and starts a run.
//!
//! Guaranteed: one event, and so at most one run, per rule and nominal time (`rule_times` is unique), however many nodes look,
//! whenever they die, and wherever the clock is put. No time depends on the one before it: what comes next is found anew from
//! the rule and the clock, so a schedule cannot end because a step of it was lost. Where a look fails it is repeated, and the
//! row says why. A clock that is put back is noticed by rows that were settled in what is now the future.
//!
//! Times that nobody looked at in time are *missed*; [`plan`] says what becomes of them, and of those that come while the
//! last run still goes.
//!
//! The trigger `date`, a while before or after a date of a task, has a row as well ([`dates`]). It announces
//! `task.date_reached` once per rule, task and date (`rule_dates` is unique), whatever becomes of the date in between.
//! Deliberately absent: times more often than every second, and moving a time by hand.

pub(crate) mod changes;
mod dates;
pub mod due;
pub mod events;
mod model;
mod plan;
pub mod service;
pub(crate) mod store;

pub use model::RuleSchedule;
