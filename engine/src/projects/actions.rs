//! What rules may do with projects. The rule acts with its owner's rights.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;

use super::copy::{self, CopyProject, Part};
use super::model::{Health, NewProject, Project, ProjectPatch, ProjectStatus};
use super::service;
use crate::Result;
use crate::access::permissions::{ProjectCreate, ProjectEdit, ProjectView};
use crate::actions::{Effect, Internal, Undo};
use crate::cx::Cx;
use crate::db::Tx;
use crate::handle::Handle;
use crate::ids::{ProjectId, UserId};
use crate::patch::Patch;

/// `project.create`.
pub struct Create;

/// What `project.create` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateInput {
    /// 2 to 10 characters: a capital letter, then capitals and digits.
    pub key: String,
    /// 1 to 200 characters.
    pub name: String,
    /// Markdown.
    #[serde(default)]
    pub description: String,
    /// `active` when left out.
    pub status: Option<ProjectStatus>,
    /// The owner of the rule, when left out.
    pub owner: Option<UserId>,
    /// When it begins.
    pub start_at: Option<DateTime<Utc>>,
    /// When it is to be done.
    pub due_at: Option<DateTime<Utc>>,
    /// Whether other projects may be made of it.
    #[serde(default)]
    pub is_template: bool,
}

impl Internal for Create {
    const NAME: &'static str = "project.create";
    const SUMMARY: &'static str = "Makes a project; `project.copy` makes one of a template.";
    const EFFECT: Effect = Effect { reads: &["members"], writes: &["project.*"], undo: Undo::Remove };
    const CAUSES: &'static [&'static str] = &["project.created"];
    type Needs = ProjectCreate;
    type Input = CreateInput;
    type Output = Project;

    async fn perform(tx: &mut Tx, cx: &Cx, input: CreateInput) -> Result<Project> {
        let new = NewProject {
            key: input.key,
            name: input.name,
            description: input.description,
            status: input.status,
            owner: input.owner,
            start_at: input.start_at,
            due_at: input.due_at,
            is_template: input.is_template,
            template: None,
        };
        service::create(tx, cx, &cx.actor.may_here()?, new).await
    }
}

/// `project.update`.
pub struct Update;

/// What `project.update` takes: the project, and its fields as `PATCH /projects/{id}` takes them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateInput {
    /// The project, by id or key.
    pub project: Handle<ProjectId>,
    /// 1 to 200 characters.
    #[serde(default)]
    pub name: Patch<String>,
    /// Markdown; null empties it.
    #[serde(default)]
    pub description: Patch<String>,
    /// How it stands.
    #[serde(default)]
    pub status: Patch<ProjectStatus>,
    /// Who answers for it: a member of the workspace.
    #[serde(default)]
    pub owner: Patch<UserId>,
    /// When it begins; null takes it off.
    #[serde(default)]
    pub start_at: Patch<DateTime<Utc>>,
    /// When it is to be done; null takes it off.
    #[serde(default)]
    pub due_at: Patch<DateTime<Utc>>,
    /// How it does; null takes it off, with the note.
    #[serde(default)]
    pub health: Patch<Health>,
    /// Why, in Markdown.
    #[serde(default)]
    pub health_note: Patch<String>,
    /// Whether other projects may be made of it.
    #[serde(default)]
    pub is_template: Patch<bool>,
}

impl Internal for Update {
    const NAME: &'static str = "project.update";
    const SUMMARY: &'static str = "Changes a project; what is left out stays.";
    const EFFECT: Effect = Effect {
        reads: &["project"],
        writes: &[
            "project.name",
            "project.description",
            "project.status",
            "project.owner",
            "project.start_at",
            "project.due_at",
            "project.health",
            "project.health_note",
            "project.is_template",
        ],
        undo: Undo::Restore,
    };
    const CAUSES: &'static [&'static str] =
        &["project.archived", "project.health_changed", "project.unarchived", "project.updated"];
    type Needs = ProjectEdit;
    type Input = UpdateInput;
    type Output = Project;

    async fn perform(tx: &mut Tx, cx: &Cx, input: UpdateInput) -> Result<Project> {
        let project = service::find(tx, cx.actor.workspace, &input.project).await?;
        let patch = ProjectPatch {
            name: input.name,
            description: input.description,
            status: input.status,
            owner: input.owner,
            start_at: input.start_at,
            due_at: input.due_at,
            health: input.health,
            health_note: input.health_note,
            is_template: input.is_template,
        };
        service::update(tx, cx, &cx.actor.may(project)?, None, patch).await
    }
}

