//! A rule with every expression and template compiled once, as a tree the interpreter walks.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use serde_json::Value;

use crate::{
    expression::Expr,
    for_each::{ForEach, RELATIONS},
    matcher::Matcher,
    model::{self, MAX_ITEMS, OnError, Rule, Step, StepKind, StopOutcome, not_yet},
    problem::Problem,
    sandbox::Sandbox,
    template::Template,
};

/// A rule ready to run. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The rule as written.
    pub rule: Arc<Rule>,
    /// What starts it.
    pub trigger: Matcher,
    /// What must hold as well.
    pub condition: Option<Expr>,
    /// The keys that its policy goes by.
    pub keys: Arc<Keys>,
    /// What it does.
    pub steps: Arc<[CompiledStep]>,
    /// The variables that its steps use.
    reads: Arc<BTreeSet<String>>,
}

/// The keys of a rule's policy, ready to be asked for.
#[derive(Debug, Default)]
pub struct Keys {
    /// Runs of the same key never overlap.
    pub concurrency: Option<Expr>,
    /// Events of the same key are one.
    pub debounce: Option<Expr>,
    /// One run per key.
    pub dedupe: Option<Expr>,
}

/// A step ready to run.
#[derive(Debug, Clone)]
pub struct CompiledStep {
    /// Its id, unique in the rule.
    pub id: String,
    /// JSON pointer to it in the rule.
    pub pointer: String,
    /// What it does.
    pub kind: Kind,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Does an action.
    Action(ActionStep),
    /// Does the steps of the first true branch, or else `otherwise`.
    If {
        /// Conditions with their steps, in order.
        branches: Vec<(Expr, Vec<CompiledStep>)>,
        /// When none is true.
        otherwise: Vec<CompiledStep>,
    },
    /// Does `body` for each item.
    ForEach {
        /// Which items.
        over: ForEach,
        /// What one is called in `body`.
        name: String,
        /// More than this fail the step.
        max: usize,
        /// What is done for each.
        body: Vec<CompiledStep>,
        /// What happens when `body` fails for an item.
        on_error: Failure,
    },
    /// Waits so long.
    Wait(Duration),
    /// Ends the run.
    Stop {
        /// As what.
        outcome: StopOutcome,
        /// Why.
        reason: Template,
    },
    /// Cannot be carried out yet; a run that comes here must fail.
    Unsupported(&'static str),
}

/// An action with its inputs.
#[derive(Debug, Clone)]
pub struct ActionStep {
    /// Its name: `slack.post_message`.
    pub action: String,
    /// Its inputs.
    pub with: Template,
    /// Whether it is tried again.
    pub retry: Option<CompiledRetry>,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// What happens when it has failed for good.
    pub on_error: Failure,
}

/// A retry with its condition compiled.
#[derive(Debug, Clone)]
pub struct CompiledRetry {
    /// As written; see [`model::Retry::pause`].
    pub retry: model::Retry,
    /// Only when this is true; it sees `error`.
    pub only_if: Option<Expr>,
}

/// What happens when a step has failed for good.
#[derive(Debug, Clone)]
pub enum Failure {
    /// The run fails.
    Fail,
    /// The run goes on.
    Continue,
    /// These steps run, then the run goes on.
    Steps(Vec<CompiledStep>),
}

impl Compiled {
    /// Compiles a rule, or says everything that is wrong in it. Steps the engine cannot carry out
    /// yet compile to [`Kind::Unsupported`]; ask [`Rule::unsupported`] before enabling.
    pub fn new(rule: Arc<Rule>, sandbox: &Sandbox) -> Result<Self, Vec<Problem>> {
        let mut problems = rule.problems();
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut compiler = Compiler { sandbox, problems: &mut problems };
        let condition =
            rule.condition.as_ref().and_then(|condition| compiler.expression("/condition", &condition.expression()));
        let mut keys = Keys::default();
        for (pointer, source) in rule.policy.keys() {
            let expr = compiler.expression(pointer, source);
            match pointer {
                "/policy/concurrency/key" => keys.concurrency = expr,
                "/policy/debounce/key" => keys.debounce = expr,
                _ => keys.dedupe = expr,
            }
        }
        let steps = compiler.steps("/steps", &rule.steps);
        let trigger = Matcher::new(&rule.trigger);
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut reads = BTreeSet::new();
        steps.iter().for_each(|step| step.read(&mut reads));
        Ok(Self { rule, trigger, condition, keys: Arc::new(keys), steps: steps.into(), reads: Arc::new(reads) })
    }

