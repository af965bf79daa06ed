//! Who may do what. A permission is a type, and the proof of having it is a value that only [`authorize`] and [`reach`]
//! make: a service that takes `&Granted<TaskEdit, Project>` cannot be called by code that forgot to ask.
//!
//! Three questions, three proofs. *May I do this to that?* gives a `Granted<P, Project>`, for the whole of it; asked about a
//! task ([`ProjectOfTask`](crate::projects::ProjectOfTask)) it is good for that task alone. *May I do this here?* gives a
//! `Granted<P, Workspace>`, and only to whoever is kept from nothing there. *What of it may I see?* gives a
//! `Granted<P, Reach>`, which lists filter by. What is unsure is refused: a service that does not know about parts of a
//! project is never handed a proof for a part.

use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::actor::Actor;
use super::reach::Reach;
use super::rights::Place;
use crate::ids::{Id as _, ProjectId, TaskId, WorkspaceId};
use crate::{Error, Result};

/// What a member of a workspace is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Belongs here, and sees only what was assigned.
    Guest,
    /// Sees everything, changes nothing.
    Viewer,
    /// Works on tasks.
    TeamMember,
    /// Runs projects and writes rules.
    ProjectManager,
    /// Everything, also people and secrets.
    Admin,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 5] = [Self::Guest, Self::Viewer, Self::TeamMember, Self::ProjectManager, Self::Admin];

    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Viewer => "viewer",
            Self::TeamMember => "team_member",
            Self::ProjectManager => "project_manager",
            Self::Admin => "admin",
        }
    }
}

