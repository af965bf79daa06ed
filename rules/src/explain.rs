//! Why a condition does not hold: its parts one by one, with the values that each looked at.
//!
//! The parts are what stands between the outermost `&&`. They are judged for the sake of the answer alone: whether the
//! condition holds is said by the condition as a whole, and where its parts do not come to the same, it is its only part.

use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{expression::Expr, facts::Vars, problem::Problem, quotes, sandbox::Sandbox, syntax::Paths, template};

/// Characters of a value that are shown.
const SHOWN: usize = 300;

/// A part of a condition.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ConditionPart")]
pub struct Part {
    /// As it is written.
    pub expression: String,
    /// Whether it holds; null where it could not be judged.
    pub holds: Option<bool>,
    /// Why it could not be judged, with line and column within the condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What it looked at: path → value at that moment. Long ones are cut.
    pub values: Map<String, Value>,
}

/// A condition taken apart.
#[derive(Debug, Clone)]
pub struct Parts {
    whole: Expr,
    /// With line and column where each begins; only one when it cannot be taken apart.
    parts: Vec<(Expr, u32, u32)>,
}

impl Parts {
    /// Takes a condition apart.
    pub fn of(sandbox: &Sandbox, condition: &Expr) -> Self {
        let source = condition.source();
        let compile = |range: Range<usize>| {
            let text = &source[range.clone()];
            let begins = range.start + text.len() - text.trim_start().len();
            let (line, column) = template::place(source, begins);
            Some((Expr::compile(sandbox, text.trim()).ok()?, line, column))
        };
        let ranges = split(source, 0..source.len());
        let parts = if ranges.len() < 2 { None } else { ranges.into_iter().map(compile).collect::<Option<Vec<_>>>() };
        Self { whole: condition.clone(), parts: parts.unwrap_or_default() }
    }

    /// Judges the condition part by part.
    pub fn judge(&self, vars: &Vars) -> Vec<Part> {
        let whole = self.whole.eval_bool(vars);
        let mut judged = Vec::with_capacity(self.parts.len());
        // What stands behind the part that decides is shown, but would not have been judged: its errors are nobody's.
        let mut decided = false;
        for (expr, line, column) in &self.parts {
            let held = expr.eval_bool(vars).map_err(|problem| template::shift(problem, *line, *column));
            let ends = !matches!(held, Ok(true));
            judged.push(part(expr, held, vars, !decided));
            decided |= ends;
        }
        let agrees = match &whole {
            Ok(holds) => *holds != decided && judged.iter().all(|part| part.error.is_none()),
            Err(_) => judged.iter().any(|part| part.error.is_some()),
        };
        if self.parts.is_empty() || !agrees {
            return vec![part(&self.whole, whole, vars, true)];
        }
        judged
    }

    /// The first part that does not hold, as it is written; the condition as a whole where it cannot be told.
    pub fn first_false(&self, vars: &Vars) -> &str {
        let found = self.parts.iter().find(|(expr, _, _)| !matches!(expr.eval_bool(vars), Ok(true)));
        found.map_or(&self.whole, |(expr, _, _)| expr).source().trim()
    }
}

fn part(expr: &Expr, held: Result<bool, Problem>, vars: &Vars, tells: bool) -> Part {
    let (holds, error) = match held {
        Ok(holds) => (Some(holds), None),
        Err(problem) => (None, tells.then(|| problem.to_string())),
    };
    Part { expression: expr.source().trim().to_owned(), holds, error, values: looked_at(expr, vars) }
}

/// What an expression looks at, by path.
fn looked_at(expr: &Expr, vars: &Vars) -> Map<String, Value> {
    let mut values = Map::new();
    for (name, paths) in expr.reads() {
        if let Some(value) = vars.value(name) {
            gather(name.to_owned(), &value, paths, &mut values);
        }
    }
    values
}

fn gather(path: String, value: &Value, paths: &Paths, values: &mut Map<String, Value>) {
    if paths.whole || paths.fields.is_empty() || !value.is_object() {
        values.insert(path, shown(value));
        return;
    }
    for (name, below) in &paths.fields {
        gather(format!("{path}.{name}"), value.get(name).unwrap_or(&Value::Null), below, values);
    }
}

/// The value, cut where it is long.
fn shown(value: &Value) -> Value {
    let cut = |text: &str| {
        let end = text.char_indices().nth(SHOWN);
        end.map(|(end, _)| Value::String(format!("{}…", &text[..end])))
    };
    let short = match value {
        Value::String(text) => cut(text),
        Value::Array(_) | Value::Object(_) => cut(&value.to_string()),
        _ => None,
    };
    short.unwrap_or_else(|| value.clone())
}

