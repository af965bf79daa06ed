//! What runs do with approvals: ask, look what became of it, say that time is up, take back.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use trackside_rules::model::{Need, ROLES};
use trackside_rules::{Problem, Rule};

use super::events::{ApprovalRequested, ApprovalTimedOut, ApprovalWithdrawn};
use super::model::{About, ApprovalDecision, ApprovalRef, ApprovalState, Approver, Asked, Stored, Vote};
use super::review::{self, Outlook};
use super::{people, store, told};
use crate::access::{Actor, Who};
use crate::cx::{Cause, Cx, Source};
use crate::db::{Rx, Tx};
use crate::events::store::Pending;
use crate::events::{self, EventType as _, emit};
use crate::ids::{EventId, ProjectId, RuleId, RunId, TaskId, UserId, WorkspaceId};
use crate::planning::events::TaskRescheduled;
use crate::projects::{ProjectRef, members};
use crate::schedules::events::DateReached;
use crate::tasks::events::{TaskCreated, TaskUpdated};
use crate::{Error, Result, grants, rotas, runs};

/// So many changes of a task are looked at together.
const CHANGES: i64 = 50;
/// Runs that are walked back to whoever began it all; chains of rules are shorter.
const LONGEST_CHAIN: usize = 64;

/// What a run asks.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub run: RunId,
    pub path: String,
    pub rule: RuleId,
    pub rule_name: String,
    pub owner: UserId,
    pub by: Vec<String>,
    pub need: Need,
    pub message: Option<String>,
    pub allow_self: bool,
    pub expires_at: Option<DateTime<Utc>>,
    pub project: Option<ProjectId>,
    pub task: Option<TaskId>,
}

/// How an approval stands, and the answer that settled it.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub approval: ApprovalRef,
    pub vote: Option<Vote>,
    /// When it ends because nobody is left who could answer.
    pub forsaken_at: Option<DateTime<Utc>>,
}

/// Opens an approval, and tells those who are asked. Fails when nobody could settle it.
///
/// # Errors
/// `invalid_fields` for somebody whom there is not; `no_approver`.
pub(crate) async fn open(tx: &mut Tx, cx: &Cx, request: Request) -> Result<Stored> {
    let workspace = cx.actor.workspace;
    let approvers = resolve(tx, workspace, request.owner, &request.by, cx.now()).await?;
    let causers = causers(tx, workspace, request.run).await?;
    let about = people::about(tx, workspace, request.project, request.task).await?;
    let (project_id, task_id, named) = match &about {
        About::Task(about) => {
            let task = &about.1;
            (Some(task.project_id), Some(task.id), Some(format!("{} {}", task.key, task.title)))
        }
        About::Project(project) => (Some(project.id), None, Some(project.name.clone())),
        About::Nothing => (None, None, None),
    };
    let usual = || match named {
        Some(named) => format!("“{}” asks for your approval: {named}", request.rule_name),
        None => format!("“{}” asks for your approval", request.rule_name),
    };
    let stored = Stored {
        id: cx.new_id(),
        workspace_id: workspace,
        run_id: request.run,
        path: request.path,
        rule_id: request.rule,
        message: request.message.unwrap_or_else(usual),
        rule_name: request.rule_name,
        project_id,
        task_id,
        need: request.need.to_string(),
        allow_self: request.allow_self,
        causers: serde_json::to_string(&causers).map_err(|error| Error::internal(format!("causers: {error}")))?,
        state: ApprovalState::Pending,
        requested_at: cx.now(),
        expires_at: request.expires_at,
        decided_at: None,
        stuck_at: None,
    };
    store::insert(tx, &stored, &approvers).await?;
    let asked = Asked { stored, about };
    let eligible = people::eligible(tx, &asked, cx.now()).await?;
    refuse_unanswerable(&eligible, request.need)?;
    told::ask(tx, cx, &asked, &eligible, None).await?;
    let (short, project) = (ApprovalRef::from(&asked.stored), asked.project());
    let event = ApprovalRequested { approval: &short, task: asked.task(), project: project.as_ref(), asked: &eligible };
    emit(tx, cx, &event).await?;
    Ok(asked.stored)
}

fn refuse_unanswerable(eligible: &[UserId], need: Need) -> Result<()> {
    let needed = if let Need::Of(count) = need { count as usize } else { 1 };
    if eligible.len() > people::MAX_PEOPLE {
        let detail = format!("more than {} people would be asked; name a smaller group", people::MAX_PEOPLE);
        return Err(Error::conflict("too_many_approvers", detail));
    }
    if eligible.len() >= needed {
        return Ok(());
    }
    let detail = if eligible.is_empty() {
        "nobody may approve this: those who are asked are not there, may not see what it is about, or caused the run themselves \
         (`allow_self` lets them)"
            .to_owned()
    } else {
        format!("{needed} people must approve this, and only {} may", eligible.len())
    };
    Err(Error::conflict("no_approver", detail))
}

