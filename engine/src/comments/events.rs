//! What comments announce. Each event carries the comment's task, and the project in short.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::Comment;
use crate::ids::UserId;
use crate::notifications::sources;
use crate::projects::ProjectRef;
use crate::projects::events::Changes;
use crate::tasks::Task;
use crate::tasks::events::about_a_task;

/// Somebody commented on a task.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskCommented<'a> {
    /// The task.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
    /// The comment.
    pub comment: &'a Comment,
}

/// A comment says something else.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskCommentEdited<'a> {
    /// The task.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
    /// The comment as it is now.
    pub comment: &'a Comment,
    /// What it said, and what it says.
    pub change: &'a Changes,
}

/// A comment was taken back.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskCommentDeleted<'a> {
    /// The task.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
    /// The comment as it is now, without its text.
    pub comment: &'a Comment,
}

/// A comment mentions people whom it did not mention before.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskMentioned<'a> {
    /// The task.
    pub task: &'a Task,
    /// Its project.
    pub project: &'a ProjectRef,
    /// The comment.
    pub comment: &'a Comment,
    /// Whom it mentions now and did not before.
    pub mentioned: &'a [UserId],
}

about_a_task! {
    TaskCommentDeleted "task.comment_deleted" "A comment was deleted; its place is kept without its text.";
    TaskCommentEdited "task.comment_edited" "A comment's text changed.";
    TaskCommented "task.commented" "Somebody commented on a task." => sources::commented;
    TaskMentioned "task.mentioned" "A comment mentions people; `mentioned` are those whom it did not mention before." => sources::mentioned;
}
