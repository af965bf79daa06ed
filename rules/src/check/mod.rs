//! Checks a rule against what there is: event kinds and their fields, actions and their inputs.
//!
//! The check is on the author's side. It finds what cannot be meant (a field that no such event
//! has, a number compared with a text, an action without an input it needs) and says the nearest
//! name; where a schema is silent, so is the check.

mod infer;
mod schema;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use self::schema::{ANY, BOOL, Field, LIST, MAP, NULL, Shape, TEXT, comparable, kind_of};
use crate::{
    expression::Expr,
    facts::{GIVEN_NAMES, is_given_name},
    for_each::{ForEach, RELATIONS, Source},
    matcher::{HANDLES, kind_matches},
    model::{InputType, Rule, Step, StepKind},
    problem::{Problem, pointer_key},
    sandbox::Sandbox,
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
}

/// Variables that every rule has without a schema.
const UNTYPED: &[&str] = &["headers", "body", "query", "vars", "run", "rule", "error", "workspace", "event", "actor"];

/// Everything wrong with the rule, seen against the catalogue. Besides this, [`Rule::unsupported`]
/// says what cannot be carried out yet.
pub fn check(rule: &Rule, catalogue: &Catalogue, sandbox: &Sandbox) -> Vec<Problem> {
    let mut problems = rule.problems();
    let form = form_schema(rule);
    let kinds: Vec<(&str, &Value)> = catalogue
        .events
        .iter()
        .filter(|(kind, _)| rule.trigger.is_event() && kind_matches(rule.trigger.kind(), kind))
        .map(|(kind, schema)| (kind.as_str(), schema))
        .collect();
    if rule.trigger.is_event() && kinds.is_empty() {
        let message = format!("There is no event `{}`.", rule.trigger.on);
        let names = catalogue.events.keys().map(String::as_str).chain(["manual", "hook", "schedule", "date"]);
        problems.push(Problem::new("unknown_event", "/trigger/on", message).nearest(&rule.trigger.on, names));
    }
    let facts = kinds.iter().map(|(_, schema)| Shape::schema(schema)).reduce(Shape::or);
    let env = Env {
        facts: if rule.trigger.is_manual() { None } else { facts },
        inputs: rule.trigger.is_manual().then(|| Shape::schema(&form)),
        steps: rule.walk().into_iter().map(|(_, step)| (step.id.as_str(), step.action.as_deref())).collect(),
        catalogue,
        locals: Vec::new(),
    };
    let mut checker = Checker { catalogue, sandbox, problems: &mut problems };
    checker.matches(rule, &env);
    if let Some(condition) = &rule.condition {
        for (pointer, source) in condition.parts() {
            checker.condition(&format!("/condition{pointer}"), &source, &env);
        }
    }
    for (pointer, source) in rule.policy.keys() {
        checker.expression(pointer, source, &env);
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

/// The variables at one place of a rule.
#[derive(Clone)]
struct Env<'c> {
    /// The event; `None` when nothing is known of it.
    facts: Option<Shape<'c>>,
    inputs: Option<Shape<'c>>,
    /// Step id → its action.
    steps: Vec<(&'c str, Option<&'c str>)>,
    catalogue: &'c Catalogue,
    /// Innermost last. A local without a name spreads its fields as variables.
    locals: Vec<(Option<String>, Shape<'c>)>,
}

impl<'c> Env<'c> {
    fn add_local(&mut self, name: String, shape: Shape<'c>) {
        self.locals.push((Some(name), shape));
    }

    fn with(&self, name: Option<&str>, shape: Shape<'c>) -> Self {
        let mut env = self.clone();
        env.locals.push((name.map(str::to_owned), shape));
        env
    }

    fn is_local(&self, name: &str) -> bool {
        self.locals.iter().any(|(local, _)| local.as_deref() == Some(name))
    }

    /// The shape of a variable, or the names there are.
    fn variable(&self, name: &str) -> Result<Shape<'c>, Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        for (local, shape) in self.locals.iter().rev() {
            match local {
                Some(local) if local == name => return Ok(shape.clone()),
                Some(local) => names.push(local.clone()),
                None if name == "item" => return Ok(shape.clone()),
                None => match shape.field(name) {
                    // Nothing is known of the items, so the name may well be one of their fields.
                    Field::Found(_) if shape.is_any() && !is_given_name(name) => {
                        return Ok(Shape::any());
                    }
                    Field::Found(field) if !shape.is_any() => return Ok(field),
                    Field::Found(_) => {}
                    Field::Missing(fields) => names.extend(fields.into_iter().map(str::to_owned)),
                },
            }
        }
        match name {
            "now" => return Ok(Shape::of(schema::MOMENT)),
            "steps" => return Ok(Shape::of(MAP)),
            "inputs" => return Ok(self.inputs.clone().unwrap_or_else(Shape::any)),
            "body" | "headers" | "query" => return Ok(Shape::any()),
            _ => {}
        }
        let Some(facts) = &self.facts else {
            return if is_given_name(name) { Ok(Shape::any()) } else { Err(given(names)) };
        };
        match facts.field(name) {
            Field::Found(shape) => Ok(shape),
            Field::Missing(_) if UNTYPED.contains(&name) => Ok(Shape::any()),
            Field::Missing(fields) => {
                names.extend(fields.into_iter().map(str::to_owned));
                names.extend(["now", "steps"].map(str::to_owned));
                Err(names)
            }
        }
    }

    fn has_step(&self, id: &str) -> bool {
        self.steps.iter().any(|(step, _)| *step == id)
    }

    fn step_ids(&self) -> impl Iterator<Item = &'c str> {
        self.steps.iter().map(|(id, _)| *id)
    }

    /// What the step's action gives, if the catalogue says it.
    fn output(&self, id: &str) -> Option<Shape<'c>> {
        let (_, action) = self.steps.iter().find(|(step, _)| *step == id)?;
        self.catalogue.outputs.get((*action)?).map(Shape::schema)
    }
}

