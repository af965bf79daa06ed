//! Tasks: what people and rules work on, with subtasks. What is said about them is [`comments`](crate::comments)'.
//!
//! Guaranteed: the key (`WEB-142`) is given once and never again; every change raises the version by one and leaves its
//! events in the same transaction; a change that changes nothing leaves no trace; subtasks form trees of at most
//! [`MAX_DEPTH`] levels within one project; assignees and watchers are members of the workspace. Labels, assignees and watchers stand twice,
//! as JSON on the task for reading and as rows for filters; only this folder writes them, both at once.
//!
//! A list ([`TaskQuery`]) is paged by the values of its last row, so pages stay right while tasks come and go.
//! What tasks wait for is [`planning`](crate::planning)'s.
//! What they are linked with is [`links`](crate::links)', what they may be and become [`workflow`](crate::workflow)'s, and
//! what projects want to know of them besides [`fields`](crate::fields)'.

pub mod actions;
pub mod batch;
mod custom;
mod dates;
mod effects;
pub mod events;
mod filter;
pub mod labels;
mod limits;
pub mod list_action;
mod model;
pub(crate) mod pick;
mod query;
mod select;
pub mod service;
mod sight;
mod stale;
pub(crate) mod store;
mod tree;
pub mod watchers;
pub(crate) mod word;

pub use filter::{MAX_FILTER, TaskFilter};
pub(crate) use limits::time as storable_time;
pub use limits::{
    MAX_ASSIGNEES, MAX_CUSTOM, MAX_DESCRIPTION, MAX_ESTIMATE, MAX_LABEL, MAX_LABELS, MAX_POINTS, MAX_TITLE,
    MAX_WATCHERS,
};
pub use model::{Category, NewTask, Priority, Task, TaskDates, TaskPatch, TaskShort, TaskStatus, TaskType};
pub use query::{PARAMETERS, TaskQuery};
pub use tree::MAX_DEPTH;
pub use word::MAX_WORD;
