//! Checks a rule against what there is: event kinds and their fields, actions and their inputs.
//!
//! The check is on the author's side. It finds what cannot be meant (a field that no such event
//! has, a number compared with a text, an action without an input it needs) and says the nearest
//! name; where a schema is silent, so is the check.

mod env;
mod infer;
pub mod names;
mod schema;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use self::env::Env;
use self::names::{Names, Secrets};
use self::schema::{ANY, BOOL, Field, LIST, NULL, Shape, TEXT, comparable, kind_of};
use crate::{
    expression::{Expr, Script},
    for_each::{ForEach, RELATIONS, Source},
    matcher::{HANDLES, kind_matches},
    model::{Approve, BUTTON_PRESSED, InputType, Match, Rule, Step, StepKind, Wait},
    problem::{Problem, pointer_key},
    sandbox::Sandbox,
    syntax::at_position,
    template::Template,
};

/// What there is: event kinds and actions, each with its JSON schema (as `schemars` writes it,
/// `$defs` and `$ref` included).
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// Event kind → schema of its facts: an object whose properties are the variables.
    pub events: BTreeMap<String, Value>,
    /// Action → schema of its inputs.
    pub actions: BTreeMap<String, Value>,
    /// Action → schema of its output; may be left out.
    pub outputs: BTreeMap<String, Value>,
    /// The actions that call other services: secrets may stand in their inputs.
    pub outward: BTreeSet<String>,
}

impl Catalogue {
    /// What events of this kind, or of kinds that fit this pattern, say; nothing when there is no such kind.
    fn facts_of(&self, kind: &str) -> Option<Shape<'_>> {
        let kinds = self.events.iter().filter(|(known, _)| kind_matches(kind, known));
        kinds.map(|(_, schema)| Shape::schema(schema)).reduce(Shape::or)
    }
}

/// Everything wrong with the rule, seen against the catalogue.
pub fn check(rule: &Rule, catalogue: &Catalogue, sandbox: &Sandbox) -> Vec<Problem> {
    check_names(rule, catalogue, None, sandbox)
}

/// The same, also against the variables and secrets that there are, if they are known.
pub fn check_names(rule: &Rule, catalogue: &Catalogue, names: Option<&Names>, sandbox: &Sandbox) -> Vec<Problem> {
    let mut problems = rule.problems();
    let form = form_schema(rule);
    let facts = match &rule.trigger {
        trigger if trigger.is_button() => catalogue.facts_of(BUTTON_PRESSED),
        trigger if trigger.is_event() => catalogue.facts_of(trigger.kind()),
        _ => None,
    };
    if rule.trigger.is_manual() && !rule.trigger.is_button() && !rule.trigger.matches.is_empty() {
        let message = "A `manual` rule has nothing to match unless it is started on a task: say `subject: task`, or leave `match` out.";
        problems.push(Problem::new("misplaced", "/trigger/match", message));
    }
    if rule.trigger.is_event() && facts.is_none() {
        let message = format!("There is no event `{}`.", rule.trigger.on);
        let names =
            catalogue.events.keys().map(String::as_str).chain(["manual", "hook", "schedule", "date", "threshold"]);
        problems.push(Problem::new("unknown_event", "/trigger/on", message).nearest(&rule.trigger.on, names));
    }
    let awaited = rule.walk().into_iter().filter_map(|(_, step)| {
        let event = step.wait.as_ref()?.event.as_ref()?;
        Some((step.id.as_str(), catalogue.facts_of(&event.on)?))
    });
    let env = Env {
        facts,
        inputs: rule.trigger.is_manual().then(|| Shape::schema(&form)),
        steps: rule.walk().into_iter().map(|(_, step)| (step.id.as_str(), step.action.as_deref())).collect(),
        awaited: awaited.collect(),
        catalogue,
        names,
        secrets: Secrets::Not("a key of the policy".to_owned()),
        beside: Vec::new(),
        homeless: rule.trigger.is_schedule() && rule.scope.projects.len() != 1,
        other_event: false,
        locals: Vec::new(),
    };
    let mut checker = Checker { catalogue, sandbox, problems: &mut problems };
    if let Some(facts) = &env.facts {
        checker.matches("/trigger/match", &rule.trigger.matches, facts);
    }
    if let Some(condition) = &rule.condition {
        for (pointer, source) in condition.parts() {
            checker.condition(&format!("/condition{pointer}"), &source, &env);
        }
    }
    // They are asked before any step is done.
    let before = Env { steps: Vec::new(), awaited: Vec::new(), ..env.clone() };
    for (pointer, source) in rule.policy.keys() {
        checker.expression(pointer, source, &before);
    }
    checker.steps("/steps", &rule.steps, &env);
    problems
}

