//! Puts values where a template says `params.<name>`.
//!
//! A rule has four kinds of places. In the *rule* itself and in its *data* nothing is ever computed, so a value stands there as it
//! is. A *text* is a template with `{{ … }}`: what could begin an expression in it is written as one constant. An
//! *expression* takes constants of the language.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::parameter::{ParameterType, time};
use super::{RuleTemplate, Values};
use crate::period::Period;
use crate::problem::{Problem, pointer_key};
use crate::{quotes, template};

/// What a value stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The fields of a rule: which they are says what is in them.
    Rule,
    /// Values that are compared or set as they are.
    Data,
    /// Texts with `{{ … }}`.
    Text,
    /// Expressions.
    Expression,
}

/// A rule, and the parameters that it made use of.
pub(super) struct Filled {
    pub rule: Value,
    pub used: BTreeSet<String>,
}

pub(super) fn fill(template: &RuleTemplate, values: &Values) -> Result<Filled, Vec<Problem>> {
    let mut filler = Filler { template, values, used: BTreeSet::new(), problems: Vec::new() };
    let rule = filler.value(&template.rule, Place::Rule, "", "");
    if filler.problems.is_empty() { Ok(Filled { rule, used: filler.used }) } else { Err(filler.problems) }
}

struct Filler<'f> {
    template: &'f RuleTemplate,
    values: &'f Values,
    used: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl Filler<'_> {
    /// `field` is the name of the field that this is the value of.
    fn value(&mut self, value: &Value, place: Place, field: &str, pointer: &str) -> Value {
        match value {
            Value::Object(fields) => {
                let below = |(name, value): (&String, &Value)| {
                    let pointer = format!("{pointer}/{}", pointer_key(name));
                    (name.clone(), self.value(value, inside(place, field, name, value), name, &pointer))
                };
                Value::Object(fields.iter().map(below).collect::<Map<_, _>>())
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.map(|(index, item)| self.value(item, place, field, &format!("{pointer}/{index}"))).collect()
            }
            Value::String(text) => match place {
                Place::Rule | Place::Data => self.as_it_is(text, pointer),
                Place::Text => self.text(text, pointer),
                Place::Expression => Value::String(self.expression(text, pointer)),
            },
            other => other.clone(),
        }
    }

    /// Where nothing is computed.
    fn as_it_is(&mut self, text: &str, pointer: &str) -> Value {
        let pieces = pieces(text);
        if let [Piece::Expr(inside)] = pieces.as_slice()
            && let Some(path) = sole(inside)
        {
            let value = self.look_up(path, pointer).map(|found| found.value).unwrap_or_default();
            if value == "*" {
                let message = "`*` stands for anything here, so it cannot be given; give what is meant.";
                let name = path.split('.').next().unwrap_or(path);
                self.problems.push(Problem::new("parameter", format!("/{name}"), message));
            }
            return value;
        }
        let mut out = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Expr(inside) => match sole(inside).and_then(|path| self.look_up(path, pointer)) {
                    Some(found) => out.push_str(&words(&found.value)),
                    None => out.push_str(&format!("{{{{{inside}}}}}")),
                },
            }
        }
        Value::String(out)
    }

    /// A text with `{{ … }}`.
    fn text(&mut self, text: &str, pointer: &str) -> Value {
        let pieces = pieces(text);
        if let [Piece::Expr(inside)] = pieces.as_slice()
            && let Some(path) = sole(inside)
        {
            return self.look_up(path, pointer).map(|found| guarded(found.value)).unwrap_or_default();
        }
        let mut out = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Expr(inside) => match sole(inside) {
                    Some(path) => {
                        let found = self.look_up(path, pointer).map(|found| words(&found.value)).unwrap_or_default();
                        out.push_str(&within_text(&found));
                    }
                    None => out.push_str(&format!("{{{{{}}}}}", self.expression(inside, pointer))),
                },
            }
        }
        Value::String(out)
    }

    /// An expression, with constants where it says `params.<name>`.
    fn expression(&mut self, source: &str, pointer: &str) -> String {
        let mut out = String::with_capacity(source.len());
        let (mut at, mut before) = (0, ' ');
        while at < source.len() {
            let rest = &source[at..];
            if !is_word(before)
                && before != '.'
                && let Some(path) = rest.strip_prefix("params.").map(leading)
                && !path.is_empty()
            {
                // A function called on the value, as in `params.name.lower()`, is no part of the path.
                let name = path.split('.').next().unwrap_or(path);
                let part = path[name.len()..].strip_prefix('.').filter(|part| matches!(*part, "hour" | "minute"));
                let whole = part.map_or_else(|| name.to_owned(), |part| format!("{name}.{part}"));
                let found = self.look_up(&whole, pointer);
                out.push_str(&found.map(|found| found.constant()).unwrap_or_else(|| "()".to_owned()));
                at += "params.".len() + whole.len();
                before = 'x';
                continue;
            }
            let length = quotes::token(rest);
            out.push_str(&rest[..length]);
            before = rest[..length].chars().next_back().unwrap_or(' ');
            at += length;
        }
        out
    }

    /// The value at `name`, or at `name.hour` and `name.minute` of a time of day.
    fn look_up(&mut self, path: &str, pointer: &str) -> Option<Found> {
        let (name, part) = path.split_once('.').map_or((path, None), |(name, part)| (name, Some(part)));
        let known = self.template.parameters.get(name).zip(self.values.get(name));
        let found = known.and_then(|(parameter, value)| {
            let clock = || value.as_str().and_then(time);
            Some(match part {
                None => Found { kind: parameter.kind, value: value.clone() },
                Some("hour") => Found { kind: ParameterType::Number, value: clock()?.0.into() },
                Some("minute") => Found { kind: ParameterType::Number, value: clock()?.1.into() },
                Some(_) => return None,
            })
        });
        if found.is_some() {
            self.used.insert(name.to_owned());
        } else {
            let message = format!("The template has no parameter `{path}`, or it was given no value.");
            self.problems.push(Problem::new("unknown_parameter", pointer, message));
        }
        found
    }
}

