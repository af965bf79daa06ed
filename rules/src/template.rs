//! Values with `{{ expression }}` in their strings.
//!
//! A string that is nothing but one expression takes the expression's value with its type; otherwise
//! the values are written into the text. `{{ "{{" }}` writes two braces.

use serde_json::{Map, Value};

use crate::{
    expression::Expr,
    facts::Vars,
    problem::{Problem, pointer_key},
    quotes,
    sandbox::{MAX_EXPRESSION, Sandbox, meter::Together},
};

/// Bytes of one text a template makes.
const MAX_RENDERED: usize = 64 * 1024;

/// A compiled template.
#[derive(Debug, Clone)]
pub enum Template {
    /// Holds no expression.
    Plain(Value),
    /// The whole string is one expression; the value keeps its type.
    Typed(Placed),
    /// Text with expressions in it.
    Text(Vec<Piece>),
    /// A list holding templates.
    List(Vec<Template>),
    /// An object holding templates.
    Fields(Vec<(String, Template)>),
}

/// A part of a text with expressions.
#[derive(Debug, Clone)]
pub enum Piece {
    /// Text as it is.
    Text(String),
    /// An expression.
    Expr(Placed),
}

/// An expression and where in its string it begins.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The expression.
    pub expr: Expr,
    /// Line of its first character in the string, from 1.
    pub line: u32,
    /// Column of it, from 1.
    pub column: u32,
}

impl Placed {
    fn eval(&self, vars: &Vars, together: &Together) -> Result<Value, Problem> {
        together.go_on().and_then(|()| self.expr.eval_json(vars)).map_err(|problem| self.place(problem))
    }

    /// Turns a place inside the expression into a place inside the string.
    pub(crate) fn place(&self, problem: Problem) -> Problem {
        shift(problem, self.line, self.column)
    }
}

pub(crate) fn shift(mut problem: Problem, line: u32, column: u32) -> Problem {
    if let (Some(inner_line), Some(inner_column)) = (problem.line, problem.column) {
        problem.line = Some(inner_line + line - 1);
        problem.column = Some(if inner_line == 1 { inner_column + column - 1 } else { inner_column });
    } else {
        problem.line = Some(line);
        problem.column = Some(column);
    }
    problem
}

impl Template {
    /// Compiles every string in `value`. Pointers of the problems lead into `value`.
    pub fn compile(sandbox: &Sandbox, value: &Value) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let template = compile(sandbox, value, &mut String::new(), &mut problems);
        if problems.is_empty() { Ok(template) } else { Err(problems) }
    }

    /// Compiles one string.
    pub fn text(sandbox: &Sandbox, text: &str) -> Result<Self, Problem> {
        string(sandbox, text)
    }

    /// The value with every expression evaluated. The problem's pointer leads into the value.
    pub fn render(&self, vars: &Vars) -> Result<Value, Problem> {
        self.render_within(vars, &Together::start())
    }

    fn render_within(&self, vars: &Vars, together: &Together) -> Result<Value, Problem> {
        match self {
            Self::Plain(value) => Ok(value.clone()),
            Self::Typed(placed) => placed.eval(vars, together),
            Self::Text(pieces) => text(pieces, vars, together).map(Value::String),
            Self::List(items) => {
                let items = items.iter().enumerate();
                items
                    .map(|(index, item)| {
                        item.render_within(vars, together).map_err(|problem| problem.under(&format!("/{index}")))
                    })
                    .collect::<Result<_, _>>()
                    .map(Value::Array)
            }
            Self::Fields(fields) => {
                let fields = fields.iter().map(|(name, value)| {
                    let value = value
                        .render_within(vars, together)
                        .map_err(|problem| problem.under(&format!("/{}", pointer_key(name))))?;
                    Ok((name.clone(), value))
                });
                fields.collect::<Result<Map<_, _>, _>>().map(Value::Object)
            }
        }
    }

    /// Every expression with the pointer that leads to its string.
    pub fn expressions(&self) -> Vec<(String, &Placed)> {
        fn go<'t>(template: &'t Template, pointer: &str, out: &mut Vec<(String, &'t Placed)>) {
            match template {
                Template::Plain(_) => {}
                Template::Typed(placed) => out.push((pointer.to_owned(), placed)),
                Template::Text(pieces) => out.extend(pieces.iter().filter_map(|piece| match piece {
                    Piece::Expr(placed) => Some((pointer.to_owned(), placed)),
                    Piece::Text(_) => None,
                })),
                Template::List(items) => {
                    items.iter().enumerate().for_each(|(index, item)| go(item, &format!("{pointer}/{index}"), out))
                }
                Template::Fields(fields) => {
                    fields.iter().for_each(|(name, value)| go(value, &format!("{pointer}/{}", pointer_key(name)), out));
                }
            }
        }
        let mut out = Vec::new();
        go(self, "", &mut out);
        out
    }
}

