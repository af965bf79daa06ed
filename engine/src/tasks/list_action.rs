//! What rules may ask about tasks: for digests, for counting, for what belongs together.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::model::{Category, Priority, Task, TaskStatus};
use super::{TaskQuery, service};
use crate::access::permissions::TaskView;
use crate::actions::{Effect, Internal, Undo};
use crate::cx::Cx;
use crate::db::Tx;
use crate::ids::{ProjectId, TaskId, UserId};
use crate::raw::Raw;
use crate::{Error, Result};

/// The most tasks of one list: what a rule can read out.
const MAX_TASKS: i64 = 100;
/// How many tasks when nobody says.
const USUAL_TASKS: i64 = 50;
/// What is said beside the filter, or makes no sense for a rule.
const NO_FILTERS: &[&str] = &["cursor", "limit", "offset", "sort", "total"];

/// `task.list`.
pub struct List;

/// What `task.list` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListInput {
    /// The filters of `GET /tasks` by their names, each a value or a list of values: `status: blocked`, `category: [todo,
    /// in_progress]`, `due_at.lt: "{{ now }}"`. What is null is no filter. `me` is the rule's owner.
    #[serde(default)]
    pub filter: BTreeMap<String, Value>,
    /// As in `GET /tasks`; the newest first when left out.
    pub sort: Option<String>,
    /// 1 to 100; 50 when left out.
    pub limit: Option<i64>,
}

/// What `task.list` answers: the tasks that the rule's owner may see.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Listed {
    /// The tasks, in short.
    pub tasks: Vec<ListedTask>,
    /// How many there are, also beyond the limit.
    pub count: i64,
}

/// A task, in short.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListedTask {
    /// Its id.
    pub id: TaskId,
    /// What people call it: `WEB-142`.
    pub key: String,
    /// The project it belongs to.
    pub project: ProjectId,
    /// What is to be done.
    pub title: String,
    /// How it stands.
    pub status: TaskStatus,
    /// What its status means.
    pub category: Category,
    /// How urgent it is.
    pub priority: Priority,
    /// Its labels.
    pub labels: Raw<Vec<String>>,
    /// Who works on it.
    pub assignees: Raw<Vec<UserId>>,
    /// The task that it is a part of.
    pub parent: Option<TaskId>,
    /// When it is to be done.
    pub due_at: Option<DateTime<Utc>>,
    /// How much work it is thought to be, in whole minutes.
    pub estimate: Option<i64>,
    /// The same in points.
    pub points: Option<i64>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was completed, while it is.
    pub completed_at: Option<DateTime<Utc>>,
}

impl From<Task> for ListedTask {
    fn from(task: Task) -> Self {
        Self {
            id: task.id,
            key: task.key,
            project: task.project_id,
            title: task.title,
            status: task.status,
            category: task.category,
            priority: task.priority,
            labels: task.labels,
            assignees: task.assignees,
            parent: task.parent_id,
            due_at: task.due_at,
            estimate: task.estimate,
            points: task.points,
            updated_at: task.updated_at,
            completed_at: task.completed_at,
        }
    }
}

impl Internal for List {
    const NAME: &'static str = "task.list";
    const SUMMARY: &'static str = "Finds tasks, for the steps behind it to read; changes nothing.";
    const EFFECT: Effect =
        Effect { reads: &["task"], writes: &[], undo: Undo::Never { because: "it changes nothing" } };
    const CAUSES: &'static [&'static str] = &[];
    type Needs = TaskView;
    type Input = ListInput;
    type Output = Listed;

    async fn perform(tx: &mut Tx, cx: &Cx, input: ListInput) -> Result<Listed> {
        let limit = input.limit.unwrap_or(USUAL_TASKS);
        if !(1..=MAX_TASKS).contains(&limit) {
            return Err(Error::field("/limit", format!("must be 1 to {MAX_TASKS}")));
        }
        let mut pairs = vec![("limit".to_owned(), limit.to_string()), ("total".to_owned(), "true".to_owned())];
        pairs.extend(input.sort.map(|sort| ("sort".to_owned(), sort)));
        for (name, value) in input.filter {
            if NO_FILTERS.contains(&name.as_str()) {
                return Err(Error::field(
                    format!("/filter/{name}"),
                    "is no filter; say it beside `filter`, or not at all",
                ));
            }
            if let Some(text) = parameter(&name, value)? {
                pairs.push((name, text));
            }
        }
        let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let query = TaskQuery::parse(pairs, cx.actor.user())?;
        let page = service::list(tx, &cx.actor.may_somewhere::<TaskView>()?, &query).await?;
        let count = page.total.unwrap_or_default();
        Ok(Listed { tasks: page.items.into_iter().map(ListedTask::from).collect(), count })
    }
}

/// A value as a query has it.
fn parameter(name: &str, value: Value) -> Result<Option<String>> {
    let one = |value: Value| match value {
        Value::String(text) => Ok(text),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        _ => Err(Error::field(format!("/filter/{name}"), "must be a text, a number, true or false, or a list of such")),
    };
    match value {
        Value::Null => Ok(None),
        // A filter that lists nothing asks for nothing, as one that is left out.
        Value::Array(items) if items.is_empty() => Ok(None),
        Value::Array(items) => {
            items.into_iter().map(one).collect::<Result<Vec<_>>>().map(|items| Some(items.join(",")))
        }
        value => one(value).map(Some),
    }
}
