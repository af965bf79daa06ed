//! What happened to one task, for whoever may see it: the events about it, without what the task itself shows anyway.

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::sight::wants_more;
use super::store;
use crate::access::Sight;
use crate::db::Rx;
use crate::handle::Handle;
use crate::ids::{EventId, TaskId, WorkspaceId};
use crate::paging::{Cursor, Page, PageRequest, bad_cursor};
use crate::words::words;
use crate::{Error, Result, tasks};

/// Bytes of payloads after which a page ends, whatever it was asked for: a task's description may be in each twice.
const PAGE_BYTES: i64 = 4 * 1024 * 1024;

words! {
    /// In which order a history is read.
    pub enum Order {
        /// The newest first.
        Newest = "newest",
        /// The oldest first.
        Oldest = "oldest",
    }
}

/// One thing that happened to a task.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Activity {
    /// The event's id.
    pub id: EventId,
    /// The kind (`task.commented`).
    pub kind: String,
    /// Who did it: `{"type": "user", "id": "user_…"}`.
    #[schemars(with = "serde_json::Value")]
    pub actor: Box<RawValue>,
    /// The rule behind it, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::cx::Cause>")]
    pub cause: Option<Box<RawValue>>,
    /// What the event says besides the task and its project: `change`, `dependency`, `attachment` … Of a comment its id
    /// and author, because its text may have been taken back since; of another task its id, key and title.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub details: IndexMap<String, Box<RawValue>>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
}

/// What happened to a task, page by page.
pub async fn of_task(
    rx: &mut Rx,
    may: &(impl Sight + Sync),
    task: &Handle<TaskId>,
    order: Order,
    page: &PageRequest,
) -> Result<Page<Activity>> {
    let limit = page.limit()?;
    let workspace = may.workspace();
    let task = tasks::service::find(rx, may, task).await?;
    let after = match &page.cursor {
        None => None,
        Some(text) => match Cursor::decode(text, order.as_str())?.values.as_slice() {
            [Value::String(id)] => Some(id.parse::<EventId>().map_err(|_| bad_cursor())?),
            _ => return Err(bad_cursor()),
        },
    };
    let found = store::list_of_task(rx, workspace, task.id, order == Order::Oldest, after, limit + 1).await?;
    let mut bytes = 0;
    let fitting = found.iter().take_while(|(_, size)| {
        let fits = bytes < PAGE_BYTES;
        bytes += size;
        fits
    });
    let wanted: Vec<EventId> = fitting.map(|(id, _)| *id).take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
    let mut items = store::list_by_id(rx, workspace, &wanted)
        .await?
        .into_iter()
        .map(Activity::try_from)
        .collect::<Result<Vec<_>>>()?;
    // What only those may see who may see money.
    let shows_money = may.shows_money_of(task.project_id);
    items.retain(|item| shows_money || !wants_more(&item.kind));
    items.sort_by_key(|item| wanted.iter().position(|id| *id == item.id));
    let next_cursor = wanted
        .last()
        .filter(|_| found.len() > wanted.len())
        .map(|last| Cursor { sort: order.as_str().into(), values: vec![Value::String(last.to_string())] }.encode());
    Ok(Page { items, next_cursor, total: None })
}

/// Who wrote a comment, and which.
#[derive(Deserialize, Serialize)]
struct Said {
    id: Value,
    author: Value,
}

/// A task in short.
#[derive(Deserialize, Serialize)]
struct Other {
    id: Value,
    key: Value,
}

impl TryFrom<store::About> for Activity {
    type Error = Error;

    fn try_from(row: store::About) -> Result<Self> {
        let wrong = |error: serde_json::Error| Error::internal(format!("event {}: {error}", row.id));
        let raw = |text: String| RawValue::from_string(text).map_err(wrong);
        let mut details: IndexMap<String, Box<RawValue>> = serde_json::from_str(&row.payload).map_err(wrong)?;
        details.retain(|name, _| name != "task" && name != "project");
        // What it changed is its text.
        if details.contains_key("comment") {
            details.shift_remove("change");
        }
        for (name, value) in &mut details {
            match name.as_str() {
                "comment" => {
                    let said: Said = serde_json::from_str(value.get()).map_err(wrong)?;
                    *value = to_raw_value(&said).map_err(wrong)?;
                }
                // Also of what was written when events still said all of it.
                "other" | "predecessor" => {
                    let other: Other = serde_json::from_str(value.get()).map_err(wrong)?;
                    *value = to_raw_value(&other).map_err(wrong)?;
                }
                _ => {}
            }
        }
        Ok(Self {
            id: row.id,
            actor: raw(row.actor)?,
            cause: row.cause.map(raw).transpose()?,
            details,
            kind: row.kind,
            occurred_at: row.occurred_at,
        })
    }
}

/// What one change did to a task.
#[derive(Debug)]
pub(crate) struct ChangeSeen {
    /// The version that it made.
    pub version: i64,
    /// Who did it: the id of a person, a rule or a hook, or the program.
    pub by: String,
    /// Pointers to the fields that it changed: `/title`, `/custom/severity`.
    pub fields: Vec<String>,
}

/// The most changes that are looked at.
const MAX_CHANGES: i64 = 20;

/// The parts of an event about a task that tell what changed.
#[derive(Deserialize)]
struct Told {
    task: ToldTask,
    #[serde(default)]
    change: IndexMap<String, Value>,
}

#[derive(Deserialize)]
struct ToldTask {
    version: i64,
}

/// What changed a task since this version, the newest first; not more than the last few changes.
pub(crate) async fn changes_since(
    rx: &mut Rx,
    workspace: WorkspaceId,
    task: TaskId,
    version: i64,
) -> Result<Vec<ChangeSeen>> {
    let found = store::list_of_task(rx, workspace, task, false, None, MAX_CHANGES).await?;
    let ids: Vec<EventId> = found.into_iter().map(|(id, _)| id).collect();
    let mut rows = store::list_by_id(rx, workspace, &ids).await?;
    rows.sort_by_key(|row| std::cmp::Reverse(row.id));
    let mut changes = Vec::new();
    for row in rows {
        let fields =
            |change: &IndexMap<String, Value>| change.iter().flat_map(|(name, to)| pointers(name, to)).collect();
        let Ok(told) = serde_json::from_str::<Told>(&row.payload) else { continue };
        let fields: Vec<String> = match row.kind.as_str() {
            "task.updated" => fields(&told.change),
            "task.watched" | "task.unwatched" => vec!["/watchers".to_owned()],
            _ => continue,
        };
        if told.task.version > version {
            changes.push(ChangeSeen { version: told.task.version, by: by(&row.actor), fields });
        }
    }
    Ok(changes)
}

/// Pointers to what a change of one field changed: of custom fields each that differs.
fn pointers(name: &str, change: &Value) -> Vec<String> {
    if name != "custom" {
        return vec![format!("/{name}")];
    }
    let (from, to) = (&change["from"], &change["to"]);
    let keys = [from, to].into_iter().filter_map(Value::as_object).flat_map(|fields| fields.keys());
    let mut pointers: Vec<String> =
        keys.filter(|key| from.get(key.as_str()) != to.get(key.as_str())).map(|key| format!("/custom/{key}")).collect();
    pointers.sort_unstable();
    pointers.dedup();
    pointers
}

fn by(actor: &str) -> String {
    let actor: Value = serde_json::from_str(actor).unwrap_or_default();
    actor["id"].as_str().unwrap_or("Trackside itself").to_owned()
}
