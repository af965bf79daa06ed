//! Rehearsals: a rule held against an event and its steps walked through, by what does both for runs, and nothing done.
//!
//! The judge is the dispatcher's, the walk is the interpreter's as for a rule in shadow, on a clock that stands at the time of
//! the event. What the event says is as it was then; what a step reads besides, the items of `for_each` over `subtasks` or
//! `tasks`, is as it is now, as far as the eyes see that the rehearsal is done with.

use std::sync::Arc;

use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trackside_rules::{Facts, Part, Parts};

use super::changes::{self, Change};
use super::hot::Plan;
use super::interpreter::{Flow, Limits, Walk};
use super::journal::Journal;
use super::judge::{Hindrance, Seen, Verdict, weigh};
use super::model::{Mode, RunError, RunState, Step, StepState};
use super::runner::{RunJob, Runner};
use crate::Result;
use crate::access::Actor;
use crate::actions::external::{Connection, Credentials, Failure};
use crate::actions::{Actions, Entry as Action};
use crate::clock::MockClock;
use crate::cx::{Cause, Source};
use crate::db::Db;
use crate::events::store::Pending;
use crate::ids::{Id as _, JobId, WorkspaceId};
use crate::jobs::Ticket;
use crate::rules::{Entry, Library};

/// What rehearsals are done with.
#[derive(Clone)]
pub struct Stage {
    /// The database: read, never written.
    pub db: Db,
    /// The rules.
    pub library: Arc<Library>,
    /// What rules may do.
    pub actions: Actions,
}

/// Why an event starts no run of a rule.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "NotFiredBecause")]
pub struct Because {
    /// What was asked first and found against it.
    pub what: Hindrance,
    /// The same in words.
    pub detail: String,
    /// The path in `match`, or the part of the condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What the rule wants there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<Value>,
    /// What was there at that moment; of a condition, the values that the part looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Value>,
    /// As what a run tells of it, where one does: `failed`, `skipped` or `blocked`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_state: Option<RunState>,
}

/// What a rule makes of an event.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Judgement {
    /// Whether it starts a run that carries out its steps.
    pub fires: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<Because>,
    /// The condition's parts, one by one, if it came to that.
    pub condition: Vec<Part>,
}

/// What a step would do.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RehearsedStep")]
pub struct Would {
    /// Where in the rule: the step's id, with the loop's item where there is one.
    pub path: String,
    /// The action's name, or `if`, `for_each`, `wait`, `stop`.
    pub kind: String,
    /// `recorded` where it would be done, `entered` for branches and loops, `failed` where it could not be.
    pub state: StepState,
    /// What the action does, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub does: Option<String>,
    /// What it would be given, rendered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// Which branch is taken, which items are gone through, why it stops. Actions were not done, so they have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// The fields of tasks that it would change, as far as its input tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Why it could not be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A run that was only rehearsed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Rehearsal {
    /// How it would end, if every action succeeded.
    pub state: RunState,
    /// Why it would not succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
    /// Its steps, in order.
    pub steps: Vec<Would>,
}

/// Holds a rule against an event and says why.
pub(crate) fn judge(entry: &Entry, parts: Option<&Parts>, event: &Pending) -> (Judgement, Option<Facts>) {
    let mut seen: Option<Seen> = None;
    let verdict = weigh(entry, event, &mut seen);
    let facts = seen.as_ref().and_then(|seen| seen.as_ref().ok()).cloned();
    let asked = !matches!(
        verdict,
        Verdict::Not(why) | Verdict::Over { why, .. } if (why as u8) < Hindrance::Condition as u8
    );
    let condition = match (parts, &facts) {
        (Some(parts), Some(facts)) if asked => parts.judge(&entry.vars(facts, event.occurred_at)),
        _ => Vec::new(),
    };
    let fields = match &seen {
        Some(Ok(facts)) => facts.json().clone(),
        Some(Err((fields, _))) => fields.clone(),
        None => Value::Null,
    };
    let because = match verdict {
        Verdict::Fires => None,
        Verdict::Not(what) => Some(because(what, entry, event, &fields, &condition)),
        Verdict::Over { why, state, message, .. } => {
            let told = because(why, entry, event, &fields, &condition);
            Some(Because { detail: message, run_state: Some(state), ..told })
        }
    };
    (Judgement { fires: because.is_none(), because, condition }, facts)
}

/// What keeps an event from starting a run, as [`judge`] finds it, for those who only count. The second says at what.
pub(crate) fn tally(entry: &Entry, parts: Option<&Parts>, event: &Pending) -> Result<Facts, (Hindrance, String)> {
    let mut seen: Option<Seen> = None;
    let why = match weigh(entry, event, &mut seen) {
        Verdict::Fires => None,
        Verdict::Not(why) | Verdict::Over { why, .. } => Some(why),
    };
    let facts = seen.and_then(Result::ok);
    let at = match (why, &facts, parts) {
        (None, Some(facts), _) => return Ok(facts.clone()),
        (Some(Hindrance::Match), Some(facts), _) => {
            entry.compiled.trigger.first_difference(facts.json()).map(|(path, _)| path)
        }
        (Some(Hindrance::Condition), Some(facts), Some(parts)) => {
            Some(parts.first_false(&entry.vars(facts, event.occurred_at)).to_owned())
        }
        _ => None,
    };
    Err((why.unwrap_or(Hindrance::Facts), at.unwrap_or_default()))
}

