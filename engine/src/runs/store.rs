//! All SQL on `runs` and `run_steps`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::history::first_of;
use super::model::{Mode, NewRun, Run, RunError, RunState, RunSummary, RunTask, Step, StepState, Waiting};
use super::sight::Trail;
use crate::db::{Rx, Tx};
use crate::ids::{EventId, RuleId, RunId, TaskId, UserId, WorkspaceId};
use crate::{Error, Result, events, tasks};
use crate::{row, statements};

row! {
    pub(super) struct RunRow {
        pub id: RunId,
        pub workspace_id: WorkspaceId,
        pub rule_id: RuleId,
        pub rule_version: i64,
        pub event_id: Option<EventId>,
        pub rerun_of: Option<RunId>,
        pub parent_id: Option<RunId>,
        pub mode: Mode,
        pub state: RunState,
        pub waiting: Option<String>,
        pub inputs: Option<String>,
        pub depth: i64,
        pub error: Option<String>,
        pub created_at: DateTime<Utc>,
        pub finished_at: Option<DateTime<Utc>>,
    }
}

row! {
    /// What the runner needs of a run that it did not start itself.
    #[derive(Debug)]
    pub(super) struct Standing {
        pub workspace_id: WorkspaceId,
        pub rule_id: RuleId,
        pub rule_version: i64,
        pub event_id: Option<EventId>,
        pub parent_id: Option<RunId>,
        pub mode: Mode,
        pub state: RunState,
        pub inputs: Option<String>,
        pub depth: i64,
        pub admitted: bool,
        pub worked_ms: i64,
    }
}

row! {
    /// What is behind a run.
    #[derive(Debug)]
    pub(crate) struct Origin {
        pub started_by: Option<UserId>,
        pub event_id: Option<EventId>,
        pub parent_id: Option<RunId>,
    }
}

row! {
    pub(super) struct StepRow {
        pub path: String,
        pub ordinal: i64,
        pub kind: String,
        pub state: StepState,
        pub attempts: i64,
        pub input: Option<String>,
        pub output: Option<String>,
        pub events: Option<String>,
        pub error: Option<String>,
        pub resume_at: Option<DateTime<Utc>>,
        pub started_at: DateTime<Utc>,
        pub finished_at: Option<DateTime<Utc>>,
    }
}

