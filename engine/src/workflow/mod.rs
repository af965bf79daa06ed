//! Workflows and types: which statuses the tasks of a project can have, which way they may go from one to another, and
//! what kinds of work there are besides the usual ones.
//!
//! Every project has a workflow; one that has none of its own has [`Workflow::usual`], where a task may go from any status
//! to any other. Each status belongs to a [`Category`](crate::tasks::Category), which is what everything else goes by: a
//! task is completed when its status is of category `done`, open when it is of `todo` or `in_progress`. The category and
//! the status' place stand in the task's row, so nobody has to look them up; a project's own workflow stands in the
//! project's row, which whoever changes a task has read anyway.
//!
//! Guaranteed: no status goes away while tasks stand in it, unless it is said where they go; no type goes away while tasks
//! have it, unless it is said what they become; each such change is announced once, with how many tasks it moved, and
//! raises their versions. A task that is made in a project has a status and a type that the project knows. (On
//! PostgreSQL a task may be moved into a status in the same moment in which it is taken away; such a task may go anywhere.)
//!
//! Deliberately absent: conditions on transitions (a rule can move a task back), types of a whole workspace.

pub mod events;
mod model;
pub mod service;
pub(crate) mod store;

pub use model::{
    CustomType, MAX_NAME, MAX_STATUSES, MAX_TYPES, NewType, NewWorkflow, Status, Transition, Transitions, TypeInfo,
    TypePatch, Workflow,
};
pub(crate) use model::{Flow, Place, usual_category};
