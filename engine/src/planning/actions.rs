//! What rules may do in planning. The rule acts with its owner's rights.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Dependency, DependencyType, NewDependency};
use super::schedules::{self, ConstraintType, NewSchedule, TaskSchedule};
use super::{service, store};
use crate::access::permissions::TaskEdit;
use crate::actions::{Effect, Internal, Undo};
use crate::cx::Cx;
use crate::db::Tx;
use crate::handle::Handle;
use crate::ids::TaskId;
use crate::patch::Patch;
use crate::projects;
use crate::tasks::{self, Task, TaskPatch};
use crate::{Error, Result};

/// `task.add_dependency`.
pub struct AddDependency;

/// What `task.add_dependency` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddDependencyInput {
    /// The task that is to wait, by id or key.
    pub task: Handle<TaskId>,
    /// The task that it is to wait for, of the same project, by id or key.
    pub predecessor: Handle<TaskId>,
    /// `FS` when left out.
    #[serde(rename = "type")]
    pub kind: Option<DependencyType>,
    /// Working minutes; negative for a lead; 0 when left out.
    #[serde(default)]
    pub lag: i64,
}

impl Internal for AddDependency {
    const NAME: &'static str = "task.add_dependency";
    const SUMMARY: &'static str = "Makes a task wait for another.";
    const EFFECT: Effect =
        Effect { reads: &["task"], writes: &["dependencies"], undo: Undo::By { action: "task.remove_dependency" } };
    const CAUSES: &'static [&'static str] = &["task.dependency_added", "task.rescheduled"];
    type Needs = TaskEdit;
    type Input = AddDependencyInput;
    type Output = Dependency;

    async fn perform(tx: &mut Tx, cx: &Cx, input: AddDependencyInput) -> Result<Dependency> {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &input.task).await?;
        let may = cx.actor.may::<TaskEdit, _>(project)?;
        let kind = input.kind.unwrap_or(DependencyType::FinishToStart);
        let new = NewDependency { predecessor: input.predecessor, kind, lag: input.lag };
        service::depend(tx, cx, &may, &input.task, new).await
    }
}

/// `task.remove_dependency`.
pub struct RemoveDependency;

/// What `task.remove_dependency` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveDependencyInput {
    /// The task that waits, by id or key.
    pub task: Handle<TaskId>,
    /// The task that it waits for, by id or key.
    pub predecessor: Handle<TaskId>,
    /// Only the dependency of this type; every one when left out.
    #[serde(rename = "type")]
    pub kind: Option<DependencyType>,
}

/// What is left.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Remaining {
    /// What the task waits for now.
    pub dependencies: Vec<Dependency>,
}

impl Internal for RemoveDependency {
    const NAME: &'static str = "task.remove_dependency";
    const SUMMARY: &'static str = "Ends that a task waits for another.";
    const EFFECT: Effect = Effect {
        reads: &["dependencies"],
        writes: &["dependencies"],
        undo: Undo::By { action: "task.add_dependency" },
    };
    const CAUSES: &'static [&'static str] = &["task.dependency_removed", "task.rescheduled"];
    type Needs = TaskEdit;
    type Input = RemoveDependencyInput;
    type Output = Remaining;

    async fn perform(tx: &mut Tx, cx: &Cx, input: RemoveDependencyInput) -> Result<Remaining> {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &input.task).await?;
        let may = cx.actor.may::<TaskEdit, _>(project)?;
        service::release(tx, cx, &may, &input.task, &input.predecessor, input.kind).await?;
        let task = tasks::service::find_in(tx, &may, &input.task).await?;
        Ok(Remaining { dependencies: store::list_of_task(tx, cx.actor.workspace, task.id).await? })
    }
}

/// `task.reschedule`.
pub struct Reschedule;

