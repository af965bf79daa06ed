//! What a policy says of tasks, compiled; and whether it can be said at all.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use trackside_rules::model::Condition;
use trackside_rules::{Expr, Facts, Problem, Rule, Sandbox, Severity, Vars, check};

use super::model::{Policy, Stop, Stored, TargetClock, Warn, seconds};
use super::step::Seen;
use crate::ids::SlaId;
use crate::projects::{Project, ProjectRef, ProjectStatus};
use crate::rules::Library;
use crate::tasks::Priority;
use crate::{Error, Result, checks};

/// Compiled policies that are kept in memory.
const KEPT: usize = 1_000;
/// The longest target: what is longer is a slip.
const LONGEST: i64 = 366 * 86_400;
/// What conditions may ask for.
const NAMES: [&str; 3] = ["now", "project", "task"];

/// What is judged here is judged for every policy at every event, so that it has to be quick.
static SANDBOX: LazyLock<Sandbox> = LazyLock::new(Sandbox::strict);
/// Policies by id and version.
type Kept = HashMap<(SlaId, i64), Arc<Compiled>>;

static COMPILED: LazyLock<Mutex<Kept>> = LazyLock::new(Mutex::default);

/// A policy, ready to be held against tasks.
#[derive(Debug)]
pub(super) struct Compiled {
    pub policy: Policy,
    filter: Option<Expr>,
    start: Option<Expr>,
    pause: Option<Expr>,
    stop: Option<Expr>,
}

/// A task as it was at a moment.
pub(super) struct Sight<'s> {
    /// As events carry it.
    pub task: &'s Value,
    /// Its project, as it is.
    pub project: &'s Project,
    /// Whether this is somebody's answer who did not make it.
    pub answer: bool,
    /// The moment.
    pub at: DateTime<Utc>,
}

impl Compiled {
    /// That of a stored policy.
    pub(super) fn of(stored: &Stored) -> Result<Arc<Self>> {
        let key = (stored.id, stored.version);
        let kept = || COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept().get(&key).cloned() {
            return Ok(known);
        }
        let policy = stored.policy.read()?;
        let compile = |condition: Option<&Condition>| {
            let compiled = condition.map(|condition| Expr::compile(&SANDBOX, &condition.expression())).transpose();
            compiled.map_err(|problem| Error::internal(format!("{} does not compile: {problem}", stored.id)))
        };
        let stop = match &policy.stop {
            Stop::When(condition) => Some(condition),
            Stop::Done | Stop::FirstResponse => None,
        };
        let compiled = Arc::new(Self {
            filter: compile(policy.filter.as_ref())?,
            start: compile(policy.start.as_ref())?,
            pause: compile(policy.pause.as_ref())?,
            stop: compile(stop)?,
            policy,
        });
        let mut kept = kept();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(key, compiled.clone());
        Ok(compiled)
    }

    /// What the policy sees of a task. What cannot be judged does not hold.
    pub(super) fn see(&self, stored: &Stored, sight: &Sight<'_>) -> Seen {
        let Sight { task, project, answer, at } = sight;
        let facts = Facts::from_json(json!({ "task": task, "project": ProjectRef::from(*project) })).ok();
        let vars = facts.map(|facts| Vars::new(facts, *at));
        let holds = |condition: &Expr| vars.as_ref().is_some_and(|vars| condition.eval_bool(vars).unwrap_or(false));
        let priority = task["priority"].as_str().and_then(|word| word.parse().ok()).unwrap_or(Priority::Medium);
        let target = self.policy.targets.of(priority);
        let here = stored.project_id.is_none_or(|only| only == project.id);
        let in_use = project.status != ProjectStatus::Archived && !project.is_template;
        let is_over = || matches!(task["category"].as_str(), Some("done" | "cancelled"));
        let stopped = match &self.policy.stop {
            Stop::Done => is_over(),
            // Nobody has to answer any more what is over.
            Stop::FirstResponse => *answer || is_over(),
            Stop::When(_) => self.stop.as_ref().is_some_and(holds),
        };
        let made_at = task["created_at"].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
        let starts = match &self.start {
            Some(start) => holds(start),
            None => made_at.is_some_and(|made| made >= stored.effective_from),
        };
        Seen {
            covered: stored.enabled && here && in_use && target.is_some() && self.filter.as_ref().is_none_or(holds),
            starts,
            paused: self.pause.as_ref().is_some_and(holds),
            stopped,
            again: self.policy.stop != Stop::FirstResponse,
            priority,
            target: target.unwrap_or_default(),
        }
    }
}

