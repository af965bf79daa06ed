//! What a rule in shadow would have done, held against what happened since.
//!
//! A step that would have changed a field of a task agrees when the next change of that field came to the same, and differs
//! when it came to something else; it is open as long as nobody has changed the field.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use trackside_rules::Facts;

use super::model::{EventShort, Stretch};
use super::service::id_at;
use crate::access::{Actor, EventView, Granted, Reach, RuleView, RunView, TaskView};
use crate::cx::Cx;
use crate::db::Rx;
use crate::events::store::{self as log, Past};
use crate::handle::Handle;
use crate::ids::{EventId, Id as _, RuleId, RunId, TaskId};
use crate::rules::RuleInfo;
use crate::runs::{self, Change, RunError, RunState, RunSummary, Stage, Would};
use crate::words::words;
use crate::{Class, Error, Result, tasks};

/// How many runs are looked at, the newest.
const RUNS: i64 = 100;
/// How many later changes of a task are looked at.
const LATER: i64 = 100;
/// Kinds of events that tell of changes of fields.
const KINDS: &[&str] = &["task.updated"];

words! {
    /// Whether what happened is what the rule would have done.
    pub enum Agreement {
        /// The next change of the field came to the same.
        Agrees = "agrees",
        /// It came to something else.
        Differs = "differs",
        /// The field has not been changed since.
        Open = "open",
    }
}

/// What a rule in shadow would have done.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ShadowReport {
    /// The rule.
    pub rule: RuleId,
    /// How often it fired in shadow.
    pub fired: i64,
    /// How those runs ended.
    pub states: BTreeMap<String, i64>,
    /// How often each action would have been done; of the runs below.
    pub actions: BTreeMap<String, i64>,
    /// Of the changes of fields that it would have made, how many agree with what happened since; of the runs below.
    pub agreement: BTreeMap<String, i64>,
    /// The newest 100 of the runs, as far as you may see what started them. What they would have done is only for the
    /// rule's owner, and for those who look after runs and are kept from nothing.
    pub runs: Vec<ShadowRun>,
}

/// A run in shadow.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ShadowRun {
    /// Its id.
    pub id: RunId,
    /// The version of the rule.
    pub rule_version: i64,
    /// The event that started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventShort>,
    /// How it ended.
    pub state: RunState,
    /// Why it did not succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
    /// What it would have done.
    pub steps: Vec<Would>,
    /// The changes of fields that it would have made, and what happened.
    pub compared: Vec<Compared>,
    /// When it was started.
    pub created_at: DateTime<Utc>,
}

/// A change that a rule in shadow would have made, and what happened.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ShadowCompared")]
pub struct Compared {
    /// The change that it would have made.
    #[serde(flatten)]
    pub would: Change,
    /// Whether what happened is the same.
    pub verdict: Agreement,
    /// What the field became.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub became: Option<Value>,
    /// The event that tells of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Value>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
}

/// What somebody must be allowed who asks.
pub struct May<'m> {
    /// To see the rule.
    pub rule: &'m Granted<RuleView, RuleInfo>,
    /// To see tasks.
    pub tasks: &'m Granted<TaskView, Reach>,
    /// To see events.
    pub events: &'m Granted<EventView, Reach>,
    /// To see runs.
    pub runs: &'m Granted<RunView, Reach>,
}

