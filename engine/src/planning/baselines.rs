//! Baselines: the dates of a project's tasks as they once were, to compare with.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::events::{BaselineCreated, BaselineDeleted};
use super::model::{Timeline, Variance};
use super::store;
use crate::access::permissions::{Granted, ProjectEdit, TaskView};
use crate::cx::Cx;
use crate::db::{Rx, Tx, row};
use crate::events::emit;
use crate::ids::{BaselineId, Id, ProjectId, TaskId, UserId, WorkspaceId};
use crate::projects::{self, Project, ProjectRef};
use crate::{Error, Result};

/// The most baselines of one project.
pub const MAX_BASELINES: usize = 20;
/// The longest name, in characters.
pub const MAX_BASELINE_NAME: usize = 200;

row! {
    /// The dates of a project's tasks as they once were.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Baseline {
        /// Its id.
        pub id: BaselineId,
        /// The project.
        #[serde(rename = "project")]
        pub project_id: ProjectId,
        /// What people call it.
        pub name: String,
        /// How many tasks it knows.
        pub tasks: i64,
        /// Who kept it.
        pub created_by: Option<UserId>,
        /// When it was kept.
        pub created_at: DateTime<Utc>,
    }
}

/// A baseline that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBaseline {
    /// 1 to 200 characters.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
}

/// What a baseline says of one task: id, start and finish in minutes since 1970, duration.
type Line = (uuid::Uuid, i64, i64, i64);

/// The dates of a timeline, as a baseline keeps them.
pub fn dates(timeline: &Timeline) -> Result<String> {
    let dates: Vec<TaskDates> =
        timeline.items.iter().map(|item| (item.id, item.start, item.finish, item.duration)).collect();
    write_dates(&dates)
}

/// What a baseline keeps of a task: when it was to start and to be done, and how many working minutes it was to take.
pub(crate) type TaskDates = (TaskId, DateTime<Utc>, DateTime<Utc>, i64);

/// What [`dates`] wrote, to be read outside of a timeline.
pub(crate) fn read_dates(text: &str) -> Result<Vec<TaskDates>> {
    let dates = |(task, start, finish, duration): Line| {
        (TaskId::from_uuid(task), super::calendar::instant(start), super::calendar::instant(finish), duration)
    };
    Ok(read(text)?.into_iter().map(dates).collect())
}

/// As [`dates`] writes it.
pub(crate) fn write_dates(dates: &[TaskDates]) -> Result<String> {
    let minute = |at: &DateTime<Utc>| at.timestamp().div_euclid(60);
    let line = |(task, start, finish, duration): &TaskDates| (task.uuid(), minute(start), minute(finish), *duration);
    let lines: Vec<Line> = dates.iter().map(line).collect();
    serde_json::to_string(&lines).map_err(|error| Error::internal("dates cannot be written as JSON").caused_by(error))
}

fn read(text: &str) -> Result<Vec<Line>> {
    serde_json::from_str(text)
        .map_err(|error| Error::internal("a baseline does not have the shape of one").caused_by(error))
}

/// Refuses a name that is none, before anything is computed.
pub fn check(new: &NewBaseline) -> Result<()> {
    if new.name.trim().is_empty() || new.name.chars().count() > MAX_BASELINE_NAME {
        return Err(Error::field("/name", format!("must be 1 to {MAX_BASELINE_NAME} characters")));
    }
    if new.name.contains('\0') {
        return Err(Error::field("/name", "must not contain the character U+0000"));
    }
    Ok(())
}

/// Keeps the dates of a timeline, which are its [`dates`]: computed before, because a write waits for nothing.
pub async fn create(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<ProjectEdit, Project>,
    new: NewBaseline,
    tasks: usize,
    dates: &str,
) -> Result<Baseline> {
    projects::service::refuse_archived(may.resource())?;
    check(&new)?;
    let project = may.resource();
    projects::service::lock(tx, project).await?;
    if store::list_baselines(tx, project.workspace_id, project.id).await?.len() >= MAX_BASELINES {
        let detail = format!("{} has {MAX_BASELINES} baselines, the most there may be; delete one first", project.key);
        return Err(Error::conflict("too_many_baselines", detail));
    }
    let baseline = Baseline {
        id: cx.new_id(),
        project_id: project.id,
        name: new.name,
        tasks: i64::try_from(tasks).unwrap_or(i64::MAX),
        created_by: cx.actor.user(),
        created_at: cx.now(),
    };
    store::insert_baseline(tx, project.workspace_id, &baseline, dates).await?;
    emit(tx, cx, &BaselineCreated { project: &ProjectRef::from(project), baseline: &baseline }).await?;
    Ok(baseline)
}

/// The baselines of a project, oldest first; at most [`MAX_BASELINES`].
pub async fn list(rx: &mut Rx, may: &Granted<TaskView, Project>) -> Result<Vec<Baseline>> {
    store::list_baselines(rx, may.resource().workspace_id, may.resource().id).await
}

/// The baseline with this id; what a permission is asked for on its project.
pub async fn find(rx: &mut Rx, workspace: WorkspaceId, id: BaselineId) -> Result<Baseline> {
    store::find_baseline(rx, workspace, id).await?.ok_or_else(|| Error::not_found("baseline", id))
}

/// Deletes a baseline of the project.
pub async fn delete(tx: &mut Tx, cx: &Cx, may: &Granted<ProjectEdit, Project>, id: BaselineId) -> Result<()> {
    projects::service::refuse_archived(may.resource())?;
    let project = may.resource();
    let project = projects::service::lock(tx, project).await?;
    let baseline = of_project(tx, &project, id).await?;
    store::delete_baseline(tx, project.workspace_id, id).await?;
    emit(tx, cx, &BaselineDeleted { project: &ProjectRef::from(&project), baseline: &baseline }).await.map(drop)
}

async fn of_project(rx: &mut Rx, project: &Project, id: BaselineId) -> Result<Baseline> {
    let baseline = find(rx, project.workspace_id, id).await?;
    if baseline.project_id == project.id { Ok(baseline) } else { Err(Error::not_found("baseline", id)) }
}

/// Tells each task of a timeline how far it is from a baseline of its project, by the project's calendar.
pub(super) async fn compare(
    rx: &mut Rx,
    project: &Project,
    calendar: &Calendar,
    id: BaselineId,
    timeline: &mut Timeline,
) -> Result<()> {
    of_project(rx, project, id).await?;
    let text = store::baseline_dates(rx, project.workspace_id, id).await?;
    let text = text.ok_or_else(|| Error::not_found("baseline", id))?;
    let lines = read(&text)?;
    let known: HashMap<TaskId, Line> = lines.into_iter().map(|line| (TaskId::from_uuid(line.0), line)).collect();
    let later = |from: DateTime<Utc>, to: DateTime<Utc>| calendar.minute(to) - calendar.minute(from);
    for item in &mut timeline.items {
        item.variance = known.get(&item.id).map(|(_, start, finish, duration)| {
            let (start, finish) = (super::calendar::instant(*start), super::calendar::instant(*finish));
            Variance {
                baseline_start: start,
                baseline_finish: finish,
                start: later(start, item.start),
                finish: later(finish, item.finish),
                duration: item.duration - duration,
            }
        });
    }
    timeline.baseline = Some(id);
    Ok(())
}
