//! Sprints: stretches of time that a project works in, one at a time, with the tasks that are to be done in them.
//!
//! Guaranteed: a task is in at most one sprint, of its own project; at most one sprint of a project is active
//! ([decision 0026](../../../docs/decisions/0026-one-sprint-at-a-time.md)); a closed sprint takes no tasks and keeps those
//! that were done in it. Closing moves the open tasks to another sprint or back to where they came from, each with a new
//! version; `sprint.closed` announces them all at once, as `sprint.deleted` does those that it frees.
//! Deliberately absent: that a sprint starts or closes by itself (a rule on a schedule may do it), and capacities.

pub mod actions;
pub mod events;
mod model;
pub mod service;
pub(crate) mod store;

pub use model::{CloseSprint, Closed, MAX_GOAL, MAX_NAME, MAX_SPRINTS, NewSprint, Sprint, SprintPatch, SprintState};