/// The approvers behind what a rule calls them.
async fn resolve(
    rx: &mut Rx,
    workspace: WorkspaceId,
    owner: UserId,
    by: &[String],
    now: DateTime<Utc>,
) -> Result<Vec<Approver>> {
    let mut approvers = Vec::with_capacity(by.len());
    for (at, entry) in by.iter().enumerate() {
        let unknown = || {
            let shown: String = entry.chars().take(64).collect();
            Error::field(
                format!("/by/{at}"),
                format!(
                    "`{shown}` is nobody here; write `user:` with the id or address of a member, `role:` or `group:` with an \
                     id or name, `oncall:` with the name of a rota, or `owner`"
                ),
            )
        };
        let (kind, name) = entry.split_once(':').unwrap_or(("user", entry.as_str()));
        let approver = match kind {
            "role" if ROLES.contains(&name) => Approver::Role(name.to_owned()),
            "role" => {
                Approver::Role(grants::roles::called(rx, workspace, name).await?.ok_or_else(unknown)?.to_string())
            }
            "group" => Approver::Group(grants::groups::named(rx, workspace, name).await?.ok_or_else(unknown)?),
            // Who is on call when it is asked.
            "oncall" => Approver::User(rotas::service::named(rx, workspace, name, now).await?),
            "user" if name == "owner" => Approver::User(owner),
            "user" if name.contains('@') => {
                let found = members::by_email(rx, workspace, &[name.to_lowercase()]).await?;
                Approver::User(found.first().ok_or_else(unknown)?.0)
            }
            "user" => {
                let user: UserId = name.parse().map_err(|_| unknown())?;
                members::among(rx, workspace, &[user]).await?.pop().map(Approver::User).ok_or_else(unknown)?
            }
            _ => return Err(unknown()),
        };
        if !approvers.contains(&approver) {
            approvers.push(approver);
        }
    }
    Ok(approvers)
}

/// The roles that a rule asks for and that are not there, each at its place. What a template comes to is seen when it runs.
pub(crate) async fn unknown_roles(rx: &mut Rx, workspace: WorkspaceId, rule: &Rule) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for (pointer, step) in rule.walk() {
        let Some(approve) = &step.approve else { continue };
        for (at, entry) in approve.by.iter().enumerate() {
            let Some(name) = entry.strip_prefix("role:").filter(|name| !name.contains("{{")) else { continue };
            if ROLES.contains(&name) || grants::roles::called(rx, workspace, name).await?.is_some() {
                continue;
            }
            let own = grants::roles::names(rx, workspace).await?;
            let known: Vec<&str> = ROLES.iter().copied().chain(own.iter().map(String::as_str)).collect();
            let message = format!("There is no role `{name}`; the roles are {}.", known.join(", "));
            let problem = Problem::new("unknown_role", format!("{pointer}/approve/by/{at}"), message);
            problems.push(problem.at(1, 6).nearest(name, known));
        }
    }
    Ok(problems)
}

/// The people who are behind a run: who did what started it, or started it by hand; back through the rules between them.
async fn causers(rx: &mut Rx, workspace: WorkspaceId, run: RunId) -> Result<Vec<UserId>> {
    let (mut causers, mut runs, mut next) = (Vec::new(), vec![run], 0);
    while let Some(run) = runs.get(next).copied().filter(|_| next < LONGEST_CHAIN) {
        next += 1;
        let Some(origin) = runs::service::origin(rx, run).await? else { continue };
        causers.extend(origin.started_by);
        let mut before: Vec<RunId> = origin.parent_id.into_iter().collect();
        let event = match origin.event_id {
            None => None,
            Some(event) => events::store::find_pending(rx, workspace, event).await?,
        };
        if let Some(event) = event {
            for (actor, cause) in behind(rx, workspace, event).await? {
                if let Ok(Who::User { id }) = serde_json::from_str(&actor) {
                    causers.push(id);
                }
                let cause = cause.as_deref().and_then(|cause| serde_json::from_str::<Cause>(cause).ok());
                before.extend(cause.map(|cause| cause.run));
            }
        }
        before.retain(|run| !runs.contains(run));
        runs.append(&mut before);
    }
    causers.sort_unstable();
    causers.dedup();
    Ok(causers)
}

/// Who and which rules are behind an event, as the log has them: whoever acted; and where Trackside acted by itself, because a
/// date was moved or is reached, those who moved or set it.
async fn behind(rx: &mut Rx, workspace: WorkspaceId, event: Pending) -> Result<Vec<(String, Option<String>)>> {
    let mut found = Vec::new();
    let payload = || serde_json::from_str::<Value>(&event.payload).unwrap_or_default();
    if event.kind == TaskRescheduled::KIND {
        let by = payload()["by"].as_array().cloned().unwrap_or_default();
        found.extend(by.iter().map(|id| (json!({ "type": "user", "id": id }).to_string(), None)));
    } else if event.kind == DateReached::KIND {
        let payload = payload();
        let (task, field) = (payload["task"]["id"].as_str(), payload["reached"]["field"].as_str());
        if let (Some(Ok(task)), Some(field)) = (task.map(str::parse), field) {
            found.extend(setter(rx, workspace, task, field, event.id).await?);
        }
    }
    found.push((event.actor, event.cause));
    Ok(found)
}

