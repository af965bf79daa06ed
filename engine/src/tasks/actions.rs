//! What rules may do with tasks. The rule acts with its owner's rights.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trackside_rules::graph::Write;

use super::effects::WRITES;
use super::model::{NewTask, Priority, Task, TaskPatch, TaskStatus, TaskType};
pub use super::pick::Pick;
use super::pick::{self, Wanted};
use super::{service, watchers};
use crate::access::permissions::{TaskCreate, TaskDelete, TaskEdit};
use crate::actions::{Effect, Internal, Undo};
use crate::cx::Cx;
use crate::db::Tx;
use crate::handle::Handle;
use crate::ids::{MilestoneId, ProjectId, SprintId, TaskId, UserId};
use crate::patch::Patch;
use crate::projects;
use crate::{Error, Result};

/// `task.create`.
pub struct Create;

/// What `task.create` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateInput {
    /// The project, by id or key.
    pub project: Handle<ProjectId>,
    /// 1 to 500 characters.
    pub title: String,
    /// Markdown.
    #[serde(default)]
    pub description: String,
    /// `task` when left out.
    #[serde(rename = "type")]
    pub kind: Option<TaskType>,
    /// `todo` when left out.
    pub status: Option<TaskStatus>,
    /// `medium` when left out.
    pub priority: Option<Priority>,
    /// Its labels.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Who works on it: members of the workspace.
    #[serde(default)]
    pub assignees: Vec<UserId>,
    /// Who wants to know what happens to it: members of the workspace.
    #[serde(default)]
    pub watchers: Vec<UserId>,
    /// The task that it is a part of, by id or key.
    pub parent: Option<Handle<TaskId>>,
    /// The milestone of the same project that it belongs to.
    pub milestone: Option<MilestoneId>,
    /// The sprint of the same project that it is to be done in.
    pub sprint: Option<SprintId>,
    /// When work is to begin.
    pub start_at: Option<DateTime<Utc>>,
    /// When it is to be done.
    pub due_at: Option<DateTime<Utc>>,
    /// How much work it is thought to be, in whole minutes.
    pub estimate: Option<i64>,
    /// The same in points.
    pub points: Option<i64>,
    /// Fields of the project's own.
    #[serde(default)]
    pub custom: Map<String, Value>,
}

impl Internal for Create {
    const NAME: &'static str = "task.create";
    const SUMMARY: &'static str = "Makes a task.";
    const EFFECT: Effect = Effect { reads: &["project"], writes: &["task.*"], undo: Undo::Remove };
    const CAUSES: &'static [&'static str] = &["task.assigned", "task.created", "task.rescheduled"];
    const WRITES: &'static [Write] = WRITES;
    type Needs = TaskCreate;
    type Input = CreateInput;
    type Output = Task;

    async fn perform(tx: &mut Tx, cx: &Cx, input: CreateInput) -> Result<Task> {
        let project = projects::service::find(tx, cx.actor.workspace, &input.project).await?;
        let may = cx.actor.may::<TaskCreate, _>(project)?;
        let new = NewTask {
            title: input.title,
            description: input.description,
            kind: input.kind,
            status: input.status,
            priority: input.priority,
            labels: input.labels,
            assignees: input.assignees,
            watchers: input.watchers,
            parent: input.parent,
            milestone: input.milestone,
            sprint: input.sprint,
            start_at: input.start_at,
            due_at: input.due_at,
            estimate: input.estimate,
            points: input.points,
            custom: input.custom,
        };
        service::create(tx, cx, &may, new).await
    }
}

/// `task.update`.
pub struct Update;

