//! How much one evaluation may work: steps and wall-clock time, per thread, closures included.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// Steps of one evaluation.
pub(super) const MAX_STEPS: u64 = 100_000;
/// Wall-clock time of one evaluation.
const MAX_TIME: Duration = Duration::from_millis(50);
/// The clock is read once in so many steps; one step is far below a millisecond.
const CLOCK_EVERY: u64 = 16;

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Begins an evaluation on this thread; it ends when the guard is dropped.
pub(super) fn start() -> Running {
    STEPS.set(0);
    DEADLINE.set(Some(Instant::now() + MAX_TIME));
    Running
}

/// The evaluation that [`start`] began.
pub(super) struct Running;

impl Drop for Running {
    fn drop(&mut self) {
        DEADLINE.set(None);
    }
}

/// Counts one step; `true` means the evaluation must end.
pub(super) fn step() -> bool {
    let steps = STEPS.get() + 1;
    STEPS.set(steps);
    steps > MAX_STEPS || (steps % CLOCK_EVERY == 0 && DEADLINE.get().is_some_and(|deadline| Instant::now() > deadline))
}
