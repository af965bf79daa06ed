//! How long a look at the graph may take: it grows with rules times steps times conditions, and others wait meanwhile.

use std::cell::Cell;
use std::time::{Duration, Instant};

thread_local! {
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
    static IS_OVER: Cell<bool> = const { Cell::new(false) };
}

/// Looks for so long; answers with what was found, and whether that is all there is to find.
pub fn within<T>(time: Duration, look: impl FnOnce() -> T) -> (T, bool) {
    DEADLINE.set(Instant::now().checked_add(time));
    IS_OVER.set(false);
    let found = look();
    DEADLINE.set(None);
    (found, !IS_OVER.get())
}

/// Asked before each pair of rules: whether it is time to stop.
pub(super) fn is_over() -> bool {
    if !IS_OVER.get() && DEADLINE.get().is_some_and(|deadline| Instant::now() >= deadline) {
        IS_OVER.set(true);
    }
    DEADLINE.get().is_some() && IS_OVER.get()
}
