//! Timesheets: the time of a person in a week, handed in and approved.
//!
//! A week (`2026-W48`, ISO 8601) is open until its person submits it; a manager (`time.manage`) approves or rejects it, with
//! a reason. What was submitted can be taken back by its person, and what was approved by a manager.
//!
//! Guaranteed: while a week is submitted or approved, no time in it is added, changed or deleted: the entry's own
//! transaction locks the week. A week with a timer that runs is not submitted, so that a timer can always be stopped.
//!
//! Deliberately absent: approval by project, reminders (a rule can send them), and time off, which is an absence.

pub mod actions;
pub mod events;
pub mod export;
mod model;
pub mod service;
pub(crate) mod store;

pub use model::{
    Decision, MAX_EXPORT, MAX_LINES, MAX_REASON, Timesheet, TimesheetDay, TimesheetLine, TimesheetRef, TimesheetState,
    WeekOf,
};
