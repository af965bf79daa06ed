//! Milestones: what a project works towards, with a date and the tasks that belong to it.
//!
//! Guaranteed: a task belongs to at most one milestone, of its own project; every change raises the milestone's version
//! and leaves its events in the same transaction. When the last open task of an open milestone is closed, moved away or
//! deleted, and at least one is completed, `milestone.tasks_completed` is announced once, however many tasks are closed
//! at that moment: whoever closes one locks the milestone before counting. A rule makes of that what it likes, such as
//! `milestone.complete`.
//! Deleting a milestone frees its tasks: each gets a new version, and `milestone.deleted` announces them all at once.
//! Deliberately absent: that a milestone completes by itself.

pub mod actions;
pub mod events;
mod model;
pub mod service;
pub(crate) mod store;

pub use model::{
    MAX_DESCRIPTION, MAX_MILESTONES, MAX_NAME, Milestone, MilestonePatch, MilestoneQuery, MilestoneStatus,
    NewMilestone, Progress, Shown,
};