fn compile(sandbox: &Sandbox, value: &Value, pointer: &mut String, problems: &mut Vec<Problem>) -> Template {
    let mut below = |key: &str, value: &Value| {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(&pointer_key(key));
        let template = compile(sandbox, value, pointer, problems);
        pointer.truncate(length);
        template
    };
    match value {
        Value::String(text) => match string(sandbox, text) {
            Ok(template) => template,
            Err(problem) => {
                problems.push(problem.under(pointer));
                Template::Plain(Value::Null)
            }
        },
        Value::Array(items) => {
            let items: Vec<_> = items.iter().enumerate().map(|(index, item)| below(&index.to_string(), item)).collect();
            if items.iter().all(|item| matches!(item, Template::Plain(_))) {
                Template::Plain(value.clone())
            } else {
                Template::List(items)
            }
        }
        Value::Object(fields) => {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (name.clone(), below(name, value))).collect();
            if fields.iter().all(|(_, value)| matches!(value, Template::Plain(_))) {
                Template::Plain(value.clone())
            } else {
                Template::Fields(fields)
            }
        }
        other => Template::Plain(other.clone()),
    }
}

fn string(sandbox: &Sandbox, text: &str) -> Result<Template, Problem> {
    if !text.contains("{{") {
        return Ok(Template::Plain(Value::String(text.to_owned())));
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find("{{") {
        if open > 0 {
            pieces.push(Piece::Text(rest[..open].to_owned()));
        }
        let inside = &rest[open + 2..];
        let (line, column) = place(text, text.len() - inside.len());
        let Some(length) = closing(inside) else {
            let message = "`{{` is not closed, or what it opens is too long; write `}}` after the expression, or `{{ \"{{\" }}` for the braces themselves.";
            return Err(Problem::new("syntax", "", message).at(line, column.saturating_sub(2).max(1)));
        };
        let expr = Expr::compile(sandbox, &inside[..length]).map_err(|problem| shift(problem, line, column))?;
        pieces.push(Piece::Expr(Placed { expr, line, column }));
        rest = &inside[length + 2..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    match <[Piece; 1]>::try_from(pieces) {
        Ok([Piece::Expr(placed)]) => Ok(Template::Typed(placed)),
        Ok(pieces) => Ok(Template::Text(pieces.into())),
        Err(pieces) => Ok(Template::Text(pieces)),
    }
}

/// Where the expression ends: the first `}}` outside quotes and outside braces of its own.
pub(crate) fn closing(inside: &str) -> Option<usize> {
    // No further than an expression may be long: looking for the end of a quote costs what is left.
    let inside = &inside[..inside.floor_char_boundary(MAX_EXPRESSION + 2)];
    let mut at = 0;
    let mut open = 0_usize;
    while at < inside.len() {
        let rest = &inside[at..];
        if open == 0 && rest.starts_with("}}") {
            return Some(at);
        }
        match rest.as_bytes()[0] {
            b'{' => open += 1,
            b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        at += quotes::token(rest);
    }
    None
}

/// Line and column, from 1, of the byte at `offset`.
pub(crate) fn place(text: &str, offset: usize) -> (u32, u32) {
    let before = &text[..offset];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    (line as u32, column as u32)
}

fn text(pieces: &[Piece], vars: &Vars, together: &Together) -> Result<String, Problem> {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Expr(placed) => match placed.eval(vars, together)? {
                Value::Null => {}
                Value::String(text) => out.push_str(&text),
                // Lists and objects in a sentence are read by people; JSON is what they can still read.
                other => out.push_str(&other.to_string()),
            },
        }
        if out.len() > MAX_RENDERED {
            return Err(Problem::new("too_large", "", format!("The text grows longer than {MAX_RENDERED} bytes.")));
        }
    }
    Ok(out)
}
