//! What a list of tasks can be asked for: filters, order and page, read from query parameters.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::model::{Category, Priority, TaskStatus, TaskType};
use crate::fields::Comparison;
use crate::handle::{Handle, UserHandle};
use crate::ids::{MilestoneId, ProjectId, SprintId, TaskId, UserId};
use crate::paging;
use crate::search::Terms;
use crate::{Error, Result, unfit};

/// The query parameters, with what each means. Where several values may stand, commas part them.
pub const PARAMETERS: &[(&str, &str)] = &[
    ("assignee", "user ids or `me`, any of them; or `none`"),
    ("category", "todo, in_progress, done, cancelled: what the status means"),
    ("cursor", "`next_cursor` of the page before"),
    ("custom.<field>", "the field's value; of options, people (also `me`), numbers and days several"),
    ("custom.<field>.gt", "more than this number or amount, or after this day, of a field that projects define"),
    ("custom.<field>.gte", "at least this number or amount, or this day or later"),
    ("custom.<field>.lt", "less than this number or amount, or before this day"),
    ("custom.<field>.lte", "at most this number or amount, or this day or earlier"),
    ("due_at.gt", "due after this time (RFC 3339)"),
    ("due_at.gte", "due at this time (RFC 3339) or later"),
    ("due_at.lt", "due before this time (RFC 3339)"),
    ("due_at.lte", "due at this time (RFC 3339) or earlier"),
    (
        "include_archived",
        "`true`: tasks of archived projects, too; without it they are shown only where `key`, `milestone`, `parent` or `project` names them",
    ),
    ("key", "keys, any of them: `WEB-142`"),
    ("label", "labels, any of them; given twice, both must hold"),
    ("limit", "1 to 200; 25 when left out"),
    ("milestone", "ids of milestones, any of them; or `none`"),
    ("offset", "rows to pass over, at most 10,000; `cursor` is faster and misses nothing"),
    ("parent", "the id or key of a task; or `none`"),
    ("priority", "critical, high, medium, low"),
    ("project", "ids or keys of projects"),
    ("q", "words of the title or description, or a key; `\"phrases\"` in quotes, and the last word may go on"),
    (
        "sort",
        "any of created_at, due_at, key, priority, status, title, updated_at, custom.<field>; `-` before one turns it round",
    ),
    ("sprint", "ids of sprints, any of them; or `none`"),
    ("status", "todo, in_progress, in_review, blocked, completed, cancelled, and those of projects' own workflows"),
    ("total", "`true` counts the tasks on all pages, which takes longer"),
    ("type", "task, bug, feature, improvement, documentation, and those of projects' own"),
    ("updated_at.gt", "changed after this time (RFC 3339)"),
    ("updated_at.gte", "changed at this time (RFC 3339) or later"),
    ("updated_at.lt", "changed before this time (RFC 3339)"),
    ("updated_at.lte", "changed at this time (RFC 3339) or earlier"),
    ("watcher", "user ids or `me`, any of them; or `none`"),
];

/// The most filters of one query.
const MAX_FILTERS: usize = 20;
/// The most values of one filter.
const MAX_VALUES: usize = 100;
/// The most custom fields of one order.
const MAX_SORT_FIELDS: usize = 4;
/// The longest parameter, in bytes.
const MAX_LENGTH: usize = 8 * 1024;
const MAX_OFFSET: i64 = 10_000;

/// A column that has to be on one side of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeColumn {
    Due,
    Updated,
}

/// One condition. All of a query's must hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    Project(Vec<Handle<ProjectId>>),
    Status(Vec<TaskStatus>),
    Category(Vec<Category>),
    Priority(Vec<Priority>),
    Type(Vec<TaskType>),
    Label(Vec<String>),
    /// Nobody, when empty.
    Assignee(Vec<UserId>),
    /// Nobody, when empty.
    Watcher(Vec<UserId>),
    Parent(Option<Handle<TaskId>>),
    /// None, when empty.
    Milestone(Vec<MilestoneId>),
    /// None, when empty.
    Sprint(Vec<SprintId>),
    Key(Vec<String>),
    Time(TimeColumn, &'static str, DateTime<Utc>),
    Custom(String, Comparison, String),
    Text(Terms),
}

/// What a list can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SortBy {
    CreatedAt,
    DueAt,
    Key,
    Priority,
    Status,
    Title,
    UpdatedAt,
    /// The custom field at this place of the query's list.
    Custom(usize),
}

/// One step of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sort {
    pub by: SortBy,
    pub descending: bool,
}

/// What a list of tasks is asked for.
#[derive(Debug, Clone)]
pub struct TaskQuery {
    pub(super) filters: Vec<Filter>,
    /// The order as it was asked for: cursors carry it.
    pub(super) sort_text: String,
    pub(super) sort: Vec<Sort>,
    /// The keys of the custom fields in the order.
    pub(super) sort_fields: Vec<String>,
    pub(super) limit: i64,
    pub(super) offset: i64,
    pub(super) cursor: Option<String>,
    pub(super) total: bool,
    pub(super) include_archived: bool,
    /// Who `me` is in it.
    pub(super) me: Option<UserId>,
}

