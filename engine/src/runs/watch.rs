//! How runs stand, for those who watch: only for the realtime hub, which says no more than that something is new there.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::model::RunState;
use super::store;
use crate::Result;
use crate::db::Rx;
use crate::ids::{RuleId, RunId, WorkspaceId};

/// So many of the newest runs are watched: what pages of them begin with.
const WATCHED: i64 = 100;

/// What somebody watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Watched {
    /// The newest runs of a workspace.
    Workspace(WorkspaceId),
    /// The newest runs of a rule.
    Rule(RuleId),
}

/// How a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Where it stands.
    pub state: RunState,
    /// How many steps it has begun.
    pub steps: i64,
}

/// A number that is another one whenever one of the watched runs begins, goes on or ends.
pub async fn mark(rx: &mut Rx, watched: Watched) -> Result<u64> {
    let found = match watched {
        Watched::Workspace(workspace) => store::newest_of(rx, workspace, WATCHED).await?,
        Watched::Rule(rule) => store::newest_of_rule(rx, rule, WATCHED).await?,
    };
    let mut hasher = DefaultHasher::new();
    found.hash(&mut hasher);
    Ok(hasher.finish())
}

/// How these runs go; those that are gone are left out.
pub async fn progress(rx: &mut Rx, runs: &[RunId]) -> Result<HashMap<RunId, Progress>> {
    let rows = store::progress(rx, runs).await?;
    Ok(rows.into_iter().map(|(run, state, steps)| (run, Progress { state, steps })).collect())
}
