//! What somebody may do, resolved: the default role of their membership, and the assignments that add to it or take
//! from it. Made once for each change of a workspace's access and then shared ([`load`](super::load)); asking it costs a
//! few look-ups, however many assignments there are.
//!
//! An assignment holds on the workspace, on a project or on one object, and what holds on a place holds on what is in
//! it. One that denies wins over all that allow. A condition that cannot be judged (it fails, or it asks for a task where
//! the question is about a whole project) counts against the actor: it allows nothing and denies what it denies.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use trackside_rules::{Expr, Facts, Problem, Sandbox, Vars};
use uuid::Uuid;

use super::permissions::{AccessManage, AccessView, Permission, Permissions, Role};
use crate::ids::{AssignmentId, ProjectId};

/// Where a question is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Place {
    /// About the workspace as a whole: granted to whoever is kept from none of it.
    Workspace,
    /// About something that stands in the workspace and that assignments do not reach.
    #[default]
    Beside,
    /// About all of a project.
    Project(ProjectId),
    /// About a task of a project.
    Task(ProjectId, Uuid),
    /// About one object of the workspace.
    Object(Uuid),
}

impl Place {
    /// Whether a condition that is judged here may ask for this variable.
    fn knows(&self, name: &str) -> bool {
        match name {
            "task" => matches!(self, Self::Task(..)),
            "project" => matches!(self, Self::Task(..) | Self::Project(_)),
            _ => true,
        }
    }
}

/// Whether an assignment gives or takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It gives.
    Allow,
    /// It takes, whoever gives.
    Deny,
}

/// One assignment, as it is judged.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its id.
    pub id: AssignmentId,
    /// What it is about.
    pub permissions: Permissions,
    /// Whether it gives or takes.
    pub effect: Effect,
    /// From when on it holds.
    pub from: Option<DateTime<Utc>>,
    /// When it holds no longer.
    pub until: Option<DateTime<Utc>>,
    /// What must hold besides.
    pub condition: Option<Expr>,
}

/// Every assignment of one person, by where it holds.
#[derive(Debug, Default)]
pub struct Entries {
    allowance: Allowance,
    pub(super) workspace: Vec<Entry>,
    pub(super) projects: HashMap<ProjectId, Vec<Entry>>,
    /// By object, with the project of a task.
    pub(super) objects: HashMap<Uuid, (Option<ProjectId>, Vec<Entry>)>,
}

/// How long the conditions of one person's assignments may be judged: requests of others wait for their thread meanwhile.
/// Honest ones take some microseconds each. Where it is used up conditions cannot be judged, so that what they give is not
/// given and what they take is taken, until it has filled up again.
#[derive(Debug)]
struct Allowance(Mutex<(Instant, Duration)>);

impl Allowance {
    /// What there is at most.
    const MOST: Duration = Duration::from_millis(250);
    /// Below this nothing is begun.
    const LEAST: Duration = Duration::from_millis(1);
    /// So much of the time that goes by is added.
    const SHARE: u32 = 10;

    /// Judges something if anything is left.
    fn spend<T>(&self, judge: impl FnOnce() -> Option<T>) -> Option<T> {
        let left = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let began = Instant::now();
        {
            let mut left = left();
            let more = began.saturating_duration_since(left.0) / Self::SHARE;
            *left = (began, left.1.saturating_add(more).min(Self::MOST));
            if left.1 < Self::LEAST {
                return None;
            }
        }
        let judged = judge();
        let mut left = left();
        *left = (Instant::now(), left.1.saturating_sub(began.elapsed()));
        judged
    }
}

impl Default for Allowance {
    fn default() -> Self {
        Self(Mutex::new((Instant::now(), Self::MOST)))
    }
}

/// Why the answer is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The role of the membership.
    Role(Role),
    /// An assignment.
    Assignment(AssignmentId),
    /// Nothing gives it.
    Nothing,
}

/// What came of an assignment that is about a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It counts.
    Counts,
    /// It begins later.
    NotYet,
    /// It is over.
    Ended,
    /// Its condition does not hold.
    ConditionFalse,
    /// Its condition cannot be judged here.
    ConditionUnknown,
}

