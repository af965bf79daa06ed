//! The public verbs of tasks. Those that change something want the permission on the task's project, which
//! [`projects::service::find_of_task`](crate::projects::service::find_of_task) finds.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::events::{
    AssigneeChange, SensitiveChanges, StatusChange, TaskAssigned, TaskCreated, TaskDeleted, TaskSensitiveChanged,
    TaskStatusChanged, TaskUpdated,
};
use super::model::{Category, NewTask, Priority, Task, TaskDates, TaskPatch, TaskType};
use super::query::TaskQuery;
use super::stale::stale;
use super::{dates, limits, sight, store, tree};
use crate::access::{BudgetEdit, BudgetView, Granted, Permission, Sight, TaskCreate, TaskDelete, TaskEdit, TaskView};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::fields::{self, Checked, Definitions};
use crate::handle::Handle;
use crate::ids::{ProjectId, TaskId, UserId, WorkspaceId};
use crate::milestones;
use crate::paging::Page;
use crate::patch::{Patch, merge};
use crate::planning;
use crate::projects::events::{Changes, FieldChange, change};
use crate::projects::{self, Project, ProjectRef, members};
use crate::raw::Raw;
use crate::sprints;
use crate::workflow::{Flow, Place};
use crate::{Error, Result, analytics, search};

/// The fields of which a change can move dates.
const MOVING: &[&str] = &["due_at", "parent", "start_at", "status"];
/// The most tasks that [`subtasks`] and [`of_project`] give.
pub const MAX_RELATED: i64 = 10_000;

/// The task with this id or key.
pub async fn find(rx: &mut Rx, may: &(impl Sight + Sync), handle: &Handle<TaskId>) -> Result<Task> {
    let absent = || Error::unseen("task");
    let mut task = store::find(rx, may.workspace(), handle).await?.ok_or_else(absent)?;
    if !sight::sees(rx, may, &task).await? {
        return Err(absent());
    }
    sight::conceal(rx, may, std::slice::from_mut(&mut task)).await?;
    sight::unveil(may, std::slice::from_mut(&mut task))?;
    Ok(task)
}

/// The task with this id or key, if it is of this project and the proof covers it.
pub(crate) async fn find_in<P: Permission>(
    rx: &mut Rx,
    may: &Granted<P, Project>,
    handle: &Handle<TaskId>,
) -> Result<Task> {
    let project = may.resource();
    store::find(rx, project.workspace_id, handle)
        .await?
        .filter(|task| task.project_id == project.id && sight::covered(may, task))
        .ok_or_else(|| Error::unseen("task"))
}

/// A page of the tasks that may be seen.
pub async fn list(rx: &mut Rx, may: &(impl Sight + Sync), query: &TaskQuery) -> Result<Page<Task>> {
    sight::refuse_hidden(rx, may, query).await?;
    let mut page = sight::page(rx, may, query).await?;
    sight::conceal(rx, may, &mut page.items).await?;
    sight::unveil(may, &mut page.items)?;
    Ok(page)
}

/// The ids of the tasks that a query's filters find and that may be seen, oldest first, at most `limit`.
pub(crate) async fn ids(rx: &mut Rx, may: &(impl Sight + Sync), query: &TaskQuery, limit: i64) -> Result<Vec<TaskId>> {
    sight::refuse_hidden(rx, may, query).await?;
    let found = sight::page(rx, may, &query.all_up_to(limit)).await?;
    Ok(found.items.into_iter().map(|task| task.id).collect())
}

/// The task as it is now, locked until the transaction ends, for whoever is about to change it.
pub(crate) async fn current(tx: &mut Tx, may: &Granted<TaskEdit, Project>, handle: &Handle<TaskId>) -> Result<Task> {
    // Before the task's own row, as everyone does who may want both.
    projects::service::lock(tx, may.resource()).await?;
    hold(tx, may, handle).await
}

/// The direct subtasks of a task, oldest first, at most [`MAX_RELATED`]: what a rule goes through.
pub async fn subtasks(rx: &mut Rx, may: &(impl Sight + Sync), parent: TaskId) -> Result<Vec<Task>> {
    let found = store::list_subtasks(rx, may.workspace(), parent, MAX_RELATED).await?;
    sight::shown_of(rx, may, found).await
}

