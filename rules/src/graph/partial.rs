//! Judges a condition by what is known of an event. Whatever needs more than that, or a function that is not looked into, is
//! unknown: the answer "false" is a proof.

use rhai::{ASTFlags, Expr as Ast, FnCallExpr, Stmt};
use serde_json::Value;

use super::known::Known;
use crate::expression::Expr;

/// What can be said of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    Unknown,
}

impl From<bool> for Truth {
    fn from(truth: bool) -> Self {
        if truth { Self::True } else { Self::False }
    }
}

impl Truth {
    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

/// Whether the condition holds for every event, for none, or for some of which this is known.
pub(super) fn judge(condition: &Expr, known: &Known) -> Truth {
    match condition.ast().statements() {
        [Stmt::Expr(expr)] => truth(expr, known),
        [Stmt::FnCall(call, _)] => called(call, known),
        _ => Truth::Unknown,
    }
}

/// What a condition says must stand at a path, for it to hold: of its parts joined by `&&` those of the form `path == constant`.
pub(super) fn demands(condition: &Expr, note: &mut impl FnMut(&str, &Value) -> bool) -> bool {
    match condition.ast().statements() {
        [Stmt::Expr(expr)] => demanded(expr, note),
        [Stmt::FnCall(call, _)] => demanded_by(call, note),
        _ => true,
    }
}

fn demanded(expr: &Ast, note: &mut impl FnMut(&str, &Value) -> bool) -> bool {
    match expr {
        Ast::And(parts, _) => parts.iter().all(|part| demanded(part, note)),
        Ast::FnCall(call, _) => demanded_by(call, note),
        _ => true,
    }
}

fn demanded_by(call: &FnCallExpr, note: &mut impl FnMut(&str, &Value) -> bool) -> bool {
    let ("==", [one, two]) = (call.name.as_str(), call.args.as_slice()) else { return true };
    match (path(one), constant(two), path(two), constant(one)) {
        (Some(path), Some(value), ..) | (_, _, Some(path), Some(value)) => note(&path, &value),
        _ => true,
    }
}

fn truth(expr: &Ast, known: &Known) -> Truth {
    match expr {
        Ast::And(parts, _) => {
            let mut all = parts.iter().map(|part| truth(part, known));
            all.try_fold(Truth::True, |sum, part| match part {
                Truth::False => Err(Truth::False),
                Truth::Unknown => Ok(Truth::Unknown),
                Truth::True => Ok(sum),
            })
            .unwrap_or(Truth::False)
        }
        Ast::Or(parts, _) => {
            let mut all = parts.iter().map(|part| truth(part, known).not());
            all.try_fold(Truth::True, |sum, part| match part {
                Truth::False => Err(Truth::False),
                Truth::Unknown => Ok(Truth::Unknown),
                Truth::True => Ok(sum),
            })
            .unwrap_or(Truth::False)
            .not()
        }
        Ast::FnCall(call, _) => called(call, known),
        Ast::Stmt(block) => match block.statements() {
            [Stmt::Expr(expr)] => truth(expr, known),
            _ => Truth::Unknown,
        },
        other => match value(other, known) {
            Some(Value::Bool(truth)) => truth.into(),
            Some(Value::Null) => Truth::False,
            // `list.contains(item)`.
            _ => contains(other, known).map_or(Truth::Unknown, Truth::from),
        },
    }
}

fn called(call: &FnCallExpr, known: &Known) -> Truth {
    match (call.name.as_str(), call.args.as_slice()) {
        ("!", [one]) => truth(one, known).not(),
        (name @ ("==" | "!=" | "<" | "<=" | ">" | ">="), [one, two]) => {
            let (Some(one), Some(two)) = (value(one, known), value(two, known)) else { return Truth::Unknown };
            compare(name, &one, &two).map_or(Truth::Unknown, Truth::from)
        }
        ("contains", [list, item]) => holds(value(list, known), value(item, known)).map_or(Truth::Unknown, Truth::from),
        _ => Truth::Unknown,
    }
}

fn compare(name: &str, one: &Value, two: &Value) -> Option<bool> {
    let equal = match (one, two) {
        (Value::Number(one), Value::Number(two)) => one.as_f64() == two.as_f64(),
        _ => one == two,
    };
    match name {
        "==" => return Some(equal),
        "!=" => return Some(!equal),
        _ => {}
    }
    let order = match (one, two) {
        (Value::Number(one), Value::Number(two)) => one.as_f64()?.partial_cmp(&two.as_f64()?)?,
        _ => return None,
    };
    Some(match name {
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    })
}

/// `list.contains(item)`, whose last link is the call.
fn contains(expr: &Ast, known: &Known) -> Option<bool> {
    let (mut links, mut at) = (Vec::new(), expr);
    loop {
        let Ast::Dot(link, flags, _) = at else { return None };
        links.push(name(&link.lhs)?);
        match &link.rhs {
            Ast::MethodCall(call, _) if call.name == "contains" => {
                let [item] = call.args.as_slice() else { return None };
                return holds(known.get(&links.join(".")).cloned(), value(item, known));
            }
            rest @ Ast::Dot(..) if !flags.intersects(ASTFlags::BREAK) => at = rest,
            _ => return None,
        }
    }
}

fn holds(list: Option<Value>, item: Option<Value>) -> Option<bool> {
    match (list?, item?) {
        (Value::Array(items), item) => Some(items.contains(&item)),
        (Value::String(text), Value::String(part)) => Some(text.contains(&part)),
        _ => None,
    }
}

/// What an expression certainly is.
fn value(expr: &Ast, known: &Known) -> Option<Value> {
    constant(expr).or_else(|| known.get(&path(expr)?).cloned())
}

fn constant(expr: &Ast) -> Option<Value> {
    match expr {
        Ast::BoolConstant(truth, _) => Some((*truth).into()),
        Ast::IntegerConstant(number, _) => Some((*number).into()),
        Ast::FloatConstant(number, _) => Some((**number).into()),
        Ast::StringConstant(text, _) => Some(text.as_str().into()),
        Ast::Unit(_) => Some(Value::Null),
        Ast::Array(items, _) => items.iter().map(constant).collect::<Option<Vec<_>>>().map(Value::Array),
        Ast::DynamicConstant(value, _) => rhai::serde::from_dynamic(value).ok(),
        _ => None,
    }
}

/// `task.status` as a path.
fn path(expr: &Ast) -> Option<String> {
    let (mut links, mut at) = (Vec::new(), expr);
    loop {
        match at {
            Ast::Dot(link, flags, _) => {
                links.push(name(&link.lhs)?);
                at = &link.rhs;
                if flags.intersects(ASTFlags::BREAK) && matches!(at, Ast::Dot(..)) {
                    return None;
                }
            }
            last => {
                links.push(name(last)?);
                return Some(links.join("."));
            }
        }
    }
}

fn name(expr: &Ast) -> Option<&str> {
    match expr {
        Ast::Variable(variable, ..) => Some(&variable.1),
        Ast::Property(property, _) => Some(&property.2),
        _ => None,
    }
}
