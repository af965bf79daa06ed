//! Walks an expression's syntax tree and finds fields that are not there and values that cannot be
//! compared. What it does not know it lets pass: it must never refuse a rule that would run.

use std::collections::BTreeSet;

use rhai::{AST, ASTFlags, ASTNode, Expr as Ast, FnCallExpr, FnPtr, Position, Stmt};

use super::{
    Env,
    schema::{BOOL, Field, LIST, MAP, MOMENT, NULL, NUMBER, SPAN, Shape, TEXT, comparable},
};
use crate::{expression::Expr, problem::Problem, sandbox::FUNCTIONS, syntax::at_position};

/// What the engine can read of a value besides its fields.
const PROPERTIES: &[&str] = &[
    "len", "first", "last", "year", "month", "day", "hour", "minute", "weekday", "date", "days", "hours", "minutes",
    "seconds",
];

/// The shape of an expression's value; what is wrong in it goes to `problems`, with empty pointers.
pub(super) fn infer<'c>(expr: &Expr, env: &Env<'c>, problems: &mut Vec<Problem>) -> Shape<'c> {
    let mut walk = Inference { expr, env: env.clone(), problems };
    walk.statements(expr.ast().statements())
}

struct Inference<'c, 'p> {
    expr: &'p Expr,
    env: Env<'c>,
    problems: &'p mut Vec<Problem>,
}

