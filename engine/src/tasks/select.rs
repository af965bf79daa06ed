//! The list of tasks as SQL. Only here is a statement put together at run time; whatever a caller said goes in as a
//! parameter, never as text.
//!
//! A page begins after the last row of the page before (`(priority, due_at, id)` after the cursor's), so it costs the
//! same however deep it is, and rows that come or go meanwhile move nothing. Nulls are last in both directions.

use std::borrow::Cow;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

use super::custom;
use super::model::Task;
use super::query::{Filter, Sort, SortBy, TaskQuery, TimeColumn};
use crate::access::Reach;
use crate::access::reach::ByIds;
use crate::db::{Both, Dialect, Kind, One, Param, Rx, Value};
use crate::fields::Lookup;
use crate::handle::Handle;
use crate::ids::{Id, ProjectId, TaskId, WorkspaceId};
use crate::paging::{Cursor, Page, bad_cursor};
use crate::search::{self, Terms};
use crate::{Result, workflow};

/// The page that `query` asks for, of what `reach` allows by ids; all of the workspace's tasks without one.
pub(super) async fn page(
    rx: &mut Rx,
    workspace: WorkspaceId,
    reach: Option<&Reach>,
    query: &TaskQuery,
) -> Result<Page<Task>> {
    let steps = steps(&query.sort);
    let lookup = Lookup::of(rx, workspace, &query.custom_fields(), query.me).await?;
    custom::refuse_without_order(rx, workspace, reach, query, &lookup).await?;
    for filter in &query.filters {
        match filter {
            Filter::Status(words) => workflow::service::check_words(rx, workspace, words, &[]).await?,
            Filter::Type(words) => workflow::service::check_words(rx, workspace, &[], words).await?,
            _ => {}
        }
    }
    let mut select = Statement::start(rx, workspace, &query.sort_fields);
    let _ = write!(select.sql, "select {}", Task::COLUMNS);
    if !query.sort_fields.is_empty() {
        select.push(", ");
        custom::columns(&mut select, &query.sort_fields);
    }
    select.among(reach, query, &lookup)?;
    if let Some(cursor) = &query.cursor {
        let cursor = Cursor::decode(cursor, &query.sort_text)?;
        select.after(&steps, &cursor)?;
    }
    select.order(&steps);
    select.limit(query.limit + 1, query.offset);
    let cursor = |last: &Task, custom: &str| {
        let custom = custom::parted(custom);
        let values = steps.iter().map(|step| step.column.of(last, &custom)).collect();
        Cursor { sort: query.sort_text.clone(), values }
    };
    let mut page = if query.sort_fields.is_empty() {
        Page::cut(rx.all(&select.sql, select.args).await?, query.limit, |last: &Task| cursor(last, ""))
    } else {
        let rows: Vec<Both<Task, One<String>>> = rx.all(&select.sql, select.args).await?;
        let page = Page::cut(rows, query.limit, |Both(last, One(custom))| cursor(last, custom));
        Page {
            items: page.items.into_iter().map(|Both(task, _)| task).collect(),
            next_cursor: page.next_cursor,
            total: None,
        }
    };
    if page.items.is_empty() && query.cursor.is_none() {
        custom::refuse_unknown(rx, workspace, reach, query, &lookup).await?;
    }
    if query.total {
        let mut count = Statement::start(rx, workspace, &[]);
        count.push("select count(*)").among(reach, query, &lookup)?;
        let (total,): (i64,) = rx.one(&count.sql, count.args).await?;
        page.total = Some(total);
    }
    Ok(page)
}

/// A column that rows are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Due,
    Id,
    Number,
    Priority,
    Project,
    Status,
    Title,
    Updated,
    /// The custom field at this place of the query's list.
    Custom(usize),
}

/// One step of the order in SQL.
#[derive(Debug, Clone, Copy)]
struct Step {
    column: Column,
    descending: bool,
}