/// The parts of `source[range]` that the outermost `&&` join; itself when something else joins them.
fn split(source: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let range = bare(source, range);
    let (mut parts, mut begins, mut at, mut depth) = (Vec::new(), range.start, range.start, 0_usize);
    while at < range.end {
        let rest = &source[at..range.end];
        match rest.as_bytes()[0] {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            // Binds no closer than `&&`: what it joins are no parts.
            b'|' | b'^' if depth == 0 => return vec![range],
            b'&' if depth == 0 && rest.starts_with("&&") => {
                parts.extend(split(source, begins..at));
                at += 2;
                begins = at;
                continue;
            }
            _ => {}
        }
        at += quotes::token(rest);
    }
    if parts.is_empty() {
        return vec![range];
    }
    parts.extend(split(source, begins..range.end));
    parts
}

/// The range without the space and the brackets around all of it.
fn bare(source: &str, range: Range<usize>) -> Range<usize> {
    let text = &source[range.clone()];
    let begins = range.start + text.len() - text.trim_start().len();
    let ends = begins + text.trim().len();
    let inner = &source[begins..ends];
    if !inner.starts_with('(') || !inner.ends_with(')') || inner[1..inner.len() - 1].trim().is_empty() {
        return begins..ends;
    }
    let (mut at, mut depth) = (0, 0_usize);
    while at < inner.len() {
        match inner.as_bytes()[at] {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += quotes::token(&inner[at..]);
        if depth == 0 && at < inner.len() {
            return begins..ends;
        }
    }
    bare(source, begins + 1..ends - 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Facts;

    fn judge(condition: &str) -> Vec<Part> {
        let sandbox = Sandbox::new();
        let facts =
            json!({ "task": { "priority": "low", "labels": ["a&&b"], "title": "x".repeat(400), "due_at": null } });
        let vars = Vars::new(Facts::from_json(facts).unwrap(), "2026-11-26T09:00:00Z".parse().unwrap());
        Parts::of(&sandbox, &Expr::compile(&sandbox, condition).unwrap()).judge(&vars)
    }

    fn told(condition: &str) -> Vec<(String, Option<bool>)> {
        judge(condition).into_iter().map(|part| (part.expression, part.holds)).collect()
    }

    #[test]
    fn the_parts_are_what_the_outermost_ands_join() {
        let yes = |text: &str| (text.to_owned(), Some(true));
        let no = |text: &str| (text.to_owned(), Some(false));
        for (condition, parts) in [
            ("task.priority == 'low'", vec![yes("task.priority == 'low'")]),
            (
                "task.priority == 'low' && 'a&&b' in task.labels && task.due_at < now",
                vec![yes("task.priority == 'low'"), yes("'a&&b' in task.labels"), no("task.due_at < now")],
            ),
            (
                "(task.priority == 'high') && ((task.title != ()) && (task.due_at == ()))",
                vec![no("task.priority == 'high'"), yes("task.title != ()"), yes("task.due_at == ()")],
            ),
            ("true && false || true", vec![yes("true && false || true")]),
            ("(true || false) && false", vec![yes("true || false"), no("false")]),
            ("!(true && false) && true", vec![yes("!(true && false)"), yes("true")]),
            ("task.labels.any(|l| l == 'x') && true", vec![no("task.labels.any(|l| l == 'x')"), yes("true")]),
        ] {
            assert_eq!(told(condition), parts, "{condition}");
        }
    }

    #[test]
    fn values_are_shown_as_they_were_and_long_ones_are_cut() {
        let parts = judge("task.priority == 'high' && task.title == '' && task.owner.name == ()");
        assert_eq!(parts[0].values, *json!({ "task.priority": "low" }).as_object().unwrap());
        assert_eq!(parts[1].values["task.title"].as_str().unwrap().chars().count(), SHOWN + 1);
        assert_eq!(parts[2].values, *json!({ "task.owner": null }).as_object().unwrap());
        let parts = judge("now > date('2026-01-01T00:00:00Z')");
        assert_eq!(parts[0].values, *json!({ "now": "2026-11-26T09:00:00Z" }).as_object().unwrap());
    }

    #[test]
    fn an_error_has_its_place_in_the_whole_and_one_that_nobody_would_have_met_is_not_told() {
        let parts = judge("task.priority == 'low' &&\n  task.priority.abs() > 1");
        assert!(parts[1].error.as_deref().unwrap().starts_with("line 2, column "), "{parts:?}");
        let parts = judge("task.priority == 'high' && task.priority.abs() > 1");
        assert_eq!((parts.len(), &parts[1].holds, &parts[1].error), (2, &None, &None));
    }
}
