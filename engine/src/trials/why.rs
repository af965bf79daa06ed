//! Why something changed: from a change of a task back through the rules behind it, event by event, to whoever is at the root.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::access::{Actor, EventView, Granted, Reach, RunView, TaskView};
use crate::cx::Cause;
use crate::db::Rx;
use crate::events::store::{self as log, Past};
use crate::handle::Handle;
use crate::ids::{EventId, RuleId, RunId, TaskId, UserId};
use crate::runs::{self, Change};
use crate::words::words;
use crate::{Error, Result, approvals, tasks};

/// The fields of a task that change, besides those of its project's own.
const FIELDS: &[&str] = &[
    "assignees",
    "custom",
    "description",
    "due_at",
    "estimate",
    "labels",
    "milestone",
    "parent",
    "points",
    "priority",
    "sprint",
    "start_at",
    "status",
    "title",
    "type",
    "watchers",
];
/// The kinds of events that tell of changes of fields.
const KINDS: &[&str] = &["task.created", "task.sensitive_changed", "task.unwatched", "task.updated", "task.watched"];
/// Events that are read at once, and at the most.
const PAGE: i64 = 50;
const MOST: usize = 1_000;
/// Links of a chain. Rules end theirs long before.
const LONGEST: usize = 100;

words! {
    /// Who is at the root of a change.
    pub enum RootKind {
        /// A person, or a program with an account of its own.
        Person = "person",
        /// Whoever posted to a hook.
        Hook = "hook",
        /// The clock: a schedule, or a date that came.
        Clock = "clock",
        /// Trackside itself.
        Trackside = "trackside",
        /// What you may not see.
        Hidden = "hidden",
        /// The run that is next in the chain has been deleted with its rule.
        Gone = "gone",
    }
}

/// Why a field of a task is what it is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Why {
    /// The task.
    pub task: TaskId,
    /// Its key.
    pub key: String,
    /// The field that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What the last change made of the field. Nothing when it is as the task was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<FromTo>,
    /// From the change back to the root: each link is an event with the rule that caused it, and the next one is the event
    /// that started that rule's run.
    pub chain: Vec<Link>,
    /// Who is at the root of it.
    pub root: Root,
}

/// What a field was, and what it became.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "FieldFromTo")]
pub struct FromTo {
    /// What it was.
    pub from: Value,
    /// What it became.
    pub to: Value,
}

/// An event in the chain.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "WhyLink")]
pub struct Link {
    /// Its id.
    pub event: EventId,
    /// Its kind.
    pub kind: String,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// The key of the task that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Who did it: `{"type": "user", "id": "user_…"}`.
    pub actor: Value,
    /// The rule that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<ByRule>,
}

/// The rule behind an event.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ByRule {
    /// The rule.
    pub rule: RuleId,
    /// Its run.
    pub run: RunId,
    /// The path of the step within the run.
    pub step: String,
    /// The action of that step. This and what follows only for those who may see the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The rule's name, as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The version that the run is pinned to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// The run that it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rerun_of: Option<RunId>,
    /// Who started the run by hand, or repeated it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_by: Option<UserId>,
    /// Who agreed to what the run had asked before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approved_by: Vec<UserId>,
}

