//! All SQL on `approvals` and what belongs to them; who people are is read from `members`, `group_members` and `assignments`.

use chrono::{DateTime, Utc};

use super::model::{ApprovalState, Approver, Delegation, Stored, Vote};
use crate::Result;
use crate::db::{Rx, Tx, row, statements};
use crate::ids::{ApprovalId, GroupId, RunId, UserId, WorkspaceId};

row! {
    #[derive(Debug)]
    struct ApproverRow {
        user_id: Option<UserId>,
        role: Option<String>,
        group_id: Option<GroupId>,
    }
}

statements! {
    INSERT = "insert into approvals (id, workspace_id, run_id, path, rule_id, rule_name, project_id, task_id, message, need, allow_self, \
         causers, state, requested_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    INSERT_APPROVER = "insert into approval_approvers (approval_id, place, workspace_id, user_id, role, group_id) values ($1, $2, $3, $4, $5, $6)";
    FIND = "select {Stored} from approvals where workspace_id = $1 and id = $2", Stored;
    FIND_FOR_UPDATE = "select {Stored} from approvals where workspace_id = $1 and id = $2 for update", Stored;
    OF_STEP = "select {Stored} from approvals where run_id = $1 and path = $2", Stored;
    HAS_PENDING = "select id from approvals where workspace_id = $1 and state = 'pending' limit 1";
    // Of every workspace: for the look at who is left alone.
    WITH_PENDING = "select distinct workspace_id from approvals where state = 'pending'";
    PENDING = "select {Stored} from approvals where workspace_id = $1 and state = 'pending' and (id > $2 or cast($2 as text) is null) order by id limit $3", Stored;
    SET_STUCK = "update approvals set stuck_at = $2 where id = $1 and state = 'pending'";
    OF_RUN = "select {Stored} from approvals where workspace_id = $1 and run_id = $2 and (id < $3 or cast($3 as text) is null) \
         order by id desc limit $4", Stored;
    IN_STATES = "select {Stored} from approvals where workspace_id = $1 and state = any($2) and (id < $3 or cast($3 as text) is null) \
         order by id desc limit $4", Stored;
    FOR_USER = "select {Stored} from approvals p where workspace_id = $1 and state = 'pending' and (id < $3 or cast($3 as text) is null) and (\
            exists (select 1 from approval_approvers a join members m on m.workspace_id = $1 and m.user_id = $2 \
                where a.approval_id = p.id and (a.user_id = $2 or a.role = m.role or a.group_id in (\
                    select g.group_id from group_members g where g.workspace_id = $1 and g.user_id = $2) \
                    or exists (select 1 from assignments s where s.workspace_id = $1 and s.role = a.role and s.effect = 'allow' and s.condition is null \
                and s.rule_id is null and (s.starts_at is null or s.starts_at <= $5) and (s.ends_at is null or s.ends_at > $5) \
                and (s.user_id = $2 or s.group_id in (select g.group_id from group_members g where g.workspace_id = $1 and g.user_id = $2)) \
                and (s.project_id is null and s.task_id is null or s.task_id is null and s.project_id = p.project_id or s.task_id = p.task_id)))) \
            or exists (select 1 from approval_delegations d where d.approval_id = p.id and d.delegate_id = $2)) \
         order by id desc limit $4", Stored;
    // Members alone, and no programs. A role is held by membership, or by an assignment here without a condition.
    PEOPLE = "select m.user_id from members m where m.workspace_id = $1 \
         and exists (select 1 from users u where u.id = m.user_id and u.kind = 'person') \
         and exists (select 1 from approval_approvers a join approvals p on p.id = a.approval_id where a.approval_id = $2 and (a.user_id = m.user_id or a.role = m.role \
            or a.group_id in (select g.group_id from group_members g where g.workspace_id = $1 and g.user_id = m.user_id) \
            or exists (select 1 from assignments s where s.workspace_id = $1 and s.role = a.role and s.effect = 'allow' and s.condition is null \
                and s.rule_id is null and (s.starts_at is null or s.starts_at <= $4) and (s.ends_at is null or s.ends_at > $4) \
                and (s.user_id = m.user_id or s.group_id in (select g.group_id from group_members g where g.workspace_id = $1 and g.user_id = m.user_id)) \
                and (s.project_id is null and s.task_id is null or s.task_id is null and s.project_id = p.project_id or s.task_id = p.task_id)))) \
         order by m.user_id limit $3";
    IS_APPROVER = "select m.user_id from members m where m.workspace_id = $1 and m.user_id = $3 \
         and exists (select 1 from users u where u.id = m.user_id and u.kind = 'person') \
         and exists (select 1 from approval_approvers a join approvals p on p.id = a.approval_id where a.approval_id = $2 and (a.user_id = $3 or a.role = m.role \
            or a.group_id in (select g.group_id from group_members g where g.workspace_id = $1 and g.user_id = $3) \
            or exists (select 1 from assignments s where s.workspace_id = $1 and s.role = a.role and s.effect = 'allow' and s.condition is null \
                and s.rule_id is null and (s.starts_at is null or s.starts_at <= $4) and (s.ends_at is null or s.ends_at > $4) \
                and (s.user_id = $3 or s.group_id in (select g.group_id from group_members g where g.workspace_id = $1 and g.user_id = $3)) \
                and (s.project_id is null and s.task_id is null or s.task_id is null and s.project_id = p.project_id or s.task_id = p.task_id))))";
    IS_PERSON = "select m.user_id from members m join users u on u.id = m.user_id where m.workspace_id = $1 and m.user_id = $2 and u.kind = 'person'";
    APPROVERS = "select {ApproverRow} from approval_approvers where approval_id = $1 order by place", ApproverRow;
    VOTES = "select {Vote} from approval_votes where approval_id = $1 order by decided_at, user_id", Vote;
    AGREED = "select v.decided_by from approval_votes v join approvals a on a.id = v.approval_id \
         where a.run_id = $1 and a.state = 'approved' and v.decision = 'approve' and v.decided_at <= $2 order by v.decided_at, v.user_id";
    INSERT_VOTE = "insert into approval_votes (approval_id, user_id, workspace_id, decided_by, decision, comment, decided_at) \
         values ($1, $2, $3, $4, $5, $6, $7)";
    DELEGATIONS = "select {Delegation} from approval_delegations where approval_id = $1 order by created_at, user_id", Delegation;
    PUT_DELEGATION = "insert into approval_delegations (approval_id, user_id, workspace_id, delegate_id, created_at) values ($1, $2, $3, $4, $5) \
         on conflict (approval_id, user_id) do update set delegate_id = excluded.delegate_id, created_at = excluded.created_at";
    SETTLE = "update approvals set state = $2, decided_at = $3 where id = $1 and state = 'pending'";
    PENDING_OF_RUN = "select {Stored} from approvals where run_id = $1 and state = 'pending' order by id for update", Stored;
}

