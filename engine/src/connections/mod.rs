//! Connections to outside services: a base URL and a token, which actions ask for by kind and name.
//!
//! The token goes in and never comes out again but to an action that runs; it lies sealed in the row, bound to it.
//! Deliberately absent: changing a connection. Make a new one and delete the old one, so that it is seen in the log.

mod model;
pub mod service;
pub(crate) mod store;

pub use model::{Connection, ConnectionKind, NewConnection, Resolved};
