//! How a project is planned as a whole: from when, as of when, and in which working time.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::events::{CalendarUpdated, PlanUpdated};
use super::hours::{WorkDays, WorkingTime};
use super::{replan, store};
use crate::access::permissions::{Granted, ProjectEdit, ProjectView, Workspace};
use crate::cx::Cx;
use crate::db::{Rx, Tx, row};
use crate::events::emit;
use crate::ids::{ProjectId, UserId, WorkspaceId};
use crate::projects::{self, Project, ProjectRef};
use crate::raw::Raw;
use crate::schedules;
use crate::slas;
use crate::tasks;
use crate::words::words;
use crate::{Error, Result};

row! {
    /// The plan of a project, as it is stored.
    #[derive(Debug, Clone)]
    pub(super) struct Plan {
        pub project_id: ProjectId,
        pub working_time: Option<Raw<WorkingTime>>,
        pub start_at: Option<DateTime<Utc>>,
        pub status_at: Option<DateTime<Utc>>,
        pub version: i64,
        pub updated_by: Option<UserId>,
        pub updated_at: DateTime<Utc>,
        pub revision: i64,
        pub written: bool,
        pub cause: Option<String>,
        pub trace: Option<String>,
        /// Who changed what was not planned yet, parted by commas.
        pub people: Option<String>,
    }
}

impl Plan {
    /// The plan of a project that has none.
    pub(super) fn of(project: &Project) -> Self {
        Self {
            project_id: project.id,
            working_time: None,
            start_at: None,
            status_at: None,
            version: 0,
            updated_by: None,
            updated_at: project.created_at,
            revision: 0,
            written: false,
            cause: None,
            trace: None,
            people: None,
        }
    }
}

row! {
    /// The working time of a workspace, as it is stored.
    #[derive(Debug, Clone)]
    pub(super) struct Usual {
        pub working_time: Raw<WorkingTime>,
        pub version: i64,
        pub updated_by: Option<UserId>,
        pub updated_at: DateTime<Utc>,
    }
}

/// How a project is planned as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlanSettings {
    /// When the project starts; null for the earliest `start_at` of its tasks.
    pub start_at: Option<DateTime<Utc>>,
    /// Up to when progress is known: what is not done happens after it. Null when it does not matter.
    pub status_at: Option<DateTime<Utc>>,
    /// Goes up by one with every change of these or of the project's calendar; 0 when nothing was ever said.
    pub version: i64,
    /// Who last changed it.
    pub updated_by: Option<UserId>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl From<&Plan> for PlanSettings {
    fn from(plan: &Plan) -> Self {
        let Plan { start_at, status_at, version, updated_by, updated_at, .. } = plan;
        Self {
            start_at: *start_at,
            status_at: *status_at,
            version: *version,
            updated_by: *updated_by,
            updated_at: *updated_at,
        }
    }
}

/// How a project is to be planned as a whole from now on; what is left out is said no longer.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewPlanSettings {
    /// When the project starts. The earliest `start_at` of its tasks when left out.
    pub start_at: Option<DateTime<Utc>>,
    /// Up to when progress is known: what is not done then happens after it.
    pub status_at: Option<DateTime<Utc>>,
}

words! {
    /// Whose working time it is.
    pub enum CalendarSource {
        /// The project's own.
        Project = "project",
        /// The workspace's.
        Workspace = "workspace",
        /// What holds while nobody said otherwise.
        Usual = "default",
    }
}

/// When work is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WorkCalendar {
    /// The working time.
    #[serde(flatten)]
    pub working_time: WorkingTime,
    /// Whose it is: a project without its own has the workspace's.
    pub source: CalendarSource,
    /// Goes up by one with every change; 0 when nothing was ever said.
    pub version: i64,
    /// Who last changed it.
    pub updated_by: Option<UserId>,
    /// When it last changed; null when nothing was ever said.
    pub updated_at: Option<DateTime<Utc>>,
}

/// How a project is planned as a whole.
pub async fn settings(rx: &mut Rx, may: &Granted<ProjectView, Project>) -> Result<PlanSettings> {
    Ok(PlanSettings::from(&find(rx, may.resource()).await?))
}

