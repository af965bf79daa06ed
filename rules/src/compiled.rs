//! A rule with every expression and template compiled once, as a tree the interpreter walks.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use serde_json::Value;

use crate::{
    check::names::alone,
    expression::{Expr, Script},
    for_each::{ForEach, RELATIONS},
    matcher::Matcher,
    model::{self, Approve, Branch, MAX_ITEMS, OnError, Rule, Step, StepKind, StopOutcome, Wait},
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
    /// The secrets that its steps name.
    pub secrets: Arc<BTreeSet<String>>,
    /// The variables that its steps use.
    reads: Arc<BTreeSet<String>>,
    /// The variables that its condition and the keys of its policy use.
    asks: Arc<BTreeSet<String>>,
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
    /// Asks people.
    Approve(ApproveStep),
    /// Waits.
    Wait(WaitStep),
    /// Ends the run.
    Stop {
        /// As what.
        outcome: StopOutcome,
        /// Why.
        reason: Template,
    },
    /// Does branches side by side.
    Parallel {
        /// The steps of each.
        branches: Vec<Vec<CompiledStep>>,
        /// What happens when one fails.
        on_error: Failure,
    },
    /// Runs another rule.
    Call(CallStep),
    /// Computes something.
    Script(ScriptStep),
}

/// An action with its inputs.
#[derive(Debug, Clone)]
pub struct ActionStep {
    /// Its name: `slack.post_message`.
    pub action: String,
    /// Its inputs.
    pub with: Template,
    /// The secrets that its inputs name.
    pub secrets: Vec<String>,
    /// Whether it is tried again.
    pub retry: Option<CompiledRetry>,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// What happens when it has failed for good.
    pub on_error: Failure,
}

/// Whom to ask, and what follows from the answer.
#[derive(Debug, Clone)]
pub struct ApproveStep {
    /// Who may answer: a list of entries, each a text or a list of texts.
    pub by: Template,
    /// How many must agree.
    pub need: model::Need,
    /// What they read; nothing when the rule does not say.
    pub message: Option<Template>,
    /// Whether who caused the run may agree.
    pub allow_self: bool,
    /// How long they have.
    pub timeout: Option<Duration>,
    /// When they agree.
    pub then: Vec<CompiledStep>,
    /// When nobody answered in time; without it the run ends.
    pub on_timeout: Option<Vec<CompiledStep>>,
    /// When they refuse; without it the run ends.
    pub on_reject: Option<Vec<CompiledStep>>,
}

/// What a run waits for.
#[derive(Debug, Clone)]
pub enum WaitStep {
    /// So long.
    For(Duration),
    /// Until the moment that this gives.
    Until(Expr),
    /// For an event.
    Event(EventStep),
}

/// The event that is waited for.
#[derive(Debug, Clone)]
pub struct EventStep {
    /// Its kind, or a pattern.
    pub on: String,
    /// What it must say: fields with templates.
    pub wants: Template,
    /// The match as it is written.
    pub written: model::Match,
    /// What must hold of it.
    pub only_if: Option<Expr>,
    /// How long at most.
    pub timeout: Option<Duration>,
    /// When it does not come in time; without it the run ends.
    pub on_timeout: Option<Vec<CompiledStep>>,
}

impl EventStep {
    /// What is asked of events, with the templates filled in as `wants` says. What a template gave is never a pattern.
    pub fn matcher(&self, wants: &model::Match) -> Matcher {
        Matcher::filled(&self.on, &self.written, wants)
    }
}

/// Another rule to be run.
#[derive(Debug, Clone)]
pub struct CallStep {
    /// Its id or name.
    pub rule: Template,
    /// Its inputs.
    pub with: Template,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// What happens when it does not succeed.
    pub on_error: Failure,
}

