//! Time: how long people worked on what, by a timer that runs or as it is typed in.
//!
//! Whoever may log time (`time.log`) does so in their own name; in somebody else's, and on what others logged, with
//! `time.manage`. A person has one timer in a workspace: starting another stops the first, which becomes an entry.
//!
//! Guaranteed: an entry is at least a minute and at most [`MAX_MINUTES`] long, in whole minutes; it counts on the day on
//! which it began where the person lives, also when it runs past midnight, and stays there when the person moves; every
//! change leaves its event in the same transaction. A timer that nobody stopped counts for [`MAX_MINUTES`] at most.
//! Two entries of a person may overlap, as in most tools that people come from: the answer names those that do.
//! Time outlives its task (it was worked, and it has its price) and goes with its project.
//!
//! Deliberately absent: rates and amounts, which are the budget's; breaks; rounding to quarters of an hour.

pub mod actions;
mod book;
pub mod events;
mod model;
pub mod service;
pub(crate) mod store;
pub mod timers;

pub use model::{
    LoggedTime, MAX_MINUTES, MAX_NOTE, NewTimeEntry, NewTimer, PersonTime, Running, StopTimer, TaskTime, TimeEntry,
    TimeEntryPatch, Timer, TimerStarted, TimerState,
};