/// The order in columns. It always ends with the id, which no two rows share. Ids are made of the time, so
/// `created_at` needs no column of its own; keys sort by project and number (`WEB-9` before `WEB-10`).
fn steps(sort: &[Sort]) -> Vec<Step> {
    let mut steps = Vec::with_capacity(sort.len() + 2);
    for Sort { by, descending } in sort.iter().copied() {
        let mut step = |column| steps.push(Step { column, descending });
        match by {
            SortBy::CreatedAt => step(Column::Id),
            SortBy::DueAt => step(Column::Due),
            SortBy::Priority => step(Column::Priority),
            SortBy::Status => step(Column::Status),
            SortBy::Title => step(Column::Title),
            SortBy::UpdatedAt => step(Column::Updated),
            SortBy::Custom(at) => step(Column::Custom(at)),
            SortBy::Key => {
                step(Column::Project);
                step(Column::Number);
            }
        }
    }
    match steps.iter().position(|step| step.column == Column::Id) {
        // Behind an id nothing is left to order.
        Some(at) => steps.truncate(at + 1),
        None => steps.push(Step { column: Column::Id, descending: false }),
    }
    steps
}

impl Column {
    fn sql(self) -> &'static str {
        match self {
            Self::Due => "due_at",
            Self::Id => "id",
            Self::Number => "number",
            Self::Priority => "priority",
            Self::Project => "project_id",
            Self::Status => "status_rank",
            Self::Title => "title",
            Self::Updated => "updated_at",
            Self::Custom(_) => "",
        }
    }

    fn is_nullable(self) -> bool {
        matches!(self, Self::Due | Self::Custom(_))
    }

    /// This task's value, as a cursor keeps it; `custom` are those of the custom fields of the order.
    fn of(self, task: &Task, custom: &[Json]) -> Json {
        match self {
            Self::Due => task.due_at.map(|time| time.timestamp_micros()).into(),
            Self::Id => task.id.to_string().into(),
            Self::Number => task.number().into(),
            Self::Priority => task.priority.rank().into(),
            Self::Project => task.project_id.to_string().into(),
            Self::Status => task.status_rank.into(),
            Self::Title => task.title.clone().into(),
            Self::Updated => task.updated_at.timestamp_micros().into(),
            Self::Custom(at) => custom.get(at).cloned().unwrap_or_default(),
        }
    }

    /// The parameter for a cursor's value; `None` for null.
    fn parameter(self, value: &Json) -> Result<Option<Value<'static>>> {
        let time = |value: &Json| value.as_i64().and_then(DateTime::<Utc>::from_timestamp_micros);
        let found = match self {
            Self::Due | Self::Custom(_) if value.is_null() => return Ok(None),
            Self::Due | Self::Updated => time(value).map(Value::Time),
            Self::Id => value.as_str().and_then(|id| id.parse::<TaskId>().ok()).map(|id| Value::Uuid(id.uuid())),
            Self::Project => {
                value.as_str().and_then(|id| id.parse::<ProjectId>().ok()).map(|id| Value::Uuid(id.uuid()))
            }
            Self::Number | Self::Priority | Self::Status => value.as_i64().map(Value::Int),
            Self::Title | Self::Custom(_) => value.as_str().filter(|title| !title.contains('\0')).map(text),
        };
        found.map(Some).ok_or_else(bad_cursor)
    }
}

fn text(text: &str) -> Value<'static> {
    Value::Text(Cow::Owned(text.to_owned()))
}

/// A statement being put together: its text, and the parameters in the order of their placeholders.
pub(super) struct Statement<'a> {
    dialect: Dialect,
    workspace: WorkspaceId,
    sql: String,
    args: Vec<Value<'a>>,
    /// The keys of the custom fields in the order.
    fields: &'a [String],
}

impl<'a> Statement<'a> {
    pub(super) fn start(rx: &Rx, workspace: WorkspaceId, fields: &'a [String]) -> Self {
        // Room for a usual statement at once.
        let (sql, args) = (String::with_capacity(1024), vec![Value::Uuid(workspace.uuid())]);
        Self { dialect: rx.dialect(), workspace, sql, args, fields }
    }