/// The answers to a form as a schema.
fn form_schema(rule: &Rule) -> Value {
    let fields = rule.trigger.form.iter().map(|(name, input)| {
        let mut schema = match input.kind {
            InputType::Integer => json!({"type": "integer"}),
            InputType::Number => json!({"type": "number"}),
            InputType::Boolean => json!({"type": "boolean"}),
            InputType::Choice => json!({"type": "string", "enum": input.options}),
            _ => json!({"type": "string"}),
        };
        if !input.required && input.default.is_none() {
            schema = json!({"anyOf": [schema, {"type": "null"}]});
        }
        (name.clone(), schema)
    });
    json!({"type": "object", "properties": fields.collect::<Map<_, _>>(), "additionalProperties": false})
}

struct Checker<'p, 'c> {
    catalogue: &'c Catalogue,
    sandbox: &'p Sandbox,
    problems: &'p mut Vec<Problem>,
}

impl<'c> Checker<'_, 'c> {
    /// Every path of a match leads somewhere, and to a value it can be. What a template will give is not known.
    fn matches(&mut self, pointer: &str, matches: &Match, facts: &Shape<'c>) {
        for (path, want) in matches {
            let pointer = format!("{pointer}/{}", pointer_key(path));
            let mut keys: Vec<&str> = path.split('.').collect();
            // What a field of the project's own was or became: its keys are not known here, its values are anything.
            if let [.., custom, _, "from" | "to"] = keys.as_slice()
                && *custom == "custom"
            {
                keys.truncate(keys.len() - 2);
                keys.push("to");
            }
            let change = match facts.field("change") {
                Field::Found(change) => Some(change),
                Field::Missing(_) => None,
            };
            let found = follow(facts, &keys).or_else(|near| {
                change.as_ref().map_or(Err(near.clone()), |change| {
                    follow(change, &keys).map_err(|more| [near.clone(), more].concat())
                })
            });
            match found {
                Err(names) => {
                    let last = keys.last().copied().unwrap_or_default();
                    let message = format!("The event has no `{path}`.");
                    let problem = Problem::new("unknown_field", pointer, message);
                    let own: Vec<&str> = std::iter::once("task").chain(keys.iter().copied()).collect();
                    self.problems.push(match follow(facts, &own) {
                        Ok(_) => Problem { suggestion: Some(format!("task.{path}")), ..problem },
                        Err(_) => problem.nearest(last, names.iter().map(String::as_str)),
                    });
                }
                Ok(shape) => self.wanted(&pointer, want, &shape),
            }
        }
    }

    fn wanted(&mut self, pointer: &str, want: &Value, shape: &Shape<'c>) {
        if let Value::Array(wants) = want {
            for (index, want) in wants.iter().enumerate() {
                self.wanted(&format!("{pointer}/{index}"), want, shape);
            }
            return;
        }
        // A list is met by one of its items.
        let items = shape.items();
        let shape = if shape.kinds & !NULL == LIST { &items } else { shape };
        let star = want.as_str() == Some("*");
        if want.is_string() && HANDLES.iter().any(|handle| matches!(shape.field(handle), Field::Found(_))) {
            return;
        }
        if !star && !comparable(kind_of(want), shape.kinds) {
            let mut message = format!("This is {}.", shape.some());
            if let (Field::Found(_), Some(path)) = (shape.field("to"), pointer.rsplit('/').next())
                && !want.is_object()
            {
                message = format!(
                    "`{path}` is what was changed: write `{path}.to` for what it became, or `task.{path}` for what it is."
                );
            } else if want.is_boolean() {
                message.push_str(" YAML reads `no` and `off` as false, `yes` and `on` as true: put a word in quotes.");
            }
            self.problems.push(Problem::new("wrong_type", pointer, message));
        } else if let Some(text) = want.as_str()
            && !star
            && !shape.constants.is_empty()
            && !shape.constants.contains(&text)
        {
            let words = shape.constants.join("`, `");
            let problem = if shape.usual {
                let message = format!("`{text}` is none of the usual `{words}`; some project must have it.");
                Problem::new("unusual_constant", pointer, message).warning()
            } else {
                Problem::new("unknown_constant", pointer, format!("It is never `{text}`; it is one of `{words}`."))
            };
            self.problems.push(problem.nearest(text, shape.constants.iter().copied()));
        }
    }

    /// Compiles and checks an expression; `None` when it does not compile.
    fn expression(&mut self, pointer: &str, source: &str, env: &Env<'c>) -> Option<Shape<'c>> {
        match Expr::compile(self.sandbox, source) {
            Ok(expr) => Some(self.compiled(pointer, &expr, env, |problem| problem)),
            Err(problem) => {
                self.problems.push(problem.under(pointer));
                None
            }
        }
    }

    fn compiled(&mut self, pointer: &str, expr: &Expr, env: &Env<'c>, place: impl Fn(Problem) -> Problem) -> Shape<'c> {
        let mut found = Vec::new();
        let shape = infer::infer(expr, env, &mut found);
        names::look(expr, env, &mut found);
        self.problems.extend(found.into_iter().map(|problem| place(problem).under(pointer)));
        shape
    }

    fn condition(&mut self, pointer: &str, source: &str, env: &Env<'c>) {
        let env = env.without_secrets("a condition");
        if let Some(shape) = self.expression(pointer, source, &env)
            && shape.kinds & (BOOL | NULL) == 0
        {
            let message = format!("A condition must be true or false; this one is {}.", shape.some());
            self.problems.push(Problem::new("wrong_type", pointer, message).at(1, 1));
        }
    }

    fn steps(&mut self, pointer: &str, steps: &'c [Step], env: &Env<'c>) {
        for (index, step) in steps.iter().enumerate() {
            self.step(&format!("{pointer}/{index}"), step, env);
            if step.stop.is_some() && index + 1 < steps.len() {
                let message = format!("`{}` ends every run that comes this far, so this step is never done.", step.id);
                let next = format!("{pointer}/{}", index + 1);
                self.problems.push(Problem::new("unreachable", next, message).warning());
            }
        }
    }

    fn step(&mut self, pointer: &str, step: &'c Step, env: &Env<'c>) {
        let env = &env.without_secrets("this step");
        let mut inside = env.clone();
        match step.kind() {
            Ok(StepKind::Action(action)) => self.action(pointer, step, action, env),
            Ok(StepKind::If(condition)) => {
                self.condition(&format!("{pointer}/if"), condition, env);
                for (index, branch) in step.else_if.iter().enumerate() {
                    self.condition(&format!("{pointer}/else_if/{index}/if"), &branch.condition, env);
                }
            }
            Ok(StepKind::ForEach(text)) => {
                let item = self.for_each(&format!("{pointer}/for_each"), text, env);
                inside = env.with(Some(step.name.as_deref().unwrap_or("item")), item);
            }
            Ok(StepKind::Stop(stop)) => {
                drop(self.template(&format!("{pointer}/stop"), &Value::String(stop.reason.clone()), env))
            }
            Ok(StepKind::Call(rule)) => {
                self.template(&format!("{pointer}/call"), &Value::String(rule.to_owned()), env);
                self.with(pointer, step, env);
            }
            Ok(StepKind::Script(source)) => {
                self.with(pointer, step, env);
                self.script(&format!("{pointer}/script"), source, step, env);
            }
            Ok(StepKind::Approve(approve)) => self.approve(&format!("{pointer}/approve"), approve, env),
            Ok(StepKind::Wait(wait)) => self.wait(&format!("{pointer}/wait"), wait, env),
            _ => {}
        }
        if let Some(only_if) = step.retry.as_ref().and_then(|retry| retry.condition.as_ref()) {
            self.condition(&format!("{pointer}/retry/if"), only_if, env);
        }
        for (list, steps) in step.children() {
            // What handles an error is outside the loop.
            let env = if list == "/do" { &inside } else { env };
            let others = step.parallel.iter().flatten().map(|branch| branch.steps.as_slice());
            let others = others.filter(|other| list.starts_with("/parallel/") && !std::ptr::eq(*other, steps));
            let others: Vec<&'c str> = others.flat_map(ids).collect();
            let env = if others.is_empty() { env } else { &env.beside(others) };
            self.steps(&format!("{pointer}{list}"), steps, env);
        }
    }

    /// Inputs of which no schema is known here.
    fn with(&mut self, pointer: &str, step: &Step, env: &Env<'c>) {
        for (name, value) in &step.with {
            self.template(&format!("{pointer}/with/{}", pointer_key(name)), value, env);
        }
    }

    /// Every variable of a script is its own, one of `with`, or one that is there.
    fn script(&mut self, pointer: &str, source: &str, step: &Step, env: &Env<'c>) {
        let script = match Script::compile(self.sandbox, source) {
            Ok(script) => script,
            Err(problem) => return self.problems.push(problem.under(pointer)),
        };
        for (name, at) in infer::outside(script.ast()) {
            if step.with.contains_key(&name) {
                continue;
            }
            if name == "secrets" {
                self.problems.push(names::in_script(at, pointer));
                continue;
            }
            if let Err(names) = env.variable(&name) {
                let message = format!("There is no variable `{name}` here.{}", env.hint(&name));
                let problem = at_position(Problem::new("unknown_variable", pointer, message), at);
                let names = names.iter().map(String::as_str).chain(step.with.keys().map(String::as_str));
                self.problems.push(problem.nearest(&name, names));
            }
        }
    }

    fn wait(&mut self, pointer: &str, wait: &Wait, env: &Env<'c>) {
        if let Some(until) = &wait.until
            && let Some(shape) = self.expression(&format!("{pointer}/until"), until, env)
            && shape.kinds & (schema::MOMENT | TEXT | NULL) == 0
        {
            let message = format!("A moment is needed here, such as `now + hours(2)`; this is {}.", shape.some());
            self.problems.push(Problem::new("wrong_type", format!("{pointer}/until"), message).at(1, 1));
        }
        let Some(event) = &wait.event else { return };
        let pointer = format!("{pointer}/event");
        let catalogue = self.catalogue;
        let Some(facts) = catalogue.facts_of(&event.on) else {
            let problem =
                Problem::new("unknown_event", format!("{pointer}/on"), format!("There is no event `{}`.", event.on));
            self.problems.push(problem.nearest(&event.on, catalogue.events.keys().map(String::as_str)));
            return;
        };
        let (filled, written): (Match, Match) =
            event.matches.clone().into_iter().partition(|(_, want)| has_template(want));
        self.matches(&format!("{pointer}/match"), &written, &facts);
        // That its path leads somewhere is asked by what is there, whatever it is.
        let paths = filled.keys().map(|path| (path.clone(), Value::String("*".to_owned()))).collect();
        self.matches(&format!("{pointer}/match"), &paths, &facts);
        for (path, want) in &filled {
            self.template(&format!("{pointer}/match/{}", pointer_key(path)), want, env);
        }
        if let Some(condition) = &event.condition {
            let (steps, awaited) = (Vec::new(), Vec::new());
            let (facts, locals) = (Some(facts), Vec::new());
            let env =
                Env { facts, inputs: None, steps, awaited, locals, other_event: true, homeless: false, ..env.clone() };
            self.condition(&format!("{pointer}/if"), condition, &env);
        }
    }

    /// Whom it asks and what they read; an entry may be a text or a list of texts.
    fn approve(&mut self, pointer: &str, approve: &Approve, env: &Env<'c>) {
        for (index, entry) in approve.by.iter().enumerate() {
            let pointer = format!("{pointer}/by/{index}");
            let shape = self.template(&pointer, &Value::String(entry.clone()), env);
            if shape.kinds & (TEXT | LIST | NULL) == 0 {
                let message = format!("A person, a role or a group is a text; this is {}.", shape.some());
                self.problems.push(Problem::new("wrong_type", pointer, message));
            }
        }
        if let Some(message) = &approve.message {
            self.template(&format!("{pointer}/message"), &Value::String(message.clone()), env);
        }
    }

    /// The shape of one item.
    fn for_each(&mut self, pointer: &str, text: &str, env: &Env<'c>) -> Shape<'c> {
        let env = &env.without_secrets("a `for_each`");
        let over = match ForEach::compile(self.sandbox, text, RELATIONS) {
            Ok(over) => over,
            Err(problem) => {
                self.problems.push(problem.under(pointer));
                return Shape::any();
            }
        };
        let item = match &over.source {
            // What the engine lists is richer or poorer than the event's own task; it is not known here.
            Source::Relation(_) => Shape::any(),
            Source::Expr(expr) => {
                let before = self.problems.len();
                let shape = self.compiled(pointer, expr, env, |problem| problem);
                for problem in &mut self.problems[before..] {
                    if problem.suggestion.is_none() {
                        *problem = problem.clone().nearest(expr.source().trim(), RELATIONS.iter().copied());
                    }
                }
                if shape.kinds & (LIST | NULL) == 0 {
                    let message = format!("`{}` is {}, not a list.", expr.source().trim(), shape.some());
                    self.problems.push(Problem::new("wrong_type", pointer, message).at(1, 1));
                }
                shape.items()
            }
        };
        if let Some(filter) = &over.filter {
            let column = over.filter_column;
            let env = env.with(None, item.clone());
            self.compiled(pointer, filter, &env, |problem| crate::template::shift(problem, 1, column));
        }
        item
    }

    fn action(&mut self, pointer: &str, step: &Step, action: &str, env: &Env<'c>) {
        let with = Value::Object(step.with.iter().map(|(name, value)| (name.clone(), value.clone())).collect());
        let Some(schema) = self.catalogue.actions.get(action) else {
            let problem =
                Problem::new("unknown_action", format!("{pointer}/action"), format!("There is no action `{action}`."));
            self.problems.push(problem.nearest(action, self.catalogue.actions.keys().map(String::as_str)));
            self.template(&format!("{pointer}/with"), &with, env);
            return;
        };
        let env = match self.catalogue.outward.contains(action) {
            true => Env { secrets: Secrets::Here, ..env.clone() },
            false => env.without_secrets(format!("an input of `{action}`")),
        };
        self.input(&format!("{pointer}/with"), &with, &Shape::schema(schema), &env);
    }

    /// One input, or one level of it, against its schema.
    fn input(&mut self, pointer: &str, value: &Value, wanted: &Shape<'c>, env: &Env<'c>) {
        let given = match value {
            Value::String(text) if text.contains("{{") => self.template(pointer, value, env),
            other => Shape::of(kind_of(other)),
        };
        if !given.is_any() && !wanted.is_any() && !fits(given.kinds, wanted.kinds) {
            let message = format!("{} is needed here, this is {}.", capital(&wanted.some()), given.some());
            self.problems.push(Problem::new("wrong_type", pointer, message));
            return;
        }
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let pointer = format!("{pointer}/{}", pointer_key(name));
                    match wanted.field(name) {
                        Field::Found(wanted) => self.input(&pointer, value, &wanted, env),
                        Field::Missing(names) => {
                            self.problems.push(
                                Problem::new("unknown_input", &pointer, format!("There is no input `{name}`."))
                                    .nearest(name, names),
                            );
                            self.template(&pointer, value, env);
                        }
                    }
                }
                for name in wanted.required() {
                    if !fields.contains_key(name) {
                        self.problems.push(Problem::new(
                            "missing_input",
                            pointer,
                            format!("The input `{name}` is missing."),
                        ));
                    }
                }
            }
            Value::Array(items) => {
                let wanted = wanted.items();
                for (index, item) in items.iter().enumerate() {
                    self.input(&format!("{pointer}/{index}"), item, &wanted, env);
                }
            }
            Value::String(text)
                if !text.contains("{{")
                    && !wanted.constants.is_empty()
                    && !wanted.constants.contains(&text.as_str()) =>
            {
                let words = wanted.constants.join("`, `");
                let problem = if wanted.usual {
                    let message = format!("`{text}` is none of the usual `{words}`; the project must have it.");
                    Problem::new("unusual_constant", pointer, message).warning()
                } else {
                    Problem::new("unknown_constant", pointer, format!("`{text}` is not one of `{words}`."))
                };
                self.problems.push(problem.nearest(text, wanted.constants.iter().copied()));
            }
            _ => {}
        }
    }

    /// Checks every expression of a template; the shape of its value.
    fn template(&mut self, pointer: &str, value: &Value, env: &Env<'c>) -> Shape<'c> {
        let template = match Template::compile(self.sandbox, value) {
            Ok(template) => template,
            Err(problems) => {
                self.problems.extend(problems.into_iter().map(|problem| problem.under(pointer)));
                return Shape::any();
            }
        };
        let mut shape = Shape::of(kind_of(value));
        for (below, placed) in template.expressions() {
            let inner = self.compiled(&format!("{pointer}{below}"), &placed.expr, env, |problem| placed.place(problem));
            if matches!(template, Template::Typed(_)) {
                shape = inner;
            }
        }
        shape
    }
}

