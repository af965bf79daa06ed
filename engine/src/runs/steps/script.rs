//! `script`: computes something, in the sandbox and within the limits of every expression. It reaches nothing, so a shadow does it, too.

use serde_json::Value;
use trackside_rules::ScriptStep;

use super::super::interpreter::{Flow, Walk};
use super::super::journal::kept;
use super::super::model::StepState;
use crate::Result;

impl Walk<'_> {
    /// Runs a script, or takes from the journal what it gave.
    pub(in super::super) async fn script(
        &mut self,
        name: &str,
        script: &ScriptStep,
        path: String,
        place: &str,
    ) -> Result<Flow> {
        if let Some(done) = self.done(&path).cloned() {
            self.show(name, done.output.as_ref(), done.error.as_deref());
            return match done.state {
                StepState::Failed => self.after_failure(&script.on_error, done, place).await,
                _ => Ok(Flow::Next),
            };
        }
        let mut step = self.journal.begin(&path, "script", self.runner.source.now());
        step.attempts = 1;
        let with = match script.with.render(&self.vars) {
            Ok(with) => with,
            Err(problem) => return self.give_up(name, &script.on_error, step, problem.to_string(), place).await,
        };
        let mut vars = self.vars.clone();
        if let Value::Object(fields) = &with {
            for (variable, value) in fields {
                vars = vars.with(variable, value.clone());
            }
        }
        step.input = Some(kept(with));
        match script.script.run(&vars) {
            Ok(output) => {
                step.state = StepState::Succeeded;
                step.finished_at = Some(self.runner.source.now());
                self.show(name, Some(&output), None);
                step.output = Some(kept(output));
                self.journal.record(step);
                Ok(Flow::Next)
            }
            Err(problem) => self.give_up(name, &script.on_error, step, problem.to_string(), place).await,
        }
    }
}