    /// Only the workspace's tasks that may be seen, and for which all of these hold.
    fn among(&mut self, reach: Option<&'a Reach>, query: &'a TaskQuery, lookup: &Lookup) -> Result<()> {
        self.push(" from tasks where workspace_id = $1");
        if let Some(reach) = reach {
            self.within(reach.by_ids());
        }
        if query.leaves_out_archived() {
            self.push(
                " and project_id not in (select p.id from projects p where p.workspace_id = $1 and p.status = 'archived')",
            );
        }
        query.filters.iter().try_for_each(|filter| self.filter(filter, lookup))
    }

    /// Whether there is a row of it.
    pub(super) async fn any(self, rx: &mut Rx) -> Result<bool> {
        let found: Option<(i64,)> = rx.opt(&self.sql, self.args).await?;
        Ok(found.is_some())
    }

    /// Only what may be seen, as far as ids tell.
    pub(super) fn within(&mut self, ids: ByIds<'a>) {
        if !ids.everywhere {
            self.push(" and (project_id = any(").bind(ids.projects.value()).push(") or id = any(");
            self.bind(ids.objects.value()).push("))");
        }
        if !ids.not_projects.is_empty() {
            self.push(" and project_id <> all(").bind(ids.not_projects.value()).push(")");
        }
        if !ids.not_objects.is_empty() {
            self.push(" and id <> all(").bind(ids.not_objects.value()).push(")");
        }
    }

    pub(super) fn push(&mut self, text: &str) -> &mut Self {
        self.sql.push_str(text);
        self
    }

    pub(super) fn bind(&mut self, value: Value<'a>) -> &mut Self {
        self.args.push(value);
        // Writing into a String cannot fail.
        let _ = write!(self.sql, "${}", self.args.len());
        self
    }

    /// `column = $n`, or `column = any($n)` for several: an equality lets an index give the rows in order.
    fn any_of<T: Param>(&mut self, column: &str, values: &'a [T]) {
        match values {
            [one] => self.push(" and ").push(column).push(" = ").bind(one.value()),
            several => self.push(" and ").push(column).push(" = any(").bind(several.value()).push(")"),
        };
    }

    fn column(&mut self, column: Column) -> &mut Self {
        match column {
            Column::Custom(at) => custom::column(self, &self.fields[at]),
            column => drop(self.push(column.sql())),
        }
        self
    }

    fn filter(&mut self, filter: &'a Filter, lookup: &Lookup) -> Result<()> {
        match filter {
            Filter::Project(handles) => self.projects(handles),
            Filter::Status(words) => self.any_of("status", words),
            Filter::Category(words) => self.any_of("category", words),
            Filter::Priority(ranks) => self.any_of("priority", ranks),
            Filter::Type(words) => self.any_of("kind", words),
            Filter::Key(keys) => self.any_of("key", keys),
            Filter::Label(labels) => {
                self.push(" and exists (select 1 from task_labels l where l.task_id = tasks.id");
                self.any_of("l.label", labels);
                self.push(")");
            }
            Filter::Assignee(users) if users.is_empty() => {
                self.push(" and assignees = '[]'");
            }
            Filter::Assignee(users) => {
                self.push(" and id in (select a.task_id from task_assignees a where true");
                self.any_of("a.user_id", users);
                self.push(")");
            }
            Filter::Milestone(ids) if ids.is_empty() => {
                self.push(" and milestone_id is null");
            }
            Filter::Milestone(ids) => self.any_of("milestone_id", ids),
            Filter::Sprint(ids) if ids.is_empty() => {
                self.push(" and sprint_id is null");
            }
            Filter::Sprint(ids) => self.any_of("sprint_id", ids),
            Filter::Watcher(users) if users.is_empty() => {
                self.push(" and watchers = '[]'");
            }
            Filter::Watcher(users) => {
                self.push(" and id in (select w.task_id from task_watchers w where true");
                self.any_of("w.user_id", users);
                self.push(")");
            }
            Filter::Parent(None) => {
                self.push(" and parent_id is null");
            }
            Filter::Parent(Some(Handle::Id(id))) => {
                self.push(" and parent_id = ").bind(id.value());
            }
            Filter::Parent(Some(Handle::Key(key))) => {
                self.push(" and parent_id = (select p.id from tasks p where p.workspace_id = $1 and p.key = ");
                self.bind(key.value()).push(")");
            }
            Filter::Time(column, operator, time) => {
                let column = match column {
                    TimeColumn::Due => "due_at",
                    TimeColumn::Updated => "updated_at",
                };
                self.push(" and ").push(column).push(" ").push(operator).push(" ").bind(time.value());
            }
            Filter::Custom(key, comparison, value) => custom::filter(self, lookup, key, *comparison, value)?,
            Filter::Text(terms) => self.text(terms),
        }
        Ok(())
    }

