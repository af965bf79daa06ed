//! Buttons: manual rules that are started on a task.
//!
//! A button is shown for a task when the rule is on, whoever asks may run it, its owner may see the task, and scope, match and
//! condition fit the task as it is; a condition that reads `inputs` is judged when these are there. Pressing it announces
//! [`TaskButtonPressed`], and the run stands on that event: it sees the task as it was when the button was pressed, and is
//! repeated on the same.

use std::time::Duration;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use trackside_rules::model::Form;
use trackside_rules::{Compiled, Facts, Vars};

use super::events::TaskButtonPressed;
use super::library::Library;
use super::model::{RuleInfo, RuleState};
use super::store;
use crate::access::{self, Actor, Granted, Reach, RuleRun, TaskView, Who};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::handle::Handle;
use crate::ids::{EventId, RuleId, TaskId, WorkspaceId};
use crate::lanes::Pace;
use crate::projects::{self, Project, ProjectRef};
use crate::runs::judge;
use crate::schedules::events::DueRule;
use crate::tasks::{self, Task};
use crate::variables::{self, Whose};
use crate::{Class, Error, Result, events};

/// A rule that can be started on a task.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Button {
    /// The rule: `POST /rules/{id}/run` with `task` starts it.
    pub rule: RuleId,
    /// What the button says.
    pub label: String,
    /// What is asked before it starts, by name; nothing when empty.
    pub form: Form,
    /// Whether it only records what it would do.
    pub shadow: bool,
}

/// A task with its project, as a button sees them.
#[derive(Debug, Clone)]
pub struct OnTask {
    /// The task.
    pub task: Task,
    /// Its project.
    pub project: Project,
}

impl OnTask {
    /// The task with this id or key, if the proof covers it.
    ///
    /// # Errors
    /// `task_not_found`.
    pub async fn find(rx: &mut Rx, may: &Granted<TaskView, Reach>, handle: &Handle<TaskId>) -> Result<Self> {
        let task = tasks::service::find(rx, may, handle).await?;
        let project = projects::service::find(rx, may.resource().workspace(), &Handle::Id(task.project_id)).await?;
        Ok(Self { task, project })
    }

    fn pressed<'p>(&'p self, rule: &RuleInfo, project: &'p ProjectRef) -> TaskButtonPressed<'p> {
        TaskButtonPressed { task: &self.task, project, rule: DueRule { id: rule.id, name: rule.name.clone() } }
    }

    /// What the rule sees.
    fn facts(&self, cx: &Cx, rule: &RuleInfo, inputs: Option<&Value>) -> Result<Facts> {
        let project = ProjectRef::from(&self.project);
        let unreadable = |error: serde_json::Error| Error::internal(format!("what a button sees: {error}"));
        let mut fields = serde_json::to_value(self.pressed(rule, &project)).map_err(unreadable)?;
        fields["actor"] = serde_json::to_value(cx.actor.who).map_err(unreadable)?;
        fields["event"] = json!({ "kind": trackside_rules::model::BUTTON_PRESSED, "occurred_at": cx.now() });
        if let Some(inputs) = inputs {
            fields["inputs"] = inputs.clone();
        }
        judge::facts(fields)
    }
}

/// So long conditions are judged for one list of buttons.
const JUDGED: Duration = Duration::from_millis(500);

/// The buttons of a task, by what they say.
pub async fn of_task(
    rx: &mut Rx,
    cx: &Cx,
    library: &Library,
    may: &Granted<RuleRun, Reach>,
    on: &OnTask,
) -> Result<Vec<Button>> {
    let (workspace, pace) = (may.resource().workspace(), Pace::new(false));
    library.lanes().paced(workspace, &pace, judged(rx, cx, library, workspace, on, &pace)).await
}

async fn judged(
    rx: &mut Rx,
    cx: &Cx,
    library: &Library,
    workspace: WorkspaceId,
    on: &OnTask,
    pace: &Pace,
) -> Result<Vec<Button>> {
    let mut buttons = Vec::new();
    for rule in store::buttons(rx, workspace).await? {
        pace.breathe().await;
        // What does not parse any more is nobody's button.
        let Ok(rule) = rule else { continue };
        if !rule.rule.trigger.is_button() || cx.actor.may::<RuleRun, _>(rule.clone()).is_err() {
            continue;
        }
        let Ok(compiled) = library.version(rx, rule.id, rule.version).await else { continue };
        if refusal(rx, cx, &rule, &compiled, on).await?.is_some() {
            continue;
        }
        // Where conditions take too long together, the others are asked when somebody presses.
        if pace.worked() < JUDGED && !is_shown(rx, cx, &rule, &compiled, on).await? {
            continue;
        }
        buttons.push(Button {
            rule: rule.id,
            label: rule.rule.trigger.label.clone().unwrap_or_else(|| rule.name.clone()),
            form: rule.rule.trigger.form.clone(),
            shadow: rule.state == RuleState::Shadow,
        });
    }
    buttons.sort_by(|one, other| one.label.cmp(&other.label));
    Ok(buttons)
}

