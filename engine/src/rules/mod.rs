//! Rules: what people wrote, its versions and its state.
//!
//! A rule is checked when it is saved: against the catalogue of events and actions, to line and column. What is saved
//! as a version never changes; a run is pinned to one. Every change moves the revision of the book of rules, so that
//! dispatchers on every node know that theirs is old.
//!
//! [`Library`] holds the rules that are on, compiled, and compiled versions that runs are pinned to.
//! Deliberately absent: judging events and carrying out steps, which is `runs`.

mod analysis;
pub mod buttons;
pub mod events;
mod library;
mod model;
pub mod service;
pub(crate) mod store;

pub use analysis::{Analysis, Clash, LoopStep, Loops, analyse};
pub use library::{Book, Entry, Library};
pub use model::{RuleInfo, RuleQuery, RuleState, RuleVersion, Verdict};
