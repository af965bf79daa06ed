//! What rules may do. Two kinds, one catalogue:
//!
//! - an **internal** action ([`Internal`], in an area's `actions.rs`) changes something of ours inside the transaction
//!   that also journals the step, so it happens exactly once;
//! - an **external** action ([`external::External`], in `workers`' `integrations/<vendor>/actions.rs`) calls the
//!   outside world: at least once, with an idempotency key that stays the same for every attempt of one step.
//!
//! Adding one is one implementation and one line, in [`INTERNAL`] or in the integrations' list.

mod catalogue;
mod effect;
pub mod external;
mod follows;
mod internal;

pub use catalogue::{ActionInfo, Actions, Entry};
pub use effect::{Effect, OUTSIDE, Undo};
pub use internal::{ErasedInternal, INTERNAL, Internal};
