//! `call`: runs another rule and waits for its end. The other run is pinned to the version that its rule has when it starts, acts
//! for its own rule's owner, and is one link deeper in the chain of rules. It ends with this one at the latest.

use serde_json::{Map, Value, json};
use trackside_rules::CallStep;
use trackside_rules::model::answers;

use super::super::interpreter::{Flow, Wait, Walk};
use super::super::journal::{self, kept};
use super::super::model::{Mode, NewRun, RunState, Step, StepState, Waiting};
use super::super::{service, settle, store};
use super::approve::{EVER, later};
use crate::access::RuleRun;
use crate::db::{Rx, Tx};
use crate::ids::RunId;
use crate::rules::RuleState;
use crate::{Class, Error, Result, crash, jobs, rules};

/// What became of the other run.
enum Child {
    /// It goes on.
    Goes,
    /// It is over: this is its result.
    Done(Value),
    /// It did not do what it should.
    Failed(String),
}

impl Walk<'_> {
    /// Starts the other rule, waits, or takes its result.
    pub(in super::super) async fn call_rule(
        &mut self,
        name: &str,
        call: &CallStep,
        path: String,
        place: &str,
    ) -> Result<Flow> {
        if let Some(done) = self.done(&path).cloned() {
            self.show(name, done.output.as_ref(), done.error.as_deref());
            return match done.state {
                StepState::Failed => self.after_failure(&call.on_error, done, place).await,
                _ => Ok(Flow::Next),
            };
        }
        let known = self.journal.get(&path).filter(|step| step.state == StepState::Waiting).cloned();
        let step = match known {
            Some(step) => step,
            None => {
                let mut step = self.journal.begin(&path, "call", self.runner.source.now());
                step.attempts = 1;
                let (rule, inputs) = match self.called(call) {
                    Ok(called) => called,
                    Err(message) => return self.give_up(name, &call.on_error, step, message, place).await,
                };
                step.input = Some(kept(json!({ "rule": rule, "inputs": inputs })));
                if self.plan.is_shadow() {
                    step.state = StepState::Recorded;
                    step.finished_at = Some(self.runner.source.now());
                    self.show(name, None, None);
                    self.journal.record(step);
                    return Ok(Flow::Next);
                }
                step.state = StepState::Waiting;
                step.resume_at = call.timeout.map(|timeout| later(self.runner.source.now(), timeout));
                match self.start(step.clone(), &rule, inputs).await {
                    Ok(step) => step,
                    // The database, not the step: the job comes back, and with it the step.
                    Err(error) if error.class == Class::Busy || error.code == jobs::LEASE_LOST => return Err(error),
                    Err(error) => {
                        step.resume_at = None;
                        return self.give_up(name, &call.on_error, step, error.to_string(), place).await;
                    }
                }
            }
        };
        let child: Option<RunId> = step.output.as_ref().and_then(|output| output["run"].as_str()?.parse().ok());
        let child =
            child.ok_or_else(|| Error::internal(format!("the journal of {} lost the run of {path}", self.plan.run)))?;
        let came = outcome(&mut *self.runner.db.read().await?, child).await?;
        let late = step.resume_at.is_some_and(|until| until <= self.runner.source.now());
        match came {
            Child::Goes if late => {
                self.stop_child(child).await?;
                let message = format!("{child} was not over in time, and was cancelled");
                self.give_up(name, &call.on_error, Step { resume_at: None, ..step }, message, place).await
            }
            Child::Goes => {
                let until = step.resume_at;
                let waiting = Waiting::Run { step: path, run: child, until };
                let looked_at = until.unwrap_or(self.runner.source.now() + EVER);
                Ok(Flow::Waits(Wait { state: RunState::Waiting, waiting, until: looked_at }))
            }
            Child::Failed(message) => {
                self.give_up(name, &call.on_error, Step { resume_at: None, ..step }, message, place).await
            }
            Child::Done(output) => {
                self.show(name, Some(&output), None);
                let finished_at = Some(self.runner.source.now());
                let state = StepState::Succeeded;
                self.journal.record(Step { state, resume_at: None, finished_at, output: Some(kept(output)), ..step });
                Ok(Flow::Next)
            }
        }
    }

    /// Which rule, with what.
    fn called(&self, call: &CallStep) -> Result<(String, Map<String, Value>), String> {
        let rule = match call.rule.render(&self.vars).map_err(|problem| format!("call: {problem}"))? {
            Value::String(rule) => rule,
            other => return Err(format!("call: {other} is no rule; give its id or name")),
        };
        match call.with.render(&self.vars).map_err(|problem| format!("with{problem}"))? {
            Value::Object(inputs) => Ok((rule, inputs)),
            other => Err(format!("with: {other} is no object")),
        }
    }

    /// Stores the other run and writes that this one waits for it, together.
    async fn start(&mut self, mut step: Step, rule: &str, inputs: Map<String, Value>) -> Result<Step> {
        let actor = {
            let mut rx = self.runner.db.read().await?;
            settle::actor(&mut rx, &self.runner.source, &self.plan).await?
        };
        // Its version is compiled outside of the transaction; it is the one that is started.
        let (info, compiled) = {
            let mut rx = self.runner.db.read().await?;
            let info = rules::service::named(&mut rx, self.plan.workspace, rule).await?;
            let may = actor.may::<RuleRun, _>(info)?;
            let info = may.into_resource();
            let compiled = self.runner.library.version(&mut rx, info.id, info.version).await?;
            (info, compiled)
        };
        if !info.rule.trigger.is_manual() {
            let detail = format!(
                "“{}” starts by `{}`; only rules with the trigger `manual` are called",
                info.name, info.rule.trigger.on
            );
            return Err(Error::conflict("rule_not_callable", detail));
        }
        if info.rule.trigger.is_button() {
            let detail =
                format!("“{}” is started on a task by its button; only rules without `for` are called", info.name);
            return Err(Error::conflict("rule_not_callable", detail));
        }
        if info.state != RuleState::Enabled {
            return Err(Error::conflict(
                "rule_off",
                format!("“{}” is {}; enable it before it is called", info.name, info.state),
            ));
        }
        let depth = self.plan.depth + 1;
        let limit = i64::from(info.rule.policy.cause.max_depth);
        if depth > limit {
            let detail =
                format!("rules have called one another {depth} deep, and the limit of “{}” is {limit}", info.name);
            return Err(Error::conflict("loop", detail));
        }
        let inputs = answers(&info.rule.trigger.form, &inputs).map_err(|problems| {
            let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Error::invalid("inputs", format!("with: {}", said.join("; ")))
        })?;
        let inputs = Value::Object(inputs);
        let now = self.runner.source.now();
        let mut rx = self.runner.db.read().await?;
        let holds = service::judge_by_hand(&mut rx, &info, &compiled, &inputs, now).await?;
        drop(rx);
        let child = NewRun {
            id: self.runner.source.new_id(),
            workspace: self.plan.workspace,
            rule: info.id,
            rule_version: info.version,
            event: None,
            rerun_of: None,
            parent: Some(self.plan.run),
            mode: Mode::Live,
            state: if holds { RunState::Queued } else { RunState::Skipped },
            inputs: Some(inputs),
            started_by: None,
            depth,
            error: None,
            priority: info.rule.policy.priority.unwrap_or(0),
            turns: Vec::new(),
        };
        step.output = Some(json!({ "run": child.id }));
        let (plan, ticket) = (self.plan.clone(), self.ticket);
        let before = self.journal.unwritten();
        let start = async move |tx: &mut Tx| {
            jobs::service::hold(tx, ticket).await?;
            journal::write(tx, plan.run, &before).await?;
            store::insert(tx, &child, now).await?;
            if !child.state.is_terminal() {
                jobs::service::enqueue(tx, &service::job(&child, now)).await?;
            }
            journal::write_one(tx, plan.run, &step).await?;
            store::set_state(tx, plan.run, RunState::Running, None).await?;
            crash::point("run.call_before_commit");
            Ok(step)
        };
        let step = self.runner.db.write(start).await?;
        crash::point("run.called");
        self.journal.written();
        self.owed = false;
        self.journal.know(step.clone());
        Ok(step)
    }

    /// Stops the other run, because its time is up. Should it end at this moment, nobody asks any more how.
    async fn stop_child(&self, child: RunId) -> Result<()> {
        let (source, ticket) = (self.runner.source.clone(), self.ticket);
        let stop = async move |tx: &mut Tx| {
            jobs::service::hold(tx, ticket).await?;
            settle::cancel(tx, &source, child, "its time is up").await
        };
        self.runner.db.write(stop).await
    }
}

/// What became of the other run; of one whose rule was deleted nothing is left.
async fn outcome(rx: &mut Rx, child: RunId) -> Result<Child> {
    let Some((state, error)) = store::ending(rx, child).await? else {
        return Ok(Child::Failed(format!("{child} is gone: its rule was deleted")));
    };
    if !state.is_terminal() {
        return Ok(Child::Goes);
    }
    let why = error.map_or_else(|| state.to_string(), |error| error.message);
    if !matches!(state, RunState::Succeeded | RunState::Skipped) {
        return Ok(Child::Failed(format!("{child} ended as {state}: {why}")));
    }
    let mut outputs = Map::new();
    let mut reason = Value::Null;
    for step in store::steps(rx, child).await? {
        if step.kind == "stop" {
            reason = step.output.as_ref().map_or(Value::Null, |output| output["reason"].clone());
        }
        // What was done in loops is seen only there.
        if !step.path.contains('[') && step.state == StepState::Succeeded {
            outputs.insert(step.path, step.output.unwrap_or(Value::Null));
        }
    }
    Ok(Child::Done(json!({ "run": child, "state": state, "reason": reason, "steps": outputs })))
}
