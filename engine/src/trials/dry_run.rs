//! Dry runs: any rule, saved or not, held against one event.

use std::sync::Arc;

use serde_json::{Value, json};
use trackside_rules::{Parts, Rule};

use super::model::{DryRun, EventShort, MadeUp, Tried};
use crate::access::{Actor, EventView, Granted, Reach, RuleView, Workspace};
use crate::cx::Cx;
use crate::events::store::{self as log, Pending};
use crate::events::{self, KINDS};
use crate::ids::{RuleId, UserId};
use crate::rules::Entry;
use crate::runs::{self, Mode, Stage};
use crate::{Error, Result, rules, variables};

/// Holds a rule against an event, and walks through its steps if it fires. It acts for whoever asks, as it would if they
/// saved it and switched it on.
///
/// # Errors
/// `rule_invalid`, with every problem at its place; `event_not_found`; `invalid_fields`; `too_many_dry_runs`.
pub async fn dry_run(
    stage: &Stage,
    cx: &Cx,
    _may: &Granted<RuleView, Workspace>,
    events: &Granted<EventView, Reach>,
    rule: Rule,
    tried: Tried,
) -> Result<DryRun> {
    let names = variables::known(&mut *stage.db.read().await?, &cx.actor, &rule, &[]).await?;
    rules::service::accept(&stage.library, names.as_ref(), &rule).map_err(|error| error.under("/rule"))?;
    let owner = person(&cx.actor)?;
    let (event, logged) = match tried {
        Tried::Logged(id) => {
            let mut rx = stage.db.read().await?;
            events::service::get(&mut rx, events, id).await?;
            let event = log::find_pending(&mut rx, cx.actor.workspace, id).await?;
            (event.ok_or_else(|| Error::not_found("event", id))?, Some(id))
        }
        Tried::MadeUp(made_up) => (pending(cx, made_up)?, None),
    };
    let (entry, parts) = entry(stage, cx, rule, owner, &event).await?;
    let short = EventShort { id: logged, kind: event.kind.clone(), occurred_at: event.occurred_at };
    // A condition may take a while, and so may the steps; others do not wait for them.
    let _under_way = stage.library.lanes().rehearse(cx.actor.workspace)?;
    let lane = stage.library.lanes().enter(cx.actor.workspace).await;
    let judge = move || {
        let (judgement, facts) = runs::judge(&entry, parts.as_ref(), &event);
        (judgement, facts, entry, event)
    };
    let judged = tokio::task::spawn_blocking(judge).await;
    let (judgement, facts, entry, event) =
        judged.map_err(|error| Error::internal("judging an event panicked").caused_by(error))?;
    drop(lane);
    let run = match facts.filter(|_| judgement.fires) {
        Some(facts) => Some(stage.rehearse(&entry, &event, &facts, &cx.actor).await?),
        None => None,
    };
    Ok(DryRun { event: short, judgement, run })
}

pub(super) fn person(actor: &Actor) -> Result<UserId> {
    actor.user().ok_or_else(|| Error::denied("only a person can do this; sign in as one"))
}

/// The rule as if it were switched on. What is made for one rule alone counts as made for this one.
async fn entry(stage: &Stage, cx: &Cx, rule: Rule, owner: UserId, event: &Pending) -> Result<(Entry, Option<Parts>)> {
    let problems = |problems: Vec<trackside_rules::Problem>| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        Error::invalid("rule_invalid", format!("the rule does not compile: {first}"))
    };
    let sandbox = stage.library.sandbox();
    let compiled = Arc::new(rules::service::compile(sandbox, Arc::new(rule)).map_err(problems)?);
    let parts = compiled.condition.as_ref().map(|condition| Parts::of(sandbox, condition));
    let made_for = || {
        let fields: Value = serde_json::from_str(&event.payload).ok()?;
        fields["rule"]["id"].as_str()?.parse::<RuleId>().ok()
    };
    let id = made_for().filter(|_| compiled.rule.trigger.is_addressed()).unwrap_or_else(|| cx.new_id());
    let acting = Some(cx.actor.clone());
    let variables =
        variables::for_judging(&mut *stage.db.read().await?, cx.actor.workspace, acting.as_ref(), &compiled).await?;
    let (mode, slow) = (Mode::Shadow, false.into());
    Ok((Entry { rule: id, version: 1, owner, acting, mode, compiled, variables, slow, meter: Arc::default() }, parts))
}

/// The event that is made up, as one of the log.
fn pending(cx: &Cx, made_up: MadeUp) -> Result<Pending> {
    let MadeUp { kind, data, actor, occurred_at } = made_up;
    let known = || KINDS.iter().map(|kind| kind.name).chain(["manual"]);
    if !known().any(|name| name == kind) {
        let near = trackside_rules::problem::nearest(&kind, known());
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(Error::field("/event/kind", format!("there is no such kind of event{near}")));
    }
    let who = serde_json::to_value(cx.actor.who)
        .map_err(|error| Error::internal("an actor cannot be written as JSON").caused_by(error))?;
    Ok(Pending {
        id: cx.new_id(),
        workspace_id: cx.actor.workspace,
        kind,
        actor: actor.map_or(who, |actor| json!(actor)).to_string(),
        cause: None,
        depth: 0,
        trace: None,
        payload: Value::Object(data).to_string(),
        occurred_at: occurred_at.unwrap_or_else(|| cx.now()),
    })
}
