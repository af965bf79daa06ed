//! A project's timeline: its tasks as a network, scheduled, and told in instants.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::calendar::Calendar;
use super::hours::WorkingTime;
use super::inputs::Inputs;
use super::model::{DEFAULT_DURATION, Dependency, Timeline, TimelineItem};
use super::network::{Activity, Bound, Cycle, Progress, Schedule, Times, schedule};
use super::schedules::{ConstraintType, TaskSchedule};
use super::tree::{Tree, links, roll_up};
use crate::ids::TaskId;
use crate::tasks::{Category, TaskDates};
use crate::{Error, Result};

/// The timeline of what was read. What refers to tasks that are not there is left out: one may have gone between two reads.
///
/// # Errors
/// When the dependencies go in a circle, which nothing that is stored does.
pub fn of(inputs: Inputs) -> Result<Timeline> {
    let Inputs { key, created_at, tasks, schedules, mut dependencies, working_time, start_at, status_at } = inputs;
    let places: HashMap<TaskId, usize> = tasks.iter().enumerate().map(|(at, task)| (task.id, at)).collect();
    dependencies.retain(|link| places.contains_key(&link.task_id) && places.contains_key(&link.predecessor_id));
    let tree = Tree::of(&tasks, &places);
    let mut planner = Planner::new(&working_time, start_at, status_at)?;
    let said = said(schedules, &places, tasks.len());
    planner.begin(created_at, &tasks, &said);
    let (mut activities, mut durations) = (Vec::with_capacity(tasks.len()), Vec::with_capacity(tasks.len()));
    for (task, said) in tasks.iter().zip(&said) {
        let (activity, duration) = planner.activity(task, said.as_ref())?;
        activities.push(activity);
        durations.push(duration);
    }
    let scheduled = solve(&key, &planner, &tasks, &tree, &places, &activities, &dependencies)?;
    let items = tasks.into_iter().zip(said).zip(activities.iter().zip(&scheduled.times));
    let mut items: Vec<TimelineItem> =
        items.map(|((task, said), (activity, times))| planner.item(task, said, activity, times)).collect();
    for (item, duration) in items.iter_mut().zip(durations) {
        item.milestone = duration == Some(0);
    }
    roll_up(&tree, planner.calendar(0), &mut items);
    let start = planner.calendar(0).start(planner.zero(0));
    let finish = items.iter().map(|item| item.early_finish).max().unwrap_or(start);
    Ok(Timeline { items, dependencies, start, finish: finish.max(start), status_at, baseline: None })
}

/// What each task says about its time, in the order of the tasks.
fn said(schedules: Vec<TaskSchedule>, places: &HashMap<TaskId, usize>, count: usize) -> Vec<Option<TaskSchedule>> {
    let mut said: Vec<Option<TaskSchedule>> = (0..count).map(|_| None).collect();
    for schedule in schedules {
        if let Some(at) = places.get(&schedule.task_id) {
            said[*at] = Some(schedule);
        }
    }
    said
}

/// Schedules the network. What goes in a circle through summaries only, which nothing adds but what was there before
/// summaries had a meaning may hold, is scheduled without the links of summaries.
fn solve(
    key: &str,
    planner: &Planner,
    tasks: &[TaskDates],
    tree: &Tree,
    places: &HashMap<TaskId, usize>,
    activities: &[Activity],
    dependencies: &[Dependency],
) -> Result<Schedule> {
    let mut all = activities.to_vec();
    let found = links(tree, places, dependencies, &mut all, planner.zero(0));
    if let Ok(found) = schedule(&planner.calendars, &all, &found) {
        return Ok(found);
    }
    let plain: Vec<Dependency> = dependencies
        .iter()
        .filter(|link| !tree.is_summary(places[&link.task_id]) && !tree.is_summary(places[&link.predecessor_id]))
        .cloned()
        .collect();
    let mut all = activities.to_vec();
    let found = links(tree, places, &plain, &mut all, planner.zero(0));
    schedule(&planner.calendars, &all, &found).map_err(|Cycle(circle)| {
        let keys: Vec<&str> = circle.iter().filter_map(|at| tasks.get(*at)).map(|task| task.key.as_str()).collect();
        Error::internal(format!("the dependencies of {key} go in a circle: {}", keys.join(", ")))
    })
}

