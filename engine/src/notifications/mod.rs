//! Notifications: what a person is told within Trackside.
//!
//! One row for each person told, written in the transaction of what caused it. A person reads and marks only their
//! own. Guaranteed: who is told is a member of the workspace. Deliberately absent: mail and push, which are actions on
//! the outside; events, because being told is no change of the work.

pub mod actions;
mod model;
pub mod service;
pub(crate) mod store;

pub use model::{MAX_MESSAGE, MAX_RECIPIENTS, MAX_SUBJECT, Notification};
