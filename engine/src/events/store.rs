//! All SQL on `events` and `log_head`.

use chrono::{DateTime, Utc};

use super::model::{Event, Fresh};
use super::sight::sees_logged;
use crate::Result;
use crate::access::Actor;
use crate::db::{Rx, Tx, row, statements};
use crate::ids::{EventId, ProjectId, RuleId, RunId, TaskId, WorkspaceId};

row! {
    /// An event that has no position yet, as the dispatcher reads it.
    #[derive(Debug, Clone)]
    pub struct Pending {
        /// Its id.
        pub id: EventId,
        /// The workspace it happened in.
        pub workspace_id: WorkspaceId,
        /// The kind.
        pub kind: String,
        /// Who did it, as JSON text.
        pub actor: String,
        /// The rule behind it, as JSON text.
        pub cause: Option<String>,
        /// How many rules stand in the chain behind it.
        pub depth: i64,
        /// The id that joins logs of one request.
        pub trace: Option<String>,
        /// The payload as JSON text.
        pub payload: String,
        /// When it happened.
        pub occurred_at: DateTime<Utc>,
    }
}

row! {
    /// A row of the log.
    #[derive(Debug, Clone)]
    pub struct Logged {
        /// Its id.
        pub id: EventId,
        /// Its place in the log.
        pub position: i64,
        /// The kind.
        pub kind: String,
        /// The version of the kind.
        pub version: i64,
        /// The workspace it happened in.
        pub workspace_id: WorkspaceId,
        /// The project it happened in.
        pub project_id: Option<ProjectId>,
        /// The id of what it is about.
        pub subject: String,
        /// Who did it, as JSON text.
        pub actor: String,
        /// The rule behind it, as JSON text.
        pub cause: Option<String>,
        /// The id that joins logs of one request.
        pub trace: Option<String>,
        /// The payload as JSON text.
        pub payload: String,
        /// When it happened.
        pub occurred_at: DateTime<Utc>,
    }
}

row! {
    /// An event about a task.
    #[derive(Debug, Clone)]
    pub struct About {
        /// Its id.
        pub id: EventId,
        /// The kind.
        pub kind: String,
        /// Who did it, as JSON text.
        pub actor: String,
        /// The rule behind it, as JSON text.
        pub cause: Option<String>,
        /// The payload as JSON text.
        pub payload: String,
        /// When it happened.
        pub occurred_at: DateTime<Utc>,
    }
}

row! {
    /// An event, as rules are tried on it.
    #[derive(Debug, Clone)]
    pub struct Past {
        /// Its id.
        pub id: EventId,
        /// Its place in the log; none before it is dispatched.
        pub position: Option<i64>,
        /// The kind.
        pub kind: String,
        /// The workspace it happened in.
        pub workspace_id: WorkspaceId,
        /// The project it happened in.
        pub project_id: Option<ProjectId>,
        /// The id of what it is about.
        pub subject: String,
        /// Who did it, as JSON text.
        pub actor: String,
        /// The rule behind it, as JSON text.
        pub cause: Option<String>,
        /// How many rules stand in the chain behind it.
        pub depth: i64,
        /// The payload as JSON text.
        pub payload: String,
        /// When it happened.
        pub occurred_at: DateTime<Utc>,
    }
}

impl Past {
    /// Whether this actor may see it.
    pub(crate) fn seen_by(&self, actor: &Actor) -> bool {
        sees_logged(actor, &self.kind, self.project_id, &self.subject, &self.payload)
    }

    /// As a dispatcher reads it.
    pub(crate) fn pending(self) -> Pending {
        Pending {
            id: self.id,
            workspace_id: self.workspace_id,
            kind: self.kind,
            actor: self.actor,
            cause: self.cause,
            depth: self.depth,
            trace: None,
            payload: self.payload,
            occurred_at: self.occurred_at,
        }
    }
}

/// A stretch of the log of one workspace.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    /// Events behind this position …
    pub after: i64,
    /// … up to this one.
    pub until: i64,
    /// At most so many.
    pub limit: i64,
}

/// The largest event, in bytes of its payload, that is kept in memory for the runs it starts. As values it is up to a
/// hundred times as large; the run of a larger one reads it again.
const HEAVY: usize = 64 * 1024;

impl Pending {
    /// Whether it is too large to be kept in memory, or written, together with others.
    pub(crate) fn is_heavy(&self) -> bool {
        self.payload.len() > HEAVY
    }
}

/// Bytes of payload after which a page of the log ends, whatever it was asked for.
const PAGE_BYTES: i64 = 4 * 1024 * 1024;

