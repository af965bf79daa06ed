//! Running jobs without workers, for tests; and emptying a queue.

use std::time::Duration;

use trackside_engine::Result;
use trackside_engine::db::Db;
use trackside_engine::jobs::{self, Ask, JobStore, QUEUES};

use super::handler::Handlers;

/// Runs every job that is due by the store's clock, and those they enqueue, one after another, until none is due.
/// Says how many ran. The same claims, outcomes and dead letters as with workers; no time passes.
pub async fn run_jobs(store: &dyn JobStore, handlers: &Handlers) -> Result<usize> {
    let queues: Vec<String> = QUEUES.iter().map(|queue| (*queue).to_owned()).collect();
    let mut ran = 0;
    loop {
        let look = store.look(&queues).await?;
        let ready: Vec<String> =
            look.queues.into_iter().filter(|queue| queue.ready && !queue.paused).map(|queue| queue.name).collect();
        if ready.is_empty() {
            return Ok(ran);
        }
        for queue in ready {
            let (worker, lease) = ("run_jobs".to_owned(), Duration::from_secs(15));
            for job in store.claim(Ask { queue, worker, limit: 1, lease, without: Vec::new() }).await? {
                if job.suspect {
                    store.begin(job.ticket()).await?;
                }
                let outcome = handlers.run_caught(&job).await;
                store.finish(vec![(job.ticket(), job.settle(outcome, 1.0))]).await?;
                ran += 1;
            }
        }
    }
}

/// Pauses a queue and waits until nothing of it runs on any node. False if something still ran after `patience`.
pub async fn drain_queue(db: &Db, queue: &'static str, patience: Duration) -> Result<bool> {
    db.write(async move |tx| jobs::service::pause(tx, queue).await).await?;
    let until = tokio::time::Instant::now() + patience;
    loop {
        let waiting = jobs::service::waiting(&mut *db.read().await?).await?;
        if waiting.iter().all(|line| line.queue != queue || line.running == 0) {
            return Ok(true);
        }
        if tokio::time::Instant::now() >= until {
            return Ok(false);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