/// What `task.update` takes: the task, and its fields as `PATCH /tasks/{id}` takes them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateInput {
    /// The task, by id or key.
    pub task: Handle<TaskId>,
    /// 1 to 500 characters.
    #[serde(default)]
    pub title: Patch<String>,
    /// Markdown; null empties it.
    #[serde(default)]
    pub description: Patch<String>,
    /// What kind of work it is.
    #[serde(default, rename = "type")]
    pub kind: Patch<TaskType>,
    /// How it stands.
    #[serde(default)]
    pub status: Patch<TaskStatus>,
    /// How urgent it is.
    #[serde(default)]
    pub priority: Patch<Priority>,
    /// All its labels from now on.
    #[serde(default)]
    pub labels: Patch<Vec<String>>,
    /// All who work on it from now on.
    #[serde(default)]
    pub assignees: Patch<Vec<UserId>>,
    /// The task that it becomes a part of; null makes it stand alone.
    #[serde(default)]
    pub parent: Patch<Handle<TaskId>>,
    /// The milestone of the same project that it belongs to; null takes it off.
    #[serde(default)]
    pub milestone: Patch<MilestoneId>,
    /// The sprint of the same project that it is to be done in; null takes it out.
    #[serde(default)]
    pub sprint: Patch<SprintId>,
    /// When work is to begin; null takes it off.
    #[serde(default)]
    pub start_at: Patch<DateTime<Utc>>,
    /// When it is to be done; null takes it off.
    #[serde(default)]
    pub due_at: Patch<DateTime<Utc>>,
    /// How much work it is thought to be, in whole minutes; null takes it off.
    #[serde(default)]
    pub estimate: Patch<i64>,
    /// The same in points; null takes it off.
    #[serde(default)]
    pub points: Patch<i64>,
    /// Merged into the task's own fields; null removes one.
    #[serde(default)]
    pub custom: Patch<Map<String, Value>>,
}

impl Internal for Update {
    const NAME: &'static str = "task.update";
    const SUMMARY: &'static str = "Changes a task; what is left out stays.";
    const EFFECT: Effect = Effect {
        reads: &["task"],
        writes: &[
            "task.title",
            "task.description",
            "task.type",
            "task.status",
            "task.priority",
            "task.labels",
            "task.assignees",
            "task.parent",
            "task.milestone",
            "task.sprint",
            "task.start_at",
            "task.due_at",
            "task.estimate",
            "task.points",
            "task.custom",
        ],
        undo: Undo::Restore,
    };
    const CAUSES: &'static [&'static str] =
        &["milestone.tasks_completed", "task.assigned", "task.rescheduled", "task.status_changed", "task.updated"];
    const WRITES: &'static [Write] = WRITES;
    type Needs = TaskEdit;
    type Input = UpdateInput;
    type Output = Task;

    async fn perform(tx: &mut Tx, cx: &Cx, input: UpdateInput) -> Result<Task> {
        let patch = TaskPatch {
            title: input.title,
            description: input.description,
            kind: input.kind,
            status: input.status,
            priority: input.priority,
            labels: input.labels,
            assignees: input.assignees,
            parent: input.parent,
            milestone: input.milestone,
            sprint: input.sprint,
            start_at: input.start_at,
            due_at: input.due_at,
            estimate: input.estimate,
            points: input.points,
            custom: input.custom,
        };
        update(tx, cx, &input.task, patch).await
    }
}

/// `task.assign`.
pub struct Assign;

/// What `task.assign` takes: either `to`, or how somebody is picked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignInput {
    /// The task, by id or key.
    pub task: Handle<TaskId>,
    /// All who work on it from now on.
    pub to: Option<Vec<UserId>>,
    /// One is picked. With `skills` or `among` and without this, whoever has the least to do.
    pub pick: Option<Pick>,
    /// Among whom: user ids, members' addresses, `role:` with a role, `group:` with a name or id, `owner` for the rule's
    /// owner, `project.owner`, `task.watchers`, `task.created_by`. Left out: everyone who works on tasks in the workspace.
    #[serde(default)]
    pub among: Vec<String>,
    /// Only who has all of these skills, as profiles name them.
    #[serde(default)]
    pub skills: Vec<String>,
}

