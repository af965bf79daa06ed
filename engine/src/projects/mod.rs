//! Projects: what tasks belong to. A project has a key that begins the keys of its tasks (`WEB-142`), an owner, and
//! the counter that the numbers of its tasks come from.
//!
//! Guaranteed: a key is used once per workspace and never changes; every change raises the version and leaves its
//! event in the same transaction; a change that changes nothing leaves no trace. Deleting a project deletes its tasks
//! with it, and is announced once, by `project.deleted`.
//! Who works on a project is a matter of [`grants`](crate::grants). Deliberately absent: milestones, templates.

pub mod events;
pub mod members;
mod model;
mod of_task;
pub mod service;
pub(crate) mod store;

pub use model::{MAX_DESCRIPTION, MAX_NAME, NewProject, Project, ProjectPatch, ProjectRef, ProjectStatus};
pub use of_task::{ProjectOfTask, TaskFacts, facts};
