//! What rules may do with sprints. The rule acts with its owner's rights.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;

use super::model::{CloseSprint, Closed, NewSprint, Sprint};
use super::service;
use crate::Result;
use crate::access::permissions::SprintEdit;
use crate::actions::{Effect, Internal, Undo};
use crate::cx::Cx;
use crate::db::Tx;
use crate::handle::Handle;
use crate::ids::{ProjectId, SprintId};
use crate::projects;

/// `sprint.create`.
pub struct Create;

/// What `sprint.create` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateInput {
    /// The project, by id or key.
    pub project: Handle<ProjectId>,
    /// 1 to 200 characters.
    pub name: String,
    /// Markdown.
    #[serde(default)]
    pub goal: String,
    /// When it is to begin.
    pub starts_at: Option<DateTime<Utc>>,
    /// When it is to be over.
    pub ends_at: Option<DateTime<Utc>>,
}

impl Internal for Create {
    const NAME: &'static str = "sprint.create";
    const SUMMARY: &'static str = "Plans a sprint.";
    const EFFECT: Effect = Effect { reads: &["project"], writes: &["sprint.*"], undo: Undo::Remove };
    const CAUSES: &'static [&'static str] = &["sprint.created"];
    type Needs = SprintEdit;
    type Input = CreateInput;
    type Output = Sprint;

    async fn perform(tx: &mut Tx, cx: &Cx, input: CreateInput) -> Result<Sprint> {
        let project = projects::service::find(tx, cx.actor.workspace, &input.project).await?;
        let CreateInput { name, goal, starts_at, ends_at, .. } = input;
        service::create(tx, cx, &cx.actor.may(project)?, NewSprint { name, goal, starts_at, ends_at }).await
    }
}

/// `sprint.start`.
pub struct Start;

/// Which sprint.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// The sprint.
    pub sprint: SprintId,
}

impl Internal for Start {
    const NAME: &'static str = "sprint.start";
    const SUMMARY: &'static str = "Starts a planned sprint.";
    const EFFECT: Effect =
        Effect { reads: &["sprint"], writes: &["sprint.state"], undo: Undo::Never { because: "a sprint begins once" } };
    const CAUSES: &'static [&'static str] = &["sprint.started"];
    type Needs = SprintEdit;
    type Input = Which;
    type Output = Sprint;

    async fn perform(tx: &mut Tx, cx: &Cx, input: Which) -> Result<Sprint> {
        let project = service::project_of(tx, cx.actor.workspace, input.sprint).await?;
        service::start(tx, cx, &cx.actor.may(project)?, input.sprint, None).await
    }
}

/// `sprint.close`.
pub struct Close;

/// What `sprint.close` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseInput {
    /// The sprint.
    pub sprint: SprintId,
    /// The sprint that its open tasks go to; into none when left out.
    pub move_to: Option<SprintId>,
}

impl Internal for Close {
    const NAME: &'static str = "sprint.close";
    const SUMMARY: &'static str = "Closes the active sprint and moves what is still to be done.";
    const EFFECT: Effect = Effect {
        reads: &["sprint", "task"],
        writes: &["sprint.state", "task.sprint"],
        undo: Undo::Never { because: "a sprint ends once" },
    };
    const CAUSES: &'static [&'static str] = &["sprint.closed"];
    type Needs = SprintEdit;
    type Input = CloseInput;
    type Output = Closed;

    async fn perform(tx: &mut Tx, cx: &Cx, input: CloseInput) -> Result<Closed> {
        let project = service::project_of(tx, cx.actor.workspace, input.sprint).await?;
        let how = CloseSprint { move_to: input.move_to };
        service::close(tx, cx, &cx.actor.may(project)?, input.sprint, None, how).await
    }
}
