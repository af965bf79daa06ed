//! Workflows and types, as they are stored, shown and asked for.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::patch::Patch;
use crate::projects::Project;
use crate::tasks::{Category, TaskStatus, TaskType};
use crate::{Error, Result};

/// The most statuses of a workflow.
pub const MAX_STATUSES: usize = 30;
/// The most types of a project's own.
pub const MAX_TYPES: usize = 50;
/// The longest name of a status or a type, in characters.
pub const MAX_NAME: usize = 100;

/// A status that tasks of a project can have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// What tasks hold and filters name.
    pub key: TaskStatus,
    /// What people read, 1 to 100 characters.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// What it means.
    pub category: Category,
}

/// A way that a task may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// From this status
    pub from: TaskStatus,
    /// to this one.
    pub to: TaskStatus,
}

/// The ways that tasks may go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Transitions {
    /// From any status to any other.
    Any(AnyWay),
    /// Only these.
    Only(Vec<Transition>),
}

/// The word for every way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AnyWay {
    /// From any status to any other.
    #[serde(rename = "any")]
    Any,
}

/// The statuses of a project's tasks and the ways between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Workflow {
    /// The statuses, in the order of the flow of work.
    pub statuses: Vec<Status>,
    /// The ways between them.
    pub transitions: Transitions,
    /// What a new task has that does not say.
    pub initial: TaskStatus,
}

/// A workflow that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWorkflow {
    /// 1 to 30, in the order of the flow of work; at least one of category `done`.
    pub statuses: Vec<Status>,
    /// The ways between them: `"any"`, or a list of `{"from": …, "to": …}`.
    pub transitions: Transitions,
    /// What a new task has that does not say.
    pub initial: TaskStatus,
    /// Where tasks go that stand in a status that goes away: by its key, one that stays.
    #[serde(default)]
    pub replace: BTreeMap<TaskStatus, TaskStatus>,
}

impl Workflow {
    /// What projects have that have none of their own.
    pub fn usual() -> Self {
        let statuses = TaskStatus::USUAL.iter().map(|key| {
            let mut name = key.as_str().replace('_', " ");
            name[..1].make_ascii_uppercase();
            Status { key: *key, name, category: usual_category(*key) }
        });
        Self { statuses: statuses.collect(), transitions: Transitions::Any(AnyWay::Any), initial: TaskStatus::Todo }
    }

    fn place(&self, status: TaskStatus) -> Option<Place> {
        let at = self.statuses.iter().position(|known| known.key == status)?;
        Some(Place::of(self.statuses[at].category, at))
    }

    /// The statuses that a task may go to from this one. From one that the workflow does not know it may go anywhere.
    fn ways(&self, from: TaskStatus) -> Vec<TaskStatus> {
        let known = self.statuses.iter().map(|status| status.key);
        match &self.transitions {
            Transitions::Only(ways) if self.place(from).is_some() => {
                ways.iter().filter(|way| way.from == from).map(|way| way.to).collect()
            }
            _ => known.filter(|to| *to != from).collect(),
        }
    }

    /// The statuses with their places.
    pub(super) fn places(&self) -> impl Iterator<Item = (TaskStatus, Place)> {
        self.statuses.iter().enumerate().map(|(at, status)| (status.key, Place::of(status.category, at)))
    }
}

/// What a status means for a task's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// What it means.
    pub category: Category,
    /// Its place among all statuses of all workflows: first by category, then as its workflow lists it.
    pub rank: i64,
}

impl Place {
    fn of(category: Category, at: usize) -> Self {
        Self { category, rank: category.rank() * 1000 + i64::try_from(at).unwrap_or_default() }
    }
}

/// What one of the usual statuses means.
pub(crate) fn usual_category(status: TaskStatus) -> Category {
    match status {
        TaskStatus::Todo => Category::Todo,
        TaskStatus::Completed => Category::Done,
        TaskStatus::Cancelled => Category::Cancelled,
        _ => Category::InProgress,
    }
}

/// What a project's tasks can be and become. Nothing is read or made of a project that has nothing of its own.
pub(crate) struct Flow<'p> {
    project: &'p Project,
    own: Option<Workflow>,
}

