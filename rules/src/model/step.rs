//! The steps of a rule: a tree, never a free graph, so that it can be read aloud.
//!
//! A [`Step`] is written as one flat object; which of its fields are there says what kind it is.
//! [`Step::kind`] reads that, and says in words what contradicts itself.

use std::{fmt, time::Duration};

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer, value::SeqAccessDeserializer},
};
use serde_json::Value;

use super::approve::Approve;
use super::trigger::Match;
use crate::period::Period;

/// Inputs of an action: name → value or template.
pub type With = IndexMap<String, Value>;

/// One step, as written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(example = serde_json::json!({"id": "tell", "action": "notify.send", "with": {"to": ["owner"], "message": "{{ task.key }} is blocked"}}))]
pub struct Step {
    /// Its name, unique in the rule: a letter, then letters, digits and `_`.
    pub id: String,
    /// What a person should know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,

    /// Does this action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Inputs of the action, call or script. Strings are templates.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub with: With,
    /// Whether and how it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// How long one attempt may take, or the rule that is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
    /// What happens when it has failed for good.
    #[serde(skip_serializing_if = "OnError::is_fail")]
    pub on_error: OnError,

    /// Does `then` when this expression is true.
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Steps for a true `if`, or for a granted `approve`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub then: Option<Vec<Step>>,
    /// Further conditions, asked in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub else_if: Vec<ElseIf>,
    /// Steps when no condition was true.
    #[serde(rename = "else", skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Vec<Step>>,

    /// Does `do` for each of these: `subtasks where status != 'completed'`, `body.commits`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_each: Option<String>,
    /// What one of them is called in `do`; `item` without a word.
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many at most; more fail the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// Steps for each item.
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    pub body: Option<Vec<Step>>,

    /// Waits. A waiting run is a row, not a worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<Wait>,

    /// Asks people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approve: Option<Approve>,
    /// Steps when nobody answered `approve` in time, or no `event` came that is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_timeout: Option<Vec<Step>>,
    /// Steps when `approve` was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_reject: Option<Vec<Step>>,

    /// Ends the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    /// Does these branches side by side: while one waits, the others go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallel: Option<Vec<Branch>>,
    /// Runs another rule, by its id or name, and waits for its end. The rule is one with the trigger `manual`; `with` are its inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// Runs a sandboxed script; its last value is the step's output. `with` are variables for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
}

