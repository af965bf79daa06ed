//! Runs that this process has just started, kept for the moment until it carries them out: the dispatcher has the
//! event parsed and the rule compiled in its hands, and reading both again would double the cost of a short run.
//! Only a shortcut: what is not here is read from the database.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::json;
use trackside_rules::{Compiled, Facts};

use super::judge::{facts, fields};
use super::model::{Mode, RunState};
use super::store;
use crate::db::Db;
use crate::ids::{EventId, RuleId, RunId, UserId, WorkspaceId};
use crate::rules::Library;
use crate::variables::Whose;
use crate::{Error, Result, events};

/// Everything that carrying out a run needs to know, besides its journal.
#[derive(Clone)]
pub struct Plan {
    /// The run.
    pub run: RunId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// The rule.
    pub rule: RuleId,
    /// The version it is pinned to.
    pub rule_version: i64,
    /// In whose name it acts.
    pub owner: UserId,
    /// The event behind it.
    pub event: Option<EventId>,
    /// The run that called its rule and waits for its end.
    pub parent: Option<RunId>,
    /// Live or shadow.
    pub mode: Mode,
    /// How many rules stand in the chain, this one counted.
    pub depth: i64,
    /// The rule, ready to be carried out.
    pub compiled: Arc<Compiled>,
    /// The event, as expressions see it.
    pub facts: Facts,
    /// The id that joins logs of one request.
    pub trace: Option<Arc<str>>,
    /// Bytes of the event's text.
    pub weight: usize,
    /// Whether its rule's policy has let it begin.
    pub admitted: bool,
    /// Milliseconds it had worked when it was last put down, if its rule limits them.
    pub worked_ms: i64,
}

impl Plan {
    /// Whose rule it is, for what only they may see.
    pub(super) fn whose(&self, at: DateTime<Utc>) -> Whose {
        Whose { workspace: self.workspace, owner: self.owner, at }
    }

    /// Whether the run only records what it would do.
    pub(super) fn is_shadow(&self) -> bool {
        self.mode == Mode::Shadow
    }

    /// The plan of a run that this process did not start, or starts anew: read from the database.
    pub(super) async fn read(db: &Db, library: &Library, run: RunId) -> Result<Option<(Self, RunState)>> {
        let mut rx = db.read().await?;
        let Some(standing) = store::standing(&mut rx, run).await? else { return Ok(None) };
        let Some(owner) = store::owner(&mut rx, standing.rule_id).await? else { return Ok(None) };
        let compiled = library.version(&mut rx, standing.rule_id, standing.rule_version).await?;
        let (mut seen, mut trace) = (json!({}), None);
        if let Some(id) = standing.event_id {
            let event = events::store::find_pending(&mut rx, standing.workspace_id, id)
                .await?
                .ok_or_else(|| Error::not_found("event", id))?;
            trace = event.trace.as_deref().map(Arc::from);
            seen = fields(&event)?;
        }
        if let Some(inputs) = standing.inputs {
            seen["inputs"] =
                serde_json::from_str(&inputs).map_err(|error| Error::internal(format!("inputs of {run}: {error}")))?;
        }
        let plan = Self {
            run,
            workspace: standing.workspace_id,
            rule: standing.rule_id,
            rule_version: standing.rule_version,
            owner,
            event: standing.event_id,
            parent: standing.parent_id,
            mode: standing.mode,
            depth: standing.depth,
            compiled,
            facts: facts(seen)?,
            trace,
            weight: 0,
            admitted: standing.admitted,
            worked_ms: standing.worked_ms,
        };
        Ok(Some((plan, standing.state)))
    }
}

/// A bounded memory of plans; the oldest go first.
#[derive(Default)]
pub struct HotRuns {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    plans: HashMap<RunId, Plan>,
    order: VecDeque<RunId>,
    weight: usize,
}

/// How many plans are kept at the most.
const KEPT: usize = 2_048;
/// How many bytes their events may have as text. As values they are up to a hundred times as large.
const KEPT_BYTES: usize = 4 * 1024 * 1024;

impl HotRuns {
    /// Keeps a plan until it is taken or newer ones push it out.
    pub fn keep(&self, plan: Plan) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.order.push_back(plan.run);
        inner.weight += plan.weight;
        inner.plans.insert(plan.run, plan);
        while inner.order.len() > KEPT || inner.weight > KEPT_BYTES {
            let Some(oldest) = inner.order.pop_front() else { return };
            inner.remove(oldest);
        }
    }

    /// The plan of a run, if this process has just started it.
    pub fn take(&self, run: RunId) -> Option<Plan> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).remove(run)
    }
}

impl Inner {
    fn remove(&mut self, run: RunId) -> Option<Plan> {
        let plan = self.plans.remove(&run)?;
        self.weight -= plan.weight;
        Some(plan)
    }
}
