//! Action steps: the kind of step that has effects. Below are the other kinds that reach beyond the run.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use trackside_rules::model::{Backoff, Retry};
use trackside_rules::{ActionStep, Failure as OnError, Period};

use super::interpreter::{Flow, STEP_FAILED, Wait, Walk};
use super::journal::{Line, kept};
use super::model::{RunError, RunState, Step, StepState, Waiting};
use super::{policy, settle};
use crate::access::{ConnectionUse, SecretUse};
use crate::actions::external::{Call, ErasedExternal, Failure};
use crate::actions::{Entry, ErasedInternal};
use crate::{Class, Result, crash, variables};

mod approve;
mod call;
mod parallel;
pub(super) mod reveal;
mod script;
mod wait;

/// How long an attempt may take unless the step says otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);
/// A call that takes longer than this is shown as running while it runs.
const SHOWN_AFTER: Duration = Duration::from_millis(250);

/// How a call is tried again unless the step says otherwise: after 1, 2 and 4 seconds.
fn usual() -> Retry {
    let (delay, max_delay) = (Period::seconds(1), Period::seconds(600));
    Retry { max: 3, backoff: Backoff::Exponential, delay, max_delay, condition: None }
}

fn retrying(step: String, until: DateTime<Utc>) -> Flow {
    Flow::Waits(Wait { state: RunState::Retrying, waiting: Waiting::Retry { step, until }, until })
}

