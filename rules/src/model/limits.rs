//! Whether a rule makes sense by itself: names, sizes, and fields that belong together.

use std::collections::HashSet;

use serde_json::Value;

use super::{Branch, Rule, Step, StepKind, Wait, trigger::InputType};
use crate::{facts::is_given_name, period::Period, problem::Problem};

/// Steps in a rule, counting those inside others.
pub const MAX_STEPS: usize = 200;
/// Levels of steps inside steps, and of a condition's tree.
pub const MAX_DEPTH: usize = 16;
/// Items a `for_each` may go over.
pub const MAX_ITEMS: u32 = 500;
/// Bytes of a rule's source.
pub const MAX_SOURCE: usize = 256 * 1024;

/// Expressions (`{{`) in the texts of a rule; compiling each takes some microseconds and kilobytes.
const MAX_EXPRESSIONS: usize = 2_000;
/// Projects that a rule is for; who needs more makes it for the workspace.
const MAX_PROJECTS: usize = 100;
/// Attempts a retry may ask for.
const MAX_RETRIES: u32 = 100;
/// Links of a chain of rules that cause one another.
const MAX_CHAIN: u32 = 50;
/// An attempt may take so long. Whoever needs more asks for the work and waits for a webhook.
const MAX_TIMEOUT: Period = Period::seconds(100);
/// Branches of a `parallel`.
const MAX_BRANCHES: usize = 20;
/// Characters of what a button says.
const MAX_LABEL: usize = 100;
/// Letters of a step's id or an item's name.
const MAX_NAME: usize = 64;

impl Rule {
    /// What contradicts itself or is too large. Empty for every rule that [`Rule::from_json`] gave.
    pub fn problems(&self) -> Vec<Problem> {
        let mut seen = Seen::default();
        let problems = &mut seen.problems;
        if self.name.trim().is_empty() {
            problems.push(Problem::new("missing", "/name", "Give the rule a name."));
        }
        if self.run_as != "owner" {
            problems.push(Problem::new(
                "not_owner",
                "/run_as",
                "A rule acts with the rights of its owner and of nobody else: write `owner`, or leave `run_as` out.",
            ));
        }
        let projects = &self.scope.projects;
        if projects.len() > MAX_PROJECTS {
            let message = format!(
                "The rule is for {} projects; at most {MAX_PROJECTS} are allowed. Leave `scope` out for all of them.",
                projects.len()
            );
            problems.push(Problem::new("too_many", "/scope/projects", message));
        } else if let Some(at) = (1..projects.len()).find(|at| projects[..*at].contains(&projects[*at])) {
            let message = format!("`{}` is named twice; name each project once.", projects[at]);
            problems.push(Problem::new("twice", format!("/scope/projects/{at}"), message));
        }
        if self.trigger.on.trim().is_empty() {
            problems.push(Problem::new(
                "missing",
                "/trigger/on",
                "Say which event starts the rule, such as `task.status_changed`.",
            ));
        }
        if let Some(super::Condition::Tree(tree)) = &self.condition
            && tree.depth() > MAX_DEPTH
        {
            problems.push(Problem::new(
                "too_deep",
                "/condition",
                format!("The condition is nested deeper than {MAX_DEPTH} levels."),
            ));
        }
        if self.policy.cause.max_depth > MAX_CHAIN {
            let message = format!("A chain of rules may have at most {MAX_CHAIN} links.");
            problems.push(Problem::new("too_large", "/policy/cause/max_depth", message));
        }
        problems.extend(self.policy.problems());
        self.form_problems(problems);
        problems.extend(self.trigger.clock_problems());
        problems.extend(self.trigger.threshold_problems());
        if let Some(pointer) = serde_json::to_value(self).ok().and_then(|rule| nul_in(&rule)) {
            let message = "The text holds the character U+0000, which cannot be stored; leave it out.";
            problems.push(Problem::new("character", pointer, message));
        }
        if self.steps.is_empty() {
            problems.push(Problem::new("missing", "/steps", "The rule does nothing; give it a step."));
        }
        seen.list("/steps", &self.steps, 1);
        if seen.count > MAX_STEPS {
            let message = format!(
                "The rule has {} steps; at most {MAX_STEPS} are allowed. Split it into several rules.",
                seen.count
            );
            seen.problems.push(Problem::new("too_many", "/steps", message));
        }
        let mut expressions = 0;
        for (_, step) in self.walk() {
            expressions += step.with.values().map(expressions_in).sum::<usize>();
        }
        if expressions > MAX_EXPRESSIONS {
            let message =
                format!("The rule has {expressions} expressions in its texts; at most {MAX_EXPRESSIONS} are allowed.");
            seen.problems.push(Problem::new("too_many", "/steps", message));
        }
        seen.problems
    }