fn because(what: Hindrance, entry: &Entry, event: &Pending, fields: &Value, condition: &[Part]) -> Because {
    let rule = &entry.compiled.rule;
    let plain = |detail: String| Because { what, detail, at: None, wanted: None, found: None, run_state: None };
    match what {
        Hindrance::Kind => {
            let wanted = rule.trigger.kind();
            let told = plain(format!("the rule is started by `{wanted}`, and this is `{}`", event.kind));
            Because { wanted: Some(json!(wanted)), found: Some(json!(event.kind)), ..told }
        }
        Hindrance::Cause => {
            let cause: Option<Cause> = event.cause.as_deref().and_then(|cause| serde_json::from_str(cause).ok());
            let detail = match (&cause, event.kind.as_str()) {
                (Some(cause), "run.failed") => format!("{} is a run of this rule itself", cause.run),
                (Some(cause), _) => format!(
                    "{} caused it ({}, step {}), and what rules cause starts this rule only with \
                     `policy.cause.accept_rules: true`",
                    cause.rule, cause.run, cause.step
                ),
                (None, _) => "a rule caused it".to_owned(),
            };
            Because { found: serde_json::to_value(cause).ok(), ..plain(detail) }
        }
        Hindrance::Rule => {
            let other = fields["rule"]["id"].clone();
            let told = plain("it is made for another rule alone".to_owned());
            Because { wanted: Some(json!(entry.rule)), found: Some(other), ..told }
        }
        Hindrance::Sight => plain("the rule's owner may not see it; give the rule to somebody who may".to_owned()),
        Hindrance::Scope => {
            let (wanted, found) = (json!(rule.scope.projects), fields["project"]["key"].clone());
            let place = found.as_str().map_or("no project".to_owned(), |key| format!("the project {key}"));
            let told = plain(format!("it happened in {place}, and the rule is for {wanted}"));
            Because { wanted: Some(wanted), found: Some(found), ..told }
        }
        Hindrance::Match => {
            let (at, found) = entry.compiled.trigger.first_difference(fields).unwrap_or_default();
            let wanted = rule.trigger.matches.get(&at).cloned().unwrap_or_default();
            let told = plain(format!("`match` wants `{at}` to be {wanted}, and it was {}", short(&found)));
            Because { at: Some(at), wanted: Some(wanted), found: Some(found), ..told }
        }
        Hindrance::Condition => {
            let Some(part) = condition.iter().find(|part| part.holds != Some(true)) else {
                return plain("the condition does not hold".to_owned());
            };
            let told = plain(format!("`{}` does not hold", part.expression));
            Because { at: Some(part.expression.clone()), found: Some(Value::Object(part.values.clone())), ..told }
        }
        Hindrance::Facts => plain("it is too large to be judged".to_owned()),
        Hindrance::Overlap => plain("the rule's last run still went at this time".to_owned()),
        Hindrance::Depth => plain("too many rules stand in the chain".to_owned()),
    }
}

/// A value as it stands in a sentence.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl Stage {
    /// Walks through the steps of a rule that fires, with these eyes.
    pub(crate) async fn rehearse(
        &self,
        entry: &Entry,
        event: &Pending,
        facts: &Facts,
        eyes: &Actor,
    ) -> Result<Rehearsal> {
        let source = Source::new(MockClock::at(event.occurred_at));
        let plan = Plan {
            run: source.new_id(),
            workspace: event.workspace_id,
            rule: entry.rule,
            rule_version: entry.version,
            owner: entry.owner,
            event: Some(event.id),
            mode: Mode::Shadow,
            depth: event.depth + 1,
            compiled: entry.compiled.clone(),
            facts: facts.clone(),
            trace: None,
            weight: 0,
            admitted: true,
            worked_ms: 0,
            parent: None,
        };
        let runner = Runner::new(
            self.db.clone(),
            source,
            self.library.clone(),
            self.actions.clone(),
            Arc::new(Nobodys),
            Arc::default(),
        );
        // Should anything try to write all the same, no job is there that it could show.
        let ticket = Ticket { id: JobId::from_uuid(uuid::Uuid::nil()), epoch: 0 };
        let mut walk = Walk::new(&runner, plan, Journal::of_rehearsal(), RunJob { ticket, attempts: 1 });
        walk.eyes = Some(eyes.clone());
        walk.limits = Limits::REHEARSAL;
        walk.read_variables().await?;
        let pace = walk.pace.clone();
        let steps = walk.steps(&entry.compiled.steps, "");
        let (state, error) = match self.library.lanes().paced(event.workspace_id, &pace, steps).await? {
            Flow::Next => (RunState::Succeeded, None),
            Flow::Suspended | Flow::Waits(_) => (RunState::Waiting, None),
            Flow::Stop(state, error) => (state, error),
        };
        let steps = walk.journal.lines().into_iter().map(|step| self.would(step, facts)).collect();
        Ok(Rehearsal { state, error, steps })
    }

    /// What a recorded step would do.
    pub(crate) fn would(&self, step: &Step, facts: &Facts) -> Would {
        let does = self.actions.get(&step.kind).map(|action| match action {
            Action::Internal(action) => action.summary().to_owned(),
            Action::External(action) => action.summary().to_owned(),
        });
        let changes = step.input.as_ref().filter(|_| step.state == StepState::Recorded);
        Would {
            path: step.path.clone(),
            kind: step.kind.clone(),
            state: step.state,
            does,
            changes: changes.map(|input| changes::of(&step.kind, input, facts.json())).unwrap_or_default(),
            input: step.input.clone(),
            output: step.output.clone(),
            error: step.error.clone(),
        }
    }
}

/// A rehearsal calls nobody, and has nothing to show if it tried.
struct Nobodys;

impl Credentials for Nobodys {
    fn find<'a>(
        &'a self,
        _: WorkspaceId,
        _: &'a str,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Connection, Failure>> {
        Box::pin(async { Err(Failure::permanent("a rehearsal calls nobody")) })
    }
}
