//! What of a workspace somebody may see: the filter of every list.
//!
//! What can be said by ids goes into the statement ([`Reach::projects`]); what a condition says is asked row by row
//! ([`Reach::sees`]), and a list that gets a [conditional](Reach::is_conditional) reach goes on until its page is full.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::actor::Actor;
use super::permissions::{BudgetView, Granted, Permission, Workspace};
use super::rights::{Effect, Place};
use crate::ids::{ProjectId, WorkspaceId};

/// What of a workspace somebody may do one thing to.
#[derive(Debug, Clone)]
pub struct Reach {
    actor: Actor,
    bit: u32,
    everywhere: bool,
    conditional: bool,
    /// Projects beside, or within, what else may be seen.
    projects: Vec<ProjectId>,
    not_projects: Vec<ProjectId>,
    objects: Vec<Uuid>,
    not_objects: Vec<Uuid>,
}

/// A filter by ids: what is allowed, and what is taken from that.
#[derive(Debug, Clone, Copy)]
pub struct ByIds<'r> {
    /// Whether everything is allowed that is not taken.
    pub everywhere: bool,
    /// The projects that are allowed, unless everything is.
    pub projects: &'r [ProjectId],
    /// The objects that are allowed, unless everything is.
    pub objects: &'r [Uuid],
    /// The projects that are taken.
    pub not_projects: &'r [ProjectId],
    /// The objects that are taken.
    pub not_objects: &'r [Uuid],
}

impl Reach {
    /// What assignments make of it that hold now. What hangs on a condition counts as seen here: [`sees`](Self::sees) asks.
    pub(super) fn of(actor: &Actor, bit: u32) -> Self {
        let mut reach = Self {
            actor: actor.clone(),
            bit,
            everywhere: actor.rights.had().has(bit),
            conditional: false,
            projects: Vec::new(),
            not_projects: Vec::new(),
            objects: Vec::new(),
            not_objects: Vec::new(),
        };
        let Some(entries) = actor.rights.entries() else { return reach };
        let holding = |entry: &&super::rights::Entry| entry.permissions.has(bit) && entry.holds_at(actor.at);
        let mut conditional = false;
        for entry in entries.workspace.iter().filter(holding) {
            conditional |= entry.condition.is_some();
            match entry.effect {
                Effect::Allow => reach.everywhere = true,
                // Nothing that somebody else gives is left.
                Effect::Deny if entry.condition.is_none() => {
                    return Self { everywhere: false, projects: Vec::new(), objects: Vec::new(), ..reach };
                }
                Effect::Deny => {}
            }
        }
        for (project, entries) in &entries.projects {
            for entry in entries.iter().filter(holding) {
                conditional |= entry.condition.is_some();
                match entry.effect {
                    Effect::Allow => reach.projects.push(*project),
                    Effect::Deny if entry.condition.is_none() => reach.not_projects.push(*project),
                    Effect::Deny => {}
                }
            }
        }
        for (object, (_, entries)) in &entries.objects {
            for entry in entries.iter().filter(holding) {
                conditional |= entry.condition.is_some();
                match entry.effect {
                    Effect::Allow => reach.objects.push(*object),
                    Effect::Deny if entry.condition.is_none() => reach.not_objects.push(*object),
                    Effect::Deny => {}
                }
            }
        }
        reach.conditional = conditional;
        reach
    }

    /// The workspace.
    pub fn workspace(&self) -> WorkspaceId {
        self.actor.workspace
    }

    /// Who sees.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Whether nothing can be seen.
    pub fn is_nothing(&self) -> bool {
        !self.everywhere && self.projects.is_empty() && self.objects.is_empty()
    }

    /// Whether everything can be seen: no filter is needed.
    pub fn is_everything(&self) -> bool {
        self.everywhere && !self.conditional && self.not_projects.is_empty() && self.not_objects.is_empty()
    }

    /// Whether rows must be asked for one by one, with [`sees`](Self::sees), besides the filter by ids.
    pub fn is_conditional(&self) -> bool {
        self.conditional
    }

    /// The filter by ids.
    pub fn by_ids(&self) -> ByIds<'_> {
        ByIds {
            everywhere: self.everywhere,
            projects: &self.projects,
            objects: &self.objects,
            not_projects: &self.not_projects,
            not_objects: &self.not_objects,
        }
    }

    /// Whether this place is within it. `facts` are what conditions see, as [`Scoped::facts`](super::Scoped::facts) gives them.
    pub fn sees(&self, place: &Place, facts: &dyn Fn() -> Map<String, Value>) -> bool {
        self.is_everything() || self.actor.decide(self.bit, place, facts).is_ok()
    }
}

/// A proof that can be asked about single rows: for all of a workspace, or for a part of it.
pub trait Sight {
    /// The workspace.
    fn workspace(&self) -> WorkspaceId;
    /// Whether this place may be seen.
    fn sees(&self, place: &Place, facts: &dyn Fn() -> Map<String, Value>) -> bool;
    /// What may be seen, when it is only a part.
    fn reach(&self) -> Option<&Reach>;
    /// Whether what is sensitive in this project may be seen, too.
    fn shows_money_of(&self, project: ProjectId) -> bool;
}

impl<P: Permission> Sight for Granted<P, Workspace> {
    fn workspace(&self) -> WorkspaceId {
        self.resource().0
    }
    fn sees(&self, _: &Place, _: &dyn Fn() -> Map<String, Value>) -> bool {
        true
    }
    fn reach(&self) -> Option<&Reach> {
        None
    }
    fn shows_money_of(&self, _: ProjectId) -> bool {
        self.shows_money()
    }
}

impl<P: Permission> Sight for Granted<P, Reach> {
    fn workspace(&self) -> WorkspaceId {
        self.resource().workspace()
    }
    fn sees(&self, place: &Place, facts: &dyn Fn() -> Map<String, Value>) -> bool {
        self.resource().sees(place, facts)
    }
    fn reach(&self) -> Option<&Reach> {
        Some(self.resource()).filter(|reach| !reach.is_everything())
    }
    fn shows_money_of(&self, project: ProjectId) -> bool {
        // A condition over the project's facts counts against whoever has not got them here.
        let actor = &self.resource().actor;
        actor.scope_allows(BudgetView::NAME)
            && actor.decide(BudgetView::BIT, &Place::Project(project), &Map::new).is_ok()
    }
}
