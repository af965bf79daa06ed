//! Who in a workspace can be given work or told something. All SQL here only reads `members`.

use std::collections::HashSet;

use crate::Result;
use crate::db::{Rx, statements};
use crate::ids::{UserId, WorkspaceId};

statements! {
    AMONG = "select user_id from members where workspace_id = $1 and user_id = any($2)";
    BY_EMAIL = "select u.id, lower(u.email) from members m join users u on u.id = m.user_id \
     where m.workspace_id = $1 and lower(u.email) = any($2)";
    BY_ROLE = "select user_id from members where workspace_id = $1 and role = any($2) order by user_id";
    WORKERS = "select user_id from members where workspace_id = $1 \
     and role in ('team_member', 'project_manager', 'admin') \
     and exists (select 1 from users u where u.id = members.user_id and u.kind = 'person') order by user_id";
    PERSONS = "select user_id from members where workspace_id = $1 and user_id = any($2) \
     and exists (select 1 from users u where u.id = members.user_id and u.kind = 'person')";
}

/// Those of `users` who are members of the workspace.
pub(crate) async fn among(rx: &mut Rx, workspace: WorkspaceId, users: &[UserId]) -> Result<Vec<UserId>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(UserId,)> = rx.all(AMONG, (workspace, users)).await?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// The first of `users` that is not a member of the workspace.
pub(crate) async fn stranger(rx: &mut Rx, workspace: WorkspaceId, users: &[UserId]) -> Result<Option<UserId>> {
    let members: HashSet<UserId> = among(rx, workspace, users).await?.into_iter().collect();
    Ok(users.iter().copied().find(|user| !members.contains(user)))
}

/// Members by their addresses (in lower case), with the address.
pub(crate) async fn by_email(rx: &mut Rx, workspace: WorkspaceId, emails: &[String]) -> Result<Vec<(UserId, String)>> {
    if emails.is_empty() {
        return Ok(Vec::new());
    }
    rx.all(BY_EMAIL, (workspace, emails)).await
}

/// Members with one of these roles.
pub(crate) async fn by_role(rx: &mut Rx, workspace: WorkspaceId, roles: &[String]) -> Result<Vec<UserId>> {
    if roles.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(UserId,)> = rx.all(BY_ROLE, (workspace, roles)).await?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// Everyone who works on tasks, in an order that does not change.
pub(crate) async fn workers(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<UserId>> {
    let rows: Vec<(UserId,)> = rx.all(WORKERS, (workspace,)).await?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// Those of `users` who are members of the workspace, and people rather than programs.
pub(crate) async fn persons(rx: &mut Rx, workspace: WorkspaceId, users: &[UserId]) -> Result<Vec<UserId>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(UserId,)> = rx.all(PERSONS, (workspace, users)).await?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}
