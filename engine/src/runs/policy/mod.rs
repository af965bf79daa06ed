//! The policies of rules: which runs may begin, and when.
//!
//! A run whose rule sets itself limits is asked before its first step ([`admission`]; what each limit says: [`gates`]), in one
//! transaction that shows the lease like all others. What it goes by are rows of `run_turns`: keys that the event gives are
//! written with the run, in the order of the log ([`turns`]), so that whoever looks later sees who came first. Nothing is
//! dropped without a word: a run that may not begin waits and says for what, or is over as `skipped` and says why.
//!
//! What counts is what begins: asking uses up nothing, and whoever leaves without having begun gives back what it had.
//!
//! Guaranteed: runs of one concurrency key never overlap, and begin in the order of the log; a run that waits for its key is
//! woken by the end of the one before it, and looks by itself every ten minutes should that word have been lost. Who asks for
//! a key locks it first, who leaves one as well: then of two at once the second sees what the first did.
//!
//! What a run may cost ([`budget`]) is asked at its steps.

mod admission;
mod budget;
mod gates;
mod store;
mod turns;

pub(super) use admission::admit;
pub(super) use budget::NOTIFY;
pub(crate) use store::ALL;
pub(super) use turns::{Turn, insert, leave_all, of_event};
