//! Service accounts (TEN-05): members that are programs. They act under their own name, have no password, never sign in,
//! and hold only the tokens that administrators make for them. They are deactivated like everybody.

use schemars::JsonSchema;
use serde::Deserialize;

use super::membership;
use super::model::{self, CreatedToken, Member, MemberKind, MemberState, NewToken, TokenInfo};
use super::permissions::{Granted, MemberManage, Role, Workspace};
use super::tokens;
use crate::cx::Cx;
use crate::db::{One, Rx, Tx, statements};
use crate::ids::{TokenId, UserId, WorkspaceId};
use crate::{Error, Result};

/// Most service accounts of one workspace.
const MOST: i64 = 200;

/// A service account that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewServiceAccount {
    /// What it is called, 1 to 200 characters.
    pub name: String,
    /// What it may, not above one's own role.
    pub role: Role,
}

statements! {
    // The domain is reserved (RFC 2606): no mail ever goes there, and nobody proves to own it.
    INSERT = "insert into users (id, email, name, password_hash, kind, created_at) values ($1, $2, $3, '', 'service', $4)";
    LIST = "select {Member} from (\
         select u.id, cast(null as text) as email, u.name, m.role, m.created_at, u.kind, cast('active' as text) as state \
         from members m join users u on u.id = m.user_id where m.workspace_id = $1 and u.kind = 'service' \
         union all \
         select u.id, cast(null as text) as email, u.name, f.role, f.created_at, u.kind, f.because as state \
         from former_members f join users u on u.id = f.user_id where f.workspace_id = $1 and u.kind = 'service') programs \
         where cast($2 as uuid) is null or id > $2 order by id limit $3", Member;
    COUNT = "select count(*) from members m join users u on u.id = m.user_id where m.workspace_id = $1 and u.kind = 'service'";
    KIND = "select kind from users where id = $1";
}

/// Makes a service account.
///
/// # Errors
/// `invalid_fields`, `too_many_service_accounts`; `denied` for a role above one's own.
pub async fn create(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<MemberManage, Workspace>,
    new: NewServiceAccount,
) -> Result<Member> {
    let workspace = may.resource().0;
    let name = model::name("/name", &new.name)?;
    membership::within(cx, new.role)?;
    if tx.one::<One<i64>>(COUNT, (workspace,)).await?.0 >= MOST {
        let detail = format!("There are {MOST} service accounts, the most there may be; deactivate one first.");
        return Err(Error::conflict("too_many_service_accounts", detail));
    }
    let id: UserId = cx.new_id();
    tx.execute(INSERT, (id, format!("{id}@service.invalid"), name.as_str(), cx.now())).await?;
    membership::join(tx, cx, (workspace, id), new.role, None).await
}

/// A page of the service accounts, also of those that are deactivated, by id.
pub async fn list(
    rx: &mut Rx,
    may: &Granted<MemberManage, Workspace>,
    after: Option<UserId>,
    limit: i64,
) -> Result<Vec<Member>> {
    rx.all(LIST, (may.resource().0, after, limit)).await
}

/// Makes a token for a service account. It is shown once.
///
/// # Errors
/// `service_account_not_found`, `member_inactive`, `invalid_fields`; `denied` for scopes beyond one's own, or for an account
/// above oneself.
pub async fn create_token(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<MemberManage, Workspace>,
    id: UserId,
    new: NewToken,
) -> Result<CreatedToken> {
    let workspace = may.resource().0;
    let account = find(tx, workspace, id).await?;
    if account.state != MemberState::Active {
        return Err(Error::conflict("member_inactive", "This service account is not active; reactivate it first."));
    }
    membership::within(cx, account.role)?;
    tokens::create_for(tx, cx, workspace, id, new).await
}

/// The tokens of a service account, oldest first, with when each was last used.
///
/// # Errors
/// `service_account_not_found`.
pub async fn list_tokens(rx: &mut Rx, may: &Granted<MemberManage, Workspace>, id: UserId) -> Result<Vec<TokenInfo>> {
    let workspace = may.resource().0;
    find(rx, workspace, id).await?;
    tokens::list_of(rx, workspace, id).await
}

/// Revokes a token of a service account; its next request is refused.
///
/// # Errors
/// `service_account_not_found`, `token_not_found`.
pub async fn revoke_token(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<MemberManage, Workspace>,
    id: UserId,
    token: TokenId,
) -> Result<()> {
    let workspace = may.resource().0;
    find(tx, workspace, id).await?;
    tokens::revoke_of(tx, cx, workspace, id, token).await
}

/// Refuses a service account what only people do: sign in, make workspaces and tokens of their own.
///
/// # Errors
/// `denied`.
pub async fn must_be_person(rx: &mut Rx, user: UserId) -> Result<()> {
    match rx.opt::<One<MemberKind>>(KIND, (user,)).await? {
        Some(One(MemberKind::Service)) => {
            Err(Error::denied("A service account cannot do this; it has the tokens that administrators make for it."))
        }
        _ => Ok(()),
    }
}

async fn find(rx: &mut Rx, workspace: WorkspaceId, id: UserId) -> Result<Member> {
    let missing = || Error::not_found("service_account", id);
    let found = membership::find(rx, workspace, id)
        .await
        .map_err(|error| if error.code == "member_not_found" { missing() } else { error })?;
    if found.kind == MemberKind::Service { Ok(found) } else { Err(missing()) }
}