impl Walk<'_> {
    /// Does an action, or takes from the journal what it did.
    pub(super) async fn action(&mut self, id: &str, action: &ActionStep, path: String, place: &str) -> Result<Flow> {
        if let Some(done) = self.done(&path).cloned() {
            self.show(id, done.output.as_ref(), done.error.as_deref());
            return match done.state {
                StepState::Failed => self.after_failure(&action.on_error, done, place).await,
                _ => Ok(Flow::Next),
            };
        }
        let now = self.runner.source.now();
        let mut step = self.journal.begin(&path, &action.action, now);
        if let Some(until) = self.journal.get(&path).and_then(|known| known.resume_at).filter(|until| *until > now) {
            // Woken before its time, by somebody who re-queued the job: it waits on.
            return Ok(retrying(path, until));
        }
        // What is kept of it says where secrets stand, and not what they are.
        let input = match action.with.render(&self.without_secrets(action)) {
            Ok(input) => input,
            Err(problem) => return self.failed(id, action, step, problem.to_string(), place).await,
        };
        step.input = Some(kept(input.clone()));
        if self.plan.is_shadow() {
            step.state = StepState::Recorded;
            step.finished_at = Some(now);
            self.show(id, None, None);
            self.journal.record(step);
            return Ok(Flow::Next);
        }
        if let Some(error) = self.too_costly(&action.action, &path) {
            return Ok(Flow::Stop(RunState::Blocked, Some(error)));
        }
        step.attempts += 1;
        if action.action == policy::NOTIFY {
            self.meter.notified();
        }
        match self.runner.actions.get(&action.action).cloned() {
            Some(Entry::Internal(internal)) => self.internal(id, action, step, internal, input, place).await,
            Some(Entry::External(external)) => {
                self.meter.called();
                self.external(id, action, step, external, input, place).await
            }
            None => {
                let message = format!("there is no action `{}` any more; choose another", action.action);
                self.failed(id, action, step, message, place).await
            }
        }
    }

    async fn internal(
        &mut self,
        id: &str,
        action: &ActionStep,
        step: Step,
        internal: &'static dyn ErasedInternal,
        input: Value,
        place: &str,
    ) -> Result<Flow> {
        let before = self.journal.unwritten();
        let done = settle::perform(self.runner, &self.plan, self.ticket, before, step.clone(), internal, input).await;
        match done {
            Ok(mut done) => {
                self.journal.written();
                self.owed = false;
                self.show(id, done.output.as_ref(), None);
                done.output = done.output.map(kept);
                self.journal.know(done);
                Ok(Flow::Next)
            }
            // The database, not the action: the job comes back, and with it the step.
            Err(error) if error.class == Class::Busy || error.code == crate::jobs::LEASE_LOST => Err(error),
            Err(error) => self.failed(id, action, step, error.to_string(), place).await,
        }
    }

    async fn external(
        &mut self,
        id: &str,
        action: &ActionStep,
        mut step: Step,
        external: Arc<dyn ErasedExternal>,
        input: Value,
        place: &str,
    ) -> Result<Flow> {
        match self.may_call(action).await {
            Err(error) if error.class == Class::Denied => {
                return self.failed(id, action, step, error.to_string(), place).await;
            }
            answer => answer?,
        }
        if self.owed {
            self.write(Vec::new()).await?;
        }
        let call = Call {
            idempotency_key: format!("{}:{}", self.plan.run, step.path),
            attempt: step.attempts + self.deaths,
            depth: self.plan.depth,
            timeout: action.timeout.unwrap_or(TIMEOUT),
            workspace: self.plan.workspace,
            credentials: self.runner.credentials.clone(),
        };
        let answer = match self.reveal(action, input).await? {
            Ok(input) => self.call(&call, &step, external, input).await?,
            Err(failure) => Err(failure),
        };
        let answer = self.mask(answer);
        crash::point_at("run.call_answered", &action.action);
        match answer {
            Ok(output) => {
                step.state = StepState::Succeeded;
                step.error = None;
                step.finished_at = Some(self.runner.source.now());
                self.show(id, Some(&output), None);
                step.output = Some(kept(output));
                self.journal.record(step);
                self.owed = true;
                Ok(Flow::Next)
            }
            Err(Failure::Permanent { error }) => self.failed(id, action, step, error, place).await,
            Err(Failure::Retryable { error, after }) => {
                self.again(id, action, step, StepState::Retrying, error, after, place).await
            }
            Err(Failure::Unknown { error }) => {
                self.again(id, action, step, StepState::Unknown, error, None, place).await
            }
        }
    }

    /// Whether the rule's owner may, now, reach outside: no transaction of an area asks that for a call.
    async fn may_call(&self, action: &ActionStep) -> Result<()> {
        let mut rx = self.runner.db.read().await?;
        let actor = settle::actor(&mut rx, &self.runner.source, &self.plan).await?;
        if !action.secrets.is_empty() {
            let whose = self.plan.whose(self.runner.source.now());
            match variables::project_of(&mut rx, whose, &self.plan.compiled.rule, &self.plan.facts).await? {
                Some(project) => drop(actor.may::<SecretUse, _>(project)?),
                None => drop(actor.may_here::<SecretUse>()?),
            }
        }
        actor.may_here::<ConnectionUse>().map(drop)
    }

    /// Makes one attempt. One that takes a while is journalled as running while it runs, so that people see it.
    async fn call(
        &mut self,
        call: &Call,
        step: &Step,
        external: Arc<dyn ErasedExternal>,
        input: Value,
    ) -> Result<Result<Value, Failure>> {
        let attempt = tokio::time::timeout(call.timeout, external.perform_json(call, input));
        tokio::pin!(attempt);
        let answer = tokio::select! {
            biased;
            answer = &mut attempt => answer,
            () = tokio::time::sleep(SHOWN_AFTER) => {
                self.write(vec![step.clone()]).await?;
                attempt.await
            }
        };
        Ok(answer.unwrap_or_else(|_| {
            Err(Failure::unknown(format!("no answer within {:?}; it may have had its effect", call.timeout)))
        }))
    }

    pub(super) async fn write(&mut self, more: Vec<Step>) -> Result<()> {
        let mut steps = self.journal.unwritten();
        steps.extend(more.into_iter().map(Line::from));
        settle::write(self.runner, &self.plan, self.ticket, steps).await?;
        self.journal.written();
        self.owed = false;
        Ok(())
    }

    /// Tries again later if the step has attempts left, and gives up if not.
    #[allow(clippy::too_many_arguments, reason = "everything that is known about one failed attempt")]
    async fn again(
        &mut self,
        id: &str,
        action: &ActionStep,
        mut step: Step,
        state: StepState,
        error: String,
        after: Option<Duration>,
        place: &str,
    ) -> Result<Flow> {
        let usual = usual();
        let retry = action.retry.as_ref().map_or(&usual, |retry| &retry.retry);
        let wanted = match action.retry.as_ref().and_then(|retry| retry.only_if.as_ref()) {
            None => true,
            Some(condition) => {
                let vars = self.vars.with("error", json!({ "message": error, "unknown": state == StepState::Unknown }));
                condition.eval_bool(&vars).unwrap_or(false)
            }
        };
        let attempts = u32::try_from(step.attempts).unwrap_or(u32::MAX);
        if attempts > retry.max || !wanted {
            let tries = if attempts == 1 { "once".to_owned() } else { format!("{attempts} times") };
            return self.failed(id, action, step, format!("tried {tries}: {error}"), place).await;
        }
        let pause = settle::jittered(retry.pause(attempts + 1), &self.plan, step.attempts);
        let until = self.runner.source.now() + pause.max(after.unwrap_or_default());
        step.state = state;
        step.error = Some(error.replace('\0', "\u{fffd}"));
        step.resume_at = Some(until);
        let path = step.path.clone();
        self.journal.record(step);
        Ok(retrying(path, until))
    }

    /// A step failed for good.
    async fn failed(&mut self, id: &str, action: &ActionStep, step: Step, error: String, place: &str) -> Result<Flow> {
        self.give_up(id, &action.on_error, step, error, place).await
    }

    async fn give_up(
        &mut self,
        id: &str,
        on_error: &OnError,
        mut step: Step,
        error: String,
        place: &str,
    ) -> Result<Flow> {
        // It may show a piece of what came in, and PostgreSQL keeps no such character.
        let error = error.replace('\0', "\u{fffd}");
        step.state = StepState::Failed;
        step.error = Some(error.clone());
        step.finished_at = Some(self.runner.source.now());
        self.show(id, None, Some(&error));
        self.journal.record(step.clone());
        self.after_failure(on_error, step, place).await
    }

    async fn after_failure(&mut self, on_error: &OnError, step: Step, place: &str) -> Result<Flow> {
        match on_error {
            OnError::Continue => Ok(Flow::Next),
            OnError::Steps(steps) => self.steps(steps, place).await,
            OnError::Fail => {
                let message = step.error.unwrap_or_default();
                let error = RunError { code: STEP_FAILED.into(), message, step: Some(step.path) };
                Ok(Flow::Stop(RunState::Failed, Some(error)))
            }
        }
    }
}