/// What a step is, once its fields agree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StepKind<'s> {
    /// `action`.
    Action(&'s str),
    /// `if`, `then`, `else_if`, `else`.
    If(&'s str),
    /// `for_each`, `as`, `max`, `do`.
    ForEach(&'s str),
    /// `wait`.
    Wait(&'s Wait),
    /// `approve`.
    Approve(&'s Approve),
    /// `stop`.
    Stop(&'s Stop),
    /// `parallel`.
    Parallel(&'s [Branch]),
    /// `call`.
    Call(&'s str),
    /// `script`.
    Script(&'s str),
}

impl Step {
    /// What this step is, or what is contradictory or missing in it.
    pub fn kind(&self) -> Result<StepKind<'_>, String> {
        let found = [
            ("action", self.action.as_deref().map(StepKind::Action)),
            ("if", self.condition.as_deref().map(StepKind::If)),
            ("for_each", self.for_each.as_deref().map(StepKind::ForEach)),
            ("wait", self.wait.as_ref().map(StepKind::Wait)),
            ("approve", self.approve.as_ref().map(StepKind::Approve)),
            ("stop", self.stop.as_ref().map(StepKind::Stop)),
            ("parallel", self.parallel.as_deref().map(StepKind::Parallel)),
            ("call", self.call.as_deref().map(StepKind::Call)),
            ("script", self.script.as_deref().map(StepKind::Script)),
        ];
        let kinds: Vec<_> = found.into_iter().filter_map(|(name, kind)| Some((name, kind?))).collect();
        match kinds.as_slice() {
            [] => Err("The step says nothing to do; give it one of `action`, `if`, `for_each`, `wait`, `approve`, `stop`, `parallel`, `call` or `script`.".to_owned()),
            [(name, kind)] => {
                self.strangers(name).map_or(Ok(*kind), Err)
            }
            [(one, _), (two, _), ..] => Err(format!("The step has both `{one}` and `{two}`; make them two steps.")),
        }
    }

    /// Says which field does not belong to a step of this kind, or which one it lacks.
    fn strangers(&self, kind: &str) -> Option<String> {
        let fields = [
            ("with", !self.with.is_empty(), &["action", "call", "script"][..]),
            ("retry", self.retry.is_some(), &["action"]),
            ("timeout", self.timeout.is_some(), &["action", "call"]),
            ("on_error", self.on_error != OnError::Fail, &["action", "call", "script", "for_each", "parallel"]),
            ("then", self.then.is_some(), &["if", "approve"]),
            ("else_if", !self.else_if.is_empty(), &["if"]),
            ("else", self.otherwise.is_some(), &["if"]),
            ("as", self.name.is_some(), &["for_each"]),
            ("max", self.max.is_some(), &["for_each"]),
            ("do", self.body.is_some(), &["for_each"]),
            ("on_timeout", self.on_timeout.is_some(), &["approve", "wait"]),
            ("on_reject", self.on_reject.is_some(), &["approve"]),
        ];
        for (field, given, kinds) in fields {
            if given && !kinds.contains(&kind) {
                return Some(format!(
                    "`{field}` does not belong to a step with `{kind}`; it goes with `{}`.",
                    kinds.join("`, `")
                ));
            }
        }
        match kind {
            "if" if self.then.is_none() => Some("`if` needs `then`.".to_owned()),
            "for_each" if self.body.is_none() => Some("`for_each` needs `do`.".to_owned()),
            _ => None,
        }
    }

    /// The lists of steps inside this one, each with the pointer that leads to it from the step.
    pub fn children(&self) -> Vec<(String, &[Step])> {
        let mut lists = Vec::new();
        if let Some(steps) = &self.then {
            lists.push(("/then".to_owned(), steps.as_slice()));
        }
        for (index, branch) in self.else_if.iter().enumerate() {
            lists.push((format!("/else_if/{index}/then"), branch.then.as_slice()));
        }
        for (pointer, steps) in [
            ("/else", &self.otherwise),
            ("/do", &self.body),
            ("/on_timeout", &self.on_timeout),
            ("/on_reject", &self.on_reject),
        ] {
            if let Some(steps) = steps {
                lists.push((pointer.to_owned(), steps.as_slice()));
            }
        }
        for (index, branch) in self.parallel.iter().flatten().enumerate() {
            lists.push((format!("/parallel/{index}/steps"), branch.steps.as_slice()));
        }
        if let OnError::Steps(steps) = &self.on_error {
            lists.push(("/on_error".to_owned(), steps.as_slice()));
        }
        lists
    }
}

/// A further condition of an `if`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ElseIf {
    /// The condition.
    #[serde(rename = "if")]
    pub condition: String,
    /// Steps when it is the first true one.
    pub then: Vec<Step>,
}

/// One branch of `parallel`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// What a person calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// Whether and how a step is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// How many more attempts after the first.
    pub max: u32,
    /// How the pause grows.
    #[serde(default)]
    pub backoff: Backoff,
    /// The first pause.
    #[serde(default = "first_pause", skip_serializing_if = "is_first_pause")]
    pub delay: Period,
    /// The longest pause.
    #[serde(default = "longest_pause", skip_serializing_if = "is_longest_pause")]
    pub max_delay: Period,
    /// Only when this expression is true; it sees `error` (`error.message`, `error.status`).
    #[serde(default, rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

impl Retry {
    /// The pause before attempt `attempt` (2 is the first repetition), without jitter: chance comes
    /// from the caller, so that this stays a function of its inputs.
    pub fn pause(&self, attempt: u32) -> Duration {
        let factor = match self.backoff {
            Backoff::Constant => 1,
            Backoff::Exponential => 1_u32.checked_shl(attempt.saturating_sub(2)).unwrap_or(u32::MAX),
        };
        self.delay.0.saturating_mul(factor).min(self.max_delay.0)
    }
}

fn first_pause() -> Period {
    Period::seconds(1)
}

fn longest_pause() -> Period {
    Period::seconds(600)
}

fn is_first_pause(period: &Period) -> bool {
    *period == first_pause()
}

fn is_longest_pause(period: &Period) -> bool {
    *period == longest_pause()
}

/// How the pause between attempts grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// Not at all.
    Constant,
    /// It doubles.
    #[default]
    Exponential,
}

/// What happens when a step has failed for good.
#[derive(Debug, Clone, Default, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum OnError {
    /// The run fails: `"fail"`.
    #[default]
    #[schemars(with = "String")]
    Fail,
    /// The run goes on: `"continue"`.
    #[schemars(with = "String")]
    Continue,
    /// These steps run, then the run goes on.
    Steps(Vec<Step>),
}

impl OnError {
    fn is_fail(&self) -> bool {
        *self == Self::Fail
    }
}

impl Serialize for OnError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fail => serializer.serialize_str("fail"),
            Self::Continue => serializer.serialize_str("continue"),
            Self::Steps(steps) => steps.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for OnError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = OnError;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`fail`, `continue` or a list of steps")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<OnError, E> {
                match word {
                    "fail" => Ok(OnError::Fail),
                    "continue" => Ok(OnError::Continue),
                    other => Err(E::unknown_variant(other, &["fail", "continue"])),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<OnError, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(OnError::Steps)
            }
        }
        deserializer.deserialize_any(Words)
    }
}

/// What a run waits for: exactly one of `for`, `until`, `event`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// A length of time.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// An expression giving a moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// An event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<WaitEvent>,
}

