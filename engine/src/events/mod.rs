//! The event log: what happened, in order, for everyone who asks.
//!
//! A change and its event commit together ([`emit`] writes into the same transaction). An event has no position yet
//! when it commits; the dispatcher gives it one ([`service::assign_positions`]) in a locked transaction, so that
//! positions have no gap and never appear out of order. Everything that reads the log (rules, `/events`, sockets)
//! reads it by position, and so cannot miss a slow transaction.
//!
//! An event type is declared once, as a type that implements [`EventType`] in its area's `events.rs`, with one line in
//! [`KINDS`]; that one declaration serves rules, webhooks, realtime and the committed schemas of `docs/events/`.
//! Deliberately absent: editing or deleting events.

mod kinds;
mod model;
pub mod service;
pub(crate) mod store;

pub use kinds::{CatalogueEntry, KINDS, Kind, catalogue};
pub use model::{Event, EventType, NewEvent};
pub use service::emit;
