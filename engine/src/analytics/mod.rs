//! Analytics: how work went, per project and over all of them.
//!
//! Everything is counted from what is: the tasks there are, and spans of how long each stood how, written in
//! the transaction of every change of a status, so that no figure needs the event log. A deleted task is in no figure,
//! not even of the days when it was there. A task is completed when it was completed last, as long as it is; its cycle
//! begins when it first was active. An estimate counts with what it is now.
//!
//! Days are those of the time zone that is asked for: a day of 23 hours is a day, and one that a zone skipped is empty.
//! Deliberately absent: figures that are kept; whoever wants a history of figures asks for a range of days.

mod days;
mod model;
pub mod record;
mod series;
pub mod service;
pub(crate) mod store;

pub use model::{
    Counts, DoneTask, Durations, Interval, LateTask, Load, MAX_LISTED, MAX_POINTS, MAX_PROJECTS, Metrics, MetricsQuery,
    Point, Portfolio, PortfolioQuery, ProjectFigures, Range,
};
