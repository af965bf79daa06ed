//! What time announces: never what it costs, since everybody hears of it.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::{TimeEntry, Timer};
use crate::access::{Permission as _, TimeView};
use crate::events::EventType;
use crate::ids::ProjectId;
use crate::projects::ProjectRef;
use crate::projects::events::Changes;

/// Time was written down, by hand or by a timer that stopped.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TimeLogged<'a> {
    /// The entry.
    pub time_entry: &'a TimeEntry,
    /// Its project.
    pub project: &'a ProjectRef,
}

/// An entry changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TimeUpdated<'a> {
    /// The entry as it is now.
    pub time_entry: &'a TimeEntry,
    /// Its project.
    pub project: &'a ProjectRef,
    /// What changed.
    pub change: &'a Changes,
}

/// An entry went away.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TimeDeleted<'a> {
    /// The entry as it was.
    pub time_entry: &'a TimeEntry,
    /// Its project.
    pub project: &'a ProjectRef,
}

/// Somebody began to work.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TimeTimerStarted<'a> {
    /// The timer.
    pub timer: &'a Timer,
    /// The project of its task.
    pub project: &'a ProjectRef,
}

/// Somebody stopped working.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TimeTimerStopped<'a> {
    /// The timer as it was.
    pub timer: &'a Timer,
    /// What it became.
    pub time_entry: &'a TimeEntry,
    /// The project of its task.
    pub project: &'a ProjectRef,
}

macro_rules! about_time {
    ($($event:ident $of:ident $id:ident $kind:literal $summary:literal;)+) => {$(
        impl EventType for $event<'_> {
            const KIND: &'static str = $kind;
            const SUMMARY: &'static str = $summary;
            const NEEDS: &'static str = TimeView::NAME;
            fn subject(&self) -> String {
                self.$of.$id.to_string()
            }
            fn project(&self) -> Option<ProjectId> {
                Some(self.$of.project_id)
            }
        }
    )+};
}

about_time! {
    TimeDeleted time_entry id "time.deleted" "A time entry was deleted.";
    TimeLogged time_entry id "time.logged" "Time was logged on a task, by hand or by a timer that stopped.";
    TimeTimerStarted timer task_id "time.timer_started" "Somebody started a timer on a task.";
    TimeTimerStopped timer task_id "time.timer_stopped" "Somebody stopped a timer; `time_entry` is what it became.";
    TimeUpdated time_entry id "time.updated" "A time entry changed; `change` names each field with what it was and what it became.";
}
