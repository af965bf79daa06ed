//! What is true in Trackside: domain areas, storage, event log, runs, permissions. Knows no HTTP and no vendor.

pub mod actions;
pub mod hooks;
pub mod ids;
