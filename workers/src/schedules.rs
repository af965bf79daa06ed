//! The loop around [`due::run`]: it sleeps until the next rule is due, is woken when a rule's schedule changes, and looks now
//! and then by itself, in case another node's change was not heard or the clock was put.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use trackside_engine::Source;
use trackside_engine::db::{Db, Signal};
use trackside_engine::schedules::due;

/// How often is looked when nothing is due. Clocks that are put forward are noticed so late at the latest.
const FALLBACK: Duration = Duration::from_secs(30);
/// Looks are at least this far apart.
const SPACING: Duration = Duration::from_millis(20);
/// How long to wait after the database could not be asked.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts what is due by the clock until it is told to stop.
pub(crate) async fn run(db: Db, source: Source, stop: CancellationToken) {
    while !stop.is_cancelled() {
        // Asked for before the look, so that a change between the look and the wait still wakes.
        let heard = db.signals().notified(Signal::Schedules);
        let pause = match due::run(&db, &source).await {
            Ok(looked) => looked.next.map_or(FALLBACK, |next| (next - source.now()).to_std().unwrap_or_default()),
            Err(error) => {
                tracing::warn!(%error, "schedules could not be looked at; it is tried again");
                PAUSE
            }
        };
        let spacing = tokio::time::sleep(SPACING);
        tokio::select! {
            () = stop.cancelled() => return,
            () = heard => {}
            () = tokio::time::sleep(pause.min(FALLBACK)) => {}
        }
        spacing.await;
    }
}
