//! All SQL on people, workspaces, memberships, sessions, tokens and signing keys.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::model::{Session, User, WorkspaceInfo};
use super::permissions::Role;
use crate::Result;
use crate::db::{Cell, Column, Kind, One, Param, Rx, Tx, Value, row, statements};
use crate::ids::{SessionId, TokenId, UserId, WorkspaceId};

impl Param for Role {
    const KIND: Kind = Kind::Text;
    fn value(&self) -> Value<'_> {
        Value::Text(self.as_str().into())
    }
}

impl Column for Role {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        cell.text().map(Self::from)
    }
}

row! {
    /// What decides over a sign-in.
    pub struct Login {
        pub id: UserId,
        pub email: String,
        pub name: String,
        pub created_at: DateTime<Utc>,
        pub password_hash: String,
    }
}

row! {
    /// What decides over a refresh.
    pub struct Refresh {
        pub session_id: SessionId,
        pub expires_at: DateTime<Utc>,
        pub spent_at: Option<DateTime<Utc>>,
        pub workspace_id: WorkspaceId,
        pub user_id: UserId,
        pub ended_at: Option<DateTime<Utc>>,
    }
}

row! {
    /// A personal token with its owner's membership.
    pub struct Token {
        pub id: TokenId,
        pub workspace_id: WorkspaceId,
        pub user_id: UserId,
        pub scopes: Option<String>,
        pub expires_at: Option<DateTime<Utc>>,
        pub last_used_at: Option<DateTime<Utc>>,
    }
}

row! {
    /// A personal token as its owner sees it.
    pub struct OwnToken {
        pub id: TokenId,
        pub name: String,
        pub scopes: Option<String>,
        pub created_at: DateTime<Utc>,
        pub expires_at: Option<DateTime<Utc>>,
        pub last_used_at: Option<DateTime<Utc>>,
    }
}

row! {
    /// A signing key.
    pub struct SigningKey {
        pub id: String,
        pub sealed: Vec<u8>,
        pub created_at: DateTime<Utc>,
        pub retired_at: Option<DateTime<Utc>>,
    }
}

