//! Both kinds of actions by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use trackside_rules::graph::Effects;

use super::effect::Undo;
use super::external::ErasedExternal;
use super::follows;
use super::internal::{ErasedInternal, INTERNAL};
use crate::access::{ConnectionUse, Permission as _};

/// An action of either kind.
#[derive(Clone)]
pub enum Entry {
    /// On what is ours.
    Internal(&'static dyn ErasedInternal),
    /// On the outside world.
    External(Arc<dyn ErasedExternal>),
}

/// Every action that rules may use, by name.
#[derive(Clone)]
pub struct Actions(Arc<BTreeMap<&'static str, Entry>>);

/// An action, as `GET /actions` answers.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ActionInfo {
    /// `task.create`.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Whether it calls the outside world (at least once, with a stable key) or changes what is ours (exactly once).
    pub external: bool,
    /// The event kinds that it can cause.
    pub causes: &'static [&'static str],
    /// The permission that it asks for: the rule's owner must have it, and a token's scopes must cover it to put a rule
    /// with this action to work.
    pub needs: &'static str,
    /// What it goes by, besides its input.
    pub reads: &'static [&'static str],
    /// What it changes: `task.labels`; `task.*` for a task as a whole.
    pub writes: &'static [&'static str],
    /// How what it did is taken back. What that takes is in the `events` of a run's step.
    pub undo: Undo,
    /// The JSON schema of a step's `with`.
    pub input: Value,
    /// The JSON schema of `steps.<id>.output`.
    pub output: Value,
}

impl Actions {
    /// The internal actions and these external ones.
    pub fn new(external: Vec<Arc<dyn ErasedExternal>>) -> Self {
        let internal = INTERNAL.iter().map(|action| (action.name(), Entry::Internal(*action)));
        let external = external.into_iter().map(|action| (action.name(), Entry::External(action)));
        Self(Arc::new(internal.chain(external).collect()))
    }

    /// The action of this name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.0.get(name)
    }

    /// The permission that an action asks for; every call of the outside world asks for the same.
    pub fn needs(&self, name: &str) -> Option<&'static str> {
        Some(match self.get(name)? {
            Entry::Internal(action) => action.needs(),
            Entry::External(_) => ConnectionUse::NAME,
        })
    }

    /// What each sets off: for finding loops.
    pub fn effects(&self) -> Effects {
        let mut effects = Effects::default();
        for (name, entry) in self.0.iter() {
            let Entry::Internal(action) = entry else {
                effects.outward.insert((*name).to_owned());
                continue;
            };
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            effects.causes.insert((*name).to_owned(), owned(action.causes()));
            effects.changes.insert((*name).to_owned(), owned(action.effect().writes));
            effects.writes.insert((*name).to_owned(), action.writes().to_vec());
        }
        follows::add(&mut effects);
        effects
    }

    /// Every action, sorted by name.
    pub fn list(&self) -> Vec<ActionInfo> {
        self.0
            .values()
            .map(|entry| match entry {
                Entry::Internal(action) => ActionInfo {
                    name: action.name(),
                    summary: action.summary(),
                    external: false,
                    causes: action.causes(),
                    needs: action.needs(),
                    reads: action.effect().reads,
                    writes: action.effect().writes,
                    undo: action.effect().undo,
                    input: action.input_schema(),
                    output: action.output_schema(),
                },
                Entry::External(action) => ActionInfo {
                    name: action.name(),
                    summary: action.summary(),
                    external: true,
                    causes: &[],
                    needs: ConnectionUse::NAME,
                    reads: action.effect().reads,
                    writes: action.effect().writes,
                    undo: action.effect().undo,
                    input: action.input_schema(),
                    output: action.output_schema(),
                },
            })
            .collect()
    }
}
