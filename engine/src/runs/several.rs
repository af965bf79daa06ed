//! Several runs at once: cancelled, or repeated. Each in a transaction of its own, so that what one refuses stops no other.

use std::sync::Arc;

use super::history::{self, RunFilter};
use super::model::RunSummary;
use super::service::{self, Rerun};
use crate::access::{RunView, Workspace};
use crate::actions::Actions;
use crate::cx::Cx;
use crate::db::{Db, Tx};
use crate::ids::RunId;
use crate::{Error, Result, access::Granted, rules};

/// The most runs that are dealt with at once.
pub const MAX_RUNS: i64 = 1_000;

/// What is to be done to each.
#[derive(Debug, Clone)]
pub enum Deed {
    /// Stop it.
    Cancel,
    /// Repeat it.
    Rerun(Rerun),
}

/// What became of several runs.
#[derive(Debug)]
pub struct Done {
    /// How many the filter found.
    pub matched: usize,
    /// The runs as they are now; of repeated ones the new ones.
    pub runs: Vec<RunSummary>,
    /// Those with which it could not be done, and why.
    pub failed: Vec<(RunId, Error)>,
}

/// Does it to the newest [`MAX_RUNS`] that the filter finds; a dry run only counts them.
///
/// # Errors
/// A filter that leaves out nothing or cannot be read; `too_many_runs`.
pub async fn each(
    db: &Db,
    cx: &Cx,
    actions: &Actions,
    may: &Granted<RunView, Workspace>,
    filter: &RunFilter,
    deed: Deed,
    dry_run: bool,
) -> Result<Done> {
    let found = history::newest(&mut *db.read().await?, &cx.actor, may, filter, MAX_RUNS + 1).await?;
    if found.len() as i64 > MAX_RUNS {
        let detail =
            format!("the filter finds more than {MAX_RUNS} runs; narrow it, for example by `since` and `until`");
        return Err(Error::conflict("too_many_runs", detail));
    }
    let mut done = Done { matched: found.len(), runs: Vec::new(), failed: Vec::new() };
    if dry_run {
        return Ok(done);
    }
    // The oldest first, as they happened.
    let found: Arc<[RunId]> = found.into_iter().rev().collect();
    let (count, shared, cx, actions) = (found.len(), found.clone(), cx.clone(), actions.clone());
    let outcomes = db
        .write_each(
            count,
            Arc::new(move |tx: &mut Tx, at| {
                let (cx, actions, run, deed) = (cx.clone(), actions.clone(), shared[at], deed.clone());
                Box::pin(async move { one(tx, &cx, &actions, run, deed).await })
            }),
        )
        .await;
    for (run, outcome) in found.iter().zip(outcomes) {
        match outcome {
            Ok(now) => done.runs.push(now),
            Err(error) => done.failed.push((*run, error)),
        }
    }
    Ok(done)
}

async fn one(tx: &mut Tx, cx: &Cx, actions: &Actions, run: RunId, deed: Deed) -> Result<RunSummary> {
    let run = service::find(tx, &cx.actor, run).await?;
    match deed {
        Deed::Cancel => service::cancel(tx, cx, &cx.actor.may(run)?).await,
        Deed::Rerun(how) => {
            let rule = rules::service::find(tx, cx.actor.workspace, run.rule_id).await?;
            service::rerun(tx, cx, actions, &cx.actor.may(run)?, &rule, how).await
        }
    }
}
