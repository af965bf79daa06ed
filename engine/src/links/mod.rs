//! Links: what tasks have to do with each other, also across the projects of a workspace.
//!
//! A link has two ends and two names: what blocks is seen from the other side as what it `is_blocked_by`. It may be asked
//! for under either name and is stored once. Whoever may edit the task links it with what they may see. A link says
//! something to people and rules; what has to wait for what is [`planning`](crate::planning)'s.
//!
//! Guaranteed: two tasks are linked at most once in each way; a task is never linked with itself; a link goes away with
//! either of its tasks, which `task.deleted` announces; every other change leaves its event in the same transaction. It is
//! no change of a task, so versions stay.

pub mod actions;
pub mod events;
mod model;
pub mod service;
pub(crate) mod store;

pub use model::{Link, LinkType, LinkedTask, MAX_LINKS, NewLink};
