//! Comments on tasks: written, edited, taken back.
//!
//! Whoever may comment writes; only the author changes or deletes what they wrote, besides those who may
//! `comment.moderate`. An edit keeps the text before it, which moderators read. A deletion takes the text and leaves the
//! place: the row says when it was deleted, and its text goes where the earlier ones are.
//!
//! A text mentions people by `@user_…` or `@their@address` ([`mentions`]). Guaranteed: whom a comment names in
//! `mentions` may see its task; each is told once, however often the text is edited; every change raises the version by
//! one and leaves its event in the same transaction.
//!
//! Deliberately absent: mentions by name, since names are not unique; threads; reactions. The event log keeps what was
//! said at the time, as it keeps everything.

pub mod actions;
pub mod events;
pub mod mentions;
mod model;
pub mod service;
pub(crate) mod store;

pub use model::{
    Comment, CommentPatch, CommentQuery, EarlierComment, MAX_COMMENT, MAX_EDITS, MAX_MENTIONS, NewComment,
};
