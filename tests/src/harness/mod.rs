//! What a story needs: a fresh [`Database`] of either kind, a [`Redis`] of its own, the real program as a [`Server`],
//! and an [`Api`] to speak to it.
//!
//! ```no_run
//! use trackside_tests::both_databases;
//! use trackside_tests::harness::{Api, Server};
//!
//! both_databases! {
//!     /// Becomes two tests: `a_project_survives_a_crash::sqlite` and `a_project_survives_a_crash::postgres`.
//!     async fn a_project_survives_a_crash(db) {
//!         let mut server = Server::start(&db).await;
//!         let api = Api::set_up(&server).await;
//!         api.post("/projects", serde_json::json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
//!         server.kill9();
//!         server.restart().await;
//!         api.at(&server).get("/projects/WEB").await.expect_status(200);
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! Whatever a story starts is stopped when its value is dropped, also when the story fails; the log of a program is
//! then printed with the failure.

mod client;
mod people;
mod postgres;
mod process;
mod server;
mod services;
mod socket;
mod truth;

pub use client::{Answer, Api};
pub use people::People;
pub use postgres::Postgres;
pub use process::Process;
pub use server::{Ended, Server, Setup, program};
pub use services::{Database, Redis, run_story};
pub use socket::Socket;
