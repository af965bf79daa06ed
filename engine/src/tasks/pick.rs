//! Picking somebody for a task: whose turn it is, or who has the least to do, among those who can take it.
//!
//! Whoever cannot is left out: who is no member any more or no person, who lacks a skill, who is away today (by the clock of
//! where they live), who may not see the task. When nobody is left, the error says how many were left out for what.
//!
//! Picks of one step of a rule wait for each other, so that each sees what the one before it did; whose turn it was is
//! written in the transaction that gives the task away, so a turn is neither lost nor taken twice, whatever dies when.

use std::collections::HashSet;

use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Deserialize;

use super::model::Task;
use super::store;
use crate::access::{self, Permission as _, Place, TaskView, profile};
use crate::cx::{Cause, Cx};
use crate::day::Day;
use crate::db::Tx;
use crate::ids::{Id as _, RuleId, UserId};
use crate::projects::people::{self, About};
use crate::projects::{self, Project, TaskFacts, members};
use crate::{Error, Result, resources};

/// How somebody is picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// Whoever has the fewest open tasks; of several, who became known first.
    LeastLoaded,
    /// One after another, in the order in which they became known. Each step of a rule has its own turns, and goes on where
    /// it was with a new version of the rule.
    RoundRobin,
}

/// Who is asked for.
#[derive(Debug)]
pub(super) struct Wanted {
    pub how: Pick,
    /// As rules name people; everyone who works on tasks when empty.
    pub among: Vec<String>,
    /// All of these.
    pub skills: Vec<String>,
}

/// Why somebody was left out, in the order in which it is asked.
#[derive(Debug, Default)]
struct LeftOut {
    gone: usize,
    unskilled: usize,
    away: usize,
    blind: usize,
}

/// Somebody for the task.
///
/// # Errors
/// `nobody_to_pick`; `invalid_fields` for a name in `among` that means nobody.
pub(super) async fn pick(tx: &mut Tx, cx: &Cx, project: &Project, task: &Task, wanted: &Wanted) -> Result<UserId> {
    let mut asked = match wanted.among.as_slice() {
        [] => members::workers(tx, project.workspace_id).await?,
        names => {
            let about = About { task: Some(task.id), project: Some(project.id) };
            people::named(tx, cx, "/among", names, &about).await?
        }
    };
    asked.sort_unstable();
    // Before anybody is looked at: who picks after another sees what that one wrote.
    let turn = Turn::take(tx, cx).await?;
    let (fit, left_out) = able(tx, cx, project, task, &asked, &wanted.skills).await?;
    let picked = match wanted.how {
        Pick::LeastLoaded => least_loaded(tx, project, task, &fit).await?,
        Pick::RoundRobin => turn.next(&fit),
    };
    let picked = picked.ok_or_else(|| nobody(asked.len(), &left_out, task, &wanted.skills))?;
    if wanted.how == Pick::RoundRobin {
        turn.note(tx, picked).await?;
    }
    Ok(picked)
}

/// Forgets whose turn it was in a rule, because it is deleted.
pub(crate) async fn forget(tx: &mut Tx, rule: RuleId) -> Result<()> {
    store::forget_turns(tx, rule).await
}

/// Those who can take the task, in the order in which they came.
async fn able(
    tx: &mut Tx,
    cx: &Cx,
    project: &Project,
    task: &Task,
    asked: &[UserId],
    skills: &[String],
) -> Result<(Vec<UserId>, LeftOut)> {
    let (workspace, now) = (project.workspace_id, cx.now());
    let mut left_out = LeftOut::default();
    let there: HashSet<UserId> = members::persons(tx, workspace, asked).await?.into_iter().collect();
    let known = profile::availability(tx, workspace, asked).await?;
    left_out.gone = asked.len() - there.len();
    let (skilled, unskilled): (Vec<_>, Vec<_>) = known
        .into_iter()
        .filter(|person| there.contains(&person.user))
        .partition(|person| skills.iter().all(|skill| person.skills.has(skill)));
    left_out.unskilled = unskilled.len();
    let today = |zone: Option<Tz>| Day::of(now, zone.unwrap_or(Tz::UTC));
    let days: Vec<(UserId, Day)> = skilled.iter().map(|person| (person.user, today(person.time_zone))).collect();
    let away = resources::service::away(tx, workspace, &days).await?;
    left_out.away = away.len();
    let present: Vec<UserId> = days.into_iter().map(|(user, _)| user).filter(|user| !away.contains(user)).collect();
    let (place, facts) = (Place::Task(project.id, task.id.uuid()), TaskFacts::of(task));
    let mut seeing = HashSet::new();
    for (user, actor) in access::service::acting_all(tx, workspace, &present, now).await? {
        if actor.decide(TaskView::BIT, &place, &|| projects::facts(project, &facts)).is_ok() {
            seeing.insert(user);
        }
    }
    left_out.blind = present.len() - seeing.len();
    Ok((asked.iter().copied().filter(|user| seeing.contains(user)).collect(), left_out))
}

async fn least_loaded(tx: &mut Tx, project: &Project, task: &Task, fit: &[UserId]) -> Result<Option<UserId>> {
    let loads = store::loads(tx, project.workspace_id, fit, task.id).await?;
    let load = |user: &UserId| loads.iter().find(|(loaded, _)| loaded == user).map_or(0, |(_, open)| *open);
    Ok(fit.iter().copied().min_by_key(load))
}

/// The turns of a step, held until the transaction ends.
struct Turn {
    step: Option<(Cause, String)>,
    last: Option<UserId>,
}

impl Turn {
    async fn take(tx: &mut Tx, cx: &Cx) -> Result<Self> {
        let Some(cause) = cx.cause.clone() else { return Ok(Self { step: None, last: None }) };
        // `parts[3].give` is the step `give`: what a loop gives out goes in turn as well.
        let step = cause.step.rsplit('.').next().unwrap_or_default().to_owned();
        let last = store::take_turn(tx, cx.actor.workspace, cause.rule, &step).await?;
        Ok(Self { step: Some((cause, step)), last })
    }

    /// Whoever comes after the last one, also when that one cannot be picked or is not asked any more.
    fn next(&self, fit: &[UserId]) -> Option<UserId> {
        let after = |last: UserId| fit.iter().copied().find(|user| *user > last);
        self.last.and_then(after).or_else(|| fit.first().copied())
    }

    async fn note(&self, tx: &mut Tx, picked: UserId) -> Result<()> {
        match &self.step {
            Some((cause, step)) => store::note_turn(tx, cause.rule, step, picked).await,
            None => Ok(()),
        }
    }
}

fn nobody(asked: usize, left_out: &LeftOut, task: &Task, skills: &[String]) -> Error {
    let LeftOut { gone, unskilled, away, blind } = left_out;
    let named = skills.iter().map(|skill| format!("`{skill}`")).collect::<Vec<_>>().join(", ");
    let why: Vec<String> = [
        (*gone, "no member of the workspace, or no person".to_owned()),
        (*unskilled, format!("without the skill {named}")),
        (*away, "away today".to_owned()),
        (*blind, format!("kept from seeing {}", task.key)),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, why)| format!("{count} {why}"))
    .collect();
    let why = if why.is_empty() { String::new() } else { format!(": {}", why.join(", ")) };
    Error::conflict(
        "nobody_to_pick",
        format!(
            "nobody is left for {} of the {asked} who were asked for{why}; name more people, or say with `on_error` what else is to happen",
            task.key
        ),
    )
}