/// The event a run waits for: the first that comes behind the event that started the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitEvent {
    /// Its kind, or a pattern (`task.*`).
    pub on: String,
    /// What it must say. Values are templates: `task: "{{ task.id }}"` waits for an event about the same task.
    #[serde(default, rename = "match", skip_serializing_if = "IndexMap::is_empty")]
    pub matches: Match,
    /// What must hold of it as well; an expression over what that event says.
    #[serde(default, rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// How long to wait at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

/// How a run ends here. `"a reason"` alone is a success with that reason.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct Stop {
    /// As what it ends.
    #[serde(default)]
    pub outcome: StopOutcome,
    /// Why; a template.
    #[serde(default)]
    pub reason: String,
}

/// As what a stopped run ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopOutcome {
    /// It did what it should.
    #[default]
    Succeeded,
    /// There was nothing to do.
    Skipped,
    /// Something is wrong.
    Failed,
}

impl Serialize for Stop {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.outcome == StopOutcome::Succeeded {
            return serializer.serialize_str(&self.reason);
        }
        use serde::ser::SerializeStruct;
        let mut out = serializer.serialize_struct("Stop", 2)?;
        out.serialize_field("outcome", &self.outcome)?;
        out.serialize_field("reason", &self.reason)?;
        out.end()
    }
}

impl<'de> Deserialize<'de> for Stop {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            #[serde(default)]
            outcome: StopOutcome,
            #[serde(default)]
            reason: String,
        }
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = Stop;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a reason, or an object with `outcome` and `reason`")
            }

            fn visit_str<E: de::Error>(self, reason: &str) -> Result<Stop, E> {
                Ok(Stop { outcome: StopOutcome::Succeeded, reason: reason.to_owned() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Stop, A::Error> {
                let Written { outcome, reason } = Written::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Stop { outcome, reason })
            }
        }
        deserializer.deserialize_any(Words)
    }
}
