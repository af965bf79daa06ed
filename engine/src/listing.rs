//! Lists that can be filtered, sorted and counted, as SQL that is put together at run time. Whatever a caller said goes in
//! as a parameter, never as text.
//!
//! A page begins after the last row of the page before (`(due_at, id)` after the cursor's), so rows that come or go
//! meanwhile move nothing. Nulls are last in both directions. The order always ends with the id, which no two rows share.

use std::borrow::Cow;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::db::{FromRow, Kind, Param, Rx, Value};
use crate::ids::{Id, WorkspaceId};
use crate::paging::{Cursor, Page, bad_cursor, check_limit};
use crate::{Error, Result, unfit};

/// The most rows that may be passed over.
pub(crate) const MAX_OFFSET: i64 = 10_000;
/// The most values of one filter.
const MAX_VALUES: usize = 100;

/// What a list can be sorted by.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// What callers call it.
    pub name: &'static str,
    /// The column. Ids are made of the time, so `created_at` is the id.
    pub sql: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether it can be null.
    pub nullable: bool,
}

/// The id, which ends every order.
pub(crate) const CREATED_AT: Column = Column { name: "created_at", sql: "id", kind: Kind::Uuid, nullable: false };

/// One step of an order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub column: &'static Column,
    pub descending: bool,
}

/// Which page of a list is asked for, checked.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    sort: String,
    steps: Vec<Step>,
    limit: i64,
    offset: i64,
    cursor: Option<String>,
    total: bool,
}

impl Request {
    /// Reads what a caller said. Without a sort it is `usual`.
    pub fn new(
        columns: &'static [Column],
        usual: &str,
        sort: Option<&str>,
        limit: Option<i64>,
        offset: Option<i64>,
        cursor: Option<&str>,
        total: bool,
    ) -> Result<Self> {
        let sort = sort.unwrap_or(usual);
        let offset = offset.unwrap_or(0);
        if !(0..=MAX_OFFSET).contains(&offset) {
            return Err(invalid("offset", format!("must be 0 to {MAX_OFFSET}")));
        }
        if cursor.is_some() && offset > 0 {
            return Err(invalid("offset", "cannot stand beside `cursor`; leave one of them out"));
        }
        Ok(Self {
            sort: sort.to_owned(),
            steps: steps(sort, columns)?,
            limit: check_limit(limit.unwrap_or(crate::paging::DEFAULT_LIMIT))?,
            offset,
            cursor: cursor.map(str::to_owned),
            total,
        })
    }

    /// The page of those rows that `from` (`from projects where …`) leaves and `keep` keeps. `of` gives a row's value of a
    /// column, as [`time`] and serde write it. What is passed over or counted is so before `keep` is asked.
    pub async fn page<T: FromRow>(
        &self,
        rx: &mut Rx,
        columns: &str,
        from: Statement<'_>,
        of: impl Fn(&T, &Column) -> Json,
        keep: impl Fn(&T) -> bool,
    ) -> Result<Page<T>> {
        let total = match self.total {
            true => {
                let (total,): (i64,) = rx.one(&format!("select count(*) {}", from.sql), from.args.clone()).await?;
                Some(total)
            }
            false => None,
        };
        let cursor = |last: &T| self.mark(last, &of);
        let mut after = self.begin()?;
        let (mut offset, mut kept) = (self.offset, Vec::new());
        loop {
            let select = self.select(columns, &from, after.as_ref(), (self.limit + 1, offset))?;
            let rows: Vec<T> = rx.all(&select.sql, select.args).await?;
            let more = i64::try_from(rows.len()).is_ok_and(|count| count > self.limit);
            (after, offset) = (rows.last().map(&cursor), 0);
            kept.extend(rows.into_iter().filter(&keep));
            if !more || i64::try_from(kept.len()).is_ok_and(|count| count > self.limit) {
                let mut page = Page::cut(kept, self.limit, cursor);
                page.total = total;
                return Ok(page);
            }
        }
    }

    /// Whether the caller also wants to know how many there are.
    pub fn total(&self) -> bool {
        self.total
    }

    /// How many rows the caller wants, and how many are passed over before.
    pub fn bounds(&self) -> (i64, i64) {
        (self.limit, self.offset)
    }

    /// Behind what the caller wants to go on.
    pub fn begin(&self) -> Result<Option<Cursor>> {
        self.cursor.as_deref().map(|text| Cursor::decode(text, &self.sort)).transpose()
    }

    /// Whether it is for the newest, from the first one or a cursor on.
    pub fn is_newest_first(&self) -> bool {
        matches!(self.steps.as_slice(), [step] if *step.column == CREATED_AT && step.descending) && self.offset == 0
    }

