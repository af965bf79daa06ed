//! Planning: which task waits for which, and when everything can and must happen.
//!
//! Whoever may edit tasks says that one task depends on another of the same project: finish to start, start to start,
//! finish to finish or start to finish, with a lag (or, negative, a lead) in working minutes. Whoever may see tasks reads
//! the project's timeline: early and late dates, floats and the critical path, computed anew each time by [`network`]
//! over the working time of a [`calendar`]. Nothing of a timeline is stored, so it is never out of date.
//!
//! Guaranteed: the dependencies of a project never go in a circle, because each is added under the project's lock; two
//! tasks depend on each other at most once in each of the four ways; every change leaves its event in the same
//! transaction. A dependency goes away with either of its tasks, which `task.deleted` announces. It is no change of a
//! task, so versions stay.
//!
//! What a task brings into the network:
//! - **duration**: the working time from `start_at` to `due_at`, when it has both (none between them makes it a
//!   milestone); otherwise a working day, [`DEFAULT_DURATION`]. A cancelled task takes no time, so what waited for it
//!   goes on.
//! - **`start_at`**: it starts no earlier than that. `due_at` alone bounds nothing.
//! - The project starts with the earliest `start_at` of its tasks, or when it was made if none has one.
//!
//! Deliberately absent: estimates (a task has none), calendars other than [`Calendar::office`](calendar::Calendar::office),
//! deadlines and other constraints, progress, baselines, and moving the dates of tasks by themselves.

pub mod calendar;
pub mod events;
mod model;
pub mod network;
pub mod service;
pub(crate) mod store;
mod timeline;

pub use model::{
    DEFAULT_DURATION, Dependency, DependencyType, MAX_LAG, MAX_PREDECESSORS, MAX_TASKS, NewDependency, Timeline,
    TimelineItem,
};