statements! {
    INSERT = "insert into runs (id, workspace_id, rule_id, rule_version, event_id, rerun_of, mode, state, inputs, depth, error, created_at, finished_at, started_by, parent_id) \
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) on conflict do nothing";
    FIND = "select {RunRow} from runs where workspace_id = $1 and id = $2", RunRow;
    STANDING = "select {Standing} from runs where id = $1", Standing;
    NAMES = "select id, name from rules where id = any($1)";
    TRAILS = "select id, event_id, parent_id, rerun_of from runs where id = any($1)";
    OWNERS = "select id, owner_id from rules where id = any($1)";
    PARENTS = "select distinct parent_id from runs where id = any($1) and parent_id is not null";
    PARENTS_OF_RULE = "select distinct parent_id from runs where rule_id = $1 and parent_id is not null and state in ('queued', 'running', 'waiting', 'retrying')";
    CHILDREN = "select id from runs where parent_id = $1 and state in ('queued', 'running', 'waiting', 'retrying') order by id";
    ENDING = "select state, error from runs where id = $1";
    CREATED_AT = "select created_at from runs where id = $1";
    ORIGIN = "select {Origin} from runs where id = $1", Origin;
    OWNER = "select owner_id from rules where id = $1";
    LOCK = "select state from runs where workspace_id = $1 and id = $2 for update";
    STEPS = "select {StepRow} from run_steps where run_id = $1 order by ordinal, path", StepRow;
    LIST_OF_EVENT = "select {RunRow} from runs where workspace_id = $1 and id in (\
            select o.id from runs o where o.rerun_of is null and o.event_id is not null and o.event_id = $2 \
            union all select o.id from runs o where o.rerun_of is not null and o.event_id is not null and o.event_id = $2) order by id", RunRow;
    SHADOWS = "select {RunRow} from runs where rule_id = $1 and mode = 'shadow' and id >= $2 and id < $3 order by id desc limit $4", RunRow;
    COUNT_SHADOWS = "select state, count(*) from runs where rule_id = $1 and mode = 'shadow' and id >= $2 and id < $3 group by state";
    STEPS_AFTER = "select {StepRow} from run_steps where run_id = $1 and (ordinal > $2 or ordinal = $2 and path > $3) \
         order by ordinal, path limit $4", StepRow;
    KIND_OF_STEP = "select kind from run_steps where run_id = $1 and path = $2";
    STARTED_BY = "select started_by from runs where id = $1";
    DELETE_BEFORE = "delete from runs where id in (select id from runs where id < $1 and finished_at is not null order by id limit $2)";
    SET_STATE = "update runs set state = $2, waiting = $3 where id = $1";
    SET_ADMITTED = "update runs set admitted = true, waiting = null, state = case when state = 'waiting' then 'running' else state end \
         where id = $1";
    SET_NOT_ADMITTED = "update runs set admitted = false where id = $1";
    NEWEST_OF_RULE = "select id, state from runs where rule_id = $1 order by id desc limit $2";
    NEWEST_OF_WORKSPACE = "select id, state from runs where workspace_id = $1 order by id desc limit $2";
    PROGRESS = "select r.id, r.state, (select count(*) from run_steps s where s.run_id = r.id) from runs r where r.id = any($1)";
    SET_WORKED = "update runs set worked_ms = $2 where id = $1";
    FINISH = "update runs set state = $2, waiting = null, error = $3, finished_at = $4 where id = $1";
    CANCEL_LIVE = "update runs set state = 'cancelled', waiting = null, error = $2, finished_at = $3 where id = $1 and finished_at is null";
    FINISH_ALL = "update runs set state = $2, waiting = null, error = null, finished_at = $3 where id = any($1)";
    PUT_STEP = "insert into run_steps (run_id, path, ordinal, kind, state, attempts, input, output, error, resume_at, started_at, finished_at, events) \
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
     on conflict (run_id, path) do update set state = excluded.state, attempts = excluded.attempts, input = excluded.input, \
     output = excluded.output, error = excluded.error, resume_at = excluded.resume_at, finished_at = excluded.finished_at, events = excluded.events";
    /// When the rule was last switched on, or saved.
    SINCE = "select updated_at from rules where id = $1";
    LAST_ENDS = "select state, error from runs where rule_id = $1 and id >= $2 and finished_at is not null \
         and mode = 'live' and state in ('succeeded', 'failed') order by id desc limit $3";
    COUNT_FAILED = "select count(*) from runs where workspace_id = $1 and id >= $2 and error is not null and state = 'failed'";
    /// Those that no worker has been at: also those that wait for what their rule's policy says.
    QUEUED_OF_RULE = "select id from runs where rule_id = $1 and (state = 'queued' \
         or state = 'waiting' and not admitted and exists (select 1 from run_turns t where t.run_id = runs.id))";
    CANCEL_QUEUED = "update runs set state = 'cancelled', waiting = null, finished_at = $2, error = $3 where id = any($1) and (state = 'queued' \
         or state = 'waiting' and not admitted and exists (select 1 from run_turns t where t.run_id = runs.id)) returning id";
    LIVE_OF_RULE = "select id from runs where rule_id = $1 and state in ('queued', 'running', 'waiting', 'retrying')";
}

type RunArgs = (
    RunId,
    WorkspaceId,
    RuleId,
    i64,
    Option<EventId>,
    Option<RunId>,
    Mode,
    RunState,
    Option<String>,
    i64,
    Option<String>,
    DateTime<Utc>,
    Option<DateTime<Utc>>,
    Option<UserId>,
    Option<RunId>,
);

fn args(run: &NewRun, now: DateTime<Utc>) -> Result<RunArgs> {
    Ok((
        run.id,
        run.workspace,
        run.rule,
        run.rule_version,
        run.event,
        run.rerun_of,
        run.mode,
        run.state,
        run.inputs.as_ref().map(Value::to_string),
        run.depth,
        run.error.as_ref().map(text).transpose()?,
        now,
        run.state.is_terminal().then_some(now),
        run.started_by,
        run.parent,
    ))
}

fn text<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal(format!("a run's JSON: {error}")))
}

