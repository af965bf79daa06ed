//! Custom fields: what a project wants to know of its tasks besides what every task has.
//!
//! Whoever may edit a project defines its fields; the values stand in the tasks' `custom`. A project that defines none
//! takes whatever it is given there. One that defines any takes only those: names that it does not know are refused, and
//! values are checked and brought into one form (`12.50` euros are `{"amount": "12.5", "currency": "EUR"}`, never a
//! float). So nobody pays for what they do not use: a project's row says whether there is anything to look up.
//!
//! Guaranteed: what a defined field holds fits its definition, but for what was there before the definition and did not
//! fit (it stays as it is, and is not found by filters, until somebody changes it); an option that tasks hold does not go
//! away unless it is said what they hold instead; a deleted field takes its values with it, so that nothing hidden comes
//! back under its name. Values stand once more as rows ([`ord`]), which filters and orders read; they are written in the
//! transaction of the task's change.
//!
//! Deliberately absent: fields of a whole workspace, formulas, other keys or types for a field that exists.

pub mod events;
mod lookup;
mod model;
mod ord;
pub mod service;
pub(crate) mod store;
mod values;

pub(crate) use lookup::{Comparison, Lookup, invalid};
pub use model::{
    Field, FieldOption, FieldPatch, FieldType, MAX_FIELDS, MAX_NAME, MAX_OPTIONS, MAX_TEXT, MAX_URL, NewField,
};
pub(crate) use values::{Checked, Definitions};
