//! All SQL on `tasks`, `task_labels`, `task_assignees`, `task_watchers` and `round_robins`, but for the list of tasks
//! ([`super::select`]).

use chrono::{DateTime, Utc};

use super::labels::Label;
use super::model::{Task, TaskDates};
use crate::Result;
use crate::db::{JsonText, One, Rx, Tx, statements};
use crate::handle::Handle;
use crate::ids::{ProjectId, RuleId, TaskId, UserId, WorkspaceId};
use crate::raw::Raw;

statements! {
    FIND = "select {Task} from tasks where workspace_id = $1 and id = $2", Task;
    FIND_KEY = "select {Task} from tasks where workspace_id = $1 and key = $2", Task;
    FIND_FOR_UPDATE = "select {Task} from tasks where workspace_id = $1 and id = $2 for update", Task;
    FIND_KEY_FOR_UPDATE = "select {Task} from tasks where workspace_id = $1 and key = $2 for update", Task;
    SUBTASKS = "select {Task} from tasks where workspace_id = $1 and parent_id = $2 order by id limit $3", Task;
    OF_PROJECT = "select {Task} from tasks where workspace_id = $1 and project_id = $2 order by id limit $3", Task;
    DATES_OF_PROJECT = "select {TaskDates} from tasks where workspace_id = $1 and project_id = $2 order by id limit $3", TaskDates;
    KEYS = "select id, key from tasks where workspace_id = $1 and id = any($2)";
    BY_IDS = "select {Task} from tasks where workspace_id = $1 and id = any($2)", Task;
    // `union` keeps each task once, so these end even where a tree is wrong already.
    ABOVE = "with recursive up (id) as ( \
       select parent_id from tasks where workspace_id = $1 and id = any($2) and parent_id is not null \
       union select t.parent_id from tasks t join up on t.id = up.id where t.workspace_id = $1 and t.parent_id is not null \
     ) select id from up";
    BELOW = "with recursive down (id) as ( \
       select id from tasks where workspace_id = $1 and parent_id = any($2) \
       union select t.id from tasks t join down on t.parent_id = down.id where t.workspace_id = $1 \
     ) select id from down";
    TREE = "select id, parent_id from tasks where workspace_id = $1 and project_id = $2 and parent_id is not null";
    INSERT = "insert into tasks (workspace_id, number, id, key, version, project_id, title, description, \
     kind, status, priority, labels, assignees, parent_id, start_at, due_at, custom, created_by, created_at, updated_at, \
     completed_at, milestone_id, watchers, estimate, points, category, status_rank, hidden, sprint_id) \
     values ($1, $2, $3, $4, $5, $6, $7, \
     $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)";
    UPDATE = "update tasks set version = $3, title = $4, description = $5, kind = $6, status = $7, \
     priority = $8, labels = $9, assignees = $10, parent_id = $11, start_at = $12, due_at = $13, custom = $14, \
     updated_at = $15, completed_at = $16, milestone_id = $17, estimate = $18, points = $19, category = $20, \
     status_rank = $21, hidden = $22, sprint_id = $23 where workspace_id = $1 and id = $2";
    SET_WATCHERS = "update tasks set version = $3, watchers = $4, updated_at = $5 where workspace_id = $1 and id = $2";
    DELETE = "delete from tasks where workspace_id = $1 and id = $2";
    COUNT_SUBTASKS = "select count(*) from tasks where workspace_id = $1 and parent_id = $2";
    CLEAR_LABELS = "delete from task_labels where task_id = $1";
    CLEAR_ASSIGNEES = "delete from task_assignees where task_id = $1";
    // The depth is bounded in the statements too, so that a tree that is wrong already cannot hang them.
    ANCESTORS = "with recursive up (id, parent_id, level) as ( \
       select id, parent_id, 1 from tasks where workspace_id = $1 and id = $2 \
       union all select t.id, t.parent_id, up.level + 1 from tasks t join up on t.id = up.parent_id where up.level < 100 \
     ) select id from up order by level";
    HEIGHT = "with recursive down (id, level) as ( \
       select id, 1 from tasks where workspace_id = $1 and id = $2 \
       union all select t.id, down.level + 1 from tasks t join down on t.parent_id = down.id where down.level < 100 \
     ) select cast(max(level) as bigint) from down";
    LABELS = "select l.label, count(*) from task_labels l join tasks t on t.id = l.task_id where t.workspace_id = $1 \
     and l.label > $2 and substr(l.label, 1, length($3)) = $3 group by l.label order by l.label limit $4";
    LABELS_OF_PROJECT = "select l.label, count(*) from task_labels l join tasks t on t.id = l.task_id where t.workspace_id = $1 \
     and l.label > $2 and substr(l.label, 1, length($3)) = $3 and t.project_id = $5 group by l.label order by l.label limit $4";
    LABELLED = "select id, labels from tasks where workspace_id = $1 and project_id = $2 \
     and id in (select l.task_id from task_labels l where l.label = $3) order by id for update";
    RELABEL = "update tasks set labels = $3, version = version + 1, updated_at = $4 where workspace_id = $1 and id = $2";
    INSERT_LABEL = "insert into task_labels (task_id, label) values ($1, $2)";
    INSERT_ASSIGNEE = "insert into task_assignees (task_id, user_id) values ($1, $2)";
    INSERT_WATCHER = "insert into task_watchers (task_id, user_id) values ($1, $2)";
    LOADS = "select a.user_id, count(*) from task_assignees a join tasks t on t.id = a.task_id where t.workspace_id = $1 \
     and t.id <> $2 and t.category in ('todo', 'in_progress') and a.user_id = any($3) group by a.user_id";
    OPEN_TURNS = "insert into round_robins (rule_id, step, workspace_id) values ($1, $2, $3) on conflict do nothing";
    TAKE_TURN = "select user_id from round_robins where rule_id = $1 and step = $2 for update";
    NOTE_TURN = "update round_robins set user_id = $3 where rule_id = $1 and step = $2";
    FORGET_TURNS = "delete from round_robins where rule_id = $1";
    DELETE_WATCHER = "delete from task_watchers where task_id = $1 and user_id = $2";
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, handle: &Handle<TaskId>) -> Result<Option<Task>> {
    match handle {
        Handle::Id(id) => rx.opt(FIND, (workspace, id)).await,
        Handle::Key(key) => rx.opt(FIND_KEY, (workspace, key)).await,
    }
}

