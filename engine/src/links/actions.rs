//! What rules may do with links. The rule acts with its owner's rights.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{self, LinkType, NewLink};
use super::service;
use crate::Result;
use crate::access::permissions::TaskEdit;
use crate::actions::{Effect, Internal, Undo};
use crate::cx::Cx;
use crate::db::Tx;
use crate::handle::Handle;
use crate::ids::TaskId;
use crate::projects;

/// `task.link`.
pub struct Link;

/// What `task.link` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkInput {
    /// The task, by id or key.
    pub task: Handle<TaskId>,
    /// The other task, of the same workspace, by id or key.
    pub other: Handle<TaskId>,
    /// What the task has to do with it.
    #[serde(rename = "type")]
    pub kind: LinkType,
}

impl Internal for Link {
    const NAME: &'static str = "task.link";
    const SUMMARY: &'static str = "Links a task with another one.";
    const EFFECT: Effect = Effect { reads: &["task"], writes: &["links"], undo: Undo::By { action: "task.unlink" } };
    const CAUSES: &'static [&'static str] = &["task.linked"];
    type Needs = TaskEdit;
    type Input = LinkInput;
    type Output = model::Link;

    async fn perform(tx: &mut Tx, cx: &Cx, input: LinkInput) -> Result<model::Link> {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &input.task).await?;
        let may = cx.actor.may::<TaskEdit, _>(project)?;
        service::link(tx, cx, &may, &input.task, NewLink { other: input.other, kind: input.kind }).await
    }
}

/// `task.unlink`.
pub struct Unlink;

/// What `task.unlink` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnlinkInput {
    /// The task, by id or key.
    pub task: Handle<TaskId>,
    /// The other task, by id or key.
    pub other: Handle<TaskId>,
    /// Only the link of this type; every one between the two when left out.
    #[serde(rename = "type")]
    pub kind: Option<LinkType>,
}

/// What `task.unlink` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Unlinked {}

impl Internal for Unlink {
    const NAME: &'static str = "task.unlink";
    const SUMMARY: &'static str = "Takes links between two tasks away.";
    const EFFECT: Effect = Effect { reads: &["links"], writes: &["links"], undo: Undo::By { action: "task.link" } };
    const CAUSES: &'static [&'static str] = &["task.unlinked"];
    type Needs = TaskEdit;
    type Input = UnlinkInput;
    type Output = Unlinked;

    async fn perform(tx: &mut Tx, cx: &Cx, input: UnlinkInput) -> Result<Unlinked> {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &input.task).await?;
        let may = cx.actor.may::<TaskEdit, _>(project)?;
        service::unlink(tx, cx, &may, &input.task, &input.other, input.kind).await?;
        Ok(Unlinked {})
    }
}
