//! A project's timeline: its tasks as a network, scheduled, and told in instants.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::calendar::Calendar;
use super::model::{DEFAULT_DURATION, Dependency, Timeline, TimelineItem};
use super::network::{Activity, Cycle, Link, Times, schedule};
use crate::ids::TaskId;
use crate::projects::Project;
use crate::tasks::{TaskDates, TaskStatus};
use crate::{Error, Result};

/// The timeline of these tasks. Dependencies on others are left out: a task may have gone between two reads.
pub(super) fn of(project: &Project, tasks: Vec<TaskDates>, mut dependencies: Vec<Dependency>) -> Result<Timeline> {
    let calendar = Calendar::office();
    let begin = tasks.iter().filter(|task| is_planned(task)).filter_map(|task| task.start_at).min();
    let zero = calendar.minute(begin.unwrap_or(project.created_at));
    let places: HashMap<TaskId, usize> = tasks.iter().enumerate().map(|(at, task)| (task.id, at)).collect();
    dependencies.retain(|link| places.contains_key(&link.task_id) && places.contains_key(&link.predecessor_id));
    let links: Vec<Link> = dependencies
        .iter()
        .map(|link| Link {
            predecessor: places[&link.predecessor_id],
            successor: places[&link.task_id],
            kind: link.kind,
            lag: link.lag,
        })
        .collect();
    let activities: Vec<Activity> = tasks.iter().map(|task| activity(task, &calendar, zero)).collect();
    let schedule = schedule(&activities, &links).map_err(|Cycle(circle)| {
        let keys: Vec<&str> = circle.iter().map(|at| tasks[*at].key.as_str()).collect();
        Error::internal(format!("the dependencies of {} go in a circle: {}", project.key, keys.join(", ")))
    })?;
    let items = tasks.into_iter().zip(&activities).zip(&schedule.times);
    let items = items.map(|((task, activity), times)| item(task, activity, times, &calendar, zero)).collect();
    let end = zero + schedule.length;
    let finish = if schedule.length > 0 { calendar.finish(end) } else { calendar.start(end) };
    Ok(Timeline { items, dependencies, start: calendar.start(zero), finish })
}

fn is_planned(task: &TaskDates) -> bool {
    task.status != TaskStatus::Cancelled
}

/// What the task brings into the network; `zero` is the calendar's number of the project's first minute.
fn activity(task: &TaskDates, calendar: &Calendar, zero: i64) -> Activity {
    if !is_planned(task) {
        return Activity { duration: 0, not_before: 0 };
    }
    let duration = match (task.start_at, task.due_at) {
        (Some(start), Some(due)) => calendar.between(start, due),
        _ => DEFAULT_DURATION,
    };
    Activity { duration, not_before: task.start_at.map_or(0, |start| calendar.minute(start) - zero) }
}

fn item(task: TaskDates, activity: &Activity, times: &Times, calendar: &Calendar, zero: i64) -> TimelineItem {
    let span = |start: i64, finish: i64| -> (DateTime<Utc>, DateTime<Utc>) {
        if activity.duration > 0 {
            return (calendar.start(zero + start), calendar.finish(zero + finish));
        }
        // A milestone is where what it waits for is done, on Friday evening; but never before it may be.
        let at = if start > activity.not_before { calendar.finish(zero + start) } else { calendar.start(zero + start) };
        (at, at)
    };
    let (early_start, early_finish) = span(times.early_start, times.early_finish);
    let (late_start, late_finish) = span(times.late_start, times.late_finish);
    TimelineItem {
        id: task.id,
        key: task.key,
        title: task.title,
        status: task.status,
        parent: task.parent_id,
        duration: activity.duration,
        early_start,
        early_finish,
        late_start,
        late_finish,
        total_float: times.total_float,
        free_float: times.free_float,
        critical: times.is_critical(),
    }
}
