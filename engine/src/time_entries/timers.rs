//! Timers: at most one runs for each person in a workspace.

use super::book::{self, Booking, Span};
use super::events::{TimeTimerStarted, TimeTimerStopped};
use super::model::{LoggedTime, NewTimer, StopTimer, TimeEntry, Timer, TimerStarted, TimerState};
use super::store;
use crate::access::permissions::{Granted, TimeLog, TimeView, Workspace};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{TaskId, UserId};
use crate::projects::{self, Project, ProjectRef};
use crate::tasks;
use crate::{Error, Result, rates, timesheets};

/// How often a timer is tried to be started while the same person starts others.
const TRIES: usize = 5;

/// The actor's own timer.
pub async fn own(rx: &mut Rx, cx: &Cx, may: &Granted<TimeView, Workspace>) -> Result<TimerState> {
    let timer = store::find_timer(rx, may.resource().0, person(cx)?).await?;
    Ok(TimerState { timer })
}

/// Starts the actor's timer on a task. One that ran on whatever task stops, and becomes an entry.
pub async fn start(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TimeLog, Project>,
    task: &Handle<TaskId>,
    new: NewTimer,
) -> Result<TimerStarted> {
    book::note(&new.note)?;
    let project = may.resource();
    let user = person(cx)?;
    let task = tasks::service::find_in(tx, may, task).await?;
    let now = cx.now();
    let day = book::day_of(tx, project.workspace_id, user, now).await?;
    rates::service::hold(tx, project.workspace_id).await?;
    let timer = Timer {
        user_id: user,
        project_id: project.id,
        task_id: task.id,
        task_key: task.key,
        started_at: now,
        day,
        note: new.note,
        billable: new.billable.unwrap_or(true),
    };
    let mut stopped = None;
    for _ in 0..TRIES {
        if let Some(before) = store::take_timer(tx, project.workspace_id, user).await? {
            let span = Span::counted(before.started_at, now);
            stopped = Some(finish(tx, cx, before, span, None).await?);
        }
        // What begins in a week that was submitted could not be booked in it.
        timesheets::service::hold_open(tx, project.workspace_id, user, timer.day).await?;
        if store::insert_timer(tx, project.workspace_id, &timer).await? {
            emit(tx, cx, &TimeTimerStarted { timer: &timer, project: &ProjectRef::from(project) }).await?;
            return Ok(TimerStarted { timer, stopped });
        }
        // The same person started another one at the same moment; it is seen now, and stopped in its turn.
    }
    Err(Error::busy("timer_busy", "Your timer is being started elsewhere at this moment; try again."))
}

/// Stops the actor's timer on a task.
pub async fn stop(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TimeLog, Project>,
    task: &Handle<TaskId>,
    how: StopTimer,
) -> Result<LoggedTime> {
    how.note.as_deref().map_or(Ok(()), book::note)?;
    let project = may.resource();
    let user = person(cx)?;
    let task = tasks::service::find_in(tx, may, task).await?;
    let running = store::take_timer(tx, project.workspace_id, user).await?;
    let timer = match running {
        Some(timer) if timer.task_id == task.id => timer,
        Some(other) => return Err(not_running(&task.key, &format!("yours runs on {}", other.task_key))),
        None => return Err(not_running(&task.key, "none of yours runs")),
    };
    let span = match how.ended_at {
        None => Span::counted(timer.started_at, cx.now()),
        Some(end) if end > cx.now() => {
            return Err(Error::field("/ended_at", "must not be in the future; leave it out to stop now"));
        }
        Some(end) => Span::until(timer.started_at, end)?,
    };
    let entry = finish(tx, cx, timer, span, how.note).await?;
    let overlaps = book::overlaps(tx, project.workspace_id, &entry).await?;
    Ok(LoggedTime { entry, overlaps })
}

/// Makes an entry of a timer that was taken away. It is the person's own, so nothing is asked for, even when they lost
/// the permission meanwhile: what was worked is not lost.
async fn finish(tx: &mut Tx, cx: &Cx, timer: Timer, span: Span, note: Option<String>) -> Result<TimeEntry> {
    let project = projects::service::find(tx, cx.actor.workspace, &Handle::Id(timer.project_id)).await?;
    let booking = Booking {
        task: timer.task_id,
        task_key: timer.task_key.clone(),
        user: timer.user_id,
        span,
        day: timer.day,
        note: note.unwrap_or_else(|| timer.note.clone()),
        billable: timer.billable,
    };
    let entry = book::book(tx, cx, &project, booking).await?;
    let project = ProjectRef::from(&project);
    emit(tx, cx, &TimeTimerStopped { timer: &timer, time_entry: &entry, project: &project }).await?;
    Ok(entry)
}

fn person(cx: &Cx) -> Result<UserId> {
    cx.actor.user().ok_or_else(|| Error::denied("Only a person has a timer; log time in somebody's name instead."))
}

fn not_running(key: &str, instead: &str) -> Error {
    Error::conflict("timer_not_running", format!("No timer runs on {key}: {instead}. Start one, or log the time."))
}
