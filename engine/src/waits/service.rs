//! What runs do with waits.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use trackside_rules::model::Match;

use super::store::{self, Stored};
use crate::db::{Rx, Signal, Tx};
use crate::ids::{EventId, RuleId, RunId, WorkspaceId};
use crate::{Error, Result, events};

/// An event written before a run was started may be placed behind it in the log, and the other way round, by about so many.
const ABOUT: i64 = 1_000;

/// What a run waits for.
#[derive(Debug, Clone)]
pub(crate) struct NewWait {
    pub run: RunId,
    pub path: String,
    pub workspace: WorkspaceId,
    pub rule: RuleId,
    pub rule_version: i64,
    /// The event that started the run.
    pub event: Option<EventId>,
    /// When the run was started.
    pub started_at: DateTime<Utc>,
    /// The match with its templates filled in.
    pub wants: Match,
    /// The ids of the steps in the branches beside the step's own.
    pub beside: BTreeSet<String>,
}

impl NewWait {
    /// Whether the step with this path is done side by side with this one, and not before it. In another round of a loop it is
    /// done before, whatever its branch.
    fn is_beside(&self, path: &str) -> bool {
        let id = path.rsplit('.').next().unwrap_or(path);
        let round = |part: &str| part.split_once('[').map(|(id, round)| (id.to_owned(), round.to_owned()));
        let other_round =
            self.path.split('.').zip(path.split('.')).any(|(own, other)| match (round(own), round(other)) {
                (Some((own, here)), Some((other, there))) => own == other && here != there,
                _ => false,
            });
        self.beside.contains(id) && !other_round
    }
}

/// How a wait stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing came yet.
    Open,
    /// This came.
    Found(EventId),
    /// Time was up first.
    Closed,
}

/// Writes what a run waits for, from the place in the log on that it has come to.
pub(crate) async fn open(tx: &mut Tx, now: DateTime<Utc>, new: NewWait) -> Result<()> {
    let (mut looked_at, mut since) = (0, None);
    match new.event {
        Some(event) => looked_at = events::store::position_of(tx, new.workspace, event).await?.unwrap_or(0),
        None => {
            looked_at = (events::store::position_before(tx, new.run).await? - ABOUT).max(looked_at);
            since = Some(new.started_at);
        }
    }
    // What a branch has waited for says nothing of how far another has come.
    let came = store::came(tx, new.run).await?.into_iter().filter(|(path, _)| !new.is_beside(path));
    if let Some(last) = came.filter_map(|(_, position)| position).max() {
        (looked_at, since) = (looked_at.max(last), None);
    }
    let wants = serde_json::to_string(&new.wants).map_err(|error| Error::internal(format!("a match: {error}")))?;
    let stored = Stored {
        run_id: new.run,
        path: new.path,
        workspace_id: new.workspace,
        rule_id: new.rule,
        rule_version: new.rule_version,
        wants,
        looked_at,
        since,
        open: true,
        event_id: None,
        created_at: now,
    };
    store::insert(tx, &stored).await?;
    tx.wake(Signal::Waits);
    Ok(())
}

/// How the wait of this step stands.
pub(crate) async fn look(rx: &mut Rx, run: RunId, path: &str) -> Result<Standing> {
    let gone = || Error::internal(format!("{run} waits at {path} for an event that nobody looks for"));
    let stored = store::find(rx, run, path).await?.ok_or_else(gone)?;
    Ok(match stored.event_id {
        Some(event) => Standing::Found(event),
        None if stored.open => Standing::Open,
        None => Standing::Closed,
    })
}

/// Ends the wait of this step, because its time is up; unless something came meanwhile. Answers how it stands.
pub(crate) async fn close(tx: &mut Tx, run: RunId, path: &str) -> Result<Standing> {
    if store::close(tx, run, path).await? {
        return Ok(Standing::Closed);
    }
    look(tx, run, path).await
}

/// Ends whatever a run still waits for, because it is over.
pub(crate) async fn close_all(tx: &mut Tx, run: RunId) -> Result<()> {
    store::close_all(tx, run).await
}
