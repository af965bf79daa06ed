//! What templates announce. The tasks that they make announce themselves.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::TaskTemplate;
use crate::access::{Permission as _, TaskTemplateView};
use crate::events::EventType;
use crate::ids::ProjectId;
use crate::projects::ProjectRef;
use crate::tasks::Task;

macro_rules! about_a_template {
    ($($event:ident $kind:literal $summary:literal;)+) => {$(
        #[doc = $summary]
        #[derive(Debug, Serialize, JsonSchema)]
        pub struct $event<'a> {
            /// The template; as it was, when it is gone.
            pub template: &'a TaskTemplate,
            /// Its project.
            pub project: &'a ProjectRef,
        }

        impl EventType for $event<'_> {
            const KIND: &'static str = $kind;
            const SUMMARY: &'static str = $summary;
            const NEEDS: &'static str = TaskTemplateView::NAME;
            fn subject(&self) -> String {
                self.template.id.to_string()
            }
            fn project(&self) -> Option<ProjectId> {
                Some(self.template.project_id)
            }
        }
    )+};
}

about_a_template! {
    TaskTemplateCreated "task_template.created" "A task template was made.";
    TaskTemplateDeleted "task_template.deleted" "A task template was deleted.";
    TaskTemplateUpdated "task_template.updated" "A task template was changed.";
}

/// A template was applied.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskTemplateApplied<'a> {
    /// The task at the top.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
    /// The template.
    pub template: &'a TaskTemplate,
    /// How many tasks were made.
    pub tasks: i64,
}

impl EventType for TaskTemplateApplied<'_> {
    const KIND: &'static str = "task_template.applied";
    const SUMMARY: &'static str = "A task template was applied; `task` is the one at the top.";
    const NEEDS: &'static str = TaskTemplateView::NAME;
    fn subject(&self) -> String {
        self.template.id.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        Some(self.template.project_id)
    }
}
