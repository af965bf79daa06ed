//! The loop around [`Dispatcher`]: woken when events are written, and now and then in case a word was lost.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use trackside_engine::db::{Db, Signal};
use trackside_engine::runs::dispatch::{Dispatched, Dispatcher};

/// How often events are looked for when nothing was heard.
const FALLBACK: Duration = Duration::from_secs(10);
/// How long to wait when another node was at it, unless something is heard.
const MOMENT: Duration = Duration::from_millis(10);
/// How long to wait after the database could not be asked.
const PAUSE: Duration = Duration::from_millis(500);

/// Dispatches events until it is told to stop.
pub(crate) async fn run(db: Db, dispatcher: Dispatcher, stop: CancellationToken) {
    while !stop.is_cancelled() {
        // Asked for before the look, so that an event written between the look and the wait still wakes.
        let heard = db.signals().notified(Signal::Events);
        let pause = match dispatcher.batch().await {
            Ok(Dispatched::None) => FALLBACK,
            Ok(Dispatched::Some) => continue,
            Ok(Dispatched::Again) => MOMENT,
            Err(error) => {
                tracing::warn!(%error, "events could not be dispatched; it is tried again");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tokio::time::timeout(pause, heard) => {}
        }
    }
}