    /// The row that stands `most` rows behind where the caller goes on, if there is one, of a list that is for the newest.
    pub async fn behind(&self, rx: &mut Rx, from: &Statement<'_>, most: i64) -> Result<Option<Uuid>> {
        let select = self.select("id", from, self.begin()?.as_ref(), (1, most))?;
        Ok(rx.opt::<(Uuid,)>(&select.sql, select.args).await?.map(|(id,)| id))
    }

    /// Where the row with this id stands, of a list that is for the newest.
    pub fn at_id(&self, id: Uuid) -> Cursor {
        Cursor { sort: self.sort.clone(), values: vec![id.to_string().into()] }
    }

    /// Where a row stands.
    pub fn mark<T>(&self, row: &T, of: impl Fn(&T, &Column) -> Json) -> Cursor {
        Cursor { sort: self.sort.clone(), values: self.steps.iter().map(|step| of(row, step.column)).collect() }
    }

    /// The next rows in the order that is asked for, at most so many: for lists whose rows are asked about in the database.
    pub async fn rows<T: FromRow>(
        &self,
        rx: &mut Rx,
        columns: &str,
        from: &Statement<'_>,
        after: Option<&Cursor>,
        most: i64,
    ) -> Result<Vec<T>> {
        let select = self.select(columns, from, after, (most, 0))?;
        rx.all(&select.sql, select.args).await
    }

    fn select<'a>(
        &self,
        columns: &str,
        from: &Statement<'a>,
        after: Option<&Cursor>,
        (most, offset): (i64, i64),
    ) -> Result<Statement<'a>> {
        let mut select = Statement { sql: format!("select {columns} {}", from.sql), args: from.args.clone() };
        if let Some(cursor) = after {
            select.after(&self.steps, cursor)?;
        }
        select.order(&self.steps);
        select.push(" limit ").bind(Value::Int(most));
        if offset > 0 {
            select.push(" offset ").bind(Value::Int(offset));
        }
        Ok(select)
    }
}

fn steps(text: &str, columns: &'static [Column]) -> Result<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    for word in text.split(',') {
        let (name, descending) = match word.strip_prefix('-') {
            Some(name) => (name, true),
            None => (word, false),
        };
        let Some(column) = columns.iter().find(|column| column.name == name) else {
            let known: Vec<_> = columns.iter().map(|column| column.name).collect();
            let shown: String = name.chars().take(64).collect();
            return Err(invalid("sort", format!("does not know `{shown}`; it knows {}", known.join(", "))));
        };
        if steps.iter().any(|earlier| earlier.column == column) {
            return Err(invalid("sort", format!("names {name} twice")));
        }
        steps.push(Step { column, descending });
    }
    match steps.iter().position(|step| *step.column == CREATED_AT) {
        // Behind an id nothing is left to order.
        Some(at) => steps.truncate(at + 1),
        None => steps.push(Step { column: &CREATED_AT, descending: false }),
    }
    Ok(steps)
}

/// A time as a cursor keeps it.
pub(crate) fn time(time: Option<DateTime<Utc>>) -> Json {
    time.map(|time| time.timestamp_micros()).into()
}

/// An id as a cursor keeps it.
pub(crate) fn id(id: impl Id) -> Json {
    id.uuid().to_string().into()
}

/// The values of a filter, parted by commas.
pub(crate) fn values<T: std::str::FromStr<Err: std::fmt::Display>>(name: &str, text: &str) -> Result<Vec<T>> {
    let read = |value: &str| {
        value.parse().map_err(|error| {
            let shown: String = value.chars().take(64).collect();
            invalid(name, format!("cannot be `{shown}`: {}", unfit::readable(&format!("{error}"))))
        })
    };
    let values = text.split(',').map(read).collect::<Result<Vec<T>>>()?;
    if values.len() > MAX_VALUES {
        return Err(invalid(name, format!("has more than {MAX_VALUES} values")));
    }
    Ok(values)
}

/// The part of a name that is looked for, if one is.
pub(crate) fn part(q: Option<&str>) -> Result<Option<&str>> {
    let part = q.filter(|part| !part.is_empty());
    if part.is_some_and(|part| part.contains('\0') || part.len() > 1024) {
        return Err(invalid("q", "must be at most 1024 bytes, without the character U+0000"));
    }
    Ok(part)
}

pub(crate) fn invalid(name: &str, message: impl std::fmt::Display) -> Error {
    Error::invalid("invalid_parameter", format!("`{name}` {message}"))
}

/// A statement being put together: its text, and the parameters in the order of their placeholders.
#[derive(Clone)]
pub(crate) struct Statement<'a> {
    sql: String,
    args: Vec<Value<'a>>,
}

impl<'a> Statement<'a> {
    /// `from {table} where workspace_id = $1`.
    pub fn from(table: &str, workspace: WorkspaceId) -> Self {
        Self { sql: format!("from {table} where workspace_id = $1"), args: vec![Value::Uuid(workspace.uuid())] }
    }