    /// Whether any of its steps uses this variable: what none uses need not be made.
    pub fn reads(&self, variable: &str) -> bool {
        self.reads.contains(variable)
    }

    /// The step with this id, wherever it is in the tree.
    pub fn step(&self, id: &str) -> Option<&CompiledStep> {
        fn find<'s>(steps: &'s [CompiledStep], id: &str) -> Option<&'s CompiledStep> {
            steps.iter().find_map(|step| {
                if step.id == id { Some(step) } else { step.children().into_iter().find_map(|steps| find(steps, id)) }
            })
        }
        find(&self.steps, id)
    }
}

impl CompiledStep {
    /// The lists of steps inside this one.
    pub fn children(&self) -> Vec<&[CompiledStep]> {
        let mut lists: Vec<&[CompiledStep]> = Vec::new();
        match &self.kind {
            Kind::If { branches, otherwise } => {
                lists.extend(branches.iter().map(|(_, steps)| steps.as_slice()));
                lists.push(otherwise);
            }
            Kind::ForEach { body, on_error, .. } => {
                lists.push(body);
                lists.extend(on_error.steps());
            }
            Kind::Action(action) => lists.extend(action.on_error.steps()),
            Kind::Wait(_) | Kind::Stop { .. } | Kind::Unsupported(_) => {}
        }
        lists
    }
}

impl CompiledStep {
    /// Adds the variables that this step uses, and those inside it.
    fn read(&self, names: &mut BTreeSet<String>) {
        let found: Vec<&Expr> = match &self.kind {
            Kind::Action(action) => {
                let retry = action.retry.iter().filter_map(|retry| retry.only_if.as_ref());
                inside(&action.with).chain(retry).collect()
            }
            Kind::If { branches, .. } => branches.iter().map(|(condition, _)| condition).collect(),
            Kind::ForEach { over, .. } => over.expressions().collect(),
            Kind::Stop { reason, .. } => inside(reason).collect(),
            Kind::Wait(_) | Kind::Unsupported(_) => Vec::new(),
        };
        names.extend(found.into_iter().flat_map(Expr::variables).map(str::to_owned));
        self.children().into_iter().flatten().for_each(|step| step.read(names));
    }
}

/// The expressions in a template.
fn inside(template: &Template) -> impl Iterator<Item = &Expr> {
    template.expressions().into_iter().map(|(_, placed)| &placed.expr)
}

impl Failure {
    fn steps(&self) -> Option<&[CompiledStep]> {
        match self {
            Self::Steps(steps) => Some(steps),
            Self::Fail | Self::Continue => None,
        }
    }
}

struct Compiler<'c> {
    sandbox: &'c Sandbox,
    problems: &'c mut Vec<Problem>,
}

