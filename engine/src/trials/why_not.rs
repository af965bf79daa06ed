//! Why a rule did not fire: what came of the last events of a task, or of one event, each held against the rule as it was then.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use trackside_rules::Parts;

use super::model::EventShort;
use super::{kinds, work};
use crate::access::{Actor, EventView, Granted, Reach, RuleView, RunView, TaskView};
use crate::cx::Cx;
use crate::db::Rx;
use crate::events::EventType as _;
use crate::events::store::{self as log, Past};
use crate::handle::Handle;
use crate::ids::{EventId, RuleId, RunId, TaskId};
use crate::rules::events::RuleChanged;
use crate::rules::{Entry, RuleInfo, RuleState};
use crate::runs::{self, Judgement, Mode, RunError, RunState, Stage};
use crate::words::words;
use crate::{Error, Result, events, tasks, variables};

/// How many events are told of when nobody says, and at the most.
const USUAL: i64 = 10;
const MOST: i64 = 50;

/// What is asked about: a task or an event.
#[derive(Debug, Clone)]
pub enum About {
    /// The last events of a task.
    Task(Handle<TaskId>),
    /// One event.
    Event(EventId),
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

words! {
    /// What came of an event.
    pub enum Upshot {
        /// It started a run; `run` says how that stands.
        Fired = "fired",
        /// It started none; `because` says why.
        NotFired = "not_fired",
        /// The rule was not switched on then.
        RuleOff = "rule_off",
        /// The rule was made later.
        RuleLater = "rule_later",
        /// It has not been judged yet.
        Pending = "pending",
        /// By the rule as it was then it should have started a run, and there is none: what the owner may see has changed
        /// since, or the rule was switched or saved in the same moment.
        Unknown = "unknown",
    }
}

/// Why a rule did not fire.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WhyNot {
    /// The rule.
    pub rule: RuleId,
    /// Its name.
    pub name: String,
    /// How it stands now.
    pub state: RuleState,
    /// The kind of event, or pattern, that starts it.
    pub listens_to: String,
    /// The task, if it was asked about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The answer in a sentence.
    pub summary: String,
    /// The events, the newest first.
    pub events: Vec<Looked>,
}

/// An event, and what the rule made of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "WhyNotEvent")]
pub struct Looked {
    /// The event.
    pub event: EventShort,
    /// What came of it.
    pub outcome: Upshot,
    /// The same in a sentence.
    pub detail: String,
    /// How the rule stood then; nothing when it was made later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_state: Option<RuleState>,
    /// The rule's version then, which it was held against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_version: Option<i64>,
    /// The run that it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunShort>,
    /// What that version makes of it: also of events that started a run, or came while it was switched off.
    #[serde(flatten)]
    pub judgement: Option<Judgement>,
}

/// A run in short.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "RunInShort")]
pub struct RunShort {
    /// Its id.
    pub id: RunId,
    /// Live or shadow.
    pub mode: Mode,
    /// Where it stands.
    pub state: RunState,
    /// Why it did not succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
}

/// Tells what a rule made of a task's last events, or of one event.
///
/// # Errors
/// `task_not_found`, `event_not_found`; `invalid_parameter`.
pub async fn why_not(stage: &Stage, cx: &Cx, may: May<'_>, about: About, limit: Option<i64>) -> Result<WhyNot> {
    let limit = limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Error::invalid("invalid_parameter", format!("`limit` must be 1 to {MOST}")));
    }
    let (rule, workspace) = (may.rule.resource(), cx.actor.workspace);
    let mut rx = stage.db.read().await?;
    let (task, past) = match &about {
        About::Event(id) => {
            events::service::get(&mut rx, may.events, *id).await?;
            (None, log::past(&mut rx, workspace, *id).await?.into_iter().collect())
        }
        About::Task(handle) => {
            let task = tasks::service::find(&mut rx, may.tasks, handle).await?;
            let kinds = kinds(&rule.rule.trigger);
            let past = log::kinds_of_task(&mut rx, workspace, task.id, &kinds, None, limit).await?;
            (Some(task.key), past)
        }
    };
    let past: Vec<Past> = past.into_iter().filter(|event| event.seen_by(may.events.resource().actor())).collect();
    let owner = work::owner(&mut rx, rule, cx.now()).await?;
    let mut told = Vec::with_capacity(past.len());
    for event in past {
        told.push(look(stage, &mut rx, rule, owner.clone(), &may, event).await?);
    }
    let listens_to = rule.rule.trigger.kind().to_owned();
    let summary = summary(rule, task.as_deref(), told.first());
    Ok(WhyNot { rule: rule.id, name: rule.name.clone(), state: rule.state, listens_to, task, summary, events: told })
}