impl<'p> Flow<'p> {
    /// Of this project.
    pub fn of(project: &'p Project) -> Result<Self> {
        Ok(Self { project, own: project.workflow.as_ref().map(|own| own.read()).transpose()? })
    }

    /// The statuses of the project's own workflow; none when it has the usual one.
    pub fn own_statuses(&self) -> &[Status] {
        self.own.as_ref().map_or(&[], |own| &own.statuses)
    }

    /// What a new task has that does not say.
    pub fn initial(&self) -> TaskStatus {
        self.own.as_ref().map_or(TaskStatus::Todo, |own| own.initial)
    }

    /// What a status means here; refused if the project does not know it.
    pub fn place(&self, status: TaskStatus) -> Result<Place> {
        let place = match &self.own {
            Some(own) => own.place(status),
            None => TaskStatus::USUAL
                .iter()
                .position(|known| *known == status)
                .map(|at| Place::of(usual_category(status), at)),
        };
        place.ok_or_else(|| {
            let known: Vec<String> = match &self.own {
                Some(own) => own.statuses.iter().map(|known| known.key.to_string()).collect(),
                None => TaskStatus::USUAL.iter().map(TaskStatus::to_string).collect(),
            };
            Error::field(
                "/status",
                format!("`{status}` is no status of {}, which has {}", self.project.key, known.join(", ")),
            )
        })
    }

    /// What a status means to which a task goes from another one; refused as `transition_not_allowed` where the workflow
    /// has no such way.
    pub fn way(&self, from: TaskStatus, to: TaskStatus) -> Result<Place> {
        let place = self.place(to)?;
        let Some(own) = &self.own else { return Ok(place) };
        let ways = own.ways(from);
        if ways.contains(&to) {
            return Ok(place);
        }
        let ways: Vec<String> = ways.iter().map(TaskStatus::to_string).collect();
        let allowed = if ways.is_empty() { "nowhere".to_owned() } else { format!("to {}", ways.join(", ")) };
        let message = format!("a task of {} goes from `{from}` {allowed}, not to `{to}`", self.project.key);
        Err(Error::conflict("transition_not_allowed", message.clone()).and_field("/status", message))
    }

    /// Refuses a type that the project does not know.
    pub fn check_type(&self, kind: TaskType) -> Result<()> {
        if kind.is_usual() {
            return Ok(());
        }
        let own = own_types(self.project)?;
        if own.iter().any(|known| known.key == kind) {
            return Ok(());
        }
        let known = TaskType::USUAL.iter().chain(own.iter().map(|known| &known.key)).map(TaskType::to_string);
        let known = known.collect::<Vec<_>>().join(", ");
        Err(Error::field("/type", format!("`{kind}` is no type of {}, which has {known}", self.project.key)))
    }
}

/// The types of a project's own.
pub(super) fn own_types(project: &Project) -> Result<Vec<CustomType>> {
    project.types.as_ref().map_or_else(|| Ok(Vec::new()), |own| own.read())
}

/// A type of a project's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomType {
    /// What tasks hold and filters name.
    pub key: TaskType,
    /// What people read.
    pub name: String,
}

/// A type that tasks of a project can have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TypeInfo {
    /// What tasks hold and filters name.
    pub key: TaskType,
    /// What people read.
    pub name: String,
    /// Whether every project has it.
    pub builtin: bool,
}

/// A type that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewType {
    /// What tasks hold and filters name. It never changes.
    pub key: TaskType,
    /// What people read, 1 to 100 characters.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
}

/// A change of a type of a project's own.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TypePatch {
    /// 1 to 100 characters.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub name: Patch<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_statuses_have_the_places_that_the_migration_gave_them() {
        let places: Vec<_> = Workflow::usual().places().map(|(key, place)| (key.to_string(), place.rank)).collect();
        let expected = [
            ("todo", 0),
            ("in_progress", 1001),
            ("in_review", 1002),
            ("blocked", 1003),
            ("completed", 2004),
            ("cancelled", 3005),
        ];
        assert_eq!(places, expected.map(|(key, rank)| (key.to_owned(), rank)));
        assert_eq!(Workflow::usual().statuses[1].name, "In progress");
    }
}
