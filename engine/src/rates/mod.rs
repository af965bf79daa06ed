//! Rates: what an hour of somebody's work costs, from one day to another.
//!
//! A rate is for a person in a project, for a project, for a person, or for anybody: of those that hold on the day of a
//! time entry the first of this order is the one, and of several of the same sort the one that begins last. An entry
//! carries its rate; whoever changes rates gives all entries that are concerned theirs anew, also those of the past and of
//! approved weeks, and what budgets cross by that is announced in the same transaction.
//!
//! Guaranteed: rates are seen and changed with `budget.view` and `budget.edit` alone, on the project for a project's and on
//! the workspace for the others; nothing that others see or hear of carries them. Changes of rates and bookings of time
//! wait for each other, so no entry has the rate of yesterday.
//!
//! Deliberately absent: rates for billing apart from those for costs, and for types of work.

pub mod events;
mod model;
pub mod service;
pub(crate) mod store;

pub use model::{MAX_RATES, NewRate, Rate, RatePatch, RateQuery};