/// An assignment that is about a question, whether it denies, and what came of it.
pub(crate) type Weighed = (AssignmentId, bool, Outcome);

/// What somebody may do. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Rights {
    role: Role,
    had: Permissions,
    entries: Option<Arc<Entries>>,
}

/// What is asked: a permission, a place, a moment, and what conditions may see.
pub(super) struct Question<'q> {
    pub bit: u32,
    pub place: &'q Place,
    pub at: DateTime<Utc>,
    pub facts: &'q dyn Fn() -> Map<String, Value>,
}

impl Rights {
    /// Those of a default role alone.
    pub fn of_role(role: Role) -> Self {
        Self { role, had: Permissions::of_role(role), entries: None }
    }

    /// Those of a default role with assignments.
    pub(super) fn with(self, entries: Arc<Entries>) -> Self {
        Self { entries: Some(entries), ..self }
    }

    /// What the role gives.
    pub(super) fn had(&self) -> Permissions {
        self.had
    }

    pub(super) fn entries(&self) -> Option<&Entries> {
        self.entries.as_deref()
    }

    /// Whether these are the very same.
    pub fn is_same(&self, other: &Self) -> bool {
        let same = |one: &Arc<Entries>, other: &Arc<Entries>| Arc::ptr_eq(one, other);
        let entries = match (&self.entries, &other.entries) {
            (Some(one), Some(other)) => same(one, other),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        entries && self.had == other.had
    }

    /// Whether nothing but the role counts.
    pub fn is_plain(&self) -> bool {
        self.entries.is_none()
    }

    /// All that anything gives anywhere: what a rule of theirs could do at the most.
    pub fn most(&self) -> Permissions {
        let given = |entry: &&Entry| entry.effect == Effect::Allow;
        self.entries
            .iter()
            .flat_map(|entries| entries.all())
            .filter(given)
            .fold(self.had, |sum, entry| sum.and(entry.permissions))
    }

    /// What they certainly have on the whole workspace.
    pub fn least(&self) -> Permissions {
        let taken = |entry: &&Entry| entry.effect == Effect::Deny;
        self.entries
            .iter()
            .flat_map(|entries| entries.all())
            .filter(taken)
            .fold(self.had, |left, entry| left.beyond(entry.permissions))
    }

    /// When the answers change next by themselves, because an assignment begins or ends.
    pub fn changes_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let moments = |entry: &Entry| [entry.from, entry.until];
        self.entries.iter().flat_map(|entries| entries.all()).flat_map(moments).flatten().filter(|at| *at > now).min()
    }

    /// Every assignment that is about the question (whether it denies), and what came of it.
    pub(super) fn weigh(&self, question: &Question<'_>) -> Vec<Weighed> {
        let Some(entries) = &self.entries else { return Vec::new() };
        let mut facts = None;
        let mut outcome = |entry: &Entry| match entry.is_met(question, &entries.allowance, &mut facts) {
            _ if entry.from.is_some_and(|from| from > question.at) => Outcome::NotYet,
            _ if entry.until.is_some_and(|until| until <= question.at) => Outcome::Ended,
            Some(true) => Outcome::Counts,
            Some(false) => Outcome::ConditionFalse,
            None => Outcome::ConditionUnknown,
        };
        let place = self.reached(question);
        let within = entries.within(place).filter(|entry| entry.effect == Effect::Deny);
        let about = entries.over(place).chain(within).filter(|entry| entry.permissions.has(question.bit));
        about.map(|entry| (entry.id, entry.effect == Effect::Deny, outcome(entry))).collect()
    }

