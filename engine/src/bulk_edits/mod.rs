//! Bulk edits: one change of all tasks that a filter finds, which whoever made it can take back.
//!
//! Each task is changed for itself, by the same verb, with the same permission and the same events as one by one, a few in
//! a transaction ([`Db::write_each`](crate::db::Db::write_each)). With the change of a task is noted what its fields were
//! and what they became.
//!
//! Undoing puts back those fields that are still as the bulk edit left them; what somebody changed since stays and is
//! listed. Only one's own last bulk edit can be undone, once, within [`UNDO_WITHIN`].
//! Deliberately absent: events of its own (every task announces its change), and undoing an undo.

mod model;
pub mod service;
pub(crate) mod store;

pub use model::{BulkEdit, Changed, Conflict, MAX_TASKS, NewBulkEdit, UNDO_WITHIN, Undone};
