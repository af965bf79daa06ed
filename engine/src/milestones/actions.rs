//! What rules may do with milestones. The rule acts with its owner's rights.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Milestone, MilestonePatch, MilestoneStatus, NewMilestone};
use super::service;
use crate::Result;
use crate::access::permissions::MilestoneEdit;
use crate::actions::{Effect, Internal, Undo};
use crate::cx::Cx;
use crate::db::Tx;
use crate::handle::Handle;
use crate::ids::{MilestoneId, ProjectId};
use crate::patch::Patch;
use crate::projects;

/// `milestone.create`.
pub struct Create;

/// What `milestone.create` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateInput {
    /// The project, by id or key.
    pub project: Handle<ProjectId>,
    /// 1 to 200 characters.
    pub name: String,
    /// Markdown.
    #[serde(default)]
    pub description: String,
    /// When it is to be reached.
    pub due_at: Option<DateTime<Utc>>,
}

impl Internal for Create {
    const NAME: &'static str = "milestone.create";
    const SUMMARY: &'static str = "Makes a milestone.";
    const EFFECT: Effect = Effect { reads: &["project"], writes: &["milestone.*"], undo: Undo::Remove };
    const CAUSES: &'static [&'static str] = &["milestone.created"];
    type Needs = MilestoneEdit;
    type Input = CreateInput;
    type Output = Milestone;

    async fn perform(tx: &mut Tx, cx: &Cx, input: CreateInput) -> Result<Milestone> {
        let project = projects::service::find(tx, cx.actor.workspace, &input.project).await?;
        let new = NewMilestone { name: input.name, description: input.description, due_at: input.due_at };
        service::create(tx, cx, &cx.actor.may(project)?, new).await
    }
}

/// `milestone.update`.
pub struct Update;

/// What `milestone.update` takes: the milestone, and its fields as `PATCH /milestones/{id}` takes them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateInput {
    /// The milestone.
    pub milestone: MilestoneId,
    /// 1 to 200 characters.
    #[serde(default)]
    pub name: Patch<String>,
    /// Markdown; null empties it.
    #[serde(default)]
    pub description: Patch<String>,
    /// When it is to be reached; null takes it off.
    #[serde(default)]
    pub due_at: Patch<DateTime<Utc>>,
    /// How it stands.
    #[serde(default)]
    pub status: Patch<MilestoneStatus>,
}

impl Internal for Update {
    const NAME: &'static str = "milestone.update";
    const SUMMARY: &'static str = "Changes a milestone; what is left out stays.";
    const EFFECT: Effect = Effect {
        reads: &["milestone"],
        writes: &["milestone.name", "milestone.description", "milestone.due_at", "milestone.status"],
        undo: Undo::Restore,
    };
    const CAUSES: &'static [&'static str] = &["milestone.completed", "milestone.reopened", "milestone.updated"];
    type Needs = MilestoneEdit;
    type Input = UpdateInput;
    type Output = Milestone;

    async fn perform(tx: &mut Tx, cx: &Cx, input: UpdateInput) -> Result<Milestone> {
        let UpdateInput { milestone, name, description, due_at, status } = input;
        update(tx, cx, milestone, MilestonePatch { name, description, due_at, status }).await
    }
}

/// Which milestone an action is about.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// The milestone.
    pub milestone: MilestoneId,
}

/// `milestone.complete`.
pub struct Complete;

impl Internal for Complete {
    const NAME: &'static str = "milestone.complete";
    const SUMMARY: &'static str = "Completes a milestone; one that is completed stays as it is.";
    const EFFECT: Effect = Effect { reads: &["milestone"], writes: &["milestone.status"], undo: Undo::Restore };
    const CAUSES: &'static [&'static str] = &["milestone.completed", "milestone.updated"];
    type Needs = MilestoneEdit;
    type Input = Which;
    type Output = Milestone;

    async fn perform(tx: &mut Tx, cx: &Cx, input: Which) -> Result<Milestone> {
        let status = Patch::Value(MilestoneStatus::Completed);
        update(tx, cx, input.milestone, MilestonePatch { status, ..MilestonePatch::default() }).await
    }
}

/// `milestone.reopen`.
pub struct Reopen;

impl Internal for Reopen {
    const NAME: &'static str = "milestone.reopen";
    const SUMMARY: &'static str = "Opens a completed milestone again; one that is open stays as it is.";
    const EFFECT: Effect = Effect { reads: &["milestone"], writes: &["milestone.status"], undo: Undo::Restore };
    const CAUSES: &'static [&'static str] = &["milestone.reopened", "milestone.updated"];
    type Needs = MilestoneEdit;
    type Input = Which;
    type Output = Milestone;

    async fn perform(tx: &mut Tx, cx: &Cx, input: Which) -> Result<Milestone> {
        let status = Patch::Value(MilestoneStatus::Open);
        update(tx, cx, input.milestone, MilestonePatch { status, ..MilestonePatch::default() }).await
    }
}

/// `milestone.delete`.
pub struct Delete;

/// What `milestone.delete` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Deleted {
    /// How many tasks belonged to it.
    pub tasks: i64,
}

impl Internal for Delete {
    const NAME: &'static str = "milestone.delete";
    const SUMMARY: &'static str = "Deletes a milestone; its tasks stay.";
    const EFFECT: Effect =
        Effect { reads: &["milestone"], writes: &["milestone.*", "task.milestone"], undo: Undo::Remake };
    const CAUSES: &'static [&'static str] = &["milestone.deleted"];
    type Needs = MilestoneEdit;
    type Input = Which;
    type Output = Deleted;

    async fn perform(tx: &mut Tx, cx: &Cx, input: Which) -> Result<Deleted> {
        let project = service::project_of(tx, cx.actor.workspace, input.milestone).await?;
        let tasks = service::delete(tx, cx, &cx.actor.may(project)?, input.milestone, None).await?;
        Ok(Deleted { tasks })
    }
}

async fn update(tx: &mut Tx, cx: &Cx, milestone: MilestoneId, patch: MilestonePatch) -> Result<Milestone> {
    let project = service::project_of(tx, cx.actor.workspace, milestone).await?;
    service::update(tx, cx, &cx.actor.may(project)?, milestone, None, patch).await
}