impl Internal for Assign {
    const NAME: &'static str = "task.assign";
    const SUMMARY: &'static str =
        "Gives a task to people, or to one who is picked: whose turn it is, or who has the least to do, by skill.";
    const EFFECT: Effect =
        Effect { reads: &["task", "members", "groups", "absences"], writes: &["task.assignees"], undo: Undo::Restore };
    const CAUSES: &'static [&'static str] = &["task.assigned", "task.updated"];
    type Needs = TaskEdit;
    type Input = AssignInput;
    type Output = Task;

    async fn perform(tx: &mut Tx, cx: &Cx, input: AssignInput) -> Result<Task> {
        let picks = input.pick.is_some() || !input.among.is_empty() || !input.skills.is_empty();
        let to = match input.to {
            Some(to) if !picks => to,
            None if picks => {
                let how = input.pick.unwrap_or(Pick::LeastLoaded);
                let wanted = Wanted { how, among: input.among, skills: input.skills };
                vec![picked(tx, cx, &input.task, &wanted).await?]
            }
            _ => {
                return Err(Error::invalid(
                    "action_input",
                    "`task.assign` takes either `to`, or how somebody is picked (`pick`, `among`, `skills`); give one of them",
                ));
            }
        };
        update(tx, cx, &input.task, TaskPatch { assignees: Patch::Value(to), ..TaskPatch::default() }).await
    }
}

/// `task.set_status`.
pub struct SetStatus;

/// What `task.set_status` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetStatusInput {
    /// The task, by id or key.
    pub task: Handle<TaskId>,
    /// How it stands from now on.
    pub status: TaskStatus,
}

impl Internal for SetStatus {
    const NAME: &'static str = "task.set_status";
    const SUMMARY: &'static str = "Says how a task stands from now on.";
    const EFFECT: Effect = Effect { reads: &["task"], writes: &["task.status"], undo: Undo::Restore };
    const CAUSES: &'static [&'static str] = &["task.status_changed", "task.updated"];
    const WRITES: &'static [Write] = WRITES;
    type Needs = TaskEdit;
    type Input = SetStatusInput;
    type Output = Task;

    async fn perform(tx: &mut Tx, cx: &Cx, input: SetStatusInput) -> Result<Task> {
        let patch = TaskPatch { status: Patch::Value(input.status), ..TaskPatch::default() };
        update(tx, cx, &input.task, patch).await
    }
}

/// `task.add_label`.
pub struct AddLabel;

/// `task.remove_label`.
pub struct RemoveLabel;

/// What `task.add_label` and `task.remove_label` take.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelInput {
    /// The task, by id or key.
    pub task: Handle<TaskId>,
    /// 1 to 64 characters.
    pub label: String,
}

impl Internal for AddLabel {
    const NAME: &'static str = "task.add_label";
    const SUMMARY: &'static str = "Puts a label on a task, beside those it has.";
    const EFFECT: Effect = Effect { reads: &["task"], writes: &["task.labels"], undo: Undo::Restore };
    const CAUSES: &'static [&'static str] = &["task.updated"];
    type Needs = TaskEdit;
    type Input = LabelInput;
    type Output = Task;

    async fn perform(tx: &mut Tx, cx: &Cx, LabelInput { task, label }: LabelInput) -> Result<Task> {
        relabel(tx, cx, &task, |labels| labels.push(label)).await
    }
}

impl Internal for RemoveLabel {
    const NAME: &'static str = "task.remove_label";
    const SUMMARY: &'static str = "Takes a label off a task; one that is not there stays away.";
    const EFFECT: Effect = Effect { reads: &["task"], writes: &["task.labels"], undo: Undo::Restore };
    const CAUSES: &'static [&'static str] = &["task.updated"];
    type Needs = TaskEdit;
    type Input = LabelInput;
    type Output = Task;

    async fn perform(tx: &mut Tx, cx: &Cx, LabelInput { task, label }: LabelInput) -> Result<Task> {
        relabel(tx, cx, &task, |labels| labels.retain(|known| *known != label)).await
    }
}

/// `task.add_watcher`.
pub struct AddWatcher;

/// `task.remove_watcher`.
pub struct RemoveWatcher;

