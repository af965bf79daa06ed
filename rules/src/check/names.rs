//! Variables and secrets: whether those that a rule names are there, and whether secrets stand only where they may.
//!
//! A secret goes into an input of an action that calls another service, and stands alone in its braces. So what is done
//! with it is known without running anything: it is handed over as it is, and can be recognised wherever it comes back.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{ASTNode, Expr as Ast, Position};
use serde_json::{Value, json};

use super::Env;
use crate::{expression::Expr, problem::Problem, syntax::at_position};

/// Longest name of a variable or secret, in characters.
pub const MAX_NAME: usize = 64;

/// Whether this can be the name of a variable or secret: a letter or `_`, then letters, digits and `_`; ASCII, so that an
/// expression can name it behind a dot.
pub fn is_name(text: &str) -> bool {
    let first = text.chars().next().is_some_and(|letter| letter.is_ascii_alphabetic() || letter == '_');
    first && text.len() <= MAX_NAME && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// The variables and secrets that a rule may name.
#[derive(Debug, Clone)]
pub struct Names {
    /// What `vars` is, as a schema.
    pub(super) variables: Value,
    secrets: BTreeSet<String>,
    /// What is not there in every project that the rule is for: `vars.X`, `secrets.X`.
    partly: BTreeSet<String>,
}

impl Default for Names {
    fn default() -> Self {
        let variables = json!({ "type": "object", "properties": {}, "additionalProperties": true });
        Self { variables, secrets: BTreeSet::new(), partly: BTreeSet::new() }
    }
}

impl Names {
    /// Adds a variable with one of its values; `everywhere` when it has one wherever the rule is at work.
    pub fn add_variable(&mut self, name: &str, value: &Value, everywhere: bool) {
        let schema = json!({ "type": kind(value) });
        let known = &mut self.variables["properties"][name];
        match known["anyOf"].as_array_mut() {
            Some(schemas) => schemas.push(schema),
            None => *known = json!({ "anyOf": [schema] }),
        }
        if !everywhere {
            self.partly.insert(format!("vars.{name}"));
        }
    }

    /// Adds a secret; `everywhere` when it is there wherever the rule is at work.
    pub fn add_secret(&mut self, name: &str, everywhere: bool) {
        self.secrets.insert(name.to_owned());
        if !everywhere {
            self.partly.insert(format!("secrets.{name}"));
        }
    }

    fn variable_names(&self) -> impl Iterator<Item = &str> {
        self.variables["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str())
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether secrets may stand at a place of a rule.
#[derive(Debug, Clone)]
pub(super) enum Secrets {
    /// They may.
    Here,
    /// They may not, because it is this.
    Not(String),
}

/// Looks at the variables and secrets that an expression names; what is wrong goes to `problems`, with empty pointers.
pub(super) fn look(expr: &Expr, env: &Env<'_>, problems: &mut Vec<Problem>) {
    let named: BTreeMap<&str, Vec<&str>> =
        expr.reads().map(|(name, paths)| (name, paths.fields.keys().map(String::as_str).collect())).collect();
    if let Some(fields) = named.get("vars").filter(|_| !env.is_local("vars")) {
        if env.other_event {
            let message = "Variables may not be read in what a wait looks for in other events; compare them in `match`: `{{ vars.NAME }}`.";
            problems.push(at(expr, "vars", None, Problem::new("variable_misplaced", "", message)));
        }
        for name in fields {
            problems.extend(env.names.and_then(|names| variable(expr, names, name)));
        }
    }
    if named.contains_key("secrets") && !env.is_local("secrets") {
        problems.extend(secret(expr, env));
    }
}

fn variable(expr: &Expr, names: &Names, name: &str) -> Option<Problem> {
    let place = |problem| at(expr, "vars", Some(name), problem);
    if names.variables["properties"].get(name).is_none() {
        let message = format!(
            "There is no variable `{name}`, neither in the workspace nor in a project that this rule is for; set it under /variables/{name}."
        );
        return Some(place(Problem::new("no_such_variable", "", message)).nearest(name, names.variable_names()));
    }
    names.partly.contains(&format!("vars.{name}")).then(|| {
        let message = format!(
            "The variable `{name}` is set in some projects only; elsewhere it is null. Set it for the workspace as well."
        );
        place(Problem::new("not_everywhere", "", message)).warning()
    })
}

fn secret(expr: &Expr, env: &Env<'_>) -> Option<Problem> {
    let place = |problem| at(expr, "secrets", None, problem);
    if let Secrets::Not(here) = &env.secrets {
        let message = format!(
            "Secrets may not be read in {here}: they go only into the inputs of actions that call other services, such as a header of `http.request`."
        );
        return Some(place(Problem::new("secret_misplaced", "", message)));
    }
    let Some(name) = alone(expr.source()) else {
        let message =
            "A secret stands alone in its braces: write `{{ secrets.NAME }}`, and the text around it outside of them.";
        return Some(place(Problem::new("secret_not_alone", "", message)));
    };
    let names = env.names?;
    if !names.secrets.contains(name) {
        let message = format!(
            "There is no secret `{name}`, neither in the workspace nor in a project that this rule is for; set it under /secrets/{name}."
        );
        let problem = at(expr, "secrets", Some(name), Problem::new("no_such_secret", "", message));
        return Some(problem.nearest(name, names.secrets.iter().map(String::as_str)));
    }
    names.partly.contains(&format!("secrets.{name}")).then(|| {
        let message = format!(
            "The secret `{name}` is set in some projects only; elsewhere the step fails. Set it for the workspace as well."
        );
        place(Problem::new("not_everywhere", "", message)).warning()
    })
}

/// What is wrong with a script that reads secrets.
pub(super) fn in_script(problem_at: Position, pointer: &str) -> Problem {
    let message = "Secrets may not be read in a script: they go only into the inputs of actions that call other services, such as a header of `http.request`.";
    at_position(Problem::new("secret_misplaced", pointer, message), problem_at)
}

/// The name of the secret, where the expression is that secret and nothing else.
pub(crate) fn alone(source: &str) -> Option<&str> {
    source.trim().strip_prefix("secrets.").filter(|name| is_name(name))
}

/// The problem where the expression names the variable, or a field of it.
fn at(expr: &Expr, variable: &str, field: Option<&str>, problem: Problem) -> Problem {
    let mut found = Position::NONE;
    expr.ast().walk(&mut |path: &[ASTNode]| {
        match (path.last(), field) {
            (Some(ASTNode::Expr(Ast::Variable(known, _, place))), None) if known.1 == variable => found = *place,
            (Some(ASTNode::Expr(Ast::Dot(chain, ..) | Ast::Index(chain, ..))), Some(field)) => {
                if let Ast::Variable(known, ..) = &chain.lhs
                    && known.1 == variable
                    && let Some(place) = first(&chain.rhs, field)
                {
                    found = place;
                }
            }
            _ => {}
        }
        found.is_none()
    });
    at_position(problem, found)
}

/// Where the first link of a chain is this field.
fn first(link: &Ast, field: &str) -> Option<Position> {
    match link {
        Ast::Property(property, place) if property.2 == field => Some(*place),
        Ast::StringConstant(text, place) if text == field => Some(*place),
        Ast::Dot(chain, ..) | Ast::Index(chain, ..) => first(&chain.lhs, field),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_stand_behind_a_dot() {
        for name in ["A", "_a", "DEPLOY_TOKEN_2", &"a".repeat(64)] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "2FA", "a-b", "a.b", "ä", "a b", &"a".repeat(65)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