fn parsed<T: serde::de::DeserializeOwned>(text: Option<String>) -> Result<Option<T>> {
    text.map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|error| Error::internal(format!("a run's JSON: {error}")))
}

/// So much of what the steps of a run were given and answered is shown with it, in bytes; of the others how large they are.
const SHOWN_BYTES: usize = 4 * 1024 * 1024;
/// What is no larger than this is shown in any case.
const SHORT_BYTES: usize = 64;

/// Stores new runs; one for an (event, rule) that already has a run is left out.
pub(super) async fn insert_many(tx: &mut Tx, runs: &[NewRun], now: DateTime<Utc>) -> Result<u64> {
    let rows = runs.iter().map(|run| args(run, now)).collect::<Result<Vec<_>>>()?;
    tx.execute_many(INSERT, &rows).await
}

/// Stores one run; answers whether it is new.
pub(super) async fn insert(tx: &mut Tx, run: &NewRun, now: DateTime<Utc>) -> Result<bool> {
    Ok(tx.execute(INSERT, args(run, now)?).await? == 1)
}

pub(super) async fn standing(rx: &mut Rx, run: RunId) -> Result<Option<Standing>> {
    rx.opt(STANDING, (run,)).await
}

pub(super) async fn owner(rx: &mut Rx, rule: RuleId) -> Result<Option<UserId>> {
    Ok(rx.opt::<(UserId,)>(OWNER, (rule,)).await?.map(|(owner,)| owner))
}

/// The owners of rules.
pub(super) async fn owners(rx: &mut Rx, rules: &[RuleId]) -> Result<HashMap<RuleId, UserId>> {
    let rows: Vec<(RuleId, UserId)> = rx.all(OWNERS, (rules,)).await?;
    Ok(rows.into_iter().collect())
}

/// What stands before runs.
pub(super) async fn trails(rx: &mut Rx, runs: &[RunId]) -> Result<HashMap<RunId, Trail>> {
    type Row = (RunId, Option<EventId>, Option<RunId>, Option<RunId>);
    let rows: Vec<Row> = rx.all(TRAILS, (runs,)).await?;
    let trail = |(run, event, parent, rerun_of): Row| (run, Trail { event, before: parent.or(rerun_of) });
    Ok(rows.into_iter().map(trail).collect())
}

/// What is behind a run.
pub(super) async fn origin(rx: &mut Rx, run: RunId) -> Result<Option<Origin>> {
    rx.opt(ORIGIN, (run,)).await
}

/// The runs that wait for the ends of these.
pub(super) async fn parents(rx: &mut Rx, runs: &[RunId]) -> Result<Vec<RunId>> {
    let rows: Vec<(RunId,)> = rx.all(PARENTS, (runs,)).await?;
    Ok(rows.into_iter().map(|(run,)| run).collect())
}

/// The runs that wait for the end of any of a rule's.
pub(super) async fn parents_of_rule(rx: &mut Rx, rule: RuleId) -> Result<Vec<RunId>> {
    let rows: Vec<(RunId,)> = rx.all(PARENTS_OF_RULE, (rule,)).await?;
    Ok(rows.into_iter().map(|(run,)| run).collect())
}

/// The runs for whose ends this one waits.
pub(super) async fn children(rx: &mut Rx, run: RunId) -> Result<Vec<RunId>> {
    let rows: Vec<(RunId,)> = rx.all(CHILDREN, (run,)).await?;
    Ok(rows.into_iter().map(|(run,)| run).collect())
}

/// How a run stands, and why it is not as it should be.
pub(super) async fn ending(rx: &mut Rx, run: RunId) -> Result<Option<(RunState, Option<RunError>)>> {
    let row: Option<(RunState, Option<String>)> = rx.opt(ENDING, (run,)).await?;
    row.map(|(state, error)| Ok((state, parsed(error)?))).transpose()
}

/// When a run was started.
pub(super) async fn created_at(rx: &mut Rx, run: RunId) -> Result<DateTime<Utc>> {
    let (at,): (DateTime<Utc>,) = rx.one(CREATED_AT, (run,)).await?;
    Ok(at)
}