/// Says anew how a project is planned as a whole. `expected` is the version that the caller saw.
pub async fn set_settings(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<ProjectEdit, Project>,
    expected: Option<i64>,
    new: NewPlanSettings,
) -> Result<PlanSettings> {
    projects::service::refuse_archived(may.resource())?;
    let project = may.resource();
    projects::service::lock(tx, project).await?;
    let mut plan = find(tx, project).await?;
    refuse_stale(expected, plan.version, "the plan", &project.key)?;
    let time =
        |pointer: &str, time: Option<DateTime<Utc>>| time.map(|time| tasks::storable_time(pointer, time)).transpose();
    let (start_at, status_at) = (time("/start_at", new.start_at)?, time("/status_at", new.status_at)?);
    if (start_at, status_at) == (plan.start_at, plan.status_at) {
        return Ok(PlanSettings::from(&plan));
    }
    (plan.start_at, plan.status_at) = (start_at, status_at);
    change(tx, cx, project, &mut plan).await?;
    let settings = PlanSettings::from(&plan);
    emit(tx, cx, &PlanUpdated { project: &ProjectRef::from(project), plan: &settings }).await?;
    Ok(settings)
}

/// When work is done in a project.
pub async fn calendar(rx: &mut Rx, may: &Granted<ProjectView, Project>) -> Result<WorkCalendar> {
    let project = may.resource();
    let plan = find(rx, project).await?;
    match &plan.working_time {
        Some(working_time) => of_project(&plan, working_time.read()?),
        None => usual(rx, project).await,
    }
}

/// Says when work is done in a project; `None` leaves it to the workspace again.
pub async fn set_calendar(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<ProjectEdit, Project>,
    expected: Option<i64>,
    new: Option<WorkingTime>,
) -> Result<WorkCalendar> {
    projects::service::refuse_archived(may.resource())?;
    let project = may.resource();
    new.as_ref().map_or(Ok(()), |new| new.check(""))?;
    projects::service::lock(tx, project).await?;
    let mut plan = find(tx, project).await?;
    refuse_stale(expected, plan.version, "the calendar", &project.key)?;
    let text = new.as_ref().map(Raw::of).transpose()?;
    let same = text.as_ref().map(Raw::text) == plan.working_time.as_ref().map(Raw::text);
    if !same {
        plan.working_time = text;
        change(tx, cx, project, &mut plan).await?;
    }
    let calendar = match new {
        Some(new) => of_project(&plan, new)?,
        None => usual(tx, project).await?,
    };
    if !same {
        let short = ProjectRef::from(project);
        let workspace = project.workspace_id;
        schedules::service::look_anew(tx, workspace, cx.now()).await?;
        slas::service::look_anew(tx, workspace, Some(project.id), cx.now()).await?;
        emit(tx, cx, &CalendarUpdated { workspace, project: Some(&short), calendar: &calendar }).await?;
    }
    Ok(calendar)
}

/// When work is done in the workspace, where a project does not say otherwise.
pub async fn workspace_calendar(rx: &mut Rx, may: &Granted<ProjectView, Workspace>) -> Result<WorkCalendar> {
    of_workspace(store::find_usual(rx, may.resource().0).await?)
}

/// Says when work is done in the workspace. Every project without a calendar of its own is planned anew.
pub async fn set_workspace_calendar(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<ProjectEdit, Workspace>,
    expected: Option<i64>,
    new: WorkingTime,
) -> Result<WorkCalendar> {
    let workspace = may.resource().0;
    new.check("")?;
    let before = store::find_usual_for_update(tx, workspace).await?;
    let version = before.as_ref().map_or(0, |before| before.version);
    refuse_stale(expected, version, "the calendar", "the workspace")?;
    let working_time = Raw::of(&new)?;
    if before.as_ref().is_some_and(|before| before.working_time.text() == working_time.text()) {
        return of_workspace(before);
    }
    let usual = Usual { working_time, version: version + 1, updated_by: cx.actor.user(), updated_at: cx.now() };
    store::set_usual(tx, workspace, &usual).await?;
    for project in store::list_without_calendar(tx, workspace).await? {
        replan::moved(tx, cx, project).await?;
    }
    let calendar = of_workspace(Some(usual))?;
    schedules::service::look_anew(tx, workspace, cx.now()).await?;
    slas::service::look_anew(tx, workspace, None, cx.now()).await?;
    emit(tx, cx, &CalendarUpdated { workspace, project: None, calendar: &calendar }).await?;
    Ok(calendar)
}

/// What a project says of its own about its time.
pub(crate) struct Own {
    /// When work is done in it.
    pub calendar: Option<WorkingTime>,
    /// When it starts.
    pub start_at: Option<DateTime<Utc>>,
}

