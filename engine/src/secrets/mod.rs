//! Secrets: texts that rules hand to other services and nobody is shown, of the workspace or of one project; a project's
//! hides the workspace's of the same name.
//!
//! A secret goes in and never comes out again but to an action that calls another service, whose inputs name it as
//! `{{ secrets.NAME }}` (the [check](trackside_rules::check::names) sees to that). It lies sealed in its row and bound to it,
//! under the key of the [vault](crate::vault). What a run keeps and shows has `***` in its place: inputs are rendered once
//! more without it, and what comes back is searched for it ([`Mask`]).
//!
//! Who set a secret, and when, stands with it; that it was set or deleted stands in the audit log. Deliberately absent: an
//! event for it, and any way to ask whether a text is the secret.

mod mask;
mod model;
pub mod service;
pub(crate) mod store;
mod unescape;

pub use mask::{MASKED, Mask};
pub use model::{MAX_SECRET, MAX_SECRETS, MIN_SECRET, SecretInfo};
