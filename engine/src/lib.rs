//! What is true in Trackside: domain areas, storage, event log, runs, permissions. Knows no HTTP and no vendor.

pub mod db;
pub mod error;

pub use error::{Class, Error, FieldError, Result};
