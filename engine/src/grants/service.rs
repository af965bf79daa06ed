//! The verbs on assignments, and what those on roles and groups share with them.

use serde::Serialize;

use super::events::{AccessAssigned, AccessEnded};
use super::model::{
    Assignment, AssignmentQuery, Effect, MAX_ASSIGNMENTS, MAX_CONDITION, MAX_NOTE, NewAssignment, On, Stored,
};
use super::store::Narrow;
use super::{roles, store};
use crate::access::load::{Roles, on_project};
use crate::access::{
    self, AccessManage, AccessView, Actor, Granted, Permission, Permissions, Place, ProjectShare, Role, Workspace,
    members, rights,
};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{AssignmentId, GroupId, Id as _, ProjectId, RuleId, TaskId, UserId, WorkspaceId};
use crate::paging::{Cursor, Page, PageRequest};
use crate::projects::{self, Project, ProjectOfTask};
use crate::{Error, Result, audit, rules};

/// Assignments, oldest first.
pub async fn list(
    rx: &mut Rx,
    may: &Granted<AccessView, Workspace>,
    query: &AssignmentQuery,
    page: &PageRequest,
) -> Result<Page<Assignment>> {
    let (workspace, limit) = (may.resource().0, page.limit()?);
    let mut narrow = Narrow { user: query.user, group: query.group, ..Narrow::default() };
    match &query.on {
        None | Some(On::Workspace) => {}
        Some(On::Project(handle)) => narrow.project = Some(projects::service::find(rx, workspace, handle).await?.id),
        Some(On::Task(id)) => narrow.task = Some(*id),
        Some(On::Rule(id)) => narrow.rule = Some(*id),
    }
    let mut rows = store::list(rx, workspace, narrow, page.after()?, limit + 1).await?;
    if query.on == Some(On::Workspace) {
        rows.retain(|row| row.project_id.is_none() && row.rule_id.is_none());
    }
    Ok(Page::cut(rows.into_iter().map(Assignment::from).collect(), limit, |last| Cursor::of_id(last.id)))
}

/// Gives a role or a permission to somebody, or takes it from them.
///
/// # Errors
/// `invalid_fields`, `too_many_assignments`, `locks_out`; `denied` for more than the actor has at that place.
pub async fn assign(tx: &mut Tx, cx: &Cx, new: NewAssignment) -> Result<Assignment> {
    store::lock(tx, cx.actor.workspace).await?;
    let place = place(tx, cx, new.on.as_deref().unwrap_or("workspace")).await?;
    assign_at(tx, cx, place, new).await
}

/// The same on a project, whose people somebody may decide over who has only [`may_share`] there.
pub(super) async fn assign_in(tx: &mut Tx, cx: &Cx, project: &Project, new: NewAssignment) -> Result<Assignment> {
    store::lock(tx, cx.actor.workspace).await?;
    may_share(cx, project)?;
    assign_at(tx, cx, Found::project(project.id), new).await
}

/// Whether the actor decides over the people of a project: who manages access there, or who runs it.
pub(super) fn may_share(cx: &Cx, project: &Project) -> Result<()> {
    if cx.actor.may::<AccessManage, _>(project.clone()).is_ok() {
        return Ok(());
    }
    cx.actor.may::<ProjectShare, _>(project.clone()).map(drop)
}

