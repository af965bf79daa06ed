//! What a task says about its time beyond its own dates: a constraint, a duration, progress, a calendar of its own.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::events::TaskScheduleChanged;
use super::hours::WorkingTime;
use super::{plans, store};
use crate::access::{Granted, Sight, TaskEdit};
use crate::cx::Cx;
use crate::db::{Rx, Tx, row};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{TaskId, UserId};
use crate::projects::{self, Project, ProjectRef};
use crate::raw::Raw;
use crate::tasks::{self, Category, Task};
use crate::words::words;
use crate::{Error, Result};

/// The longest duration, in working minutes: some eight years of working days.
pub const MAX_DURATION: i64 = 1_000_000;
/// The most different calendars that tasks of one project have of their own.
pub const MAX_CALENDARS: i64 = 20;

words! {
    /// What holds a task besides what it waits for, as in Microsoft Project.
    pub enum ConstraintType {
        /// As soon as what it waits for, and its `start_at`, let it.
        AsSoonAsPossible = "as_soon_as_possible",
        /// As late as possible without the project being done later.
        AsLateAsPossible = "as_late_as_possible",
        /// It starts at the date or later.
        StartNoEarlierThan = "start_no_earlier_than",
        /// It starts at the date or earlier, whatever it waits for.
        StartNoLaterThan = "start_no_later_than",
        /// It is done at the date or later.
        FinishNoEarlierThan = "finish_no_earlier_than",
        /// It is done at the date or earlier, whatever it waits for.
        FinishNoLaterThan = "finish_no_later_than",
        /// It starts at the date, whatever it waits for.
        MustStartOn = "must_start_on",
        /// It is done at the date, whatever it waits for.
        MustFinishOn = "must_finish_on",
    }
}

impl ConstraintType {
    fn usual() -> Self {
        Self::AsSoonAsPossible
    }

    /// Whether it is about a date.
    pub fn has_date(self) -> bool {
        !matches!(self, Self::AsSoonAsPossible | Self::AsLateAsPossible)
    }
}

row! {
    /// What a task says about its time beyond its own dates.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    pub struct TaskSchedule {
        /// The task.
        #[serde(rename = "task")]
        pub task_id: TaskId,
        /// What holds it besides what it waits for.
        #[serde(rename = "constraint")]
        pub constraint_type: ConstraintType,
        /// The date of the constraint, if it has one.
        pub constraint_at: Option<DateTime<Utc>>,
        /// How long it takes, in working minutes; 0 for a milestone; null for what its dates say.
        pub duration: Option<i64>,
        /// How much of it is done, in percent.
        pub progress: i64,
        /// When it began, if it has.
        pub actual_start: Option<DateTime<Utc>>,
        /// When it was done, if it is.
        pub actual_finish: Option<DateTime<Utc>>,
        /// When work on it is done; null for the project's working time.
        #[serde(rename = "calendar")]
        pub working_time: Option<Raw<WorkingTime>>,
        /// Goes up by one with every change; 0 when nothing was ever said.
        pub version: i64,
        /// Who last changed it.
        pub updated_by: Option<UserId>,
        /// When it last changed.
        pub updated_at: DateTime<Utc>,
    }
}

impl TaskSchedule {
    /// What holds for a task that says nothing.
    pub(super) fn of(task: &Task) -> Self {
        Self {
            task_id: task.id,
            constraint_type: ConstraintType::AsSoonAsPossible,
            constraint_at: None,
            duration: None,
            progress: 0,
            actual_start: None,
            actual_finish: None,
            working_time: None,
            version: 0,
            updated_by: None,
            updated_at: task.created_at,
        }
    }

    fn says_the_same(&self, other: &Self) -> bool {
        let text = |schedule: &Self| schedule.working_time.as_ref().map(|calendar| calendar.text().to_owned());
        let told = |schedule: &Self| {
            (
                schedule.constraint_type,
                schedule.constraint_at,
                schedule.duration,
                schedule.progress,
                schedule.actual_start,
                schedule.actual_finish,
            )
        };
        told(self) == told(other) && text(self) == text(other)
    }
}

/// All that a task is to say about its time from now on; what is left out is said no longer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSchedule {
    /// `as_soon_as_possible` when left out.
    #[serde(default = "ConstraintType::usual")]
    pub constraint: ConstraintType,
    /// The date of the constraint: for all but the two "as possible", and only for those.
    #[serde(default)]
    pub constraint_at: Option<DateTime<Utc>>,
    /// Working minutes, a working day being 480; 0 for a milestone. The working time from `start_at` to `due_at`, or a
    /// day, when left out.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub duration: Option<i64>,
    /// 0 to 100 percent. When left out: 100 with an `actual_finish`, otherwise 0.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100))]
    pub progress: Option<i64>,
    /// When it began. When left out and there is progress: the task's `start_at`, or now if that is yet to come.
    #[serde(default)]
    pub actual_start: Option<DateTime<Utc>>,
    /// When it was done. When left out and the progress is 100: when it was completed, or now.
    #[serde(default)]
    pub actual_finish: Option<DateTime<Utc>>,
    /// When work on it is done; as the project says when left out.
    #[serde(default)]
    pub calendar: Option<WorkingTime>,
}

/// What a task says about its time.
pub async fn find(rx: &mut Rx, may: &(impl Sight + Sync), task: &Handle<TaskId>) -> Result<TaskSchedule> {
    let task = tasks::service::find(rx, may, task).await?;
    Ok(store::find_schedule(rx, may.workspace(), task.id).await?.unwrap_or_else(|| TaskSchedule::of(&task)))
}