/// Whether it is to be done at all.
pub(super) fn is_planned(task: &TaskDates) -> bool {
    task.category != Category::Cancelled
}

/// Turns tasks into activities and back. Calendar 0 is the project's.
struct Planner {
    calendars: Vec<Calendar>,
    /// Which calendar each text is.
    known: HashMap<String, usize>,
    start_at: Option<DateTime<Utc>>,
    status_at: Option<DateTime<Utc>>,
    /// When the project begins.
    begin: DateTime<Utc>,
}

impl Planner {
    fn new(
        working_time: &WorkingTime,
        start_at: Option<DateTime<Utc>>,
        status_at: Option<DateTime<Utc>>,
    ) -> Result<Self> {
        let calendars = vec![working_time.calendar()?];
        Ok(Self { calendars, known: HashMap::new(), start_at, status_at, begin: DateTime::default() })
    }

    /// Finds out when the project begins: when its plan says, or with the first task, or when it was made.
    fn begin(&mut self, created_at: DateTime<Utc>, tasks: &[TaskDates], said: &[Option<TaskSchedule>]) {
        let first = || {
            let planned = tasks.iter().zip(said).filter(|(task, _)| is_planned(task));
            planned
                .filter_map(|(task, said)| {
                    [task.start_at, said.as_ref().and_then(|said| said.actual_start)].into_iter().flatten().min()
                })
                .min()
        };
        self.begin = self.start_at.or_else(first).unwrap_or(created_at);
    }

    fn calendar(&self, at: usize) -> &Calendar {
        &self.calendars[at]
    }

    /// The number of the project's first minute in a calendar.
    fn zero(&self, calendar: usize) -> i64 {
        self.calendars[calendar].minute(self.begin)
    }

    fn calendar_of(&mut self, said: Option<&TaskSchedule>) -> Result<usize> {
        let Some(own) = said.and_then(|said| said.working_time.as_ref()) else { return Ok(0) };
        if let Some(known) = self.known.get(own.text()) {
            return Ok(*known);
        }
        self.calendars.push(own.read()?.calendar()?);
        self.known.insert(own.text().to_owned(), self.calendars.len() - 1);
        Ok(self.calendars.len() - 1)
    }

    /// What the task brings into the network, and how long it was to take if it is to be done at all.
    fn activity(&mut self, task: &TaskDates, said: Option<&TaskSchedule>) -> Result<(Activity, Option<i64>)> {
        if !is_planned(task) {
            return Ok((Activity::new(0, self.zero(0)), None));
        }
        let at = self.calendar_of(said)?;
        let calendar = &self.calendars[at];
        let duration = said.and_then(|said| said.duration).unwrap_or_else(|| match (task.start_at, task.due_at) {
            (Some(start), Some(due)) => calendar.between(start, due),
            _ => DEFAULT_DURATION,
        });
        let (bound, bound_ends) = bound(calendar, said);
        let mut not_before = self.zero(at);
        if matches!(bound, Bound::Soon | Bound::Late) {
            not_before = task.start_at.map_or(not_before, |start| calendar.minute(start).max(not_before));
        }
        if let Some(status) = self.status_at {
            not_before = not_before.max(calendar.minute(status));
        }
        let progress = progress(calendar, task, said, duration, self.status_at);
        let took = match progress {
            Progress::Done { start, finish } => finish - start,
            Progress::Waiting | Progress::Started { .. } => duration,
        };
        Ok((Activity { calendar: at, bound, bound_ends, progress, ..Activity::new(took, not_before) }, Some(duration)))
    }

