//! How members come, change and go.
//!
//! Whoever goes loses their row in `members`, so that no query can forget to look whether they are still there: with it go
//! their sessions and tokens, in the same transaction. What they made stays, and `former_members` remembers what they were.
//! A workspace keeps at least one person who administers it.

use serde_json::json;

use super::events::{MemberDeactivated, MemberDeparted, MemberJoined, MemberReactivated, MemberRoleChanged};
use super::model::{Deactivated, Member, MemberQuery, MemberState};
use super::permissions::{Granted, MemberManage, MemberView, Permissions, Role, Workspace};
use super::rights::Place;
use super::{Actor, service, store};
use crate::cx::Cx;
use crate::db::{Kind, One, Param as _, Rx, Tx, statements};
use crate::events::emit;
use crate::ids::{InvitationId, UserId, WorkspaceId};
use crate::listing::{self, CREATED_AT, Column, Request, Statement};
use crate::paging::Page;
use crate::rules::{self, OwnedRule};
use crate::{Error, Result, approvals, audit, db, grants, notifications};

/// So many rules are named to administrators.
const TOLD_RULES: usize = 20;

statements! {
    FIND = "select {Member} from (\
         select u.id, case when u.kind = 'person' then u.email end as email, u.name, m.role, m.created_at, u.kind, cast('active' as text) as state \
         from members m join users u on u.id = m.user_id where m.workspace_id = $1 and m.user_id = $2 \
         union all \
         select u.id, case when u.kind = 'person' then u.email end as email, u.name, f.role, f.created_at, u.kind, f.because as state \
         from former_members f join users u on u.id = f.user_id where f.workspace_id = $1 and f.user_id = $2) people", Member;
    LOCK = "select role from members where workspace_id = $1 and user_id = $2 for update";
    LOCK_ADMINISTRATORS = "select m.user_id from members m where m.workspace_id = $1 and m.role = 'admin' \
         and exists (select 1 from users u where u.id = m.user_id and u.kind = 'person') order by m.user_id for update";
    ADMINISTRATORS = "select m.user_id from members m join users u on u.id = m.user_id \
         where m.workspace_id = $1 and m.role = 'admin' and u.kind = 'person' order by m.user_id";
    SET_ROLE = "update members set role = $3 where workspace_id = $1 and user_id = $2";
    REMEMBER = "insert into former_members (workspace_id, user_id, role, because, created_at, ended_at) \
         select workspace_id, user_id, role, $3, created_at, $4 from members where workspace_id = $1 and user_id = $2";
    REMOVE = "delete from members where workspace_id = $1 and user_id = $2";
    RESTORE = "insert into members (workspace_id, user_id, role, created_at) \
         select workspace_id, user_id, role, created_at from former_members where workspace_id = $1 and user_id = $2";
    FORGET = "delete from former_members where workspace_id = $1 and user_id = $2";
    END_SESSIONS = "update sessions set ended_at = $3, ended_because = $4 \
         where workspace_id = $1 and user_id = $2 and ended_at is null";
    DELETE_TOKENS = "delete from personal_tokens where workspace_id = $1 and user_id = $2";
    ELSEWHERE = "select count(*) from (select workspace_id from members where user_id = $2 and workspace_id <> $1 \
         union all select workspace_id from former_members where user_id = $2 and workspace_id <> $1) others";
}

/// Those who belong to a workspace, and those who did.
const PEOPLE: &str = "(\
    select m.workspace_id, u.id, case when u.kind = 'person' then u.email end as email, u.name, m.role, m.created_at, u.kind, cast('active' as text) as state \
    from members m join users u on u.id = m.user_id \
    union all \
    select f.workspace_id, u.id, case when u.kind = 'person' then u.email end as email, u.name, f.role, f.created_at, u.kind, f.because as state \
    from former_members f join users u on u.id = f.user_id) people";

const SORTS: &[Column] = &[
    CREATED_AT,
    Column { name: "email", sql: "email", kind: Kind::Text, nullable: true },
    Column { name: "name", sql: "name", kind: Kind::Text, nullable: false },
];

