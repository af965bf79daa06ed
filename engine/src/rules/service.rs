//! The public verbs of rules.

use std::sync::Arc;

use trackside_rules::{Compiled, Names, Problem, Rule, Sandbox, Severity, check_names};

use super::events::{ChangedRule, RuleChanged};
use super::library::Library;
use super::model::{OwnedRule, RuleInfo, RuleQuery, RuleState, RuleVersion, Verdict, beginning};
use super::store;
use crate::access::{Actor, Granted, Permission as _, RuleEdit, RuleRun, RuleView, SecretUse, Workspace};
use crate::actions::Actions;
use crate::cx::Cx;
use crate::db::{Rx, Signal, Tx};
use crate::ids::{RuleId, UserId, WorkspaceId};
use crate::paging::Page;
use crate::{Error, Result, access, approvals, events, runs, schedules, tasks, thresholds};

/// Checks a rule as saving does: its shape, its expressions against the catalogue and the variables and secrets that there
/// are, if they are known, and whether it compiles.
pub fn examine(library: &Library, names: Option<&Names>, rule: &Rule) -> Verdict {
    let mut problems = check_names(rule, library.catalogue(), names, library.sandbox());
    problems.extend(thresholds::unreadable_filter(rule));
    if !problems.iter().any(is_error)
        && let Err(more) = compile(library.sandbox(), Arc::new(rule.clone()))
    {
        problems.extend(more);
    }
    Verdict { ok: !problems.iter().any(is_error), problems, analysis: None }
}

fn is_error(problem: &Problem) -> bool {
    problem.severity == Severity::Error
}

/// Compiles a rule, every expression once.
pub(crate) fn compile(sandbox: &Sandbox, rule: Arc<Rule>) -> Result<Compiled, Vec<Problem>> {
    Compiled::new(rule, sandbox)
}

/// Examines a rule and refuses it with every problem at its place.
pub fn accept(library: &Library, names: Option<&Names>, rule: &Rule) -> Result<()> {
    let verdict = examine(library, names, rule);
    if verdict.ok { Ok(()) } else { Err(refusal("correct what `errors` names and save it again", &verdict.problems)) }
}

fn refusal(advice: &str, problems: &[Problem]) -> Error {
    let mut error = Error::invalid("rule_invalid", format!("the rule has problems; {advice}"));
    for problem in problems.iter().filter(|problem| is_error(problem)) {
        error = error.and_field(problem.pointer.clone(), problem.words());
    }
    error
}

/// Adds to what was found of a rule the roles that it asks for approval and that are not there.
pub async fn examine_roles(rx: &mut Rx, workspace: WorkspaceId, rule: &Rule, verdict: &mut Verdict) -> Result<()> {
    verdict.problems.extend(approvals::request::unknown_roles(rx, workspace, rule).await?);
    verdict.ok = !verdict.problems.iter().any(is_error);
    Ok(())
}

/// Refuses a rule that asks people with a role for approval that is not there.
async fn refuse_unknown_roles(rx: &mut Rx, workspace: WorkspaceId, rule: &Rule) -> Result<()> {
    let problems = approvals::request::unknown_roles(rx, workspace, rule).await?;
    if problems.is_empty() { Ok(()) } else { Err(refusal("name a role that is there, or make it first", &problems)) }
}

/// Refuses to put a rule to work with a token that may not do by itself what the rule does: a rule acts for its owner,
/// whatever the token was limited to.
fn within_scopes(actions: &Actions, actor: &Actor, rule: &Rule) -> Result<()> {
    for (_, step) in rule.walk() {
        let calls = step.call.as_ref().map(|_| RuleRun::NAME);
        let needs = step.action.as_deref().and_then(|action| actions.needs(action)).or(calls);
        if let Some(needs) = needs.filter(|needs| !actor.scope_allows(needs)) {
            return Err(Error::denied(format!(
                "Step `{}` needs `{needs}`, which this token's scopes do not cover; use a token that has it, or sign in.",
                step.id
            )));
        }
        let named = || step.with.values().any(|value| value.to_string().contains("secrets."));
        if !actor.scope_allows(SecretUse::NAME) && named() {
            return Err(Error::denied(format!(
                "Step `{}` names secrets and needs `secret.use`, which this token's scopes do not cover; use a token that has it, or sign in.",
                step.id
            )));
        }
    }
    Ok(())
}

