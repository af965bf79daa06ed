//! Budgets: what a project may cost, what it has cost, and what it will, as far as somebody has promised it.
//!
//! Whoever may see a project's budget (`budget.view`) reads its figures: **actual** is the time of the project at its rates
//! and the costs that were paid, **committed** the costs that were promised; both together are **used**, and what planned
//! leaves of that **remains**. Whoever may edit it (`budget.edit`) plans it and enters costs.
//!
//! Guaranteed:
//! - Figures are exact decimals, rounded once, at the end, half to even, to the currency's minor units.
//! - A budget has one currency; costs and rates of its project in another are refused. Time at a rate for several projects in
//!   another currency counts as not priced, as does time without a rate; `unpriced_minutes` says how much of that there is.
//! - When what is used rises to a threshold (50, 80 and 100 % unless the budget says otherwise), that is announced once, in
//!   the transaction of the cost, the time or the rate that did it, under the budget's lock. When it falls below again, the
//!   threshold is armed anew: the next rise is another crossing, and announced with its number.
//! - Nothing of it is in what others may see or hear.
//!
//! Deliberately absent: conversion between currencies, planning by period or category, invoices.

pub mod actions;
pub mod costs;
pub mod events;
mod model;
pub mod service;
pub(crate) mod store;

pub use model::{
    Budget, Cost, CostPatch, CostState, MAX_COSTS, MAX_PERCENT, MAX_THRESHOLDS, NewBudget, NewCost, Reached,
};