statements! {
    INSERT = "insert into events (id, workspace_id, position, kind, version, project_id, subject, actor, cause, depth, trace, payload, occurred_at) \
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    /// Not more than $3 bytes of payload, but always one event.
    WAITING = "select count(*), min(occurred_at) from events where position is null";
    PENDING = "select {Pending} from events where id in (\
            select id from (\
                select id, sum(size) over (order by id rows unbounded preceding) - size as ahead from (\
                    select id, octet_length(payload) as size from events \
                    where position is null and workspace_id <> all($2) order by id limit $1) sizes) sized \
            where ahead < $3) \
        order by id", Pending;
    DISPATCHED = "select {Pending} from events where workspace_id = $1 and id = $2", Pending;
    TRY_HEAD = "select position from log_head where id = 1 for update skip locked";
    ASSIGN = "update events set position = $1 + o.n from \
     (select id, row_number() over (order by id) as n from events where position is null and id = any($2)) o \
     where events.id = o.id returning events.id, events.position";
    MOVE_HEAD = "update log_head set position = $1 where id = 1";
    HEAD = "select position from log_head where id = 1";
    /// Not more than $4 bytes of payload, but always one event: hundreds of the largest would fill the memory.
    AFTER = "select {Logged} from events where workspace_id = $1 and position > $2 and position <= (\
            select max(position) from (\
                select position, sum(size) over (order by position rows unbounded preceding) - size as ahead from (\
                    select position, octet_length(payload) as size from events \
                    where workspace_id = $1 and position > $2 order by position limit $3) sizes) sized \
            where ahead < $4) \
        order by position", Logged;
    AFTER_ALL = "select {Logged} from events where position > $1 and position <= (\
            select max(position) from (\
                select position, sum(size) over (order by position rows unbounded preceding) - size as ahead from (\
                    select position, octet_length(payload) as size from events \
                    where position > $1 order by position limit $2) sizes) sized \
            where ahead < $3) \
        order by position", Logged;
    // `substr` as the index `events_task` has it.
    OF_TASK = "select id, cast(octet_length(payload) as bigint) from events where workspace_id = $1 and subject = $2 \
        and substr(subject, 1, 5) = 'task_' and (id < $3 or cast($3 as text) is null) order by id desc limit $4";
    OF_TASK_OLDEST = "select id, cast(octet_length(payload) as bigint) from events where workspace_id = $1 and subject = $2 \
        and substr(subject, 1, 5) = 'task_' and (id > $3 or cast($3 as text) is null) order by id limit $4";
    BY_ID = "select {About} from events where workspace_id = $1 and id = any($2)", About;
    /// Of some kinds. Not more than $6 bytes of payload, but always one event.
    STRETCH = "select {Past} from events where workspace_id = $1 and position > $2 and position <= $3 and kind = any($4) \
        and position <= (\
            select max(position) from (\
                select position, sum(size) over (order by position rows unbounded preceding) - size as ahead from (\
                    select position, octet_length(payload) as size from events \
                    where workspace_id = $1 and position > $2 and position <= $3 and kind = any($4) \
                    order by position limit $5) sizes) sized \
            where ahead < $6) \
        order by position", Past;
    // Ids are made in the order of time, positions nearly so.
    FIRST_SINCE = "select min(position) from (select position from events where id >= $2 and workspace_id = $1 \
        and position is not null order by id limit 1000) found";
    LAST_BEFORE = "select max(position) from (select position from events where id < $2 and workspace_id = $1 \
        and position is not null order by id desc limit 1000) found";
    PAST_ALL = "select {Past} from events where workspace_id = $1 and id = any($2)", Past;
    PAST = "select {Past} from events where workspace_id = $1 and id = $2", Past;
    KINDS_OF_TASK = "select {Past} from events where subject = $2 and substr(subject, 1, 5) = 'task_' and workspace_id = $1 \
        and kind = any($3) and (id < $4 or cast($4 as text) is null) order by id desc limit $5", Past;
    KINDS_OF_TASK_AFTER = "select {Past} from events where subject = $2 and substr(subject, 1, 5) = 'task_' and workspace_id = $1 \
        and kind = any($3) and id > $4 order by id limit $5", Past;
    // `substr` as the index `events_rule` has it.
    OF_RULE = "select {Past} from events where subject = $2 and substr(subject, 1, 5) = 'rule_' and workspace_id = $1 \
        and kind = $3 and id <= $4 order by id desc limit 1", Past;
    POSITION_OF = "select position from events where workspace_id = $1 and id = $2";
    /// The newest of those that were written before.
    POSITION_BEFORE = "select position from events where id < $1 and position is not null order by id desc limit 1";
    OF_KINDS = "select id, position from events where workspace_id = $1 and position > $2 and position <= $3 and kind = any($4) \
        order by position limit $5";
    TASKS_OF = "select id, subject from events where id = any($1) and substr(subject, 1, 5) = 'task_'";
    LIST_LOGGED = "select {Logged} from events where workspace_id = $1 and id = any($2) and position is not null", Logged;
    FIND = "select {Logged} from events where workspace_id = $1 and id = $2 and position is not null", Logged;
}

