//! All SQL on `milestones`, and what milestones ask of `tasks`.

use chrono::{DateTime, Utc};

use super::model::{Milestone, MilestoneQuery, Progress};
use crate::Result;
use crate::db::{Kind, One, Param, Rx, Tx, statements};
use crate::ids::{MilestoneId, ProjectId, TaskId, WorkspaceId};
use crate::listing::{self, CREATED_AT, Column, Request, Statement};
use crate::paging::Page;

statements! {
    FIND = "select {Milestone} from milestones where workspace_id = $1 and id = $2", Milestone;
    FIND_FOR_UPDATE = "select {Milestone} from milestones where workspace_id = $1 and id = $2 for update", Milestone;
    OF_PROJECT = "select {Milestone} from milestones where workspace_id = $1 and project_id = $2 order by id", Milestone;
    COUNT = "select count(*) from milestones where workspace_id = $1 and project_id = $2";
    INSERT = "insert into milestones (id, workspace_id, project_id, name, description, due_at, status, completed_at, \
     version, created_by, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    UPDATE = "update milestones set name = $3, description = $4, due_at = $5, status = $6, completed_at = $7, \
     version = $8, updated_at = $9 where workspace_id = $1 and id = $2";
    DELETE = "delete from milestones where workspace_id = $1 and id = $2";
    FREE_TASKS = "update tasks set milestone_id = null, version = version + 1, updated_at = $3 \
     where workspace_id = $1 and milestone_id = $2 returning id";
    // As `Task::is_open` has it.
    PROGRESS = "select milestone_id, count(*), count(completed_at), \
     cast(sum(case when category = 'cancelled' then 1 else 0 end) as bigint) \
     from tasks where workspace_id = $1 and milestone_id = any($2) group by milestone_id";
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, id: MilestoneId) -> Result<Option<Milestone>> {
    rx.opt(FIND, (workspace, id)).await
}

/// The milestone as it is now, locked until the transaction ends.
pub(super) async fn find_for_update(tx: &mut Tx, workspace: WorkspaceId, id: MilestoneId) -> Result<Option<Milestone>> {
    tx.opt(FIND_FOR_UPDATE, (workspace, id)).await
}

/// Every milestone of a project, oldest first.
pub(super) async fn list_of_project(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Vec<Milestone>> {
    rx.all(OF_PROJECT, (workspace, project)).await
}

/// The page of a project's milestones that is asked for.
pub(super) async fn page(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
    query: &MilestoneQuery,
) -> Result<Page<Milestone>> {
    let MilestoneQuery { status, sort, limit, offset, cursor, total } = query;
    let request = Request::new(SORTS, "created_at", sort.as_deref(), *limit, *offset, cursor.as_deref(), *total)?;
    let mut from = Statement::from("milestones", workspace);
    from.push(" and project_id = ").bind(project.value());
    if let Some(status) = status {
        from.push(" and status = ").bind(status.value());
    }
    let value = |milestone: &Milestone, column: &Column| match column.name {
        "due_at" => listing::time(milestone.due_at),
        "name" => milestone.name.clone().into(),
        _ => listing::id(milestone.id),
    };
    request.page(rx, Milestone::COLUMNS, from, value, |_| true).await
}

const SORTS: &[Column] = &[
    CREATED_AT,
    Column { name: "due_at", sql: "due_at", kind: Kind::Time, nullable: true },
    Column { name: "name", sql: "name", kind: Kind::Text, nullable: false },
];

pub(super) async fn count(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<i64> {
    let (count,): (i64,) = rx.one(COUNT, (workspace, project)).await?;
    Ok(count)
}

pub(super) async fn insert(tx: &mut Tx, milestone: &Milestone) -> Result<()> {
    let Milestone {
        id,
        workspace_id,
        project_id,
        name,
        description,
        due_at,
        status,
        completed_at,
        version,
        created_by,
        created_at,
        updated_at,
    } = milestone;
    let args = (
        id,
        workspace_id,
        project_id,
        name,
        description,
        due_at,
        status,
        completed_at,
        version,
        created_by,
        created_at,
        updated_at,
    );
    tx.execute(INSERT, args).await.map(drop)
}

pub(super) async fn update(tx: &mut Tx, milestone: &Milestone) -> Result<()> {
    let Milestone { id, workspace_id, name, description, due_at, status, completed_at, version, updated_at, .. } =
        milestone;
    let args = (workspace_id, id, name, description, due_at, status, completed_at, version, updated_at);
    tx.execute(UPDATE, args).await.map(drop)
}

/// Deletes the milestone and frees its tasks; says how many.
pub(super) async fn delete(tx: &mut Tx, milestone: &Milestone, now: DateTime<Utc>) -> Result<Vec<TaskId>> {
    let freed: Vec<One<TaskId>> = tx.all(FREE_TASKS, (milestone.workspace_id, milestone.id, now)).await?;
    tx.execute(DELETE, (milestone.workspace_id, milestone.id)).await?;
    Ok(freed.into_iter().map(|One(task)| task).collect())
}

/// The progress of these milestones, in no order; one without tasks is left out.
pub(super) async fn progress(
    rx: &mut Rx,
    workspace: WorkspaceId,
    ids: &[MilestoneId],
) -> Result<Vec<(MilestoneId, Progress)>> {
    let rows: Vec<(MilestoneId, i64, i64, i64)> = rx.all(PROGRESS, (workspace, ids)).await?;
    let progress = |(id, total, completed, cancelled)| {
        (id, Progress { total, open: total - completed - cancelled, completed, cancelled })
    };
    Ok(rows.into_iter().map(progress).collect())
}
