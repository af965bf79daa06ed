//! What recurrences announce. The tasks that they make announce themselves, too.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::model::Recurrence;
use crate::access::{Permission as _, RecurrenceView};
use crate::events::EventType;
use crate::ids::ProjectId;
use crate::projects::ProjectRef;
use crate::tasks::Task;

macro_rules! about_a_recurrence {
    ($($event:ident $kind:literal $summary:literal;)+) => {$(
        #[doc = $summary]
        #[derive(Debug, Serialize, JsonSchema)]
        pub struct $event<'a> {
            /// The recurrence; as it was, when it is gone.
            pub recurrence: &'a Recurrence,
            /// Its project.
            pub project: &'a ProjectRef,
        }

        impl EventType for $event<'_> {
            const KIND: &'static str = $kind;
            const SUMMARY: &'static str = $summary;
            const NEEDS: &'static str = RecurrenceView::NAME;
            fn subject(&self) -> String {
                self.recurrence.id.to_string()
            }
            fn project(&self) -> Option<ProjectId> {
                Some(self.recurrence.project_id)
            }
        }
    )+};
}

about_a_recurrence! {
    RecurrenceCreated "recurrence.created" "A recurring task was set up.";
    RecurrenceDeleted "recurrence.deleted" "A recurring task was taken down; what it made stays.";
    RecurrencePaused "recurrence.paused" "A recurring task rests; `recurrence.paused_because` says why, when its task could not be made.";
    RecurrenceResumed "recurrence.resumed" "A recurring task goes on.";
    RecurrenceUpdated "recurrence.updated" "A recurring task was changed.";
}

/// The time of a recurring task came, and it was made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RecurrenceOccurred<'a> {
    /// The task that was made.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
    /// The recurrence.
    pub recurrence: &'a Recurrence,
    /// The time it was made for.
    pub nominal_at: DateTime<Utc>,
}

impl EventType for RecurrenceOccurred<'_> {
    const KIND: &'static str = "recurrence.occurred";
    const SUMMARY: &'static str = "The time of a recurring task came: `task` was made for `nominal_at`.";
    const NEEDS: &'static str = RecurrenceView::NAME;
    fn subject(&self) -> String {
        self.recurrence.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        Some(self.recurrence.project_id)
    }
}
