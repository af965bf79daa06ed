//! What planning announces. Each event carries the tasks that it is about, and their project in short.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::baselines::Baseline;
use super::model::Dependency;
use super::plans::{PlanSettings, WorkCalendar};
use super::schedules::TaskSchedule;
use crate::events::EventType;
use crate::ids::{ProjectId, UserId, WorkspaceId};
use crate::projects::ProjectRef;
use crate::tasks::events::about_a_task;
use crate::tasks::{Task, TaskShort};

/// A task waits for another from now on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskDependencyAdded<'a> {
    /// The task that waits.
    pub task: &'a Task,
    /// The task that it waits for.
    pub predecessor: TaskShort,
    /// Their project.
    pub project: &'a ProjectRef,
    /// In which way it waits.
    pub dependency: &'a Dependency,
}

/// A task waits for another no longer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskDependencyRemoved<'a> {
    /// The task that waited.
    pub task: &'a Task,
    /// The task that it waited for.
    pub predecessor: TaskShort,
    /// Their project.
    pub project: &'a ProjectRef,
    /// In which way it waited.
    pub dependency: &'a Dependency,
}

/// What a task says about its time beyond its own dates changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskScheduleChanged<'a> {
    /// The task.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
    /// What it says now.
    pub schedule: &'a TaskSchedule,
    /// What it said before.
    pub before: &'a TaskSchedule,
}

/// From when to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Move {
    /// When it was.
    pub from: DateTime<Utc>,
    /// When it is.
    pub to: DateTime<Utc>,
}

/// Which dates moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Moves {
    /// When it starts as planned.
    pub start: Move,
    /// When it is done as planned.
    pub finish: Move,
}

/// The dates of a task were computed anew and are others than before.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskRescheduled<'a> {
    /// The task.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
    /// What moved: one of the two, or both.
    pub change: Moves,
    /// The people whose changes moved it; none where rules did.
    pub by: &'a [UserId],
}

/// A project is planned otherwise as a whole.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlanUpdated<'a> {
    /// The project.
    pub project: &'a ProjectRef,
    /// How it is planned now.
    pub plan: &'a PlanSettings,
}

/// Work is done at other times.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CalendarUpdated<'a> {
    /// The workspace.
    #[serde(skip)]
    pub workspace: WorkspaceId,
    /// The project, unless it is the workspace's calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<&'a ProjectRef>,
    /// When work is done now.
    pub calendar: &'a WorkCalendar,
}

/// The dates of a project's tasks were kept.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BaselineCreated<'a> {
    /// The project.
    pub project: &'a ProjectRef,
    /// The baseline.
    pub baseline: &'a Baseline,
}

/// A baseline went away.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BaselineDeleted<'a> {
    /// The project.
    pub project: &'a ProjectRef,
    /// The baseline as it was.
    pub baseline: &'a Baseline,
}

about_a_task! {
    TaskDependencyAdded "task.dependency_added" "A task depends on another from now on; `dependency` says in which way.";
    TaskDependencyRemoved "task.dependency_removed" "A task no longer depends on another; `dependency` says in which way it did.";
    TaskRescheduled "task.rescheduled" "The computed dates of a task moved; `change` says from when to when.";
    TaskScheduleChanged "task.schedule_changed" "A task's constraint, duration, progress or calendar changed; `before` says what they were.";
}

impl EventType for PlanUpdated<'_> {
    const KIND: &'static str = "plan.updated";
    const SUMMARY: &'static str = "A project's start or status date changed.";
    fn subject(&self) -> String {
        self.project.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        Some(self.project.id)
    }
}

impl EventType for CalendarUpdated<'_> {
    const KIND: &'static str = "calendar.updated";
    const SUMMARY: &'static str =
        "The working time of a project changed, or that of the workspace, which names no project.";
    fn subject(&self) -> String {
        self.project.map_or_else(|| self.workspace.to_string(), |project| project.id.to_string())
    }
    fn project(&self) -> Option<ProjectId> {
        self.project.map(|project| project.id)
    }
}

impl EventType for BaselineCreated<'_> {
    const KIND: &'static str = "baseline.created";
    const SUMMARY: &'static str = "The dates of a project's tasks were kept as a baseline.";
    fn subject(&self) -> String {
        self.baseline.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        Some(self.project.id)
    }
}

impl EventType for BaselineDeleted<'_> {
    const KIND: &'static str = "baseline.deleted";
    const SUMMARY: &'static str = "A baseline of a project was deleted.";
    fn subject(&self) -> String {
        self.baseline.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        Some(self.project.id)
    }
}
