//! The runner: carries one run as far as it goes now.

use std::sync::Arc;
use std::time::Duration;

use super::endings::Endings;
use super::hot::{HotRuns, Plan};
use super::interpreter::{Flow, Walk};
use super::journal::Journal;
use super::model::{RunError, RunState};
use super::service::{CRASH_LIMIT, run_of};
use super::{policy, settle, store};
use crate::actions::Actions;
use crate::actions::external::Credentials;
use crate::cx::Source;
use crate::db::{Db, Gather};
use crate::jobs::{self, Job, Outcome, Ticket};
use crate::rules::Library;
use crate::{Class, Error, Result};

/// How long a run waits when the database does not answer.
const PAUSE: Duration = Duration::from_millis(500);

/// Carries runs on. Shared by all workers of a process.
pub struct Runner {
    pub(super) db: Db,
    pub(super) source: Source,
    pub(super) library: Arc<Library>,
    pub(super) actions: Actions,
    pub(super) credentials: Arc<dyn Credentials>,
    pub(super) endings: Gather<Endings>,
    hot: Arc<HotRuns>,
}

/// A claimed job that carries a run on.
#[derive(Debug, Clone, Copy)]
pub struct RunJob {
    /// The proof of the claim.
    pub ticket: Ticket,
    /// How often it was claimed without a word from the worker since; 1 for the first time.
    pub attempts: i64,
}

impl From<&Job> for RunJob {
    fn from(job: &Job) -> Self {
        Self { ticket: job.ticket(), attempts: job.attempts }
    }
}

impl Runner {
    /// A runner over this database.
    pub fn new(
        db: Db,
        source: Source,
        library: Arc<Library>,
        actions: Actions,
        credentials: Arc<dyn Credentials>,
        hot: Arc<HotRuns>,
    ) -> Self {
        let endings = Gather::start(Endings { db: db.clone(), source: source.clone() });
        Self { db, source, library, actions, credentials, endings, hot }
    }

    /// Carries a run on until it is over or has to wait, and settles its job in the transaction that says so.
    pub async fn advance(&self, job: RunJob) -> Outcome {
        match self.carry(job).await {
            Ok(()) => Outcome::Settled,
            // Somebody else has the run now, or it was cancelled: nothing of ours was written, and this was no attempt.
            Err(error) if error.code == jobs::LEASE_LOST => Outcome::Released,
            // The database, not the run: it goes on as soon as it can, and this was no attempt.
            Err(error) if error.class == Class::Busy => {
                tokio::time::sleep(PAUSE).await;
                Outcome::Released
            }
            Err(error) => {
                tracing::error!(run = %run_of(job.ticket.id), %error, "a run could not be carried on");
                if error.class == Class::Internal && job.attempts < CRASH_LIMIT {
                    return Outcome::retry(error.to_string());
                }
                Outcome::of(self.give_up(job, &error).await)
            }
        }
    }

    /// Fails a run that will not come any further, whatever is tried.
    async fn give_up(&self, job: RunJob, why: &Error) -> Result<()> {
        let error = RunError { code: why.code.to_owned(), message: why.to_string(), step: None };
        match self.read(job).await {
            Ok(None) => Ok(()),
            Ok(Some((plan, _))) => {
                settle::finish(self, &plan, job.ticket, (Vec::new(), true), RunState::Failed, Some(error)).await
            }
            Err(busy) if busy.class == Class::Busy => Err(busy),
            Err(_) => settle::abandon(self, job.ticket, error).await,
        }
    }

    async fn carry(&self, job: RunJob) -> Result<()> {
        let run = run_of(job.ticket.id);
        // The epoch counts claims, so the first claim means that nothing has been done yet and no journal stands.
        let hot = if job.ticket.epoch == 1 { self.hot.take(run) } else { None };
        let (plan, journal) = match hot {
            Some(plan) => (plan, Journal::default()),
            None => match self.read(job).await? {
                Some(read) => read,
                None => return Ok(()),
            },
        };
        if job.attempts > CRASH_LIMIT {
            let error = RunError {
                code: "worker_died".into(),
                message: format!("the worker died {CRASH_LIMIT} times at this run; look at the step it stands at"),
                step: None,
            };
            return settle::finish(self, &plan, job.ticket, (Vec::new(), true), RunState::Failed, Some(error)).await;
        }
        if !policy::admit(self, &plan, !journal.is_empty(), job.ticket).await? {
            return Ok(());
        }
        let span = tracing::debug_span!("run", run = %plan.run, rule = %plan.rule, trace = plan.trace.as_deref());
        tracing::Instrument::instrument(self.walk(plan, journal, job), span).await
    }

    /// A run that another process, or this one earlier, has begun.
    async fn read(&self, job: RunJob) -> Result<Option<(Plan, Journal)>> {
        let run = run_of(job.ticket.id);
        let Some((plan, state)) = Plan::read(&self.db, &self.library, run).await? else {
            // The rule was deleted with its runs.
            settle::drop_job(self, job.ticket).await?;
            return Ok(None);
        };
        if state.is_terminal() {
            settle::drop_job(self, job.ticket).await?;
            return Ok(None);
        }
        let steps = store::steps(&mut *self.db.read().await?, run).await?;
        Ok(Some((plan, Journal::of(steps))))
    }

    async fn walk(&self, plan: Plan, journal: Journal, job: RunJob) -> Result<()> {
        let compiled = plan.compiled.clone();
        let mut walk = Walk::new(self, plan, journal, job);
        walk.read_variables().await?;
        let (workspace, pace) = (walk.plan.workspace, walk.pace.clone());
        let flow = self.library.lanes().paced(workspace, &pace, walk.steps(&compiled.steps, "")).await;
        walk.meter.ran(walk.began.elapsed());
        walk.meter.set_heavy(pace.was_long());
        let flow = flow?;
        let (state, error) = match flow {
            Flow::Suspended => return Ok(()),
            Flow::Waits(wait) => {
                let (unwritten, worked) = (walk.journal.unwritten(), walk.worked());
                return settle::suspend(self, &walk.plan, job.ticket, unwritten, worked, wait).await;
            }
            Flow::Next => (RunState::Succeeded, None),
            Flow::Stop(state, error) => (state, error),
        };
        let (unwritten, waits) = (walk.journal.unwritten(), walk.journal.waits());
        settle::finish(self, &walk.plan, job.ticket, (unwritten, waits), state, error).await
    }
}
