//! `custom` in lists of tasks: filters and orders by fields that projects define, and exact matches on what others hold.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::query::{Filter, TaskQuery};
use super::select::Statement;
use crate::access::Reach;
use crate::db::{Kind, Rx, Value};
use crate::fields::{self, Comparison, Lookup, invalid};
use crate::ids::WorkspaceId;
use crate::{Error, Result};

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

/// Refuses an order, or a side of a value, by what no project defines: only a field has an order.
pub(super) async fn refuse_without_order(
    rx: &mut Rx,
    workspace: WorkspaceId,
    reach: Option<&Reach>,
    query: &TaskQuery,
    lookup: &Lookup,
) -> Result<()> {
    if let Some(key) = query.sort_fields.iter().find(|key| !lookup.knows(key)) {
        let near = near(rx, workspace, reach, key).await?;
        let detail = format!("`sort` does not know `custom.{key}`: no project defines a field with this key{near}");
        return Err(Error::invalid("invalid_parameter", detail));
    }
    for filter in &query.filters {
        if let Filter::Custom(key, Comparison::Side(_), _) = filter
            && !lookup.knows(key)
        {
            let near = near(rx, workspace, reach, key).await?;
            return Err(invalid(key, format!("is no field that a project defines, so it has no order{near}")));
        }
    }
    Ok(())
}

/// Refuses a filter by what no project defines and no task that may be seen holds: a slip of the pen, which an empty list
/// would hide. Asked where nothing was found, since what was found by it is there.
pub(super) async fn refuse_unknown(
    rx: &mut Rx,
    workspace: WorkspaceId,
    reach: Option<&Reach>,
    query: &TaskQuery,
    lookup: &Lookup,
) -> Result<()> {
    for filter in &query.filters {
        let Filter::Custom(key, Comparison::Equal, _) = filter else { continue };
        if lookup.knows(key) {
            continue;
        }
        let mut holders = Statement::start(rx, workspace, &[]);
        holders.push("select number from tasks where workspace_id = $1");
        if let Some(reach) = reach {
            holders.within(reach.by_ids());
        }
        holders.push(" and cast(custom -> ").bind(text(key)).push(" as text) is not null limit 1");
        if !holders.any(rx).await? {
            let near = near(rx, workspace, reach, key).await?;
            return Err(invalid(key, format!("is no field that a project defines, and no task holds it{near}")));
        }
    }
    Ok(())
}

/// The name that was perhaps meant.
async fn near(rx: &mut Rx, workspace: WorkspaceId, reach: Option<&Reach>, key: &str) -> Result<String> {
    let keys = fields::service::keys_seen(rx, workspace, reach).await?;
    let near = trackside_rules::problem::nearest(key, keys.iter().map(String::as_str));
    Ok(near.map(|near| format!("; did you mean `custom.{near}`?")).unwrap_or_default())
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
