//! What attachments announce. Each event carries the task, and its project in short.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::Attachment;
use crate::projects::ProjectRef;
use crate::tasks::Task;
use crate::tasks::events::about_a_task;

/// A file was put on a task.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskAttachmentAdded<'a> {
    /// The task.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
    /// The file.
    pub attachment: &'a Attachment,
}

/// A file was taken off a task.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskAttachmentRemoved<'a> {
    /// The task.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
    /// The file as it was.
    pub attachment: &'a Attachment,
}

about_a_task! {
    TaskAttachmentAdded "task.attachment_added" "A file was put on a task.";
    TaskAttachmentRemoved "task.attachment_removed" "A file was taken off a task.";
}
