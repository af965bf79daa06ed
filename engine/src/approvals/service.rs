//! The public verbs of approvals.

use serde_json::json;

use super::events::{ApprovalDecided, ApprovalDelegated, ApprovalVoted};
use super::model::{
    Approval, ApprovalDecision, ApprovalRef, ApprovalState, Asked, Delegation, MAX_COMMENT, NewDelegation, NewVote,
    Stored, Via, Vote,
};
use super::{people, store, told};
use crate::access::{ApprovalDecide, ApprovalView, Granted, RunView};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::ids::{ApprovalId, RunId, UserId, WorkspaceId};
use crate::paging::{MAX_LIMIT, Page};
use crate::{Class, Error, Result, audit, runs};

/// So many that may not be seen are passed over for one page.
const MOST_LOOKED_AT: usize = 1_000;

/// An approval, with what it is about: what a permission is asked for.
pub async fn find(rx: &mut Rx, workspace: WorkspaceId, id: ApprovalId) -> Result<Asked> {
    let stored = store::find(rx, workspace, id).await?.ok_or_else(|| Error::unseen("approval"))?;
    people::asked(rx, stored).await
}

/// Whether this person is or was asked: they may, or did, answer, or passed their place on.
pub async fn concerns(rx: &mut Rx, cx: &Cx, asked: &Asked) -> Result<bool> {
    let Some(user) = cx.actor.user() else { return Ok(false) };
    let id = asked.stored.id;
    Ok(people::place_of(rx, asked, user, cx.now()).await?.is_some()
        || store::votes(rx, id).await?.iter().any(|vote| vote.decided_by == user || vote.user_id == user)
        || store::delegations(rx, id).await?.iter().any(|one| one.user_id == user || one.delegate_id == user))
}

/// One approval, as people see it.
pub async fn get(rx: &mut Rx, cx: &Cx, may: &Granted<ApprovalView, Asked>) -> Result<Approval> {
    may.resource().refuse_illegible(&cx.actor)?;
    shown(rx, cx, may.resource()).await
}

/// What whoever asks has to answer, newest first: what they may not see, caused themselves or have answered is left out.
pub async fn to_decide(
    rx: &mut Rx,
    cx: &Cx,
    user: UserId,
    before: Option<ApprovalId>,
    limit: i64,
) -> Result<Page<Approval>> {
    page(rx, cx, Which::ToDecide(user), before, limit).await
}

/// What a run asked, newest first, as far as whoever asks may see what it is about.
pub async fn of_run(
    rx: &mut Rx,
    cx: &Cx,
    run: RunId,
    before: Option<ApprovalId>,
    limit: i64,
) -> Result<Page<Approval>> {
    page(rx, cx, Which::OfRun(run), before, limit).await
}

/// Those that stand so, newest first, as far as whoever asks may see them: they are or were asked, or may see the run.
pub async fn in_states(
    rx: &mut Rx,
    cx: &Cx,
    states: &[ApprovalState],
    before: Option<ApprovalId>,
    limit: i64,
) -> Result<Page<Approval>> {
    page(rx, cx, Which::InStates(states), before, limit).await
}