/// The task as it is now, locked until the transaction ends.
pub(super) async fn find_for_update(
    tx: &mut Tx,
    workspace: WorkspaceId,
    handle: &Handle<TaskId>,
) -> Result<Option<Task>> {
    match handle {
        Handle::Id(id) => tx.opt(FIND_FOR_UPDATE, (workspace, id)).await,
        Handle::Key(key) => tx.opt(FIND_KEY_FOR_UPDATE, (workspace, key)).await,
    }
}

pub(super) async fn list_subtasks(
    rx: &mut Rx,
    workspace: WorkspaceId,
    parent: TaskId,
    limit: i64,
) -> Result<Vec<Task>> {
    rx.all(SUBTASKS, (workspace, parent, limit)).await
}

pub(super) async fn list_of_project(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
    limit: i64,
) -> Result<Vec<Task>> {
    rx.all(OF_PROJECT, (workspace, project, limit)).await
}

pub(super) async fn list_dates_of_project(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
    limit: i64,
) -> Result<Vec<TaskDates>> {
    rx.all(DATES_OF_PROJECT, (workspace, project, limit)).await
}

/// The keys of these tasks, in no order.
pub(super) async fn list_keys(rx: &mut Rx, workspace: WorkspaceId, ids: &[TaskId]) -> Result<Vec<(TaskId, String)>> {
    rx.all(KEYS, (workspace, ids)).await
}