/// What `task.add_watcher` and `task.remove_watcher` take.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WatcherInput {
    /// The task, by id or key.
    pub task: Handle<TaskId>,
    /// A member of the workspace.
    pub user: UserId,
}

impl Internal for AddWatcher {
    const NAME: &'static str = "task.add_watcher";
    const SUMMARY: &'static str = "Makes somebody watch a task.";
    const EFFECT: Effect =
        Effect { reads: &["task"], writes: &["task.watchers"], undo: Undo::By { action: "task.remove_watcher" } };
    const CAUSES: &'static [&'static str] = &["task.watched"];
    type Needs = TaskEdit;
    type Input = WatcherInput;
    type Output = Task;

    async fn perform(tx: &mut Tx, cx: &Cx, input: WatcherInput) -> Result<Task> {
        watchers::watch(tx, cx, &input.task, input.user).await
    }
}

impl Internal for RemoveWatcher {
    const NAME: &'static str = "task.remove_watcher";
    const SUMMARY: &'static str = "Ends that somebody watches a task.";
    const EFFECT: Effect =
        Effect { reads: &["task"], writes: &["task.watchers"], undo: Undo::By { action: "task.add_watcher" } };
    const CAUSES: &'static [&'static str] = &["task.unwatched"];
    type Needs = TaskEdit;
    type Input = WatcherInput;
    type Output = Task;

    async fn perform(tx: &mut Tx, cx: &Cx, input: WatcherInput) -> Result<Task> {
        watchers::unwatch(tx, cx, &input.task, input.user).await
    }
}

/// `task.delete`.
pub struct Delete;

/// What `task.delete` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteInput {
    /// The task, by id or key.
    pub task: Handle<TaskId>,
}

/// What `task.delete` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Deleted {}

impl Internal for Delete {
    const NAME: &'static str = "task.delete";
    const SUMMARY: &'static str = "Deletes a task with its comments; one that has subtasks is refused.";
    const EFFECT: Effect = Effect {
        reads: &["task"],
        writes: &["task.*", "comments", "attachments", "links", "dependencies"],
        undo: Undo::Never { because: "its comments and files are gone" },
    };
    const CAUSES: &'static [&'static str] = &["task.deleted"];
    type Needs = TaskDelete;
    type Input = DeleteInput;
    type Output = Deleted;

    async fn perform(tx: &mut Tx, cx: &Cx, input: DeleteInput) -> Result<Deleted> {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &input.task).await?;
        let may = cx.actor.may::<TaskDelete, _>(project)?;
        service::delete(tx, cx, &may, &input.task, None).await?;
        Ok(Deleted {})
    }
}

/// Changes the labels of a task, held meanwhile, so that nobody else's label is lost.
async fn relabel(
    tx: &mut Tx,
    cx: &Cx,
    task: &Handle<TaskId>,
    turn: impl FnOnce(&mut Vec<String>) + Send,
) -> Result<Task> {
    let project = projects::service::find_of_task(tx, cx.actor.workspace, task).await?;
    let may = cx.actor.may::<TaskEdit, _>(project)?;
    let mut labels = service::hold(tx, &may, task).await?.labels.read()?;
    turn(&mut labels);
    service::update(tx, cx, &may, task, None, TaskPatch { labels: Patch::Value(labels), ..TaskPatch::default() }).await
}

async fn update(tx: &mut Tx, cx: &Cx, task: &Handle<TaskId>, patch: TaskPatch) -> Result<Task> {
    let project = projects::service::find_of_task(tx, cx.actor.workspace, task).await?;
    let may = cx.actor.may::<TaskEdit, _>(project)?;
    service::update(tx, cx, &may, task, None, patch).await
}

async fn picked(tx: &mut Tx, cx: &Cx, task: &Handle<TaskId>, wanted: &Wanted) -> Result<UserId> {
    let project = projects::service::find_of_task(tx, cx.actor.workspace, task).await?;
    let may = cx.actor.may::<TaskEdit, _>(project)?;
    let task = service::find_in(tx, &may, task).await?;
    pick::pick(tx, cx, may.resource(), &task, wanted).await
}