/// A script with its variables.
#[derive(Debug, Clone)]
pub struct ScriptStep {
    /// The script.
    pub script: Script,
    /// Its variables.
    pub with: Template,
    /// What happens when it fails.
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
    /// Compiles a rule, or says everything that is wrong in it.
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
        let (mut reads, mut secrets) = (BTreeSet::new(), BTreeSet::new());
        steps.iter().for_each(|step| step.read(&mut reads, &mut secrets));
        let judged = [&condition, &keys.concurrency, &keys.debounce, &keys.dedupe].into_iter().flatten();
        let asks = judged.flat_map(Expr::variables).map(str::to_owned).collect();
        let (keys, steps) = (Arc::new(keys), steps.into());
        let (secrets, reads, asks) = (Arc::new(secrets), Arc::new(reads), Arc::new(asks));
        Ok(Self { rule, trigger, condition, keys, steps, secrets, reads, asks })
    }

    /// Whether its condition or a key of its policy uses this variable.
    pub fn asks(&self, variable: &str) -> bool {
        self.asks.contains(variable)
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

    /// The ids of the steps that are done side by side with this one: those in the other branches of each `parallel` that it
    /// is in.
    pub fn beside(&self, id: &str) -> BTreeSet<&str> {
        fn all<'s>(steps: &'s [CompiledStep], ids: &mut BTreeSet<&'s str>) {
            for step in steps {
                ids.insert(&step.id);
                step.children().into_iter().for_each(|steps| all(steps, ids));
            }
        }
        fn find<'s>(steps: &'s [CompiledStep], id: &str, beside: &mut BTreeSet<&'s str>) -> bool {
            steps.iter().any(|step| {
                let lists = step.children();
                let Some(own) = lists.iter().position(|steps| find(steps, id, beside)) else { return step.id == id };
                if let Kind::Parallel { branches, .. } = &step.kind
                    && own < branches.len()
                {
                    let others = branches.iter().enumerate().filter(|(at, _)| *at != own);
                    others.for_each(|(_, steps)| all(steps, beside));
                }
                true
            })
        }
        let mut beside = BTreeSet::new();
        find(&self.steps, id, &mut beside);
        beside
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
            Kind::Approve(approve) => {
                lists.push(&approve.then);
                lists.extend(approve.on_timeout.as_deref());
                lists.extend(approve.on_reject.as_deref());
            }
            Kind::Wait(WaitStep::Event(event)) => lists.extend(event.on_timeout.as_deref()),
            Kind::Parallel { branches, on_error } => {
                lists.extend(branches.iter().map(Vec::as_slice));
                lists.extend(on_error.steps());
            }
            Kind::Call(call) => lists.extend(call.on_error.steps()),
            Kind::Script(script) => lists.extend(script.on_error.steps()),
            Kind::Wait(_) | Kind::Stop { .. } => {}
        }
        lists
    }
}

