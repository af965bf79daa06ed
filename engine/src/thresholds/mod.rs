//! Rules that are started by figures: the trigger `threshold`.
//!
//! A rule that is switched on has a row with how each of its figures stands: one per project that it is for, or one for all of
//! the workspace. [`look`] finds the figure anew when something happened that can have moved it, and now and then, since time moves some by
//! itself. What comes to stand beyond what the rule says (for as long as it says) is announced as `threshold.crossed`, an event made
//! for that rule alone, in the transaction that notes it; it can fire again once the figure was back.
//!
//! Guaranteed: one event for each time that a figure was found beyond and had been back before, however many nodes look and whenever
//! they die. Figures are those that the owner of the rule sees. Deliberately absent: figures from between two looks. What is
//! already beyond when the rule is switched on fires once.

pub mod events;
pub mod look;
mod metrics;
pub mod service;
pub(crate) mod store;

use trackside_rules::model::Metric;
use trackside_rules::{Problem, Rule};

pub use service::Gauge;

/// Every figure, with the kinds of events that can move it.
pub(crate) fn moves() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    Metric::ALL.into_iter().map(|(name, metric)| (name, metrics::moved_by(metric)))
}

/// What is wrong with the filter of a rule's figure.
pub(crate) fn unreadable_filter(rule: &Rule) -> Option<Problem> {
    let filter = rule.trigger.filter.as_deref().filter(|_| rule.trigger.is_threshold())?;
    let error = metrics::filtered(filter, &[], None).err()?;
    Some(Problem::new("threshold", "/trigger/filter", error.detail.clone()))
}