/// Who last set a date of a task before an event, and the rule behind that.
async fn setter(
    rx: &mut Rx,
    workspace: WorkspaceId,
    task: TaskId,
    field: &str,
    mut before: EventId,
) -> Result<Option<(String, Option<String>)>> {
    let key = field.strip_prefix("custom.");
    loop {
        let kinds = [TaskCreated::KIND, TaskUpdated::KIND];
        let page = events::store::kinds_of_task(rx, workspace, task, &kinds, Some(before), CHANGES).await?;
        let Some(last) = page.last().map(|event| event.id) else { return Ok(None) };
        for event in page {
            let sets = event.kind == TaskCreated::KIND || {
                let payload: Value = serde_json::from_str(&event.payload).unwrap_or_default();
                match key {
                    None => payload["change"].get(field).is_some(),
                    Some(key) => {
                        let custom = &payload["change"]["custom"];
                        custom["from"].get(key) != custom["to"].get(key)
                    }
                }
            };
            if sets {
                return Ok(Some((event.actor, event.cause)));
            }
        }
        before = last;
    }
}

/// What became of what this step of a run asked.
pub(crate) async fn look(rx: &mut Rx, run: RunId, path: &str) -> Result<Option<Standing>> {
    let Some(stored) = store::of_step(rx, run, path).await? else { return Ok(None) };
    standing(rx, &stored).await.map(Some)
}

async fn standing(rx: &mut Rx, stored: &Stored) -> Result<Standing> {
    let vote = match stored.state {
        // The last one settled it.
        ApprovalState::Approved => store::votes(rx, stored.id).await?.pop(),
        ApprovalState::Rejected => {
            let votes = store::votes(rx, stored.id).await?;
            votes.into_iter().find(|vote| vote.decision == ApprovalDecision::Reject)
        }
        _ => None,
    };
    let forsaken_at = stored.stuck_at.map(|since| since + review::GRACE);
    Ok(Standing { approval: stored.into(), vote, forsaken_at })
}

/// Ends what this step asked, because its time is up, or nobody is left to answer; unless it was settled meanwhile, or
/// somebody is there again. Answers how it stands.
pub(crate) async fn time_out(tx: &mut Tx, cx: &Cx, run: RunId, path: &str) -> Result<Standing> {
    let known = store::of_step(tx, run, path).await?;
    let known =
        known.ok_or_else(|| Error::internal(format!("{run} waits at {path} for an approval that is not there")))?;
    let locked = store::lock(tx, known.workspace_id, known.id).await?.unwrap_or(known);
    if locked.state != ApprovalState::Pending {
        return standing(tx, &locked).await;
    }
    if locked.expires_at.is_none_or(|expires| expires > cx.now()) {
        let asked = people::asked(tx, locked.clone()).await?;
        if review::outlook(tx, &asked, cx.now()).await? != Outlook::Stuck {
            store::set_stuck(tx, locked.id, None).await?;
            return standing(tx, &Stored { stuck_at: None, ..locked }).await;
        }
    }
    let stored = end(tx, cx, locked, ApprovalState::TimedOut).await?;
    standing(tx, &stored).await
}

/// Takes back what a run still asks, because it is over.
pub(crate) async fn withdraw(tx: &mut Tx, source: &Source, run: RunId) -> Result<()> {
    for stored in store::pending_of_run(tx, run).await? {
        let cx = source.cx(Actor::system(stored.workspace_id));
        end(tx, &cx, stored, ApprovalState::Withdrawn).await?;
    }
    Ok(())
}

async fn end(tx: &mut Tx, cx: &Cx, stored: Stored, state: ApprovalState) -> Result<Stored> {
    let mut asked = people::asked(tx, stored).await?;
    store::settle(tx, asked.stored.id, state, cx.now()).await?;
    (asked.stored.state, asked.stored.decided_at) = (state, Some(cx.now()));
    let (short, project) = (ApprovalRef::from(&asked.stored), asked.project());
    let (approval, task, project) = (&short, asked.task(), project.as_ref());
    match state {
        ApprovalState::TimedOut => emit(tx, cx, &ApprovalTimedOut { approval, task, project }).await?,
        _ => emit(tx, cx, &ApprovalWithdrawn { approval, task, project }).await?,
    };
    told::settled(tx, cx, &asked, None).await?;
    Ok(asked.stored)
}

impl Asked {
    /// The task that it is about.
    pub(super) fn task(&self) -> Option<&crate::tasks::Task> {
        match &self.about {
            About::Task(about) => Some(&about.1),
            _ => None,
        }
    }

    /// The project that it is about.
    pub(super) fn project(&self) -> Option<ProjectRef> {
        match &self.about {
            About::Task(about) => Some(ProjectRef::from(&about.0.project)),
            About::Project(project) => Some(ProjectRef::from(&**project)),
            About::Nothing => None,
        }
    }
}