impl CompiledStep {
    /// Adds the variables that this step uses and the secrets that it names, and those inside it.
    fn read(&self, names: &mut BTreeSet<String>, secrets: &mut BTreeSet<String>) {
        let found: Vec<&Expr> = match &self.kind {
            Kind::Action(action) => {
                secrets.extend(action.secrets.iter().cloned());
                let retry = action.retry.iter().filter_map(|retry| retry.only_if.as_ref());
                inside(&action.with).chain(retry).collect()
            }
            Kind::If { branches, .. } => branches.iter().map(|(condition, _)| condition).collect(),
            Kind::ForEach { over, .. } => over.expressions().collect(),
            Kind::Stop { reason, .. } => inside(reason).collect(),
            Kind::Approve(approve) => inside(&approve.by).chain(approve.message.iter().flat_map(inside)).collect(),
            Kind::Wait(WaitStep::Until(until)) => vec![until],
            // What `only_if` reads is the other event's.
            Kind::Wait(WaitStep::Event(event)) => inside(&event.wants).collect(),
            Kind::Call(call) => inside(&call.rule).chain(inside(&call.with)).collect(),
            Kind::Script(script) => {
                names.extend(script.script.variables().map(str::to_owned));
                inside(&script.with).collect()
            }
            Kind::Wait(WaitStep::For(_)) | Kind::Parallel { .. } => Vec::new(),
        };
        names.extend(found.into_iter().flat_map(Expr::variables).map(str::to_owned));
        self.children().into_iter().flatten().for_each(|step| step.read(names, secrets));
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
            Ok(StepKind::Wait(wait)) => Kind::Wait(self.wait(&pointer, step, wait)?),
            Ok(StepKind::Stop(stop)) => {
                let reason = Template::text(self.sandbox, &stop.reason);
                Kind::Stop { outcome: stop.outcome, reason: self.note(&format!("{pointer}/stop"), reason)? }
            }
            Ok(StepKind::Approve(approve)) => Kind::Approve(self.approve(&pointer, step, approve)?),
            Ok(StepKind::Parallel(branches)) => {
                let on_error = self.failure(&pointer, &step.on_error);
                let branches = branches.iter().enumerate();
                let steps = |(index, branch): (usize, &Branch)| {
                    self.steps(&format!("{pointer}/parallel/{index}/steps"), &branch.steps)
                };
                Kind::Parallel { branches: branches.map(steps).collect(), on_error }
            }
            Ok(StepKind::Call(rule)) => {
                let rule = Template::text(self.sandbox, rule);
                let (rule, with) = (self.note(&format!("{pointer}/call"), rule), self.with(&pointer, step));
                let (timeout, on_error) = (step.timeout.map(|period| period.0), self.failure(&pointer, &step.on_error));
                Kind::Call(CallStep { rule: rule?, with: with?, timeout, on_error })
            }
            Ok(StepKind::Script(source)) => {
                let script = Script::compile(self.sandbox, source);
                let (script, with) = (self.note(&format!("{pointer}/script"), script), self.with(&pointer, step));
                let on_error = self.failure(&pointer, &step.on_error);
                Kind::Script(ScriptStep { script: script?, with: with?, on_error })
            }
            Err(message) => {
                self.problems.push(Problem::new("step", &pointer, message));
                return None;
            }
        };
        Some(CompiledStep { id: step.id.clone(), pointer, kind })
    }

    /// The inputs of a step.
    fn with(&mut self, pointer: &str, step: &Step) -> Option<Template> {
        let with = Value::Object(step.with.iter().map(|(name, value)| (name.clone(), value.clone())).collect());
        match Template::compile(self.sandbox, &with) {
            Ok(with) => Some(with),
            Err(problems) => {
                self.problems.extend(problems.into_iter().map(|problem| problem.under(&format!("{pointer}/with"))));
                None
            }
        }
    }

    fn action(&mut self, pointer: &str, step: &Step, action: &str) -> Option<ActionStep> {
        let with = self.with(pointer, step);
        let retry = step.retry.as_ref().map(|retry| {
            let only_if =
                retry.condition.as_ref().and_then(|source| self.expression(&format!("{pointer}/retry/if"), source));
            CompiledRetry { retry: retry.clone(), only_if }
        });
        let on_error = self.failure(pointer, &step.on_error);
        let with = with?;
        let secrets = inside(&with).filter_map(|expr| alone(expr.source())).map(str::to_owned).collect();
        Some(ActionStep {
            action: action.to_owned(),
            with,
            secrets,
            retry,
            timeout: step.timeout.map(|period| period.0),
            on_error,
        })
    }

    fn wait(&mut self, pointer: &str, step: &Step, wait: &Wait) -> Option<WaitStep> {
        if let Some(period) = wait.period {
            return Some(WaitStep::For(period.0));
        }
        if let Some(until) = &wait.until {
            return self.expression(&format!("{pointer}/wait/until"), until).map(WaitStep::Until);
        }
        let event = wait.event.as_ref()?;
        let wants = Value::Object(event.matches.iter().map(|(path, want)| (path.clone(), want.clone())).collect());
        let wants = match Template::compile(self.sandbox, &wants) {
            Ok(wants) => Some(wants),
            Err(problems) => {
                let at = format!("{pointer}/wait/event/match");
                self.problems.extend(problems.into_iter().map(|problem| problem.under(&at)));
                None
            }
        };
        let only_if =
            event.condition.as_ref().map(|source| self.expression(&format!("{pointer}/wait/event/if"), source));
        let on_timeout = step.on_timeout.as_ref().map(|steps| self.steps(&format!("{pointer}/on_timeout"), steps));
        let only_if = match only_if {
            None => None,
            Some(compiled) => Some(compiled?),
        };
        let (on, written, timeout) = (event.on.clone(), event.matches.clone(), event.timeout.map(|period| period.0));
        Some(WaitStep::Event(EventStep { on, wants: wants?, written, only_if, timeout, on_timeout }))
    }

    fn approve(&mut self, pointer: &str, step: &Step, approve: &Approve) -> Option<ApproveStep> {
        let by = Value::Array(approve.by.iter().cloned().map(Value::String).collect());
        let by = match Template::compile(self.sandbox, &by) {
            Ok(by) => Some(by),
            Err(problems) => {
                let at = format!("{pointer}/approve/by");
                self.problems.extend(problems.into_iter().map(|problem| problem.under(&at)));
                None
            }
        };
        let message = approve.message.as_ref().map(|text| {
            let message = Template::text(self.sandbox, text);
            self.note(&format!("{pointer}/approve/message"), message)
        });
        let then = self.list(&format!("{pointer}/then"), step.then.as_ref());
        let on_timeout = step.on_timeout.as_ref().map(|steps| self.steps(&format!("{pointer}/on_timeout"), steps));
        let on_reject = step.on_reject.as_ref().map(|steps| self.steps(&format!("{pointer}/on_reject"), steps));
        let message = match message {
            None => None,
            Some(message) => Some(message?),
        };
        let (need, allow_self, timeout) = (approve.need, approve.allow_self, approve.timeout.map(|period| period.0));
        Some(ApproveStep { by: by?, need, message, allow_self, timeout, then, on_timeout, on_reject })
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