/// Says all about a task's time anew. `expected` is the version that the caller saw; another one now is refused as
/// stale. Says the same when nothing changes.
pub async fn set(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskEdit, Project>,
    task: &Handle<TaskId>,
    expected: Option<i64>,
    new: NewSchedule,
) -> Result<TaskSchedule> {
    let project = may.resource();
    projects::service::lock(tx, project).await?;
    let task = tasks::service::hold(tx, may, task).await?;
    let before =
        store::find_schedule(tx, project.workspace_id, task.id).await?.unwrap_or_else(|| TaskSchedule::of(&task));
    if let Some(expected) = expected.filter(|expected| *expected != before.version) {
        return Err(Error::stale(format!(
            "you saw version {expected} of the schedule of {}, which is at version {}; read it again and repeat your change",
            task.key, before.version,
        )));
    }
    let schedule = checked(cx, &task, before.version, new)?;
    if schedule.says_the_same(&before) {
        return Ok(before);
    }
    if let Some(calendar) = &schedule.working_time {
        refuse_more_calendars(tx, project, task.id, calendar.text()).await?;
    }
    store::set_schedule(tx, project.workspace_id, project.id, &schedule).await?;
    plans::begin(tx, cx, project).await?;
    let (schedule, task) = (schedule, &task);
    let project = ProjectRef::from(project);
    emit(tx, cx, &TaskScheduleChanged { task, project: &project, schedule: &schedule, before: &before }).await?;
    Ok(schedule)
}

/// What the tasks of a project say about their time, as they would say it if nobody had begun.
pub(crate) async fn anew(rx: &mut Rx, project: &Project) -> Result<Vec<(TaskId, NewSchedule)>> {
    let mut known = store::list_schedules(rx, project.workspace_id, project.id).await?;
    known.sort_unstable_by_key(|schedule| schedule.task_id);
    let mut all = Vec::with_capacity(known.len());
    for schedule in known {
        let calendar = schedule.working_time.map(|calendar| calendar.read()).transpose()?;
        let new = NewSchedule {
            constraint: schedule.constraint_type,
            constraint_at: schedule.constraint_at,
            duration: schedule.duration,
            progress: None,
            actual_start: None,
            actual_finish: None,
            calendar,
        };
        let says_nothing =
            new.constraint == ConstraintType::usual() && new.duration.is_none() && new.calendar.is_none();
        if !says_nothing {
            all.push((schedule.task_id, new));
        }
    }
    Ok(all)
}

/// The schedule that is asked for, with what follows from it.
fn checked(cx: &Cx, task: &Task, version: i64, new: NewSchedule) -> Result<TaskSchedule> {
    let time =
        |pointer: &str, time: Option<DateTime<Utc>>| time.map(|time| tasks::storable_time(pointer, time)).transpose();
    let constraint_at = time("/constraint_at", new.constraint_at)?;
    match (new.constraint.has_date(), constraint_at) {
        (true, None) => {
            return Err(Error::field("/constraint_at", format!("must be given with {}", new.constraint)));
        }
        (false, Some(_)) => {
            return Err(Error::field(
                "/constraint_at",
                format!("must be left out with {}, which has no date", new.constraint),
            ));
        }
        _ => {}
    }
    if new.duration.is_some_and(|duration| !(0..=MAX_DURATION).contains(&duration)) {
        return Err(Error::field("/duration", format!("must be 0 to {MAX_DURATION} working minutes")));
    }
    if let Some(calendar) = &new.calendar {
        calendar.check("/calendar")?;
    }
    let (mut actual_start, mut actual_finish) =
        (time("/actual_start", new.actual_start)?, time("/actual_finish", new.actual_finish)?);
    let progress = new.progress.unwrap_or(if actual_finish.is_some() { 100 } else { 0 });
    if !(0..=100).contains(&progress) {
        return Err(Error::field("/progress", "must be 0 to 100 percent"));
    }
    if progress < 100 && actual_finish.is_some() {
        return Err(Error::field("/actual_finish", "must be left out while the progress is less than 100"));
    }
    let now = tasks::storable_time("/actual_start", cx.now())?;
    if progress == 100 && actual_finish.is_none() {
        let done = task.completed_at.filter(|_| task.category == Category::Done);
        actual_finish = Some(done.unwrap_or(now));
    }
    if progress > 0 && actual_start.is_none() {
        let latest = actual_finish.unwrap_or(now);
        actual_start = Some(task.start_at.unwrap_or(latest).min(latest));
    }
    if let (Some(start), Some(finish)) = (actual_start, actual_finish)
        && finish < start
    {
        return Err(Error::field("/actual_finish", "must not be before actual_start"));
    }
    Ok(TaskSchedule {
        task_id: task.id,
        constraint_type: new.constraint,
        constraint_at,
        duration: new.duration,
        progress,
        actual_start,
        actual_finish,
        working_time: new.calendar.as_ref().map(Raw::of).transpose()?,
        version: version + 1,
        updated_by: cx.actor.user(),
        updated_at: cx.now(),
    })
}

/// A timeline reads every calendar that tasks have of their own, so there are not too many.
async fn refuse_more_calendars(rx: &mut Rx, project: &Project, task: TaskId, calendar: &str) -> Result<()> {
    if store::count_other_calendars(rx, project.workspace_id, project.id, task, calendar).await? < MAX_CALENDARS {
        return Ok(());
    }
    let detail = format!(
        "the tasks of {} have {MAX_CALENDARS} different calendars of their own, the most there may be; use one of them",
        project.key
    );
    Err(Error::conflict("too_many_calendars", detail.clone()).and_field("/calendar", detail))
}
