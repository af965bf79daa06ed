//! What rules may do with files. A rule brings none: a run carries words, not bytes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::service;
use crate::Result;
use crate::access::permissions::TaskEdit;
use crate::actions::{Effect, Internal, Undo};
use crate::cx::Cx;
use crate::db::Tx;
use crate::ids::AttachmentId;

/// `task.remove_attachment`.
pub struct Remove;

/// What `task.remove_attachment` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveInput {
    /// The file.
    pub attachment: AttachmentId,
}

/// What `task.remove_attachment` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Removed {
    /// The file.
    pub attachment: AttachmentId,
}

impl Internal for Remove {
    const NAME: &'static str = "task.remove_attachment";
    const SUMMARY: &'static str = "Takes a file off its task and deletes it.";
    const EFFECT: Effect = Effect {
        reads: &["attachments"],
        writes: &["attachments"],
        undo: Undo::Never { because: "the file is deleted" },
    };
    const CAUSES: &'static [&'static str] = &["task.attachment_removed"];
    type Needs = TaskEdit;
    type Input = RemoveInput;
    type Output = Removed;

    async fn perform(tx: &mut Tx, cx: &Cx, input: RemoveInput) -> Result<Removed> {
        let project = service::project_of(tx, cx.actor.workspace, input.attachment).await?;
        service::remove(tx, cx, &cx.actor.may(project)?, input.attachment).await?;
        Ok(Removed { attachment: input.attachment })
    }
}