/// The tasks of a project, oldest first, at most [`MAX_RELATED`]: what a rule goes through.
pub async fn of_project(rx: &mut Rx, may: &(impl Sight + Sync), project: ProjectId) -> Result<Vec<Task>> {
    let found = store::list_of_project(rx, may.workspace(), project, MAX_RELATED).await?;
    sight::shown_of(rx, may, found).await
}

/// Those of these tasks that may be seen.
pub(crate) async fn seen_of(rx: &mut Rx, may: &(impl Sight + Sync), ids: &[TaskId]) -> Result<HashSet<TaskId>> {
    let found = store::list_by_ids(rx, may.workspace(), ids).await?;
    Ok(sight::seen(rx, may, found).await?.into_iter().map(|task| task.id).collect())
}

/// When the tasks of a project are to begin and to be done, oldest first, at most `limit`.
pub async fn dates_of_project(rx: &mut Rx, may: &Granted<TaskView, Project>, limit: i64) -> Result<Vec<TaskDates>> {
    store::list_dates_of_project(rx, may.resource().workspace_id, may.resource().id, limit).await
}

/// The keys of these tasks, in the same order; one that is gone has none.
pub(crate) async fn keys(rx: &mut Rx, workspace: WorkspaceId, ids: &[TaskId]) -> Result<Vec<String>> {
    let mut keys: HashMap<TaskId, String> = store::list_keys(rx, workspace, ids).await?.into_iter().collect();
    Ok(ids.iter().filter_map(|id| keys.remove(id)).collect())
}

/// These tasks, in no order; one that is gone is left out.
pub(crate) async fn by_ids(rx: &mut Rx, workspace: WorkspaceId, ids: &[TaskId]) -> Result<Vec<Task>> {
    store::list_by_ids(rx, workspace, ids).await
}

/// What these tasks are parts of, and that, and so on up; they themselves only where one is a part of another.
pub(crate) async fn above(rx: &mut Rx, workspace: WorkspaceId, ids: &[TaskId]) -> Result<Vec<TaskId>> {
    store::list_above(rx, workspace, ids).await
}

/// What is a part of these tasks, and of that, and so on down; they themselves only where one is a part of another.
pub(crate) async fn below(rx: &mut Rx, workspace: WorkspaceId, ids: &[TaskId]) -> Result<Vec<TaskId>> {
    store::list_below(rx, workspace, ids).await
}

/// Every task of the project that is a part of another, with that other.
pub(crate) async fn tree(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId) -> Result<Vec<(TaskId, TaskId)>> {
    store::list_tree(rx, workspace, project).await
}

/// The task as it is now, if it is of this project; nobody else changes it until the transaction ends. Whoever holds
/// two has locked the project before: otherwise two could wait for each other.
pub(crate) async fn hold<P: Permission>(
    tx: &mut Tx,
    may: &Granted<P, Project>,
    handle: &Handle<TaskId>,
) -> Result<Task> {
    lock(tx, may, handle, None, None).await
}

/// Refuses a patch that is wrong whatever the task is.
pub fn check_patch(patch: &TaskPatch) -> Result<()> {
    limits::patch(patch)
}

