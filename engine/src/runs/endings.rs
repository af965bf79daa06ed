//! The ends of runs that succeeded, written together: at full load this is a third of all that is written.

use std::sync::Arc;

use super::journal::{self, Line};
use super::model::RunState;
use super::service::job_id;
use super::store;
use crate::cx::Source;
use crate::db::{Batch, Db};
use crate::ids::RunId;
use crate::jobs::{self, Ticket};
use crate::{Result, crash};

/// A run with more lines than this still to be written is written by itself.
pub(super) const MOST_LINES: usize = 64;

/// The end of one run: its last lines, and its job.
pub(super) struct Ending {
    pub run: RunId,
    /// The run that waits for it.
    pub parent: Option<RunId>,
    pub ticket: Ticket,
    pub lines: Vec<Line>,
}

/// How they are written.
pub(super) struct Endings {
    pub db: Db,
    pub source: Source,
}

impl Batch for Endings {
    type Item = Ending;
    type Answer = ();

    async fn write(&self, endings: Vec<Arc<Ending>>) -> Result<Vec<()>> {
        let source = self.source.clone();
        let ended = endings.len();
        self.db
            .write(async move |tx| {
                // Those who wait before those who end, as everywhere: whoever ends a run ends what it called after it.
                let parents: Vec<_> = endings.iter().filter_map(|ending| ending.parent).map(job_id).collect();
                jobs::service::wake(tx, &parents, source.now()).await?;
                let tickets: Vec<Ticket> = endings.iter().map(|ending| ending.ticket).collect();
                jobs::service::complete_all(tx, &tickets).await?;
                journal::write_all(tx, endings.iter().map(|ending| (ending.run, &*ending.lines))).await?;
                let runs: Vec<RunId> = endings.iter().map(|ending| ending.run).collect();
                store::finish_all(tx, &runs, RunState::Succeeded, source.now()).await?;
                crash::point("run.finish_before_commit");
                Ok(())
            })
            .await?;
        Ok(vec![(); ended])
    }
}
