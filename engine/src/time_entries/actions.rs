//! What rules may do with time. The rule acts with its owner's rights, and a timer is its owner's.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;

use super::model::{LoggedTime, NewTimeEntry, NewTimer, StopTimer, TimerStarted};
use super::{service, timers};
use crate::Result;
use crate::access::permissions::TimeLog;
use crate::actions::{Effect, Internal, Undo};
use crate::cx::Cx;
use crate::db::Tx;
use crate::handle::Handle;
use crate::ids::{TaskId, UserId};
use crate::projects;

/// `time.log`.
pub struct Log;

/// What `time.log` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogInput {
    /// The task, by id or key.
    pub task: Handle<TaskId>,
    /// When it began; `minutes` ago when left out.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended; in place of `minutes`.
    pub ended_at: Option<DateTime<Utc>>,
    /// 1 to 1440.
    pub minutes: Option<i64>,
    /// What was done.
    #[serde(default)]
    pub note: String,
    /// Whether it is charged to somebody; true when left out.
    pub billable: Option<bool>,
    /// Whose time it is; the rule's owner's when left out. Another's needs `time.manage`.
    pub user: Option<UserId>,
}

impl Internal for Log {
    const NAME: &'static str = "time.log";
    const SUMMARY: &'static str = "Logs time on a task.";
    const EFFECT: Effect = Effect { reads: &["task"], writes: &["time_entries"], undo: Undo::Remove };
    const CAUSES: &'static [&'static str] = &["time.logged"];
    type Needs = TimeLog;
    type Input = LogInput;
    type Output = LoggedTime;

    async fn perform(tx: &mut Tx, cx: &Cx, input: LogInput) -> Result<LoggedTime> {
        let LogInput { task, started_at, ended_at, minutes, note, billable, user } = input;
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &task).await?;
        let new = NewTimeEntry { started_at, ended_at, minutes, note, billable, user };
        service::log(tx, cx, &cx.actor.may(project)?, &task, new).await
    }
}

/// `timer.start`.
pub struct StartTimer;

/// What `timer.start` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartTimerInput {
    /// The task, by id or key.
    pub task: Handle<TaskId>,
    /// What is being done.
    #[serde(default)]
    pub note: String,
    /// Whether it is charged to somebody; true when left out.
    pub billable: Option<bool>,
}

impl Internal for StartTimer {
    const NAME: &'static str = "timer.start";
    const SUMMARY: &'static str = "Starts the timer of the rule's owner on a task; one that ran stops.";
    const EFFECT: Effect = Effect { reads: &["task"], writes: &["timers"], undo: Undo::Remove };
    const CAUSES: &'static [&'static str] = &["time.logged", "time.timer_started", "time.timer_stopped"];
    type Needs = TimeLog;
    type Input = StartTimerInput;
    type Output = TimerStarted;

    async fn perform(tx: &mut Tx, cx: &Cx, input: StartTimerInput) -> Result<TimerStarted> {
        let StartTimerInput { task, note, billable } = input;
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &task).await?;
        timers::start(tx, cx, &cx.actor.may(project)?, &task, NewTimer { note, billable }).await
    }
}

/// `timer.stop`.
pub struct StopTimerAction;

/// What `timer.stop` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopTimerInput {
    /// The task, by id or key.
    pub task: Handle<TaskId>,
    /// What was done, in place of what was said at the start.
    pub note: Option<String>,
}

impl Internal for StopTimerAction {
    const NAME: &'static str = "timer.stop";
    const SUMMARY: &'static str = "Stops the timer of the rule's owner on a task.";
    const EFFECT: Effect = Effect { reads: &["timers"], writes: &["timers", "time_entries"], undo: Undo::Remove };
    const CAUSES: &'static [&'static str] = &["time.logged", "time.timer_stopped"];
    type Needs = TimeLog;
    type Input = StopTimerInput;
    type Output = LoggedTime;

    async fn perform(tx: &mut Tx, cx: &Cx, input: StopTimerInput) -> Result<LoggedTime> {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &input.task).await?;
        let how = StopTimer { ended_at: None, note: input.note };
        timers::stop(tx, cx, &cx.actor.may(project)?, &input.task, how).await
    }
}
