//! The log as people look through it: some kinds, one project, one task; the newest first, too.

use super::KINDS;
use super::model::Event;
use super::service::Stretch;
use super::store;
use crate::Result;
use crate::access::{EventView, Granted, Reach, Sight as _};
use crate::db::{Rx, Value};
use crate::ids::{EventId, Id as _, ProjectId, TaskId};
use crate::listing::{Statement, invalid};

/// So many places of the log are looked at in one go, and at most so often for one page: then it ends, though it be short, with
/// where to go on.
const WINDOW: i64 = 10_000;
const WINDOWS: usize = 10;
/// Bytes of payload after which a page ends; one event it always has.
const PAGE_BYTES: i64 = 4 * 1024 * 1024;
/// The longest list of kinds.
const MAX_KINDS: usize = 50;

/// Which events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    kinds: Vec<String>,
    project: Option<ProjectId>,
    task: Option<TaskId>,
}

/// From where on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// Behind this position, the oldest first.
    After(i64),
    /// Before this position, the newest first.
    Before(i64),
}

impl Filter {
    /// `kinds` are separated by commas; `task.*` stands for all that begin so.
    ///
    /// # Errors
    /// `invalid_parameter` for a kind that there is not.
    pub fn new(kinds: Option<&str>, project: Option<ProjectId>, task: Option<TaskId>) -> Result<Self> {
        let mut meant = Vec::new();
        for word in kinds.into_iter().flat_map(|kinds| kinds.split(',')) {
            let before = meant.len();
            let fits = |name: &str| match word.strip_suffix('*') {
                Some(beginning) => beginning.ends_with('.') && name.starts_with(beginning),
                None => name == word,
            };
            meant.extend(KINDS.iter().map(|kind| kind.name).filter(|name| fits(name)).map(str::to_owned));
            if meant.len() == before {
                let shown: String = word.chars().take(64).collect();
                let message = format!(
                    "does not know `{shown}`; `GET /event-kinds` names all, and `task.*` stands for those of tasks"
                );
                return Err(invalid("kind", message));
            }
        }
        if kinds.is_some_and(|kinds| kinds.split(',').count() > MAX_KINDS) {
            return Err(invalid("kind", format!("must be at most {MAX_KINDS} kinds")));
        }
        meant.sort_unstable();
        meant.dedup();
        Ok(Self { kinds: meant, project, task })
    }

    /// Whether it leaves out nothing.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    fn statement(&self, may: &Granted<EventView, Reach>, (from, to): (i64, i64)) -> Statement<'_> {
        let mut statement = Statement::from("events", may.workspace());
        statement.push(" and position >= ").bind(Value::Int(from)).push(" and position <= ").bind(Value::Int(to));
        if !self.kinds.is_empty() {
            statement.any_of("kind", &self.kinds);
        }
        if let Some(project) = self.project {
            statement.push(" and project_id = ").bind(Value::Uuid(project.uuid()));
        }
        if let Some(task) = self.task {
            // `substr` as the index `events_task` has it.
            statement
                .push(" and substr(subject, 1, 5) = 'task_' and subject = ")
                .bind(Value::Text(task.to_string().into()));
        }
        statement
    }
}

/// The events that a filter finds and that may be seen: `limit` of them, or those up to where the log, or patience, ends.
pub async fn page(
    rx: &mut Rx,
    may: &Granted<EventView, Reach>,
    filter: &Filter,
    begin: Begin,
    limit: i64,
) -> Result<Stretch> {
    let head = store::head(rx).await?;
    let (mut at, back) = match begin {
        Begin::After(position) => (position.min(head), false),
        Begin::Before(position) => (position.min(head + 1), true),
    };
    let (mut events, mut bytes) = (Vec::new(), 0);
    // What is said of one task is few, and found by an index.
    let window = if filter.task.is_some() { i64::MAX / 2 } else { WINDOW };
    for _ in 0..WINDOWS {
        let span = if back { ((at - window).max(1), at - 1) } else { (at + 1, head.min(at.saturating_add(window))) };
        if span.0 > span.1 {
            break;
        }
        let room = limit - i64::try_from(events.len()).unwrap_or(limit);
        let mut statement = filter.statement(may, span);
        statement.push(if back { " order by position desc" } else { " order by position" });
        let found: Vec<(EventId, i64, i64)> =
            statement.all(rx, "id, position, cast(octet_length(payload) as bigint)", room).await?;
        let mut ids = Vec::new();
        let (mut last, mut is_large) = (None, false);
        for (id, position, size) in &found {
            is_large = bytes + size > PAGE_BYTES && !(events.is_empty() && ids.is_empty());
            if is_large {
                break;
            }
            (bytes, last) = (bytes + size, Some(*position));
            ids.push(*id);
        }
        let mut seen = store::list_logged(rx, may.workspace(), &ids).await?;
        seen.retain(|event: &Event| event.seen_by(may.resource().actor()));
        seen.sort_unstable_by_key(|event| if back { -event.position } else { event.position });
        events.append(&mut seen);
        let full = i64::try_from(found.len()).is_ok_and(|count| count >= room);
        at = match last.filter(|_| full || is_large) {
            Some(last) => last,
            None if back => span.0,
            None => span.1,
        };
        if is_large || i64::try_from(events.len()).is_ok_and(|count| count >= limit) {
            break;
        }
    }
    Ok(Stretch { events, position: at })
}
