//! The rules that are listened to, compiled and indexed; and compiled versions that runs are pinned to.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use trackside_rules::graph::Effects;
use trackside_rules::matcher::Index;
use trackside_rules::{Catalogue, Compiled, Facts, Sandbox, Vars};

use super::meter::{Meter, Meters};
use super::model::RuleState;
use super::{service, store};
use crate::access::{self, Actor, Who};
use crate::actions::Actions;
use crate::db::{self, Rx};
use crate::ids::{RuleId, UserId, WorkspaceId};
use crate::lanes::Lanes;
use crate::runs::Mode;
use crate::variables::{self, Variables};
use crate::{Error, Result, events};

/// A rule that is listened to.
pub struct Entry {
    /// The rule.
    pub rule: RuleId,
    /// The version that new runs are pinned to.
    pub version: i64,
    /// In whose name it acts.
    pub owner: UserId,
    /// Who that is, with the rights they had when the book was read; nobody once they have left. What they may not see, the
    /// rule does not see, either.
    pub acting: Option<Actor>,
    /// Live, or shadow.
    pub mode: Mode,
    /// Ready to be judged and carried out.
    pub compiled: Arc<Compiled>,
    /// What it is judged with as `vars`, if it asks for that.
    pub variables: Arc<Variables>,
    /// It took long to judge once: nobody is to wait for it.
    pub slow: AtomicBool,
    /// What it costs.
    pub meter: Arc<Meter>,
}

impl Entry {
    /// What its condition and the keys of its policy see of an event.
    pub fn vars(&self, facts: &Facts, at: DateTime<Utc>) -> Vars {
        let vars = Vars::new(facts.clone(), at);
        if !self.compiled.asks("vars") {
            return vars;
        }
        vars.with("vars", self.variables.of(&self.compiled.rule, facts))
    }
}

/// The rules that are listened to, at one revision.
#[derive(Default)]
pub struct Book {
    revision: i64,
    workspaces: HashMap<WorkspaceId, Index<Entry>>,
    manual: HashMap<WorkspaceId, Vec<Entry>>,
}

impl Book {
    /// Goes up with every change of any rule; see [`Library::revision`].
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// The rules of a workspace that listen to this kind of event.
    pub fn listeners<'b>(&'b self, workspace: WorkspaceId, kind: &'b str) -> impl Iterator<Item = &'b Entry> {
        let index = self.workspaces.get(&workspace);
        index.into_iter().flat_map(move |index| index.candidates(kind, None)).map(|entry| &**entry)
    }

    /// Every rule of a workspace that is switched on: those that listen to events, and those that are started by hand or
    /// called.
    pub fn all_on(&self, workspace: WorkspaceId) -> impl Iterator<Item = &Entry> {
        self.all(workspace).chain(self.manual.get(&workspace).into_iter().flatten())
    }

    /// Every rule of a workspace that listens to events.
    pub fn all(&self, workspace: WorkspaceId) -> impl Iterator<Item = &Entry> {
        self.workspaces.get(&workspace).into_iter().flat_map(Index::all).map(|entry| &**entry)
    }
}

/// How many compiled versions are kept for runs under way.
const KEPT_VERSIONS: usize = 4_096;

/// The rules of this process: shared by the API (checks), the dispatcher (what listens) and the runner (versions).
pub struct Library {
    sandbox: Sandbox,
    catalogue: Catalogue,
    effects: Effects,
    book: RwLock<Arc<Book>>,
    versions: Mutex<HashMap<(RuleId, i64), Arc<Compiled>>>,
    meters: Meters,
    lanes: Arc<Lanes>,
}

impl Library {
    /// A library that checks rules against our events and these actions. It knows no rule until it is refreshed.
    pub fn new(actions: &Actions) -> Self {
        let mut catalogue = Catalogue::default();
        catalogue.events.extend(events::catalogue().into_iter().map(|entry| (entry.kind.to_owned(), entry.schema)));
        for action in actions.list() {
            catalogue.actions.insert(action.name.to_owned(), action.input);
            catalogue.outputs.insert(action.name.to_owned(), action.output);
            if action.external {
                catalogue.outward.insert(action.name.to_owned());
            }
        }
        let effects = actions.effects();
        Self {
            sandbox: Sandbox::new(),
            catalogue,
            effects,
            book: RwLock::default(),
            versions: Mutex::default(),
            meters: Meters::default(),
            lanes: Arc::default(),
        }
    }

    /// Where what takes long is computed.
    pub fn lanes(&self) -> &Arc<Lanes> {
        &self.lanes
    }

    /// Where expressions run.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// What rules are checked against.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// What actions set off.
    pub fn effects(&self) -> &Effects {
        &self.effects
    }

