//! Planning: which task waits for which, and when everything can and must happen.
//!
//! Whoever may edit tasks says that one task depends on another of the same project: finish to start, start to start,
//! finish to finish or start to finish, with a lag (or, negative, a lead) in working minutes; and what else holds a task
//! ([`schedules`]): a constraint, a duration, progress, a calendar. Whoever may edit the project says when work is done
//! and as of when it is planned ([`plans`]), and keeps [`baselines`]. Whoever may see tasks reads the project's timeline:
//! early and late dates, floats and the critical path, computed anew each time by [`network`] over the working time of
//! [`calendar`]s, so it is never out of date. `docs/planning.md` says what everything means.
//!
//! Guaranteed: the dependencies of a project never go in a circle, also by way of subtasks ([`circles`]), because each is
//! added under the project's lock; two tasks depend on each other at most once in each of the four ways; every change
//! leaves its event in the same transaction. A dependency goes away with either of its tasks, which `task.deleted`
//! announces. Nothing here is a change of a task, so versions stay. The dates computed last are stored to be compared: every
//! task of which one moved is announced once ([`replan`]).
//!
//! Deliberately absent: estimates and resources, deadlines, constraints of summaries, and moving the dates of tasks by
//! themselves: a rule may do that.

pub mod actions;
pub mod baselines;
pub mod calendar;
mod circles;
pub mod events;
mod hours;
pub mod inputs;
mod model;
pub mod network;
pub mod plans;
pub mod replan;
pub mod schedules;
pub mod service;
pub(crate) mod store;
pub mod timeline;
mod tree;

pub use baselines::{Baseline, MAX_BASELINES, NewBaseline};
pub use hours::{
    Clock, Exception, MAX_EXCEPTION_DAYS, MAX_EXCEPTION_NAME, MAX_EXCEPTIONS, MAX_STRETCHES, Stretch, WeekHours,
    WorkDays, WorkingTime,
};
pub use model::{
    DEFAULT_DURATION, Dependency, DependencyType, MAX_LAG, MAX_PREDECESSORS, MAX_TASKS, NewDependency, Timeline,
    TimelineItem, Variance,
};
pub use plans::{CalendarSource, NewPlanSettings, PlanSettings, WorkCalendar};
pub use schedules::{ConstraintType, MAX_CALENDARS, MAX_DURATION, NewSchedule, TaskSchedule};