/// Reads the stored word; an unknown one is the least of the roles.
impl From<&str> for Role {
    fn from(word: &str) -> Self {
        match word {
            "admin" => Self::Admin,
            "project_manager" => Self::ProjectManager,
            "team_member" => Self::TeamMember,
            "viewer" => Self::Viewer,
            _ => Self::Guest,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that may be allowed, as a type.
pub trait Permission: Send + Sync + 'static {
    /// `resource.action`, as scopes and messages name it.
    const NAME: &'static str;
    /// The least role that has it.
    const LEAST: Role;
    /// Its place in [`ALL`].
    const BIT: u32;
}

macro_rules! permissions {
    ($($type:ident $name:literal $least:ident;)+) => {
        /// The permissions as numbers.
        enum Bit { $($type),+ }
        $(
            #[doc = concat!("The permission `", $name, "`.")]
            #[derive(Debug, Clone, Copy)]
            pub struct $type;
            impl Permission for $type {
                const NAME: &'static str = $name;
                const LEAST: Role = Role::$least;
                const BIT: u32 = Bit::$type as u32;
            }
        )+
        /// Every permission by name, with the least role that has it: the table in the docs is made of it.
        pub const ALL: &[(&str, Role)] = &[$(($name, Role::$least)),+];
    };
}

permissions! {
    AbsenceEdit "absence.edit" TeamMember;
    AccessManage "access.manage" Admin;
    AccessView "access.view" ProjectManager;
    ApprovalDecide "approval.decide" Guest;
    ApprovalView "approval.view" Guest;
    AuditView "audit.view" Admin;
    BudgetEdit "budget.edit" ProjectManager;
    BudgetView "budget.view" ProjectManager;
    CommentModerate "comment.moderate" ProjectManager;
    ConnectionManage "connection.manage" Admin;
    ConnectionUse "connection.use" ProjectManager;
    EventView "event.view" Viewer;
    HookManage "hook.manage" ProjectManager;
    HookView "hook.view" ProjectManager;
    IdentityManage "identity.manage" Admin;
    MemberManage "member.manage" Admin;
    MemberView "member.view" Viewer;
    MilestoneEdit "milestone.edit" ProjectManager;
    MilestoneView "milestone.view" Viewer;
    NotificationSend "notification.send" TeamMember;
    NotificationView "notification.view" Guest;
    OperationsManage "operations.manage" Admin;
    ProfileEdit "profile.edit" Viewer;
    ProjectCreate "project.create" ProjectManager;
    ProjectDelete "project.delete" Admin;
    ProjectEdit "project.edit" ProjectManager;
    ProjectShare "project.share" ProjectManager;
    ProjectView "project.view" Viewer;
    RecurrenceEdit "recurrence.edit" ProjectManager;
    RecurrenceView "recurrence.view" Viewer;
    ResourceManage "resource.manage" ProjectManager;
    ResourceView "resource.view" Viewer;
    RotaEdit "rota.edit" ProjectManager;
    RotaView "rota.view" Viewer;
    RuleEdit "rule.edit" ProjectManager;
    RuleRun "rule.run" ProjectManager;
    RuleView "rule.view" Viewer;
    RunManage "run.manage" ProjectManager;
    RunView "run.view" Viewer;
    SecretManage "secret.manage" Admin;
    SecretUse "secret.use" ProjectManager;
    SessionManage "session.manage" Guest;
    SlaEdit "sla.edit" ProjectManager;
    SlaView "sla.view" Viewer;
    SprintEdit "sprint.edit" ProjectManager;
    SprintView "sprint.view" Viewer;
    TaskComment "task.comment" TeamMember;
    TaskCreate "task.create" TeamMember;
    TaskDelete "task.delete" ProjectManager;
    TaskEdit "task.edit" TeamMember;
    TaskView "task.view" Viewer;
    TaskTemplateEdit "task_template.edit" ProjectManager;
    TaskTemplateView "task_template.view" Viewer;
    TimeLog "time.log" TeamMember;
    TimeManage "time.manage" ProjectManager;
    TimeView "time.view" Viewer;
    TokenCreate "token.create" Guest;
    VariableManage "variable.manage" ProjectManager;
    ViewShare "view.share" TeamMember;
}

/// A set of permissions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Permissions(u128);

// One bit each.
const _: () = assert!(ALL.len() <= 128);

impl Permissions {
    /// What a default role has.
    pub fn of_role(role: Role) -> Self {
        let had = ALL.iter().enumerate().filter(|(_, (_, least))| *least <= role);
        Self(had.fold(0, |bits, (bit, _)| bits | 1 << bit))
    }

    /// What a name stands for: `task.edit`, `task.*` or `*`; nothing when it stands for nothing.
    pub fn named(name: &str) -> Option<Self> {
        let meant = |known: &str| match name.strip_suffix(".*") {
            Some(resource) => known.split('.').next() == Some(resource),
            None => name == "*" || known == name,
        };
        let meant = ALL.iter().enumerate().filter(|(_, (known, _))| meant(known));
        Some(Self(meant.fold(0, |bits, (bit, _)| bits | 1 << bit))).filter(|set| set.0 != 0)
    }

    /// Both together.
    #[must_use]
    pub fn and(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    /// What of these is not among `others`.
    #[must_use]
    pub fn beyond(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether it holds this one.
    pub fn has(self, bit: u32) -> bool {
        self.0 >> bit & 1 == 1
    }

    /// The names, sorted.
    pub fn names(self) -> Vec<&'static str> {
        ALL.iter().enumerate().filter(|(bit, _)| self.0 >> bit & 1 == 1).map(|(_, (name, _))| *name).collect()
    }
}

/// The place of a permission in [`ALL`], by name.
pub fn bit(name: &str) -> Option<u32> {
    ALL.iter().position(|(known, _)| *known == name).and_then(|at| u32::try_from(at).ok())
}

/// Something that belongs to one workspace.
pub trait Scoped {
    /// The workspace that it belongs to.
    fn workspace(&self) -> WorkspaceId;
    /// What it is called in messages (`task`), and its id: what a stranger asked for and must not learn about.
    fn named(&self) -> (&'static str, String);
    /// Where assignments reach it.
    fn place(&self) -> Place {
        Place::default()
    }
    /// The permission to see it, where seeing is granted one by one: to whoever lacks it, it does not exist.
    fn seen_by(&self) -> Option<&'static str> {
        None
    }
    /// What conditions of assignments see of it, by name.
    fn facts(&self) -> Map<String, Value> {
        Map::new()
    }
    /// Refuses what nobody may do with it as it stands, whatever they were given.
    ///
    /// # Errors
    /// Why, and what to do first.
    fn refuses(&self, _permission: &'static str) -> Result<()> {
        Ok(())
    }
}

/// What a permission is asked for; nearly always what the proof is about, too.
pub trait Resource {
    /// What the proof is about.
    type Subject;
    /// Who and where it is.
    fn asked(&self) -> impl Scoped + '_;
    /// The part of the subject that is asked about, when it is only a part, and where the whole is.
    fn part(&self) -> Option<(TaskId, Place)> {
        None
    }
    /// What the proof is about.
    fn into_subject(self) -> Self::Subject;
}

impl<R: Scoped> Scoped for &R {
    fn workspace(&self) -> WorkspaceId {
        (*self).workspace()
    }
    fn named(&self) -> (&'static str, String) {
        (*self).named()
    }
    fn place(&self) -> Place {
        (*self).place()
    }
    fn seen_by(&self) -> Option<&'static str> {
        (*self).seen_by()
    }
    fn facts(&self) -> Map<String, Value> {
        (*self).facts()
    }
    fn refuses(&self, permission: &'static str) -> Result<()> {
        (*self).refuses(permission)
    }
}

impl<R: Scoped> Resource for R {
    type Subject = R;
    fn asked(&self) -> impl Scoped + '_ {
        self
    }
    fn into_subject(self) -> R {
        self
    }
}

/// A workspace as a whole, for what belongs to no smaller thing (`rule.edit`, `project.create`).
#[derive(Debug, Clone, Copy)]
pub struct Workspace(pub WorkspaceId);

impl Scoped for Workspace {
    fn workspace(&self) -> WorkspaceId {
        self.0
    }
    fn named(&self) -> (&'static str, String) {
        ("workspace", self.0.to_string())
    }
    fn place(&self) -> Place {
        Place::Workspace
    }
}

/// The proof that somebody may do `P` to this resource.
#[derive(Debug, Clone)]
pub struct Granted<P, R> {
    resource: R,
    part: Option<TaskId>,
    /// Whether what is sensitive may be seen there, too.
    money: bool,
    /// Who asks, where not all tasks of the resource may be seen.
    eyes: Option<Box<Actor>>,
    proof: PhantomData<P>,
}

impl<P, R> Granted<P, R> {
    /// What the permission is for.
    pub fn resource(&self) -> &R {
        &self.resource
    }