struct Found {
    kind: ParameterType,
    value: Value,
}

impl Found {
    /// The value as a constant of the expression language.
    fn constant(&self) -> String {
        constant(self.kind, &self.value)
    }
}

fn constant(kind: ParameterType, value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(|item| constant(kind, item)).collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => match (kind, text.parse::<Period>()) {
            (ParameterType::Duration, Ok(period)) => format!("seconds({})", period.0.as_secs()),
            _ => quotes::quoted(text),
        },
        // In brackets, so that the minus of a negative one stays its own.
        Value::Number(number) => format!("({number})"),
        Value::Bool(yes) => yes.to_string(),
        Value::Null | Value::Object(_) => "()".to_owned(),
    }
}

/// What the value of a field is, by the field.
fn inside(place: Place, field: &str, name: &str, value: &Value) -> Place {
    if place != Place::Rule {
        return place;
    }
    match (field, name) {
        ("event", "match") => Place::Text,
        (_, "match" | "form") => Place::Data,
        (_, "with" | "message" | "by" | "stop" | "call") => Place::Text,
        // As a tree of comparisons, what is compared with is data.
        (_, "condition") if !value.is_string() => Place::Data,
        (_, "condition" | "if" | "for_each" | "until" | "key" | "script") => Place::Expression,
        _ => Place::Rule,
    }
}

/// A part of a text.
enum Piece<'t> {
    Text(&'t str),
    /// What stands between `{{` and `}}`.
    Expr(&'t str),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some(open) = rest.find("{{") {
        let inside = &rest[open + 2..];
        let Some(length) = template::closing(inside) else { break };
        if open > 0 {
            pieces.push(Piece::Text(&rest[..open]));
        }
        pieces.push(Piece::Expr(&inside[..length]));
        rest = &inside[length + 2..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// The path of a parameter, when an expression is nothing else.
fn sole(inside: &str) -> Option<&str> {
    let path = inside.trim().strip_prefix("params.")?;
    (leading(path).len() == path.len()).then_some(path)
}

/// The path with which a text begins.
fn leading(text: &str) -> &str {
    let end = text.find(|c: char| !is_word(c) && c != '.').unwrap_or(text.len());
    text[..end].trim_end_matches('.')
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// A value as people read it.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A value that is all of a text: no expression begins in it.
fn guarded(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains("{{") => Value::String(format!("{{{{ {} }}}}", quotes::quoted(&text))),
        Value::Array(items) => items.into_iter().map(guarded).collect(),
        other => other,
    }
}

/// A value within a text. A single brace counts, too: another might stand beside it.
fn within_text(text: &str) -> String {
    if text.contains(['{', '}']) { format!("{{{{ {} }}}}", quotes::quoted(text)) } else { text.to_owned() }
}
