//! All SQL on `roles`, `groups`, `group_members` and `assignments`; but for what is read to judge, which is
//! [`access::load`](crate::access::load)'s.

use chrono::{DateTime, Utc};

use super::model::{Group, GroupQuery, Stored, StoredRole};
use crate::Result;
use crate::db::{Kind, One, Rx, Tx, statements};
use crate::ids::{AssignmentId, GroupId, ProjectId, RoleId, RuleId, TaskId, UserId, WorkspaceId};
use crate::listing::{self, CREATED_AT, Column, Request, Statement};
use crate::paging::Page;

statements! {
    ROLES = "select {StoredRole} from roles where workspace_id = $1 order by id", StoredRole;
    LOCK_ROLE = "select {StoredRole} from roles where workspace_id = $1 and id = $2 for update", StoredRole;
    ROLE_NAMED = "select id from roles where workspace_id = $1 and lower(name) = lower($2)";
    INSERT_ROLE = "insert into roles (workspace_id, id, name, description, inherits, permissions, version, created_at, updated_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    UPDATE_ROLE = "update roles set name = $3, description = $4, inherits = $5, permissions = $6, version = $7, updated_at = $8 \
         where workspace_id = $1 and id = $2";
    DELETE_ROLE = "delete from roles where workspace_id = $1 and id = $2";
    COUNT_WITH_ROLE = "select count(*) from assignments where workspace_id = $1 and role = $2";
    // Whoever writes a row of the workspace holds its key meanwhile, and may wait for what is held here: only the key is left to them.
    LOCK_ACCESS = "select id from workspaces where id = $1 for no key update";
    FIND_GROUP = "select {Group} from groups where workspace_id = $1 and id = $2", Group;
    GROUP_NAMES = "select name from groups where workspace_id = $1 order by name limit 500";
    GROUP_NAMED = "select id from groups where workspace_id = $1 and lower(name) = lower($2)";
    COUNT_GROUPS = "select count(*) from groups where workspace_id = $1";
    INSERT_GROUP = "insert into groups (workspace_id, id, name, created_at) values ($1, $2, $3, $4)";
    RENAME_GROUP = "update groups set name = $3 where workspace_id = $1 and id = $2";
    DELETE_GROUP = "delete from groups where workspace_id = $1 and id = $2";
    GROUP_MEMBERS = "select user_id from group_members where workspace_id = $1 and group_id = $2 order by user_id";
    INSERT_GROUP_MEMBER = "insert into group_members (workspace_id, group_id, user_id, created_at) values ($1, $2, $3, $4) on conflict do nothing";
    DELETE_GROUP_MEMBER = "delete from group_members where workspace_id = $1 and group_id = $2 and user_id = $3";
    LIST = "select {Stored} from assignments where workspace_id = $1 and (cast($2 as uuid) is null or user_id = $2) \
         and (cast($3 as uuid) is null or group_id = $3) and (cast($4 as uuid) is null or project_id = $4) \
         and (cast($5 as uuid) is null or task_id = $5) and (cast($6 as uuid) is null or rule_id = $6) \
         and (cast($7 as uuid) is null or id > $7) order by id limit $8", Stored;
    FIND = "select {Stored} from assignments where workspace_id = $1 and id = $2", Stored;
    COUNT_OF = "select count(*) from assignments where workspace_id = $1 and (user_id = $2 or group_id = $3)";
    INSERT = "insert into assignments (workspace_id, id, user_id, group_id, role, permission, effect, project_id, task_id, rule_id, \
         starts_at, ends_at, condition, note, created_by, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    DELETE = "delete from assignments where workspace_id = $1 and id = $2";
    FORGET = "delete from assignments where workspace_id = $1 and user_id = $2";
    FORGET_IN_GROUPS = "delete from group_members where workspace_id = $1 and user_id = $2";
}

/// Lets nobody else change the access of this workspace until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, workspace: WorkspaceId) -> Result<()> {
    tx.opt::<One<WorkspaceId>>(LOCK_ACCESS, (workspace,)).await.map(drop)
}

