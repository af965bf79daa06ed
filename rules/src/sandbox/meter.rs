//! How much one evaluation may work: steps and time, per thread, closures included.
//!
//! Time is wall-clock time, but a busy machine must not make a condition fail that is quick by
//! itself: when the thread was put aside between two looks at the clock, only a little of that
//! counts. A step that is truly slow still costs more than it is charged by a small factor only.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use crate::problem::Problem;

/// How much one evaluation may work.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    pub steps: u64,
    pub time: Duration,
}

/// What is usual.
pub(super) const USUAL: Limit = Limit { steps: 100_000, time: Duration::from_millis(50) };
/// For what is judged while others wait.
pub(super) const STRICT: Limit = Limit { steps: 10_000, time: Duration::from_millis(5) };
/// Time of many evaluations that belong together: a template, the filter of a list.
const MAX_TIME_TOGETHER: Duration = Duration::from_millis(500);
/// The clock is read once in so many steps.
const CLOCK_EVERY: u64 = 4;
/// What is charged at most between two looks at the clock. The slowest steps take about a millisecond.
const MAX_GAP: Duration = Duration::from_millis(5);

thread_local! {
    static LIMIT: Cell<Limit> = const { Cell::new(USUAL) };
    static STEPS: Cell<u64> = const { Cell::new(0) };
    static SPENT: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Begins an evaluation on this thread; it ends when the guard is dropped.
pub(super) fn start(limit: Limit) -> Running {
    LIMIT.set(limit);
    STEPS.set(0);
    SPENT.set(Duration::ZERO);
    LAST.set(Some(Instant::now()));
    Running
}

/// The evaluation that [`start`] began.
pub(super) struct Running;

impl Drop for Running {
    fn drop(&mut self) {
        charge();
        LAST.set(None);
    }
}

/// Counts one step; `true` means the evaluation must end.
pub(super) fn step() -> bool {
    let steps = STEPS.get() + 1;
    STEPS.set(steps);
    if steps.is_multiple_of(CLOCK_EVERY) {
        charge();
    }
    let Limit { steps: most, time } = LIMIT.get();
    steps > most || SPENT.get() > time
}

fn charge() {
    if let Some(last) = LAST.get() {
        let now = Instant::now();
        SPENT.set(SPENT.get() + now.saturating_duration_since(last).min(MAX_GAP));
        LAST.set(Some(now));
    }
}

/// What many evaluations that belong together, on one thread, may take.
pub(crate) struct Together(Cell<Duration>);

impl Together {
    pub fn start() -> Self {
        SPENT.set(Duration::ZERO);
        Self(Cell::new(Duration::ZERO))
    }

    /// Asked before each evaluation; charges the one before.
    pub fn go_on(&self) -> Result<(), Problem> {
        self.0.set(self.0.get() + SPENT.take());
        if self.0.get() > MAX_TIME_TOGETHER {
            return Err(Problem::new("too_long", "", "All expressions here together work too long; simplify them."));
        }
        Ok(())
    }
}