/// Tells what a rule did in shadow, and how that compares.
pub async fn report(stage: &Stage, cx: &Cx, may: May<'_>, stretch: Stretch) -> Result<ShadowReport> {
    if let (Some(from), Some(to)) = (stretch.from, stretch.to)
        && from >= to
    {
        return Err(Error::invalid("invalid_parameter", "`from` must be before `to`"));
    }
    let rule = may.rule.resource();
    let bound = |time: DateTime<Utc>| RunId::from_uuid(id_at(time).uuid());
    let since = stretch.from.map_or_else(|| RunId::from_uuid(uuid::Uuid::nil()), bound);
    let until = stretch.to.map_or_else(|| RunId::from_uuid(uuid::Uuid::max()), bound);
    let mut rx = stage.db.read().await?;
    let mut counted = runs::store::count_shadows(&mut rx, rule.id, since, until).await?;
    let listed = runs::store::list_shadows(&mut rx, rule.id, since, until, RUNS).await?;
    let (all, actor) = (listed.len(), may.events.resource().actor());
    let mut found = runs::sight::seen(&mut rx, actor, listed).await?;
    runs::sight::veil(&mut rx, actor, &mut found).await?;
    // From whom any are kept, to them only those are counted that they may see, of the newest.
    if found.len() < all || runs::sight::is_kept_from_some(actor) {
        let mut states: HashMap<RunState, i64> = HashMap::new();
        found.iter().for_each(|run| *states.entry(run.state).or_default() += 1);
        counted = states.into_iter().collect();
    }
    let words = runs::sight::may_read_steps(&cx.actor, rule.owner_id);
    let mut report = ShadowReport {
        rule: rule.id,
        fired: counted.iter().map(|(_, count)| count).sum(),
        states: counted.into_iter().map(|(state, count)| (state.to_string(), count)).collect(),
        actions: BTreeMap::new(),
        agreement: BTreeMap::new(),
        runs: Vec::new(),
    };
    let mut known = HashMap::new();
    for run in found {
        let seen = may.runs.resource().actor().may::<RunView, _>(run);
        let Ok(run) = seen else { continue };
        let run = run.into_resource();
        let event = match run.event_id {
            None => None,
            Some(id) => match log::past(&mut rx, run.workspace_id, id).await? {
                Some(event) if event.seen_by(may.events.resource().actor()) => Some(event),
                _ => continue,
            },
        };
        let told = look(stage, &mut rx, &may, run, event, words, &mut known).await?;
        for step in told.steps.iter().filter(|step| step.does.is_some()) {
            *report.actions.entry(step.kind.clone()).or_default() += 1;
        }
        for compared in &told.compared {
            *report.agreement.entry(compared.verdict.to_string()).or_default() += 1;
        }
        report.runs.push(told);
    }
    Ok(report)
}

/// Tasks that were looked for: those that may be seen, by what steps call them.
type Known = HashMap<String, Option<TaskId>>;

async fn look(
    stage: &Stage,
    rx: &mut Rx,
    may: &May<'_>,
    run: RunSummary,
    event: Option<Past>,
    words: bool,
    known: &mut Known,
) -> Result<ShadowRun> {
    let facts = match &event {
        Some(event) => Facts::from_json(event.payload.as_str()).unwrap_or_else(|_| Facts::empty()),
        None => Facts::empty(),
    };
    let mut steps: Vec<Would> =
        runs::store::steps(rx, run.id).await?.iter().map(|step| stage.would(step, &facts)).collect();
    let mut compared = Vec::new();
    if let Some(event) = event.as_ref().filter(|_| words) {
        for change in steps.iter().flat_map(|step| &step.changes) {
            compared.push(compare(rx, may, event, change.clone(), known).await?);
        }
    }
    if !words {
        for step in &mut steps {
            (step.input, step.output) = (None, None);
            step.changes.clear();
        }
    }
    let event =
        event.map(|event| EventShort { id: Some(event.id), kind: event.kind.clone(), occurred_at: event.occurred_at });
    Ok(ShadowRun {
        id: run.id,
        rule_version: run.rule_version,
        event,
        state: run.state,
        error: run.error,
        steps,
        compared,
        created_at: run.created_at,
    })
}

/// What became of a field since the event.
async fn compare(rx: &mut Rx, may: &May<'_>, event: &Past, would: Change, known: &mut Known) -> Result<Compared> {
    let open = |would| Compared { would, verdict: Agreement::Open, became: None, event: None, actor: None, at: None };
    let task = match known.get(&would.task) {
        Some(task) => *task,
        None => {
            let found = find(rx, may.tasks, &would.task).await?;
            known.insert(would.task.clone(), found);
            found
        }
    };
    let Some(task) = task else { return Ok(open(would)) };
    let later = log::kinds_of_task_after(rx, event.workspace_id, task, KINDS, event.id, LATER).await?;
    let actor: &Actor = may.events.resource().actor();
    for later in later.into_iter().filter(|event| event.seen_by(actor)) {
        let payload: Map<String, Value> = serde_json::from_str(&later.payload).unwrap_or_default();
        let empty = Map::new();
        let change = payload.get("change").and_then(Value::as_object).unwrap_or(&empty);
        let Some((_, became)) = Change::told(&would.field, change) else { continue };
        let verdict = if would.is_met(became) { Agreement::Agrees } else { Agreement::Differs };
        return Ok(Compared {
            verdict,
            became: Some(became.clone()),
            event: Some(later.id),
            actor: serde_json::from_str(&later.actor).ok(),
            at: Some(later.occurred_at),
            would,
        });
    }
    Ok(open(would))
}

/// The task that a step names, if it may be seen.
async fn find(rx: &mut Rx, may: &Granted<TaskView, Reach>, name: &str) -> Result<Option<TaskId>> {
    let Ok(handle) = name.parse::<Handle<TaskId>>() else { return Ok(None) };
    match tasks::service::find(rx, may, &handle).await {
        Ok(task) => Ok(Some(task.id)),
        Err(error) if error.class == Class::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