/// The newest first, as many as a page has by itself.
impl Default for TaskQuery {
    fn default() -> Self {
        Self {
            filters: Vec::new(),
            sort_text: "-created_at".into(),
            sort: vec![Sort { by: SortBy::CreatedAt, descending: true }],
            sort_fields: Vec::new(),
            limit: paging::DEFAULT_LIMIT,
            offset: 0,
            cursor: None,
            total: false,
            include_archived: false,
            me: None,
        }
    }
}

impl TaskQuery {
    /// Reads query parameters, already decoded; see [`PARAMETERS`]. An unknown one is refused by name. `me` is who asks.
    pub fn parse<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>, me: Option<UserId>) -> Result<Self> {
        let mut query = Self { me, ..Self::default() };
        for (name, value) in parameters {
            if value.len() > MAX_LENGTH {
                return Err(invalid(name, format!("is longer than {MAX_LENGTH} bytes")));
            }
            if name.contains('\0') || value.contains('\0') {
                return Err(invalid("parameters", "must not contain the character U+0000"));
            }
            query.take(name, value)?;
            if query.filters.len() > MAX_FILTERS {
                return Err(invalid(name, format!("is one filter too many; give at most {MAX_FILTERS}")));
            }
        }
        if query.cursor.is_some() && query.offset > 0 {
            return Err(invalid("offset", "cannot stand beside `cursor`; leave one of them out"));
        }
        Ok(query)
    }

    /// The custom fields that it is filtered or ordered by: whoever may not see one may not ask by it either.
    pub fn custom_fields(&self) -> Vec<&str> {
        let filtered = self.filters.iter().filter_map(|filter| match filter {
            Filter::Custom(key, ..) => Some(key.as_str()),
            _ => None,
        });
        filtered.chain(self.sort_fields.iter().map(String::as_str)).collect()
    }

    /// The tasks whose parts are asked for.
    pub(super) fn parents(&self) -> impl Iterator<Item = &Handle<TaskId>> {
        self.filters.iter().filter_map(|filter| match filter {
            Filter::Parent(parent) => parent.as_ref(),
            _ => None,
        })
    }

    /// Whether tasks of archived projects are left out: nobody asked for them, nor for a project or what is in one.
    pub(super) fn leaves_out_archived(&self) -> bool {
        let named = |filter: &Filter| match filter {
            Filter::Project(_) | Filter::Key(_) | Filter::Parent(Some(_)) => true,
            Filter::Milestone(ids) => !ids.is_empty(),
            _ => false,
        };
        !self.include_archived && !self.filters.iter().any(named)
    }

    /// The same filters, for all that they find, oldest first, at most `limit`.
    pub(super) fn all_up_to(&self, limit: i64) -> Self {
        let sort = vec![Sort { by: SortBy::CreatedAt, descending: false }];
        let (cursor, offset, total) = (None, 0, false);
        Self { sort_text: "created_at".into(), sort, limit, cursor, offset, total, ..self.clone() }
    }

    fn take(&mut self, name: &str, value: &str) -> Result<()> {
        let filter = match name {
            "limit" => {
                self.limit = paging::check_limit(value.parse().unwrap_or(0))?;
                return Ok(());
            }
            "offset" => {
                let offset = value.parse().ok().filter(|offset| (0..=MAX_OFFSET).contains(offset));
                self.offset = offset.ok_or_else(|| invalid(name, format!("must be 0 to {MAX_OFFSET}")))?;
                return Ok(());
            }
            "cursor" => {
                self.cursor = Some(value.to_owned());
                return Ok(());
            }
            "total" => {
                self.total = value.parse().map_err(|_| invalid(name, "must be `true` or `false`"))?;
                return Ok(());
            }
            "include_archived" => {
                self.include_archived = value.parse().map_err(|_| invalid(name, "must be `true` or `false`"))?;
                return Ok(());
            }
            "sort" => {
                (self.sort, self.sort_fields) = read_sort(value)?;
                value.clone_into(&mut self.sort_text);
                return Ok(());
            }
            "project" => Filter::Project(list(name, value)?),
            "status" => Filter::Status(list(name, value)?),
            "category" => Filter::Category(list(name, value)?),
            "priority" => Filter::Priority(list(name, value)?),
            "type" => Filter::Type(list(name, value)?),
            "label" => Filter::Label(list(name, value)?),
            "assignee" if value == "none" => Filter::Assignee(Vec::new()),
            "assignee" => Filter::Assignee(self.people(name, value)?),
            "watcher" if value == "none" => Filter::Watcher(Vec::new()),
            "watcher" => Filter::Watcher(self.people(name, value)?),
            "parent" if value == "none" => Filter::Parent(None),
            "parent" => Filter::Parent(Some(one(name, value)?)),
            "milestone" if value == "none" => Filter::Milestone(Vec::new()),
            "milestone" => Filter::Milestone(list(name, value)?),
            "sprint" if value == "none" => Filter::Sprint(Vec::new()),
            "sprint" => Filter::Sprint(list(name, value)?),
            "key" => Filter::Key(list(name, value)?),
            "q" if value.is_empty() => return Ok(()),
            "q" => Filter::Text(Terms::parse(name, value)?),
            _ => match name.split_once('.') {
                Some(("due_at", side)) => Filter::Time(TimeColumn::Due, operator(name, side)?, one(name, value)?),
                Some(("updated_at", side)) => {
                    Filter::Time(TimeColumn::Updated, operator(name, side)?, one(name, value)?)
                }
                Some(("custom", field)) if !field.is_empty() => match field.rsplit_once('.') {
                    Some((field, side)) => {
                        if field.is_empty() {
                            return Err(unknown(name));
                        }
                        let side = Comparison::Side(operator(name, side)?);
                        Filter::Custom(field.to_owned(), side, value.to_owned())
                    }
                    None => Filter::Custom(field.to_owned(), Comparison::Equal, value.to_owned()),
                },
                _ => return Err(unknown(name)),
            },
        };
        self.filters.push(filter);
        Ok(())
    }

    fn people(&self, name: &str, value: &str) -> Result<Vec<UserId>> {
        list::<UserHandle>(name, value)?.into_iter().map(|user| user.said_by(self.me)).collect()
    }
}

