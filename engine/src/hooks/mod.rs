//! Inbound webhooks: who may post to a hook, how the post proves where it came from, and what becomes of it.
//!
//! A post is looked up in memory ([`Registry`]), verified against the raw bytes ([`schemes`]), wrapped into the event
//! `hook.received` as text, judged by the rules, and stored in one write together with the sender's own id of the delivery
//! and the runs it starts ([`Intake`]). When [`service::receive`] has answered, all of that is durable. A delivery that
//! comes again is answered like the first and leaves no second event.
//!
//! The body is kept to the letter: it is spliced into the event and never parsed and printed again.
//! Deliberately absent: changing the scheme of a hook. Make a new one, so that the sender's settings change with it.

mod body;
pub mod events;
mod headers;
mod intake;
mod model;
mod receive;
mod registry;
pub mod schemes;
pub mod service;
pub(crate) mod store;

pub use intake::Intake;
pub use model::{CreatedHook, Hook, Incoming, NewHook, Receipt};
pub use registry::Registry;
