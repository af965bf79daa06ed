//! All SQL on `task_spans`, and what analytics read of tasks and milestones.

use chrono::{DateTime, Utc};

use super::model::{Counts, LateTask, Load};
use crate::Result;
use crate::db::{Rx, Tx, row, statements};
use crate::ids::{ProjectId, TaskId, WorkspaceId};
use crate::tasks::Task;

row! {
    /// Tasks that stood alike, or one that came to stand so or did no longer, and when.
    #[derive(Debug)]
    pub(super) struct Standing {
        pub status: String,
        pub category: String,
        pub tasks: i64,
        pub minutes: i64,
        pub at: Option<DateTime<Utc>>,
    }
}

row! {
    /// A completed task.
    #[derive(Debug)]
    pub(super) struct Done {
        pub id: TaskId,
        pub key: String,
        pub created_at: DateTime<Utc>,
        pub completed_at: DateTime<Utc>,
        pub started_at: Option<DateTime<Utc>>,
    }
}

// What is open is so as `Task::is_open` has it.
statements! {
    INSERT = "insert into task_spans (task_id, version, workspace_id, project_id, status, category, entered_at) \
     values ($1, $2, $3, $4, $5, $6, $7)";
    END = "update task_spans set left_at = $2 where task_id = $1 and left_at is null";
    END_MANY = "update task_spans set left_at = $3 where workspace_id = $1 and project_id = $2 and left_at is null \
     and exists (select 1 from tasks t where t.id = task_spans.task_id \
       and (t.status <> task_spans.status or t.category <> task_spans.category))";
    INSERT_MANY = "insert into task_spans (task_id, version, workspace_id, project_id, status, category, entered_at) \
     select t.id, t.version, t.workspace_id, t.project_id, t.status, t.category, t.updated_at from tasks t \
     where t.workspace_id = $1 and t.project_id = $2 and not exists \
       (select 1 from task_spans s where s.task_id = t.id and s.left_at is null)";
    // Tasks are counted without a look at them; minutes need one, and are asked for only where there are estimates.
    STOOD = "select status, category, count(*), 0, cast(null as bigint) from task_spans \
     where workspace_id = $1 and project_id = $2 and entered_at < $3 and (left_at is null or left_at >= $3) \
     group by status, category";
    ENTERED = "select status, category, 1, 0, entered_at from task_spans \
     where workspace_id = $1 and project_id = $2 and entered_at >= $3 and entered_at < $4";
    LEFT = "select status, category, 1, 0, left_at from task_spans \
     where workspace_id = $1 and project_id = $2 and left_at >= $3 and left_at < $4";
    ESTIMATED = "select id from tasks where workspace_id = $1 and project_id = $2 and estimate is not null limit 1";
    STOOD_MINUTES = "select s.status, s.category, 0, cast(sum(t.estimate) as bigint), cast(null as bigint) \
     from tasks t join task_spans s on s.task_id = t.id \
     where t.workspace_id = $1 and t.project_id = $2 and t.estimate is not null \
     and s.entered_at < $3 and (s.left_at is null or s.left_at >= $3) group by s.status, s.category";
    ENTERED_MINUTES = "select s.status, s.category, 0, t.estimate, s.entered_at \
     from tasks t join task_spans s on s.task_id = t.id \
     where t.workspace_id = $1 and t.project_id = $2 and t.estimate is not null \
     and s.entered_at >= $3 and s.entered_at < $4";
    LEFT_MINUTES = "select s.status, s.category, 0, t.estimate, s.left_at \
     from tasks t join task_spans s on s.task_id = t.id \
     where t.workspace_id = $1 and t.project_id = $2 and t.estimate is not null \
     and s.left_at >= $3 and s.left_at < $4";
    CREATED = "select created_at from tasks \
     where workspace_id = $1 and project_id = $2 and created_at >= $3 and created_at < $4";
    DONE = "select t.id, t.key, t.created_at, t.completed_at, \
     (select min(s.entered_at) from task_spans s where s.task_id = t.id and s.category = 'in_progress') \
     from tasks t where t.workspace_id = $1 and t.project_id = $2 and t.completed_at >= $3 and t.completed_at < $4 \
     order by t.completed_at desc, t.id desc";
    LATE = "select {LateTask} from tasks where workspace_id = $1 and project_id = $2 and due_at < $3 \
     and category in ('todo', 'in_progress') order by due_at, id limit $4", LateTask;
    COUNT_LATE = "select count(*) from tasks where workspace_id = $1 and project_id = $2 and due_at < $3 \
     and category in ('todo', 'in_progress')";
    WORKLOAD = "select a.user_id, count(*), cast(sum(case when t.due_at < $3 then 1 else 0 end) as bigint), \
     cast(coalesce(sum(t.estimate), 0) as bigint) from tasks t join task_assignees a on a.task_id = t.id \
     where t.workspace_id = $1 and t.project_id = $2 and t.category in ('todo', 'in_progress') \
     group by a.user_id order by count(*) desc, a.user_id";
    UNASSIGNED = "select count(*) from tasks where workspace_id = $1 and project_id = $2 and assignees = '[]' \
     and category in ('todo', 'in_progress')";
    COUNTS = "select project_id, count(*), count(completed_at), \
     cast(sum(case when category = 'cancelled' then 1 else 0 end) as bigint), \
     cast(sum(case when due_at < $3 and category in ('todo', 'in_progress') then 1 else 0 end) as bigint), \
     cast(sum(case when completed_at >= $4 and completed_at < $5 then 1 else 0 end) as bigint) \
     from tasks where workspace_id = $1 and project_id = any($2) group by project_id";
    NEXT_MILESTONES = "select project_id, min(due_at) from milestones \
     where workspace_id = $1 and project_id = any($2) and status = 'open' and due_at is not null group by project_id";
}

