//! What the engine's syntax tree says about an expression before it runs: which paths it reads, and
//! whether it is small and plain enough to be run at all.

use std::collections::BTreeMap;

use rhai::{AST, ASTNode, Expr, Stmt};

use crate::{problem::Problem, sandbox::Mode};

/// Levels of the syntax tree. Evaluating recurses once per level, so this bounds the stack; the
/// parser's own depth limit does not count long chains such as `a + a + a …`.
const MAX_TREE_DEPTH: usize = 96;

/// The parts of a value that an expression reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Paths {
    /// It reads the whole value.
    pub whole: bool,
    /// It reads these fields.
    pub fields: BTreeMap<String, Paths>,
}

impl Paths {
    fn add(&mut self, path: &[&str]) {
        match path {
            _ if self.whole => {}
            [] => {
                self.whole = true;
                self.fields.clear();
            }
            [field, rest @ ..] => self.fields.entry((*field).to_owned()).or_default().add(rest),
        }
    }
}

/// What an expression reads, and whether its closures reach outside themselves.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    /// Variable → the parts of it.
    pub names: BTreeMap<String, Paths>,
    /// Whether a closure uses a variable that is not its own.
    pub captures: bool,
}

/// Reads the tree, or says why it may not run.
pub(crate) fn inspect(ast: &AST, mode: Mode) -> Result<Reads, Problem> {
    let mut walk = Walk { mode, reads: Reads::default(), declared: Vec::new(), captured: Vec::new() };
    let mut problem = None;
    // The engine's walk asks before it goes deeper, and goes into the bodies of functions too.
    ast.walk(&mut |path: &[ASTNode]| {
        let found = path.last().map_or(Ok(()), |node| walk.node(node, path));
        problem = found.err();
        problem.is_none()
    });
    if let Some(problem) = problem {
        return Err(problem);
    }
    // A captured local is shared between closure and script, so it could be made to hold itself and
    // never be freed. Host variables are constants, for them it is harmless.
    if let Some((name, at)) = walk.captured.iter().find(|(name, _)| walk.declared.contains(name)) {
        return Err(at_position(
            Problem::new(
                "forbidden",
                "",
                format!(
                    "A closure cannot use the script's own variable `{name}`, only its parameters and the given variables."
                ),
            ),
            *at,
        ));
    }
    Ok(walk.reads)
}

pub(crate) fn at_position(problem: Problem, at: rhai::Position) -> Problem {
    match (at.line(), at.position()) {
        (Some(line), Some(column)) => problem.at(line as u32, column as u32),
        (Some(line), None) => problem.at(line as u32, 1),
        _ => problem,
    }
}

struct Walk {
    mode: Mode,
    reads: Reads,
    declared: Vec<String>,
    captured: Vec<(String, rhai::Position)>,
}

impl Walk {
    fn node(&mut self, node: &ASTNode, path: &[ASTNode]) -> Result<(), Problem> {
        if path.len() > MAX_TREE_DEPTH {
            let message =
                format!("The expression is nested or chained deeper than {MAX_TREE_DEPTH} levels; shorten it.");
            return Err(at_position(Problem::new("too_deep", "", message), node.position()));
        }
        match node {
            ASTNode::Stmt(stmt) => self.stmt(stmt),
            ASTNode::Expr(expr) => self.expr(expr, path),
            _ => Ok(()),
        }
    }

    fn stmt(&mut self, stmt: &Stmt) -> Result<(), Problem> {
        if let Stmt::Share(names) = stmt {
            self.reads.captures = true;
            self.captured.extend(names.iter().map(|(name, _)| (name.name.to_string(), name.pos)));
        }
        if let Stmt::Var(var, ..) = stmt {
            self.declared.push(var.0.name.to_string());
        }
        if let Stmt::For(each, _) = stmt {
            self.declared.push(each.0.name.to_string());
            self.declared.extend(each.1.iter().map(|counter| counter.name.to_string()));
        }
        let plain = matches!(
            stmt,
            Stmt::Noop(_)
                | Stmt::Expr(_)
                | Stmt::FnCall(..)
                | Stmt::Share(_)
                | Stmt::If(..)
                | Stmt::Switch(..)
                | Stmt::Block(_)
        );
        if self.mode == Mode::Expression && !plain {
            let problem = Problem::new(
                "forbidden",
                "",
                "An expression cannot declare, assign, loop or throw; it only computes a value.",
            );
            return Err(at_position(problem, stmt.position()));
        }
        Ok(())
    }

    fn expr(&mut self, expr: &Expr, path: &[ASTNode]) -> Result<(), Problem> {
        match expr {
            Expr::InterpolatedString(_, at) => {
                let problem = Problem::new(
                    "forbidden",
                    "",
                    "A text with `${…}` is not supported; join texts with `+`, or use `{{ … }}`.",
                );
                Err(at_position(problem, *at))
            }
            Expr::ThisPtr(at) => Err(at_position(Problem::new("forbidden", "", "`this` is not supported."), *at)),
            Expr::Variable(variable, ..) => {
                let name: &str = &variable.1;
                let parents = path.len().saturating_sub(2);
                match path.get(parents) {
                    // The parser passes captured variables to a closure through `curry`; the closure's
                    // body says itself what it reads of them.
                    Some(ASTNode::Expr(Expr::FnCall(call, _))) if path.len() > 1 && call.name == "curry" => {}
                    Some(ASTNode::Expr(Expr::Dot(chain, ..) | Expr::Index(chain, ..)))
                        if path.len() > 1 && std::ptr::eq(&chain.lhs, expr) =>
                    {
                        let Some(ASTNode::Expr(parent)) = path.get(parents) else {
                            return Ok(());
                        };
                        let fields = chain_fields(parent);
                        self.reads.names.entry(name.to_owned()).or_default().add(&fields);
                    }
                    _ => self.reads.names.entry(name.to_owned()).or_default().add(&[]),
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// The field names that surely come next in `a.b["c"].d()`: `b`, `c`.
fn chain_fields(mut chain: &Expr) -> Vec<&str> {
    let mut fields = Vec::new();
    loop {
        let (rhs, dotted, ends) = match chain {
            Expr::Dot(x, flags, _) => (&x.rhs, true, flags),
            Expr::Index(x, flags, _) => (&x.rhs, false, flags),
            _ => return fields,
        };
        // With the flag set the chain ends here; without it `rhs` is the next link of the chain.
        let broken = ends.intersects(rhai::ASTFlags::BREAK);
        let (link, next) = match rhs {
            Expr::Dot(x, ..) | Expr::Index(x, ..) if !broken => (&x.lhs, Some(rhs)),
            other => (other, None),
        };
        match link {
            Expr::Property(property, _) if dotted => fields.push(&*property.2),
            Expr::StringConstant(text, _) if !dotted => fields.push(text),
            _ => return fields,
        }
        match next {
            Some(next) => chain = next,
            None => return fields,
        }
    }
}
