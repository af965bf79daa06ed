//! The rule as data: exactly what the API takes, the visual builder edits, a YAML file holds and a
//! run is pinned to.
//!
//! Types here say what is written, not yet whether it makes sense: [`Rule::problems`] says that,
//! [`Rule::unsupported`] names what can be written but not yet carried out, and
//! [`Compiled`](crate::Compiled) is what runs.

mod approve;
mod clock;
mod condition;
mod form;
mod limits;
mod offset;
mod parse;
mod policy;
mod step;
mod trigger;
mod unsupported;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use approve::{Approve, Need, ROLES};
pub use clock::{Dated, Distance, Field as DateField};
pub use condition::{Condition, Operator, Tree};
pub use form::answers;
pub use limits::{MAX_DEPTH, MAX_ITEMS, MAX_SOURCE, MAX_STEPS};
pub use offset::Offset;
pub(crate) use parse::{shape, too_large};
pub use policy::{Budget, Cause, Concurrency, Debounce, Dedupe, OnBusy, Policy, Throttle};
pub use step::{Backoff, Branch, ElseIf, OnError, Retry, Step, StepKind, Stop, StopOutcome, Wait, WaitEvent};
pub use trigger::{
    BUTTON_PRESSED, CatchUp, DATE_REACHED, Form, Input, InputType, Match, Overlap, SCHEDULE_OCCURRED, Subject, Trigger,
};

/// A rule: when this happens and that holds, do these steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What people call it.
    pub name: String,
    /// Why it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where it listens.
    #[serde(default, skip_serializing_if = "Scope::is_workspace")]
    pub scope: Scope,
    /// With whose rights it acts: always `owner`'s.
    #[serde(default = "owner", skip_serializing_if = "is_owner")]
    pub run_as: String,
    /// What starts it.
    pub trigger: Trigger,
    /// What must hold as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// How often and how much it may run.
    #[serde(default, skip_serializing_if = "Policy::is_default")]
    pub policy: Policy,
    /// What it does.
    pub steps: Vec<Step>,
    /// What happens when a run fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
}

/// Where a rule listens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Keys or ids of projects; empty means the whole workspace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub projects: Vec<String>,
}

impl Scope {
    /// Whether the rule listens to every project.
    pub fn is_workspace(&self) -> bool {
        self.projects.is_empty()
    }
}

/// What happens when a run of the rule fails.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnFailure {
    /// Who is told: `owner`, `project.owner`, a user id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<String>,
    /// Failures in a row after which the rule is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_after: Option<u32>,
}

fn owner() -> String {
    "owner".to_owned()
}

fn is_owner(run_as: &String) -> bool {
    run_as == "owner"
}