    fn projects(&mut self, handles: &'a [Handle<ProjectId>]) {
        self.push(" and ");
        match handles {
            [Handle::Id(id)] => {
                self.push("project_id = ").bind(id.value());
            }
            [Handle::Key(key)] => {
                self.push("project_id = (select p.id from projects p where p.workspace_id = $1 and p.key = ");
                self.bind(key.value()).push(")");
            }
            several => {
                let (mut ids, mut keys) = (Vec::new(), Vec::new());
                for handle in several {
                    match handle {
                        Handle::Id(id) => ids.push(id.value()),
                        Handle::Key(key) => keys.push(key.value()),
                    }
                }
                self.push("project_id in (select p.id from projects p where p.workspace_id = $1 and (p.id = any(");
                self.bind(Value::List(Kind::Uuid, ids)).push(") or p.key = any(");
                self.bind(Value::List(Kind::Text, keys)).push(")))");
            }
        }
    }

    /// The words are in the title or the description, or the query is the key.
    fn text(&mut self, terms: &'a Terms) {
        let (found, args) = search::task_filter(self.dialect, self.workspace, terms);
        self.push(" and (");
        for (at, part) in found.split("{}").enumerate() {
            if at > 0 {
                self.bind(args[at - 1].clone());
            }
            self.push(part);
        }
        if let Some(key) = &terms.key {
            self.push(" or key = ").bind(key.value());
        }
        self.push(")");
    }

    /// Only rows behind the cursor's: `a > x or (a = x and (b > y or (b = y and …)))`.
    fn after(&mut self, steps: &[Step], cursor: &Cursor) -> Result<()> {
        if steps.len() != cursor.values.len() {
            return Err(bad_cursor());
        }
        let values = steps
            .iter()
            .zip(&cursor.values)
            .map(|(step, value)| step.column.parameter(value))
            .collect::<Result<Vec<_>>>()?;
        self.push(" and ");
        // What the alternatives below have in common, said once more in the form that an index understands.
        if let ([first, _, ..], [Some(value), ..]) = (steps, values.as_slice())
            && !first.column.is_nullable()
        {
            let operator = if first.descending { " <= " } else { " >= " };
            self.column(first.column).push(operator).bind(value.clone()).push(" and ");
        }
        for (at, (step, value)) in steps.iter().zip(values).enumerate() {
            let column = step.column;
            let last = at + 1 == steps.len();
            let Some(value) = value else {
                // Nothing stands behind null but other nulls.
                self.push("(").column(column).push(if last { " is null" } else { " is null and " });
                continue;
            };
            let operator = if step.descending { " < " } else { " > " };
            self.push("(").column(column).push(operator).bind(value.clone());
            if step.column.is_nullable() {
                self.push(" or ").column(column).push(" is null");
            }
            if !last {
                self.push(" or ").column(column).push(" = ").bind(value).push(" and ");
            }
        }
        self.sql.extend(std::iter::repeat_n(')', steps.len()));
        Ok(())
    }

    fn order(&mut self, steps: &[Step]) {
        for (at, step) in steps.iter().enumerate() {
            self.push(if at == 0 { " order by " } else { ", " });
            if step.column.is_nullable() {
                // As the index has it.
                self.push("(").column(step.column).push(" is null), ");
            }
            self.column(step.column).push(if step.descending { " desc" } else { "" });
        }
    }

    fn limit(&mut self, limit: i64, offset: i64) {
        self.push(" limit ").bind(Value::Int(limit));
        if offset > 0 {
            self.push(" offset ").bind(Value::Int(offset));
        }
    }
}