pub(super) async fn list_by_ids(rx: &mut Rx, workspace: WorkspaceId, ids: &[TaskId]) -> Result<Vec<Task>> {
    rx.all(BY_IDS, (workspace, ids)).await
}

pub(super) async fn list_above(rx: &mut Rx, workspace: WorkspaceId, ids: &[TaskId]) -> Result<Vec<TaskId>> {
    let rows: Vec<(TaskId,)> = rx.all(ABOVE, (workspace, ids)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

pub(super) async fn list_below(rx: &mut Rx, workspace: WorkspaceId, ids: &[TaskId]) -> Result<Vec<TaskId>> {
    let rows: Vec<(TaskId,)> = rx.all(BELOW, (workspace, ids)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Every part with what it is a part of.
pub(super) async fn list_tree(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
) -> Result<Vec<(TaskId, TaskId)>> {
    rx.all(TREE, (workspace, project)).await
}

/// Inserts the task; its labels and assignees as rows are [`set_labels`]' and [`set_assignees`]' matter.
pub(super) async fn insert(tx: &mut Tx, workspace: WorkspaceId, number: i64, task: &Task) -> Result<()> {
    let args = (
        workspace,
        number,
        task.id,
        &task.key,
        task.version,
        task.project_id,
        &task.title,
        &task.description,
        task.kind,
        task.status,
        task.priority,
        task.labels.text(),
        task.assignees.text(),
        task.parent_id,
        task.start_at,
        task.due_at,
        JsonText(task.custom.text()),
        task.created_by,
        task.created_at,
        task.updated_at,
        task.completed_at,
        task.milestone_id,
        task.watchers.text(),
        task.estimate,
        task.points,
        task.category,
        task.status_rank,
        JsonText(task.hidden.text()),
        task.sprint_id,
    );
    tx.execute(INSERT, args).await.map(drop)
}

pub(super) async fn update(tx: &mut Tx, workspace: WorkspaceId, task: &Task) -> Result<()> {
    let args = (
        workspace,
        task.id,
        task.version,
        &task.title,
        &task.description,
        task.kind,
        task.status,
        task.priority,
        task.labels.text(),
        task.assignees.text(),
        task.parent_id,
        task.start_at,
        task.due_at,
        JsonText(task.custom.text()),
        task.updated_at,
        task.completed_at,
        task.milestone_id,
        task.estimate,
        task.points,
        task.category,
        task.status_rank,
        JsonText(task.hidden.text()),
        task.sprint_id,
    );
    tx.execute(UPDATE, args).await.map(drop)
}

pub(super) async fn delete(tx: &mut Tx, workspace: WorkspaceId, id: TaskId) -> Result<()> {
    tx.execute(DELETE, (workspace, id)).await.map(drop)
}

pub(super) async fn count_subtasks(rx: &mut Rx, workspace: WorkspaceId, id: TaskId) -> Result<i64> {
    let (count,): (i64,) = rx.one(COUNT_SUBTASKS, (workspace, id)).await?;
    Ok(count)
}

/// Writes the labels as rows; `fresh` says that there are none yet.
pub(super) async fn set_labels(tx: &mut Tx, task: TaskId, labels: &[String], fresh: bool) -> Result<()> {
    if !fresh {
        tx.execute(CLEAR_LABELS, (task,)).await?;
    }
    let rows: Vec<_> = labels.iter().map(|label| (task, label)).collect();
    tx.execute_many(INSERT_LABEL, &rows).await.map(drop)
}

/// Labels with how many tasks have each, after `after`, in their order.
pub(super) async fn list_labels(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: Option<ProjectId>,
    prefix: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Label>> {
    match project {
        None => rx.all(LABELS, (workspace, after, prefix, limit)).await,
        Some(project) => rx.all(LABELS_OF_PROJECT, (workspace, after, prefix, limit, project)).await,
    }
}

/// The tasks of a project that have this label, with all theirs, locked.
pub(super) async fn list_labelled(
    tx: &mut Tx,
    workspace: WorkspaceId,
    project: ProjectId,
    label: &str,
) -> Result<Vec<(TaskId, Raw<Vec<String>>)>> {
    tx.all(LABELLED, (workspace, project, label)).await
}

/// Writes the labels of a task, as a change of it.
pub(super) async fn relabel(
    tx: &mut Tx,
    workspace: WorkspaceId,
    task: TaskId,
    labels: &[String],
    now: DateTime<Utc>,
) -> Result<()> {
    tx.execute(RELABEL, (workspace, task, Raw::of(&labels)?.text(), now)).await?;
    set_labels(tx, task, labels, false).await
}

/// Writes the assignees as rows; `fresh` says that there are none yet.
pub(super) async fn set_assignees(tx: &mut Tx, task: TaskId, assignees: &[UserId], fresh: bool) -> Result<()> {
    if !fresh {
        tx.execute(CLEAR_ASSIGNEES, (task,)).await?;
    }
    let rows: Vec<_> = assignees.iter().map(|user| (task, *user)).collect();
    tx.execute_many(INSERT_ASSIGNEE, &rows).await.map(drop)
}

/// Writes the first watchers of a new task as rows.
pub(super) async fn set_watchers(tx: &mut Tx, task: TaskId, watchers: &[UserId]) -> Result<()> {
    let rows: Vec<_> = watchers.iter().map(|user| (task, *user)).collect();
    tx.execute_many(INSERT_WATCHER, &rows).await.map(drop)
}

/// Writes that somebody watches the task from now on, or no longer.
pub(super) async fn set_watcher(
    tx: &mut Tx,
    workspace: WorkspaceId,
    task: &Task,
    user: UserId,
    watches: bool,
) -> Result<()> {
    tx.execute(SET_WATCHERS, (workspace, task.id, task.version, task.watchers.text(), task.updated_at)).await?;
    let rows = if watches { INSERT_WATCHER } else { DELETE_WATCHER };
    tx.execute(rows, (task.id, user)).await.map(drop)
}

/// The task, its parent, and so on up to the root.
pub(super) async fn list_ancestors(rx: &mut Rx, workspace: WorkspaceId, id: TaskId) -> Result<Vec<(TaskId,)>> {
    rx.all(ANCESTORS, (workspace, id)).await
}

/// How many levels the tree under the task has, itself included.
pub(super) async fn height(rx: &mut Rx, workspace: WorkspaceId, id: TaskId) -> Result<i64> {
    let (height,): (Option<i64>,) = rx.one(HEIGHT, (workspace, id)).await?;
    Ok(height.unwrap_or(1))
}

/// How many open tasks each of these people has, `besides` not counted; who has none is left out.
pub(super) async fn loads(
    rx: &mut Rx,
    workspace: WorkspaceId,
    users: &[UserId],
    besides: TaskId,
) -> Result<Vec<(UserId, i64)>> {
    rx.all(LOADS, (workspace, besides, users)).await
}

/// Who was picked last by this step of a rule. Nobody else picks for it until the transaction ends.
pub(super) async fn take_turn(tx: &mut Tx, workspace: WorkspaceId, rule: RuleId, step: &str) -> Result<Option<UserId>> {
    tx.execute(OPEN_TURNS, (rule, step, workspace)).await?;
    Ok(tx.opt::<One<Option<UserId>>>(TAKE_TURN, (rule, step)).await?.and_then(|One(user)| user))
}

/// Notes who was picked.
pub(super) async fn note_turn(tx: &mut Tx, rule: RuleId, step: &str, picked: UserId) -> Result<()> {
    tx.execute(NOTE_TURN, (rule, step, picked)).await.map(drop)
}

/// Forgets the turns of a rule.
pub(super) async fn forget_turns(tx: &mut Tx, rule: RuleId) -> Result<()> {
    tx.execute(FORGET_TURNS, (rule,)).await.map(drop)
}
