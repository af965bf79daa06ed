//! `custom` in lists of tasks: filters and orders by fields that projects define, and exact matches on what others hold.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::select::Statement;
use crate::Result;
use crate::db::{Kind, Value};
use crate::fields::{Comparison, Lookup};

/// Parts the values of several fields in one column of a row. No value holds it.
pub(super) const SEPARATOR: char = '\u{1f}';

fn text(text: impl Into<String>) -> Value<'static> {
    Value::Text(Cow::Owned(text.into()))
}

/// Adds the condition that the field stands to `given` as it should.
pub(super) fn filter(
    statement: &mut Statement<'_>,
    lookup: &Lookup,
    key: &str,
    comparison: Comparison,
    given: &str,
) -> Result<()> {
    match comparison {
        Comparison::Equal if lookup.knows(key) => {
            let ords = lookup.equal(key, given)?;
            statement.push(" and (id in (select f.task_id from field_values f where f.workspace_id = $1 and f.key = ");
            statement.bind(text(key)).push(" and f.ord = any(");
            statement.bind(Value::List(Kind::Text, ords.into_iter().map(text).collect())).push(")) or ");
            exactly(statement, key, given);
            statement.push(")");
        }
        Comparison::Equal => {
            statement.push(" and ");
            exactly(statement, key, given);
        }
        Comparison::Side(operator) => {
            let ranges = lookup.side(key, operator, given)?;
            statement.push(" and id in (select f.task_id from field_values f where f.workspace_id = $1 and f.key = ");
            statement.bind(text(key)).push(" and (");
            for (at, range) in ranges.into_iter().enumerate() {
                statement.push(if at == 0 { "(f.ord " } else { " or (f.ord " }).push(range.operator).push(" ");
                statement.bind(text(range.bound)).push(" and f.ord >= ").bind(text(range.from));
                statement.push(" and f.ord < ").bind(text(range.to)).push(")");
            }
            statement.push("))");
        }
    }
    Ok(())
}

/// Compared as JSON text, because `->>` gives 1 on one database and 'true' on the other.
fn exactly(statement: &mut Statement<'_>, key: &str, given: &str) {
    statement.push("cast(custom -> ").bind(text(key)).push(" as text) in (").bind(text(given));
    statement.push(", ").bind(text(Json::String(given.to_owned()).to_string())).push(")");
}

/// The column that a field is ordered by: of several values the first.
pub(super) fn column(statement: &mut Statement<'_>, key: &str) {
    statement.push("(select min(f.ord) from field_values f where f.task_id = tasks.id and f.key = ");
    statement.bind(text(key)).push(")");
}

/// What these fields are ordered by, in one column.
pub(super) fn columns(statement: &mut Statement<'_>, keys: &[String]) {
    for (at, key) in keys.iter().enumerate() {
        if at > 0 {
            statement.push(" || ").bind(text(SEPARATOR)).push(" || ");
        }
        statement.push("coalesce(");
        column(statement, key);
        statement.push(", '')");
    }
}

/// The values that [`columns`] put into one text, as a cursor keeps them.
pub(super) fn parted(text: &str) -> Vec<Json> {
    text.split(SEPARATOR).map(|ord| if ord.is_empty() { Json::Null } else { ord.into() }).collect()
}