/// Refuses to start a version of a rule that could not be switched on: one that does more than the actor's token covers.
///
/// # Errors
/// `denied`; `rule_version_not_found`.
pub(crate) async fn startable(rx: &mut Rx, cx: &Cx, actions: &Actions, rule: RuleId, version: i64) -> Result<()> {
    let body = store::body(rx, rule, version).await?.ok_or_else(|| Error::not_found("rule version", rule))?;
    within_scopes(actions, &cx.actor, &body)
}

/// A rule of a workspace.
pub async fn find(rx: &mut Rx, workspace: WorkspaceId, id: RuleId) -> Result<RuleInfo> {
    store::find(rx, workspace, id).await?.ok_or_else(|| Error::not_found("rule", id))
}

/// The rule that another calls by its id or name.
///
/// # Errors
/// `rule_not_found`; `rule_name_ambiguous`.
pub(crate) async fn named(rx: &mut Rx, workspace: WorkspaceId, name: &str) -> Result<RuleInfo> {
    if let Ok(id) = name.parse() {
        return find(rx, workspace, id).await;
    }
    let shown = || name.chars().take(64).collect::<String>();
    match store::ids_of_name(rx, workspace, name).await?.as_slice() {
        [] => Err(Error::not_found("rule", format!("called “{}”", shown()))),
        [id] => find(rx, workspace, *id).await,
        [..] => {
            let detail = format!("several rules are called “{}”; call it by its id", shown());
            Err(Error::conflict("rule_name_ambiguous", detail))
        }
    }
}

/// The rules of a workspace.
pub async fn list(
    rx: &mut Rx,
    actor: &Actor,
    may: &Granted<RuleView, Workspace>,
    query: &RuleQuery,
) -> Result<Page<RuleInfo>> {
    let mut page = store::page(rx, may.resource().0, query).await?;
    page.items = page.items.into_iter().map(|info| info.told(actor)).collect();
    Ok(page)
}

/// Every version of a rule, newest first.
pub async fn versions(rx: &mut Rx, may: &Granted<RuleView, RuleInfo>) -> Result<Vec<RuleVersion>> {
    store::versions(rx, may.resource().id).await
}

/// Saves a new rule, as a draft. It must have been [`accept`]ed.
pub async fn create(tx: &mut Tx, cx: &Cx, may: &Granted<RuleEdit, Workspace>, rule: Rule) -> Result<RuleInfo> {
    let owner = cx.actor.user().ok_or_else(|| Error::denied("a rule needs a person as its owner; sign in as one"))?;
    refuse_unknown_roles(tx, may.resource().0, &rule).await?;
    let now = cx.now();
    let info = RuleInfo {
        id: cx.new_id(),
        workspace_id: may.resource().0,
        name: rule.name.clone(),
        state: RuleState::Draft,
        version: 1,
        owner_id: owner,
        paused_because: None,
        rule,
        created_at: now,
        updated_at: now,
    };
    store::insert(tx, &info).await?;
    announce(tx, cx, &info, Some(info.state), None).await?;
    Ok(info)
}