pub(super) async fn list_roles(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<StoredRole>> {
    rx.all(ROLES, (workspace,)).await
}

pub(super) async fn lock_role(tx: &mut Tx, workspace: WorkspaceId, id: RoleId) -> Result<Option<StoredRole>> {
    tx.opt(LOCK_ROLE, (workspace, id)).await
}

pub(super) async fn role_named(rx: &mut Rx, workspace: WorkspaceId, name: &str) -> Result<Option<RoleId>> {
    Ok(rx.opt::<One<RoleId>>(ROLE_NAMED, (workspace, name)).await?.map(|row| row.0))
}

pub(super) async fn insert_role(tx: &mut Tx, workspace: WorkspaceId, role: &StoredRole) -> Result<()> {
    let StoredRole { id, name, description, inherits, permissions, version, created_at, updated_at } = role;
    let args = (workspace, id, name, description, inherits.text(), permissions.text(), version, created_at, updated_at);
    tx.execute(INSERT_ROLE, args).await.map(drop)
}

pub(super) async fn update_role(tx: &mut Tx, workspace: WorkspaceId, role: &StoredRole) -> Result<()> {
    let StoredRole { id, name, description, inherits, permissions, version, updated_at, .. } = role;
    let args = (workspace, id, name, description, inherits.text(), permissions.text(), version, updated_at);
    tx.execute(UPDATE_ROLE, args).await.map(drop)
}

pub(super) async fn delete_role(tx: &mut Tx, workspace: WorkspaceId, id: RoleId) -> Result<()> {
    tx.execute(DELETE_ROLE, (workspace, id)).await.map(drop)
}

pub(super) async fn count_with_role(rx: &mut Rx, workspace: WorkspaceId, role: &str) -> Result<i64> {
    Ok(rx.one::<One<i64>>(COUNT_WITH_ROLE, (workspace, role)).await?.0)
}

const GROUP_SORTS: &[Column] = &[CREATED_AT, Column { name: "name", sql: "name", kind: Kind::Text, nullable: false }];

/// The page of a workspace's groups that is asked for.
pub(super) async fn page_of_groups(rx: &mut Rx, workspace: WorkspaceId, query: &GroupQuery) -> Result<Page<Group>> {
    let GroupQuery { q, sort, limit, offset, cursor, total } = query;
    let request = Request::new(GROUP_SORTS, "created_at", sort.as_deref(), *limit, *offset, cursor.as_deref(), *total)?;
    let mut from = Statement::from("groups", workspace);
    if let Some(part) = listing::part(q.as_deref())? {
        from.contains(&["name"], part);
    }
    let value = |group: &Group, column: &Column| match column.name {
        "name" => group.name.clone().into(),
        _ => listing::id(group.id),
    };
    request.page(rx, Group::COLUMNS, from, value, |_| true).await
}

pub(super) async fn find_group(rx: &mut Rx, workspace: WorkspaceId, id: GroupId) -> Result<Option<Group>> {
    rx.opt(FIND_GROUP, (workspace, id)).await
}

pub(super) async fn group_names(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<String>> {
    Ok(rx.all::<One<String>>(GROUP_NAMES, (workspace,)).await?.into_iter().map(|row| row.0).collect())
}

pub(super) async fn group_named(rx: &mut Rx, workspace: WorkspaceId, name: &str) -> Result<Option<GroupId>> {
    Ok(rx.opt::<One<GroupId>>(GROUP_NAMED, (workspace, name)).await?.map(|row| row.0))
}

pub(super) async fn count_groups(rx: &mut Rx, workspace: WorkspaceId) -> Result<i64> {
    Ok(rx.one::<One<i64>>(COUNT_GROUPS, (workspace,)).await?.0)
}

pub(super) async fn insert_group(tx: &mut Tx, workspace: WorkspaceId, group: &Group) -> Result<()> {
    tx.execute(INSERT_GROUP, (workspace, group.id, &group.name, group.created_at)).await.map(drop)
}

pub(super) async fn rename_group(tx: &mut Tx, workspace: WorkspaceId, id: GroupId, name: &str) -> Result<()> {
    tx.execute(RENAME_GROUP, (workspace, id, name)).await.map(drop)
}

/// Deletes a group; its assignments and the list of its people go with it.
pub(super) async fn delete_group(tx: &mut Tx, workspace: WorkspaceId, id: GroupId) -> Result<()> {
    tx.execute(DELETE_GROUP, (workspace, id)).await.map(drop)
}

pub(super) async fn members(rx: &mut Rx, workspace: WorkspaceId, group: GroupId) -> Result<Vec<UserId>> {
    let rows: Vec<One<UserId>> = rx.all(GROUP_MEMBERS, (workspace, group)).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

pub(super) async fn add_members(
    tx: &mut Tx,
    workspace: WorkspaceId,
    group: GroupId,
    users: &[UserId],
    at: DateTime<Utc>,
) -> Result<()> {
    let rows: Vec<_> = users.iter().map(|user| (workspace, group, *user, at)).collect();
    tx.execute_many(INSERT_GROUP_MEMBER, &rows).await.map(drop)
}

pub(super) async fn remove_members(
    tx: &mut Tx,
    workspace: WorkspaceId,
    group: GroupId,
    users: &[UserId],
) -> Result<()> {
    let rows: Vec<_> = users.iter().map(|user| (workspace, group, *user)).collect();
    tx.execute_many(DELETE_GROUP_MEMBER, &rows).await.map(drop)
}

/// What a list of assignments is narrowed to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Narrow {
    pub user: Option<UserId>,
    pub group: Option<GroupId>,
    pub project: Option<ProjectId>,
    pub task: Option<TaskId>,
    pub rule: Option<RuleId>,
}

pub(super) async fn list(
    rx: &mut Rx,
    workspace: WorkspaceId,
    narrow: Narrow,
    after: Option<AssignmentId>,
    limit: i64,
) -> Result<Vec<Stored>> {
    let Narrow { user, group, project, task, rule } = narrow;
    rx.all(LIST, (workspace, user, group, project, task, rule, after, limit)).await
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, id: AssignmentId) -> Result<Option<Stored>> {
    rx.opt(FIND, (workspace, id)).await
}

/// How many assignments concern this person, or this group.
pub(super) async fn count_of(
    rx: &mut Rx,
    workspace: WorkspaceId,
    user: Option<UserId>,
    group: Option<GroupId>,
) -> Result<i64> {
    Ok(rx.one::<One<i64>>(COUNT_OF, (workspace, user, group)).await?.0)
}

pub(super) async fn insert(tx: &mut Tx, workspace: WorkspaceId, new: &Stored) -> Result<()> {
    let subject = (new.user_id, new.group_id, new.role.as_deref(), new.permission.as_deref(), new.effect);
    let (user, group, role, permission, effect) = subject;
    let args = (
        workspace,
        new.id,
        user,
        group,
        role,
        permission,
        effect,
        new.project_id,
        new.task_id,
        new.rule_id,
        new.starts_at,
        new.ends_at,
        new.condition.as_deref(),
        new.note.as_str(),
        new.created_by,
        new.created_at,
    );
    tx.execute(INSERT, args).await.map(drop)
}

pub(super) async fn delete(tx: &mut Tx, workspace: WorkspaceId, id: AssignmentId) -> Result<()> {
    tx.execute(DELETE, (workspace, id)).await.map(drop)
}

/// Deletes what concerns a person; how much that was.
pub(super) async fn forget(tx: &mut Tx, workspace: WorkspaceId, user: UserId) -> Result<u64> {
    let assigned = tx.execute(FORGET, (workspace, user)).await?;
    Ok(assigned + tx.execute(FORGET_IN_GROUPS, (workspace, user)).await?)
}
