//! The interpreter: walks a rule's tree from its root, every time. What the journal says is done is not done again; its
//! output is taken from there, so a run that is taken up by another process sees what the first one saw.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use trackside_rules::model::StopOutcome;
use trackside_rules::{CompiledStep, Expr, Failure, ForEach, Kind, Source, Template, Vars};

use super::hot::Plan;
use super::journal::{Journal, MOST_BYTES, MOST_LINES, kept};
use super::model::{RunError, RunState, Step, StepState, Waiting};
use super::runner::{RunJob, Runner};
use super::settle;
use super::steps::reveal::Revealed;
use crate::access::{Actor, Granted, Reach, TaskView};
use crate::db::Rx;
use crate::handle::Handle;
use crate::ids::{Id, ProjectId};
use crate::jobs::Ticket;
use crate::lanes::Pace;
use crate::rules::meter::Meter;
use crate::tasks::{self, Task};
use crate::{Class, Error, Result, projects, variables};

/// The code of a run that ended because one of its steps did.
pub(super) const STEP_FAILED: &str = "step_failed";

/// How long a run may keep its worker before others get a turn; what it waits for counts.
const TURN: Duration = Duration::from_secs(20);

/// So many items may be gone through in all the loops of a run.
const MOST_ITERATIONS: usize = 5_000;

/// How far one walk goes.
pub(super) struct Limits {
    /// So long it may compute; then others have their turn, and a rehearsal ends.
    pub(super) computes: Duration,
    /// So many lines its journal may have.
    pub(super) lines: usize,
    /// So large it may be, in bytes.
    pub(super) bytes: usize,
}

impl Limits {
    const RUN: Self = Self { computes: Duration::from_secs(1), lines: MOST_LINES, bytes: MOST_BYTES };

    /// Somebody waits for the answer, and gets all of it.
    pub(super) const REHEARSAL: Self = Self { computes: Duration::from_secs(2), lines: 2_000, bytes: 2 * 1024 * 1024 };
}

/// A `for_each`, taken apart.
struct Loop<'s> {
    over: &'s ForEach,
    name: &'s str,
    max: usize,
    body: &'s [CompiledStep],
    on_error: &'s Failure,
}

/// How a step, or a list of steps, ended.
pub(super) enum Flow {
    /// Go on with the next one.
    Next,
    /// The run gave others a turn; its job is in line again.
    Suspended,
    /// The run has to wait here.
    Waits(Wait),
    /// The run ends here.
    Stop(RunState, Option<RunError>),
}

/// What a run is put down for.
pub(super) struct Wait {
    /// Waiting, or retrying.
    pub(super) state: RunState,
    /// What for.
    pub(super) waiting: Waiting,
    /// When it is looked at again at the latest.
    pub(super) until: DateTime<Utc>,
}

/// One walk through a run's tree.
pub(super) struct Walk<'r> {
    pub(super) runner: &'r Runner,
    pub(super) plan: Plan,
    pub(super) journal: Journal,
    pub(super) ticket: Ticket,
    pub(super) vars: Vars,
    /// An answer from outside is not written yet: before the next call goes out, it must be.
    pub(super) owed: bool,
    /// Claims before this one that ended without a word: a call may have gone out in each of them.
    pub(super) deaths: i64,
    /// Whose eyes a rehearsal sees with; a run sees with those of its rule's owner.
    pub(super) eyes: Option<Actor>,
    pub(super) began: std::time::Instant,
    /// What the rule costs.
    pub(super) meter: Arc<Meter>,
    /// How much it has computed.
    pub(super) pace: Arc<Pace>,
    /// How far it goes.
    pub(super) limits: Limits,
    /// Items that its loops have gone through, or are about to.
    iterations: usize,
    /// How much it had computed when it first did something new.
    new_since: Option<Duration>,
    /// The secrets that the rule names, once something was called.
    pub(super) revealed: Option<Revealed>,
}

type Walking<'w> = Pin<Box<dyn Future<Output = Result<Flow>> + Send + 'w>>;

impl<'r> Walk<'r> {
    pub(super) fn new(runner: &'r Runner, plan: Plan, journal: Journal, job: RunJob) -> Self {
        let mut vars = Vars::new(plan.facts.clone(), runner.source.now());
        if plan.compiled.reads("run") {
            vars = vars.with("run", json!({ "id": plan.run, "rule": plan.rule, "version": plan.rule_version }));
        }
        let (ticket, deaths) = (job.ticket, job.attempts - 1);
        let began = std::time::Instant::now();
        let meter = runner.library.meter(plan.rule);
        let pace = Arc::new(Pace::new(meter.is_heavy()));
        let (eyes, revealed, limits) = (None, None, Limits::RUN);
        Self {
            runner,
            plan,
            journal,
            ticket,
            vars,
            owed: false,
            deaths,
            eyes,
            began,
            meter,
            pace,
            limits,
            iterations: 0,
            new_since: None,
            revealed,
        }
    }

