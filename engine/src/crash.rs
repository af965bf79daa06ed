//! Named places where a test may kill the process, to prove that nothing is lost or done twice there.
//!
//! Without the feature `crash-points` a call compiles to nothing. With it, `TRACKSIDE_CRASH_AT="run.step_committed:3"`
//! ends the process, without any clean-up, the third time that place is reached; `run.step_before_commit@task.assign:1`
//! does so only where the place is reached on behalf of `task.assign`.

/// A place where the process may be killed by a test.
#[cfg(not(feature = "crash-points"))]
#[inline(always)]
pub fn point(_name: &'static str) {}

/// [`point`], reached on behalf of something that has a name: an action, a kind of event.
#[cfg(not(feature = "crash-points"))]
#[inline(always)]
pub fn point_at(_name: &'static str, _whose: &str) {}

/// A place where the process may be killed by a test.
#[cfg(feature = "crash-points")]
pub fn point(name: &'static str) {
    point_at(name, "");
}

/// [`point`], reached on behalf of something that has a name: an action, a kind of event.
#[cfg(feature = "crash-points")]
pub fn point_at(name: &'static str, whose: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicI64, Ordering};

    static TARGET: OnceLock<Option<(String, AtomicI64)>> = OnceLock::new();
    let target = TARGET.get_or_init(|| {
        let text = std::env::var("TRACKSIDE_CRASH_AT").ok()?;
        let (name, nth) = text.rsplit_once(':')?;
        Some((name.to_owned(), AtomicI64::new(nth.parse().ok()?)))
    });
    if let Some((wanted, left)) = target
        && wanted.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.strip_prefix('@') == Some(whose))
        && left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        std::process::abort();
    }
}
