//! Export and import: a project as one document, and documents of elsewhere as a project.
//!
//! [`Portable`] is what a project is outside of a database: tasks, comments, dependencies, links, sprints and milestones,
//! which name each other by keys and people by their addresses. An export writes one; every format that is read becomes
//! one first ([`formats`]), so an import is the same for all.
//!
//! Guaranteed: an import happens as a whole or not at all, in one transaction ([decision 0027](
//! ../../../docs/decisions/0027-an-import-is-one-transaction.md)); a dry run is that transaction, undone; everything is made
//! by the same verbs, with the same permissions, checks and events as one by one. Numbers are kept where they are free. A
//! project that is exported and imported again is the same but for ids, versions, times, and who made and wrote what.
//! Deliberately absent: attachments, time entries, watchers' and comments' history, and what rules did.

mod export;
pub mod formats;
mod import;
mod model;
pub(crate) mod store;

pub use export::{csv, export};
pub use import::{Target, import, import_new};
pub use model::{
    FORMAT, Format, MAX_COMMENTS, MAX_PROBLEMS, MAX_TASKS, Made, Options, Portable, PortableComment,
    PortableDependency, PortableLink, PortableMilestone, PortableProject, PortableSprint, PortableTask, Report,
    Trouble, VERSION,
};
