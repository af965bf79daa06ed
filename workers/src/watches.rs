//! The loop that keeps what follows the log and the clock at once: the timers of SLA policies, and the figures that start rules.
//! While there is nothing to keep it hears nothing but that there is, and looks now and then in case that was not heard.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use trackside_engine::db::{Db, Signal};
use trackside_engine::{Result, Source, slas, thresholds};

/// How often is looked whether there is anything to keep of which nothing was heard; clocks that are put forward are noticed so
/// late at the latest.
const FALLBACK: Duration = Duration::from_secs(60);
/// How often the log is looked at while there is: what another process on the same file wrote is heard in no other way.
const GLANCE: Duration = Duration::from_secs(2);
/// Looks are at least this far apart: the log may go on thousands of times a second.
const SPACING: Duration = Duration::from_millis(20);
/// How long to wait after the database could not be asked.
const PAUSE: Duration = Duration::from_secs(1);

/// Keeps it until it is told to stop.
pub(crate) async fn run(db: Db, source: Source, stop: CancellationToken) {
    while !stop.is_cancelled() {
        // Asked for before the look, so that what happens between the look and the wait still wakes.
        let (changed, log) = (db.signals().notified(Signal::Schedules), db.signals().notified(Signal::Log));
        let (pause, hears_log) = match look(&db, &source).await {
            Ok(looked) if looked.more => (SPACING, true),
            Ok(looked) => {
                let next = looked.next.map(|next| (next - source.now()).to_std().unwrap_or_default());
                let usual = if looked.active { GLANCE } else { FALLBACK };
                (next.map_or(usual, |next| next.min(usual)), looked.active)
            }
            Err(error) => {
                tracing::warn!(%error, "timers and figures could not be looked at; it is tried again");
                (PAUSE, false)
            }
        };
        let spacing = tokio::time::sleep(SPACING);
        tokio::select! {
            () = stop.cancelled() => return,
            () = changed => {}
            () = log, if hears_log => {}
            () = tokio::time::sleep(pause) => {}
        }
        spacing.await;
    }
}

async fn look(db: &Db, source: &Source) -> Result<slas::due::Looked> {
    let (timers, figures) = (slas::due::run(db, source).await?, thresholds::look::run(db, source).await?);
    let next = timers.next.into_iter().chain(figures.next).min();
    Ok(slas::due::Looked { active: timers.active || figures.active, next, more: timers.more })
}
