//! Any HTTP service, without an integration of its own.

pub mod actions;
