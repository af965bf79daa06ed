//! The audit log: who changed who may what, and when.
//!
//! Whatever changes roles, memberships, assignments or tokens calls [`service::record`] in the same transaction. Entries
//! are numbered 1, 2, 3, … in each workspace and chained: the hash of each is over the hash before it and everything it
//! says ([`chain`] tells how, so that anybody can check an export without us). Whoever has `audit.view` reads and exports
//! the log of their workspace; nobody has a verb that changes it.
//!
//! Guaranteed: a change and its entry commit together or not at all; the database refuses to change or remove an entry
//! (triggers); an entry that was changed, removed or moved regardless, by somebody who took the triggers away, is found
//! by [`service::verify_all`], which `trackside doctor` calls.
//!
//! Not found is who rewrites a whole log from some entry on, hashes and head included. For that, keep the head that
//! `doctor` prints, or exports, in another place and compare: [decision 0018](../../../docs/decisions/0018-the-audit-log-is-a-chain.md).
//!
//! Deliberately absent: reading (it would be most of the log), changes of projects and tasks (the event log has them), and
//! a date after which entries go.

pub mod chain;
mod model;
pub mod service;
pub(crate) mod store;

pub use model::{Entry, Exported, Fault, Filter, Head, State};
