//! Export and import: a project as one document, and documents of elsewhere as a project.
//!
//! [`Portable`] is what a project is outside of a database: its tasks and all that hangs on them, and what it has of its own
//! for them: workflow, types, fields, calendar, plan, people, budget, templates. Things name each other by keys and people by
//! their addresses. An export writes one; every format that is read becomes one first ([`formats`]), so an import is the
//! same for all.
//!
//! Guaranteed: an import happens as a whole or not at all, in one transaction ([decision 0027](
//! ../../../docs/decisions/0027-an-import-is-one-transaction.md)); a dry run is that transaction, undone; everything is made
//! by the same verbs, with the same permissions, checks and events as one by one. Numbers are kept where they are free. A
//! project that is exported and imported again is the same but for ids, versions, times, and who made and wrote what
//! ([decision 0035](../../../docs/decisions/0035-a-document-is-the-whole-project.md)). An export shows what its reader may
//! see, and says what it leaves out.
//! The bytes of files go beside the document, in an archive (`bundle`), if that is asked for.
//! Deliberately absent: time entries, allocations, views, rules and
//! hooks, which are people's or the workspace's; earlier versions of comments; what was planned and happened before.

mod archive;
mod bundle;
mod csv;
mod export;
mod export_setup;
pub mod formats;
mod import;
mod import_setup;
mod model;
mod people;
mod portable;
mod setup;
pub(crate) mod store;

pub use bundle::{Bundle, MAX_ARCHIVE, MAX_FILE_BYTES, import_bundle, pack};
pub use csv::csv;
pub use export::export;
pub use import::{Target, import};
pub use model::{
    FORMAT, Format, MAX_COMMENTS, MAX_FILES, MAX_PROBLEMS, MAX_TASKS, Made, OLDEST_VERSION, Options, Report, Trouble,
    VERSION,
};
pub use portable::{
    LeftOut, Portable, PortableAttachment, PortableComment, PortableDependency, PortableLink, PortableMilestone,
    PortableProject, PortableSchedule, PortableSprint, PortableTask,
};
pub use setup::{
    PortableBaseline, PortableBudget, PortableCost, PortableDates, PortableMember, PortablePlan, PortableRecurrence,
    PortableTemplate,
};