/// A page of those who belong to the workspace or did.
pub async fn list(rx: &mut Rx, may: &Granted<MemberView, Workspace>, query: &MemberQuery) -> Result<Page<Member>> {
    let MemberQuery { state, q, sort, limit, offset, cursor, total } = query;
    let request = Request::new(SORTS, "created_at", sort.as_deref(), *limit, *offset, cursor.as_deref(), *total)?;
    let state = state.unwrap_or(MemberState::Active);
    let mut from = Statement::from(PEOPLE, may.resource().0);
    from.push(" and state = ").bind(state.value());
    if let Some(part) = listing::part(q.as_deref())? {
        from.contains(&["name", "email"], part);
    }
    let value = |member: &Member, column: &Column| match column.name {
        "email" => member.email.clone().into(),
        "name" => member.name.clone().into(),
        _ => listing::id(member.id),
    };
    request.page(rx, Member::COLUMNS, from, value, |_| true).await
}

/// Who belongs to the workspace, or did.
///
/// # Errors
/// `member_not_found`.
pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<Member> {
    let found: Option<Member> = rx.opt(FIND, (workspace, user)).await?;
    found.ok_or_else(|| Error::not_found("member", user))
}

/// Whether this person belongs, or did, to another workspace than this one.
pub(super) async fn is_elsewhere(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<bool> {
    // Within a workspace, the others would not be seen.
    db::must_see_all()?;
    Ok(rx.one::<One<i64>>(ELSEWHERE, (workspace, user)).await?.0 > 0)
}

/// Gives a member another role.
///
/// # Errors
/// `member_not_found`, `member_inactive`, `last_administrator`; `denied` for a role above one's own, given or taken.
pub async fn change_role(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<MemberManage, Workspace>,
    user: UserId,
    role: Role,
) -> Result<Member> {
    let workspace = may.resource().0;
    let held = lock(tx, workspace, user).await?;
    let from = held.role;
    within(cx, from)?;
    within(cx, role)?;
    if from != role {
        held.keep_an_administrator()?;
        tx.execute(SET_ROLE, (workspace, user, role)).await?;
        service::moved(tx, cx, workspace).await?;
        let member = find(tx, workspace, user).await?;
        emit(tx, cx, &MemberRoleChanged { member: &member, from, to: role }).await?;
        record(tx, cx, "member.role_changed", user, Some(from), Some(role)).await?;
    }
    find(tx, workspace, user).await
}

/// Ends a member's access at once: sessions, tokens, sockets. What they made stays.
///
/// # Errors
/// `member_not_found`, `member_inactive`, `last_administrator`, `own_membership`; `denied` for a member above oneself.
pub async fn deactivate(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<MemberManage, Workspace>,
    user: UserId,
) -> Result<Deactivated> {
    let workspace = may.resource().0;
    let held = lock(tx, workspace, user).await?;
    within(cx, held.role)?;
    if cx.actor.user() == Some(user) {
        return Err(Error::conflict("own_membership", "You cannot deactivate yourself; leave the workspace instead."));
    }
    held.keep_an_administrator()?;
    let member = find(tx, workspace, user).await?;
    end(tx, cx, workspace, user, MemberState::Deactivated).await?;
    emit(tx, cx, &MemberDeactivated { member: &member }).await?;
    record(tx, cx, "member.deactivated", user, Some(member.role), None).await?;
    let rules = bereave(tx, cx, &member).await?;
    Ok(Deactivated { member: find(tx, workspace, user).await?, rules })
}

/// Says which rules are switched on in the name of somebody who has gone: administrators are told, and the audit trail. They stay
/// on, so that each event that they miss is a run that failed and can be repeated once somebody has taken the rule.
async fn bereave(tx: &mut Tx, cx: &Cx, gone: &Member) -> Result<Vec<OwnedRule>> {
    let workspace = cx.actor.workspace;
    let rules = rules::service::owned(tx, workspace, gone.id).await?;
    if rules.is_empty() {
        return Ok(rules);
    }
    let detail = json!({ "owner": gone.id, "rules": &rules });
    audit::service::record(tx, cx, "rules.owner_gone", &gone.id.to_string(), &detail).await?;
    let named: Vec<String> =
        rules.iter().take(TOLD_RULES).map(|rule| format!("“{}” ({})", rule.name, rule.id)).collect();
    let more = rules.len() - named.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message = format!(
        "{} is no longer a member, and what runs in their name fails from now on: {}{more}. \
         Whoever may edit such a rule makes it theirs by `POST /rules/{{id}}/take`.",
        gone.name,
        named.join(", ")
    );
    let administrators: Vec<(UserId,)> = tx.all(ADMINISTRATORS, (workspace,)).await?;
    let administrators: Vec<UserId> = administrators.into_iter().map(|(user,)| user).collect();
    let system = cx.source().cx(Actor::system(workspace));
    notifications::service::notify(tx, &system, &administrators, &message, None).await?;
    Ok(rules)
}

/// Gives a deactivated member their access back, with the role that they had. They sign in anew, and make new tokens.
///
/// # Errors
/// `member_not_found`, also for one who left by themselves and must be invited; `member_active`; `denied` for a role above
/// one's own.
pub async fn reactivate(tx: &mut Tx, cx: &Cx, may: &Granted<MemberManage, Workspace>, user: UserId) -> Result<Member> {
    let workspace = may.resource().0;
    let member = find(tx, workspace, user).await?;
    match member.state {
        MemberState::Deactivated => within(cx, member.role)?,
        MemberState::Active => return Err(Error::conflict("member_active", "This member is active already.")),
        MemberState::Left => {
            let detail = "This member left the workspace by themselves; invite them again.";
            return Err(Error::conflict("member_left", detail));
        }
    }
    // Of two at once one restores; the other finds nothing more to restore.
    if tx.execute(RESTORE, (workspace, user)).await? == 1 {
        tx.execute(DELETE_TOKENS, (workspace, user)).await?;
        tx.execute(FORGET, (workspace, user)).await?;
        let member = find(tx, workspace, user).await?;
        emit(tx, cx, &MemberReactivated { member: &member }).await?;
        approvals::review::ask(tx, cx.source(), workspace).await?;
        record(tx, cx, "member.reactivated", user, None, Some(member.role)).await?;
    }
    find(tx, workspace, user).await
}

/// Takes the person who acts out of the workspace in which they are. What they made stays.
///
/// # Errors
/// `last_administrator`, `denied`.
pub async fn leave(tx: &mut Tx, cx: &Cx) -> Result<()> {
    let user = cx.actor.user().ok_or_else(|| Error::denied("Only a person can leave; sign in as one."))?;
    let workspace = cx.actor.workspace;
    lock(tx, workspace, user).await?.keep_an_administrator()?;
    let member = find(tx, workspace, user).await?;
    end(tx, cx, workspace, user, MemberState::Left).await?;
    emit(tx, cx, &MemberDeparted { member: &member }).await?;
    record(tx, cx, "member.departed", user, Some(member.role), None).await?;
    bereave(tx, cx, &member).await.map(drop)
}

/// Refuses somebody who does not belong to the workspace any more.
pub(super) async fn must_be_in(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<()> {
    if let Ok(Member { state: MemberState::Active, .. }) = find(rx, workspace, user).await {
        return Ok(());
    }
    Err(Error::not_found("workspace", workspace))
}

/// Makes a known person a member, and forgets that they were one.
///
/// # Errors
/// `already_member`, `member_inactive`.
pub(super) async fn join(
    tx: &mut Tx,
    cx: &Cx,
    (workspace, user): (WorkspaceId, UserId),
    role: Role,
    invitation: Option<InvitationId>,
) -> Result<Member> {
    if let Ok(known) = find(tx, workspace, user).await {
        refuse_known(&known)?;
    }
    tx.execute(FORGET, (workspace, user)).await?;
    tx.execute(DELETE_TOKENS, (workspace, user)).await?;
    if !store::insert_member(tx, workspace, user, role, cx.now()).await? {
        return Err(already_member());
    }
    let member = find(tx, workspace, user).await?;
    emit(tx, cx, &MemberJoined { member: &member, invitation }).await?;
    approvals::review::ask(tx, cx.source(), workspace).await?;
    record(tx, cx, "member.added", user, None, Some(role)).await?;
    Ok(member)
}

/// Writes into the audit log what somebody was in the workspace and what they are.
async fn record(
    tx: &mut Tx,
    cx: &Cx,
    action: &'static str,
    user: UserId,
    before: Option<Role>,
    after: Option<Role>,
) -> Result<()> {
    let told = |role: Option<Role>| role.map(|role| json!({ "role": role }));
    let detail = json!({ "before": told(before), "after": told(after) });
    audit::service::record(tx, cx, action, &user.to_string(), &detail).await
}

/// Refuses somebody who belongs to the workspace already, or was put out of it.
pub(super) fn refuse_known(member: &Member) -> Result<()> {
    match member.state {
        MemberState::Active => Err(already_member()),
        MemberState::Deactivated => {
            let detail = "This person was deactivated here; an administrator can reactivate them.";
            Err(Error::conflict("member_inactive", detail))
        }
        MemberState::Left => Ok(()),
    }
}

fn already_member() -> Error {
    Error::conflict("already_member", "This person belongs to the workspace already; change their role instead.")
}

/// Refuses to give or take a role above one's own.
pub(super) fn within(cx: &Cx, role: Role) -> Result<()> {
    if role > cx.actor.role {
        return Err(Error::denied(format!(
            "The role {role} is above yours, {}; ask somebody who has it.",
            cx.actor.role
        )));
    }
    // Neither a token beyond its scopes, nor whoever something was taken from, hands on what they do not have themselves.
    match cx.actor.lacking(&Place::Workspace, Permissions::of_role(role)).first() {
        None => Ok(()),
        Some(lacked) => {
            let detail = format!(
                "The role {role} has `{lacked}`, which you do not have here yourself; ask somebody who has it."
            );
            Err(Error::denied(detail))
        }
    }
}

/// An active member who does not change until the transaction ends.
struct Held {
    role: Role,
    /// Nobody else administers the workspace.
    last_administrator: bool,
}

impl Held {
    /// Refuses to take away the last person who administers the workspace.
    fn keep_an_administrator(&self) -> Result<()> {
        if !self.last_administrator {
            return Ok(());
        }
        Err(Error::conflict(
            "last_administrator",
            "A workspace needs somebody who administers it; make another member an administrator first.",
        ))
    }
}

/// Locks a member, and before them all who administer the workspace, always in the same order: of two who take each other
/// away, the second sees what the first did.
async fn lock(tx: &mut Tx, workspace: WorkspaceId, user: UserId) -> Result<Held> {
    let administrators: Vec<One<UserId>> = tx.all(LOCK_ADMINISTRATORS, (workspace,)).await?;
    if let Some(One(role)) = tx.opt::<One<Role>>(LOCK, (workspace, user)).await? {
        let last_administrator = administrators.len() == 1 && administrators[0].0 == user;
        return Ok(Held { role, last_administrator });
    }
    find(tx, workspace, user).await?;
    Err(Error::conflict("member_inactive", "This member is not active; reactivate or invite them first."))
}

async fn end(tx: &mut Tx, cx: &Cx, workspace: WorkspaceId, user: UserId, state: MemberState) -> Result<()> {
    let now = cx.now();
    tx.execute(REMEMBER, (workspace, user, state, now)).await?;
    tx.execute(REMOVE, (workspace, user)).await?;
    tx.execute(END_SESSIONS, (workspace, user, now, state.as_str())).await?;
    // Of one who was deactivated they are kept, to say why they do not count any more; they never count again.
    if state == MemberState::Left {
        tx.execute(DELETE_TOKENS, (workspace, user)).await?;
        // Who comes back by an invitation begins anew.
        grants::service::forget(tx, cx, workspace, user).await?;
    }
    service::moved(tx, cx, workspace).await
}