impl<'c> Inference<'c, '_> {
    fn say(&mut self, code: &str, at: Position, message: String) -> &mut Problem {
        let index = self.problems.len();
        self.problems.push(at_position(Problem::new(code, "", message), at));
        &mut self.problems[index]
    }

    fn statements(&mut self, statements: &[Stmt]) -> Shape<'c> {
        let mut shape = Shape::of(NULL);
        for statement in statements {
            shape = self.statement(statement);
        }
        shape
    }

    fn statement(&mut self, statement: &Stmt) -> Shape<'c> {
        match statement {
            Stmt::Expr(expr) => self.expr(expr),
            Stmt::FnCall(call, at) => self.call(call, *at),
            Stmt::Block(block) => self.statements(block.statements()),
            Stmt::If(parts, _) => {
                self.truth(&parts.expr);
                let then = self.statements(parts.body.statements());
                then.or(self.statements(parts.branch.statements()))
            }
            Stmt::Noop(_) | Stmt::Share(_) => Shape::of(NULL),
            _ => Shape::any(),
        }
    }

    fn expr(&mut self, expr: &Ast) -> Shape<'c> {
        match expr {
            Ast::BoolConstant(..) => Shape::of(BOOL),
            Ast::IntegerConstant(..) | Ast::FloatConstant(..) => Shape::of(NUMBER),
            Ast::StringConstant(text, at) => Shape::of(TEXT).written(vec![(text.to_string(), *at)]),
            Ast::CharConstant(..) => Shape::of(TEXT),
            Ast::Unit(_) => Shape::of(NULL),
            Ast::Array(items, _) => {
                let shapes: Vec<_> = items.iter().map(|item| self.expr(item)).collect();
                let literals = shapes.iter().flat_map(|shape| shape.literals.clone()).collect();
                let item = shapes.into_iter().reduce(Shape::or).unwrap_or_else(Shape::any);
                Shape::list(item).written(literals)
            }
            Ast::Map(fields, _) => {
                for (_, value) in &fields.0 {
                    self.expr(value);
                }
                Shape::of(MAP)
            }
            Ast::Variable(variable, _, at) => self.variable(&variable.1, *at),
            Ast::Dot(..) | Ast::Index(..) => self.chain(expr),
            Ast::FnCall(call, at) => self.call(call, *at),
            Ast::And(parts, _) | Ast::Or(parts, _) => {
                for part in parts.iter() {
                    self.truth(part);
                }
                Shape::of(BOOL)
            }
            Ast::Coalesce(parts, _) => {
                let shapes: Vec<_> = parts.iter().map(|part| self.expr(part)).collect();
                shapes.into_iter().reduce(Shape::or).unwrap_or_else(Shape::any)
            }
            Ast::Stmt(block) => self.statements(block.statements()),
            _ => Shape::any(),
        }
    }

    /// An operand of `&&`, `||`, `!` or `if`.
    fn truth(&mut self, expr: &Ast) {
        let shape = self.expr(expr);
        if shape.kinds & (BOOL | NULL) == 0 {
            self.say("wrong_type", start(expr), format!("This must be true or false, it is {}.", shape.some()));
        }
    }

    fn variable(&mut self, name: &str, at: Position) -> Shape<'c> {
        match self.env.variable(name) {
            Ok(shape) => shape,
            Err(names) => {
                let message = format!("There is no variable `{name}` here.{}", self.env.hint(name));
                let problem = self.say("unknown_variable", at, message);
                *problem = problem.clone().nearest(name, names.iter().map(String::as_str));
                Shape::any()
            }
        }
    }

    /// `a.b[c].d(e)`: link by link.
    fn chain(&mut self, expr: &Ast) -> Shape<'c> {
        let (Ast::Dot(first, ..) | Ast::Index(first, ..)) = expr else {
            return self.expr(expr);
        };
        let mut steps_of =
            matches!(&first.lhs, Ast::Variable(variable, ..) if variable.1 == "steps" && !self.env.is_local("steps"));
        let mut path = match &first.lhs {
            Ast::Variable(variable, ..) => variable.1.to_string(),
            _ => "the value".to_owned(),
        };
        let mut shape = self.expr(&first.lhs);
        // The step whose `output` may come next.
        let mut step: Option<String> = None;
        let mut chain = expr;
        loop {
            let (rhs, dotted, flags) = match chain {
                Ast::Dot(x, flags, _) => (&x.rhs, true, flags),
                Ast::Index(x, flags, _) => (&x.rhs, false, flags),
                _ => return shape,
            };
            let (link, next) = match rhs {
                Ast::Dot(x, ..) | Ast::Index(x, ..) if !flags.intersects(ASTFlags::BREAK) => (&x.lhs, Some(rhs)),
                other => (other, None),
            };
            let after = step.take();
            shape = match link {
                Ast::Property(property, _) if dotted && property.2 == "output" && after.is_some() => {
                    let output = after.and_then(|id| self.env.output(&id));
                    // A step that did not run, or failed, has none.
                    output.map_or_else(Shape::any, |shape| shape.or(Shape::of(NULL)))
                }
                Ast::Property(property, at) if dotted && steps_of => self.step(&property.2, *at),
                Ast::Property(property, at) if dotted => self.field(&shape, &path, &property.2, *at),
                Ast::MethodCall(call, at) if dotted => self.function(call, *at, Some(shape)),
                Ast::StringConstant(name, at) if !dotted && steps_of => self.step(name, *at),
                Ast::StringConstant(name, at) if !dotted => self.field(&shape, &path, name, *at),
                index => {
                    let index = self.expr(index);
                    if shape.kinds & LIST != 0 && index.kinds & NUMBER != 0 { shape.items() } else { Shape::any() }
                }
            };
            if steps_of && let Ast::Property(property, _) = link {
                step = Some(property.2.to_string());
            }
            steps_of = false;
            if let Ast::Property(property, _) = link {
                path = format!("{path}.{}", property.2);
            }
            match next {
                Some(next) => chain = next,
                None => return shape,
            }
        }
    }

    fn step(&mut self, id: &str, at: Position) -> Shape<'c> {
        if self.env.has_step(id) {
            return Shape::any();
        }
        let names: Vec<String> = self.env.step_ids().map(str::to_owned).collect();
        if self.env.beside.contains(&id) {
            let message =
                format!("`{id}` stands in a branch beside this one, which does not see it; use it after `parallel`.");
            self.say("unknown_step", at, message);
            return Shape::any();
        }
        let problem = self.say("unknown_step", at, format!("There is no step `{id}`."));
        *problem = problem.clone().nearest(id, names.iter().map(String::as_str));
        Shape::any()
    }

    fn field(&mut self, shape: &Shape<'c>, path: &str, name: &str, at: Position) -> Shape<'c> {
        // Of what is only ever null every field is null.
        if shape.kinds == NULL {
            return Shape::of(NULL);
        }
        match (shape.field(name), name) {
            (Field::Found(shape), _) => shape,
            (Field::Missing(_), "len") if shape.kinds & (TEXT | LIST) != 0 => Shape::of(NUMBER),
            (Field::Missing(_), "first" | "last") if shape.kinds & LIST != 0 => shape.items().or(Shape::of(NULL)),
            (Field::Missing(_), "weekday" | "date") if shape.kinds & MOMENT != 0 => Shape::of(TEXT),
            (Field::Missing(_), name) if shape.kinds & (MOMENT | SPAN) != 0 && PROPERTIES.contains(&name) => {
                Shape::of(NUMBER)
            }
            (Field::Missing(names), name) => {
                let message = if shape.kinds & MAP == 0 {
                    format!("`{path}` is {} and has no field `{name}`.", shape.some())
                } else {
                    format!("`{path}` has no field `{name}`.")
                };
                let problem = self.say("unknown_field", at, message);
                *problem = problem.clone().nearest(name, names);
                Shape::any()
            }
        }
    }

    fn call(&mut self, call: &FnCallExpr, at: Position) -> Shape<'c> {
        match (call.name.as_str(), call.args.as_slice()) {
            ("!", [one]) => {
                self.truth(one);
                Shape::of(BOOL)
            }
            ("==" | "!=" | "<" | "<=" | ">" | ">=", [one, two]) => {
                let (first, second) = (self.expr(one), self.expr(two));
                self.compare(&first, &second, at);
                Shape::of(BOOL)
            }
            ("+", [one, two]) => {
                let (one, two) = (self.expr(one), self.expr(two));
                match (one.kinds & !NULL, two.kinds & !NULL) {
                    (NUMBER, NUMBER) => Shape::of(NUMBER | ((one.kinds | two.kinds) & NULL)),
                    (SPAN, SPAN) => Shape::of(SPAN),
                    (MOMENT | TEXT, SPAN) | (SPAN, MOMENT) => Shape::of(MOMENT | NULL),
                    (TEXT, TEXT | NUMBER | BOOL) | (NUMBER | BOOL, TEXT) => Shape::of(TEXT),
                    _ => Shape::any(),
                }
            }
            ("-" | "*" | "/" | "%" | "**", args) => {
                let mut numbers = true;
                for arg in args {
                    let shape = self.expr(arg);
                    numbers &= shape.kinds & !NULL == NUMBER;
                    if shape.kinds & (NUMBER | MOMENT | SPAN | TEXT | NULL) == 0 {
                        self.say(
                            "wrong_type",
                            start(arg),
                            format!("`{}` does not work with {}.", call.name, shape.some()),
                        );
                    }
                }
                if numbers { Shape::of(NUMBER) } else { Shape::any() }
            }
            _ => self.function(call, at, None),
        }
    }

    /// Whether two values can ever be equal, and whether a text is one of those there are.
    fn compare(&mut self, one: &Shape<'c>, two: &Shape<'c>, at: Position) {
        if !comparable(one.kinds, two.kinds) {
            self.say(
                "wrong_type",
                at,
                format!("A {} is compared with a {}; they are never equal.", one.words(), two.words()),
            );
            return;
        }
        self.constants(one, two);
        self.constants(two, one);
    }

    fn constants(&mut self, field: &Shape<'c>, written: &Shape<'c>) {
        if field.constants.is_empty() || !field.literals.is_empty() {
            return;
        }
        for (literal, at) in &written.literals {
            if !field.constants.contains(&literal.as_str()) {
                let words = field.constants.join("`, `");
                let constants = field.constants.clone();
                if field.usual {
                    let message = format!("`{literal}` is none of the usual `{words}`; some project must have it.");
                    let problem = self.say("unusual_constant", *at, message);
                    *problem = problem.clone().nearest(literal, constants).warning();
                    continue;
                }
                let message = format!("It is never `{literal}`; it is one of `{words}`.");
                let problem = self.say("unknown_constant", *at, message);
                *problem = problem.clone().nearest(literal, constants);
            }
        }
    }

    /// A function, or a method when there is a `subject`.
    fn function(&mut self, call: &FnCallExpr, at: Position, subject: Option<Shape<'c>>) -> Shape<'c> {
        let name = call.name.as_str();
        if !FUNCTIONS.contains(&name) {
            if name.starts_with(|c: char| c.is_ascii_alphabetic()) && name != "curry" {
                let problem = self.say("unknown_function", at, format!("There is no function `{name}`."));
                *problem = problem.clone().nearest(name, FUNCTIONS.iter().copied());
            }
            for arg in &call.args {
                if name != "curry" {
                    self.expr(arg);
                }
            }
            return Shape::any();
        }
        let mut args: Vec<Shape<'c>> = subject.into_iter().collect();
        for arg in &call.args {
            let shape = match closure(arg) {
                Some(closure) => self.closure(&closure, args.first().map_or_else(Shape::any, Shape::items)),
                None => self.expr(arg),
            };
            args.push(shape);
        }
        let first = args.first().cloned().unwrap_or_else(Shape::any);
        match name {
            "contains" => {
                if let (LIST, Some(item)) = (first.kinds & !NULL, args.get(1)) {
                    // `x in [..]`: the texts written in the list are what `x` is compared with.
                    let within = first.items().written(first.literals.clone());
                    if comparable(within.kinds, item.kinds) {
                        self.constants(item, &within);
                        self.constants(&within, item);
                    } else {
                        self.say(
                            "wrong_type",
                            at,
                            format!("A list of {} never holds a {}.", within.words(), item.words()),
                        );
                    }
                }
                Shape::of(BOOL)
            }
            "any" | "all" | "starts_with" | "ends_with" | "is_empty" => Shape::of(BOOL),
            "count" | "len" => Shape::of(NUMBER),
            "lower" | "upper" | "trim" | "to_lower" | "to_upper" => Shape::of(TEXT | (first.kinds & NULL)),
            "sub_string" | "join" | "replace" | "to_string" | "type_of" => Shape::of(TEXT),
            "split" | "lines" | "task_keys" | "keys" => Shape::list(Shape::of(TEXT)),
            "task_key" => Shape::of(TEXT | NULL),
            "days" | "hours" | "minutes" | "seconds" | "weeks" => Shape::of(SPAN),
            "date" => Shape::of(MOMENT | (first.kinds & NULL)),
            "filter" => first.written(Vec::new()),
            "first" | "last" | "find" => first.items().or(Shape::of(NULL)),
            "map" => Shape::list(args.pop().unwrap_or_else(Shape::any)),
            "abs" | "round" | "floor" | "ceil" | "to_int" | "to_float" | "sum" => {
                Shape::of(NUMBER | (first.kinds & NULL))
            }
            "default" => match args.pop() {
                Some(other) if args.len() == 1 => first.or(other),
                _ => Shape::any(),
            },
            _ => Shape::any(),
        }
    }

    /// The value of a closure called with an item of this shape.
    fn closure(&mut self, name: &str, item: Shape<'c>) -> Shape<'c> {
        let ast = self.expr.ast();
        let Some((params, found)) = ast
            .iter_functions()
            .find(|function| function.name == name)
            .map(|function| (function.params.clone(), function.name))
        else {
            return Shape::any();
        };
        let lib: &rhai::Module = ast.as_ref();
        // Captured variables come first, the item is last; they keep their names and so their shapes.
        let (Some(definition), Some(param)) = (lib.get_script_fn(found, params.len()), params.last()) else {
            return Shape::any();
        };
        let begins = definition.body.start_position();
        // The tree's walk gives the first statement of each function; ours is the first one from where
        // the function's body begins.
        let mut first: Option<Position> = None;
        ast.walk(&mut |path: &[ASTNode]| {
            if let [ASTNode::Stmt(statement)] = path {
                let at = statement.position();
                if at >= begins && first.is_none_or(|first| at < first) {
                    first = Some(at);
                }
            }
            true
        });
        let mut shape = Shape::any();
        let outer = self.env.clone();
        self.env.add_local((*param).to_owned(), item);
        ast.walk(&mut |path: &[ASTNode]| {
            if let [ASTNode::Stmt(statement)] = path
                && Some(statement.position()) == first
            {
                shape = self.statement(statement);
            }
            true
        });
        self.env = outer;
        shape
    }
}

/// The name of the closure that stands here, captured variables or not.
fn closure(expr: &Ast) -> Option<String> {
    match expr {
        Ast::DynamicConstant(value, _) => {
            (**value).clone().try_cast::<FnPtr>().map(|closure| closure.fn_name().to_owned())
        }
        Ast::FnCall(call, _) if call.name == "curry" => closure(call.args.first()?),
        Ast::Stmt(block) => block.statements().iter().find_map(|statement| match statement {
            Stmt::Expr(expr) => closure(expr),
            Stmt::FnCall(call, _) if call.name == "curry" => closure(call.args.first()?),
            _ => None,
        }),
        _ => None,
    }
}

/// The variables that a script uses and does not declare itself, each with its first place.
pub(super) fn outside(ast: &AST) -> Vec<(String, Position)> {
    let mut own = BTreeSet::new();
    for function in ast.iter_functions() {
        own.extend(function.params.iter().map(|name| (*name).to_owned()));
    }
    let mut used: Vec<(String, Position)> = Vec::new();
    ast.walk(&mut |path: &[ASTNode]| {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::Var(var, ..))) => drop(own.insert(var.0.name.to_string())),
            Some(ASTNode::Stmt(Stmt::For(each, _))) => {
                own.insert(each.0.name.to_string());
                own.extend(each.1.iter().map(|counter| counter.name.to_string()));
            }
            Some(ASTNode::Stmt(Stmt::TryCatch(both, _))) => {
                if let Ast::Variable(name, ..) = &both.expr {
                    own.insert(name.1.to_string());
                }
            }
            Some(ASTNode::Expr(Ast::Variable(variable, _, at)))
                if !used.iter().any(|(name, _)| *name == variable.1) =>
            {
                used.push((variable.1.to_string(), *at));
            }
            _ => {}
        }
        true
    });
    used.retain(|(name, _)| !own.contains(name));
    used
}

/// Where an expression begins.
fn start(expr: &Ast) -> Position {
    expr.start_position()
}