statements! {
    ANY_USER = "select id from users limit 1";
    CLAIM_SETUP = "insert into installation (id, set_up_at) values (1, $1) on conflict do nothing";
    INSERT_WORKSPACE = "insert into workspaces (id, name, created_at) values ($1, $2, $3)";
    FIND_WORKSPACE = "select {WorkspaceInfo} from workspaces where id = $1", WorkspaceInfo;
    FIRST_OF_ALL = "select id from workspaces order by created_at, id limit 1";
    INSERT_USER = "insert into users (id, email, name, password_hash, created_at) values ($1, $2, $3, $4, $5) on conflict do nothing";
    FIND_USER = "select {User} from users where id = $1", User;
    FIND_LOGIN = "select {Login} from users where email = $1 and kind = 'person'", Login;
    PASSWORD_HASH = "select password_hash from users where id = $1 and kind = 'person'";
    LOCK_LOGIN = "select failed_logins, locked_until from users where id = $1 for update";
    UPDATE_FAILURES = "update users set failed_logins = $2, locked_until = $3 where id = $1";
    INSERT_MEMBER = "insert into members (workspace_id, user_id, role, created_at) values ($1, $2, $3, $4) on conflict do nothing";
    ROLE = "select role from members where workspace_id = $1 and user_id = $2";
    MEMBERSHIP = "select m.role, w.access_stamp from members m join workspaces w on w.id = m.workspace_id \
         where m.workspace_id = $1 and m.user_id = $2";
    MEMBERSHIPS = "select m.user_id, m.role, w.access_stamp from members m join workspaces w on w.id = m.workspace_id \
         where m.workspace_id = $1 and m.user_id = any($2)";
    STAMP = "update workspaces set access_stamp = $2 where id = $1";
    FIRST_WORKSPACE = "select workspace_id from members where user_id = $1 order by created_at, workspace_id limit 1";
    AMONG_MEMBERS = "select user_id from members where workspace_id = $1 and user_id = any($2)";
    INSERT_SESSION = "insert into sessions (id, workspace_id, user_id, created_at) values ($1, $2, $3, $4)";
    SESSION_ROLE = "select s.workspace_id, s.user_id, s.ended_at, m.role, w.access_stamp from sessions s \
         join workspaces w on w.id = s.workspace_id left join members m on m.workspace_id = s.workspace_id and m.user_id = s.user_id where s.id = $1";
    LIST_SESSIONS = "select s.id, s.created_at, max(r.created_at), max(r.expires_at) from sessions s \
         join refresh_tokens r on r.session_id = s.id \
         where s.user_id = $1 and s.workspace_id = $2 and s.ended_at is null and r.spent_at is null and r.expires_at > $3 \
         group by s.id, s.created_at order by s.id";
    END_SESSION = "update sessions set ended_at = $2, ended_because = $3 where id = $1 and ended_at is null";
    END_OWN_SESSION = "update sessions set ended_at = $4, ended_because = $5 \
         where id = $3 and user_id = $2 and workspace_id = $1 and ended_at is null";
    INSERT_REFRESH = "insert into refresh_tokens (hash, session_id, created_at, expires_at) values ($1, $2, $3, $4)";
    LOCK_REFRESH = "select r.session_id, r.expires_at, r.spent_at, s.workspace_id, s.user_id, s.ended_at \
         from refresh_tokens r join sessions s on s.id = r.session_id where r.hash = $1 for update";
    SPEND_REFRESH = "update refresh_tokens set spent_at = $2 where hash = $1";
    DELETE_EXPIRED_REFRESH = "delete from refresh_tokens where session_id = $1 and expires_at < $2";
    INSERT_TOKEN = "insert into personal_tokens (id, workspace_id, user_id, name, hash, scopes, created_at, expires_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8)";
    FIND_TOKEN = "select t.id, t.workspace_id, t.user_id, t.scopes, t.expires_at, t.last_used_at, m.role, w.access_stamp from personal_tokens t \
         join workspaces w on w.id = t.workspace_id join members m on m.workspace_id = t.workspace_id and m.user_id = t.user_id where t.hash = $1";
    TOKEN_IS_KNOWN = "select id from personal_tokens where hash = $1";
    LIST_TOKENS = "select {OwnToken} from personal_tokens where workspace_id = $1 and user_id = $2 order by id", OwnToken;
    DELETE_TOKEN = "delete from personal_tokens where workspace_id = $1 and user_id = $2 and id = $3";
    TOUCH_TOKEN = "update personal_tokens set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at < $2)";
    LIST_KEYS = "select {SigningKey} from signing_keys order by created_at, id", SigningKey;
    INSERT_KEY = "insert into signing_keys (id, sealed, created_at) values ($1, $2, $3)";
    RETIRE_KEYS = "update signing_keys set retired_at = $2 where id <> $1 and retired_at is null";
    DELETE_RETIRED_KEYS = "delete from signing_keys where retired_at < $1";
}

pub(super) async fn any_user(rx: &mut Rx) -> Result<bool> {
    Ok(rx.opt::<One<UserId>>(ANY_USER, ()).await?.is_some())
}

/// Takes the one chance to set up; of several at once, the others wait for the first and find it taken.
pub(super) async fn claim_setup(tx: &mut Tx, at: DateTime<Utc>) -> Result<bool> {
    Ok(tx.execute(CLAIM_SETUP, (at,)).await? == 1)
}

pub(super) async fn insert_workspace(tx: &mut Tx, workspace: &WorkspaceInfo) -> Result<()> {
    tx.execute(INSERT_WORKSPACE, (workspace.id, workspace.name.as_str(), workspace.created_at)).await.map(drop)
}

pub(super) async fn find_workspace(rx: &mut Rx, id: WorkspaceId) -> Result<Option<WorkspaceInfo>> {
    rx.opt(FIND_WORKSPACE, (id,)).await
}

/// The workspace that was made by the set-up.
pub(super) async fn first_of_all(rx: &mut Rx) -> Result<Option<WorkspaceId>> {
    Ok(rx.opt::<One<WorkspaceId>>(FIRST_OF_ALL, ()).await?.map(|row| row.0))
}

/// False when somebody has that address already.
pub(super) async fn insert_user(tx: &mut Tx, user: &User, password_hash: &str) -> Result<bool> {
    let args = (user.id, user.email.as_str(), user.name.as_str(), password_hash, user.created_at);
    Ok(tx.execute(INSERT_USER, args).await? == 1)
}

