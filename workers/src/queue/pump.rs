//! Looks after all queues of this node with one query.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use trackside_engine::jobs::JobStore;

use super::backend::Line;

/// Looks are at least this far apart.
const SPACING: Duration = Duration::from_millis(1);

/// Wakes the worker of every queue that has jobs: after a signal at once, otherwise when the next job becomes due or
/// lease runs out, and after `fallback` in case a signal was lost.
pub(super) async fn pump(store: Arc<dyn JobStore>, lines: Vec<Arc<Line>>, fallback: Duration, stop: CancellationToken) {
    let names: Vec<String> = lines.iter().map(|line| line.config.name.to_owned()).collect();
    let mut wakes = store.wakes();
    let mut wait = Duration::ZERO;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            changed = wakes.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(wait) => {}
        }
        let looked = Instant::now();
        wait = match store.look(&names).await {
            Ok(look) => {
                for line in &lines {
                    let state = look.queues.iter().find(|queue| queue.name == line.config.name);
                    if state.is_some_and(|queue| queue.ready && !queue.paused) {
                        line.ready.notify_one();
                        line.feed.notify_one();
                    }
                }
                let next = look.next.map(|next| (next - store.now()).to_std().unwrap_or_default());
                next.map_or(fallback, |next| next.min(fallback))
            }
            Err(error) => {
                tracing::warn!(%error, "could not look for jobs; trying again in a second");
                Duration::from_secs(1)
            }
        };
        tokio::time::sleep_until(looked + SPACING).await;
    }
}
