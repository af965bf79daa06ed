//! What a `for_each` goes over: `subtasks where status != 'completed'`, `body.commits`.

use serde_json::Value;

use crate::{
    expression::Expr,
    facts::Vars,
    problem::Problem,
    quotes,
    sandbox::{MAX_EXPRESSION, Sandbox, meter::Together},
    template,
};

/// Relations of a task or project that the engine can list. A bare one of these names is a
/// relation; everything else is an expression giving a list.
pub const RELATIONS: &[&str] = &["subtasks", "tasks"];

/// A compiled `for_each`.
#[derive(Debug, Clone)]
pub struct ForEach {
    /// Where the items come from.
    pub source: Source,
    /// Which of them: the item's fields are variables.
    pub filter: Option<Expr>,
    /// Column of the filter in the text, from 1.
    pub(crate) filter_column: u32,
}

/// Where the items of a `for_each` come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A relation the engine lists.
    Relation(String),
    /// An expression giving a list.
    Expr(Expr),
}

impl ForEach {
    /// Compiles the text, with the names of the relations there are.
    pub fn compile(sandbox: &Sandbox, text: &str, relations: &[&str]) -> Result<Self, Problem> {
        if text.len() > MAX_EXPRESSION {
            let message = format!("The text has {} bytes; at most {MAX_EXPRESSION} are allowed.", text.len());
            return Err(Problem::new("too_large", "", message));
        }
        let (source, filter) = split(text);
        let name = source.trim();
        let source = if relations.contains(&name) {
            Source::Relation(name.to_owned())
        } else {
            Source::Expr(Expr::compile(sandbox, source).map_err(|problem| {
                // A bare word that is not a variable is most likely a relation misspelt.
                problem.nearest(name, relations.iter().copied())
            })?)
        };
        let mut filter_column = 1;
        let filter = match filter {
            None => None,
            Some((offset, filter)) => {
                filter_column = text[..offset].chars().count() as u32 + 1;
                Some(Expr::compile(sandbox, filter).map_err(|problem| template::shift(problem, 1, filter_column))?)
            }
        };
        Ok(Self { source, filter, filter_column })
    }

    /// Its expressions.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expr> {
        let source = match &self.source {
            Source::Expr(expr) => Some(expr),
            Source::Relation(_) => None,
        };
        source.into_iter().chain(&self.filter)
    }

    /// The items an expression gives; null gives none. For a relation, the engine lists the items
    /// and asks [`ForEach::keep`].
    pub fn items(&self, vars: &Vars) -> Result<Option<Vec<Value>>, Problem> {
        let Source::Expr(expr) = &self.source else {
            return Ok(None);
        };
        match expr.eval_json(vars)? {
            Value::Array(items) => self.keep(vars, items).map(Some),
            Value::Null => Ok(Some(Vec::new())),
            _ => Err(Problem::new("wrong_type", "", format!("`{}` is not a list.", expr.source().trim()))),
        }
    }

    /// The items the filter keeps.
    pub fn keep(&self, vars: &Vars, items: Vec<Value>) -> Result<Vec<Value>, Problem> {
        let Some(filter) = &self.filter else {
            return Ok(items);
        };
        let together = Together::start();
        let mut kept = Vec::new();
        for item in items {
            together.go_on()?;
            let item = std::sync::Arc::new(item);
            let keep = filter
                .eval_bool(&vars.with_fields(item.clone()))
                .map_err(|problem| template::shift(problem, 1, self.filter_column))?;
            if keep {
                kept.push(std::sync::Arc::unwrap_or_clone(item));
            }
        }
        Ok(kept)
    }
}

/// The source, and the filter with its offset, split at the first word `where` outside quotes.
fn split(text: &str) -> (&str, Option<(usize, &str)>) {
    let mut at = 0;
    let mut before = ' ';
    while at < text.len() {
        let rest = &text[at..];
        if before.is_whitespace()
            && let Some(filter) = rest.strip_prefix("where")
            && filter.starts_with(char::is_whitespace)
        {
            return (&text[..at], Some((text.len() - filter.len(), filter)));
        }
        let length = quotes::token(rest);
        before = rest[..length].chars().next_back().unwrap_or(' ');
        at += length;
    }
    (text, None)
}
