//! Which queue of a node claims first: one with a higher priority, while it has jobs and room for them. The others wait for
//! it, but never for long, so that no queue starves another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// A queue lets others go first for so long at the most.
const GIVES_WAY: Duration = Duration::from_millis(50);

/// The queues of a node that would claim, by name.
#[derive(Debug, Default)]
pub(super) struct Ranks {
    wanting: Mutex<HashMap<&'static str, i64>>,
    fewer: Notify,
}

impl Ranks {
    pub(super) fn new() -> Arc<Self> {
        Arc::default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<&'static str, i64>> {
        // Nothing in here can panic between two changes that belong together.
        self.wanting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a queue of this priority may claim now.
    fn is_first(&self, priority: i64) -> bool {
        self.lock().values().all(|other| *other <= priority)
    }

    /// Says that a queue would claim, and waits for those of a higher priority that would, too.
    pub(super) async fn enter(&self, queue: &'static str, priority: i64) {
        self.lock().insert(queue, priority);
        let turn = async {
            loop {
                // Asked for before the look, so that what changes between the look and the wait still wakes.
                let fewer = self.fewer.notified();
                if self.is_first(priority) {
                    return;
                }
                fewer.await;
            }
        };
        let _ = tokio::time::timeout(GIVES_WAY, turn).await;
    }

    /// A queue has claimed; whether it would claim more.
    pub(super) fn leave(&self, queue: &'static str, more: bool) {
        if !more && self.lock().remove(queue).is_some() {
            self.fewer.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_lower_waits_for_the_higher_but_not_for_ever() {
        let ranks = Ranks::new();
        ranks.enter("runs", 0).await;
        assert!(ranks.is_first(0) && ranks.is_first(5) && !ranks.is_first(-10));
        // A flood of the higher one holds it up for a moment and no longer.
        ranks.enter("maintenance", -10).await;
        ranks.leave("runs", true);
        assert!(!ranks.is_first(-10), "there is more to claim");
        ranks.leave("runs", false);
        assert!(ranks.is_first(-10) && ranks.is_first(0), "nobody is before either");
        let (waiting, ranks) = (ranks.clone(), ranks);
        ranks.enter("runs", 0).await;
        let waiting = tokio::spawn(async move { waiting.enter("maintenance", -10).await });
        ranks.leave("runs", false);
        waiting.await.unwrap();
    }
}
