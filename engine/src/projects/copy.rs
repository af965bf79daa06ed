//! Copies of projects: with their tasks and what hangs on them, their dates moved to a new start, in one transaction.
//! Everything is made by the verbs that people use, so that each thing leaves its event; `project.copied` sums up.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::events::ProjectCopied;
use super::model::{NewProject, Project, ProjectRef};
use super::{members, service, store};
use crate::access::permissions::{
    BudgetEdit, BudgetView, Granted, MilestoneEdit, MilestoneView, ProjectCreate, ProjectEdit, ProjectView, TaskCreate,
    TaskEdit, TaskView, Workspace,
};
use crate::cx::Cx;
use crate::db::Tx;
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{MilestoneId, TaskId, UserId};
use crate::milestones::{self, Milestone, NewMilestone};
use crate::patch::Patch;
use crate::planning::{self, NewPlanSettings};
use crate::tasks::{self, NewTask, Task, TaskPatch};
use crate::words::words;
use crate::{Error, Result, checks, fields};

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
        /// When work is done in it, from when it is planned, and what its tasks say about their time: constraints, durations
        /// and calendars, but no progress.
        Schedules = "schedules",
        /// Its tasks, as if nobody had begun; without comments.
        Tasks = "tasks",
    }
}

/// Everything that can be copied.
pub const EVERYTHING: &[Part] = &[Part::Assignees, Part::Dependencies, Part::Milestones, Part::Schedules, Part::Tasks];

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
    /// How many fields of its own.
    pub fields: i64,
    /// How many tasks say something about their time.
    pub schedules: i64,
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
    // Whoever works on the tasks of the one hears of those of the other when something happens to them.
    let cx = &cx.clone().quietly();
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
    let hidden = old.hidden(cx, source, &project)?;
    let tasks = copy_tasks(tx, cx, &project, old.tasks, &milestones, include, shift).await?;
    copied.tasks = count(tasks.len());
    copied.fields = copy_fields(tx, cx, source, &mut project, hidden, &tasks).await?;
    if include.contains(&Part::Dependencies) {
        let may = cx.actor.may::<TaskEdit, _>(project.clone())?;
        copied.dependencies = count(planning::service::copy(tx, cx, source, &may, &tasks, MAX_DEPENDENCIES).await?);
    }
    if include.contains(&Part::Schedules) {
        copied.schedules = copy_schedules(tx, cx, source, &project, &tasks, shift).await?;
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

    /// What the tasks hold of sensitive fields, if the actor may see it in the one project and change it in the other.
    fn hidden(&self, cx: &Cx, source: &Project, project: &Project) -> Result<Vec<(TaskId, Map<String, Value>)>> {
        if cx.actor.may::<BudgetView, _>(source).is_err() || cx.actor.may::<BudgetEdit, _>(project).is_err() {
            return Ok(Vec::new());
        }
        let held = self.tasks.iter().filter(|task| task.hidden.text() != "{}");
        held.map(|task| Ok((task.id, task.hidden.read()?))).collect()
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

/// Defines the fields that the source has, behind the tasks: so those keep what they hold even where it would not be taken
/// now. Sensitive values come last, when nobody sees them who may not.
async fn copy_fields(
    tx: &mut Tx,
    cx: &Cx,
    source: &Project,
    project: &mut Project,
    hidden: Vec<(TaskId, Map<String, Value>)>,
    tasks: &HashMap<TaskId, Task>,
) -> Result<i64> {
    let fields = fields::service::copy(tx, cx, source, project).await?;
    if fields == 0 {
        return Ok(0);
    }
    // The values of tasks are held against what the project has now.
    *project = service::find(tx, project.workspace_id, &Handle::Id(project.id)).await?;
    for (old, values) in hidden {
        let Some(task) = tasks.get(&old) else { continue };
        let may = cx.actor.may::<TaskEdit, _>(project.clone())?;
        let patch = TaskPatch { custom: Patch::Value(values), ..TaskPatch::default() };
        tasks::service::update(tx, cx, &may, &Handle::Id(task.id), None, patch).await?;
    }
    Ok(count(fields))
}

/// Says about the time of the project and of its tasks what the source says, moved to the new start.
async fn copy_schedules(
    tx: &mut Tx,
    cx: &Cx,
    source: &Project,
    project: &Project,
    tasks: &HashMap<TaskId, Task>,
    shift: Shift,
) -> Result<i64> {
    let planned = planning::plans::own(tx, source).await?;
    if let Some(calendar) = planned.calendar {
        let may = cx.actor.may::<ProjectEdit, _>(project.clone())?;
        planning::plans::set_calendar(tx, cx, &may, None, Some(calendar)).await?;
    }
    if let Some(start) = shift.of(planned.start_at)? {
        let may = cx.actor.may::<ProjectEdit, _>(project.clone())?;
        let settings = NewPlanSettings { start_at: Some(start), status_at: None };
        planning::plans::set_settings(tx, cx, &may, None, settings).await?;
    }
    let mut copied = 0;
    for (old, mut new) in planning::schedules::anew(tx, source).await? {
        let Some(task) = tasks.get(&old) else { continue };
        new.constraint_at = shift.of(new.constraint_at)?;
        let may = cx.actor.may::<TaskEdit, _>(project.clone())?;
        planning::schedules::set(tx, cx, &may, &Handle::Id(task.id), None, new).await?;
        copied += 1;
    }
    Ok(copied)
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