/// Saves a new version of a rule; runs under way keep theirs. The same rule again saves nothing.
pub async fn replace(
    tx: &mut Tx,
    cx: &Cx,
    actions: &Actions,
    may: &Granted<RuleEdit, RuleInfo>,
    expected: Option<i64>,
    rule: Rule,
) -> Result<RuleInfo> {
    let known = may.resource();
    let (version, state) = locked(tx, known).await?;
    if expected.is_some_and(|expected| expected != version) {
        return Err(Error::stale(format!(
            "the rule is at version {version} by now; read it again, put your change on top and save that"
        )));
    }
    if state == RuleState::Enabled {
        within_scopes(actions, &cx.actor, &rule)?;
    }
    let mut info = RuleInfo { version, state, ..known.clone() };
    if version == known.version && rule == known.rule {
        return Ok(info);
    }
    refuse_unknown_roles(tx, info.workspace_id, &rule).await?;
    // What is saved here acts with the owner's rights, so nobody may write it who has fewer.
    refuse_beyond(tx, cx, known).await?;
    info.version += 1;
    info.name = rule.name.clone();
    info.updated_at = cx.now();
    info.rule = rule;
    store::insert_version(tx, info.id, info.version, &info.rule, cx.actor.user(), info.updated_at).await?;
    store::update(tx, info.id, &info.name, info.version, info.updated_at).await?;
    schedules::service::follow(tx, &cx.actor, info.updated_at, &info).await?;
    thresholds::service::follow(tx, info.updated_at, &info).await?;
    announce(tx, cx, &info, Some(info.state), None).await?;
    Ok(info)
}

/// One version of a rule.
///
/// # Errors
/// `rule_version_not_found`.
pub async fn version(rx: &mut Rx, may: &Granted<RuleView, RuleInfo>, version: i64) -> Result<RuleVersion> {
    let gone = || Error::not_found("rule_version", version);
    store::version(rx, may.resource().id, version).await?.ok_or_else(gone)
}

/// Makes whoever asks the owner of a rule: it acts with their rights from then on. Nobody can make somebody else its owner,
/// since it would do in their name what they have not seen.
pub async fn take(tx: &mut Tx, cx: &Cx, actions: &Actions, may: &Granted<RuleEdit, RuleInfo>) -> Result<RuleInfo> {
    let owner = cx.actor.user().ok_or_else(|| Error::denied("a rule needs a person as its owner; sign in as one"))?;
    let known = may.resource();
    let (version, state) = locked(tx, known).await?;
    let mut info = RuleInfo { version, state, ..known.clone() };
    if state == RuleState::Enabled {
        within_scopes(actions, &cx.actor, &info.rule)?;
    }
    if info.owner_id == owner {
        return Ok(info);
    }
    (info.owner_id, info.updated_at) = (owner, cx.now());
    store::set_owner(tx, info.id, owner, info.updated_at).await?;
    schedules::service::follow(tx, &cx.actor, info.updated_at, &info).await?;
    announce(tx, cx, &info, Some(info.state), None).await?;
    Ok(info)
}

/// Switches a rule. Switching it off drops its runs that have not begun.
pub async fn switch(
    tx: &mut Tx,
    cx: &Cx,
    actions: &Actions,
    may: &Granted<RuleEdit, RuleInfo>,
    state: RuleState,
) -> Result<RuleInfo> {
    let known = may.resource();
    let (version, before) = locked(tx, known).await?;
    let mut info = RuleInfo { version, state: before, ..known.clone() };
    let on = matches!(state, RuleState::Enabled | RuleState::Shadow);
    if on && owner(tx, cx, known).await?.is_none() {
        let detail = format!(
            "The rule's owner {} is no longer a member of the workspace, so it may do nothing. \
             `POST /rules/{}/take` makes you its owner; then switch it on.",
            known.owner_id, known.id
        );
        return Err(Error::conflict("rule_owner_gone", detail));
    }
    if before != state {
        if state == RuleState::Enabled {
            within_scopes(actions, &cx.actor, &info.rule)?;
        }
        if on {
            refuse_beyond(tx, cx, known).await?;
        }
        info = set_state(tx, cx, info, state, None).await?;
    }
    Ok(info)
}

/// Makes sure that nobody else changes or switches a rule, until the transaction ends.
pub(crate) async fn hold(tx: &mut Tx, workspace: WorkspaceId, id: RuleId) -> Result<()> {
    store::lock(tx, workspace, id).await.map(drop)
}

