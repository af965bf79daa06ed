//! Task templates: a task with its subtasks, written once and made as often as it is wanted.
//!
//! Texts may hold placeholders (`{{ customer }}`), which are filled in when the template is applied; people may be named
//! by what they are to the project; dates are lengths of time from a start. Guaranteed: all tasks of an application are
//! made in one transaction or none is; a template whose placeholders are not all filled is not applied; every change
//! raises the version and leaves its event.
//! Deliberately absent: expressions in placeholders (rules have them), and checklists as things of their own: one becomes
//! a list of boxes at the end of the description.

pub mod actions;
pub mod events;
mod fill;
mod model;
pub mod service;
pub(crate) mod store;

pub(crate) use fill::match_up;
pub use model::{
    Applied, Apply, Assignee, MAX_BODY, MAX_LEVELS, MAX_NAME, MAX_TASKS, MAX_TEMPLATES, NewTemplate, TaskBody,
    TaskTemplate, TemplatePatch,
};
