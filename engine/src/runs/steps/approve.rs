//! `approve`: asks people, and goes on as they answer. What they answer stands with the approval; the journal takes it over when
//! the run looks, so a run that is taken up again goes the same way.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use trackside_rules::ApproveStep;

use super::super::interpreter::{Flow, Wait, Walk, id};
use super::super::journal;
use super::super::model::{RunError, RunState, Step, StepState, Waiting};
use super::super::{settle, store};
use crate::approvals::request::{self, Request, Standing};
use crate::approvals::{ApprovalRef, ApprovalState};
use crate::db::Tx;
use crate::{Class, Error, Result, crash, jobs};

/// When a run that waits for ever is looked at all the same.
pub(super) const EVER: TimeDelta = TimeDelta::days(3650);

impl Walk<'_> {
    /// Asks, waits, or goes the way that was answered.
    pub(in super::super) async fn approve(
        &mut self,
        name: &str,
        approve: &ApproveStep,
        path: String,
        place: &str,
    ) -> Result<Flow> {
        if let Some(done) = self.done(&path).cloned() {
            return self.answered(name, approve, done, place).await;
        }
        let known = self.journal.get(&path).filter(|step| step.state == StepState::Waiting).cloned();
        let (step, standing) = match known {
            None if self.plan.is_shadow() => return self.would_ask(name, approve, path, place).await,
            None => {
                let request = match self.request(approve, &path) {
                    Ok(request) => request,
                    Err(message) => return Ok(self.fail(&path, "approve", message)),
                };
                match self.ask(request, approve, &path).await {
                    Ok(asked) => asked,
                    // The database, not the step: the job comes back, and with it the step.
                    Err(error) if error.class == Class::Busy || error.code == jobs::LEASE_LOST => return Err(error),
                    Err(error) => return Ok(self.fail(&path, "approve", error.to_string())),
                }
            }
            Some(step) => {
                let found = request::look(&mut *self.runner.db.read().await?, self.plan.run, &path).await?;
                let gone = || Error::internal(format!("{} waits at {path} for nothing", self.plan.run));
                (step, found.ok_or_else(gone)?)
            }
        };
        let now = self.runner.source.now();
        let until = |standing: &Standing| step.resume_at.into_iter().chain(standing.forsaken_at).min();
        let standing = match standing.approval.state {
            ApprovalState::Pending if until(&standing).is_some_and(|until| until <= now) => {
                self.time_out(step.clone()).await?
            }
            _ => standing,
        };
        if standing.approval.state == ApprovalState::Pending {
            return Ok(waits(path, &standing.approval, until(&standing), now));
        }
        let step = settled(step, &standing, self.runner.source.now());
        self.journal.record(step.clone());
        self.answered(name, approve, step, place).await
    }

    /// What is asked, with its words filled in.
    fn request(&self, approve: &ApproveStep, path: &str) -> Result<Request, String> {
        let by = match approve.by.render(&self.vars).map_err(|problem| format!("by{problem}"))? {
            Value::Array(entries) => names(entries)?,
            other => return Err(format!("by: {other} is no list")),
        };
        if by.is_empty() {
            return Err("`by` comes to nobody; name somebody who is always there, such as `owner`".to_owned());
        }
        let message = approve.message.as_ref().map(|message| message.render(&self.vars));
        let message = message.transpose().map_err(|problem| format!("message: {problem}"))?;
        let plan = &self.plan;
        let facts = plan.facts.json();
        let now = self.runner.source.now();
        Ok(Request {
            run: plan.run,
            path: path.to_owned(),
            rule: plan.rule,
            rule_name: plan.compiled.rule.name.clone(),
            owner: plan.owner,
            by,
            need: approve.need,
            message: message.map(|message| text(&message)).filter(|message| !message.trim().is_empty()),
            allow_self: approve.allow_self,
            expires_at: approve.timeout.map(|timeout| later(now, timeout)),
            project: id(&facts["project"]["id"]),
            task: id(&facts["task"]["id"]),
        })
    }

    /// Opens the approval and writes that the run waits, together.
    async fn ask(&mut self, request: Request, approve: &ApproveStep, path: &str) -> Result<(Step, Standing)> {
        let mut step = self.journal.begin(path, "approve", self.runner.source.now());
        step.state = StepState::Waiting;
        step.attempts = 1;
        step.resume_at = request.expires_at;
        step.input = Some(json!({ "by": request.by, "need": approve.need, "message": request.message }));
        let (source, plan, ticket) = (self.runner.source.clone(), self.plan.clone(), self.ticket);
        let before = self.journal.unwritten();
        let open = async move |tx: &mut Tx| {
            jobs::service::hold(tx, ticket).await?;
            journal::write(tx, plan.run, &before).await?;
            let cx = settle::context(tx, &source, &plan, &step.path).await?;
            let stored = request::open(tx, &cx, request).await?;
            let approval = ApprovalRef::from(&stored);
            step.output = Some(json!({ "approval": approval.id }));
            journal::write_one(tx, plan.run, &step).await?;
            store::set_state(tx, plan.run, RunState::Running, None).await?;
            crash::point("run.ask_before_commit");
            Ok((step, Standing { approval, vote: None, forsaken_at: None }))
        };
        let (step, standing) = self.runner.db.write(open).await?;
        crash::point("run.asked");
        self.journal.written();
        self.owed = false;
        self.journal.know(step.clone());
        Ok((step, standing))
    }

    /// Time is up, unless somebody answers at this moment, or is there again who can.
    async fn time_out(&mut self, mut step: Step) -> Result<Standing> {
        let (source, plan, ticket) = (self.runner.source.clone(), self.plan.clone(), self.ticket);
        let before = self.journal.unwritten();
        let end = async move |tx: &mut Tx| {
            jobs::service::hold(tx, ticket).await?;
            journal::write(tx, plan.run, &before).await?;
            let cx = settle::because(&source, &plan, &step.path);
            let standing = request::time_out(tx, &cx, plan.run, &step.path).await?;
            if standing.approval.state != ApprovalState::Pending {
                step = settled(step, &standing, source.now());
                journal::write_one(tx, plan.run, &step).await?;
            }
            crash::point("run.time_out_before_commit");
            Ok(standing)
        };
        let standing = self.runner.db.write(end).await?;
        self.journal.written();
        self.owed = false;
        Ok(standing)
    }

    /// A shadow asks nobody, and goes on as if all agreed.
    async fn would_ask(&mut self, name: &str, approve: &ApproveStep, path: String, place: &str) -> Result<Flow> {
        let request = match self.request(approve, &path) {
            Ok(request) => request,
            Err(message) => return Ok(self.fail(&path, "approve", message)),
        };
        let now = self.runner.source.now();
        let mut step = self.journal.begin(&path, "approve", now);
        step.state = StepState::Recorded;
        step.input = Some(json!({ "by": request.by, "need": approve.need, "message": request.message }));
        step.finished_at = Some(now);
        self.journal.record(step.clone());
        self.answered(name, approve, step, place).await
    }

    /// Goes the way that was answered. Without steps for it, a refusal and a time-out end the run: what comes behind was
    /// meant for those who agree.
    async fn answered(&mut self, name: &str, approve: &ApproveStep, step: Step, place: &str) -> Result<Flow> {
        if step.state == StepState::Failed {
            return Ok(self.fail(&step.path, "approve", step.error.unwrap_or_default()));
        }
        self.show(name, step.output.as_ref(), None);
        let decision = step.output.as_ref().and_then(|output| output["decision"].as_str()).unwrap_or("approved");
        let error =
            |code: &str, message: String| RunError { code: code.to_owned(), message, step: Some(step.path.clone()) };
        match decision {
            "rejected" => match &approve.on_reject {
                Some(steps) => self.steps(steps, place).await,
                None => {
                    let by = step.output.as_ref().and_then(|output| output["by"].as_str()).unwrap_or("somebody");
                    Ok(Flow::Stop(RunState::Skipped, Some(error("rejected", format!("rejected by {by}")))))
                }
            },
            "timed_out" => match &approve.on_timeout {
                Some(steps) => self.steps(steps, place).await,
                None => {
                    let message = "nobody settled it in time; `on_timeout` says what to do then".to_owned();
                    Ok(Flow::Stop(RunState::TimedOut, Some(error("approval_timed_out", message))))
                }
            },
            _ => self.steps(&approve.then, place).await,
        }
    }
}

