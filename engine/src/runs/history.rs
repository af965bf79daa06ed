//! Which runs are asked for, of very many: the list, what is exported, and what is done to several at once.
//!
//! No index follows the state of a run, since it changes twice in each short life. Runs that are not over have a job, those that
//! did not succeed have an error, and both are few: that is where they are looked for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;
use uuid::Uuid;

use super::model::{Mode, RunState, RunSummary};
use super::sight;
use super::store::{self, RunRow};
use crate::access::{Actor, Granted, RunView, Workspace};
use crate::db::{Kind, Param as _, Rx, Value};
use crate::ids::{EventId, Id as _, RuleId, RunId, WorkspaceId};
use crate::listing::{self, CREATED_AT, Column, Request, Statement};
use crate::paging::Page;
use crate::{Error, Result};

/// Which runs.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RunFilter {
    /// Only runs of this rule.
    pub rule_id: Option<RuleId>,
    /// Only runs in these states, parted by commas.
    pub state: Option<String>,
    /// Only live ones, or those of rules in shadow.
    pub mode: Option<Mode>,
    /// Only runs that this event started.
    pub event_id: Option<EventId>,
    /// Only runs that ended with an error of this code: `step_failed`, `loop`, `budget` ….
    pub error: Option<String>,
    /// Only runs whose error says this, of those whose errors one may read.
    pub q: Option<String>,
    /// Only runs that were started since then (RFC 3339).
    pub since: Option<DateTime<Utc>>,
    /// Only runs that were started before then (RFC 3339).
    pub until: Option<DateTime<Utc>>,
}

/// Which page of which runs.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RunQuery {
    /// Only runs of this rule.
    pub rule_id: Option<RuleId>,
    /// Only runs in these states, parted by commas.
    pub state: Option<String>,
    /// Only live ones, or those of rules in shadow.
    pub mode: Option<Mode>,
    /// Only runs that this event started.
    pub event_id: Option<EventId>,
    /// Only runs that ended with an error of this code: `step_failed`, `loop`, `budget` ….
    pub error: Option<String>,
    /// Only runs whose error says this, of those whose errors one may read.
    pub q: Option<String>,
    /// Only runs that were started since then (RFC 3339).
    pub since: Option<DateTime<Utc>>,
    /// Only runs that were started before then (RFC 3339).
    pub until: Option<DateTime<Utc>>,
    /// `created_at` or `finished_at`, with `-` for descending; `-created_at` when left out.
    pub sort: Option<String>,
    /// 1 to 200 items; 25 when left out.
    pub limit: Option<i64>,
    /// So many are passed over, at most 10,000.
    pub offset: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Also tell how many there are; null where that takes too long, because each has to be asked about.
    pub total: bool,
}

/// In so many errors words are looked for at once.
const WORDS_LOOKED_AT: i64 = 5_000;

const SORTS: &[Column] =
    &[CREATED_AT, Column { name: "finished_at", sql: "finished_at", kind: Kind::Time, nullable: true }];

impl RunQuery {
    fn filter(&self) -> RunFilter {
        let Self { rule_id, state, mode, event_id, error, q, since, until, .. } = self.clone();
        RunFilter { rule_id, state, mode, event_id, error, q, since, until }
    }
}

/// A filter, read.
struct Wanted {
    states: Vec<RunState>,
    code: Option<String>,
}

impl RunFilter {
    /// Whether it leaves out nothing.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    fn read(&self) -> Result<Wanted> {
        let states = self.state.as_deref().map(|text| listing::values("state", text)).transpose()?.unwrap_or_default();
        let code = match &self.error {
            Some(code) if !code.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') || code.len() > 64 => {
                return Err(listing::invalid("error", "must be the code of an error, such as `step_failed`"));
            }
            code => code.as_ref().map(|code| format!("{{\"code\":\"{code}\",%")),
        };
        Ok(Wanted { states, code })
    }

    /// `from runs where …`; without what the errors are to say unless `words`.
    fn statement<'a>(
        &'a self,
        actor: &Actor,
        workspace: WorkspaceId,
        wanted: &'a Wanted,
        words: bool,
    ) -> Result<Statement<'a>> {
        let mut from = Statement::from("runs", workspace);
        if let Some(rule) = &self.rule_id {
            // A rule belongs to its workspace. Were that asked of each run, too, its index would seem to be as good as that of the rule.
            from =
                Statement::of("runs", "rule_id = (select r.id from rules r where r.workspace_id = $1 and r.id = $2)");
            from.know(Value::Uuid(workspace.uuid())).know(rule.value());
        }
        if let Some(event) = &self.event_id {
            // An event's first runs and those that repeat them are in two indices.
            from.push(" and id in (select o.id from runs o where o.rerun_of is null and o.event_id is not null and o.event_id = ");
            from.bind(event.value());
            from.push(" union all select o.id from runs o where o.rerun_of is not null and o.event_id is not null and o.event_id = ");
            from.bind(event.value()).push(")");
        }
        if let Some(mode) = &self.mode {
            from.push(" and mode = ").bind(mode.value());
        }
        let states = &wanted.states;
        match states.as_slice() {
            [] => {}
            [state] => drop(from.push(" and state = ").bind(state.value())),
            _ => from.any_of("state", states),
        }
        if !states.is_empty() && states.iter().all(|state| !state.is_terminal()) {
            from.push(" and id in (select j.id from jobs j where j.workspace_id = $1 and j.queue = 'runs')");
        }
        let part = listing::part(self.q.as_deref())?;
        let only_errors =
            !states.is_empty() && states.iter().all(|state| state.is_terminal() && *state != RunState::Succeeded);
        if only_errors || part.is_some() || wanted.code.is_some() {
            from.push(" and error is not null");
        }
        if let Some(code) = &wanted.code {
            from.push(" and error like ").bind(code.value());
        }
        if let Some(part) = part.filter(|_| words) {
            from.contains(&["error"], part);
            // What somebody may not read they cannot find by searching either.
            sight::narrow_to_read(actor, &mut from);
        }
        // Ids are made of the time, and there is an index of them.
        if let Some(since) = self.since {
            from.push(" and id >= ").bind(Value::Uuid(first_of(since)));
        }
        if let Some(until) = self.until {
            from.push(" and id < ").bind(Value::Uuid(first_of(until)));
        }
        Ok(from)
    }
}

