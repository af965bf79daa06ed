//! Projects: what tasks belong to. A project has a key that begins the keys of its tasks (`WEB-142`), an owner, and
//! the counter that the numbers of its tasks come from.
//!
//! Guaranteed: a key is used once per workspace and never changes; every change raises the version and leaves its
//! event in the same transaction; a change that changes nothing leaves no trace. Deleting a project deletes its tasks
//! with it, and is announced once, by `project.deleted`. An archived project is only read: its tasks and milestones are
//! neither made nor changed nor deleted, and lists leave it out unless they are asked for it. A copy is made in one
//! transaction, by the verbs that people use.
//! What a project works towards are [`milestones`](crate::milestones).
//! Who works on a project is a matter of [`grants`](crate::grants).

pub mod actions;
pub mod copy;
pub mod events;
pub mod members;
mod model;
mod of_task;
pub mod people;
mod query;
pub mod service;
pub(crate) mod store;

pub use model::{
    Health, MAX_DESCRIPTION, MAX_HEALTH_NOTE, MAX_NAME, NewProject, Project, ProjectPatch, ProjectRef, ProjectStatus,
};
pub use of_task::{ProjectOfTask, TaskFacts, facts};
pub use query::ProjectQuery;