pub(crate) async fn steps(rx: &mut Rx, run: RunId) -> Result<Vec<Step>> {
    let rows: Vec<StepRow> = rx.all(STEPS, (run,)).await?;
    rows.into_iter().map(step).collect()
}

fn step(row: StepRow) -> Result<Step> {
    Ok(Step {
        path: row.path,
        ordinal: row.ordinal,
        kind: row.kind,
        state: row.state,
        attempts: row.attempts,
        input: parsed(row.input)?,
        output: parsed(row.output)?,
        events: parsed(row.events)?.unwrap_or_default(),
        error: row.error,
        resume_at: row.resume_at,
        started_at: row.started_at,
        finished_at: row.finished_at,
    })
}

/// The tasks that these events are about.
async fn tasks_of(rx: &mut Rx, rows: &[RunRow]) -> Result<HashMap<EventId, RunTask>> {
    let events: Vec<EventId> = rows.iter().filter_map(|row| row.event_id).collect();
    let Some(workspace) = rows.first().map(|row| row.workspace_id).filter(|_| !events.is_empty()) else {
        return Ok(HashMap::new());
    };
    let about = events::store::tasks_of(rx, &events).await?;
    let ids: Vec<TaskId> = about.iter().map(|(_, task)| *task).collect();
    let known = tasks::service::by_ids(rx, workspace, &ids).await?;
    let keys: HashMap<TaskId, String> = known.into_iter().map(|task| (task.id, task.key)).collect();
    let of = |(event, id): (EventId, TaskId)| (event, RunTask { id, key: keys.get(&id).cloned() });
    Ok(about.into_iter().map(of).collect())
}

/// Adds names to rows, with one statement of each kind for all of them.
pub(super) async fn summaries(rx: &mut Rx, rows: Vec<RunRow>) -> Result<Vec<RunSummary>> {
    let mut rules: Vec<RuleId> = rows.iter().map(|row| row.rule_id).collect();
    rules.sort_unstable();
    rules.dedup();
    let names: Vec<(RuleId, String)> = rx.all(NAMES, (rules,)).await?;
    let tasks = tasks_of(rx, &rows).await?;
    rows.into_iter()
        .map(|row| {
            Ok(RunSummary {
                rule_name: names
                    .iter()
                    .find(|(id, _)| *id == row.rule_id)
                    .map(|(_, name)| name.clone())
                    .unwrap_or_default(),
                id: row.id,
                workspace_id: row.workspace_id,
                rule_id: row.rule_id,
                rule_version: row.rule_version,
                event_id: row.event_id,
                task: row.event_id.and_then(|event| tasks.get(&event).cloned()),
                rerun_of: row.rerun_of,
                parent_id: row.parent_id,
                mode: row.mode,
                state: row.state,
                waiting: parsed(row.waiting)?,
                depth: row.depth,
                inputs: parsed(row.inputs)?,
                error: parsed(row.error)?,
                created_at: row.created_at,
                finished_at: row.finished_at,
            })
        })
        .collect()
}

pub(crate) async fn find(rx: &mut Rx, workspace: WorkspaceId, id: RunId) -> Result<Option<RunSummary>> {
    let row: Option<RunRow> = rx.opt(FIND, (workspace, id)).await?;
    Ok(summaries(rx, row.into_iter().collect()).await?.pop())
}

pub(super) async fn get(rx: &mut Rx, summary: RunSummary) -> Result<Run> {
    let (mut steps, mut shown) = (Vec::new(), 0);
    rx.each(STEPS, (summary.id,), |mut row: StepRow| {
        for value in [&mut row.input, &mut row.output] {
            let bytes = value.as_ref().map_or(0, String::len);
            shown += bytes;
            if shown > SHOWN_BYTES && bytes > SHORT_BYTES {
                *value = Some(format!("{{\"truncated\":true,\"bytes\":{bytes}}}"));
            }
        }
        steps.push(step(row)?);
        Ok(())
    })
    .await?;
    Ok(Run { summary, steps })
}