    fn form_problems(&self, problems: &mut Vec<Problem>) {
        for (name, input) in &self.trigger.form {
            let pointer = format!("/trigger/form/{}", crate::problem::pointer_key(name));
            if !is_name(name) {
                problems.push(Problem::new("name", &pointer, not_a_name(name)));
            }
            if input.kind == InputType::Choice && input.options.is_empty() {
                problems.push(Problem::new("missing", &pointer, "A `choice` needs `options`."));
            }
            if let Some(default) = &input.default
                && let Err(message) = input.accepts(default)
            {
                problems.push(Problem::new("wrong_type", format!("{pointer}/default"), message));
            }
        }
        if !self.trigger.form.is_empty() && !self.trigger.is_manual() {
            problems.push(Problem::new("misplaced", "/trigger/form", "A form belongs to the trigger `manual`."));
        }
        if self.trigger.subject.is_some() && !self.trigger.is_manual() {
            problems.push(Problem::new(
                "misplaced",
                "/trigger/subject",
                "What a rule is started on belongs to the trigger `manual`.",
            ));
        }
        if let Some(label) = &self.trigger.label {
            if !self.trigger.is_button() {
                let message = "What a button says belongs to the trigger `manual` with `subject: task`.";
                problems.push(Problem::new("misplaced", "/trigger/label", message));
            } else if label.trim().is_empty() || label.chars().count() > MAX_LABEL {
                let message = format!("A button says 1 to {MAX_LABEL} characters.");
                problems.push(Problem::new("too_large", "/trigger/label", message));
            }
        }
    }

    /// Every step with its pointer, in the order they are written.
    pub fn walk(&self) -> Vec<(String, &Step)> {
        fn go<'r>(pointer: &str, steps: &'r [Step], out: &mut Vec<(String, &'r Step)>) {
            for (index, step) in steps.iter().enumerate() {
                let pointer = format!("{pointer}/{index}");
                out.push((pointer.clone(), step));
                for (list, steps) in step.children() {
                    go(&format!("{pointer}{list}"), steps, out);
                }
            }
        }
        let mut out = Vec::new();
        go("/steps", &self.steps, &mut out);
        out
    }
}

fn expressions_in(value: &Value) -> usize {
    match value {
        Value::String(text) => text.matches("{{").count(),
        Value::Array(items) => items.iter().map(expressions_in).sum(),
        Value::Object(fields) => fields.values().map(expressions_in).sum(),
        _ => 0,
    }
}

/// Where a text or the name of a field holds U+0000: a pointer below `value`.
fn nul_in(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| nul_in(item).map(|below| format!("/{index}{below}")))
        }
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            let below = if name.contains('\0') { Some(String::new()) } else { nul_in(value) };
            below.map(|below| format!("/{}{below}", crate::problem::pointer_key(name)))
        }),
        _ => None,
    }
}

/// Whether `name` can be used as a variable.
fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn not_a_name(name: &str) -> String {
    format!("`{name}` cannot be used as a name: begin with a letter, then letters, digits and `_`, at most {MAX_NAME}.")
}

#[derive(Default)]
struct Seen<'r> {
    problems: Vec<Problem>,
    ids: HashSet<&'r str>,
    count: usize,
}

impl<'r> Seen<'r> {
    fn say(&mut self, code: &str, pointer: String, message: impl Into<String>) {
        self.problems.push(Problem::new(code, pointer, message));
    }

    fn list(&mut self, pointer: &str, steps: &'r [Step], depth: usize) {
        if depth > MAX_DEPTH && !steps.is_empty() {
            let message = format!(
                "Steps are nested deeper than {MAX_DEPTH} levels; move the inner ones into a rule of their own."
            );
            return self.say("too_deep", pointer.to_owned(), message);
        }
        for (index, step) in steps.iter().enumerate() {
            self.count += 1;
            // Past the limit one more sentence helps nobody.
            if self.count <= MAX_STEPS {
                self.step(&format!("{pointer}/{index}"), step, depth);
            }
        }
    }