/// The texts of a list, with those of lists in it; nothing is passed over.
fn names(entries: Vec<Value>) -> Result<Vec<String>, String> {
    let mut names = Vec::with_capacity(entries.len());
    for entry in entries {
        match entry {
            Value::Null => {}
            Value::String(name) => names.push(name),
            Value::Array(more) => {
                for name in more {
                    let Value::String(name) = name else { return Err(format!("by: {name} is no text")) };
                    names.push(name);
                }
            }
            other => return Err(format!("by: {other} is no text")),
        }
    }
    Ok(names)
}

fn text(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.replace('\0', "\u{fffd}")
}

fn waits(step: String, approval: &ApprovalRef, until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Flow {
    let waiting = Waiting::Approval { step, approval: approval.id, until };
    Flow::Waits(Wait { state: RunState::Waiting, waiting, until: until.unwrap_or(now + EVER) })
}

/// The moment so much later; far ahead when that cannot be told.
pub(super) fn later(now: DateTime<Utc>, by: std::time::Duration) -> DateTime<Utc> {
    let by = TimeDelta::from_std(by).unwrap_or(EVER);
    now.checked_add_signed(by.min(EVER)).unwrap_or(now)
}

/// The step's line once the approval is settled.
fn settled(mut step: Step, standing: &Standing, now: DateTime<Utc>) -> Step {
    let vote = standing.vote.as_ref();
    step.state = StepState::Succeeded;
    step.resume_at = None;
    step.finished_at = Some(now);
    step.output = Some(json!({
        "approval": standing.approval.id,
        "decision": standing.approval.state,
        "by": vote.map(|vote| vote.decided_by),
        "comment": vote.map(|vote| &vote.comment),
    }));
    step
}
