//! What happens by the clock: a loop that sleeps until the next thing is due, is woken when somebody changes what that is,
//! and looks now and then by itself, in case another node's change was not heard or the clock was put.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use trackside_engine::db::{Db, Signal, Tx};
use trackside_engine::jobs::nodes;
use trackside_engine::notifications::service as notified;
use trackside_engine::rules::{Library, meter};
use trackside_engine::{Result, Source, approvals, recurrences, runs, schedules};

use crate::{notifications, watches};

/// How often is looked when nothing is due. Clocks that are put forward are noticed so late at the latest.
const FALLBACK: Duration = Duration::from_secs(30);
/// Looks are at least this far apart.
const SPACING: Duration = Duration::from_millis(20);
/// How often old runs are looked for, and who is left to approve what is pending.
const RETAIN: Duration = Duration::from_secs(3_600);
/// How long the figures of rules are kept where runs are kept for ever.
const COUNTED: TimeDelta = TimeDelta::days(400);
/// How long notifications are kept that were read.
const READ: TimeDelta = TimeDelta::days(400);
/// How often what rules cost is added up.
const COUNT: Duration = Duration::from_secs(60);
/// How long to wait after the database could not be asked.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts every such loop; they end when they are told to stop.
pub(crate) fn start(
    db: &Db,
    source: &Source,
    library: &Arc<Library>,
    stop: &CancellationToken,
    keep_runs: Option<Duration>,
) -> Vec<JoinHandle<()>> {
    let recurring =
        run("recurring tasks", db.clone(), source.clone(), stop.clone(), async |db: &Db, source: &Source| {
            Ok(recurrences::due::run(db, source).await?.next)
        });
    let scheduled = run("schedules", db.clone(), source.clone(), stop.clone(), async |db: &Db, source: &Source| {
        Ok(schedules::due::run(db, source).await?.next)
    });
    let reminding = notifications::remind(db.clone(), source.clone(), stop.clone());
    let keep = keep_runs.and_then(|keep| TimeDelta::from_std(keep).ok());
    vec![
        tokio::spawn(recurring),
        tokio::spawn(scheduled),
        tokio::spawn(reminding),
        tokio::spawn(watches::run(db.clone(), source.clone(), stop.clone())),
        tokio::spawn(review(db.clone(), source.clone(), stop.clone())),
        tokio::spawn(retain(db.clone(), source.clone(), stop.clone(), keep)),
        tokio::spawn(count(db.clone(), source.clone(), library.clone(), stop.clone())),
    ]
}

/// Lets go what is old, now and then: runs, and what else only grows (`docs/operations.md`).
async fn retain(db: Db, source: Source, stop: CancellationToken, keep: Option<TimeDelta>) {
    loop {
        if let Some(keep) = keep
            && let Err(error) = runs::retention::run(&db, &source, keep).await
        {
            tracing::warn!(%error, "old runs could not be deleted; it is tried again in an hour");
        }
        let now = source.now();
        if let Err(error) = notified::forget_read(&db, now - READ).await {
            tracing::warn!(%error, "old notifications could not be deleted; it is tried again in an hour");
        }
        let sweep = async move |tx: &mut Tx| {
            nodes::forget(tx, now).await?;
            meter::forget(tx, now - keep.unwrap_or(COUNTED)).await
        };
        if let Err(error) = db.write(sweep).await {
            tracing::warn!(%error, "old figures could not be deleted; it is tried again in an hour");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(RETAIN) => {}
        }
    }
}

/// Adds up what rules cost, once a minute if any did.
async fn count(db: Db, source: Source, library: Arc<Library>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(COUNT) => {}
        }
        if let Err(error) = meter::flush(&db, &source, &library).await {
            tracing::debug!(%error, "what rules cost could not be written; it is tried again in a minute");
        }
    }
}

/// Looks now and then at what is to be approved: rights end by themselves.
async fn review(db: Db, source: Source, stop: CancellationToken) {
    loop {
        if let Err(error) = approvals::review::ask_all(&db, &source).await {
            tracing::warn!(%error, "what is to be approved could not be looked at; it is tried again in an hour");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(RETAIN) => {}
        }
    }
}

/// Does what is due, and is told when the next thing will be.
async fn run<F>(what: &str, db: Db, source: Source, stop: CancellationToken, due: F)
where
    F: AsyncFn(&Db, &Source) -> Result<Option<DateTime<Utc>>>,
{
    while !stop.is_cancelled() {
        // Asked for before the look, so that a change between the look and the wait still wakes.
        let heard = db.signals().notified(Signal::Schedules);
        let pause = match due(&db, &source).await {
            Ok(next) => next.map_or(FALLBACK, |next| (next - source.now()).to_std().unwrap_or_default()),
            Err(error) => {
                tracing::warn!(%error, "{what} could not be looked at; it is tried again");
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