/// What `task.reschedule` takes: what is left out stays, and something must be given.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RescheduleInput {
    /// The task, by id or key.
    pub task: Handle<TaskId>,
    /// When work is to begin; null takes it off.
    #[serde(default)]
    pub start_at: Patch<DateTime<Utc>>,
    /// When it is to be done; null takes it off.
    #[serde(default)]
    pub due_at: Patch<DateTime<Utc>>,
    /// What holds it besides what it waits for.
    pub constraint: Option<ConstraintType>,
    /// The date of the constraint; null takes it off.
    #[serde(default)]
    pub constraint_at: Patch<DateTime<Utc>>,
    /// Working minutes; null for what its dates say.
    #[serde(default)]
    pub duration: Patch<i64>,
    /// 0 to 100 percent.
    pub progress: Option<i64>,
}

/// How the task stands after that.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Rescheduled {
    /// The task.
    pub task: Task,
    /// What it says about its time beyond its own dates.
    pub schedule: TaskSchedule,
}

impl Internal for Reschedule {
    const NAME: &'static str = "task.reschedule";
    const SUMMARY: &'static str = "Moves a task: its dates, constraint, duration or progress; what is left out stays.";
    const EFFECT: Effect =
        Effect { reads: &["task", "calendar"], writes: &["task.start_at", "task.due_at"], undo: Undo::Restore };
    const CAUSES: &'static [&'static str] = &["task.rescheduled", "task.schedule_changed", "task.updated"];
    type Needs = TaskEdit;
    type Input = RescheduleInput;
    type Output = Rescheduled;

    async fn perform(tx: &mut Tx, cx: &Cx, input: RescheduleInput) -> Result<Rescheduled> {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &input.task).await?;
        let may = cx.actor.may::<TaskEdit, _>(project)?;
        let of_dates = !input.start_at.is_absent() || !input.due_at.is_absent();
        let of_schedule = input.constraint.is_some()
            || !input.constraint_at.is_absent()
            || !input.duration.is_absent()
            || input.progress.is_some();
        if !of_dates && !of_schedule {
            let detail = "`task.reschedule` changes nothing; give it a date, a constraint, a duration or a progress";
            return Err(Error::invalid("action_input", detail));
        }
        // Before the task's own row, as everyone does who wants both.
        projects::service::lock(tx, may.resource()).await?;
        let mut task = tasks::service::find_in(tx, &may, &input.task).await?;
        if of_dates {
            let patch = TaskPatch { start_at: input.start_at, due_at: input.due_at, ..TaskPatch::default() };
            task = tasks::service::update(tx, cx, &may, &input.task, None, patch).await?;
        }
        let schedule = store::find_schedule(tx, cx.actor.workspace, task.id).await?;
        let mut schedule = schedule.unwrap_or_else(|| TaskSchedule::of(&task));
        if of_schedule {
            let new = changed(&schedule, input.constraint, input.constraint_at, input.duration, input.progress)?;
            schedule = schedules::set(tx, cx, &may, &input.task, None, new).await?;
        }
        Ok(Rescheduled { task, schedule })
    }
}

/// All that the task says from now on.
fn changed(
    before: &TaskSchedule,
    constraint: Option<ConstraintType>,
    constraint_at: Patch<DateTime<Utc>>,
    duration: Patch<i64>,
    progress: Option<i64>,
) -> Result<NewSchedule> {
    let constraint = constraint.unwrap_or(before.constraint_type);
    let kept = before.constraint_at.filter(|_| constraint.has_date());
    let progress = progress.unwrap_or(before.progress);
    Ok(NewSchedule {
        constraint,
        constraint_at: constraint_at.optional().unwrap_or(kept),
        duration: duration.optional().unwrap_or(before.duration),
        progress: Some(progress),
        actual_start: before.actual_start.filter(|_| progress > 0 || before.progress == 0),
        actual_finish: before.actual_finish.filter(|_| progress == 100),
        calendar: before.working_time.as_ref().map(|calendar| calendar.read()).transpose()?,
    })
}
