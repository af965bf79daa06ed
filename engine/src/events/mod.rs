//! The event log: what happened, in order, for everyone who asks.
//!
//! A change and its event commit together ([`emit`] writes into the same transaction). Positions are given in a
//! transaction that has the log's head locked, so that they have no gap and never appear out of order: to a change's event
//! by the dispatcher, later; to a post's event, which is judged before it is written, at once. Everything that reads the
//! log (`/events`, sockets) reads it by position, and so cannot miss a slow transaction.
//!
//! An event type is declared once, as a type that implements [`EventType`] in its area's `events.rs`, with one line in
//! [`KINDS`]; that one declaration serves rules, webhooks, realtime and the committed schemas of `docs/events/`.
//! Deliberately absent: editing or deleting events.

pub mod activity;
pub mod browse;
mod kinds;
mod model;
pub mod service;
mod sight;
pub(crate) mod store;

pub use kinds::{CatalogueEntry, KINDS, Kind, catalogue};
pub use model::{Event, EventType, Fresh, NewEvent};
pub use service::{Stretch, emit};
pub(crate) use sight::{Extent, extent};
pub use sight::{Sighted, sees};
