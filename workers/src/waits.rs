//! The loop around [`Watch`]: woken when somebody begins to wait, and while anybody does, when the log goes on.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use trackside_engine::db::{Db, Signal};
use trackside_engine::waits::{Looked, Watch};

/// How often is looked whether somebody waits of whom nothing was heard.
const FALLBACK: Duration = Duration::from_secs(10);
/// How often the log is looked at while somebody waits; what another process on the same file wrote is heard in no other way.
const GLANCE: Duration = Duration::from_secs(1);
/// Looks are at least this far apart: the log may go on thousands of times a second.
const SPACING: Duration = Duration::from_millis(5);
/// How long to wait after the database could not be asked.
const PAUSE: Duration = Duration::from_millis(500);

/// Watches the log for those who wait until it is told to stop.
pub(crate) async fn run(db: Db, mut watch: Watch, stop: CancellationToken) {
    while !stop.is_cancelled() {
        // Asked for before the look, so that what happens between the look and the wait still wakes.
        let (waits, log) = (db.signals().notified(Signal::Waits), db.signals().notified(Signal::Log));
        let looked = watch.look().await;
        let (pause, hears_log) = match looked {
            Ok(Looked::Nobody) => (FALLBACK, false),
            Ok(Looked::All | Looked::Apart) => (GLANCE, true),
            Ok(Looked::More) => (SPACING, true),
            Err(error) => {
                tracing::warn!(%error, "the log could not be looked at for those who wait; it is tried again");
                (PAUSE, false)
            }
        };
        let spacing = tokio::time::sleep(SPACING);
        tokio::select! {
            () = stop.cancelled() => return,
            () = waits => {}
            () = log, if hears_log => {}
            () = tokio::time::sleep(pause) => {}
        }
        spacing.await;
    }
}