    fn step(&mut self, pointer: &str, step: &'r Step, depth: usize) {
        if step.id.is_empty() {
            self.say("missing", format!("{pointer}/id"), "Give the step an `id`.");
        } else if !is_name(&step.id) {
            self.say("name", format!("{pointer}/id"), not_a_name(&step.id));
        } else if !self.ids.insert(&step.id) {
            self.say(
                "duplicate_id",
                format!("{pointer}/id"),
                format!("Another step is already called `{}`; choose another id.", step.id),
            );
        }
        match step.kind() {
            Err(message) => self.say("step", pointer.to_owned(), message),
            Ok(StepKind::ForEach(_)) => self.for_each(pointer, step),
            Ok(StepKind::Wait(wait)) => self.wait(pointer, wait, step.on_timeout.is_some()),
            Ok(StepKind::Approve(approve)) => {
                self.problems.extend(approve.problems(&format!("{pointer}/approve")));
                if step.on_timeout.is_some() && approve.timeout.is_none() {
                    let message = "Nobody runs out of time without `approve.timeout`, so these steps are never done.";
                    self.say("unreachable", format!("{pointer}/on_timeout"), message);
                }
            }
            Ok(StepKind::Parallel(branches)) => self.parallel(pointer, branches),
            Ok(StepKind::Script(_)) => {
                for name in step.with.keys() {
                    let pointer = format!("{pointer}/with/{}", crate::problem::pointer_key(name));
                    self.variable(pointer, name);
                }
            }
            Ok(_) => {}
        }
        if let Some(retry) = &step.retry
            && retry.max > MAX_RETRIES
        {
            self.say("too_many", format!("{pointer}/retry/max"), format!("At most {MAX_RETRIES} retries are allowed."));
        }
        if step.call.is_none() && step.timeout.is_some_and(|timeout| timeout > MAX_TIMEOUT) {
            let message = "An attempt may take at most 100s; for longer work, ask for it and go on with a webhook.";
            self.say("too_large", format!("{pointer}/timeout"), message);
        }
        for (list, steps) in step.children() {
            self.list(&format!("{pointer}{list}"), steps, depth + 1);
        }
    }

    fn for_each(&mut self, pointer: &str, step: &Step) {
        if step.max.is_some_and(|max| max == 0 || max > MAX_ITEMS) {
            self.say("too_many", format!("{pointer}/max"), format!("`max` must be between 1 and {MAX_ITEMS}."));
        }
        if let Some(name) = &step.name {
            self.variable(format!("{pointer}/as"), name);
        }
    }

    /// A name that becomes a variable.
    fn variable(&mut self, pointer: String, name: &str) {
        if !is_name(name) {
            self.say("name", pointer, not_a_name(name));
        } else if is_given_name(name) {
            let message = format!("`{name}` already means something in every rule; choose another name.");
            self.say("name", pointer, message);
        }
    }

    fn parallel(&mut self, pointer: &str, branches: &[Branch]) {
        if branches.is_empty() || branches.len() > MAX_BRANCHES {
            let message = format!("Give 1 to {MAX_BRANCHES} branches.");
            self.say("too_many", format!("{pointer}/parallel"), message);
        }
        for (index, branch) in branches.iter().enumerate() {
            if branch.steps.is_empty() {
                self.say(
                    "missing",
                    format!("{pointer}/parallel/{index}/steps"),
                    "The branch does nothing; give it a step.",
                );
            }
        }
    }

    fn wait(&mut self, pointer: &str, wait: &Wait, on_timeout: bool) {
        let given =
            usize::from(wait.period.is_some()) + usize::from(wait.until.is_some()) + usize::from(wait.event.is_some());
        if given != 1 {
            self.say("step", format!("{pointer}/wait"), "Say exactly one of `for`, `until` and `event`.");
        }
        let timeout = wait.event.as_ref().and_then(|event| event.timeout);
        if timeout.is_some_and(|timeout| timeout.0.is_zero()) {
            self.say("too_small", format!("{pointer}/wait/event/timeout"), "Nothing comes in no time; wait longer.");
        }
        if on_timeout && timeout.is_none() {
            let message = "Time never runs out without `wait.event.timeout`, so these steps are never done.";
            self.say("unreachable", format!("{pointer}/on_timeout"), message);
        }
        if let Some(event) = &wait.event
            && ["manual", "schedule", "date", "hook", "threshold"].contains(&event.on.as_str())
        {
            let message = format!("`{}` is no event; write the kind of one, such as `task.commented`.", event.on);
            self.say("unknown_event", format!("{pointer}/wait/event/on"), message);
        }
    }
}
