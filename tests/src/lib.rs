//! Stories over real HTTP, real databases, real Redis; and the benches.
//!
//! [`harness`] starts the real `trackside` program on a fresh database and speaks to it as a client would. [`fakes`]
//! stand in for outside services and refuse what their vendors refuse. The stories stand in `tests/stories/`, one
//! module per area. `make test` starts PostgreSQL and Redis for them.

pub mod fakes;
pub mod harness;
pub mod measure;
