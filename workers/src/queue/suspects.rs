//! Jobs whose worker died while it held them. One of them may be what killed it, and the others must not go down with
//! it: so few suspects run at a time on a node, those that were there at several deaths one at a time, and a further
//! death counts only against those that had begun.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use trackside_engine::jobs::{Job, JobStore, Outcome};

/// How many jobs that were there at one death run at a time.
const FEW: usize = 8;
/// A suspect that has not got its turn by then is given back, so that another node may have it.
const PATIENCE: Duration = Duration::from_secs(45);
/// How long to wait after the database could not be asked.
const PAUSE: Duration = Duration::from_secs(1);

/// The gates that suspects go through, one pair for a node.
pub(super) struct Suspects {
    few: Semaphore,
    one: Semaphore,
}

impl Suspects {
    pub(super) fn new() -> Self {
        Self { few: Semaphore::new(FEW), one: Semaphore::new(1) }
    }

    /// Waits until the job may run. A suspect's permit lasts as long as the job; without one, nothing was done.
    pub(super) async fn admit(&self, store: &dyn JobStore, job: &Job) -> Result<Option<SemaphorePermit<'_>>, Outcome> {
        if !job.suspect {
            return Ok(None);
        }
        let gate = if job.attempts <= 2 { &self.few } else { &self.one };
        // Closed never, so the only failure is that it took too long.
        let Ok(Ok(permit)) = tokio::time::timeout(PATIENCE, gate.acquire()).await else {
            return Err(Outcome::Released);
        };
        match store.begin(job.ticket()).await {
            Ok(true) => Ok(Some(permit)),
            // Somebody else has it.
            Ok(false) => Err(Outcome::Released),
            Err(error) => {
                tracing::warn!(job = %job.id, %error, "a job could not be begun; it is given back");
                tokio::time::sleep(PAUSE).await;
                Err(Outcome::Released)
            }
        }
    }
}