pub(super) async fn insert(tx: &mut Tx, approval: &Stored, approvers: &[Approver]) -> Result<()> {
    let Stored { id, workspace_id, run_id, path, rule_id, rule_name, project_id, task_id, message, need, .. } =
        approval;
    let Stored { allow_self, causers, state, requested_at, expires_at, .. } = approval;
    let args = (
        *id,
        *workspace_id,
        *run_id,
        path.as_str(),
        *rule_id,
        rule_name.as_str(),
        *project_id,
        *task_id,
        message.as_str(),
        need.as_str(),
        *allow_self,
        causers.as_str(),
        *state,
        *requested_at,
        *expires_at,
    );
    tx.execute(INSERT, args).await?;
    let rows: Vec<_> = (0_i64..)
        .zip(approvers)
        .map(|(place, approver)| {
            let (user, role, group) = match approver {
                Approver::User(user) => (Some(*user), None, None),
                Approver::Role(role) => (None, Some(role.as_str()), None),
                Approver::Group(group) => (None, None, Some(*group)),
            };
            (*id, place, *workspace_id, user, role, group)
        })
        .collect();
    tx.execute_many(INSERT_APPROVER, &rows).await.map(drop)
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, id: ApprovalId) -> Result<Option<Stored>> {
    rx.opt(FIND, (workspace, id)).await
}

pub(super) async fn lock(tx: &mut Tx, workspace: WorkspaceId, id: ApprovalId) -> Result<Option<Stored>> {
    tx.opt(FIND_FOR_UPDATE, (workspace, id)).await
}

/// Whether anything in the workspace is to be decided.
pub(super) async fn has_pending(rx: &mut Rx, workspace: WorkspaceId) -> Result<bool> {
    Ok(rx.opt::<(ApprovalId,)>(HAS_PENDING, (workspace,)).await?.is_some())
}

/// The workspaces in which anything is to be decided.
pub(super) async fn with_pending(rx: &mut Rx) -> Result<Vec<WorkspaceId>> {
    let rows: Vec<(WorkspaceId,)> = rx.all(WITH_PENDING, ()).await?;
    Ok(rows.into_iter().map(|(workspace,)| workspace).collect())
}

/// What is to be decided in a workspace, oldest first.
pub(super) async fn pending(
    rx: &mut Rx,
    workspace: WorkspaceId,
    after: Option<ApprovalId>,
    limit: i64,
) -> Result<Vec<Stored>> {
    rx.all(PENDING, (workspace, after, limit)).await
}

/// Notes since when nobody is left who could settle it, or that somebody is.
pub(super) async fn set_stuck(tx: &mut Tx, id: ApprovalId, since: Option<DateTime<Utc>>) -> Result<()> {
    tx.execute(SET_STUCK, (id, since)).await.map(drop)
}