/// What a project says of its own about its time.
pub(crate) async fn own(rx: &mut Rx, project: &Project) -> Result<Own> {
    let plan = find(rx, project).await?;
    let calendar = plan.working_time.map(|calendar| calendar.read()).transpose()?;
    Ok(Own { calendar, start_at: plan.start_at })
}

/// Plans a project from now on, if it was not, and anew: something changed that can move its dates.
pub(super) async fn begin(tx: &mut Tx, cx: &Cx, project: &Project) -> Result<()> {
    store::insert_plan(tx, project.workspace_id, &Plan::of(project)).await?;
    replan::moved(tx, cx, project.id).await
}

/// The plan of a project, also of one that has none.
pub(super) async fn find(rx: &mut Rx, project: &Project) -> Result<Plan> {
    Ok(store::find_plan(rx, project.workspace_id, project.id).await?.unwrap_or_else(|| Plan::of(project)))
}

/// When work is done in a project.
pub(super) async fn working_time(rx: &mut Rx, project: &Project, plan: &Plan) -> Result<WorkingTime> {
    match &plan.working_time {
        Some(own) => own.read(),
        None => match store::find_usual(rx, project.workspace_id).await? {
            Some(usual) => usual.working_time.read(),
            None => Ok(WorkingTime::office()),
        },
    }
}

/// When work is done in a project.
pub(crate) async fn working_time_of(rx: &mut Rx, project: &Project) -> Result<WorkingTime> {
    let plan = find(rx, project).await?;
    working_time(rx, project, &plan).await
}

/// On which days work is done in the projects of a workspace that have calendars of their own.
pub(crate) async fn own_work_days(rx: &mut Rx, workspace: WorkspaceId) -> Result<HashMap<ProjectId, WorkDays>> {
    let own = store::list_own_calendars(rx, workspace).await?;
    own.into_iter().map(|(project, working_time)| Ok((project, working_time.read()?.days()))).collect()
}

/// On which days work is done in a project, or in the workspace where a project does not say otherwise.
pub(crate) async fn work_days(rx: &mut Rx, workspace: WorkspaceId, project: Option<&Project>) -> Result<WorkDays> {
    let working_time = match project {
        Some(project) => {
            let plan = find(rx, project).await?;
            working_time(rx, project, &plan).await?
        }
        None => of_workspace(store::find_usual(rx, workspace).await?)?.working_time,
    };
    Ok(working_time.days())
}

async fn change(tx: &mut Tx, cx: &Cx, project: &Project, plan: &mut Plan) -> Result<()> {
    plan.version += 1;
    plan.updated_by = cx.actor.user();
    plan.updated_at = cx.now();
    begin(tx, cx, project).await?;
    store::set_plan(tx, project.workspace_id, plan).await
}

fn of_project(plan: &Plan, working_time: WorkingTime) -> Result<WorkCalendar> {
    let Plan { version, updated_by, updated_at, .. } = plan;
    let source = CalendarSource::Project;
    Ok(WorkCalendar { working_time, source, version: *version, updated_by: *updated_by, updated_at: Some(*updated_at) })
}

/// The workspace's, as a project sees it that has none of its own: at the version of its plan.
async fn usual(rx: &mut Rx, project: &Project) -> Result<WorkCalendar> {
    let calendar = of_workspace(store::find_usual(rx, project.workspace_id).await?)?;
    Ok(WorkCalendar { version: find(rx, project).await?.version, ..calendar })
}

fn of_workspace(usual: Option<Usual>) -> Result<WorkCalendar> {
    Ok(match usual {
        Some(Usual { working_time, version, updated_by, updated_at }) => WorkCalendar {
            working_time: working_time.read()?,
            source: CalendarSource::Workspace,
            version,
            updated_by,
            updated_at: Some(updated_at),
        },
        None => WorkCalendar {
            working_time: WorkingTime::office(),
            source: CalendarSource::Usual,
            version: 0,
            updated_by: None,
            updated_at: None,
        },
    })
}

fn refuse_stale(expected: Option<i64>, version: i64, what: &str, whose: &str) -> Result<()> {
    match expected.filter(|expected| *expected != version) {
        Some(expected) => Err(Error::stale(format!(
            "you saw version {expected} of {what} of {whose}, which is at version {version}; read it again and repeat your change"
        ))),
        None => Ok(()),
    }
}