pub(super) async fn find_user(rx: &mut Rx, id: UserId) -> Result<Option<User>> {
    rx.opt(FIND_USER, (id,)).await
}

pub(super) async fn find_login(rx: &mut Rx, email: &str) -> Result<Option<Login>> {
    rx.opt(FIND_LOGIN, (email,)).await
}

/// The hash of a person's password; empty when they have none.
pub(super) async fn password_hash(rx: &mut Rx, id: UserId) -> Result<Option<String>> {
    Ok(rx.opt::<One<String>>(PASSWORD_HASH, (id,)).await?.map(|row| row.0))
}

/// How often in a row somebody failed to sign in, and until when they are locked out.
pub(super) async fn lock_login(tx: &mut Tx, id: UserId) -> Result<Option<(i64, Option<DateTime<Utc>>)>> {
    tx.opt(LOCK_LOGIN, (id,)).await
}

pub(super) async fn update_failures(tx: &mut Tx, id: UserId, failed: i64, until: Option<DateTime<Utc>>) -> Result<()> {
    tx.execute(UPDATE_FAILURES, (id, failed, until)).await.map(drop)
}

/// False when they are a member already.
pub(super) async fn insert_member(
    tx: &mut Tx,
    workspace: WorkspaceId,
    user: UserId,
    role: Role,
    at: DateTime<Utc>,
) -> Result<bool> {
    Ok(tx.execute(INSERT_MEMBER, (workspace, user, role, at)).await? == 1)
}

