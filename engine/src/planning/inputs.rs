//! What a timeline is computed from, as it is read.

use chrono::{DateTime, Utc};

use super::hours::WorkingTime;
use super::model::{Dependency, MAX_TASKS};
use super::plans::{self, Plan};
use super::schedules::TaskSchedule;
use super::store;
use crate::access::permissions::{Granted, TaskView};
use crate::db::Rx;
use crate::projects::Project;
use crate::tasks::{self, TaskDates};
use crate::{Error, Result};

/// All that a project's timeline is computed from.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The project's key.
    pub key: String,
    /// When the project was made.
    pub created_at: DateTime<Utc>,
    /// Its tasks.
    pub tasks: Vec<TaskDates>,
    /// What some of them say about their time.
    pub schedules: Vec<TaskSchedule>,
    /// What waits for what.
    pub dependencies: Vec<Dependency>,
    /// When work is done.
    pub working_time: WorkingTime,
    /// When the project starts, if its plan says so.
    pub start_at: Option<DateTime<Utc>>,
    /// Up to when progress is known, if its plan says so.
    pub status_at: Option<DateTime<Utc>>,
}

impl Inputs {
    /// Reads them. A project of more than [`MAX_TASKS`] is refused as `project_too_large`.
    pub(super) async fn read(rx: &mut Rx, may: &Granted<TaskView, Project>, plan: &Plan) -> Result<Self> {
        let project = may.resource();
        let tasks = tasks::service::dates_of_project(rx, may, MAX_TASKS + 1).await?;
        if i64::try_from(tasks.len()).is_ok_and(|count| count > MAX_TASKS) {
            let detail = format!("{} has more than {MAX_TASKS} tasks; split it to see its timeline", project.key);
            return Err(Error::conflict("project_too_large", detail));
        }
        Ok(Self {
            key: project.key.clone(),
            created_at: project.created_at,
            tasks,
            schedules: store::list_schedules(rx, project.workspace_id, project.id).await?,
            dependencies: store::list_of_project(rx, project.workspace_id, project.id).await?,
            working_time: plans::working_time(rx, project, plan).await?,
            start_at: plan.start_at,
            status_at: plan.status_at,
        })
    }

    /// The same tasks by nothing but their own dates: how things stood before the project was planned.
    pub(super) fn bare(&self) -> Self {
        Self {
            key: self.key.clone(),
            created_at: self.created_at,
            tasks: self.tasks.clone(),
            schedules: Vec::new(),
            dependencies: Vec::new(),
            working_time: self.working_time.clone(),
            start_at: None,
            status_at: None,
        }
    }
}