    /// Where assignments are looked for. What is taken from an administrator on a part of the workspace never takes from
    /// them what they need to give it back: nobody else might be there to do it.
    fn reached<'q>(&self, question: &Question<'q>) -> &'q Place {
        let governs = [AccessManage::BIT, AccessView::BIT].contains(&question.bit);
        if governs && self.role == Role::Admin { &Place::Beside } else { question.place }
    }

    /// The answer, and why. A denial comes as `Err`.
    pub(super) fn decide(&self, question: &Question<'_>) -> Result<Reason, Reason> {
        let role = self.had.has(question.bit).then_some(Reason::Role(self.role));
        let Some(entries) = &self.entries else { return role.ok_or(Reason::Nothing) };
        let mut given = role;
        let mut facts = None;
        let place = self.reached(question);
        for entry in entries.over(place) {
            let asked = entry.permissions.has(question.bit) && entry.holds_at(question.at);
            if !asked || entry.effect == Effect::Allow && given.is_some() {
                continue;
            }
            let met = entry.is_met(question, &entries.allowance, &mut facts);
            match entry.effect {
                Effect::Deny if met.unwrap_or(true) => return Err(Reason::Assignment(entry.id)),
                Effect::Allow if met.unwrap_or(false) => given = Some(Reason::Assignment(entry.id)),
                Effect::Deny | Effect::Allow => {}
            }
        }
        match entries.within(place).find(|entry| entry.permissions.has(question.bit) && entry.takes_at(question.at)) {
            Some(taken) => Err(Reason::Assignment(taken.id)),
            None => given.ok_or(Reason::Nothing),
        }
    }
}

impl Entries {
    /// Every one of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Entry> {
        let objects = self.objects.values().flat_map(|(_, entries)| entries);
        self.workspace.iter().chain(self.projects.values().flatten()).chain(objects)
    }

    /// Those that hold on all of a place: its own, and those of the places it is in.
    pub(super) fn over(&self, place: &Place) -> impl Iterator<Item = &Entry> {
        let (project, object) = match place {
            Place::Workspace | Place::Beside => (None, None),
            Place::Project(project) => (Some(project), None),
            Place::Task(project, task) => (Some(project), Some(task)),
            Place::Object(object) => (None, Some(object)),
        };
        let project = project.and_then(|project| self.projects.get(project));
        let object = object.and_then(|object| self.objects.get(object)).map(|(_, entries)| entries);
        self.workspace.iter().chain(project.into_iter().flatten()).chain(object.into_iter().flatten())
    }

    /// Those that hold on parts of a place. What takes away a part takes away the whole.
    fn within(&self, place: &Place) -> Box<dyn Iterator<Item = &Entry> + '_> {
        let objects = |of: Option<ProjectId>| {
            let inside = move |(project, _): &&(Option<ProjectId>, Vec<Entry>)| of.is_none() || *project == of;
            self.objects.values().filter(inside).flat_map(|(_, entries)| entries)
        };
        match place {
            Place::Workspace => Box::new(self.projects.values().flatten().chain(objects(None))),
            Place::Project(project) => Box::new(objects(Some(*project))),
            Place::Beside | Place::Task(..) | Place::Object(_) => Box::new(std::iter::empty()),
        }
    }
}

impl Entry {
    pub(super) fn holds_at(&self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    fn takes_at(&self, at: DateTime<Utc>) -> bool {
        self.effect == Effect::Deny && self.holds_at(at)
    }

    /// Whether its condition holds; `None` when that cannot be said. `known` keeps the facts for the next one.
    fn is_met(
        &self,
        question: &Question<'_>,
        allowance: &Allowance,
        known: &mut Option<Option<Facts>>,
    ) -> Option<bool> {
        let Some(condition) = &self.condition else { return Some(true) };
        if condition.variables().any(|name| !question.place.knows(name) && !condition.has_parameter(name)) {
            return None;
        }
        let facts = known.get_or_insert_with(|| Facts::from_json(Value::Object((question.facts)())).ok());
        let facts = facts.clone()?;
        allowance.spend(|| condition.eval_bool(&Vars::new(facts, question.at)).ok())
    }
}

/// Compiles the condition of an assignment.
///
/// # Errors
/// What is wrong with it, at its line and column.
pub fn condition(source: &str) -> Result<Expr, Problem> {
    static SANDBOX: LazyLock<Sandbox> = LazyLock::new(Sandbox::strict);
    Expr::compile(&SANDBOX, source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_that_take_long_are_not_judged_for_ever() {
        let allowance = Allowance::default();
        let slow = || {
            std::thread::sleep(Allowance::MOST);
            Some(true)
        };
        assert_eq!((allowance.spend(slow), allowance.spend(|| Some(true))), (Some(true), None));
        // It fills up again.
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(allowance.spend(|| Some(true)), Some(true));
    }
}
