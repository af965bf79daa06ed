//! What rules may do with templates. The rule acts with its owner's rights.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;

use super::model::{Applied, Apply as How};
use super::service;
use crate::Result;
use crate::access::permissions::TaskCreate;
use crate::actions::{Effect, Internal, Undo};
use crate::cx::Cx;
use crate::db::Tx;
use crate::handle::Handle;
use crate::ids::{SprintId, TaskId, TaskTemplateId};

/// `task.apply_template`.
pub struct Apply;

/// What `task.apply_template` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyInput {
    /// The template.
    pub template: TaskTemplateId,
    /// What stands for each placeholder.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// What the dates count from; now when left out.
    pub start: Option<DateTime<Utc>>,
    /// The task that the made one becomes a part of, by id or key.
    pub parent: Option<Handle<TaskId>>,
    /// The sprint that all its tasks are to be done in.
    pub sprint: Option<SprintId>,
}

impl Internal for Apply {
    const NAME: &'static str = "task.apply_template";
    const SUMMARY: &'static str = "Makes the tasks of a template.";
    const EFFECT: Effect = Effect { reads: &["task_template", "project"], writes: &["task.*"], undo: Undo::Remove };
    const CAUSES: &'static [&'static str] = &["task.assigned", "task.created", "task_template.applied"];
    type Needs = TaskCreate;
    type Input = ApplyInput;
    type Output = Applied;

    async fn perform(tx: &mut Tx, cx: &Cx, input: ApplyInput) -> Result<Applied> {
        let project = service::project_of(tx, cx.actor.workspace, input.template).await?;
        let ApplyInput { template, variables, start, parent, sprint } = input;
        let how = How { variables, start, parent, sprint };
        service::apply(tx, cx, &cx.actor.may(project)?, template, how).await
    }
}
