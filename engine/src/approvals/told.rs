//! Whom approvals tell: those who are asked, and of what became of it those who caused it. What is settled is not asked any
//! more: it is marked as read, and a letter that did not go out does not go.

use super::model::{About, ApprovalState, Asked, Vote};
use super::{review, store};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::ids::{ApprovalId, UserId};
use crate::notifications::{Details, Kind, News, service};
use crate::{Class, Result, rules};

/// Under which key somebody is asked: all at once, or as a delegate.
fn key(approval: ApprovalId, delegate: Option<UserId>) -> String {
    match delegate {
        None => format!("approval:{approval}"),
        Some(delegate) => format!("approval:{approval}:{delegate}"),
    }
}

/// Something about what the approval is about, so that it is told to nobody who may not see that.
fn news(asked: &Asked, kind: Kind, details: Details) -> News {
    let news = News { kind, key: None, project: None, task: None, details }.subject(&asked.stored.id.to_string());
    match &asked.about {
        About::Task(about) => news.on(&about.1),
        About::Project(project) => News { project: Some(project.id), ..news },
        About::Nothing => news,
    }
}

/// Asks people, or somebody who is to answer in another's place.
pub(super) async fn ask(
    tx: &mut Tx,
    cx: &Cx,
    asked: &Asked,
    people: &[UserId],
    delegate: Option<UserId>,
) -> Result<()> {
    let mut said = News::saying(Kind::Approval, &asked.stored.message).details;
    said.approval = Some(asked.stored.id);
    let news = news(asked, Kind::Approval, said).key(key(asked.stored.id, delegate));
    service::tell(tx, cx, &news, people).await.map(drop)
}

/// Somebody is not asked any more, because another answers in that place.
pub(super) async fn no_more(tx: &mut Tx, cx: &Cx, approval: ApprovalId, delegate: UserId) -> Result<()> {
    service::quiet(tx, cx, &approval.to_string(), &[key(approval, Some(delegate))], Some(delegate)).await
}

/// Nobody is asked any more; and whoever caused it is told what became of it. When nobody answered, the rule's owner is, too.
pub(super) async fn settled(tx: &mut Tx, cx: &Cx, asked: &Asked, vote: Option<&Vote>) -> Result<()> {
    let stored = &asked.stored;
    let delegations = store::delegations(tx, stored.id).await?;
    let mut keys = vec![key(stored.id, None)];
    keys.extend(delegations.iter().map(|one| key(stored.id, Some(one.delegate_id))));
    service::quiet(tx, cx, &stored.id.to_string(), &keys, None).await?;
    let says = match stored.state {
        ApprovalState::Approved => "approval_approved",
        ApprovalState::Rejected => "approval_rejected",
        ApprovalState::TimedOut => "approval_timed_out",
        ApprovalState::Pending | ApprovalState::Withdrawn => return Ok(()),
    };
    let mut people = stored.causers();
    if people.is_empty() || stored.state == ApprovalState::TimedOut {
        people.extend(owner(tx, asked).await?);
    }
    people.retain(|user| vote.is_none_or(|vote| vote.decided_by != *user));
    let excerpt = vote.map(|vote| vote.comment.clone()).filter(|comment| !comment.is_empty());
    let details =
        Details { says: Some(says.to_owned()), from: Some(stored.message.clone()), excerpt, ..Details::default() };
    let news = news(asked, Kind::Approval, details).key(format!("approval:{}:settled", stored.id));
    service::tell(tx, cx, &news, &people).await.map(drop)
}

/// Tells the rule's owner that nobody is left who could answer.
pub(super) async fn stuck(tx: &mut Tx, cx: &Cx, asked: &Asked) -> Result<()> {
    let stored = &asked.stored;
    let ends_at = (cx.now() + review::GRACE).min(stored.expires_at.unwrap_or(chrono::DateTime::<chrono::Utc>::MAX_UTC));
    let details = Details {
        says: Some("approval_stuck".to_owned()),
        from: Some(stored.message.clone()),
        to: Some(ends_at.to_rfc3339()),
        ..Details::default()
    };
    let owner: Vec<UserId> = owner(tx, asked).await?.into_iter().collect();
    service::tell(tx, cx, &news(asked, Kind::Escalation, details), &owner).await.map(drop)
}

/// Who owns the rule, while it is there.
async fn owner(rx: &mut Rx, asked: &Asked) -> Result<Option<UserId>> {
    match rules::service::find(rx, asked.stored.workspace_id, asked.stored.rule_id).await {
        Ok(rule) => Ok(Some(rule.owner_id)),
        Err(error) if error.class == Class::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