/// Who is at the root of a change.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "WhyRoot")]
pub struct Root {
    /// What they are.
    pub what: RootKind,
    /// Their id: of a person, or a hook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// Follows the last change of a field, or the last change at all, back to its root.
///
/// # Errors
/// `task_not_found`; `invalid_parameter` for a field that no task has; `change_not_found` when the log tells of none.
pub async fn why(
    rx: &mut Rx,
    tasks: &Granted<TaskView, Reach>,
    events: &Granted<EventView, Reach>,
    task: &Handle<TaskId>,
    field: Option<&str>,
) -> Result<Why> {
    let field = field.map(known).transpose()?;
    let task = tasks::service::find(rx, tasks, task).await?;
    let actor = events.resource().actor();
    let Some((event, change)) = last(rx, actor, task.id, field.as_deref()).await? else {
        let what = field.as_deref().unwrap_or("the task");
        let detail = format!("the log tells of no change of {what} that you may see");
        return Err(Error::new(crate::Class::NotFound, "change_not_found", detail));
    };
    let (mut chain, mut next) = (Vec::new(), event);
    let root = loop {
        let (link, cause) = link(rx, actor, &next).await?;
        let started_by = link.by.as_ref().and_then(|by| by.started_by);
        let root = rooted(&link, &next.kind);
        chain.push(link);
        let Some(cause) = cause else { break root };
        let Some(before) = cause.event else {
            break match started_by {
                Some(user) => Root { what: RootKind::Person, id: Some(user.to_string()) },
                None => Root { what: RootKind::Gone, id: None },
            };
        };
        match log::past(rx, actor.workspace, before).await? {
            Some(past) if past.seen_by(actor) && chain.len() < LONGEST => next = past,
            _ => break Root { what: RootKind::Hidden, id: None },
        }
    };
    Ok(Why { task: task.id, key: task.key, field, change, chain, root })
}

/// The field as changes name it.
fn known(field: &str) -> Result<String> {
    let name = match field {
        // They go with the status.
        "category" | "completed_at" => "status",
        field => field,
    };
    if FIELDS.contains(&name) || name.strip_prefix("custom.").is_some_and(|key| !key.is_empty()) {
        return Ok(name.to_owned());
    }
    let near = trackside_rules::problem::nearest(name, FIELDS.iter().copied());
    let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    let shown: String = name.chars().take(64).collect();
    Err(Error::invalid("invalid_parameter", format!("`field`: a task has no field `{shown}`{near}")))
}

/// The last event that tells of a change of the field, and the change; the task's making when there is none.
async fn last(rx: &mut Rx, actor: &Actor, task: TaskId, field: Option<&str>) -> Result<Option<(Past, Option<FromTo>)>> {
    let (mut before, mut seen) = (None, 0);
    loop {
        let page = log::kinds_of_task(rx, actor.workspace, task, KINDS, before, PAGE).await?;
        let whole = page.len();
        (before, seen) = (page.last().map(|event| event.id), seen + whole);
        for event in page.into_iter().filter(|event| event.seen_by(actor)) {
            let changed = changed(&event, field)?;
            if changed.is_some() || event.kind == "task.created" || field.is_none() {
                return Ok(Some((event, changed)));
            }
        }
        if whole < usize::try_from(PAGE).unwrap_or(usize::MAX) || seen >= MOST {
            return Ok(None);
        }
    }
}

/// The change of the field that an event tells of.
fn changed(event: &Past, field: Option<&str>) -> Result<Option<FromTo>> {
    let Some(field) = field else { return Ok(None) };
    let wrong = |error: serde_json::Error| Error::internal(format!("event {}: {error}", event.id));
    let payload: Map<String, Value> = serde_json::from_str(&event.payload).map_err(wrong)?;
    let empty = Map::new();
    let change = payload.get("change").and_then(Value::as_object).unwrap_or(&empty);
    let found = match event.kind.as_str() {
        "task.updated" => Change::told(field, change),
        "task.sensitive_changed" => field.strip_prefix("custom.").and_then(|key| Change::told(key, change)),
        "task.watched" | "task.unwatched" if field == "watchers" => {
            let watcher = payload.get("watcher").unwrap_or(&Value::Null);
            let (none, added) = (&Value::Null, event.kind == "task.watched");
            Some(if added { (none, watcher) } else { (watcher, none) })
        }
        _ => None,
    };
    Ok(found.map(|(from, to)| FromTo { from: from.clone(), to: to.clone() }))
}

/// An event as a link, and what caused it.
async fn link(rx: &mut Rx, actor: &Actor, event: &Past) -> Result<(Link, Option<Cause>)> {
    let wrong = |error: serde_json::Error| Error::internal(format!("event {}: {error}", event.id));
    let payload: Value = serde_json::from_str(&event.payload).map_err(wrong)?;
    let cause: Option<Cause> = event.cause.as_deref().map(serde_json::from_str).transpose().map_err(wrong)?;
    let by = match &cause {
        Some(cause) => Some(by(rx, actor, event, cause).await?),
        None => None,
    };
    let link = Link {
        event: event.id,
        kind: event.kind.clone(),
        occurred_at: event.occurred_at,
        task: payload["task"]["key"].as_str().map(str::to_owned),
        actor: serde_json::from_str(&event.actor).map_err(wrong)?,
        by,
    };
    Ok((link, cause))
}

async fn by(rx: &mut Rx, actor: &Actor, event: &Past, cause: &Cause) -> Result<ByRule> {
    let mut by = ByRule {
        rule: cause.rule,
        run: cause.run,
        step: cause.step.clone(),
        action: None,
        name: None,
        version: None,
        rerun_of: None,
        started_by: None,
        approved_by: Vec::new(),
    };
    let Some(run) = runs::store::find(rx, event.workspace_id, cause.run).await? else { return Ok(by) };
    let Ok(run) = actor.may::<RunView, _>(run) else { return Ok(by) };
    let run = run.into_resource();
    by.action = runs::store::kind_of_step(rx, run.id, &cause.step).await?;
    by.started_by = runs::store::started_by(rx, run.id).await?;
    by.approved_by = approvals::store::agreed(rx, run.id, event.occurred_at).await?;
    (by.name, by.version, by.rerun_of) = (Some(run.rule_name), Some(run.rule_version), run.rerun_of);
    Ok(by)
}

/// Who did what no rule caused.
fn rooted(link: &Link, kind: &str) -> Root {
    let id = link.actor["id"].as_str().map(str::to_owned);
    match link.actor["type"].as_str() {
        Some("user") => Root { what: RootKind::Person, id },
        Some("hook") => Root { what: RootKind::Hook, id },
        _ if matches!(kind, "schedule.occurred" | "task.date_reached") => Root { what: RootKind::Clock, id: None },
        _ => Root { what: RootKind::Trackside, id: None },
    }
}