/// What this step of a run asked.
pub(super) async fn of_step(rx: &mut Rx, run: RunId, path: &str) -> Result<Option<Stored>> {
    rx.opt(OF_STEP, (run, path)).await
}

/// What a run asked, newest first.
pub(super) async fn of_run(
    rx: &mut Rx,
    workspace: WorkspaceId,
    run: RunId,
    before: Option<ApprovalId>,
    limit: i64,
) -> Result<Vec<Stored>> {
    rx.all(OF_RUN, (workspace, run, before, limit)).await
}

/// Those that stand so, newest first.
pub(super) async fn in_states(
    rx: &mut Rx,
    workspace: WorkspaceId,
    states: &[ApprovalState],
    before: Option<ApprovalId>,
    limit: i64,
) -> Result<Vec<Stored>> {
    rx.all(IN_STATES, (workspace, states, before, limit)).await
}

/// What somebody is asked, for themselves or as a delegate, newest first.
pub(super) async fn for_user(
    rx: &mut Rx,
    workspace: WorkspaceId,
    user: UserId,
    before: Option<ApprovalId>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Stored>> {
    rx.all(FOR_USER, (workspace, user, before, limit, now)).await
}

/// Everyone who is asked by what they are now; at most `limit`.
pub(super) async fn people(rx: &mut Rx, approval: &Stored, limit: i64, now: DateTime<Utc>) -> Result<Vec<UserId>> {
    let rows: Vec<(UserId,)> = rx.all(PEOPLE, (approval.workspace_id, approval.id, limit, now)).await?;
    Ok(rows.into_iter().map(|(user,)| user).collect())
}

/// Whether this person is asked by what they are now.
pub(super) async fn is_approver(rx: &mut Rx, approval: &Stored, user: UserId, now: DateTime<Utc>) -> Result<bool> {
    Ok(rx.opt::<(UserId,)>(IS_APPROVER, (approval.workspace_id, approval.id, user, now)).await?.is_some())
}

/// Whether this is a person of the workspace.
pub(super) async fn is_person(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<bool> {
    Ok(rx.opt::<(UserId,)>(IS_PERSON, (workspace, user)).await?.is_some())
}

/// Who is asked, as the rule says it.
pub(super) async fn approvers(rx: &mut Rx, approval: ApprovalId) -> Result<Vec<String>> {
    let rows: Vec<ApproverRow> = rx.all(APPROVERS, (approval,)).await?;
    let word = |row: ApproverRow| match (row.user_id, row.role, row.group_id) {
        (Some(user), ..) => format!("user:{user}"),
        (_, Some(role), _) => format!("role:{role}"),
        (.., group) => format!("group:{}", group.map(|group| group.to_string()).unwrap_or_default()),
    };
    Ok(rows.into_iter().map(word).collect())
}

pub(super) async fn votes(rx: &mut Rx, approval: ApprovalId) -> Result<Vec<Vote>> {
    rx.all(VOTES, (approval,)).await
}

/// Who agreed to what a run asked, up to a moment.
pub(crate) async fn agreed(rx: &mut Rx, run: RunId, until: DateTime<Utc>) -> Result<Vec<UserId>> {
    let people: Vec<(UserId,)> = rx.all(AGREED, (run, until)).await?;
    Ok(people.into_iter().map(|(user,)| user).collect())
}

pub(super) async fn insert_vote(tx: &mut Tx, approval: &Stored, vote: &Vote) -> Result<()> {
    let Vote { user_id, decided_by, decision, comment, decided_at } = vote;
    let args = (approval.id, *user_id, approval.workspace_id, *decided_by, *decision, comment.as_str(), *decided_at);
    tx.execute(INSERT_VOTE, args).await.map(drop)
}

pub(super) async fn delegations(rx: &mut Rx, approval: ApprovalId) -> Result<Vec<Delegation>> {
    rx.all(DELEGATIONS, (approval,)).await
}

pub(super) async fn put_delegation(tx: &mut Tx, approval: &Stored, delegation: &Delegation) -> Result<()> {
    let Delegation { user_id, delegate_id, created_at } = delegation;
    tx.execute(PUT_DELEGATION, (approval.id, *user_id, approval.workspace_id, *delegate_id, *created_at))
        .await
        .map(drop)
}

/// Ends a pending approval; false when it was over.
pub(super) async fn settle(tx: &mut Tx, id: ApprovalId, state: ApprovalState, now: DateTime<Utc>) -> Result<bool> {
    Ok(tx.execute(SETTLE, (id, state, now)).await? == 1)
}

/// What a run still asks, locked.
pub(super) async fn pending_of_run(tx: &mut Tx, run: RunId) -> Result<Vec<Stored>> {
    tx.all(PENDING_OF_RUN, (run,)).await
}