/// The ids of steps, also of those inside others.
fn ids(steps: &[Step]) -> Vec<&str> {
    let inside = steps.iter().flat_map(Step::children).flat_map(|(_, steps)| ids(steps));
    steps.iter().map(|step| step.id.as_str()).chain(inside).collect()
}

/// Whether an expression stands in a text of it.
fn has_template(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{"),
        Value::Array(items) => items.iter().any(has_template),
        _ => false,
    }
}

/// Whether a value of the given kinds may be taken where the wanted ones are. A moment is written as
/// text and a length of time as seconds; null may stand for an input that is left out.
fn fits(given: u8, wanted: u8) -> bool {
    let written = match given {
        ANY => ANY,
        given => {
            (given & !(schema::MOMENT | schema::SPAN))
                | if given & schema::MOMENT != 0 { TEXT } else { 0 }
                | if given & schema::SPAN != 0 { schema::NUMBER } else { 0 }
        }
    };
    written & wanted != 0 || written & NULL != 0
}

/// With its first letter large.
fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// The shape at a path, or the names there are where it ends.
fn follow<'c>(from: &Shape<'c>, keys: &[&str]) -> Result<Shape<'c>, Vec<String>> {
    let mut shape = from.clone();
    for key in keys {
        shape = match shape.field(key) {
            Field::Found(shape) => shape,
            Field::Missing(_) if shape.kinds & LIST != 0 && key.parse::<usize>().is_ok() => shape.items(),
            Field::Missing(names) => return Err(names.into_iter().map(str::to_owned).collect()),
        };
    }
    Ok(shape)
}
