//! What can be written in a rule today but not yet carried out. A rule that says such a thing may
//! be kept as a draft; it must not be enabled, since doing only half of it would be worse.

use super::{Rule, Step, StepKind};
use crate::problem::Problem;

impl Rule {
    /// What this rule asks for that the engine cannot carry out yet; empty when it can run.
    pub fn unsupported(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut say = |pointer: String, what: &str| {
            problems.push(Problem::new(
                "unsupported",
                pointer,
                format!("{what} cannot be carried out yet; the rule can be kept as a draft."),
            ));
        };
        if self.trigger.on == "threshold" {
            say("/trigger/on".to_owned(), "A `threshold` trigger");
        }
        for (pointer, step) in self.walk() {
            if let Some((field, what)) = not_yet(step) {
                say(format!("{pointer}{field}"), what);
            }
        }
        problems
    }
}

pub(crate) fn not_yet(step: &Step) -> Option<(&'static str, &'static str)> {
    match step.kind().ok()? {
        StepKind::Approve(_) => Some(("/approve", "`approve`")),
        StepKind::Parallel(_) => Some(("/parallel", "`parallel`")),
        StepKind::Call(_) => Some(("/call", "`call`")),
        StepKind::Script(_) => Some(("/script", "`script`")),
        StepKind::Wait(wait) if wait.until.is_some() => Some(("/wait/until", "Waiting `until` a moment")),
        StepKind::Wait(wait) if wait.event.is_some() => Some(("/wait/event", "Waiting for an `event`")),
        _ => None,
    }
}