/// Writes events: without a position, or as the log's next ones after `head`, which the caller has locked.
pub(super) async fn insert(tx: &mut Tx, events: &[&Fresh], head: Option<i64>) -> Result<()> {
    let rows: Vec<_> = (1..)
        .zip(events)
        .map(|(n, event)| {
            let seen = &event.seen;
            (
                seen.id,
                seen.workspace_id,
                head.map(|head| head + n),
                seen.kind.as_str(),
                event.version,
                event.project,
                event.subject.as_str(),
                seen.actor.as_str(),
                seen.cause.as_deref(),
                seen.depth,
                seen.trace.as_deref(),
                seen.payload.as_str(),
                seen.occurred_at,
            )
        })
        .collect();
    tx.execute_many(INSERT, &rows).await?;
    if let Some(head) = head {
        tx.execute(MOVE_HEAD, (head + events.len() as i64,)).await?;
    }
    Ok(())
}

/// The position of the newest event, locked until the transaction ends; none when another transaction has it.
pub(crate) async fn try_head(tx: &mut Tx) -> Result<Option<i64>> {
    Ok(tx.opt::<(i64,)>(TRY_HEAD, ()).await?.map(|(position,)| position))
}

/// The oldest events that have no position yet, without those of some workspaces.
pub(crate) async fn pending(rx: &mut Rx, limit: i64, without: &[WorkspaceId]) -> Result<Vec<Pending>> {
    rx.all(PENDING, (limit, without, PAGE_BYTES)).await
}

/// One event as the dispatcher saw it, for a run that goes on later.
pub(crate) async fn find_pending(rx: &mut Rx, workspace: WorkspaceId, id: EventId) -> Result<Option<Pending>> {
    rx.opt(DISPATCHED, (workspace, id)).await
}

/// Gives positions after the locked `head` to those of `ids` that have none, and says which.
pub(crate) async fn assign(tx: &mut Tx, ids: &[EventId], head: i64) -> Result<Vec<(EventId, i64)>> {
    let assigned: Vec<(EventId, i64)> = tx.all(ASSIGN, (head, ids)).await?;
    if !assigned.is_empty() {
        tx.execute(MOVE_HEAD, (head + assigned.len() as i64,)).await?;
    }
    Ok(assigned)
}

/// The position of the newest event.
pub(crate) async fn head(rx: &mut Rx) -> Result<i64> {
    let (position,): (i64,) = rx.one(HEAD, ()).await?;
    Ok(position)
}

/// A workspace's events after a position, oldest first.
pub(crate) async fn after(rx: &mut Rx, workspace: WorkspaceId, position: i64, limit: i64) -> Result<Vec<Event>> {
    let rows: Vec<Logged> = rx.all(AFTER, (workspace, position, limit, PAGE_BYTES)).await?;
    rows.into_iter().map(Event::try_from).collect()
}

/// Every workspace's events after a position, oldest first: for the hub, which sorts out who may see them.
pub(crate) async fn after_all(rx: &mut Rx, position: i64, limit: i64) -> Result<Vec<Event>> {
    let rows: Vec<Logged> = rx.all(AFTER_ALL, (position, limit, PAGE_BYTES)).await?;
    rows.into_iter().map(Event::try_from).collect()
}

/// One event of a workspace.
pub(crate) async fn find(rx: &mut Rx, workspace: WorkspaceId, id: EventId) -> Result<Option<Event>> {
    let row: Option<Logged> = rx.opt(FIND, (workspace, id)).await?;
    row.map(Event::try_from).transpose()
}

/// The tasks that these events are about, where they are about one.
pub(crate) async fn tasks_of(rx: &mut Rx, ids: &[EventId]) -> Result<Vec<(EventId, TaskId)>> {
    let rows: Vec<(EventId, String)> = rx.all(TASKS_OF, (ids,)).await?;
    Ok(rows.into_iter().filter_map(|(event, task)| Some((event, task.parse().ok()?))).collect())
}

/// These events of the log, in no order.
pub(super) async fn list_logged(rx: &mut Rx, workspace: WorkspaceId, ids: &[EventId]) -> Result<Vec<Event>> {
    let rows: Vec<Logged> = rx.all(LIST_LOGGED, (workspace, ids)).await?;
    rows.into_iter().map(Event::try_from).collect()
}

