//! What the benches measure with: a load generator, a sink that answers calls and times them, and the processor time
//! and memory of other processes. All on loopback, bounded in count and time.
//!
//! Machines are noisy and their cores are shared, so seconds of two days cannot be compared. What can is processor time
//! per operation, and the ratio to a peer that ran in the same go.

mod load;
mod report;
mod scene;
mod sink;
mod usage;

pub use load::{Load, Loaded, request};
pub use report::{Figures, databases, percentile, report};
pub use scene::{hook_and_rule, server};
pub use sink::{Arrived, Sink};
pub use usage::{Usage, count, postmaster};

use std::sync::LazyLock;
use std::time::Instant;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Microseconds since this process first asked: the clock that the load generator and the sink share.
pub fn now_us() -> u64 {
    START.elapsed().as_micros() as u64
}