/// Makes a task.
pub async fn create(tx: &mut Tx, cx: &Cx, may: &Granted<TaskCreate, Project>, new: NewTask) -> Result<Task> {
    let project = may.resource();
    projects::service::refuse_archived(project)?;
    let flow = Flow::of(project)?;
    let status = new.status.unwrap_or_else(|| flow.initial());
    let Place { category, rank } = flow.place(status)?;
    let kind = new.kind.unwrap_or(TaskType::Task);
    flow.check_type(kind)?;
    limits::title(&new.title)?;
    limits::description(&new.description)?;
    let labels = limits::labels(new.labels)?;
    let assignees = limits::assignees(new.assignees)?;
    let watchers = limits::watchers(new.watchers)?;
    let estimate = new.estimate.map(limits::estimate).transpose()?;
    let points = new.points.map(limits::points).transpose()?;
    let custom = Custom::of_new(tx, cx, project, new.custom).await?;
    let start_at = new.start_at.map(|time| limits::time("/start_at", time)).transpose()?;
    let due_at = new.due_at.map(|time| limits::time("/due_at", time)).transpose()?;
    limits::belong(tx, project.workspace_id, "/assignees", &assignees, &[]).await?;
    limits::belong(tx, project.workspace_id, "/watchers", &watchers, &[]).await?;
    custom.check_people(tx, project).await?;
    // Taking the number locks the project's row, which the check of the parent wants too.
    let number = projects::service::take_number(tx, project).await?;
    let parent_id = match &new.parent {
        Some(handle) => Some(tree::parent(tx, may, None, handle).await?),
        None => None,
    };
    if let Some(milestone) = new.milestone {
        milestones::service::check(tx, project, milestone).await?;
    }
    if let Some(sprint) = new.sprint {
        sprints::service::check(tx, project, sprint).await?;
    }
    let now = cx.now();
    let task = Task {
        id: cx.new_id(),
        key: format!("{}-{number}", project.key),
        version: 1,
        project_id: project.id,
        title: new.title,
        description: new.description,
        kind,
        status,
        category,
        status_rank: rank,
        priority: new.priority.unwrap_or(Priority::Medium),
        labels: Raw::of(&labels)?,
        assignees: Raw::of(&assignees)?,
        watchers: Raw::of(&watchers)?,
        parent_id,
        milestone_id: new.milestone,
        sprint_id: new.sprint,
        start_at,
        due_at,
        estimate,
        points,
        custom: custom.text.clone(),
        created_by: cx.actor.user(),
        created_at: now,
        updated_at: now,
        completed_at: (category == Category::Done).then_some(now),
        hidden: Raw::of(&custom.hidden)?,
    };
    store::insert(tx, project.workspace_id, number, &task).await?;
    store::set_labels(tx, task.id, &labels, true).await?;
    store::set_assignees(tx, task.id, &assignees, true).await?;
    store::set_watchers(tx, task.id, &watchers).await?;
    search::service::put_task(tx, project.workspace_id, &task, true).await?;
    if let Some(rows) = &custom.rows {
        fields::service::set_values(tx, project, task.id, rows, true).await?;
    }
    analytics::record::began(tx, project.workspace_id, &task).await?;
    planning::replan::moved(tx, cx, project.id).await?;
    let project = ProjectRef::from(project);
    emit(tx, cx, &TaskCreated { task: &task, project: &project }).await?;
    dates::made(tx, cx.actor.workspace, &task).await?;
    if !assignees.is_empty() {
        let change = AssigneeChange { added: assignees, removed: Vec::new() };
        emit(tx, cx, &TaskAssigned { task: &task, project: &project, change }).await?;
    }
    custom.announce_hidden(tx, cx, &task, &project, &Map::new()).await?;
    unveiled(tx, cx, may.resource(), task).await
}

/// Changes a task. `expected` is the version that the caller saw (`If-Match`); another one now is refused as stale,
/// and the error tells what stands there now, and what was changed since by whom.
pub async fn update(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskEdit, Project>,
    handle: &Handle<TaskId>,
    expected: Option<i64>,
    patch: TaskPatch,
) -> Result<Task> {
    let project = may.resource();
    projects::service::refuse_archived(project)?;
    if !patch.parent.is_absent() {
        // Before the task's own row, as everyone does who wants both: otherwise two could wait for each other.
        projects::service::lock(tx, project).await?;
    }
    let mut task = lock(tx, may, handle, expected, Some(&patch)).await?;
    let (status_before, was_done) = (task.status, task.category == Category::Done);
    let open_in = task.milestone_id.filter(|_| task.is_open());
    let people_before = task.assignees.clone();
    let hidden_before = task.hidden.clone();
    let edit = apply(tx, cx, may, &mut task, patch).await?;
    let hidden = edit.custom.as_ref().filter(|_| task.hidden.text() != hidden_before.text());
    if edit.changes.is_empty() && hidden.is_none() {
        return unveiled(tx, cx, project, task).await;
    }
    let now = cx.now();
    task.version += 1;
    task.updated_at = now;
    match task.category {
        // From one status of the category to another it stays completed since when it was.
        Category::Done if was_done => {}
        Category::Done => task.completed_at = Some(now),
        _ => task.completed_at = None,
    }
    store::update(tx, project.workspace_id, &task).await?;
    if task.status != status_before {
        analytics::record::moved(tx, project.workspace_id, &task).await?;
    }
    if let Some(labels) = &edit.labels {
        store::set_labels(tx, task.id, labels, false).await?;
    }
    if let Some(assignees) = &edit.assignees {
        store::set_assignees(tx, task.id, assignees, false).await?;
    }
    if ["title", "description"].iter().any(|name| edit.changes.contains_key(name)) {
        search::service::put_task(tx, project.workspace_id, &task, false).await?;
    }
    if let Some(values) = edit.custom.as_ref().and_then(|custom| custom.rows.as_ref()) {
        fields::service::set_values(tx, project, task.id, values, false).await?;
    }
    if let Some(parent) = task.parent_id.filter(|_| edit.changes.contains_key("parent")) {
        planning::service::refuse_circle_of_part(tx, project, &task, parent).await?;
    }
    if MOVING.iter().any(|field| edit.changes.contains_key(field)) {
        planning::replan::moved(tx, cx, project.id).await?;
    }
    let short = ProjectRef::from(project);
    if !edit.changes.is_empty() {
        emit(tx, cx, &TaskUpdated { task: &task, project: &short, change: &edit.changes }).await?;
        dates::moved(tx, project.workspace_id, &task, &edit.changes).await?;
    }
    if let Some(custom) = hidden {
        custom.announce_hidden(tx, cx, &task, &short, &hidden_before.read()?).await?;
    }
    if task.status != status_before {
        let change = StatusChange { from: status_before, to: task.status };
        emit(tx, cx, &TaskStatusChanged { task: &task, project: &short, change }).await?;
    }
    if let Some(assignees) = &edit.assignees {
        let change = AssigneeChange::between(&people_before.read()?, assignees);
        // The same people in another order is a change of the task, but nobody came or went.
        if change != AssigneeChange::default() {
            emit(tx, cx, &TaskAssigned { task: &task, project: &short, change }).await?;
        }
    }
    if let Some(milestone) = open_in.filter(|_| task.milestone_id != open_in || !task.is_open()) {
        milestones::service::task_left(tx, cx, project, milestone, &task).await?;
    }
    unveiled(tx, cx, project, task).await
}