    /// Reads the variables as they are now, for a rule that uses any.
    pub(super) async fn read_variables(&mut self) -> Result<()> {
        if self.plan.compiled.reads("vars") {
            let (plan, mut rx) = (&self.plan, self.runner.db.read().await?);
            let vars =
                variables::for_run(&mut rx, plan.whose(self.runner.source.now()), &plan.compiled.rule, &plan.facts)
                    .await?;
            self.vars = self.vars.with("vars", vars);
        }
        Ok(())
    }

    /// Walks a list of steps; `place` is the path that their ids are appended to.
    pub(super) fn steps<'w>(&'w mut self, steps: &'w [CompiledStep], place: &'w str) -> Walking<'w> {
        Box::pin(async move {
            for step in steps {
                self.pace.breathe().await;
                if self.journal.has_grown() {
                    // What it takes to come to where the last turn ended does not count: each turn comes further.
                    let worked = self.pace.worked();
                    let before = *self.new_since.get_or_insert(worked);
                    if worked.saturating_sub(before) > self.limits.computes || self.began.elapsed() > TURN {
                        return self.rest().await;
                    }
                }
                if self.journal.is_overdue() {
                    self.write(Vec::new()).await?;
                }
                let path = format!("{place}{}", step.id);
                if let Some(error) = self.too_much(&path) {
                    return Ok(Flow::Stop(RunState::Failed, Some(error)));
                }
                if let Some(error) = self.overworked(&path) {
                    return Ok(Flow::Stop(RunState::Blocked, Some(error)));
                }
                self.vars.set_now(self.runner.source.now());
                let flow = match &step.kind {
                    Kind::Action(action) => self.action(&step.id, action, path, place).await?,
                    Kind::If { branches, otherwise } => self.branch(branches, otherwise, path, place).await?,
                    Kind::ForEach { over, name, max, body, on_error } => {
                        let each = Loop { over, name, max: *max, body, on_error };
                        self.each(&each, path).await?
                    }
                    Kind::Approve(approve) => self.approve(&step.id, approve, path, place).await?,
                    Kind::Wait(wait) => self.wait(&step.id, wait, path, place).await?,
                    Kind::Stop { outcome, reason } => self.stop(*outcome, reason, path),
                    Kind::Parallel { branches, on_error } => self.parallel(branches, on_error, path, place).await?,
                    Kind::Call(call) => self.call_rule(&step.id, call, path, place).await?,
                    Kind::Script(script) => self.script(&step.id, script, path, place).await?,
                };
                if !matches!(flow, Flow::Next) {
                    return Ok(flow);
                }
            }
            Ok(Flow::Next)
        })
    }

    async fn branch(
        &mut self,
        branches: &[(Expr, Vec<CompiledStep>)],
        otherwise: &[CompiledStep],
        path: String,
        place: &str,
    ) -> Result<Flow> {
        let chosen = match self.done(&path) {
            Some(step) => step.output.as_ref().and_then(|output| output["branch"].as_u64()).map(|index| index as usize),
            None => match self.choose(branches).await {
                Ok(chosen) => {
                    let output = json!({ "branch": chosen, "name": name(chosen, otherwise) });
                    self.enter(&path, "if", output);
                    chosen
                }
                Err(message) => return Ok(self.fail(&path, "if", message)),
            },
        };
        match chosen {
            Some(index) => match branches.get(index) {
                Some((_, steps)) => self.steps(steps, place).await,
                None => {
                    Err(Error::internal(format!("the journal of {} names a branch that is not there", self.plan.run)))
                }
            },
            None => self.steps(otherwise, place).await,
        }
    }

    async fn choose(&self, branches: &[(Expr, Vec<CompiledStep>)]) -> Result<Option<usize>, String> {
        for (index, (condition, _)) in branches.iter().enumerate() {
            self.pace.breathe().await;
            if condition.eval_bool(&self.vars).map_err(|error| error.to_string())? {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    async fn each(&mut self, each: &Loop<'_>, path: String) -> Result<Flow> {
        let items = match self.done(&path) {
            Some(step) => match &step.output {
                Some(Value::Array(items)) => items.clone(),
                _ => return Err(Error::internal(format!("the journal of {} lost the items of {path}", self.plan.run))),
            },
            None => match self.items(each).await? {
                Ok(items) => {
                    let entered = Value::Array(items.clone());
                    // A rehearsal is not taken up again.
                    self.enter(&path, "for_each", if self.eyes.is_some() { kept(entered) } else { entered });
                    items
                }
                Err(message) => return Ok(self.fail(&path, "for_each", message)),
            },
        };
        self.iterations += items.len();
        if self.iterations > MOST_ITERATIONS {
            let message = format!(
                "the loops of the run go over {} items so far, and {MOST_ITERATIONS} in all is the limit; \
                 let them go over less, or start a run for each item with `call`",
                self.iterations
            );
            let error = RunError { code: "too_many_iterations".into(), message, step: Some(path) };
            return Ok(Flow::Stop(RunState::Failed, Some(error)));
        }
        let outside = self.vars.clone();
        for (index, item) in items.into_iter().enumerate() {
            self.vars = outside.with(each.name, item);
            let inside = format!("{path}[{index}].");
            match self.steps(each.body, &inside).await? {
                Flow::Next => {}
                Flow::Stop(RunState::Failed, Some(error)) if error.code == STEP_FAILED => match each.on_error {
                    Failure::Continue => {}
                    Failure::Steps(steps) => match self.steps(steps, &inside).await? {
                        Flow::Next => {}
                        other => return Ok(other),
                    },
                    Failure::Fail => return Ok(Flow::Stop(RunState::Failed, Some(error))),
                },
                other => return Ok(other),
            }
        }
        self.vars = outside;
        Ok(Flow::Next)
    }

    /// The items of a loop, filtered; or in words why there are none.
    async fn items(&self, each: &Loop<'_>) -> Result<Result<Vec<Value>, String>> {
        let all = match &each.over.source {
            Source::Relation(name) => match self.related(name).await? {
                Ok(items) => items,
                Err(message) => return Ok(Err(message)),
            },
            Source::Expr(expression) => match expression.eval_json(&self.vars) {
                Ok(Value::Array(items)) => items,
                Ok(Value::Null) => Vec::new(),
                Ok(other) => return Ok(Err(format!("for_each needs a list, but the expression gives {other}"))),
                Err(error) => return Ok(Err(error.to_string())),
            },
        };
        let mut items = Vec::new();
        for item in all {
            self.pace.breathe().await;
            let wanted = match &each.over.filter {
                None => Ok(true),
                Some(filter) => filter.eval_bool(&self.vars.with_fields(item.clone())),
            };
            match wanted {
                Ok(true) => items.push(item),
                Ok(false) => {}
                Err(error) => return Ok(Err(error.to_string())),
            }
        }
        if items.len() > each.max {
            return Ok(Err(format!(
                "{} items, and the step's limit is {}; narrow the filter or raise `max`",
                items.len(),
                each.max
            )));
        }
        Ok(Ok(items))
    }

    /// The items of a relation of what the event is about, as far as the rule's owner may see them.
    async fn related(&self, name: &str) -> Result<Result<Vec<Value>, String>> {
        let plan = &self.plan;
        let facts = plan.facts.json();
        let mut rx = self.runner.db.read().await?;
        let actor = match &self.eyes {
            Some(eyes) => eyes.clone(),
            None => settle::actor(&mut rx, &self.runner.source, plan).await?,
        };
        let may = match actor.may_somewhere::<TaskView>() {
            // Of a rehearsal it is only told, as everything else in it.
            Err(error) if self.eyes.is_some() && error.class == Class::Denied => return Ok(Err(error.to_string())),
            may => may?,
        };
        let found = match name {
            "subtasks" => match id(&facts["task"]["id"]) {
                Some(task) => tasks::service::subtasks(&mut rx, &may, task).await?,
                None => return Ok(Err("the event has no task, so there are no subtasks".to_owned())),
            },
            "tasks" => match id(&facts["project"]["id"]) {
                Some(project) => tasks::service::of_project(&mut rx, &may, project).await?,
                None if plan.compiled.rule.trigger.is_schedule() => match self.of_scope(&mut rx, &may).await? {
                    Ok(found) => found,
                    Err(message) => return Ok(Err(message)),
                },
                None => return Ok(Err("the event has no project, so there are no tasks".to_owned())),
            },
            other => return Ok(Err(format!("`{other}` is no relation that a rule can go through"))),
        };
        let items = found.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>();
        items.map(Ok).map_err(|error| Error::internal(format!("{name} as JSON: {error}")))
    }

    /// The tasks of the projects that the rule is for: what a schedule goes through.
    async fn of_scope(&self, rx: &mut Rx, may: &Granted<TaskView, Reach>) -> Result<Result<Vec<Task>, String>> {
        let projects = &self.plan.compiled.rule.scope.projects;
        if projects.is_empty() {
            let message = "the rule is for the whole workspace, so its tasks are too many; name projects under `scope`";
            return Ok(Err(message.to_owned()));
        }
        let mut found = Vec::new();
        for name in projects {
            let Ok(handle) = name.parse::<Handle<ProjectId>>() else { continue };
            match projects::service::find(rx, self.plan.workspace, &handle).await {
                Ok(project) => found.extend(tasks::service::of_project(rx, may, project.id).await?),
                Err(error) if error.class == Class::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Ok(found))
    }

    fn stop(&mut self, outcome: StopOutcome, reason: &Template, path: String) -> Flow {
        let reason = match reason.render(&self.vars) {
            Ok(Value::String(text)) => text,
            Ok(other) => other.to_string(),
            Err(problem) => return self.fail(&path, "stop", problem.to_string()),
        };
        let now = self.runner.source.now();
        let mut step = self.journal.begin(&path, "stop", now);
        step.state = StepState::Succeeded;
        step.output = Some(json!({ "reason": reason }));
        step.finished_at = Some(now);
        self.journal.record(step);
        let error = |code: &str| RunError { code: code.to_owned(), message: reason.clone(), step: Some(path.clone()) };
        match outcome {
            StopOutcome::Succeeded => Flow::Stop(RunState::Succeeded, None),
            StopOutcome::Skipped => Flow::Stop(RunState::Skipped, Some(error("stopped"))),
            StopOutcome::Failed => Flow::Stop(RunState::Failed, Some(error("stopped"))),
        }
    }

    /// Gives others a turn: the run goes on at once, but behind those that have waited meanwhile.
    async fn rest(&mut self) -> Result<Flow> {
        if self.eyes.is_some() {
            let message = "the rehearsal was cut here, because it computes for too long; a run goes on".to_owned();
            return Ok(Flow::Stop(RunState::Failed, Some(RunError { code: "too_long".into(), message, step: None })));
        }
        let steps = self.journal.unwritten();
        settle::rest(self.runner, &self.plan, self.ticket, steps, self.worked()).await?;
        Ok(Flow::Suspended)
    }

    /// Why there is no room for this step.
    fn too_much(&self, path: &str) -> Option<RunError> {
        let Limits { lines, bytes, .. } = self.limits;
        let what = if self.eyes.is_some() { "the rehearsal was cut here: it" } else { "the run" };
        let (code, message) = if self.journal.len() >= lines && self.journal.get(path).is_none() {
            (
                "too_many_steps",
                format!("{what} has taken {lines} steps, which is the limit; let its loops go over less"),
            )
        } else if self.journal.bytes() > bytes {
            let size = bytes / 1024 / 1024;
            let message = format!(
                "{what} has written down more than {size} MiB of what its steps were given and answered, which is the \
                 limit; let its loops go over less, or hand its steps less"
            );
            ("too_large", message)
        } else {
            return None;
        };
        Some(RunError { code: code.to_owned(), message, step: Some(path.to_owned()) })
    }

    /// The line of a step that is done.
    pub(super) fn done(&self, path: &str) -> Option<&Step> {
        self.journal.get(path).filter(|step| step.state.is_done())
    }

    pub(super) fn enter(&mut self, path: &str, kind: &str, output: Value) {
        let now = self.runner.source.now();
        let mut step = self.journal.begin(path, kind, now);
        step.state = StepState::Entered;
        step.output = Some(output);
        step.finished_at = Some(now);
        self.journal.record(step);
    }

    /// A step that cannot be carried out ends the run.
    pub(super) fn fail(&mut self, path: &str, kind: &str, message: String) -> Flow {
        let now = self.runner.source.now();
        let message = message.replace('\0', "\u{fffd}");
        let mut step = self.journal.begin(path, kind, now);
        step.state = StepState::Failed;
        step.error = Some(message.clone());
        step.finished_at = Some(now);
        self.journal.record(step);
        let error = RunError { code: STEP_FAILED.into(), message, step: Some(path.to_owned()) };
        Flow::Stop(RunState::Failed, Some(error))
    }

    /// Makes a step's output visible to later ones.
    pub(super) fn show(&mut self, id: &str, output: Option<&Value>, error: Option<&str>) {
        if !self.plan.compiled.reads("steps") {
            return;
        }
        let mut result = json!({ "output": output.cloned().unwrap_or(Value::Null) });
        if let Some(error) = error {
            result["error"] = json!({ "message": error });
        }
        self.vars.set_step(id, result);
    }
}

pub(super) fn id<T: Id>(value: &Value) -> Option<T> {
    value.as_str()?.parse().ok()
}

fn name(chosen: Option<usize>, otherwise: &[CompiledStep]) -> &'static str {
    match chosen {
        Some(0) => "then",
        Some(_) => "else_if",
        None if otherwise.is_empty() => "none",
        None => "else",
    }
}