/// Pauses a rule because of what its runs did.
pub(crate) async fn pause_because(tx: &mut Tx, cx: &Cx, id: RuleId, because: &str) -> Result<Option<RuleInfo>> {
    // Of several runs that fail at once the first pauses it; the others find it paused.
    let Some((_, RuleState::Enabled)) = store::lock(tx, cx.actor.workspace, id).await? else { return Ok(None) };
    let Some(info) = store::find(tx, cx.actor.workspace, id).await? else { return Ok(None) };
    set_state(tx, cx, info, RuleState::Paused, Some(because)).await.map(Some)
}

async fn set_state(
    tx: &mut Tx,
    cx: &Cx,
    mut info: RuleInfo,
    state: RuleState,
    because: Option<&str>,
) -> Result<RuleInfo> {
    info.state = state;
    info.paused_because = because.map(str::to_owned);
    info.updated_at = cx.now();
    store::set_state(tx, info.id, state, because, info.updated_at).await?;
    if matches!(state, RuleState::Paused | RuleState::Draft) {
        runs::service::drop_queued(tx, cx, info.id).await?;
    }
    schedules::service::follow(tx, &cx.actor, info.updated_at, &info).await?;
    thresholds::service::follow(tx, info.updated_at, &info).await?;
    announce(tx, cx, &info, Some(state), because.map(beginning)).await?;
    Ok(info)
}

/// Deletes a rule with its versions, its runs and their jobs.
pub async fn delete(tx: &mut Tx, cx: &Cx, may: &Granted<RuleEdit, RuleInfo>) -> Result<()> {
    let known = may.resource();
    locked(tx, known).await?;
    runs::service::forget(tx, cx, known.id).await?;
    tasks::pick::forget(tx, known.id).await?;
    store::delete(tx, known.id).await?;
    announce(tx, cx, known, None, None).await
}

/// A rule's owner with the rights that they have now; nobody once they have left.
async fn owner(rx: &mut Rx, cx: &Cx, known: &RuleInfo) -> Result<Option<access::Actor>> {
    let owner = access::Who::User { id: known.owner_id };
    access::service::acting(rx, owner, known.workspace_id, known.owner_id, cx.now()).await
}

/// The rules that are switched on in somebody's name, by name.
pub(crate) async fn owned(rx: &mut Rx, workspace: WorkspaceId, owner: UserId) -> Result<Vec<OwnedRule>> {
    store::owned(rx, workspace, owner).await
}

/// Refuses to decide over a rule whose owner may more than the actor: it acts with the owner's rights.
async fn refuse_beyond(rx: &mut Rx, cx: &Cx, known: &RuleInfo) -> Result<()> {
    let owner = owner(rx, cx, known).await?;
    if owner.is_none_or(|owner| owner.user() == cx.actor.user() || cx.actor.covers(&owner)) {
        return Ok(());
    }
    let detail = "this rule acts with the rights of its owner, who may more than you; ask them to do it, or save it as a rule of your own";
    Err(Error::denied(detail))
}

/// Makes every node read the book of rules again: what rules may see has changed.
pub(crate) async fn reread(tx: &mut Tx) -> Result<()> {
    store::move_revision(tx).await?;
    tx.wake(Signal::Events);
    Ok(())
}

/// Whether there is a rule of this name.
pub(super) async fn is_named(rx: &mut Rx, workspace: WorkspaceId, name: &str) -> Result<bool> {
    Ok(!store::ids_of_name(rx, workspace, name).await?.is_empty())
}

async fn locked(tx: &mut Tx, known: &RuleInfo) -> Result<(i64, RuleState)> {
    store::lock(tx, known.workspace_id, known.id).await?.ok_or_else(|| Error::not_found("rule", known.id))
}

async fn announce(
    tx: &mut Tx,
    cx: &Cx,
    info: &RuleInfo,
    state: Option<RuleState>,
    because: Option<&str>,
) -> Result<()> {
    store::move_revision(tx).await?;
    tx.wake(Signal::Events);
    let rule = ChangedRule {
        id: info.id,
        name: info.name.clone(),
        version: info.version,
        state,
        because: because.map(str::to_owned),
    };
    events::emit(tx, cx, &RuleChanged { rule }).await?;
    Ok(())
}