async fn assign_at(tx: &mut Tx, cx: &Cx, place: Found, new: NewAssignment) -> Result<Assignment> {
    let workspace = cx.actor.workspace;
    let permissions = subject_matter(tx, workspace, &new).await?;
    let effect = new.effect.unwrap_or(Effect::Allow);
    check_subject(tx, workspace, &new).await?;
    check_times(cx, &new)?;
    if let Some(condition) = &new.condition {
        check_condition(condition)?;
    }
    refuse_beyond(cx, &place.place, permissions)?;
    if effect == Effect::Allow {
        refuse_passing(cx, &place.place, permissions)?;
    }
    if effect == Effect::Deny {
        refuse_lock_out(tx, workspace, &new, &place.place, permissions).await?;
    }
    if store::count_of(tx, workspace, new.user, new.group).await? >= MAX_ASSIGNMENTS {
        let detail = format!("a person or a group has at most {MAX_ASSIGNMENTS} assignments; use a role or a group");
        return Err(Error::conflict("too_many_assignments", detail));
    }
    let stored = Stored {
        id: cx.new_id(),
        user_id: new.user,
        group_id: new.group,
        role: new.role,
        permission: new.permission,
        effect,
        project_id: place.project,
        task_id: place.task,
        rule_id: place.rule,
        starts_at: new.starts_at,
        ends_at: new.ends_at,
        condition: new.condition,
        note: note("/note", new.note, MAX_NOTE)?,
        created_by: cx.actor.user(),
        created_at: cx.now(),
    };
    store::insert(tx, workspace, &stored).await?;
    access::service::changed(tx, cx, workspace).await?;
    let assignment = Assignment::from(stored);
    record(tx, cx, "assignment.created", &assignment.id.to_string(), &None::<()>, &Some(&assignment)).await?;
    emit(tx, cx, &AccessAssigned { assignment: &assignment, project: place.project }).await?;
    Ok(assignment)
}

/// Ends an assignment.
///
/// # Errors
/// `assignment_not_found`; `denied` for one that gives or takes more than the actor has there.
pub async fn end(tx: &mut Tx, cx: &Cx, id: AssignmentId) -> Result<()> {
    let workspace = cx.actor.workspace;
    store::lock(tx, workspace).await?;
    let stored = store::find(tx, workspace, id).await?.ok_or_else(|| Error::not_found("assignment", id))?;
    if stored.effect == Effect::Deny && cx.actor.role == Role::Admin && cx.actor.scopes.is_none() {
        // Also one that keeps them from the very place.
        cx.actor.may_here::<AccessManage>()?;
        return ended(tx, cx, stored).await;
    }
    let on = Assignment::from(stored.clone()).on;
    let place = place(tx, cx, &on).await.map_err(|error| match error.class {
        // Who may not see the place learns nothing of what holds there.
        crate::Class::NotFound => Error::not_found("assignment", id),
        _ => error,
    })?;
    end_at(tx, cx, place, stored).await
}

/// The same for one that makes somebody a member of a project.
pub(super) async fn end_in(tx: &mut Tx, cx: &Cx, project: &Project, stored: Stored) -> Result<()> {
    store::lock(tx, cx.actor.workspace).await?;
    may_share(cx, project)?;
    end_at(tx, cx, Found::project(project.id), stored).await
}

async fn end_at(tx: &mut Tx, cx: &Cx, place: Found, stored: Stored) -> Result<()> {
    refuse_beyond(cx, &place.place, matter(tx, cx.actor.workspace, &stored).await?)?;
    ended(tx, cx, stored).await
}

async fn ended(tx: &mut Tx, cx: &Cx, stored: Stored) -> Result<()> {
    let (workspace, id, project) = (cx.actor.workspace, stored.id, stored.project_id);
    let assignment = Assignment::from(stored);
    store::delete(tx, workspace, id).await?;
    access::service::changed(tx, cx, workspace).await?;
    record(tx, cx, "assignment.ended", &id.to_string(), &Some(&assignment), &None::<()>).await?;
    emit(tx, cx, &AccessEnded { assignment: &assignment, project }).await?;
    Ok(())
}

/// Ends all that was assigned to somebody, and takes them out of all groups.
pub(crate) async fn forget(tx: &mut Tx, cx: &Cx, workspace: WorkspaceId, user: UserId) -> Result<()> {
    let ended = store::forget(tx, workspace, user).await?;
    if ended > 0 {
        access::service::changed(tx, cx, workspace).await?;
        let subject = user.to_string();
        audit::service::record(tx, cx, "assignments.forgotten", &subject, &serde_json::json!({ "ended": ended }))
            .await?;
    }
    Ok(())
}

/// Where an assignment is to hold, found and permitted.
struct Found {
    place: Place,
    project: Option<ProjectId>,
    task: Option<TaskId>,
    rule: Option<RuleId>,
}

impl Found {
    fn project(id: ProjectId) -> Self {
        Self { place: Place::Project(id), project: Some(id), task: None, rule: None }
    }
}

