//! Recurring tasks: tasks that are made again and again, by a rule of RFC 5545 in a time zone
//! ([`trackside_rules::recurrence`] says how it is read, and what happens when clocks are changed).
//!
//! A recurrence makes a task of its own or of a [template](crate::task_templates), in its owner's name and with the rights
//! that the owner has then. [`due::run`] looks for rows whose time has come; the task, the note of its time and the row's
//! next time commit together.
//!
//! Guaranteed: one task, with its subtasks, per nominal time, however many nodes look and whenever they die (the note of a
//! time is unique). **When times were missed**, because nothing ran, only the latest of them is made up for: whoever comes
//! back after a week wants today's stand-up, not seven. While a recurrence is paused nothing is due, and nothing is made
//! up for afterwards. When its task cannot be made (the owner lost the right, the project is archived) it is paused, and
//! says why.
//! Deliberately absent: recurring more often than every five minutes, and moving a time by hand.

pub mod actions;
pub mod due;
pub mod events;
mod model;
mod pattern;
pub mod service;
pub(crate) mod store;

pub use model::{MAX_NAME, MAX_RECURRENCES, NewRecurrence, Recurrence, RecurrencePatch, SHORTEST_MINUTES, Source};
pub use pattern::{MAX_DATES, Pattern};