/// Deletes a task with its comments. One that has subtasks is refused: they would lose their place.
pub async fn delete(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskDelete, Project>,
    handle: &Handle<TaskId>,
    expected: Option<i64>,
) -> Result<()> {
    let project = may.resource();
    projects::service::refuse_archived(project)?;
    let task = lock(tx, may, handle, expected, None).await?;
    let parts = store::count_subtasks(tx, project.workspace_id, task.id).await?;
    if parts > 0 {
        return Err(Error::conflict(
            "task_has_subtasks",
            format!("{} has {parts} subtasks; delete them or give them another parent first", task.key),
        ));
    }
    store::delete(tx, project.workspace_id, task.id).await?;
    planning::replan::moved(tx, cx, project.id).await?;
    emit(tx, cx, &TaskDeleted { task: &task, project: &ProjectRef::from(project) }).await?;
    if let Some(milestone) = task.milestone_id.filter(|_| task.is_open()) {
        milestones::service::task_left(tx, cx, project, milestone, &task).await?;
    }
    Ok(())
}

/// The task as it is now; nobody else changes it until the transaction ends.
async fn lock<P: Permission>(
    tx: &mut Tx,
    may: &Granted<P, Project>,
    handle: &Handle<TaskId>,
    expected: Option<i64>,
    patch: Option<&TaskPatch>,
) -> Result<Task> {
    let project = may.resource();
    let task = store::find_for_update(tx, project.workspace_id, handle)
        .await?
        .filter(|task| task.project_id == project.id && sight::covered(may, task))
        .ok_or_else(|| Error::unseen("task"))?;
    match expected.filter(|expected| *expected != task.version) {
        Some(expected) => Err(stale(tx, project.workspace_id, &task, expected, patch).await?),
        None => Ok(task),
    }
}

/// What a patch did to a task.
struct Edit {
    changes: Changes,
    /// The labels, if they changed.
    labels: Option<Vec<String>>,
    /// The assignees, if they changed.
    assignees: Option<Vec<UserId>>,
    /// The custom fields, if they changed.
    custom: Option<Custom>,
}

/// What a task holds of fields of the project's own.
struct Custom {
    fields: Map<String, Value>,
    /// What of it is sensitive.
    hidden: Map<String, Value>,
    text: Raw<Map<String, Value>>,
    /// As rows, where the project defines its fields.
    rows: Option<Vec<(String, String)>>,
    /// Whose membership is to be checked, with their pointers.
    people: Vec<(String, UserId)>,
}

impl Custom {
    async fn of_new(tx: &mut Tx, cx: &Cx, project: &Project, given: Map<String, Value>) -> Result<Self> {
        let Some(defined) = fields::service::definitions(tx, project).await? else { return Self::free(given) };
        refuse_money(cx, project, &defined, &given)?;
        Self::checked(&defined, defined.whole(given)?, None)
    }