async fn place(rx: &mut Rx, cx: &Cx, on: &str) -> Result<Found> {
    let workspace = cx.actor.workspace;
    let on: On = on.parse().map_err(|message: String| Error::field("/on", message))?;
    Ok(match on {
        On::Workspace => {
            cx.actor.may_here::<AccessManage>()?;
            Found { place: Place::Workspace, project: None, task: None, rule: None }
        }
        On::Project(handle) => {
            let project = projects::service::find(rx, workspace, &handle).await?;
            let id = cx.actor.may::<AccessManage, _>(project)?.resource().id;
            Found::project(id)
        }
        On::Task(id) => {
            let ProjectOfTask { project, .. } = projects::service::find_of_task(rx, workspace, &Handle::Id(id)).await?;
            let project = cx.actor.may::<AccessManage, _>(project)?.resource().id;
            Found { place: Place::Task(project, id.uuid()), project: Some(project), task: Some(id), rule: None }
        }
        On::Rule(id) => {
            cx.actor.may_here::<AccessManage>()?;
            rules::service::find(rx, workspace, id).await?;
            Found { place: Place::Object(id.uuid()), project: None, task: None, rule: Some(id) }
        }
    })
}

/// The permissions that a new assignment is about.
async fn subject_matter(rx: &mut Rx, workspace: WorkspaceId, new: &NewAssignment) -> Result<Permissions> {
    match (&new.role, &new.permission) {
        (Some(role), None) => {
            roles::named(rx, workspace, role).await.map_err(|error| roles::at("/role", error))?;
            Ok(Roles::read(rx, workspace).await?.of(role))
        }
        (None, Some(name)) => roles::permission("/permission", name),
        _ => Err(Error::field("/role", "give either `role` or `permission`")),
    }
}

async fn matter(rx: &mut Rx, workspace: WorkspaceId, stored: &Stored) -> Result<Permissions> {
    match (&stored.role, &stored.permission) {
        (Some(role), _) => Ok(Roles::read(rx, workspace).await?.of(role)),
        (None, Some(name)) => Ok(Permissions::named(name).unwrap_or_default()),
        (None, None) => Ok(Permissions::default()),
    }
}

async fn check_subject(rx: &mut Rx, workspace: WorkspaceId, new: &NewAssignment) -> Result<()> {
    match (new.user, new.group) {
        (Some(user), None) => match members::stranger(rx, workspace, &[user]).await? {
            None => Ok(()),
            Some(_) => Err(Error::field("/user", format!("{user} is not a member of this workspace"))),
        },
        (None, Some(group)) => match store::find_group(rx, workspace, group).await? {
            Some(_) => Ok(()),
            None => Err(Error::field("/group", format!("there is no group {group} in this workspace"))),
        },
        _ => Err(Error::field("/user", "give either `user` or `group`")),
    }
}

fn check_times(cx: &Cx, new: &NewAssignment) -> Result<()> {
    let Some(ends_at) = new.ends_at else { return Ok(()) };
    if ends_at <= cx.now() {
        return Err(Error::field("/ends_at", "must be in the future; an assignment that has ended would do nothing"));
    }
    if new.starts_at.is_some_and(|starts_at| starts_at >= ends_at) {
        return Err(Error::field("/ends_at", "must be after `starts_at`"));
    }
    Ok(())
}

/// What conditions may ask for.
const CONDITION_VARIABLES: &[&str] = &["actor", "project", "request", "task", "now"];

fn check_condition(source: &str) -> Result<()> {
    if source.len() > MAX_CONDITION || source.contains('\0') {
        let message = format!("must be at most {MAX_CONDITION} bytes, without the character U+0000");
        return Err(Error::field("/condition", message));
    }
    let condition = rights::condition(source).map_err(|problem| Error::field("/condition", problem.to_string()))?;
    let foreign = |name: &&str| !CONDITION_VARIABLES.contains(name) && !condition.has_parameter(name);
    match condition.variables().find(foreign) {
        None => Ok(()),
        Some(name) => {
            let known = CONDITION_VARIABLES.join(", ");
            Err(Error::field("/condition", format!("`{}` is not known here; there are {known}", roles::shown(name))))
        }
    }
}