/// The task stands so from its last change on.
pub(super) async fn insert(tx: &mut Tx, workspace: WorkspaceId, task: &Task) -> Result<()> {
    let args = (
        task.id,
        task.version,
        workspace,
        task.project_id,
        task.status.as_str(),
        task.category.as_str(),
        task.updated_at,
    );
    tx.execute(INSERT, args).await.map(drop)
}

/// However it stood, it does so no longer since its last change.
pub(super) async fn end(tx: &mut Tx, task: &Task) -> Result<()> {
    tx.execute(END, (task.id, task.updated_at)).await.map(drop)
}

/// Whether anything of the project is estimated.
pub(super) async fn is_estimated(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<bool> {
    let found: Option<(TaskId,)> = rx.opt(ESTIMATED, (workspace, project)).await?;
    Ok(found.is_some())
}

/// Whatever tasks of the project stand otherwise now than was written does so from `now` on.
pub(super) async fn follow(tx: &mut Tx, workspace: WorkspaceId, project: ProjectId, now: DateTime<Utc>) -> Result<()> {
    tx.execute(END_MANY, (workspace, project, now)).await?;
    tx.execute(INSERT_MANY, (workspace, project)).await.map(drop)
}

/// How many tasks stood how just before `at`; with `minutes`, what they are estimated to take instead.
pub(super) async fn list_standing(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
    at: DateTime<Utc>,
    minutes: bool,
) -> Result<Vec<Standing>> {
    rx.all(if minutes { STOOD_MINUTES } else { STOOD }, (workspace, project, at)).await
}

/// Every time that a task came to stand somehow, in no order; with `minutes`, what it is estimated to take.
pub(super) async fn list_entered(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    minutes: bool,
) -> Result<Vec<Standing>> {
    rx.all(if minutes { ENTERED_MINUTES } else { ENTERED }, (workspace, project, from, to)).await
}

/// Every time that a task stood so no longer, in no order; with `minutes`, what it is estimated to take.
pub(super) async fn list_left(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    minutes: bool,
) -> Result<Vec<Standing>> {
    rx.all(if minutes { LEFT_MINUTES } else { LEFT }, (workspace, project, from, to)).await
}

/// When tasks were made, in no order.
pub(super) async fn list_created(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<(DateTime<Utc>,)>> {
    rx.all(CREATED, (workspace, project, from, to)).await
}

/// The tasks that were completed, the last one first.
pub(super) async fn list_done(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Done>> {
    rx.all(DONE, (workspace, project, from, to)).await
}

/// The tasks that are overdue, the longest overdue first.
pub(super) async fn list_late(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<LateTask>> {
    rx.all(LATE, (workspace, project, now, limit)).await
}

pub(super) async fn count_late(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
    now: DateTime<Utc>,
) -> Result<i64> {
    let (count,): (i64,) = rx.one(COUNT_LATE, (workspace, project, now)).await?;
    Ok(count)
}

/// Who has how many open tasks, the busiest first.
pub(super) async fn list_workload(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
    now: DateTime<Utc>,
) -> Result<Vec<Load>> {
    rx.all(WORKLOAD, (workspace, project, now)).await
}

pub(super) async fn count_unassigned(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<i64> {
    let (count,): (i64,) = rx.one(UNASSIGNED, (workspace, project)).await?;
    Ok(count)
}

/// How the tasks of these projects stand, in no order; a project without tasks is left out.
pub(super) async fn list_counts(
    rx: &mut Rx,
    workspace: WorkspaceId,
    projects: &[ProjectId],
    now: DateTime<Utc>,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<(ProjectId, Counts)>> {
    let rows: Vec<(ProjectId, i64, i64, i64, i64, i64)> = rx.all(COUNTS, (workspace, projects, now, from, to)).await?;
    let counts = |(id, total, completed, cancelled, overdue, throughput)| {
        let open = total - completed - cancelled;
        (id, Counts { total, open, completed, cancelled, overdue, throughput })
    };
    Ok(rows.into_iter().map(counts).collect())
}

/// When the next open milestone of each of these projects is due.
pub(super) async fn list_next_milestones(
    rx: &mut Rx,
    workspace: WorkspaceId,
    projects: &[ProjectId],
) -> Result<Vec<(ProjectId, DateTime<Utc>)>> {
    rx.all(NEXT_MILESTONES, (workspace, projects)).await
}