    async fn after(
        tx: &mut Tx,
        cx: &Cx,
        project: &Project,
        (mut before, hidden): (Map<String, Value>, Map<String, Value>),
        patch: Patch<Map<String, Value>>,
    ) -> Result<Self> {
        if let Some(defined) = fields::service::definitions(tx, project).await? {
            if let Patch::Value(given) = &patch {
                refuse_money(cx, project, &defined, given)?;
            }
            // Whoever may not change what is sensitive leaves it as it is, also by emptying everything.
            if cx.actor.may::<BudgetEdit, _>(project).is_err() {
                return Self::checked(&defined, defined.changed(before, patch)?, Some(hidden));
            }
            before.extend(hidden);
            return Self::checked(&defined, defined.changed(before, patch)?, None);
        }
        match patch {
            Patch::Value(fields) => merge(&mut before, fields),
            Patch::Absent | Patch::Null => before.clear(),
        }
        Self::free(before)
    }

    fn free(fields: Map<String, Value>) -> Result<Self> {
        let text = Raw::of(&fields)?;
        limits::custom(&fields, text.text())?;
        Ok(Self { fields, hidden: Map::new(), text, rows: None, people: Vec::new() })
    }

    /// `hidden` is what is sensitive, where it was not among what was checked.
    fn checked(defined: &Definitions, checked: Checked, hidden: Option<Map<String, Value>>) -> Result<Self> {
        let mut rows = defined.rows(&checked.custom);
        let (shown, parted) = defined.part(checked.custom);
        if let Some(hidden) = &hidden {
            rows.extend(defined.rows(hidden));
        }
        let hidden = hidden.unwrap_or(parted);
        limits::custom(&hidden, Raw::of(&hidden)?.text())?;
        Ok(Self { rows: Some(rows), people: checked.people, hidden, ..Self::free(shown)? })
    }

    /// Announces what became of sensitive values, to those who may see them.
    async fn announce_hidden(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        task: &Task,
        project: &ProjectRef,
        before: &Map<String, Value>,
    ) -> Result<()> {
        let mut change = SensitiveChanges::new();
        for key in self.hidden.keys().chain(before.keys()) {
            let value = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or_default();
            let (from, to) = (value(before), value(&self.hidden));
            if from != to {
                change.insert(key.clone(), FieldChange { from, to });
            }
        }
        if !change.is_empty() {
            emit(tx, cx, &TaskSensitiveChanged { task, project, change: &change }).await?;
        }
        Ok(())
    }

    async fn check_people(&self, rx: &mut Rx, project: &Project) -> Result<()> {
        let people: Vec<UserId> = self.people.iter().map(|(_, user)| *user).collect();
        let stranger = members::stranger(rx, project.workspace_id, &people).await?;
        match self.people.iter().find(|(_, user)| Some(*user) == stranger) {
            Some((pointer, user)) => Err(Error::field(pointer, format!("{user} is not a member of this workspace"))),
            None => Ok(()),
        }
    }
}

/// Refuses values of sensitive fields from whoever may not change them.
fn refuse_money(cx: &Cx, project: &Project, defined: &Definitions, given: &Map<String, Value>) -> Result<()> {
    let Some(key) = given.keys().find(|key| defined.is_sensitive(key)) else { return Ok(()) };
    cx.actor.may::<BudgetEdit, _>(project).map(drop).map_err(|error| {
        let message = "is sensitive; whoever changes it needs `budget.edit` here";
        Error::new(error.class, error.code, format!("/custom/{key} {message}"))
            .and_field(format!("/custom/{key}"), message)
    })
}

/// A task as the actor may see it who changed it. Not for a rule: others read what its steps gave.
async fn unveiled(rx: &mut Rx, cx: &Cx, project: &Project, mut task: Task) -> Result<Task> {
    if task.parent_id.is_some() {
        match cx.actor.may_somewhere::<TaskView>() {
            Ok(may) => sight::conceal(rx, &may, std::slice::from_mut(&mut task)).await?,
            Err(_) => task.parent_id = None,
        }
    }
    if cx.cause.is_none() && cx.actor.may::<BudgetView, _>(project).is_ok() {
        task.unveil()?;
    }
    Ok(task)
}

