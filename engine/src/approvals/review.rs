//! Looking anew at what is pending, when who may do what has changed: people leave, lose a role, or go out of a group.
//!
//! With `all`, the others may have agreed already: then it is settled as it would have been, had the last of them answered
//! later. When nobody is left who could settle it, the rule's owner is told at once, and it ends as if its time were up
//! [`GRACE`] later, unless somebody has come in by then: who swaps people in a group does it in two steps.
//!
//! Every change of memberships, groups, roles and assignments asks for a look at its workspace, by a job. Rights also begin and
//! end by themselves, and what is asked about can go; so all that is pending is looked at each hour as well.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::events::ApprovalDecided;
use super::model::{ApprovalRef, ApprovalState, Asked, Stored};
use super::{people, store, told};
use crate::access::Actor;
use crate::cx::Source;
use crate::db::{Db, Rx, Tx};
use crate::events::emit;
use crate::ids::{ApprovalId, WorkspaceId};
use crate::jobs::{self, Job, NewJob, Outcome};
use crate::{Error, Result, audit, crash, runs};

/// The kind of job.
pub const KIND: &str = "review_approvals";
/// The queue it stands in.
const QUEUE: &str = "maintenance";
/// So long an approval waits for somebody to come in when nobody is left who could settle it.
pub const GRACE: TimeDelta = TimeDelta::hours(1);
/// How many are read at a time.
const PAGE: i64 = 50;

/// What a job looks at: what is pending in its workspace.
#[derive(Debug, Serialize, Deserialize)]
pub struct Review {}

/// What can become of an approval as things are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outlook {
    /// Somebody can still answer.
    Open,
    /// Everybody who is left has agreed.
    Agreed,
    /// It can not be settled by anybody who is left.
    Stuck,
}

/// Asks for a look at what is pending in a workspace, if anything is.
pub(crate) async fn ask(tx: &mut Tx, source: &Source, workspace: WorkspaceId) -> Result<()> {
    if !store::has_pending(tx, workspace).await? {
        return Ok(());
    }
    let job = NewJob::new(source, Some(workspace), QUEUE, KIND, &Review {})?.key(workspace.to_string());
    jobs::service::enqueue(tx, &job).await
}

/// Asks for a look at everything that is pending anywhere.
///
/// # Errors
/// When the database cannot be asked.
pub async fn ask_all(db: &Db, source: &Source) -> Result<()> {
    let workspaces = store::with_pending(&mut *db.read().await?).await?;
    for workspace in workspaces {
        let source = source.clone();
        db.write(async move |tx: &mut Tx| ask(tx, &source, workspace).await).await?;
    }
    Ok(())
}

/// Looks at what is pending in a workspace, as the job says.
pub async fn run(db: &Db, source: &Source, job: &Job) -> Outcome {
    let Some(workspace) = job.workspace_id else {
        return Outcome::Dead { reason: "a job to review approvals must name its workspace".to_owned() };
    };
    match look(db, source, workspace).await {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::retry(error.to_string()),
    }
}

async fn look(db: &Db, source: &Source, workspace: WorkspaceId) -> Result<()> {
    let mut after = None;
    loop {
        let page = store::pending(&mut *db.read().await?, workspace, after, PAGE).await?;
        let last = (page.len() as i64) < PAGE;
        after = page.last().map(|last| last.id);
        for stored in page {
            let (id, was_stuck) = (stored.id, stored.stuck_at.is_some());
            let outlook = {
                let mut rx = db.read().await?;
                let asked = people::asked(&mut rx, stored).await?;
                outlook(&mut rx, &asked, source.now()).await?
            };
            if outlook == Outlook::Open && !was_stuck || outlook == Outlook::Stuck && was_stuck {
                continue;
            }
            let source = source.clone();
            db.write(async move |tx: &mut Tx| apply(tx, &source, workspace, id).await).await?;
        }
        if last {
            return Ok(());
        }
    }
}

/// What can become of it, by what everybody is now.
pub(super) async fn outlook(rx: &mut Rx, asked: &Asked, now: DateTime<Utc>) -> Result<Outlook> {
    let eligible = people::eligible(rx, asked, now).await?;
    let votes = store::votes(rx, asked.stored.id).await?;
    let open = eligible.iter().filter(|user| !votes.iter().any(|vote| vote.user_id == **user)).count();
    Ok(match asked.stored.need.as_str() {
        "all" if open == 0 && !eligible.is_empty() => Outlook::Agreed,
        "all" | "any" if open == 0 => Outlook::Stuck,
        "all" | "any" => Outlook::Open,
        count => {
            let id = asked.stored.id;
            let count: usize = count.parse().map_err(|_| Error::internal(format!("{id} needs `{count}` people")))?;
            if votes.len() + open < count { Outlook::Stuck } else { Outlook::Open }
        }
    })
}

/// Does what follows, by what is true in this transaction.
async fn apply(tx: &mut Tx, source: &Source, workspace: WorkspaceId, id: ApprovalId) -> Result<()> {
    let cx = source.cx(Actor::system(workspace));
    let Some(known) = store::find(tx, workspace, id).await?.filter(is_pending) else { return Ok(()) };
    // Whoever writes about a run takes its job before what the run wrote.
    runs::service::wake(tx, known.run_id, cx.now()).await?;
    let Some(stored) = store::lock(tx, workspace, id).await?.filter(is_pending) else { return Ok(()) };
    let mut asked = people::asked(tx, stored).await?;
    match outlook(tx, &asked, cx.now()).await? {
        Outlook::Agreed => {
            let votes = store::votes(tx, id).await?;
            let Some(last) = votes.last() else { return Ok(()) };
            store::settle(tx, id, ApprovalState::Approved, cx.now()).await?;
            (asked.stored.state, asked.stored.decided_at) = (ApprovalState::Approved, Some(cx.now()));
            let (short, project) = (ApprovalRef::from(&asked.stored), asked.project());
            let event = ApprovalDecided { approval: &short, task: asked.task(), project: project.as_ref(), vote: last };
            emit(tx, &cx, &event).await?;
            let detail = json!({ "approval": short, "because": "everybody who is left has agreed" });
            audit::service::record(tx, &cx, "approval.settled", &id.to_string(), &detail).await?;
            told::settled(tx, &cx, &asked, Some(last)).await?;
        }
        Outlook::Stuck if asked.stored.stuck_at.is_none() => {
            store::set_stuck(tx, id, Some(cx.now())).await?;
            told::stuck(tx, &cx, &asked).await?;
        }
        Outlook::Open if asked.stored.stuck_at.is_some() => store::set_stuck(tx, id, None).await?,
        Outlook::Open | Outlook::Stuck => {}
    }
    crash::point("review.before_commit");
    Ok(())
}

fn is_pending(stored: &Stored) -> bool {
    stored.state == ApprovalState::Pending
}