/// Where an event stands in the log.
pub(crate) async fn position_of(rx: &mut Rx, workspace: WorkspaceId, id: EventId) -> Result<Option<i64>> {
    Ok(rx.opt::<(Option<i64>,)>(POSITION_OF, (workspace, id)).await?.and_then(|(position,)| position))
}

/// Where the newest event stands that was written before a run was started, about.
pub(crate) async fn position_before(rx: &mut Rx, run: RunId) -> Result<i64> {
    Ok(rx.opt::<(i64,)>(POSITION_BEFORE, (run,)).await?.map_or(0, |(position,)| position))
}

/// A workspace's events of some kinds after a position and up to another, oldest first: their ids and positions.
pub(crate) async fn of_kinds(
    rx: &mut Rx,
    workspace: WorkspaceId,
    after: i64,
    until: i64,
    kinds: &[&str],
    limit: i64,
) -> Result<Vec<(EventId, i64)>> {
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    rx.all(OF_KINDS, (workspace, after, until, kinds, limit)).await
}

/// The events about a task with the size of each, the newest first or the oldest.
pub(super) async fn list_of_task(
    rx: &mut Rx,
    workspace: WorkspaceId,
    task: TaskId,
    oldest: bool,
    after: Option<EventId>,
    limit: i64,
) -> Result<Vec<(EventId, i64)>> {
    rx.all(if oldest { OF_TASK_OLDEST } else { OF_TASK }, (workspace, task.to_string(), after, limit)).await
}

/// These events, in no order.
pub(super) async fn list_by_id(rx: &mut Rx, workspace: WorkspaceId, ids: &[EventId]) -> Result<Vec<About>> {
    rx.all(BY_ID, (workspace, ids)).await
}

/// A workspace's events of some kinds in a stretch of the log, oldest first: fewer than there are when they are large.
pub(crate) async fn stretch(rx: &mut Rx, workspace: WorkspaceId, range: Range, kinds: &[&str]) -> Result<Vec<Past>> {
    rx.all(STRETCH, (workspace, range.after, range.until, kinds, range.limit, PAGE_BYTES)).await
}

/// The first position of a workspace's events since an id.
pub(crate) async fn first_since(rx: &mut Rx, workspace: WorkspaceId, since: EventId) -> Result<Option<i64>> {
    let (position,): (Option<i64>,) = rx.one(FIRST_SINCE, (workspace, since)).await?;
    Ok(position)
}

/// The last position of a workspace's events before an id.
pub(crate) async fn last_before(rx: &mut Rx, workspace: WorkspaceId, before: EventId) -> Result<Option<i64>> {
    let (position,): (Option<i64>,) = rx.one(LAST_BEFORE, (workspace, before)).await?;
    Ok(position)
}

/// One event, dispatched or not.
pub(crate) async fn past(rx: &mut Rx, workspace: WorkspaceId, id: EventId) -> Result<Option<Past>> {
    rx.opt(PAST, (workspace, id)).await
}

/// Some events of a workspace.
pub(crate) async fn past_all(rx: &mut Rx, workspace: WorkspaceId, ids: &[EventId]) -> Result<Vec<Past>> {
    rx.all(PAST_ALL, (workspace, ids)).await
}

/// The events of some kinds about a task, the newest first, before one of them if it is named.
pub(crate) async fn kinds_of_task(
    rx: &mut Rx,
    workspace: WorkspaceId,
    task: TaskId,
    kinds: &[&str],
    before: Option<EventId>,
    limit: i64,
) -> Result<Vec<Past>> {
    rx.all(KINDS_OF_TASK, (workspace, task.to_string(), kinds, before, limit)).await
}

/// The events of some kinds about a task behind one event, the oldest first.
pub(crate) async fn kinds_of_task_after(
    rx: &mut Rx,
    workspace: WorkspaceId,
    task: TaskId,
    kinds: &[&str],
    after: EventId,
    limit: i64,
) -> Result<Vec<Past>> {
    rx.all(KINDS_OF_TASK_AFTER, (workspace, task.to_string(), kinds, after, limit)).await
}

/// The last event of a kind about a rule up to another event.
pub(crate) async fn last_of_rule(
    rx: &mut Rx,
    workspace: WorkspaceId,
    rule: RuleId,
    kind: &str,
    until: EventId,
) -> Result<Option<Past>> {
    rx.opt(OF_RULE, (workspace, rule.to_string(), kind, until)).await
}

/// How many events no rule has looked at, and when the first of them happened.
pub(super) async fn waiting(rx: &mut Rx) -> Result<(i64, Option<DateTime<Utc>>)> {
    rx.one(WAITING, ()).await
}