/// Puts a patch into a task, and notes what it changes.
async fn apply(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskEdit, Project>,
    task: &mut Task,
    patch: TaskPatch,
) -> Result<Edit> {
    let project = may.resource();
    let mut changes = Changes::new();
    let title = patch.title.required("/title")?;
    title.as_deref().map_or(Ok(()), limits::title)?;
    change(&mut changes, "title", &mut task.title, title);
    let description = patch.description.or_default();
    description.as_deref().map_or(Ok(()), limits::description)?;
    change(&mut changes, "description", &mut task.description, description);
    let (kind, status) = (patch.kind.required("/type")?, patch.status.required("/status")?);
    if kind.is_some_and(|kind| kind != task.kind) || status.is_some_and(|status| status != task.status) {
        let flow = Flow::of(project)?;
        kind.map_or(Ok(()), |kind| flow.check_type(kind))?;
        if let Some(status) = status.filter(|status| *status != task.status) {
            let Place { category, rank } = flow.way(task.status, status)?;
            (task.category, task.status_rank) = (category, rank);
        }
    }
    change(&mut changes, "type", &mut task.kind, kind);
    change(&mut changes, "status", &mut task.status, status);
    change(&mut changes, "priority", &mut task.priority, patch.priority.required("/priority")?);
    let start_at = patch.start_at.optional().map(|time| time.map(|time| limits::time("/start_at", time)).transpose());
    change(&mut changes, "start_at", &mut task.start_at, start_at.transpose()?);
    let due_at = patch.due_at.optional().map(|time| time.map(|time| limits::time("/due_at", time)).transpose());
    change(&mut changes, "due_at", &mut task.due_at, due_at.transpose()?);
    let estimate = patch.estimate.optional().map(|minutes| minutes.map(limits::estimate).transpose());
    change(&mut changes, "estimate", &mut task.estimate, estimate.transpose()?);
    let points = patch.points.optional().map(|points| points.map(limits::points).transpose());
    change(&mut changes, "points", &mut task.points, points.transpose()?);
    let labels = match patch.labels.or_default() {
        Some(labels) => change_list(&mut changes, "labels", &mut task.labels, limits::labels(labels)?)?,
        None => None,
    };
    let stood: Vec<UserId> = task.assignees.read()?;
    let assignees = match patch.assignees.or_default() {
        Some(people) => change_list(&mut changes, "assignees", &mut task.assignees, limits::assignees(people)?)?,
        None => None,
    };
    if let Some(assignees) = &assignees {
        // Somebody who has left since may stay.
        limits::belong(tx, project.workspace_id, "/assignees", assignees, &stood).await?;
    }
    let parent = match patch.parent {
        Patch::Absent => None,
        Patch::Null => Some(None),
        Patch::Value(handle) => Some(Some(tree::parent(tx, may, Some(task), &handle).await?)),
    };
    change(&mut changes, "parent", &mut task.parent_id, parent);
    let milestone = patch.milestone.optional();
    if let Some(Some(milestone)) = milestone.filter(|milestone| *milestone != task.milestone_id) {
        milestones::service::check(tx, project, milestone).await?;
    }
    change(&mut changes, "milestone", &mut task.milestone_id, milestone);
    let mut custom = None;
    let sprint = patch.sprint.optional();
    if let Some(Some(sprint)) = sprint.filter(|sprint| *sprint != task.sprint_id) {
        sprints::service::check(tx, project, sprint).await?;
    }
    change(&mut changes, "sprint", &mut task.sprint_id, sprint);
    if !patch.custom.is_absent() {
        let (before, hidden) = (task.custom.read()?, task.hidden.read()?);
        let after = Custom::after(tx, cx, project, (before.clone(), hidden.clone()), patch.custom).await?;
        if after.fields != before || after.hidden != hidden {
            after.check_people(tx, project).await?;
            task.custom = after.text.clone();
            task.hidden = Raw::of(&after.hidden)?;
            if after.fields != before {
                changes.insert("custom", FieldChange { from: before.into(), to: after.fields.clone().into() });
            }
            custom = Some(after);
        }
    }
    Ok(Edit { changes, labels, assignees, custom })
}

/// Notes the change of a list, if it is one, and makes it; gives the list back if it changed.
fn change_list<T: PartialEq + serde::Serialize + serde::de::DeserializeOwned>(
    changes: &mut Changes,
    name: &'static str,
    field: &mut Raw<Vec<T>>,
    new: Vec<T>,
) -> Result<Option<Vec<T>>> {
    let mut list = field.read()?;
    change(changes, name, &mut list, Some(new));
    if !changes.contains_key(name) {
        return Ok(None);
    }
    *field = Raw::of(&list)?;
    Ok(Some(list))
}
