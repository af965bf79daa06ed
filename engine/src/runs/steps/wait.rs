//! `wait`: for so long, until a moment, or for an event. Until when is decided once, and stands in the journal.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use trackside_rules::model::Match;
use trackside_rules::{EventStep, Expr, WaitStep, moment};

use super::super::interpreter::{Flow, Wait, Walk};
use super::super::journal::{self, kept};
use super::super::model::{RunError, RunState, Step, StepState, Waiting};
use super::super::{judge, store};
use super::approve::{EVER, later};
use crate::db::Tx;
use crate::ids::EventId;
use crate::waits::service::{self as waits, NewWait, Standing};
use crate::{Error, Result, crash, events, jobs};

impl Walk<'_> {
    /// Waits, or goes on when what it waited for is there.
    pub(in super::super) async fn wait(
        &mut self,
        name: &str,
        wait: &WaitStep,
        path: String,
        place: &str,
    ) -> Result<Flow> {
        match wait {
            WaitStep::Event(event) => self.wait_for_event(name, event, path, place).await,
            WaitStep::For(period) => {
                let now = self.runner.source.now();
                Ok(self.wait_until(path, |_| Ok(later(now, *period))))
            }
            WaitStep::Until(until) => Ok(self.wait_until(path, |walk| walk.moment(until))),
        }
    }

    fn wait_until(&mut self, path: String, until: impl FnOnce(&Self) -> Result<DateTime<Utc>, String>) -> Flow {
        if let Some(done) = self.done(&path) {
            return match done.state {
                StepState::Failed => {
                    let message = done.error.clone().unwrap_or_default();
                    self.fail(&path, "wait", message)
                }
                _ => Flow::Next,
            };
        }
        let now = self.runner.source.now();
        let until = match self.journal.get(&path).and_then(|known| known.resume_at) {
            Some(known) => known,
            None => match until(self) {
                Ok(until) => until,
                Err(message) => return self.fail(&path, "wait", message),
            },
        };
        let mut step = self.journal.begin(&path, "wait", now);
        if self.plan.is_shadow() {
            step.state = StepState::Recorded;
            step.input = Some(json!({ "until": until }));
            step.finished_at = Some(now);
            self.journal.record(step);
            return Flow::Next;
        }
        if until <= now {
            step.state = StepState::Succeeded;
            step.finished_at = Some(now);
            self.journal.record(step);
            return Flow::Next;
        }
        step.state = StepState::Waiting;
        step.resume_at = Some(until);
        self.journal.record(step);
        Flow::Waits(Wait { state: RunState::Waiting, waiting: Waiting::Timer { step: path, until }, until })
    }

    /// The moment that an expression gives.
    fn moment(&self, until: &Expr) -> Result<DateTime<Utc>, String> {
        let farthest = self.runner.source.now() + EVER;
        match until.eval_json(&self.vars).map_err(|problem| problem.to_string())? {
            Value::String(text) => match moment(&text) {
                Some(moment) if moment > farthest => {
                    Err(format!("{moment} is too far away; wait at most {} days", EVER.num_days()))
                }
                Some(moment) => Ok(moment),
                None => {
                    let shown: String = text.chars().take(64).collect();
                    Err(format!("`{shown}` is not a moment; give RFC 3339, such as `2026-01-31T09:00:00Z`"))
                }
            },
            Value::Null => {
                Err("`until` gives nothing, so there is no moment; ask with an `if` before whether there is one"
                    .to_owned())
            }
            other => Err(format!("`until` gives {other}, which is not a moment")),
        }
    }

    async fn wait_for_event(&mut self, name: &str, event: &EventStep, path: String, place: &str) -> Result<Flow> {
        if let Some(done) = self.done(&path).cloned() {
            return self.came(name, event, done, place).await;
        }
        let known = self.journal.get(&path).filter(|step| step.state == StepState::Waiting).cloned();
        let (step, standing) = match known {
            None => {
                let wants = match self.wants(event) {
                    Ok(wants) => wants,
                    Err(message) => return Ok(self.fail(&path, "wait", message)),
                };
                if self.plan.is_shadow() {
                    return self.would_wait(name, event, wants, path, place).await;
                }
                (self.begin_wait(event, wants, &path).await?, Standing::Open)
            }
            Some(step) => {
                let standing = waits::look(&mut *self.runner.db.read().await?, self.plan.run, &path).await?;
                (step, standing)
            }
        };
        let late = step.resume_at.is_some_and(|until| until <= self.runner.source.now());
        let standing = match standing {
            Standing::Open if late => self.end_wait(&path).await?,
            other => other,
        };
        let step = match standing {
            Standing::Open => {
                let (until, now) = (step.resume_at, self.runner.source.now());
                let waiting = Waiting::Event { step: path, on: event.on.clone(), until };
                return Ok(Flow::Waits(Wait { state: RunState::Waiting, waiting, until: until.unwrap_or(now + EVER) }));
            }
            Standing::Closed => self.ended(step, Value::Null),
            Standing::Found(id) => {
                let found = self.event(id).await?;
                self.ended(step, found)
            }
        };
        self.came(name, event, step, place).await
    }

    /// What events must say, with the templates filled in. A template that gives nothing would let any event do.
    fn wants(&self, event: &EventStep) -> Result<Match, String> {
        let filled = event.wants.render(&self.vars).map_err(|problem| format!("match{problem}"))?;
        let Value::Object(filled) = filled else { return Err("match: it is no object".to_owned()) };
        if let Some((path, _)) = filled.iter().find(|(path, want)| want.is_null() && !event.written[*path].is_null()) {
            return Err(format!("match: `{path}` is to be what `{}` gives, and that is nothing", event.written[path]));
        }
        Ok(filled.into_iter().collect())
    }

    /// Writes what the run waits for.
    async fn begin_wait(&mut self, event: &EventStep, wants: Match, path: &str) -> Result<Step> {
        let now = self.runner.source.now();
        let mut step = self.journal.begin(path, "wait", now);
        step.state = StepState::Waiting;
        step.resume_at = event.timeout.map(|timeout| later(now, timeout));
        step.input = Some(kept(json!({ "on": event.on, "match": wants })));
        let (plan, ticket) = (self.plan.clone(), self.ticket);
        let id = path.rsplit('.').next().unwrap_or(path);
        let beside = plan.compiled.beside(id).into_iter().map(str::to_owned).collect();
        let before = self.journal.unwritten();
        let open = async move |tx: &mut Tx| {
            jobs::service::hold(tx, ticket).await?;
            journal::write(tx, plan.run, &before).await?;
            let started_at = if plan.event.is_some() { now } else { store::created_at(tx, plan.run).await? };
            let new = NewWait {
                run: plan.run,
                path: step.path.clone(),
                workspace: plan.workspace,
                rule: plan.rule,
                rule_version: plan.rule_version,
                event: plan.event,
                started_at,
                wants,
                beside,
            };
            waits::open(tx, now, new).await?;
            journal::write_one(tx, plan.run, &step).await?;
            store::set_state(tx, plan.run, RunState::Running, None).await?;
            crash::point("run.wait_before_commit");
            Ok(step)
        };
        let step = self.runner.db.write(open).await?;
        crash::point("run.wait_begun");
        self.journal.written();
        self.owed = false;
        self.journal.know(step.clone());
        Ok(step)
    }

    /// Time is up, unless something comes at this moment.
    async fn end_wait(&mut self, path: &str) -> Result<Standing> {
        let (run, ticket, path) = (self.plan.run, self.ticket, path.to_owned());
        let end = async move |tx: &mut Tx| {
            jobs::service::hold(tx, ticket).await?;
            waits::close(tx, run, &path).await
        };
        self.runner.db.write(end).await
    }

    /// What an event says, as steps see it.
    async fn event(&self, id: EventId) -> Result<Value> {
        let mut rx = self.runner.db.read().await?;
        let found = events::store::find_pending(&mut rx, self.plan.workspace, id).await?;
        judge::fields(&found.ok_or_else(|| Error::not_found("event", id))?)
    }

    fn ended(&mut self, mut step: Step, output: Value) -> Step {
        step.state = StepState::Succeeded;
        step.resume_at = None;
        step.finished_at = Some(self.runner.source.now());
        step.output = Some(kept(output));
        self.journal.record(step.clone());
        step
    }

    /// A shadow waits for nothing, and goes on as if it had come and said nothing.
    async fn would_wait(
        &mut self,
        name: &str,
        event: &EventStep,
        wants: Match,
        path: String,
        place: &str,
    ) -> Result<Flow> {
        let now = self.runner.source.now();
        let mut step = self.journal.begin(&path, "wait", now);
        step.state = StepState::Recorded;
        step.input = Some(kept(json!({ "on": event.on, "match": wants })));
        step.finished_at = Some(now);
        self.journal.record(step.clone());
        self.came(name, event, step, place).await
    }

    /// Goes on with what came; or, when nothing did, with what is done then.
    async fn came(&mut self, name: &str, event: &EventStep, step: Step, place: &str) -> Result<Flow> {
        match step.state {
            StepState::Failed => return Ok(self.fail(&step.path, "wait", step.error.unwrap_or_default())),
            StepState::Recorded => return Ok(Flow::Next),
            _ => {}
        }
        let output = step.output.filter(|output| !output.is_null());
        self.show(name, output.as_ref(), None);
        if output.is_some() {
            return Ok(Flow::Next);
        }
        match &event.on_timeout {
            Some(steps) => self.steps(steps, place).await,
            None => {
                let message = format!("no `{}` came in time; `on_timeout` says what to do then", event.on);
                let error = RunError { code: "wait_timed_out".into(), message, step: Some(step.path) };
                Ok(Flow::Stop(RunState::TimedOut, Some(error)))
            }
        }
    }
}
