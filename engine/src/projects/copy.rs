//! Copies of projects: with their tasks and what hangs on them, their dates moved to a new start, in one transaction.
//! Everything is made by the verbs that people use, so that each thing leaves its event; `project.copied` sums up.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::events::ProjectCopied;
use super::model::{NewProject, Project, ProjectRef};
use super::{members, service, store};
use crate::access::permissions::{Granted, MilestoneEdit, ProjectCreate, ProjectView, TaskCreate, TaskEdit, TaskView};
use crate::access::permissions::{MilestoneView, Workspace};
use crate::cx::Cx;
use crate::db::Tx;
use crate::events::emit;
use crate::ids::{MilestoneId, TaskId, UserId};
use crate::milestones::{self, Milestone, NewMilestone};
use crate::tasks::{self, NewTask, Task};
use crate::words::words;
use crate::{Error, Result, checks, planning};

/// The most tasks that a copied project may have: all of them are made in one transaction, which others wait for.
pub const MAX_TASKS: usize = 1000;
/// The most dependencies.
pub const MAX_DEPENDENCIES: usize = 5000;

words! {
    /// What is copied besides the project itself.
    pub enum Part {
        /// Who works on the tasks, as far as they are still members of the workspace.
        Assignees = "assignees",
        /// What waits for what.
        Dependencies = "dependencies",
        /// Its milestones, all open.
        Milestones = "milestones",
        /// Its tasks, as if nobody had begun; without comments.
        Tasks = "tasks",
    }
}

/// Everything that can be copied.
pub const EVERYTHING: &[Part] = &[Part::Assignees, Part::Dependencies, Part::Milestones, Part::Tasks];

/// A copy that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CopyProject {
    /// 2 to 10 characters: a capital letter, then capitals and digits.
    #[schemars(regex(pattern = "^[A-Z][A-Z0-9]{1,9}$"))]
    pub key: String,
    /// 1 to 200 characters.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// Markdown; the project's own when left out.
    #[serde(default)]
    pub description: Option<String>,
    /// Whoever asks, when left out.
    #[serde(default)]
    pub owner: Option<UserId>,
    /// When the copy begins: every date moves by as much as this is from the project's own start, or from its earliest
    /// date where it has none. Dates stay as they are when left out.
    #[serde(default)]
    pub start_at: Option<DateTime<Utc>>,
    /// What is copied; everything when left out. Dependencies and assignees need `tasks`.
    #[serde(default)]
    #[schemars(length(max = 10))]
    pub include: Option<Vec<Part>>,
}

/// How much was copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Copied {
    /// How many tasks.
    pub tasks: i64,
    /// How many milestones.
    pub milestones: i64,
    /// How many dependencies.
    pub dependencies: i64,
}

/// Makes a copy of a project. One of more than [`MAX_TASKS`] tasks is refused as `project_too_large`.
pub async fn copy(
    tx: &mut Tx,
    cx: &Cx,
    from: &Granted<ProjectView, Project>,
    may: &Granted<ProjectCreate, Workspace>,
    wanted: CopyProject,
) -> Result<Project> {
    let include = wanted.include.as_deref().unwrap_or(EVERYTHING);
    let needy = |part: &&Part| matches!(part, Part::Assignees | Part::Dependencies);
    if let Some(part) = include.iter().find(needy).filter(|_| !include.contains(&Part::Tasks)) {
        return Err(Error::field("/include", format!("{part} cannot be copied without `tasks`; add it")));
    }
    let new = NewProject {
        key: wanted.key,
        name: wanted.name,
        description: wanted.description.unwrap_or_else(|| from.resource().description.clone()),
        status: None,
        owner: wanted.owner,
        start_at: wanted.start_at,
        due_at: None,
        is_template: false,
        template: None,
    };
    fill(tx, cx, from, may, new, include).await
}

/// Makes the project that is asked for, with what `from` holds.
pub(super) async fn fill(
    tx: &mut Tx,
    cx: &Cx,
    from: &Granted<ProjectView, Project>,
    may: &Granted<ProjectCreate, Workspace>,
    mut new: NewProject,
    include: &[Part],
) -> Result<Project> {
    let source = from.resource();
    let old = Old::read(tx, cx, source, include).await?;
    let shift = match new.start_at {
        Some(start) => Shift(start - old.begins(source).unwrap_or(start)),
        None => Shift(TimeDelta::zero()),
    };
    new.start_at = new.start_at.or(source.start_at);
    new.due_at = match new.due_at {
        Some(due) => Some(due),
        None => shift.of(source.due_at)?,
    };
    let mut project = service::create(tx, cx, may, new).await?;
    if source.workflow.is_some() || source.types.is_some() {
        // Statuses and types of the project's own, which its tasks need.
        (project.workflow, project.types, project.setup) = (source.workflow.clone(), source.types.clone(), 1);
        store::set_setup(tx, &project).await?;
    }
    let mut copied = Copied::default();
    let milestones = copy_milestones(tx, cx, &project, &old.milestones, shift).await?;
    copied.milestones = count(milestones.len());
    let tasks = copy_tasks(tx, cx, &project, old.tasks, &milestones, include, shift).await?;
    copied.tasks = count(tasks.len());
    if include.contains(&Part::Dependencies) {
        let may = cx.actor.may::<TaskEdit, _>(project.clone())?;
        copied.dependencies = count(planning::service::copy(tx, cx, source, &may, &tasks, MAX_DEPENDENCIES).await?);
    }
    // Taking numbers for tasks leaves the project's version alone, so it is as it was made.
    emit(tx, cx, &ProjectCopied { project: &project, from: &ProjectRef::from(source), copied }).await?;
    Ok(project)
}