    fn item(&self, task: TaskDates, said: Option<TaskSchedule>, activity: &Activity, times: &Times) -> TimelineItem {
        let calendar = &self.calendars[activity.calendar];
        let span = |start: i64, finish: i64, ends: bool| {
            if finish > start {
                return (calendar.start(start), calendar.finish(finish));
            }
            let at = if ends { calendar.finish(start) } else { calendar.start(start) };
            (at, at)
        };
        let (mut early_start, mut early_finish) = span(times.early_start, times.early_finish, times.ends);
        // What takes no time is where the work before it ends, unless that is when it happens early.
        let late_ends = times.late_start != times.early_start || times.ends;
        let (mut late_start, mut late_finish) = span(times.late_start, times.late_finish, late_ends);
        let (actual_start, actual_finish) = actual(&task, said.as_ref(), calendar, activity);
        if let Some(start) = actual_start {
            (early_start, late_start) = (start, start);
        }
        if let Some(finish) = actual_finish {
            (early_finish, late_finish) = (finish, finish);
        }
        let is_late = times.is_late && times.late_start > times.early_start;
        TimelineItem {
            id: task.id,
            key: task.key,
            title: task.title,
            status: task.status,
            parent: task.parent_id,
            summary: false,
            milestone: false,
            duration: activity.duration,
            constraint: said.as_ref().map_or(ConstraintType::AsSoonAsPossible, |said| said.constraint_type),
            constraint_at: said.as_ref().and_then(|said| said.constraint_at),
            progress: if actual_finish.is_some() { 100 } else { said.as_ref().map_or(0, |said| said.progress) },
            actual_start,
            actual_finish,
            start: if is_late { late_start } else { early_start },
            finish: if is_late { late_finish } else { early_finish },
            early_start,
            early_finish,
            late_start,
            late_finish,
            total_float: times.total_float,
            free_float: times.free_float,
            critical: times.is_critical(),
            conflict: times.conflict,
            variance: None,
        }
    }
}

/// What the task's constraint comes to in its calendar, and whether its date is one at which work ends.
fn bound(calendar: &Calendar, said: Option<&TaskSchedule>) -> (Bound, bool) {
    let Some(said) = said else { return (Bound::Soon, false) };
    let at = said.constraint_at.unwrap_or_default();
    let number = calendar.minute(at);
    let bound = match said.constraint_type {
        ConstraintType::AsSoonAsPossible => Bound::Soon,
        ConstraintType::AsLateAsPossible => Bound::Late,
        ConstraintType::StartNoEarlierThan => Bound::StartNoEarlier(number),
        ConstraintType::StartNoLaterThan => Bound::StartNoLater(number),
        ConstraintType::FinishNoEarlierThan => Bound::FinishNoEarlier(number),
        ConstraintType::FinishNoLaterThan => Bound::FinishNoLater(number),
        ConstraintType::MustStartOn => Bound::Start(number),
        ConstraintType::MustFinishOn => Bound::Finish(number),
    };
    (bound, said.constraint_type.has_date() && calendar.finish(number) == at)
}

/// How far the task has come. It is done when it says so itself or its schedule does.
fn progress(
    calendar: &Calendar,
    task: &TaskDates,
    said: Option<&TaskSchedule>,
    duration: i64,
    status_at: Option<DateTime<Utc>>,
) -> Progress {
    let started = said.and_then(|said| said.actual_start);
    if let Some(done) = done(task, said) {
        let finish = calendar.minute(done);
        let start = match started.or(task.start_at) {
            Some(start) => calendar.minute(start).min(finish),
            None => finish - duration,
        };
        return Progress::Done { start, finish };
    }
    let (Some(started), Some(said)) = (started, said) else { return Progress::Waiting };
    let start = calendar.minute(started);
    let worked = duration * said.progress / 100;
    let remaining = duration - worked;
    // What is left goes on after the date up to which progress is known.
    let goes_on = status_at.map_or(start + worked, |status| calendar.minute(status).max(start + worked));
    Progress::Started { start, finish: goes_on + remaining, remaining }
}

fn done(task: &TaskDates, said: Option<&TaskSchedule>) -> Option<DateTime<Utc>> {
    said.and_then(|said| said.actual_finish).or(task.completed_at.filter(|_| task.category == Category::Done))
}

/// When the task began and was done, if it has and is.
fn actual(
    task: &TaskDates,
    said: Option<&TaskSchedule>,
    calendar: &Calendar,
    activity: &Activity,
) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    if !is_planned(task) {
        return (None, None);
    }
    let started = said.and_then(|said| said.actual_start);
    let Some(done) = done(task, said) else { return (started, None) };
    let from = match activity.progress {
        Progress::Done { start, finish } if start < finish => calendar.start(start),
        _ => done,
    };
    (Some(started.or(task.start_at).unwrap_or(from).min(done)), Some(done))
}