    /// What the permission was for.
    pub fn into_resource(self) -> R {
        self.resource
    }

    /// Whether it is good for this task of its project: a proof that was asked for one task is good for no other, and none
    /// is good for a task that may not be seen. `facts` are what conditions see of the task.
    pub fn covers(&self, project: ProjectId, task: TaskId, facts: &dyn Fn() -> Map<String, Value>) -> bool {
        let seen = |actor: &Actor| actor.decide(TaskView::BIT, &Place::Task(project, task.uuid()), facts).is_ok();
        match self.part {
            Some(part) => part == task,
            None => self.eyes.as_deref().is_none_or(seen),
        }
    }

    /// Whether whoever holds it may see there what is sensitive.
    pub fn shows_money(&self) -> bool {
        self.money
    }

    /// Whether it is good for the whole of the resource.
    pub fn is_whole(&self) -> bool {
        self.part.is_none()
    }
}

/// The only way to a [`Granted`], beside [`reach`]. What the actor may not see answers "not found", never "not allowed":
/// that it exists is already something a stranger must not learn.
pub fn authorize<P: Permission, R: Resource>(actor: &Actor, resource: R) -> Result<Granted<P, R::Subject>> {
    judge::<P>(actor, &resource.asked())?;
    // Whoever may do it to the whole holds a proof for the whole.
    let whole = |place: &Place| actor.decide(P::BIT, place, &|| resource.asked().facts()).is_ok();
    let part = resource.part().filter(|(_, place)| !whole(place)).map(|(task, _)| task);
    let (place, facts) = (resource.asked().place(), || resource.asked().facts());
    let money = actor.scope_allows(BudgetView::NAME) && actor.decide(BudgetView::BIT, &place, &facts).is_ok();
    // Some of what is in there may be hidden from the actor: then each task is asked for.
    let within = resource.part().map_or(place, |(_, place)| place);
    let sees_all = actor.rights.is_plain() || actor.decide(TaskView::BIT, &within, &facts).is_ok();
    let eyes = (!sees_all).then(|| Box::new(actor.clone()));
    Ok(Granted { resource: resource.into_subject(), part, money, eyes, proof: PhantomData })
}

fn judge<P: Permission>(actor: &Actor, asked: &impl Scoped) -> Result<()> {
    let hidden = || match (asked.named(), asked.seen_by()) {
        ((what, _), Some(_)) => Error::unseen(what),
        ((what, id), None) => Error::not_found(what, id),
    };
    if asked.workspace() != actor.workspace {
        return Err(hidden());
    }
    let place = asked.place();
    let may = |bit: u32| actor.decide(bit, &place, &|| asked.facts()).is_ok();
    // First whether it may be seen: to whoever may not, nothing can be done to it, whatever else they were given.
    if asked.seen_by().and_then(bit).is_some_and(|seen| !may(seen)) {
        return Err(hidden());
    }
    if !may(P::BIT) {
        return Err(lacks::<P>(actor));
    }
    in_scope::<P>(actor)?;
    asked.refuses(P::NAME)
}

/// The proof for a list: what of the workspace the actor may do `P` to.
///
/// # Errors
/// `denied` when that is nothing at all.
pub fn reach<P: Permission>(actor: &Actor) -> Result<Granted<P, Reach>> {
    in_scope::<P>(actor)?;
    let reach = Reach::of(actor, P::BIT);
    if reach.is_nothing() {
        return Err(lacks::<P>(actor));
    }
    Ok(Granted { resource: reach, part: None, money: false, eyes: None, proof: PhantomData })
}

fn in_scope<P: Permission>(actor: &Actor) -> Result<()> {
    if actor.scope_allows(P::NAME) {
        return Ok(());
    }
    let detail = format!("this token's scopes do not include `{}`; make a token that has it", P::NAME);
    Err(Error::denied(detail))
}

fn lacks<P: Permission>(actor: &Actor) -> Error {
    if actor.role >= P::LEAST {
        let detail = format!(
            "`{}` is taken from you here by an assignment; ask an administrator of the workspace, who sees which one under /access/explain.",
            P::NAME
        );
        return Error::denied(detail);
    }
    Error::denied(format!(
        "`{}` needs the role {} or higher, or an assignment; you are {}. Ask an administrator of the workspace.",
        P::NAME,
        P::LEAST,
        actor.role
    ))
}