/// Below every id that is made in this millisecond ([RFC 9562](https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7)).
pub(crate) fn first_of(moment: DateTime<Utc>) -> Uuid {
    let millis = u128::try_from(moment.timestamp_millis()).unwrap_or_default() & 0xffff_ffff_ffff;
    Uuid::from_u128(millis << 80)
}

/// The page of a workspace's runs that is asked for and may be seen, the newest first. A page of somebody from whom many are kept,
/// or of words that few errors say, may be short and yet have a next one.
pub async fn page(
    rx: &mut Rx,
    actor: &Actor,
    may: &Granted<RunView, Workspace>,
    query: &RunQuery,
) -> Result<Page<RunSummary>> {
    let RunQuery { sort, limit, offset, cursor, total, .. } = query;
    let request = Request::new(SORTS, "-created_at", sort.as_deref(), *limit, *offset, cursor.as_deref(), *total)?;
    let filter = query.filter();
    let wanted = filter.read()?;
    let workspace = may.resource().0;
    let mut from = filter.statement(actor, workspace, &wanted, true)?;
    // Words that few errors say are looked for in so many only.
    let mut last = None;
    if filter.q.is_some() && request.is_newest_first() {
        let all = filter.statement(actor, workspace, &wanted, false)?;
        last = request.behind(rx, &all, WORDS_LOOKED_AT).await?;
        if let Some(last) = last {
            from.push(" and id >= ").bind(Value::Uuid(last));
        }
    }
    let value = |run: &RunRow, column: &Column| match column.name {
        "finished_at" => listing::time(run.finished_at),
        _ => Json::from(run.id.uuid().to_string()),
    };
    let mut page = sight::page(rx, actor, &request, from, value).await?;
    if let (None, Some(last)) = (&page.next_cursor, last) {
        page.next_cursor = Some(request.at_id(last).encode());
    }
    let mut items = store::summaries(rx, page.items).await?;
    sight::veil(rx, actor, &mut items).await?;
    Ok(Page { items, next_cursor: page.next_cursor, total: page.total })
}

/// The next runs of an export that may be seen, the newest first: those that are older than `behind`. And where to go on, if
/// there may be more; there may be although none came.
pub async fn export(
    rx: &mut Rx,
    actor: &Actor,
    may: &Granted<RunView, Workspace>,
    filter: &RunFilter,
    behind: Option<RunId>,
    most: i64,
) -> Result<(Vec<RunSummary>, Option<RunId>)> {
    let wanted = filter.read()?;
    let from = filter.statement(actor, may.resource().0, &wanted, true)?;
    let (rows, next) = sight::newest(rx, actor, from, behind, most).await?;
    let mut runs = store::summaries(rx, rows).await?;
    sight::veil(rx, actor, &mut runs).await?;
    Ok((runs, next))
}

/// The newest runs that a filter finds and that may be seen, at most so many.
///
/// # Errors
/// A filter that leaves out nothing: whoever means all says at least since when. `too_many_runs` when too much must be looked at.
pub async fn newest(
    rx: &mut Rx,
    actor: &Actor,
    may: &Granted<RunView, Workspace>,
    filter: &RunFilter,
    most: i64,
) -> Result<Vec<RunId>> {
    if filter.is_everything() {
        return Err(Error::field(
            "/filter",
            "must name at least one of `rule_id`, `state`, `event_id`, `error`, `since`",
        ));
    }
    let wanted = filter.read().map_err(|error| Error::field("/filter", error.detail.clone()))?;
    let from = filter.statement(actor, may.resource().0, &wanted, true)?;
    let (rows, next) = sight::newest(rx, actor, from, None, most).await?;
    if next.is_some() && i64::try_from(rows.len()).is_ok_and(|count| count < most) {
        let detail = "too many runs would have to be looked at; narrow the filter, for example by `since` and `until`";
        return Err(Error::conflict("too_many_runs", detail));
    }
    Ok(rows.into_iter().map(|row| row.id).collect())
}
