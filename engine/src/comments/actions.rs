//! What rules may do with comments. The rule acts with its owner's rights.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{self, CommentPatch, NewComment};
use super::service;
use crate::Result;
use crate::access::permissions::TaskComment;
use crate::actions::{Effect, Internal, Undo};
use crate::cx::Cx;
use crate::db::Tx;
use crate::handle::Handle;
use crate::ids::{CommentId, TaskId};
use crate::patch::Patch;
use crate::projects;

/// `task.comment`.
pub struct Comment;

/// What `task.comment` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentInput {
    /// The task, by id or key.
    pub task: Handle<TaskId>,
    /// Markdown. `@user_…` or `@address` mentions somebody.
    pub body: String,
}

impl Internal for Comment {
    const NAME: &'static str = "task.comment";
    const SUMMARY: &'static str = "Writes a comment on a task.";
    const EFFECT: Effect = Effect { reads: &["task"], writes: &["comments"], undo: Undo::Remove };
    const CAUSES: &'static [&'static str] = &["task.commented", "task.mentioned"];
    type Needs = TaskComment;
    type Input = CommentInput;
    type Output = model::Comment;

    async fn perform(tx: &mut Tx, cx: &Cx, input: CommentInput) -> Result<model::Comment> {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &input.task).await?;
        let may = cx.actor.may::<TaskComment, _>(project)?;
        service::comment(tx, cx, &may, &input.task, NewComment { body: input.body }).await
    }
}

/// `task.delete_comment`.
pub struct Delete;

/// What `task.delete_comment` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteInput {
    /// The comment: the owner's own, unless they may moderate.
    pub comment: CommentId,
}

/// What `task.delete_comment` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Deleted {
    /// The comment.
    pub comment: CommentId,
}

impl Internal for Delete {
    const NAME: &'static str = "task.delete_comment";
    const SUMMARY: &'static str = "Deletes a comment; its place stays without its text.";
    const EFFECT: Effect = Effect {
        reads: &["comments"],
        writes: &["comments"],
        undo: Undo::Never { because: "what its author took back is gone" },
    };
    const CAUSES: &'static [&'static str] = &["task.comment_deleted"];
    type Needs = TaskComment;
    type Input = DeleteInput;
    type Output = Deleted;

    async fn perform(tx: &mut Tx, cx: &Cx, input: DeleteInput) -> Result<Deleted> {
        let project = service::project_of(tx, cx.actor.workspace, input.comment).await?;
        service::delete(tx, cx, &cx.actor.may(project)?, input.comment, None).await?;
        Ok(Deleted { comment: input.comment })
    }
}

/// `task.edit_comment`.
pub struct Edit;

/// What `task.edit_comment` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditInput {
    /// The comment: the owner's own, unless they may moderate.
    pub comment: CommentId,
    /// What it says from now on, in Markdown.
    pub body: String,
}

impl Internal for Edit {
    const NAME: &'static str = "task.edit_comment";
    const SUMMARY: &'static str = "Changes what a comment says.";
    const EFFECT: Effect = Effect { reads: &["comments"], writes: &["comment.body"], undo: Undo::Restore };
    const CAUSES: &'static [&'static str] = &["task.comment_edited", "task.mentioned"];
    type Needs = TaskComment;
    type Input = EditInput;
    type Output = model::Comment;

    async fn perform(tx: &mut Tx, cx: &Cx, input: EditInput) -> Result<model::Comment> {
        let project = service::project_of(tx, cx.actor.workspace, input.comment).await?;
        let patch = CommentPatch { body: Patch::Value(input.body) };
        service::edit(tx, cx, &cx.actor.may(project)?, input.comment, None, patch).await
    }
}