/// Refuses to give or take what the actor does not have at that place.
pub(super) fn refuse_beyond(cx: &Cx, place: &Place, permissions: Permissions) -> Result<()> {
    let beyond = cx.actor.lacking(place, held_at(place, permissions));
    if beyond.is_empty() {
        return Ok(());
    }
    let shown = some(&beyond);
    Err(Error::denied(format!("You do not have {shown} there yourself, so you cannot decide over who has it.")))
}

/// What of these permissions holds at a place. The rest of a role holds nothing on a project, and need not be had to give
/// it there.
fn held_at(place: &Place, permissions: Permissions) -> Permissions {
    if matches!(place, Place::Project(_)) { on_project(permissions) } else { permissions }
}

/// The first few of these permissions, for a message.
fn some(names: &[&str]) -> String {
    names.iter().take(5).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Refuses to give what the actor has there for a time or under a condition only: given on, it would outlast both.
fn refuse_passing(cx: &Cx, place: &Place, permissions: Permissions) -> Result<()> {
    let passing = cx.actor.passing(place, held_at(place, permissions));
    if passing.is_empty() {
        return Ok(());
    }
    let shown = some(&passing);
    let detail = format!(
        "You have {shown} there only for a time or under a condition, so you cannot give it on; ask an administrator of the workspace."
    );
    Err(Error::denied(detail))
}

/// The same for everything that is assigned to a group.
pub(super) async fn refuse_group_beyond(rx: &mut Rx, cx: &Cx, workspace: WorkspaceId, group: GroupId) -> Result<()> {
    let narrow = Narrow { group: Some(group), ..Narrow::default() };
    for stored in store::list(rx, workspace, narrow, None, MAX_ASSIGNMENTS).await? {
        let place = match (stored.rule_id, stored.task_id, stored.project_id) {
            (Some(rule), _, _) => Place::Object(rule.uuid()),
            (None, Some(task), Some(project)) => Place::Task(project, task.uuid()),
            (None, _, Some(project)) => Place::Project(project),
            (None, _, None) => Place::Workspace,
        };
        refuse_beyond(cx, &place, matter(rx, workspace, &stored).await?)?;
    }
    Ok(())
}

/// Refuses to take from administrators what they need to give it back.
async fn refuse_lock_out(
    rx: &mut Rx,
    workspace: WorkspaceId,
    new: &NewAssignment,
    place: &Place,
    permissions: Permissions,
) -> Result<()> {
    if *place != Place::Workspace || !permissions.has(AccessManage::BIT) {
        return Ok(());
    }
    let concerned = match (new.user, new.group) {
        (Some(user), _) => members::role(rx, workspace, user).await? == Some(Role::Admin),
        // Whoever is taken into the group later is meant, too.
        (None, _) => true,
    };
    if !concerned {
        return Ok(());
    }
    let detail = "this would take `access.manage` from administrators on the whole workspace, and nobody could undo it; change their role instead, or name what they may not do";
    Err(Error::conflict("locks_out", detail))
}

/// Text that people wrote, within its limit.
pub(super) fn note(pointer: &str, text: String, most: usize) -> Result<String> {
    if text.chars().count() > most || text.contains('\0') {
        let message = format!("must be at most {most} characters, without the character U+0000");
        return Err(Error::field(pointer, message));
    }
    Ok(text)
}

/// Writes a change into the audit log.
pub(super) async fn record(
    tx: &mut Tx,
    cx: &Cx,
    action: &'static str,
    subject: &str,
    before: &(impl Serialize + Sync),
    after: &(impl Serialize + Sync),
) -> Result<()> {
    let detail = serde_json::json!({ "before": before, "after": after });
    audit::service::record(tx, cx, action, subject, &detail).await
}

/// Somebody of the workspace, as they would act now: whose rights are explained.
pub(super) async fn as_member(rx: &mut Rx, cx: &Cx, user: UserId) -> Result<Actor> {
    let who = access::Who::User { id: user };
    access::service::acting(rx, who, cx.actor.workspace, user, cx.now())
        .await?
        .ok_or_else(|| Error::not_found("member", user))
}