pub(super) async fn role(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<Option<Role>> {
    Ok(rx.opt::<One<Role>>(ROLE, (workspace, user)).await?.map(|row| row.0))
}

/// Somebody's role in a workspace, and the stamp of its access.
pub(super) async fn membership(
    rx: &mut Rx,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<Option<(Role, Option<Uuid>)>> {
    rx.opt(MEMBERSHIP, (workspace, user)).await
}

/// Role and stamp of each of `users` who is a member.
pub(super) async fn memberships(
    rx: &mut Rx,
    workspace: WorkspaceId,
    users: &[UserId],
) -> Result<Vec<(UserId, Role, Option<Uuid>)>> {
    rx.all(MEMBERSHIPS, (workspace, users)).await
}

/// Gives a workspace's access a new stamp: whatever was worked out from it is read again.
pub(super) async fn stamp(tx: &mut Tx, workspace: WorkspaceId, stamp: Uuid) -> Result<()> {
    tx.execute(STAMP, (workspace, stamp)).await.map(drop)
}

pub(super) async fn first_workspace(rx: &mut Rx, user: UserId) -> Result<Option<WorkspaceId>> {
    Ok(rx.opt::<One<WorkspaceId>>(FIRST_WORKSPACE, (user,)).await?.map(|row| row.0))
}

pub(super) async fn among_members(rx: &mut Rx, workspace: WorkspaceId, users: &[UserId]) -> Result<Vec<UserId>> {
    let found: Vec<One<UserId>> = rx.all(AMONG_MEMBERS, (workspace, users)).await?;
    Ok(found.into_iter().map(|row| row.0).collect())
}

pub(super) async fn insert_session(
    tx: &mut Tx,
    id: SessionId,
    workspace: WorkspaceId,
    user: UserId,
    at: DateTime<Utc>,
) -> Result<()> {
    tx.execute(INSERT_SESSION, (id, workspace, user, at)).await.map(drop)
}

/// Where and whose a session is, when it ended, its person's role there while they are a member, and the stamp of the
/// workspace's access.
pub(super) type SessionRole = (WorkspaceId, UserId, Option<DateTime<Utc>>, Option<Role>, Option<Uuid>);

pub(super) async fn session_role(rx: &mut Rx, id: SessionId) -> Result<Option<SessionRole>> {
    rx.opt(SESSION_ROLE, (id,)).await
}

pub(super) async fn list_sessions(
    rx: &mut Rx,
    user: UserId,
    workspace: WorkspaceId,
    now: DateTime<Utc>,
) -> Result<Vec<Session>> {
    rx.all(LIST_SESSIONS, (user, workspace, now)).await
}

pub(super) async fn end_session(tx: &mut Tx, id: SessionId, at: DateTime<Utc>, because: &str) -> Result<bool> {
    Ok(tx.execute(END_SESSION, (id, at, because)).await? == 1)
}

pub(super) async fn end_own_session(
    tx: &mut Tx,
    (workspace, user): (WorkspaceId, UserId),
    id: SessionId,
    at: DateTime<Utc>,
    because: &str,
) -> Result<bool> {
    Ok(tx.execute(END_OWN_SESSION, (workspace, user, id, at, because)).await? == 1)
}

pub(super) async fn insert_refresh(
    tx: &mut Tx,
    hash: &[u8],
    session: SessionId,
    at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    tx.execute(INSERT_REFRESH, (hash, session, at, expires_at)).await.map(drop)
}

pub(super) async fn lock_refresh(tx: &mut Tx, hash: &[u8]) -> Result<Option<Refresh>> {
    tx.opt(LOCK_REFRESH, (hash,)).await
}

/// Spends a refresh token, and forgets those of its session that expired.
pub(super) async fn spend_refresh(tx: &mut Tx, hash: &[u8], session: SessionId, at: DateTime<Utc>) -> Result<()> {
    tx.execute(SPEND_REFRESH, (hash, at)).await?;
    tx.execute(DELETE_EXPIRED_REFRESH, (session, at)).await.map(drop)
}

/// A token to be, with its owner and its hash.
pub(super) struct TokenRow<'a> {
    pub workspace: WorkspaceId,
    pub user: UserId,
    pub hash: &'a [u8],
    pub scopes: Option<&'a str>,
    pub info: &'a super::model::TokenInfo,
}

pub(super) async fn insert_token(tx: &mut Tx, row: TokenRow<'_>) -> Result<()> {
    let TokenRow { workspace, user, hash, scopes, info } = row;
    let args = (info.id, workspace, user, info.name.as_str(), hash, scopes, info.created_at, info.expires_at);
    tx.execute(INSERT_TOKEN, args).await.map(drop)
}

/// A token of somebody who is still a member, their role, and the stamp of the workspace's access.
pub(super) async fn find_token(rx: &mut Rx, hash: &[u8]) -> Result<Option<(Token, Role, Option<Uuid>)>> {
    let found: Option<crate::db::Both<Token, (Role, Option<Uuid>)>> = rx.opt(FIND_TOKEN, (hash,)).await?;
    Ok(found.map(|row| (row.0, row.1.0, row.1.1)))
}

/// Whether a token was made here and not revoked, whatever became of whom it belongs to.
pub(super) async fn token_is_known(rx: &mut Rx, hash: &[u8]) -> Result<bool> {
    Ok(rx.opt::<(TokenId,)>(TOKEN_IS_KNOWN, (hash,)).await?.is_some())
}

pub(super) async fn list_tokens(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<Vec<OwnToken>> {
    rx.all(LIST_TOKENS, (workspace, user)).await
}

pub(super) async fn delete_token(tx: &mut Tx, workspace: WorkspaceId, user: UserId, id: TokenId) -> Result<bool> {
    Ok(tx.execute(DELETE_TOKEN, (workspace, user, id)).await? == 1)
}

pub(super) async fn touch_token(tx: &mut Tx, id: TokenId, at: DateTime<Utc>) -> Result<()> {
    tx.execute(TOUCH_TOKEN, (id, at)).await.map(drop)
}

pub(super) async fn list_keys(rx: &mut Rx) -> Result<Vec<SigningKey>> {
    rx.all(LIST_KEYS, ()).await
}

/// Stores a new signing key. The keys before it sign no more.
pub(super) async fn insert_key(tx: &mut Tx, id: &str, sealed: &[u8], at: DateTime<Utc>) -> Result<()> {
    tx.execute(INSERT_KEY, (id, sealed, at)).await?;
    tx.execute(RETIRE_KEYS, (id, at)).await.map(drop)
}

pub(super) async fn delete_retired_keys(tx: &mut Tx, before: DateTime<Utc>) -> Result<()> {
    tx.execute(DELETE_RETIRED_KEYS, (before,)).await.map(drop)
}
