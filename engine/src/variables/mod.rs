//! Variables: values that rules go by, set once for the workspace or for a project, and read as `vars.NAME` by every
//! expression of a rule. A project's hides the workspace's of the same name.
//!
//! What an event is judged with is kept with the [book of rules](crate::rules::Library) and read again when its revision
//! moves, which every change here does; so no node judges by a value that is gone, and rules that read none pay nothing. A
//! run reads the values when it is taken up, and again when it goes on after a wait.
//!
//! Who set a variable, and when, stands with it; that it was set or deleted stands in the audit log. Deliberately absent:
//! an event for it, since a rule that changes what rules go by could not be followed; and values that nobody may see, which
//! are [`secrets`](crate::secrets).

mod model;
mod rules;
pub mod service;
pub(crate) mod store;

pub use model::{MAX_VALUE, MAX_VARIABLES, Variable, checked_name};
pub use rules::{Planned, Variables, known, mentions};
pub(crate) use rules::{Whose, for_judging, for_run, of_all, project_of};
