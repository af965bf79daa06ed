//! What can be written in a rule today but not yet carried out. A rule that says such a thing may
//! be kept as a draft; it must not be enabled, since doing only half of it would be worse.

use super::Rule;
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
        problems
    }
}
