//! `parallel`: while one branch waits, the others go on. A worker walks them one after another; what overlaps is their waiting.
//! No branch sees what another did; what comes behind sees all of it.

use serde_json::json;
use trackside_rules::{CompiledStep, Failure};

use super::super::interpreter::{Flow, STEP_FAILED, Wait, Walk};
use super::super::model::{RunState, Waiting};
use crate::Result;

impl Walk<'_> {
    /// Walks each branch as far as it goes now.
    pub(in super::super) async fn parallel(
        &mut self,
        branches: &[Vec<CompiledStep>],
        on_error: &Failure,
        path: String,
        place: &str,
    ) -> Result<Flow> {
        if self.done(&path).is_none() {
            self.enter(&path, "parallel", json!({ "branches": branches.len() }));
        }
        let before = self.vars.clone();
        let (mut after, mut waits, mut failed) = (before.clone(), Vec::new(), false);
        for branch in branches {
            self.vars = before.clone();
            match self.steps(branch, place).await? {
                Flow::Next => after.absorb(&self.vars),
                Flow::Waits(wait) => waits.push(wait),
                Flow::Stop(RunState::Failed, Some(error)) if error.code == STEP_FAILED => {
                    if matches!(on_error, Failure::Fail) {
                        return Ok(Flow::Stop(RunState::Failed, Some(error)));
                    }
                    failed = true;
                    after.absorb(&self.vars);
                }
                other => return Ok(other),
            }
        }
        self.vars = before;
        if let Some(wait) = together(waits) {
            return Ok(Flow::Waits(wait));
        }
        self.vars = after;
        match on_error {
            Failure::Steps(steps) if failed => self.steps(steps, place).await,
            _ => Ok(Flow::Next),
        }
    }
}

/// What the run waits for when branches do: to be looked at again when the first of them may go on.
fn together(mut waits: Vec<Wait>) -> Option<Wait> {
    if waits.len() < 2 {
        return waits.pop();
    }
    let until = waits.iter().map(|wait| wait.until).min()?;
    let state =
        if waits.iter().any(|wait| wait.state == RunState::Waiting) { RunState::Waiting } else { RunState::Retrying };
    let waits = waits.into_iter().flat_map(|wait| match wait.waiting {
        Waiting::Branches { waits } => waits,
        one => vec![one],
    });
    Some(Wait { state, waiting: Waiting::Branches { waits: waits.collect() }, until })
}
