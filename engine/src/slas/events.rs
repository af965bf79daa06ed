//! What timers announce. An event about a timer is one about its task: who may not see that does not see it.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::{SlaRef, TaskTimer};
use crate::events::EventType;
use crate::ids::ProjectId;
use crate::projects::ProjectRef;
use crate::tasks::Task;

macro_rules! about_a_timer {
    ($($(#[$doc:meta])* $event:ident $kind:literal $summary:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize, JsonSchema)]
        pub struct $event<'a> {
            /// The task.
            pub task: &'a Task,
            /// Its project.
            pub project: &'a ProjectRef,
            /// The policy.
            pub sla: SlaRef,
            /// The timer as it is now.
            pub timer: &'a TaskTimer,
        }

        impl EventType for $event<'_> {
            const KIND: &'static str = $kind;
            const SUMMARY: &'static str = $summary;
            fn subject(&self) -> String {
                self.task.id.to_string()
            }
            fn project(&self) -> Option<ProjectId> {
                Some(self.task.project_id)
            }
        }
    )+};
}

about_a_timer! {
    /// The time of a task has passed.
    SlaBreached "sla.breached" "A task was not done within the time that a policy gives it; once per policy, task and cycle.";
    /// A task was done in time.
    SlaMet "sla.met" "A task was done within the time that a policy gives it.";
    /// The time of a task will soon have passed.
    SlaWarned "sla.warned" "The time that a policy gives a task has nearly passed; once per policy, task and cycle.";
}