impl Compiler<'_> {
    fn note<T>(&mut self, pointer: &str, result: Result<T, Problem>) -> Option<T> {
        result.map_err(|problem| self.problems.push(problem.under(pointer))).ok()
    }

    fn expression(&mut self, pointer: &str, source: &str) -> Option<Expr> {
        let compiled = Expr::compile(self.sandbox, source);
        self.note(pointer, compiled)
    }

    fn steps(&mut self, pointer: &str, steps: &[Step]) -> Vec<CompiledStep> {
        let steps = steps.iter().enumerate();
        steps.filter_map(|(index, step)| self.step(format!("{pointer}/{index}"), step)).collect()
    }

    fn list(&mut self, pointer: &str, steps: Option<&Vec<Step>>) -> Vec<CompiledStep> {
        steps.map(|steps| self.steps(pointer, steps)).unwrap_or_default()
    }

    /// `None` when something is wrong, which then stands in `problems`.
    fn step(&mut self, pointer: String, step: &Step) -> Option<CompiledStep> {
        if let Some((_, what)) = not_yet(step) {
            // What is inside is compiled for its errors only.
            for (list, steps) in step.children() {
                self.steps(&format!("{pointer}{list}"), steps);
            }
            return Some(CompiledStep { id: step.id.clone(), pointer, kind: Kind::Unsupported(what) });
        }
        let kind = match step.kind() {
            Ok(StepKind::Action(action)) => Kind::Action(self.action(&pointer, step, action)?),
            Ok(StepKind::If(condition)) => self.branches(&pointer, step, condition)?,
            Ok(StepKind::ForEach(text)) => {
                let over = ForEach::compile(self.sandbox, text, RELATIONS);
                let over = self.note(&format!("{pointer}/for_each"), over);
                let body = self.list(&format!("{pointer}/do"), step.body.as_ref());
                let on_error = self.failure(&pointer, &step.on_error);
                let name = step.name.clone().unwrap_or_else(|| "item".to_owned());
                Kind::ForEach { over: over?, name, max: step.max.unwrap_or(MAX_ITEMS) as usize, body, on_error }
            }
            Ok(StepKind::Wait(wait)) => Kind::Wait(wait.period?.0),
            Ok(StepKind::Stop(stop)) => {
                let reason = Template::text(self.sandbox, &stop.reason);
                Kind::Stop { outcome: stop.outcome, reason: self.note(&format!("{pointer}/stop"), reason)? }
            }
            Ok(StepKind::Approve(_) | StepKind::Parallel(_) | StepKind::Call(_) | StepKind::Script(_)) => {
                Kind::Unsupported("this step")
            }
            Err(message) => {
                self.problems.push(Problem::new("step", &pointer, message));
                return None;
            }
        };
        Some(CompiledStep { id: step.id.clone(), pointer, kind })
    }

    fn action(&mut self, pointer: &str, step: &Step, action: &str) -> Option<ActionStep> {
        let with = Value::Object(step.with.iter().map(|(name, value)| (name.clone(), value.clone())).collect());
        let with = match Template::compile(self.sandbox, &with) {
            Ok(with) => Some(with),
            Err(problems) => {
                self.problems.extend(problems.into_iter().map(|problem| problem.under(&format!("{pointer}/with"))));
                None
            }
        };
        let retry = step.retry.as_ref().map(|retry| {
            let only_if =
                retry.condition.as_ref().and_then(|source| self.expression(&format!("{pointer}/retry/if"), source));
            CompiledRetry { retry: retry.clone(), only_if }
        });
        let on_error = self.failure(pointer, &step.on_error);
        Some(ActionStep {
            action: action.to_owned(),
            with: with?,
            retry,
            timeout: step.timeout.map(|period| period.0),
            on_error,
        })
    }

    fn branches(&mut self, pointer: &str, step: &Step, condition: &str) -> Option<Kind> {
        let condition = self.expression(&format!("{pointer}/if"), condition);
        let then = self.list(&format!("{pointer}/then"), step.then.as_ref());
        let mut branches = vec![condition.map(|condition| (condition, then))];
        for (index, branch) in step.else_if.iter().enumerate() {
            let condition = self.expression(&format!("{pointer}/else_if/{index}/if"), &branch.condition);
            let then = self.steps(&format!("{pointer}/else_if/{index}/then"), &branch.then);
            branches.push(condition.map(|condition| (condition, then)));
        }
        let otherwise = self.list(&format!("{pointer}/else"), step.otherwise.as_ref());
        Some(Kind::If { branches: branches.into_iter().collect::<Option<_>>()?, otherwise })
    }

    fn failure(&mut self, pointer: &str, on_error: &OnError) -> Failure {
        match on_error {
            OnError::Fail => Failure::Fail,
            OnError::Continue => Failure::Continue,
            OnError::Steps(steps) => Failure::Steps(self.steps(&format!("{pointer}/on_error"), steps)),
        }
    }
}