fn summary(rule: &RuleInfo, task: Option<&str>, newest: Option<&Looked>) -> String {
    let trigger = &rule.rule.trigger;
    match (newest, task) {
        (Some(newest), _) => format!("{} at {}: {}", newest.event.kind, newest.event.occurred_at, newest.detail),
        (None, _) if trigger.is_manual() => "It is started by hand, not by events.".to_owned(),
        (None, _) if trigger.is_schedule() => {
            "It is started by the clock, not by events of tasks; `schedule` of the rule says when it is due.".to_owned()
        }
        (None, Some(task)) => format!("Nothing of the kind `{}` has happened to {task}.", trigger.kind()),
        (None, None) => format!("There is no event of the kind `{}` that you may see.", trigger.kind()),
    }
}

/// What a rule made of one event.
async fn look(
    stage: &Stage,
    rx: &mut Rx,
    rule: &RuleInfo,
    owner: Option<Actor>,
    may: &May<'_>,
    event: Past,
) -> Result<Looked> {
    let short = EventShort { id: Some(event.id), kind: event.kind.clone(), occurred_at: event.occurred_at };
    let run = runs::store::list_of_event(rx, event.workspace_id, event.id).await?;
    let mut run: Vec<_> =
        run.into_iter().filter(|run| run.rule_id == rule.id && run.rerun_of.is_none()).take(1).collect();
    runs::sight::veil(rx, may.runs.resource().actor(), &mut run).await?;
    let run = run.pop();
    let then = standing(rx, rule, &event).await?;
    let version = run.as_ref().map(|run| run.rule_version).or(then.map(|then| then.1));
    let is_pending = event.position.is_none();
    let mut judgement = None;
    if let Some(version) = version {
        let compiled = stage.library.version(rx, rule.id, version).await?;
        let parts = compiled.condition.as_ref().map(|condition| Parts::of(stage.library.sandbox(), condition));
        let (owner_id, acting) = (rule.owner_id, owner);
        let (mode, slow) = (Mode::Live, false.into());
        let variables = variables::for_judging(rx, event.workspace_id, acting.as_ref(), &compiled).await?;
        let entry = Entry {
            rule: rule.id,
            version,
            owner: owner_id,
            acting,
            mode,
            compiled,
            variables,
            slow,
            meter: Arc::default(),
        };
        let entry = Arc::new(entry);
        let judged = tokio::task::spawn_blocking(move || runs::judge(&entry, parts.as_ref(), &event.pending()).0).await;
        judgement = Some(judged.map_err(|error| Error::internal("judging an event panicked").caused_by(error))?);
    }
    let because = judgement.as_ref().and_then(|judged| judged.because.as_ref()).map(|because| because.detail.clone());
    let (outcome, detail) = match (&run, then) {
        (Some(run), _) => (Upshot::Fired, fired(run.mode, run.state, run.error.as_ref())),
        (None, _) if is_pending => (Upshot::Pending, "it has not been judged yet; ask again in a moment".to_owned()),
        (None, None) => (Upshot::RuleLater, "the rule was made later".to_owned()),
        (None, Some((state @ (RuleState::Draft | RuleState::Paused), _))) => {
            let would = because.map_or("it would have fired".to_owned(), |because| format!("besides, {because}"));
            (Upshot::RuleOff, format!("the rule was {state} then; {would}"))
        }
        (None, Some(_)) => match because {
            Some(because) => (Upshot::NotFired, because),
            None => {
                let detail = "by the rule as it was it should have fired; the rule was switched or saved in the same moment, \
                              or what its owner may see has changed since";
                (Upshot::Unknown, detail.to_owned())
            }
        },
    };
    let seen = run.filter(|run| may.runs.resource().actor().may::<RunView, _>(run.clone()).is_ok());
    let run = seen.map(|run| RunShort { id: run.id, mode: run.mode, state: run.state, error: run.error });
    let rule_state = then.map(|then| then.0);
    Ok(Looked { event: short, outcome, detail, rule_state, rule_version: version, run, judgement })
}

fn fired(mode: Mode, state: RunState, error: Option<&RunError>) -> String {
    let shadow = if mode == Mode::Shadow { ", in shadow: its effects were only recorded" } else { "" };
    match error {
        Some(error) => format!("it fired, and the run is {state}{shadow}: {}", error.message),
        None => format!("it fired, and the run is {state}{shadow}"),
    }
}

/// How a rule stood when an event came, and its version; nothing if it was made later.
async fn standing(rx: &mut Rx, rule: &RuleInfo, event: &Past) -> Result<Option<(RuleState, i64)>> {
    if event.occurred_at < rule.created_at {
        return Ok(None);
    }
    let changed = log::last_of_rule(rx, rule.workspace_id, rule.id, RuleChanged::KIND, event.id).await?;
    let Some(changed) = changed else { return Ok(Some((RuleState::Draft, 1))) };
    let wrong = |error: serde_json::Error| Error::internal(format!("event {}: {error}", changed.id));
    let payload: Value = serde_json::from_str(&changed.payload).map_err(wrong)?;
    let state: RuleState = serde_json::from_value(payload["rule"]["state"].clone()).map_err(wrong)?;
    Ok(Some((state, payload["rule"]["version"].as_i64().unwrap_or(1))))
}