/// Checks what can be checked of a policy without looking at the workspace.
///
/// # Errors
/// `invalid_fields`, at each place.
pub fn examine(library: &Library, policy: &Policy) -> Result<()> {
    checks::name("/name", &policy.name, super::model::MAX_NAME)?;
    let when = match &policy.stop {
        Stop::When(condition) => Some(condition),
        Stop::Done | Stop::FirstResponse => None,
    };
    let conditions = [
        ("/filter", policy.filter.as_ref()),
        ("/start", policy.start.as_ref()),
        ("/pause", policy.pause.as_ref()),
        ("/stop/when", when),
    ];
    for (pointer, condition) in conditions {
        let Some(condition) = condition else { continue };
        if let Some(problem) = problems(library, condition)?.into_iter().next() {
            let place = problem.pointer.strip_prefix("/condition").unwrap_or_default();
            return Err(Error::field(format!("{pointer}{place}"), problem.to_string()));
        }
    }
    targets(policy)
}

/// What is wrong with a condition, as one of a rule on tasks.
fn problems(library: &Library, condition: &Condition) -> Result<Vec<Problem>> {
    let rule = json!({ "name": "SLA", "trigger": { "on": "task.updated" }, "condition": condition,
        "steps": [{ "id": "end", "stop": "" }] });
    let rule: Rule = serde_json::from_value(rule)
        .map_err(|error| Error::internal("A condition does not stand in a rule.").caused_by(error))?;
    let mut problems = check(&rule, library.catalogue(), library.sandbox());
    problems.retain(|problem| problem.severity == Severity::Error && problem.pointer.starts_with("/condition"));
    if problems.is_empty()
        && let Ok(compiled) = Expr::compile(library.sandbox(), &condition.expression())
    {
        let other =
            compiled.variables().find(|name| !NAMES.contains(name) && !compiled.has_parameter(name)).map(str::to_owned);
        problems.extend(other.map(|name| {
            let message = format!("`{name}` is not known here; only `task`, `project` and `now` are.");
            Problem::new("unknown_name", "/condition", message).nearest(&name, NAMES)
        }));
    }
    Ok(problems)
}

fn targets(policy: &Policy) -> Result<()> {
    let named = policy.targets.named();
    if named.iter().all(|(_, target)| target.is_none()) {
        return Err(Error::field("/targets", "must have at least one target, such as {\"default\": \"24h\"}"));
    }
    for (name, target) in named {
        let Some(target) = target else { continue };
        let (place, length) = (format!("/targets/{name}"), seconds(target));
        if length == 0 {
            return Err(Error::field(place, "must be more than 0: nothing is done in no time"));
        }
        if length > LONGEST {
            return Err(Error::field(place, "must be at most a year"));
        }
        if policy.clock == TargetClock::Working && length % 60 != 0 {
            return Err(Error::field(place, "must be whole minutes, because working time is counted in minutes"));
        }
        if let Some(Warn::Before(before)) = policy.warn
            && seconds(before) >= length
        {
            return Err(Error::field("/warn/before", format!("must be shorter than the target for {name}, {target}")));
        }
    }
    match policy.warn {
        Some(Warn::Percent(percent)) if !(1..=99).contains(&percent) => {
            Err(Error::field("/warn/percent", "must be 1 to 99"))
        }
        Some(Warn::Before(before)) if before.0.is_zero() => {
            Err(Error::field("/warn/before", "must be more than 0; leave `warn` out for no warning"))
        }
        Some(Warn::Before(before)) if policy.clock == TargetClock::Working && seconds(before) % 60 != 0 => {
            Err(Error::field("/warn/before", "must be whole minutes, because working time is counted in minutes"))
        }
        _ => Ok(()),
    }
}