    /// Reads the book again if its revision has moved. One small statement when it has not.
    ///
    /// # Errors
    /// Within a workspace: the book is that of all.
    pub async fn refresh(&self, rx: &mut Rx) -> Result<()> {
        db::must_see_all()?;
        let revision = store::revision(rx).await?;
        if self.book().revision == revision {
            return Ok(());
        }
        let mut book = Book { revision, ..Book::default() };
        let mut owners: HashMap<_, Option<Actor>> = HashMap::new();
        // Read when the first rule asks for them.
        let mut all: Option<HashMap<WorkspaceId, Arc<Variables>>> = None;
        for info in store::listening(rx).await? {
            let info = match info {
                Ok(info) => info,
                Err(error) => {
                    tracing::error!(%error, "a stored rule is left out");
                    continue;
                }
            };
            let key = (info.id, info.version);
            let compiled = match self.compiled(key, || info.rule.clone()) {
                Ok(compiled) => compiled,
                Err(error) => {
                    tracing::error!(rule = %info.id, %error, "a stored rule is left out");
                    continue;
                }
            };
            let mode = if info.state == RuleState::Shadow { Mode::Shadow } else { Mode::Live };
            let slow = AtomicBool::new(false);
            let (rule, version, owner) = (info.id, info.version, info.owner_id);
            let acting = match owners.entry((info.workspace_id, owner)) {
                Slot::Occupied(known) => known.get().clone(),
                Slot::Vacant(slot) => {
                    let who = Who::User { id: owner };
                    // The moment is that of each event.
                    let at = DateTime::UNIX_EPOCH;
                    slot.insert(access::service::acting(rx, who, info.workspace_id, owner, at).await?).clone()
                }
            };
            let known = match (compiled.asks("vars"), &mut all) {
                (false, _) => Arc::default(),
                (true, Some(all)) => all.get(&info.workspace_id).cloned().unwrap_or_default(),
                (true, none) => {
                    let read = none.insert(variables::of_all(rx).await?);
                    read.get(&info.workspace_id).cloned().unwrap_or_default()
                }
            };
            let variables = if compiled.asks("vars") { known.seen_by(rx, acting.as_ref()).await? } else { known };
            let meter = self.meters.of(rule);
            let entry = Entry { rule, version, owner, acting, mode, compiled, variables, slow, meter };
            if info.rule.trigger.is_event() {
                // Scopes name projects by key or id, which only the event can tell; dispatch looks at them.
                book.workspaces.entry(info.workspace_id).or_default().insert(
                    info.rule.trigger.kind(),
                    &[],
                    Arc::new(entry),
                );
            } else {
                book.manual.entry(info.workspace_id).or_default().push(entry);
            }
        }
        *self.book.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(book);
        Ok(())
    }

    /// What counts what a rule costs.
    pub(crate) fn meter(&self, rule: RuleId) -> Arc<Meter> {
        self.meters.of(rule)
    }

    pub(super) fn meters(&self) -> &Meters {
        &self.meters
    }

    /// The book as this process knows it.
    pub fn book(&self) -> Arc<Book> {
        self.book.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The revision that the book has now, for everyone.
    pub async fn revision(rx: &mut Rx) -> Result<i64> {
        store::revision(rx).await
    }

    /// The compiled version that a run is pinned to.
    pub async fn version(&self, rx: &mut Rx, rule: RuleId, version: i64) -> Result<Arc<Compiled>> {
        if let Some(compiled) = self.versions().get(&(rule, version)) {
            return Ok(compiled.clone());
        }
        let body = store::body(rx, rule, version).await?.ok_or_else(|| Error::not_found("rule version", rule))?;
        self.compiled((rule, version), || body)
    }

    fn versions(&self) -> std::sync::MutexGuard<'_, HashMap<(RuleId, i64), Arc<Compiled>>> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn compiled(&self, key: (RuleId, i64), rule: impl FnOnce() -> trackside_rules::Rule) -> Result<Arc<Compiled>> {
        if let Some(compiled) = self.versions().get(&key) {
            return Ok(compiled.clone());
        }
        let compiled = service::compile(&self.sandbox, Arc::new(rule())).map_err(|problems| {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            Error::invalid("rule_invalid", format!("version {} of {} no longer compiles: {first}", key.1, key.0))
        })?;
        let compiled = Arc::new(compiled);
        let mut versions = self.versions();
        if versions.len() >= KEPT_VERSIONS {
            // Rare and cheap to make up for: what is still needed is compiled again when it is asked for.
            versions.clear();
        }
        versions.insert(key, compiled.clone());
        Ok(compiled)
    }
}
