//! A rule read aloud: what starts it, what must hold, what it does.

use std::fmt::Write as _;

use crate::Rule;
use crate::model::{Condition, OnError, Step, StepKind, Trigger};

/// The rule in words, a line for each thing, indented as the steps are. `summary` gives one sentence for an event kind or
/// an action, if it knows it.
pub fn tell(rule: &Rule, summary: impl Fn(&str) -> Option<String>) -> String {
    let mut told = Told { out: String::new(), summary: &summary };
    let listens = match rule.scope.projects.as_slice() {
        [] => String::new(),
        projects => format!(" (in {})", projects.join(", ")),
    };
    told.line(0, &format!("When{listens}: {}", told.trigger(&rule.trigger)));
    for (path, value) in &rule.trigger.matches {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        told.line(1, &format!("and `{path}` is {value}"));
    }
    if let Some(condition) = &rule.condition {
        told.line(0, &format!("If: {}", Condition::expression(condition)));
    }
    told.line(0, "Then:");
    told.steps(1, &rule.steps);
    told.out
}

struct Told<'t> {
    out: String,
    summary: &'t dyn Fn(&str) -> Option<String>,
}

impl Told<'_> {
    fn line(&mut self, depth: usize, text: &str) {
        // Writing to a text cannot fail.
        let _ = writeln!(self.out, "{}{}", "  ".repeat(depth), text.replace('\n', " "));
    }

    fn trigger(&self, trigger: &Trigger) -> String {
        let zone = trigger.tz.as_deref().map_or_else(String::new, |zone| format!(", {zone}"));
        match trigger.on.as_str() {
            "manual" => "somebody starts it".to_owned(),
            "schedule" => {
                let written = [&trigger.cron, &trigger.rrule, &trigger.once].into_iter().find_map(Option::as_deref);
                let every = trigger.every.map(|every| format!("every {every}"));
                let when = written.map(|line| format!("`{line}`")).or(every).unwrap_or_default();
                format!("the clock says {when}{zone}")
            }
            "date" => {
                let field = trigger.field.as_deref().unwrap_or_default();
                match (trigger.before, trigger.after) {
                    (Some(before), _) => format!("a task is {before} before its `{field}`"),
                    (None, Some(after)) => format!("a task is {after} past its `{field}`"),
                    (None, None) => format!("a task comes to its `{field}`"),
                }
            }
            on => match (self.summary)(trigger.kind()) {
                Some(summary) => format!("{summary} (`{on}`)"),
                None => format!("`{on}`"),
            },
        }
    }

    fn steps(&mut self, depth: usize, steps: &[Step]) {
        for step in steps {
            self.step(depth, step);
        }
    }

    fn branch(&mut self, depth: usize, name: &str, steps: Option<&Vec<Step>>) {
        if let Some(steps) = steps.filter(|steps| !steps.is_empty()) {
            self.line(depth, name);
            self.steps(depth + 2, steps);
        }
    }

    fn step(&mut self, depth: usize, step: &Step) {
        let said = match step.kind() {
            Ok(StepKind::Action(action)) => match (self.summary)(action) {
                Some(summary) => format!("{summary} (`{action}`)"),
                None => format!("`{action}`"),
            },
            Ok(StepKind::If(condition)) => format!("If {condition}:"),
            Ok(StepKind::ForEach(over)) => format!("For each of {over}:"),
            Ok(StepKind::Wait(wait)) => match (&wait.period, &wait.until, &wait.event) {
                (Some(period), ..) => format!("Wait for {period}."),
                (_, Some(until), _) => format!("Wait until {until}."),
                (.., Some(event)) => {
                    let most = event.timeout.map_or_else(String::new, |most| format!(", at most {most}"));
                    format!("Wait for `{}`{most}.", event.on)
                }
                _ => "Wait.".to_owned(),
            },
            Ok(StepKind::Approve(approve)) => {
                let most = approve.timeout.map_or_else(String::new, |most| format!(", at most for {most}"));
                format!("Ask {} ({}){most}.", approve.by.join(", "), approve.need)
            }
            Ok(StepKind::Stop(stop)) => format!("Stop: {}", stop.reason),
            Ok(StepKind::Parallel(_)) => "Side by side:".to_owned(),
            Ok(StepKind::Call(rule)) => format!("Run the rule “{rule}”."),
            Ok(StepKind::Script(_)) => "Run a script.".to_owned(),
            Err(problem) => problem,
        };
        self.line(depth, &format!("- {said}"));
        match step.kind() {
            Ok(StepKind::If(_)) => {
                self.steps(depth + 1, step.then.as_deref().unwrap_or_default());
                for other in &step.else_if {
                    self.line(depth, &format!("  otherwise, if {}:", other.condition));
                    self.steps(depth + 2, &other.then);
                }
                self.branch(depth, "  otherwise:", step.otherwise.as_ref());
            }
            Ok(StepKind::ForEach(_)) => self.steps(depth + 1, step.body.as_deref().unwrap_or_default()),
            Ok(StepKind::Approve(_)) => {
                self.branch(depth, "  when they agree:", step.then.as_ref());
                self.branch(depth, "  when somebody refuses:", step.on_reject.as_ref());
            }
            Ok(StepKind::Parallel(branches)) => branches.iter().for_each(|branch| self.steps(depth + 1, &branch.steps)),
            _ => {}
        }
        self.branch(depth, "  when the time is up:", step.on_timeout.as_ref());
        if let OnError::Steps(steps) = &step.on_error {
            self.branch(depth, "  when that fails:", Some(steps));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rule_is_read_aloud_with_its_branches() {
        let rule = Rule::from_value(&json!({
            "name": "X", "scope": { "projects": ["WEB"] }, "trigger": { "on": "task.status_changed", "match": { "to": "blocked" } },
            "condition": { "field": "task.priority", "op": "eq", "value": "high" },
            "steps": [
                { "id": "ok", "approve": { "by": ["owner"], "timeout": "2d" }, "then": [{ "id": "go", "action": "task.update" }],
                  "on_reject": [{ "id": "no", "stop": "no" }], "on_timeout": [{ "id": "late", "wait": { "for": "1h" } }] },
                { "id": "each", "for_each": "subtasks", "do": [{ "id": "maybe", "if": "true", "then": [], "else": [{ "id": "end", "stop": "end" }] }] },
            ],
        }))
        .unwrap();
        let told = tell(&rule, |name| (name == "task.update").then(|| "Changes a task.".to_owned()));
        let wanted = "When (in WEB): `task.status_changed`\n  and `to` is blocked\nIf: task.priority == \"high\"\nThen:\n  \
            - Ask owner (any), at most for 2d.\n    when they agree:\n      - Changes a task. (`task.update`)\n    when somebody refuses:\n      \
            - Stop: no\n    when the time is up:\n      - Wait for 1h.\n  - For each of subtasks:\n    - If true:\n      otherwise:\n        - Stop: end\n";
        assert_eq!(told, wanted, "{told}");
    }
}
