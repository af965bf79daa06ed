//! The loop around [`due::run`]: it sleeps until the next recurring task is due, and looks now and then in case one was
//! set up meanwhile.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use trackside_engine::Source;
use trackside_engine::db::Db;
use trackside_engine::recurrences::due;

/// How often is looked when nothing is due.
const FALLBACK: Duration = Duration::from_secs(5);
/// Looks are at least this far apart.
const SPACING: Duration = Duration::from_millis(100);

/// Makes recurring tasks until it is told to stop.
pub(crate) async fn run(db: Db, source: Source, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let pause = match due::run(&db, &source).await {
            Ok(looked) => looked.next.map_or(FALLBACK, |next| (next - source.now()).to_std().unwrap_or_default()),
            Err(error) => {
                tracing::warn!(%error, "recurring tasks could not be looked for; it is tried again");
                FALLBACK
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause.clamp(SPACING, FALLBACK)) => {}
        }
    }
}
