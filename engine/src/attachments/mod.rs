//! Files on tasks.
//!
//! Whoever may edit tasks puts a file on one and takes it off; whoever sees the task sees the file. It comes in piece by
//! piece ([`arrive`]): counted, hashed, held against the size that is allowed, its type read from its own first bytes,
//! because what the sender calls it is only a word. Files are never unpacked or rendered here, so a bomb is only bytes.
//!
//! Guaranteed, whatever is killed when: a file that was acknowledged is there, and no file is there that no row knows. The
//! row stands before the first byte is written; it belongs to no task until the file is safe and the announcement commits
//! with it. It belongs to none again when the file is taken off or the task goes; then [`sweep`] deletes the file and,
//! after it, the row. A workspace keeps at most so many bytes; they are free again when the file is.
//!
//! Deliberately absent: previews; a virus scan; the same file kept once for several tasks.

pub mod actions;
pub mod arrive;
pub mod events;
mod model;
mod names;
pub mod service;
mod sniff;
pub(crate) mod store;
pub mod sweep;

pub use model::{Attachment, Limits, MAX_ATTACHMENTS, MAX_NAME};
pub use sniff::is_harmless;
