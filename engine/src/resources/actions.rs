//! What rules may do with resources: enter absences, and plan people for projects.

use schemars::JsonSchema;
use serde::Deserialize;

use super::model::{Absence, AbsenceKind, Allocation, DayPart, NewAbsence, NewAllocation};
use super::service;
use crate::Result;
use crate::access::permissions::{AbsenceEdit, ResourceManage};
use crate::actions::{Effect, Internal, Undo};
use crate::cx::Cx;
use crate::day::Day;
use crate::db::Tx;
use crate::handle::Handle;
use crate::ids::{ProjectId, TaskId, UserId};
use crate::projects;

/// `absence.create`.
pub struct CreateAbsence;

/// What `absence.create` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAbsenceInput {
    /// Who is away; the rule's owner when left out. Another needs `resource.manage`.
    pub user: Option<UserId>,
    /// The first day.
    pub from: Day,
    /// The last day; the first when left out.
    pub to: Option<Day>,
    /// `full` when left out.
    pub part: Option<DayPart>,
    /// `vacation` when left out.
    pub kind: Option<AbsenceKind>,
    /// More about it.
    #[serde(default)]
    pub note: String,
}

impl Internal for CreateAbsence {
    const NAME: &'static str = "absence.create";
    const SUMMARY: &'static str = "Enters that somebody is away.";
    const EFFECT: Effect = Effect { reads: &["members"], writes: &["absences"], undo: Undo::Remove };
    const CAUSES: &'static [&'static str] =
        &["resource.absence_added", "resource.over_allocated", "resource.over_allocation_resolved"];
    type Needs = AbsenceEdit;
    type Input = CreateAbsenceInput;
    type Output = Absence;

    async fn perform(tx: &mut Tx, cx: &Cx, input: CreateAbsenceInput) -> Result<Absence> {
        let CreateAbsenceInput { user, from, to, part, kind, note } = input;
        let new = NewAbsence { user, from, to, part, kind, note };
        service::add_absence(tx, cx, &cx.actor.may_here()?, new).await
    }
}

/// `allocation.create`.
pub struct CreateAllocation;

/// What `allocation.create` takes: `minutes_per_day` or `percent`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAllocationInput {
    /// The project, by id or key.
    pub project: Handle<ProjectId>,
    /// Who: a member of the workspace.
    pub user: UserId,
    /// A task of the project, by id or key.
    pub task: Option<Handle<TaskId>>,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
    /// How many minutes of each working day.
    pub minutes_per_day: Option<i64>,
    /// How many percent of the working hours.
    pub percent: Option<i64>,
    /// More about it.
    #[serde(default)]
    pub note: String,
}

impl Internal for CreateAllocation {
    const NAME: &'static str = "allocation.create";
    const SUMMARY: &'static str = "Plans a person for a project, or a task of it.";
    const EFFECT: Effect = Effect { reads: &["project", "members"], writes: &["allocations"], undo: Undo::Remove };
    const CAUSES: &'static [&'static str] = &["resource.allocation_added", "resource.over_allocated"];
    type Needs = ResourceManage;
    type Input = CreateAllocationInput;
    type Output = Allocation;

    async fn perform(tx: &mut Tx, cx: &Cx, input: CreateAllocationInput) -> Result<Allocation> {
        let CreateAllocationInput { project, user, task, from, to, minutes_per_day, percent, note } = input;
        let project = projects::service::find(tx, cx.actor.workspace, &project).await?;
        let new = NewAllocation { user, task, from, to, minutes_per_day, percent, note };
        service::allocate(tx, cx, &cx.actor.may(project)?, new).await
    }
}
