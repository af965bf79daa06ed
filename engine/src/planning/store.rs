//! All SQL on `dependencies`, `task_schedules`, `plans`, `working_times`, `planned_dates` and `baselines`.

use chrono::{DateTime, Utc};

use super::baselines::Baseline;
use super::hours::WorkingTime;
use super::model::{Dependency, DependencyType};
use super::plans::{Plan, Usual};
use super::schedules::TaskSchedule;
use crate::Result;
use crate::db::{Rx, Tx, row, statements};
use crate::ids::{BaselineId, ProjectId, TaskId, WorkspaceId};
use crate::raw::Raw;

row! {
    /// The dates of a task that were computed last.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(super) struct Dates {
        pub task_id: TaskId,
        pub start_at: DateTime<Utc>,
        pub finish_at: DateTime<Utc>,
    }
}

statements! {
    OF_TASK = "select {Dependency} from dependencies where workspace_id = $1 and task_id = $2 \
     order by created_at, predecessor_id, kind", Dependency;
    OF_PROJECT = "select {Dependency} from dependencies where workspace_id = $1 and project_id = $2 \
     order by task_id, predecessor_id, kind", Dependency;
    INSERT = "insert into dependencies (workspace_id, project_id, task_id, predecessor_id, kind, lag, created_by, \
     created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    DELETE = "delete from dependencies where workspace_id = $1 and task_id = $2 and predecessor_id = $3 and kind = $4";
    // `union` keeps each task once, so this ends even where a circle is. Those that were asked about are not told.
    BEHIND_ALL = "with recursive behind (id) as ( \
       select task_id from dependencies where workspace_id = $1 and predecessor_id = any($2) \
       union select d.task_id from dependencies d join behind on d.predecessor_id = behind.id where d.workspace_id = $1 \
     ) select id from behind";
    IS_ANY_WAITING = "select exists (select 1 from dependencies where workspace_id = $1 and task_id = any($2))";
    HAS_ANY = "select exists (select 1 from dependencies where workspace_id = $1 and project_id = $2)";
    SCHEDULE = "select {TaskSchedule} from task_schedules where workspace_id = $1 and task_id = $2", TaskSchedule;
    SCHEDULES = "select {TaskSchedule} from task_schedules where workspace_id = $1 and project_id = $2", TaskSchedule;
    SET_SCHEDULE = "insert into task_schedules (workspace_id, project_id, task_id, constraint_type, constraint_at, duration, \
     progress, actual_start, actual_finish, working_time, version, updated_by, updated_at) \
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
     on conflict (task_id) do update set constraint_type = excluded.constraint_type, constraint_at = excluded.constraint_at, \
     duration = excluded.duration, progress = excluded.progress, actual_start = excluded.actual_start, \
     actual_finish = excluded.actual_finish, working_time = excluded.working_time, version = excluded.version, \
     updated_by = excluded.updated_by, updated_at = excluded.updated_at";
    COUNT_OTHER_CALENDARS = "select count(distinct working_time) from task_schedules \
     where workspace_id = $1 and project_id = $2 and task_id <> $3 and working_time <> $4";
    PLAN = "select {Plan} from plans where workspace_id = $1 and project_id = $2", Plan;
    PLAN_FOR_UPDATE = "select {Plan} from plans where workspace_id = $1 and project_id = $2 for update", Plan;
    IS_PLANNED = "select exists (select 1 from plans where project_id = $2 and workspace_id = $1)";
    WITHOUT_CALENDAR = "select project_id from plans where workspace_id = $1 and working_time is null order by project_id";
    INSERT_PLAN = "insert into plans (workspace_id, project_id, version, updated_at, revision, written, depth) \
     values ($1, $2, 0, $3, 0, false, 0) on conflict (project_id) do nothing";
    SET_PLAN = "update plans set working_time = $3, start_at = $4, status_at = $5, version = $6, updated_by = $7, \
     updated_at = $8 where workspace_id = $1 and project_id = $2";
    MOVED = "update plans set revision = revision + 1, \
     cause = case when $3 >= depth then $4 else cause end, trace = case when $3 >= depth then $5 else trace end, \
     depth = case when $3 >= depth then $3 else depth end, \
     people = case when cast($6 as text) is null or people like '%' || $6 || '%' then people \
     else coalesce(people || ',', '') || $6 end where workspace_id = $1 and project_id = $2";
    WRITTEN = "update plans set written = true, cause = null, trace = null, people = null, depth = 0 where workspace_id = $1 and project_id = $2";
    OWN_CALENDARS = "select project_id, working_time from plans where workspace_id = $1 and working_time is not null";
    USUAL = "select {Usual} from working_times where workspace_id = $1", Usual;
    USUAL_FOR_UPDATE = "select {Usual} from working_times where workspace_id = $1 for update", Usual;
    SET_USUAL = "insert into working_times (workspace_id, working_time, version, updated_by, updated_at) \
     values ($1, $2, $3, $4, $5) on conflict (workspace_id) do update set working_time = excluded.working_time, \
     version = excluded.version, updated_by = excluded.updated_by, updated_at = excluded.updated_at";
    DATES = "select {Dates} from planned_dates where workspace_id = $1 and project_id = $2", Dates;
    SET_DATES = "insert into planned_dates (workspace_id, project_id, task_id, start_at, finish_at) values ($1, $2, $3, $4, $5) \
     on conflict (task_id) do update set start_at = excluded.start_at, finish_at = excluded.finish_at";
    FORGET_DATES = "delete from planned_dates where workspace_id = $1 and project_id = $2 and task_id = any($3)";
    BASELINE = "select {Baseline} from baselines where workspace_id = $1 and id = $2", Baseline;
    BASELINES = "select {Baseline} from baselines where workspace_id = $1 and project_id = $2 order by id", Baseline;
    BASELINE_DATES = "select dates from baselines where workspace_id = $1 and id = $2";
    INSERT_BASELINE = "insert into baselines (workspace_id, dates, id, project_id, name, tasks, created_by, created_at) \
     values ($1, $2, $3, $4, $5, $6, $7, $8)";
    DELETE_BASELINE = "delete from baselines where workspace_id = $1 and id = $2";
}