fn operator(name: &str, side: &str) -> Result<&'static str> {
    match side {
        "lt" => Ok("<"),
        "lte" => Ok("<="),
        "gt" => Ok(">"),
        "gte" => Ok(">="),
        _ => Err(unknown(name)),
    }
}

fn one<T: FromStr>(name: &str, value: &str) -> Result<T>
where
    T::Err: std::fmt::Display,
{
    value.parse().map_err(|error: T::Err| {
        let what = error.to_string();
        invalid(name, format!("cannot be `{}`: {}", shorten(value), unfit::readable(&what)))
    })
}

fn list<T: FromStr>(name: &str, value: &str) -> Result<Vec<T>>
where
    T::Err: std::fmt::Display,
{
    let values = value.split(',').map(|value| one(name, value)).collect::<Result<Vec<T>>>()?;
    if values.len() > MAX_VALUES {
        return Err(invalid(name, format!("has more than {MAX_VALUES} values")));
    }
    Ok(values)
}

fn read_sort(text: &str) -> Result<(Vec<Sort>, Vec<String>)> {
    let (mut sort, mut fields): (Vec<Sort>, Vec<String>) = Default::default();
    for word in text.split(',') {
        let (name, descending) = match word.strip_prefix('-') {
            Some(name) => (name, true),
            None => (word, false),
        };
        let by = match name {
            "created_at" => SortBy::CreatedAt,
            "due_at" => SortBy::DueAt,
            "key" => SortBy::Key,
            "priority" => SortBy::Priority,
            "status" => SortBy::Status,
            "title" => SortBy::Title,
            "updated_at" => SortBy::UpdatedAt,
            _ if name.strip_prefix("custom.").is_some_and(|field| !field.is_empty()) => {
                let field = name.strip_prefix("custom.").unwrap_or_default();
                let at = fields.iter().position(|known| known == field).unwrap_or(fields.len());
                if at == MAX_SORT_FIELDS {
                    return Err(invalid("sort", format!("names more than {MAX_SORT_FIELDS} custom fields")));
                }
                if at == fields.len() {
                    fields.push(field.to_owned());
                }
                SortBy::Custom(at)
            }
            _ => {
                let known = "created_at, due_at, key, priority, status, title, updated_at, custom.<field>";
                return Err(invalid("sort", format!("does not know `{}`; it knows {known}", shorten(name))));
            }
        };
        if sort.iter().any(|earlier| earlier.by == by) {
            return Err(invalid("sort", format!("names {name} twice")));
        }
        sort.push(Sort { by, descending });
    }
    Ok((sort, fields))
}

fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}

fn invalid(name: &str, message: impl std::fmt::Display) -> Error {
    Error::invalid("invalid_parameter", format!("`{}` {message}", shorten(name)))
}

fn unknown(name: &str) -> Error {
    let known: Vec<_> = PARAMETERS.iter().map(|(name, _)| *name).collect();
    let shown = shorten(name);
    let detail = match trackside_rules::problem::nearest(&shown, known.iter().copied()) {
        Some(near) => format!("there is no parameter `{shown}`; did you mean `{near}`?"),
        None => format!("there is no parameter `{shown}`; there are {}", known.join(", ")),
    };
    Error::invalid("unknown_parameter", detail)
}