/// Whether the condition lets the button be pressed, as far as that is known before anything is asked.
async fn is_shown(rx: &mut Rx, cx: &Cx, rule: &RuleInfo, compiled: &Compiled, on: &OnTask) -> Result<bool> {
    let Some(condition) = &compiled.condition else { return Ok(true) };
    if condition.variables().any(|variable| variable == "inputs") {
        return Ok(true);
    }
    let vars = vars(rx, cx, rule, compiled, on.facts(cx, rule, None)?).await?;
    Ok(condition.eval_bool(&vars).unwrap_or(false))
}

/// What the condition sees.
async fn vars(rx: &mut Rx, cx: &Cx, rule: &RuleInfo, compiled: &Compiled, facts: Facts) -> Result<Vars> {
    let vars = Vars::new(facts, cx.now());
    if !compiled.asks("vars") {
        return Ok(vars);
    }
    let whose = Whose { workspace: cx.actor.workspace, owner: rule.owner_id, at: cx.now() };
    let known = variables::for_run(rx, whose, &compiled.rule, vars.facts()).await?;
    Ok(vars.with("vars", known))
}

/// Whether the condition holds for this task and these inputs.
///
/// # Errors
/// `button_not_for_task` with the reason; `condition` when it cannot be judged.
pub async fn judge_press(
    rx: &mut Rx,
    cx: &Cx,
    rule: &RuleInfo,
    compiled: &Compiled,
    on: &OnTask,
    inputs: &Value,
) -> Result<bool> {
    if let Some(why) = refusal(rx, cx, rule, compiled, on).await? {
        let detail = format!("“{}” cannot be started on {}: {why}", rule.name, on.task.key);
        return Err(Error::conflict("button_not_for_task", detail));
    }
    let Some(condition) = &compiled.condition else { return Ok(true) };
    let vars = vars(rx, cx, rule, compiled, on.facts(cx, rule, Some(inputs))?).await?;
    condition
        .eval_bool(&vars)
        .map_err(|error| Error::invalid("condition", format!("the rule's condition could not be judged: {error}")))
}

/// What speaks against the button, but for the condition.
async fn refusal(rx: &mut Rx, cx: &Cx, rule: &RuleInfo, compiled: &Compiled, on: &OnTask) -> Result<Option<String>> {
    let scope = &rule.rule.scope.projects;
    let (key, id) = (&on.project.key, on.project.id.to_string());
    if !scope.is_empty() && !scope.iter().any(|project| project == key || *project == id) {
        return Ok(Some(format!("it is for {}", scope.join(", "))));
    }
    if !owner_sees(rx, rule, on, cx.now()).await? {
        return Ok(Some(
            "the rule's owner may not see the task; let somebody who may take the rule (`POST /rules/{id}/take`)"
                .to_owned(),
        ));
    }
    let facts = on.facts(cx, rule, None)?;
    Ok(compiled.trigger.first_difference(facts.json()).map(|(path, found)| {
        let found: String = found.to_string().chars().take(100).collect();
        format!("its `match` wants another `{path}` than {found}")
    }))
}

async fn owner_sees(rx: &mut Rx, rule: &RuleInfo, on: &OnTask, now: DateTime<Utc>) -> Result<bool> {
    let who = Who::Rule { id: rule.id, owner: rule.owner_id };
    let owner: Option<Actor> = access::service::acting(rx, who, rule.workspace_id, rule.owner_id, now).await?;
    let Some(owner) = owner else { return Ok(false) };
    let may = owner.may_somewhere::<TaskView>();
    let Ok(may) = may else { return Ok(false) };
    match tasks::service::find(rx, &may, &Handle::Id(on.task.id)).await {
        Ok(_) => Ok(true),
        Err(error) if error.class == Class::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Announces that a button was pressed; the run is to stand on this event.
pub(crate) async fn press(tx: &mut Tx, cx: &Cx, rule: &RuleInfo, on: &OnTask) -> Result<EventId> {
    let project = ProjectRef::from(&on.project);
    events::emit(tx, cx, &on.pressed(rule, &project)).await
}

/// Refuses a task where the rule takes none, and wants one where it does.
///
/// # Errors
/// `invalid_fields` at `/task`.
pub fn check_task(rule: &RuleInfo, task: Option<&Handle<TaskId>>) -> Result<()> {
    match (rule.rule.trigger.is_button(), task) {
        (true, None) => Err(Error::field("/task", "is required: this rule is started on a task; give its id or key")),
        (false, Some(_)) => {
            let message =
                "must be left out: this rule is not started on tasks (its trigger does not say `subject: task`)";
            Err(Error::field("/task", message))
        }
        _ => Ok(()),
    }
}
