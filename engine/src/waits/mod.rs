//! What runs wait for in the log (a step with `wait: { event: … }`).
//!
//! A run writes what it waits for ([`service::open`]) and lies down. [`Watch`], one on each node, reads the log behind the place that
//! each wait has come to, and the first event that fits ends the wait and wakes the run, in one transaction. The place begins at
//! the event that started the run, or that ended its last wait: what came in before the run lay down is found as well.
//!
//! Guaranteed: one event ends a wait, the first in the order of the log, whichever node sees it. Dispatch knows nothing of
//! waits: an event is judged as fast as before, and while nobody waits nobody reads.
//!
//! Deliberately absent: what the run itself announces never ends its own waits.

mod room;
pub mod service;
pub(crate) mod store;
mod watch;

pub use watch::{Looked, Watch};