/// Which project an action is about.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// The project, by id or key.
    pub project: Handle<ProjectId>,
}

/// `project.archive`.
pub struct Archive;

impl Internal for Archive {
    const NAME: &'static str = "project.archive";
    const SUMMARY: &'static str = "Puts a project away: it is only read from then on.";
    const EFFECT: Effect = Effect { reads: &["project"], writes: &["project.status"], undo: Undo::Restore };
    const CAUSES: &'static [&'static str] = &["project.archived", "project.updated"];
    type Needs = ProjectEdit;
    type Input = Which;
    type Output = Project;

    async fn perform(tx: &mut Tx, cx: &Cx, input: Which) -> Result<Project> {
        let project = service::find(tx, cx.actor.workspace, &input.project).await?;
        service::archive(tx, cx, &cx.actor.may(project)?).await
    }
}

/// `project.unarchive`.
pub struct Unarchive;

impl Internal for Unarchive {
    const NAME: &'static str = "project.unarchive";
    const SUMMARY: &'static str = "Takes an archived project up again, as active.";
    const EFFECT: Effect = Effect { reads: &["project"], writes: &["project.status"], undo: Undo::Restore };
    const CAUSES: &'static [&'static str] = &["project.unarchived", "project.updated"];
    type Needs = ProjectEdit;
    type Input = Which;
    type Output = Project;

    async fn perform(tx: &mut Tx, cx: &Cx, input: Which) -> Result<Project> {
        let project = service::find(tx, cx.actor.workspace, &input.project).await?;
        service::unarchive(tx, cx, &cx.actor.may(project)?).await
    }
}

/// `project.copy`.
pub struct Copy;

/// What `project.copy` takes: the project, and what `POST /projects/{id}/copy` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CopyInput {
    /// The project that is copied, by id or key.
    pub project: Handle<ProjectId>,
    /// The copy's key: 2 to 10 characters.
    pub key: String,
    /// The copy's name: 1 to 200 characters.
    pub name: String,
    /// Markdown; the project's own when left out.
    pub description: Option<String>,
    /// The owner of the rule, when left out.
    pub owner: Option<UserId>,
    /// When the copy begins: every date moves along.
    pub start_at: Option<DateTime<Utc>>,
    /// What is copied; everything when left out.
    pub include: Option<Vec<Part>>,
}

impl Internal for Copy {
    const NAME: &'static str = "project.copy";
    const SUMMARY: &'static str = "Copies a project, such as a template, with what is in it.";
    const EFFECT: Effect = Effect {
        reads: &["project", "task", "milestone"],
        writes: &["project.*", "task.*", "milestone.*", "dependencies"],
        undo: Undo::Remove,
    };
    const CAUSES: &'static [&'static str] = &[
        "milestone.created",
        "project.copied",
        "project.created",
        "task.assigned",
        "task.created",
        "task.dependency_added",
    ];
    type Needs = ProjectCreate;
    type Input = CopyInput;
    type Output = Project;

    async fn perform(tx: &mut Tx, cx: &Cx, input: CopyInput) -> Result<Project> {
        let project = service::find(tx, cx.actor.workspace, &input.project).await?;
        let from = cx.actor.may::<ProjectView, _>(project)?;
        let CopyInput { key, name, description, owner, start_at, include, .. } = input;
        let wanted = CopyProject { key, name, description, owner, start_at, include };
        copy::copy(tx, cx, &from, &cx.actor.may_here()?, wanted).await
    }
}
