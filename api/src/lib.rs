//! How the world talks to Trackside: REST, inbound hooks, the pages that come with the program, and the `trackside`
//! command line. Handlers are thin: what is true and what is allowed is `trackside-engine`'s.
//!
//! A request comes in through [`server`], passes the layers that [`app`] puts around the routes ([`observe`], [`rate`],
//! [`idempotency`]), is read by [`extract`]ors and handled in an [`areas`] file. Errors become [`problem`]s once, there.

// Printing goes through `commands::print`, which minds no reader that has seen enough.
#![deny(clippy::print_stdout)]

pub mod answer;
pub mod app;
pub mod areas;
pub mod commands;
pub mod compat;
pub mod config;
mod cors;
pub mod csv;
mod decisions;
pub mod extract;
pub mod fields;
mod files;
mod health;
mod hot;
pub mod idempotency;
pub mod live;
mod log;
mod needs;
pub mod observe;
pub mod openapi;
mod pages;
mod parameters;
pub mod problem;
pub mod rate;
mod scope;
pub mod server;
mod standing;
mod unsubscribe;
mod web;
