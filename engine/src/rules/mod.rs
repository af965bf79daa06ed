//! Rules: what people wrote, its versions and its state.
//!
//! A rule is checked when it is saved: against the catalogue of events and actions, to line and column. What is saved
//! as a version never changes; a run is pinned to one. Every change moves the revision of the book of rules, so that
//! dispatchers on every node know that theirs is old.
//!
//! How rules do is told by [`health`], and what they cost counted by [`meter`].
//!
//! [`Library`] holds the rules that are on, compiled, and compiled versions that runs are pinned to.
//! Deliberately absent: judging events and carrying out steps, which is `runs`.

mod analysis;
pub mod buttons;
pub mod diff;
pub mod events;
pub mod health;
mod library;
mod lookup;
pub mod meter;
mod model;
pub mod service;
pub mod several;
pub(crate) mod store;

pub use analysis::{Analysis, Clash, LoopStep, Loops, Overlap, analyse, said};
pub use library::{Book, Entry, Library};
pub use lookup::leads_nowhere;
pub use model::{OwnedRule, RuleInfo, RuleQuery, RuleState, RuleVersion, Verdict};
