//! What is true in Trackside: one folder per area, the same rooms in each (`docs/ARCHITECTURE.md`).

pub mod access;
pub mod actions;
pub mod clock;
pub mod connections;
pub mod crash;
pub mod cx;
pub mod db;
pub mod error;
pub mod events;
pub mod handle;
pub mod hooks;
pub mod ids;
pub mod jobs;
pub mod notifications;
pub mod paging;
pub mod patch;
pub mod projects;
pub mod raw;
pub mod rules;
pub mod runs;
pub mod tasks;
pub mod vault;
mod words;

pub use cx::{Cause, Cx, Source};
pub use error::{Class, Error, FieldError, Result};