/// What this task waits for, in the order it was added.
pub(super) async fn list_of_task(rx: &mut Rx, workspace: WorkspaceId, task: TaskId) -> Result<Vec<Dependency>> {
    rx.all(OF_TASK, (workspace, task)).await
}

pub(super) async fn list_of_project(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
) -> Result<Vec<Dependency>> {
    rx.all(OF_PROJECT, (workspace, project)).await
}

/// What waits for any of these tasks, and for that, and so on.
pub(super) async fn list_behind_all(rx: &mut Rx, workspace: WorkspaceId, tasks: &[TaskId]) -> Result<Vec<TaskId>> {
    let rows: Vec<(TaskId,)> = rx.all(BEHIND_ALL, (workspace, tasks)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Whether any of these tasks waits for something.
pub(super) async fn is_any_waiting(rx: &mut Rx, workspace: WorkspaceId, tasks: &[TaskId]) -> Result<bool> {
    let (is,): (bool,) = rx.one(IS_ANY_WAITING, (workspace, tasks)).await?;
    Ok(is)
}

/// Whether any task of the project waits for something.
pub(super) async fn has_any(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<bool> {
    let (has,): (bool,) = rx.one(HAS_ANY, (workspace, project)).await?;
    Ok(has)
}

pub(super) async fn insert(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: ProjectId,
    dependency: &Dependency,
) -> Result<()> {
    let Dependency { task_id, predecessor_id, kind, lag, created_by, created_at } = dependency;
    let args = (workspace, project, task_id, predecessor_id, kind, lag, created_by, created_at);
    tx.execute(INSERT, args).await.map(drop)
}

pub(super) async fn delete(
    tx: &mut Tx,
    workspace: WorkspaceId,
    task: TaskId,
    predecessor: TaskId,
    kind: DependencyType,
) -> Result<()> {
    tx.execute(DELETE, (workspace, task, predecessor, kind)).await.map(drop)
}

pub(super) async fn find_schedule(rx: &mut Rx, workspace: WorkspaceId, task: TaskId) -> Result<Option<TaskSchedule>> {
    rx.opt(SCHEDULE, (workspace, task)).await
}

pub(super) async fn list_schedules(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
) -> Result<Vec<TaskSchedule>> {
    rx.all(SCHEDULES, (workspace, project)).await
}

/// Writes the schedule in the place of the one before it.
pub(super) async fn set_schedule(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: ProjectId,
    schedule: &TaskSchedule,
) -> Result<()> {
    let TaskSchedule {
        task_id, constraint_type, constraint_at, duration, progress, actual_start, actual_finish, ..
    } = schedule;
    let TaskSchedule { working_time, version, updated_by, updated_at, .. } = schedule;
    let working_time = working_time.as_ref().map(|calendar| calendar.text());
    let args = (
        workspace,
        project,
        task_id,
        constraint_type,
        constraint_at,
        duration,
        progress,
        actual_start,
        actual_finish,
        working_time,
        version,
        updated_by,
        updated_at,
    );
    tx.execute(SET_SCHEDULE, args).await.map(drop)
}

/// How many calendars other than this one the project's other tasks have of their own.
pub(super) async fn count_other_calendars(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
    task: TaskId,
    calendar: &str,
) -> Result<i64> {
    let (count,): (i64,) = rx.one(COUNT_OTHER_CALENDARS, (workspace, project, task, calendar)).await?;
    Ok(count)
}

pub(super) async fn find_plan(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Option<Plan>> {
    rx.opt(PLAN, (workspace, project)).await
}

/// The plan as it is now, locked until the transaction ends.
pub(super) async fn find_plan_for_update(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: ProjectId,
) -> Result<Option<Plan>> {
    tx.opt(PLAN_FOR_UPDATE, (workspace, project)).await
}

pub(super) async fn is_planned(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<bool> {
    let (is,): (bool,) = rx.one(IS_PLANNED, (workspace, project)).await?;
    Ok(is)
}

/// The planned projects that have no calendar of their own.
pub(super) async fn list_without_calendar(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<ProjectId>> {
    let rows: Vec<(ProjectId,)> = rx.all(WITHOUT_CALENDAR, (workspace,)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Writes a plan without settings, unless the project has one.
pub(super) async fn insert_plan(tx: &mut Tx, workspace: WorkspaceId, plan: &Plan) -> Result<()> {
    tx.execute(INSERT_PLAN, (workspace, plan.project_id, plan.updated_at)).await.map(drop)
}

/// Writes the settings of a plan.
pub(super) async fn set_plan(tx: &mut Tx, workspace: WorkspaceId, plan: &Plan) -> Result<()> {
    let Plan { project_id, working_time, start_at, status_at, version, updated_by, updated_at, .. } = plan;
    let working_time = working_time.as_ref().map(|calendar| calendar.text());
    let args = (workspace, project_id, working_time, start_at, status_at, version, updated_by, updated_at);
    tx.execute(SET_PLAN, args).await.map(drop)
}

/// Notes that something changed which can move dates, and which rule or person is behind it.
pub(super) async fn moved(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: ProjectId,
    depth: i64,
    cause: Option<&str>,
    trace: Option<&str>,
    person: Option<&str>,
) -> Result<()> {
    tx.execute(MOVED, (workspace, project, depth, cause, trace, person)).await.map(drop)
}

/// Notes that the dates are written.
pub(super) async fn written(tx: &mut Tx, workspace: WorkspaceId, project: ProjectId) -> Result<()> {
    tx.execute(WRITTEN, (workspace, project)).await.map(drop)
}

pub(super) async fn find_usual(rx: &mut Rx, workspace: WorkspaceId) -> Result<Option<Usual>> {
    rx.opt(USUAL, (workspace,)).await
}

/// The workspace's working time as it is now, locked until the transaction ends.
pub(super) async fn find_usual_for_update(tx: &mut Tx, workspace: WorkspaceId) -> Result<Option<Usual>> {
    tx.opt(USUAL_FOR_UPDATE, (workspace,)).await
}

pub(super) async fn set_usual(tx: &mut Tx, workspace: WorkspaceId, usual: &Usual) -> Result<()> {
    let Usual { working_time, version, updated_by, updated_at } = usual;
    tx.execute(SET_USUAL, (workspace, working_time.text(), version, updated_by, updated_at)).await.map(drop)
}

/// The dates of a project's tasks that were computed last, in no order.
pub(super) async fn list_dates(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Vec<Dates>> {
    rx.all(DATES, (workspace, project)).await
}

pub(super) async fn set_dates(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: ProjectId,
    dates: impl Iterator<Item = &Dates>,
) -> Result<()> {
    let rows: Vec<_> =
        dates.map(|dates| (workspace, project, dates.task_id, dates.start_at, dates.finish_at)).collect();
    tx.execute_many(SET_DATES, &rows).await.map(drop)
}

/// Forgets the dates of tasks that are gone.
pub(super) async fn forget_dates(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: ProjectId,
    tasks: &[TaskId],
) -> Result<()> {
    tx.execute(FORGET_DATES, (workspace, project, tasks)).await.map(drop)
}

pub(super) async fn find_baseline(rx: &mut Rx, workspace: WorkspaceId, id: BaselineId) -> Result<Option<Baseline>> {
    rx.opt(BASELINE, (workspace, id)).await
}

/// The baselines of a project, oldest first.
pub(super) async fn list_baselines(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Vec<Baseline>> {
    rx.all(BASELINES, (workspace, project)).await
}

/// What a baseline says of each task, as JSON.
pub(super) async fn baseline_dates(rx: &mut Rx, workspace: WorkspaceId, id: BaselineId) -> Result<Option<String>> {
    let row: Option<(String,)> = rx.opt(BASELINE_DATES, (workspace, id)).await?;
    Ok(row.map(|(dates,)| dates))
}

pub(super) async fn insert_baseline(
    tx: &mut Tx,
    workspace: WorkspaceId,
    baseline: &Baseline,
    dates: &str,
) -> Result<()> {
    let Baseline { id, project_id, name, tasks, created_by, created_at } = baseline;
    tx.execute(INSERT_BASELINE, (workspace, dates, id, project_id, name, tasks, created_by, created_at)).await.map(drop)
}

pub(super) async fn delete_baseline(tx: &mut Tx, workspace: WorkspaceId, id: BaselineId) -> Result<()> {
    tx.execute(DELETE_BASELINE, (workspace, id)).await.map(drop)
}

/// The working times of the projects that have their own.
pub(super) async fn list_own_calendars(
    rx: &mut Rx,
    workspace: WorkspaceId,
) -> Result<Vec<(ProjectId, Raw<WorkingTime>)>> {
    rx.all(OWN_CALENDARS, (workspace,)).await
}