/// Whether whoever asks is or was asked, or may see the run that asks.
///
/// # Errors
/// When the database cannot be asked.
pub async fn is_seen(rx: &mut Rx, cx: &Cx, asked: &Asked) -> Result<bool> {
    if concerns(rx, cx, asked).await? {
        return Ok(true);
    }
    match runs::service::find(rx, &cx.actor, asked.run()).await {
        Ok(run) => Ok(cx.actor.may::<RunView, _>(run).is_ok()),
        Err(error) if error.class == Class::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Which approvals a page is of.
#[derive(Clone, Copy)]
enum Which<'w> {
    ToDecide(UserId),
    OfRun(RunId),
    InStates(&'w [ApprovalState]),
}

async fn page(
    rx: &mut Rx,
    cx: &Cx,
    which: Which<'_>,
    before: Option<ApprovalId>,
    limit: i64,
) -> Result<Page<Approval>> {
    let workspace = cx.actor.workspace;
    let (mut items, mut before, mut looked) = (Vec::new(), before, 0);
    loop {
        let rows = match which {
            Which::ToDecide(user) => store::for_user(rx, workspace, user, before, MAX_LIMIT, cx.now()).await?,
            Which::OfRun(run) => store::of_run(rx, workspace, run, before, MAX_LIMIT).await?,
            Which::InStates(states) => store::in_states(rx, workspace, states, before, MAX_LIMIT).await?,
        };
        let last = (rows.len() as i64) < MAX_LIMIT;
        looked += rows.len();
        for stored in rows {
            before = Some(stored.id);
            let asked = people::asked(rx, stored).await?;
            if cx.actor.may::<ApprovalView, _>(&asked).is_err() || asked.refuse_illegible(&cx.actor).is_err() {
                continue;
            }
            if matches!(which, Which::InStates(_)) && !is_seen(rx, cx, &asked).await? {
                continue;
            }
            let approval = shown(rx, cx, &asked).await?;
            if matches!(which, Which::ToDecide(_)) && !approval.may_decide {
                continue;
            }
            items.push(approval);
            if items.len() as i64 > limit {
                items.pop();
                let next_cursor = items.last().map(|last: &Approval| last.id.to_string());
                return Ok(Page { items, next_cursor, total: None });
            }
        }
        // It may be short, with where to go on.
        let enough = matches!(which, Which::InStates(_)) && looked >= MOST_LOOKED_AT;
        if last || enough {
            let next_cursor = before.filter(|_| !last).map(|before| before.to_string());
            return Ok(Page { items, next_cursor, total: None });
        }
    }
}

pub(super) async fn shown(rx: &mut Rx, cx: &Cx, asked: &Asked) -> Result<Approval> {
    let stored = asked.stored.clone();
    let votes = store::votes(rx, stored.id).await?;
    let may_decide = match cx.actor.user() {
        Some(user) if stored.state == ApprovalState::Pending && !stored.is_own_of(user) => {
            let place = people::place_of(rx, asked, user, cx.now()).await?;
            place.is_some_and(|place| !votes.iter().any(|vote| vote.user_id == place))
                && cx.actor.may::<ApprovalDecide, _>(asked).is_ok()
        }
        _ => false,
    };
    Ok(Approval {
        by: store::approvers(rx, stored.id).await?,
        delegations: store::delegations(rx, stored.id).await?,
        may_decide,
        votes,
        id: stored.id,
        state: stored.state,
        message: stored.message,
        need: stored.need,
        allow_self: stored.allow_self,
        run: stored.run_id,
        step: stored.path,
        rule: stored.rule_id,
        rule_name: stored.rule_name,
        project: stored.project_id,
        task: stored.task_id,
        requested_at: stored.requested_at,
        expires_at: stored.expires_at,
        decided_at: stored.decided_at,
    })
}

/// Answers. The same answer by the same person again is answered as the first was, and changes nothing.
///
/// # Errors
/// `invalid_fields`, `denied`; `already_decided` for another answer, or by another in the same place; `approval_over`.
pub async fn decide(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<ApprovalDecide, Asked>,
    new: NewVote,
    via: Via,
) -> Result<Approval> {
    let user = person(cx)?;
    may.resource().refuse_illegible(&cx.actor)?;
    check_comment(&new.comment)?;
    let (mut asked, votes) = lock(tx, cx, may).await?;
    if let Some(known) = votes.iter().find(|vote| vote.decided_by == user) {
        if known.decision == new.decision {
            return shown(tx, cx, &asked).await;
        }
        let detail = format!("You have decided already ({}); a decision is not taken back.", known.decision);
        return Err(Error::conflict("already_decided", detail));
    }
    refuse_over(cx, &asked.stored)?;
    let place = place(tx, cx, &asked, user).await?;
    if let Some(known) = votes.iter().find(|vote| vote.user_id == place) {
        let detail = format!("{} has decided in your place already ({}).", known.decided_by, known.decision);
        return Err(Error::conflict("already_decided", detail));
    }
    let vote =
        Vote { user_id: place, decided_by: user, decision: new.decision, comment: new.comment, decided_at: cx.now() };
    store::insert_vote(tx, &asked.stored, &vote).await?;
    let state = verdict(tx, cx, &asked, &votes, &vote).await?;
    if state != ApprovalState::Pending {
        store::settle(tx, asked.stored.id, state, cx.now()).await?;
        (asked.stored.state, asked.stored.decided_at) = (state, Some(cx.now()));
    }
    let (short, project) = (ApprovalRef::from(&asked.stored), asked.project());
    let (approval, task, project) = (&short, asked.task(), project.as_ref());
    match state {
        ApprovalState::Pending => emit(tx, cx, &ApprovalVoted { approval, task, project, vote: &vote }).await?,
        _ => emit(tx, cx, &ApprovalDecided { approval, task, project, vote: &vote }).await?,
    };
    let action = match vote.decision {
        ApprovalDecision::Approve => "approval.approved",
        ApprovalDecision::Reject => "approval.rejected",
    };
    let detail = json!({ "approval": short, "vote": vote, "via": via });
    audit::service::record(tx, cx, action, &short.id.to_string(), &detail).await?;
    if state != ApprovalState::Pending {
        told::settled(tx, cx, &asked, Some(&vote)).await?;
    }
    shown(tx, cx, &asked).await
}

/// How it stands with one answer more. One that refuses settles it; of those who agree there must be as many as the rule says.
async fn verdict(rx: &mut Rx, cx: &Cx, asked: &Asked, before: &[Vote], vote: &Vote) -> Result<ApprovalState> {
    if vote.decision == ApprovalDecision::Reject {
        return Ok(ApprovalState::Rejected);
    }
    let enough = match asked.stored.need.as_str() {
        "any" => true,
        "all" => {
            let has_answered = |user: &UserId| vote.user_id == *user || before.iter().any(|vote| vote.user_id == *user);
            people::eligible(rx, asked, cx.now()).await?.iter().all(has_answered)
        }
        count => {
            let count: usize =
                count.parse().map_err(|_| Error::internal(format!("{} needs `{count}` people", asked.stored.id)))?;
            before.len() + 1 >= count
        }
    };
    Ok(if enough { ApprovalState::Approved } else { ApprovalState::Pending })
}

/// Lets another answer in one's place, instead of whom one named before. Either may then answer, once.
///
/// # Errors
/// `invalid_fields`, `denied`; `already_decided`, `already_approver`, `approval_over`.
pub async fn delegate(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<ApprovalDecide, Asked>,
    new: NewDelegation,
) -> Result<Approval> {
    let user = person(cx)?;
    may.resource().refuse_illegible(&cx.actor)?;
    let (asked, votes) = lock(tx, cx, may).await?;
    let stored = &asked.stored;
    refuse_over(cx, stored)?;
    if place(tx, cx, &asked, user).await? != user {
        return Err(Error::denied("You answer in another's place; only they can pass it on."));
    }
    if votes.iter().any(|vote| vote.user_id == user) {
        return Err(Error::conflict("already_decided", "Your place has been decided; there is nothing to pass on."));
    }
    let to = new.to;
    if to == user {
        return Err(Error::field("/to", "is you; name another"));
    }
    if !store::is_person(tx, stored.workspace_id, to).await? {
        return Err(Error::field("/to", format!("{to} is nobody of this workspace; name a member")));
    }
    if stored.is_own_of(to) {
        return Err(Error::field("/to", "caused what is to be approved; name another"));
    }
    if !people::may(tx, &asked, to, cx.now()).await? {
        return Err(Error::field("/to", "may not see what is to be approved; name another"));
    }
    let known = store::delegations(tx, stored.id).await?;
    let stands_in = known.iter().any(|one| one.delegate_id == to && one.user_id != user);
    if stands_in || store::is_approver(tx, stored, to, cx.now()).await? {
        let detail = format!("{to} answers here already, once and for one place; name another.");
        return Err(Error::conflict("already_approver", detail));
    }
    let delegation = Delegation { user_id: user, delegate_id: to, created_at: cx.now() };
    if known.iter().any(|one| one.user_id == user && one.delegate_id == to) {
        return shown(tx, cx, &asked).await;
    }
    if let Some(before) = known.iter().find(|one| one.user_id == user) {
        told::no_more(tx, cx, stored.id, before.delegate_id).await?;
    }
    store::put_delegation(tx, stored, &delegation).await?;
    told::ask(tx, cx, &asked, &[to], Some(to)).await?;
    let (short, project) = (ApprovalRef::from(stored), asked.project());
    let event =
        ApprovalDelegated { approval: &short, task: asked.task(), project: project.as_ref(), delegation: &delegation };
    emit(tx, cx, &event).await?;
    let detail = json!({ "approval": short, "delegation": delegation });
    audit::service::record(tx, cx, "approval.delegated", &short.id.to_string(), &detail).await?;
    shown(tx, cx, &asked).await
}

/// The approval as it is now, locked until the transaction ends, with its answers so far. Its run is woken first: whoever writes
/// about a run takes its job before what the run wrote.
async fn lock(tx: &mut Tx, cx: &Cx, may: &Granted<ApprovalDecide, Asked>) -> Result<(Asked, Vec<Vote>)> {
    let known = may.resource();
    if known.stored.state == ApprovalState::Pending {
        runs::service::wake(tx, known.stored.run_id, cx.now()).await?;
    }
    let stored = store::lock(tx, known.stored.workspace_id, known.stored.id).await?;
    let stored = stored.ok_or_else(|| Error::unseen("approval"))?;
    let votes = store::votes(tx, stored.id).await?;
    Ok((Asked { stored, about: known.about.clone() }, votes))
}

fn person(cx: &Cx) -> Result<UserId> {
    cx.actor.user().ok_or_else(|| Error::denied("Only a person can answer; sign in as one."))
}

/// In whose place somebody answers.
async fn place(rx: &mut Rx, cx: &Cx, asked: &Asked, user: UserId) -> Result<UserId> {
    if asked.stored.is_own_of(user) {
        return Err(Error::denied("You caused what is to be approved; somebody else must answer."));
    }
    people::place_of(rx, asked, user, cx.now())
        .await?
        .ok_or_else(|| Error::denied("You are not asked here, or not any more; those who are stand under `by`."))
}

pub(super) fn refuse_over(cx: &Cx, stored: &Stored) -> Result<()> {
    let late = stored.expires_at.is_some_and(|expires| expires <= cx.now());
    let how = match stored.state {
        ApprovalState::Pending if late => ApprovalState::TimedOut,
        ApprovalState::Pending => return Ok(()),
        state => state,
    };
    Err(Error::conflict("approval_over", format!("The approval is over: {how}. Nothing more can be decided.")))
}

fn check_comment(comment: &str) -> Result<()> {
    if comment.chars().count() > MAX_COMMENT {
        return Err(Error::field("/comment", format!("must be at most {MAX_COMMENT} characters")));
    }
    if comment.contains('\0') {
        return Err(Error::field("/comment", "must not contain the character U+0000"));
    }
    Ok(())
}
