//! On-call rotas: people take over from each other by turns.
//!
//! Who is on call at a moment is found from the rota, the clock and who is there ([`service::on_call`]): nothing is planned ahead,
//! so nothing has to be moved when people, absences or clocks change. An override puts somebody else on call for a while.
//! Whoever left the workspace, or is away that whole day, is passed over, and it is said of whom. Rules name the person as
//! `oncall:<name>`. Deliberately absent: events when one takes over (a rule with a schedule can say it), and more than one
//! person at a time (a second rota is).

mod duty;
mod model;
pub mod service;
pub(crate) mod store;

pub use model::{Because, By, NewOverride, NewRota, OnCall, OnCallQuery, Override, Passed, Rota, Rotation};