fn given(mut names: Vec<String>) -> Vec<String> {
    names.extend(GIVEN_NAMES.iter().map(|name| (*name).to_owned()));
    names
}

struct Checker<'p, 'c> {
    catalogue: &'c Catalogue,
    sandbox: &'p Sandbox,
    problems: &'p mut Vec<Problem>,
}

impl<'c> Checker<'_, 'c> {
    /// Every path of the trigger's match leads somewhere, and to a value it can be.
    fn matches(&mut self, rule: &Rule, env: &Env<'c>) {
        let Some(facts) = &env.facts else { return };
        for (path, want) in &rule.trigger.matches {
            let pointer = format!("/trigger/match/{}", pointer_key(path));
            let keys: Vec<&str> = path.split('.').collect();
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
                    self.problems.push(
                        Problem::new("unknown_field", pointer, message).nearest(last, names.iter().map(String::as_str)),
                    );
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
            self.problems.push(Problem::new("wrong_type", pointer, format!("This is a {}.", shape.words())));
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
        self.problems.extend(found.into_iter().map(|problem| place(problem).under(pointer)));
        shape
    }

    fn condition(&mut self, pointer: &str, source: &str, env: &Env<'c>) {
        if let Some(shape) = self.expression(pointer, source, env)
            && shape.kinds & (BOOL | NULL) == 0
        {
            let message = format!("A condition must be true or false; this one is a {}.", shape.words());
            self.problems.push(Problem::new("wrong_type", pointer, message).at(1, 1));
        }
    }

    fn steps(&mut self, pointer: &str, steps: &[Step], env: &Env<'c>) {
        for (index, step) in steps.iter().enumerate() {
            self.step(&format!("{pointer}/{index}"), step, env);
        }
    }

    fn step(&mut self, pointer: &str, step: &Step, env: &Env<'c>) {
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
            Ok(StepKind::Wait(wait)) => {
                if let Some(until) = &wait.until {
                    self.expression(&format!("{pointer}/wait/until"), until, env);
                }
            }
            _ => {}
        }
        if let Some(only_if) = step.retry.as_ref().and_then(|retry| retry.condition.as_ref()) {
            self.condition(&format!("{pointer}/retry/if"), only_if, env);
        }
        for (list, steps) in step.children() {
            // What handles an error is outside the loop.
            let env = if list == "/do" { &inside } else { env };
            self.steps(&format!("{pointer}{list}"), steps, env);
        }
    }

    /// The shape of one item.
    fn for_each(&mut self, pointer: &str, text: &str, env: &Env<'c>) -> Shape<'c> {
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
                    let message = format!("`{}` is a {}, not a list.", expr.source().trim(), shape.words());
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
        self.input(&format!("{pointer}/with"), &with, &Shape::schema(schema), env);
    }

    /// One input, or one level of it, against its schema.
    fn input(&mut self, pointer: &str, value: &Value, wanted: &Shape<'c>, env: &Env<'c>) {
        let given = match value {
            Value::String(text) if text.contains("{{") => self.template(pointer, value, env),
            other => Shape::of(kind_of(other)),
        };
        if !given.is_any() && !wanted.is_any() && !fits(given.kinds, wanted.kinds) {
            let message = format!("A {} is needed here, this is a {}.", wanted.words(), given.words());
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
