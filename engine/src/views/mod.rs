//! Saved views: lists of tasks that people keep, for themselves or for others.
//!
//! A view is a query of `GET /tasks` under a name, with a word on how it is shown. It grants nothing: whoever opens one
//! sees of its tasks what they may see anyway. Guaranteed: the query was valid when it was saved; only the owner changes or
//! deletes a view; every change raises its version and leaves its event. A view that is shared with a project goes with it.
//! Deliberately absent: rule actions (a view is nothing that happens), and folders.

pub mod events;
mod model;
pub mod service;
pub(crate) mod store;

pub use model::{Layout, MAX_NAME, MAX_OPTIONS, MAX_VIEWS, NewView, Sharing, View, ViewPatch};
