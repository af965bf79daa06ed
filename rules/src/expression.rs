//! Expressions: compiled once, evaluated often.

use std::sync::Arc;

use rhai::AST;
use serde_json::Value;

use crate::{
    facts::Vars,
    problem::Problem,
    sandbox::{Mode, Sandbox, value::to_json},
    syntax::{Paths, Reads},
};

/// A compiled expression. Cheap to clone.
#[derive(Clone)]
pub struct Expr(Arc<Inner>);

struct Inner {
    sandbox: Sandbox,
    source: String,
    ast: AST,
    reads: Reads,
}

impl std::fmt::Debug for Expr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Expr({:?})", self.0.source)
    }
}

impl Expr {
    /// Compiles one expression. The problem's line and column are inside `source`; its pointer is empty.
    pub fn compile(sandbox: &Sandbox, source: &str) -> Result<Self, Problem> {
        Self::compile_as(sandbox, source, Mode::Expression)
    }

    fn compile_as(sandbox: &Sandbox, source: &str, mode: Mode) -> Result<Self, Problem> {
        let (ast, reads) = sandbox.compile(source, mode)?;
        Ok(Self(Arc::new(Inner { sandbox: sandbox.clone(), source: source.to_owned(), ast, reads })))
    }

    /// The expression as written.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The variables it uses.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.reads.names.keys().map(String::as_str)
    }

    /// Whether one of its closures has a parameter of this name.
    pub fn has_parameter(&self, name: &str) -> bool {
        self.0.ast.iter_functions().any(|function| function.params.contains(&name))
    }

    /// The variables it uses, with the parts of each.
    pub(crate) fn reads(&self) -> impl Iterator<Item = (&str, &Paths)> {
        self.0.reads.names.iter().map(|(name, paths)| (name.as_str(), paths))
    }

    pub(crate) fn ast(&self) -> &AST {
        &self.0.ast
    }

    /// The value as JSON.
    pub fn eval_json(&self, vars: &Vars) -> Result<Value, Problem> {
        let value = self.0.sandbox.evaluate(&self.0.ast, &self.0.reads, vars)?;
        to_json(&value)
            .map_err(|message| Problem::new("evaluation", "", format!("The value cannot be used: {message}.")))
    }

    /// The value as true or false; null is false, anything else is an error.
    pub fn eval_bool(&self, vars: &Vars) -> Result<bool, Problem> {
        let value = self.0.sandbox.evaluate(&self.0.ast, &self.0.reads, vars)?;
        match value.as_bool() {
            Ok(yes) => Ok(yes),
            Err(_) if value.is_unit() => Ok(false),
            Err(given) => Err(Problem::new(
                "wrong_type",
                "",
                format!("A condition must be true or false; this one is a {}.", crate::sandbox::plain(given)),
            )),
        }
    }
}

/// A compiled script: statements, loops and functions, under the same limits.
#[derive(Debug, Clone)]
pub struct Script(Expr);

impl Script {
    /// Compiles a script.
    pub fn compile(sandbox: &Sandbox, source: &str) -> Result<Self, Problem> {
        Expr::compile_as(sandbox, source, Mode::Script).map(Self)
    }

    /// The variables it uses, its own among them.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.variables()
    }

    pub(crate) fn ast(&self) -> &AST {
        self.0.ast()
    }

    /// Runs it; its value is that of its last statement.
    pub fn run(&self, vars: &Vars) -> Result<Value, Problem> {
        self.0.eval_json(vars)
    }
}
