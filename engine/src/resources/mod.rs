//! Resources: how much time people have on each day, and how much of it is planned for what.
//!
//! The **capacity** of a person on a day is their working hours on that day of the week, by the clock of where they live (a
//! night in which clocks change is as long as it is), without their absences. An **allocation** plans a person for a project,
//! or a task of it, on every working day of a range: so many minutes, or so many percent of the working hours. Where more is
//! allocated than there is, the day is **over-allocated**.
//!
//! Guaranteed: a change of an allocation, of an absence or of working hours that fills days too much announces them, in its
//! own transaction, as ranges in which weekends are no gap; each day once while it lasts, and once more when it is resolved.
//! Changes of one person's plans wait for each other. Everybody who may see resources sees how full people are
//! (`resource.view`), but not for which projects that they may not see, nor why somebody is away; that see the person
//! themselves and whoever has `resource.manage`.
//!
//! Deliberately absent: skills and who would fit, plans by the hour, calendars of public holidays.

pub(crate) mod absences;
pub mod actions;
mod allocations;
pub mod events;
mod hours;
mod model;
pub mod service;
pub(crate) mod store;
mod workload;

pub use model::{
    Absence, AbsenceKind, AbsencePatch, AbsenceQuery, Allocation, AllocationPatch, DayPart, MAX_ALLOCATION_DAYS,
    MAX_DAYS, NewAbsence, NewAllocation, Planned, ResourceDay, ResourceQuery, Resources,
};
