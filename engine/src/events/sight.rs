//! Who may see an event: whoever may `event.view` where it happened, and see what it is about: a task, or what else there is in
//! a project. Of a failed run, in which what went wrong is said in words, those who may read the steps of its rule.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::kinds::{KINDS, Kind};
use super::model::{Event, EventType as _};
use crate::access::{ALL, Actor, EventView, Permission, Permissions, Place, ProjectView, TaskView, bit};
use crate::ids::{Id as _, ProjectId, TaskId};
use crate::projects::TaskFacts;
use crate::runs::events::RunFailed;
use crate::runs::sight::{may_read_steps, reads_everything};

/// What decides over an event.
pub struct Sighted<'e> {
    /// Its kind.
    pub kind: &'e str,
    /// Where it happened.
    pub project: Option<ProjectId>,
    /// The task it is about, or tells of, if there is one.
    pub task: Option<TaskId>,
    /// Its payload, for conditions.
    pub payload: &'e dyn Fn() -> Map<String, Value>,
}

/// The kinds that want more than `event.view`, with what they want.
static WANTING: LazyLock<HashMap<&'static str, u32>> = LazyLock::new(|| {
    let more = KINDS.iter().filter(|kind| kind.needs != EventView::NAME);
    more.filter_map(|kind| Some((kind.name, bit(kind.needs)?))).collect()
});

/// The kinds that carry a task whole, whatever they are about.
static TELLING: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let tells = |kind: &&Kind| (kind.schema)()["properties"].get("task").is_some();
    KINDS.iter().filter(tells).map(|kind| kind.name).collect()
});

/// What these kinds tell of belongs to a task: whoever sees the task sees it, be its project hidden or not.
const OF_TASKS: &[&str] = &["approval", "sla", "task", "time"];

/// How much of the log somebody sees, as far as that can be said without a look at single events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    Everything,
    /// All but some kinds; of failed runs those of their own rules alone.
    AllBut(Vec<&'static str>),
    /// Nothing.
    Nothing,
    /// Each has to be asked about.
    Asked,
}

/// How much of the log this actor sees.
pub(crate) fn extent(actor: &Actor) -> Extent {
    if !actor.scope_allows(EventView::NAME) {
        return Extent::Nothing;
    }
    if !actor.rights.is_plain() || !actor.scope_allows(TaskView::NAME) || !actor.scope_allows(ProjectView::NAME) {
        return Extent::Asked;
    }
    let had = Permissions::of_role(actor.role);
    if !had.has(EventView::BIT) {
        return Extent::Nothing;
    }
    let lacks = |bit: u32| !had.has(bit) || ALL.get(bit as usize).is_some_and(|(name, _)| !actor.scope_allows(name));
    let mut kinds: Vec<_> = WANTING.iter().filter(|(_, bit)| lacks(**bit)).map(|(kind, _)| *kind).collect();
    kinds.sort_unstable();
    if kinds.is_empty() && reads_everything(actor) { Extent::Everything } else { Extent::AllBut(kinds) }
}

/// Whether a failed run may be told of: what went wrong stands in the event.
fn may_read_failure(actor: &Actor, payload: &Map<String, Value>) -> bool {
    let owner = || payload.get("run")?.get("owner")?.as_str()?.parse().ok();
    reads_everything(actor) || owner().is_some_and(|owner| may_read_steps(actor, owner))
}

/// Whether a kind wants more than `event.view`.
pub(super) fn wants_more(kind: &str) -> bool {
    WANTING.contains_key(kind)
}

/// Whether this actor may see it.
pub fn sees(actor: &Actor, event: &Sighted<'_>) -> bool {
    let wanted = WANTING.get(event.kind).copied();
    // A token that may not see tasks, or money, does not see what the log says of them.
    let scoped = |bit: u32| ALL.get(bit as usize).is_none_or(|(name, _)| actor.scope_allows(name));
    let logs = actor.scope_allows(EventView::NAME);
    if !logs || !wanted.is_none_or(scoped) || event.task.is_some() && !actor.scope_allows(TaskView::NAME) {
        return false;
    }
    let of_task = event.task.is_some() && event.kind.split('.').next().is_some_and(|of| OF_TASKS.contains(&of));
    let of_project = event.project.filter(|_| !of_task);
    if of_project.is_some() && !actor.scope_allows(ProjectView::NAME) {
        return false;
    }
    if event.kind == RunFailed::KIND && !may_read_failure(actor, &(event.payload)()) {
        return false;
    }
    if actor.rights.is_plain() {
        let had = Permissions::of_role(actor.role);
        return had.has(EventView::BIT) && wanted.is_none_or(|bit| had.has(bit));
    }
    let facts = || {
        let mut facts = (event.payload)();
        facts.retain(|name, _| name == "task" || name == "project");
        // What conditions see of a task elsewhere, and no more.
        if let Some(Value::Object(task)) = facts.get_mut("task") {
            task.retain(|name, _| TaskFacts::NAMES.contains(&name.as_str()));
        }
        facts
    };
    let place = match (event.project, event.task) {
        (Some(project), Some(task)) => Place::Task(project, task.uuid()),
        (Some(project), None) => Place::Project(project),
        // What is left of a workspace to somebody who is kept from a project of it still happens.
        (None, _) => Place::Beside,
    };
    let may = |bit| actor.decide(bit, &place, &facts).is_ok();
    let shows = |project| actor.decide(ProjectView::BIT, &Place::Project(project), &facts).is_ok();
    may(EventView::BIT)
        && wanted.is_none_or(may)
        && (event.task.is_none() || may(TaskView::BIT))
        && of_project.is_none_or(shows)
}

/// Whether this actor may see what the log has: its kind, where it happened, what it is about, and its payload as text.
pub(super) fn sees_logged(actor: &Actor, kind: &str, project: Option<ProjectId>, subject: &str, data: &str) -> bool {
    let payload = || serde_json::from_str::<Map<String, Value>>(data).unwrap_or_default();
    // An event about something else may tell of a task: then it is for those who may see that as well. Whoever is limited
    // by nothing need not be asked, and the text not be read.
    let limited = actor.scopes.is_some() || !actor.rights.is_plain();
    let told = || payload().get("task")?.get("id")?.as_str()?.parse().ok();
    let task = subject.parse().ok();
    let task = task.or_else(|| if limited && TELLING.contains(kind) { told() } else { None });
    sees(actor, &Sighted { kind, project, task, payload: &payload })
}

impl Event {
    /// Whether this actor may see it.
    pub fn seen_by(&self, actor: &Actor) -> bool {
        sees_logged(actor, &self.kind, self.project_id, &self.subject, self.data.get())
    }
}