    /// `from {table} where {condition}`, whose placeholders [`know`](Self::know) fills.
    pub fn of(table: &str, condition: &str) -> Self {
        Self { sql: format!("from {table} where {condition}"), args: Vec::new() }
    }

    /// The value of the next placeholder that is written already.
    pub fn know(&mut self, value: Value<'a>) -> &mut Self {
        self.args.push(value);
        self
    }

    /// `from {table} where true`: of every workspace, for what the program itself asks.
    pub fn from_all(table: &str) -> Self {
        Self { sql: format!("from {table} where true"), args: Vec::new() }
    }

    /// How many rows there are.
    pub async fn count(&self, rx: &mut Rx) -> Result<i64> {
        let (count,): (i64,) = rx.one(&format!("select count(*) {}", self.sql), self.args.clone()).await?;
        Ok(count)
    }

    /// Some columns of the first rows, in no order.
    pub async fn all<T: FromRow>(mut self, rx: &mut Rx, columns: &str, most: i64) -> Result<Vec<T>> {
        self.push(" limit ").bind(Value::Int(most));
        rx.all(&format!("select {columns} {}", self.sql), self.args).await
    }

    pub fn push(&mut self, text: &str) -> &mut Self {
        self.sql.push_str(text);
        self
    }

    pub fn bind(&mut self, value: Value<'a>) -> &mut Self {
        self.args.push(value);
        // Writing into a String cannot fail.
        let _ = write!(self.sql, "${}", self.args.len());
        self
    }

    /// The column is one of these.
    pub fn any_of<T: Param>(&mut self, column: &str, values: &'a [T]) {
        self.push(" and ").push(column).push(" = any(").bind(values.value()).push(")");
    }

    /// One of the columns contains the part. SQLite lowers only ASCII letters, so it is tried in both spellings.
    pub fn contains(&mut self, columns: &[&str], part: &str) {
        let pattern = |lowered: String| {
            let escaped = lowered.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            Value::Text(Cow::Owned(format!("%{escaped}%")))
        };
        let mut spellings = vec![part.to_lowercase(), part.to_ascii_lowercase()];
        // Mostly the same; asked twice, every row that does not have it would cost twice as much.
        spellings.dedup();
        for (at, (column, spelling)) in
            columns.iter().flat_map(|column| spellings.iter().map(move |spelling| (column, spelling))).enumerate()
        {
            self.push(if at == 0 { " and (lower(" } else { " or lower(" });
            self.push(column).push(") like ").bind(pattern(spelling.clone())).push(" escape '\\'");
        }
        self.push(")");
    }

    /// Only rows behind the cursor's: `a > x or (a = x and (b > y or (b = y and …)))`.
    fn after(&mut self, steps: &[Step], cursor: &Cursor) -> Result<()> {
        if steps.len() != cursor.values.len() {
            return Err(bad_cursor());
        }
        self.push(" and ");
        for (at, (step, value)) in steps.iter().zip(&cursor.values).enumerate() {
            let (column, last) = (step.column.sql, at + 1 == steps.len());
            let Some(value) = parameter(step.column, value)? else {
                // Nothing stands behind null but other nulls.
                self.push("(").push(column).push(if last { " is null" } else { " is null and " });
                continue;
            };
            let operator = if step.descending { " < " } else { " > " };
            self.push("(").push(column).push(operator).bind(value.clone());
            if step.column.nullable {
                self.push(" or ").push(column).push(" is null");
            }
            if !last {
                self.push(" or ").push(column).push(" = ").bind(value).push(" and ");
            }
        }
        self.sql.extend(std::iter::repeat_n(')', steps.len()));
        Ok(())
    }

    fn order(&mut self, steps: &[Step]) {
        for (at, step) in steps.iter().enumerate() {
            self.push(if at == 0 { " order by " } else { ", " });
            if step.column.nullable {
                self.push("(").push(step.column.sql).push(" is null), ");
            }
            self.push(step.column.sql).push(if step.descending { " desc" } else { "" });
        }
    }
}

/// The parameter for a cursor's value; `None` for null.
fn parameter(column: &Column, value: &Json) -> Result<Option<Value<'static>>> {
    let found = match column.kind {
        _ if value.is_null() && column.nullable => return Ok(None),
        Kind::Time => value.as_i64().and_then(DateTime::from_timestamp_micros).map(Value::Time),
        Kind::Uuid => value.as_str().and_then(|id| id.parse::<Uuid>().ok()).map(Value::Uuid),
        Kind::Int => value.as_i64().map(Value::Int),
        Kind::Text => {
            value.as_str().filter(|text| !text.contains('\0')).map(|text| Value::Text(Cow::Owned(text.to_owned())))
        }
        _ => None,
    };
    found.map(Some).ok_or_else(bad_cursor)
}