/// The steps of a run that come behind a place, whole: at most so many, of at most [`SHOWN_BYTES`] of what they were given and
/// answered, but always one. And whether more follow.
pub(super) async fn steps_after(
    rx: &mut Rx,
    run: RunId,
    (ordinal, path): (i64, String),
    limit: i64,
) -> Result<(Vec<Step>, bool)> {
    let (mut steps, mut bytes, mut more) = (Vec::new(), 0, false);
    rx.each(STEPS_AFTER, (run, ordinal, path, limit + 1), |row: StepRow| {
        bytes += [&row.input, &row.output].into_iter().flatten().map(String::len).sum::<usize>();
        let full = i64::try_from(steps.len()).is_ok_and(|count| count >= limit);
        more |= full || bytes > SHOWN_BYTES && !steps.is_empty();
        if !more {
            steps.push(step(row)?);
        }
        Ok(())
    })
    .await?;
    Ok((steps, more))
}

/// How the newest runs of a rule stand.
pub(super) async fn newest_of_rule(rx: &mut Rx, rule: RuleId, most: i64) -> Result<Vec<(RunId, RunState)>> {
    rx.all(NEWEST_OF_RULE, (rule, most)).await
}

/// How the newest runs of a workspace stand.
pub(super) async fn newest_of(rx: &mut Rx, workspace: WorkspaceId, most: i64) -> Result<Vec<(RunId, RunState)>> {
    rx.all(NEWEST_OF_WORKSPACE, (workspace, most)).await
}

/// How these runs stand, and how many steps they have begun.
pub(super) async fn progress(rx: &mut Rx, runs: &[RunId]) -> Result<Vec<(RunId, RunState, i64)>> {
    rx.all(PROGRESS, (runs,)).await
}

pub(crate) async fn list_of_event(rx: &mut Rx, workspace: WorkspaceId, event: EventId) -> Result<Vec<RunSummary>> {
    let rows = rx.all(LIST_OF_EVENT, (workspace, event)).await?;
    summaries(rx, rows).await
}

/// Deletes some of the oldest runs that are over, and were made before this id.
pub(super) async fn delete_before(tx: &mut Tx, before: Uuid, limit: i64) -> Result<u64> {
    tx.execute(DELETE_BEFORE, (before, limit)).await
}

/// The newest runs of a rule in shadow, from one id up to another.
pub(crate) async fn list_shadows(
    rx: &mut Rx,
    rule: RuleId,
    since: RunId,
    until: RunId,
    limit: i64,
) -> Result<Vec<RunSummary>> {
    let rows = rx.all(SHADOWS, (rule, since, until, limit)).await?;
    summaries(rx, rows).await
}

/// How many runs of a rule in shadow stand how.
pub(crate) async fn count_shadows(
    rx: &mut Rx,
    rule: RuleId,
    since: RunId,
    until: RunId,
) -> Result<Vec<(RunState, i64)>> {
    rx.all(COUNT_SHADOWS, (rule, since, until)).await
}

/// The action of a step, or what else it is.
pub(crate) async fn kind_of_step(rx: &mut Rx, run: RunId, path: &str) -> Result<Option<String>> {
    Ok(rx.opt::<(String,)>(KIND_OF_STEP, (run, path)).await?.map(|(kind,)| kind))
}

/// Who started a run by hand, or repeated one.
pub(crate) async fn started_by(rx: &mut Rx, run: RunId) -> Result<Option<UserId>> {
    Ok(rx.opt::<(Option<UserId>,)>(STARTED_BY, (run,)).await?.and_then(|(user,)| user))
}

/// Locks a run and answers where it stands.
pub(super) async fn lock(tx: &mut Tx, workspace: WorkspaceId, id: RunId) -> Result<Option<RunState>> {
    Ok(tx.opt::<(RunState,)>(LOCK, (workspace, id)).await?.map(|(state,)| state))
}

pub(super) async fn set_state(tx: &mut Tx, id: RunId, state: RunState, waiting: Option<&Waiting>) -> Result<()> {
    tx.execute(SET_STATE, (id, state, waiting.map(text).transpose()?)).await?;
    Ok(())
}

pub(super) async fn set_admitted(tx: &mut Tx, id: RunId) -> Result<()> {
    tx.execute(SET_ADMITTED, (id,)).await?;
    Ok(())
}

pub(super) async fn set_not_admitted(tx: &mut Tx, id: RunId) -> Result<()> {
    tx.execute(SET_NOT_ADMITTED, (id,)).await?;
    Ok(())
}

