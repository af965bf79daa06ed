//! What rules may do with recurring tasks. The rule acts with its owner's rights.

use schemars::JsonSchema;
use serde::Deserialize;

use super::model::Recurrence;
use super::service;
use crate::Result;
use crate::access::permissions::RecurrenceEdit;
use crate::actions::{Effect, Internal, Undo};
use crate::cx::Cx;
use crate::db::Tx;
use crate::ids::RecurrenceId;

/// Which recurrence.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// The recurrence.
    pub recurrence: RecurrenceId,
}

/// `recurrence.pause`.
pub struct Pause;

impl Internal for Pause {
    const NAME: &'static str = "recurrence.pause";
    const SUMMARY: &'static str = "Lets a recurring task rest.";
    const EFFECT: Effect = Effect {
        reads: &["recurrence"],
        writes: &["recurrence.state"],
        undo: Undo::By { action: "recurrence.resume" },
    };
    const CAUSES: &'static [&'static str] = &["recurrence.paused", "recurrence.updated"];
    type Needs = RecurrenceEdit;
    type Input = Which;
    type Output = Recurrence;

    async fn perform(tx: &mut Tx, cx: &Cx, input: Which) -> Result<Recurrence> {
        let project = service::project_of(tx, cx.actor.workspace, input.recurrence).await?;
        service::set_paused(tx, cx, &cx.actor.may(project)?, input.recurrence, true).await
    }
}

/// `recurrence.resume`.
pub struct Resume;

impl Internal for Resume {
    const NAME: &'static str = "recurrence.resume";
    const SUMMARY: &'static str = "Lets a recurring task go on.";
    const EFFECT: Effect =
        Effect { reads: &["recurrence"], writes: &["recurrence.state"], undo: Undo::By { action: "recurrence.pause" } };
    const CAUSES: &'static [&'static str] = &["recurrence.resumed", "recurrence.updated"];
    type Needs = RecurrenceEdit;
    type Input = Which;
    type Output = Recurrence;

    async fn perform(tx: &mut Tx, cx: &Cx, input: Which) -> Result<Recurrence> {
        let project = service::project_of(tx, cx.actor.workspace, input.recurrence).await?;
        service::set_paused(tx, cx, &cx.actor.may(project)?, input.recurrence, false).await
    }
}