fn count(many: usize) -> i64 {
    i64::try_from(many).unwrap_or(i64::MAX)
}

/// By how much dates move.
#[derive(Clone, Copy)]
struct Shift(TimeDelta);

impl Shift {
    fn of(self, time: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>> {
        let moved = |time: DateTime<Utc>| {
            let beyond = || Error::field("/start_at", "would move a date out of the years 1 to 9999");
            checks::time("/start_at", time.checked_add_signed(self.0).ok_or_else(beyond)?).map_err(|_| beyond())
        };
        time.map(moved).transpose()
    }
}

/// What is to be copied.
struct Old {
    milestones: Vec<Milestone>,
    tasks: Vec<Task>,
}

impl Old {
    async fn read(tx: &mut Tx, cx: &Cx, source: &Project, include: &[Part]) -> Result<Self> {
        let mut old = Self { milestones: Vec::new(), tasks: Vec::new() };
        if include.contains(&Part::Milestones) {
            let may = cx.actor.may::<MilestoneView, _>(source.clone())?;
            old.milestones = milestones::service::all(tx, &may).await?;
        }
        if include.contains(&Part::Tasks) {
            cx.actor.may::<TaskView, _>(source.clone())?;
            old.tasks = tasks::service::of_project(tx, &cx.actor.may_somewhere::<TaskView>()?, source.id).await?;
            if old.tasks.len() > MAX_TASKS {
                let detail =
                    format!("{} has more than {MAX_TASKS} tasks, too many to copy; leave `tasks` out", source.key);
                return Err(Error::conflict("project_too_large", detail));
            }
        }
        Ok(old)
    }

    /// Where the project begins: as it says, or with its earliest date.
    fn begins(&self, source: &Project) -> Option<DateTime<Utc>> {
        let dates = self.tasks.iter().flat_map(|task| [task.start_at, task.due_at]);
        let dates = dates.chain(self.milestones.iter().map(|milestone| milestone.due_at));
        source.start_at.or_else(|| dates.flatten().min())
    }
}

async fn copy_milestones(
    tx: &mut Tx,
    cx: &Cx,
    project: &Project,
    old: &[Milestone],
    shift: Shift,
) -> Result<HashMap<MilestoneId, MilestoneId>> {
    let mut known = HashMap::new();
    if old.is_empty() {
        return Ok(known);
    }
    let may = cx.actor.may::<MilestoneEdit, _>(project.clone())?;
    for milestone in old {
        let new = NewMilestone {
            name: milestone.name.clone(),
            description: milestone.description.clone(),
            due_at: shift.of(milestone.due_at)?,
        };
        known.insert(milestone.id, milestones::service::create(tx, cx, &may, new).await?.id);
    }
    Ok(known)
}

/// Makes the tasks; by the ids of the old ones, the new ones.
async fn copy_tasks(
    tx: &mut Tx,
    cx: &Cx,
    project: &Project,
    old: Vec<Task>,
    milestones: &HashMap<MilestoneId, MilestoneId>,
    include: &[Part],
    shift: Shift,
) -> Result<HashMap<TaskId, Task>> {
    let mut known: HashMap<TaskId, Task> = HashMap::new();
    if old.is_empty() {
        return Ok(known);
    }
    let may = cx.actor.may::<TaskCreate, _>(project.clone())?;
    let people: HashSet<UserId> = match include.contains(&Part::Assignees) {
        true => {
            let mut people = Vec::new();
            for task in &old {
                people.extend(task.assignees.read()?);
            }
            members::among(tx, project.workspace_id, &people).await?.into_iter().collect()
        }
        false => HashSet::new(),
    };
    for task in parents_first(old) {
        let mut assignees = task.assignees.read()?;
        assignees.retain(|user| people.contains(user));
        let new = NewTask {
            title: task.title,
            description: task.description,
            kind: Some(task.kind),
            priority: Some(task.priority),
            labels: task.labels.read()?,
            assignees,
            parent: task.parent_id.and_then(|parent| known.get(&parent)).map(|parent| parent.id.into()),
            milestone: task.milestone_id.and_then(|milestone| milestones.get(&milestone)).copied(),
            start_at: shift.of(task.start_at)?,
            due_at: shift.of(task.due_at)?,
            estimate: task.estimate,
            points: task.points,
            custom: task.custom.read()?,
            ..NewTask::default()
        };
        known.insert(task.id, tasks::service::create(tx, cx, &may, new).await?);
    }
    Ok(known)
}

/// The tasks in their order, but each behind its parent, which may have been made later.
fn parents_first(tasks: Vec<Task>) -> Vec<Task> {
    let parents: HashMap<TaskId, Option<TaskId>> = tasks.iter().map(|task| (task.id, task.parent_id)).collect();
    let mut places: HashMap<TaskId, usize> = HashMap::new();
    for task in &tasks {
        let mut chain = Vec::new();
        let mut next = Some(task.id);
        while let Some(id) = next.filter(|id| !places.contains_key(id) && !chain.contains(id)) {
            chain.push(id);
            next = parents.get(&id).copied().flatten().filter(|parent| parents.contains_key(parent));
        }
        for id in chain.into_iter().rev() {
            places.insert(id, places.len());
        }
    }
    let mut tasks = tasks;
    tasks.sort_by_key(|task| places[&task.id]);
    tasks
}