pub(super) async fn set_worked(tx: &mut Tx, id: RunId, milliseconds: i64) -> Result<()> {
    tx.execute(SET_WORKED, (id, milliseconds)).await?;
    Ok(())
}

pub(super) async fn finish(
    tx: &mut Tx,
    id: RunId,
    state: RunState,
    error: Option<&RunError>,
    now: DateTime<Utc>,
) -> Result<()> {
    tx.execute(FINISH, (id, state, error.map(text).transpose()?, now)).await?;
    Ok(())
}

/// Cancels a run unless it is over.
pub(super) async fn cancel_live(tx: &mut Tx, id: RunId, error: &RunError, now: DateTime<Utc>) -> Result<()> {
    tx.execute(CANCEL_LIVE, (id, text(error)?, now)).await?;
    Ok(())
}

/// Ends runs in which nothing went wrong.
pub(super) async fn finish_all(tx: &mut Tx, runs: &[RunId], state: RunState, now: DateTime<Utc>) -> Result<()> {
    tx.execute(FINISH_ALL, (runs, state, now)).await?;
    Ok(())
}

/// A line of a run's journal: the step, and its input and output as text.
pub(super) type StepLine<'l> = (RunId, &'l Step, Option<&'l str>, Option<&'l str>);

/// Writes lines of journals, each over the unfinished one of the same run and path if there is one; no two of one path.
pub(super) async fn put_steps(tx: &mut Tx, lines: &[StepLine<'_>]) -> Result<()> {
    let rows: Vec<_> = lines
        .iter()
        .map(|(run, step, input, output)| {
            (
                *run,
                step.path.as_str(),
                step.ordinal,
                step.kind.as_str(),
                step.state,
                step.attempts,
                *input,
                *output,
                // What went wrong may quote what an event brought: no database has to store all of it.
                step.error.as_deref().map(|error| error.replace('\0', "\u{fffd}")),
                step.resume_at,
                step.started_at,
                step.finished_at,
                ids(&step.events),
            )
        })
        .collect();
    tx.execute_many(PUT_STEP, &rows).await?;
    Ok(())
}

/// The newest outcomes of a rule since it was last switched on or saved, newest first.
pub(super) async fn last_ends(rx: &mut Rx, rule: RuleId, limit: i64) -> Result<Vec<(RunState, Option<RunError>)>> {
    let Some((since,)) = rx.opt::<(DateTime<Utc>,)>(SINCE, (rule,)).await? else { return Ok(Vec::new()) };
    let rows: Vec<(RunState, Option<String>)> = rx.all(LAST_ENDS, (rule, first_of(since), limit)).await?;
    rows.into_iter().map(|(state, error)| Ok((state, parsed(error)?))).collect()
}

/// The ids as they are stored; none are not.
fn ids(events: &[EventId]) -> Option<String> {
    let quoted: Vec<String> = events.iter().map(|event| format!("\"{event}\"")).collect();
    (!quoted.is_empty()).then(|| format!("[{}]", quoted.join(",")))
}

/// Every run of a rule that has not begun.
pub(super) async fn queued_of_rule(rx: &mut Rx, rule: RuleId) -> Result<Vec<RunId>> {
    let ids: Vec<(RunId,)> = rx.all(QUEUED_OF_RULE, (rule,)).await?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

/// Ends those of these runs that have not begun, and answers which they were.
pub(super) async fn cancel_queued(
    tx: &mut Tx,
    runs: &[RunId],
    error: &RunError,
    now: DateTime<Utc>,
) -> Result<Vec<RunId>> {
    let ids: Vec<(RunId,)> = tx.all(CANCEL_QUEUED, (runs, now, text(error)?)).await?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

/// Every run of a rule that is not over.
pub(super) async fn live_of_rule(rx: &mut Rx, rule: RuleId) -> Result<Vec<RunId>> {
    let rows: Vec<(RunId,)> = rx.all(LIVE_OF_RULE, (rule,)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// How many runs from this one on failed.
pub(super) async fn count_failed(rx: &mut Rx, workspace: WorkspaceId, from: RunId) -> Result<i64> {
    let (count,): (i64,) = rx.one(COUNT_FAILED, (workspace, from)).await?;
    Ok(count)
}
