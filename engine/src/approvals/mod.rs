//! Approvals: what a run asks people before it goes on (a step with `approve`).
//!
//! The run opens one ([`request`]) in the transaction of its journal's line and lies down; whoever is asked is notified. People
//! answer ([`service::decide`]), or pass their place on ([`service::delegate`]); the answer that settles it wakes the run. When
//! time is up, the run itself says so. An approval ends with its run at the latest.
//!
//! Whoever is asked is told ([`told`]), and may answer by a link in that letter ([`links`]). When who may do what changes, what is
//! pending is looked at anew ([`review`]): an approval that nobody is left to settle does not wait for ever.
//!
//! Guaranteed: who may answer is asked when they answer, by what they are then, and whoever may not see what the approval is about
//! is not asked and does not find it. One answer in each place, however often it is sent. Nobody agrees to what they caused
//! themselves, unless the rule allows it. Every answer is in the audit log and announced in its own transaction.
//!
//! Deliberately absent: taking an answer back, and answers by programs: approvers are people.

pub mod events;
pub mod links;
mod model;
mod people;
pub(crate) mod request;
pub mod review;
pub mod service;
pub(crate) mod store;
mod told;

pub use model::{
    Approval, ApprovalDecision, ApprovalRef, ApprovalState, Asked, Delegation, MAX_COMMENT, NewDelegation, NewVote,
    Via, Vote,
};
