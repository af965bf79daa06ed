//! Reads the rights of one person. Every change of a workspace's roles, groups and assignments gives it a new stamp, which
//! comes along with whatever is asked first (the session, the token, the membership). Under one stamp rights never
//! change, so that they are read once; a workspace without a stamp has nothing but default roles.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::permissions::{Permissions, Role};
use super::rights::{self, Effect, Entries, Entry, Rights};
use crate::Result;
use crate::db::{Rx, row, statements};
use crate::ids::{AssignmentId, Id as _, ProjectId, RoleId, RuleId, TaskId, UserId, WorkspaceId};

/// People whose rights are kept in memory.
const KEPT: usize = 10_000;
/// How deep roles inherit; saving refuses more.
pub const MAX_DEPTH: usize = 8;
/// What is of the workspace alone: an assignment on a project or on one object is not about it.
const OF_THE_WORKSPACE: &[&str] = &[
    "audit.*",
    "connection.*",
    "hook.*",
    "identity.*",
    "member.*",
    "notification.*",
    "operations.*",
    "project.create",
    "rota.*",
    "session.*",
    "token.*",
];
/// What rules and their runs are asked about.
const OF_RULES: &[&str] = &["rule.*", "run.*"];

row! {
    struct Assigned {
        id: AssignmentId,
        role: Option<String>,
        permission: Option<String>,
        effect: String,
        project_id: Option<ProjectId>,
        task_id: Option<TaskId>,
        rule_id: Option<RuleId>,
        starts_at: Option<DateTime<Utc>>,
        ends_at: Option<DateTime<Utc>>,
        condition: Option<String>,
    }
}

row! {
    struct Custom {
        id: RoleId,
        inherits: String,
        permissions: String,
    }
}

statements! {
    OF_USER = "select a.id, a.role, a.permission, a.effect, a.project_id, a.task_id, a.rule_id, a.starts_at, a.ends_at, a.condition \
         from assignments a where a.workspace_id = $1 and (a.user_id = $2 or a.group_id in \
         (select m.group_id from group_members m where m.workspace_id = $1 and m.user_id = $2)) order by a.id";
    ROLES = "select {Custom} from roles where workspace_id = $1", Custom;
}

type Cache = HashMap<(WorkspaceId, UserId), (Uuid, Arc<Entries>)>;
static CACHE: LazyLock<Mutex<Cache>> = LazyLock::new(Mutex::default);

/// The rights of a member, under the workspace's stamp.
pub(super) async fn rights(
    rx: &mut Rx,
    workspace: WorkspaceId,
    user: UserId,
    role: Role,
    stamp: Option<Uuid>,
) -> Result<Rights> {
    let plain = Rights::of_role(role);
    let Some(stamp) = stamp else { return Ok(plain) };
    let cache = || CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let known =
        cache().get(&(workspace, user)).filter(|(under, _)| *under == stamp).map(|(_, entries)| entries.clone());
    let entries = match known {
        Some(entries) => entries,
        None => {
            let entries = Arc::new(read(rx, workspace, user).await?);
            let mut cache = cache();
            if cache.len() >= KEPT {
                // Rare, and cheap to make up for.
                cache.clear();
            }
            cache.insert((workspace, user), (stamp, entries.clone()));
            entries
        }
    };
    Ok(if entries.is_empty() { plain } else { plain.with(entries) })
}

async fn read(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<Entries> {
    let assigned: Vec<Assigned> = rx.all(OF_USER, (workspace, user)).await?;
    let mut entries = Entries::default();
    if assigned.is_empty() {
        return Ok(entries);
    }
    let roles = Roles::read(rx, workspace).await?;
    for row in assigned {
        entries.add(row, &roles);
    }
    Ok(entries)
}

impl Entries {
    fn is_empty(&self) -> bool {
        self.workspace.is_empty() && self.projects.is_empty() && self.objects.is_empty()
    }

    fn add(&mut self, row: Assigned, roles: &Roles) {
        let effect = if row.effect == "deny" { Effect::Deny } else { Effect::Allow };
        let permissions = match (&row.role, &row.permission) {
            (Some(role), _) => roles.of(role),
            (None, Some(name)) => Permissions::named(name).unwrap_or_default(),
            (None, None) => Permissions::default(),
        };
        let condition = match row.condition.as_deref().map(rights::condition).transpose() {
            Ok(condition) => condition,
            Err(problem) => {
                tracing::error!(assignment = %row.id, %problem, "the condition of an assignment no longer compiles");
                // It gives nothing and takes everything it could.
                if effect == Effect::Allow {
                    return;
                }
                None
            }
        };
        let mut entry = Entry { id: row.id, permissions, effect, from: row.starts_at, until: row.ends_at, condition };
        match (row.project_id, row.task_id, row.rule_id) {
            (_, _, Some(rule)) => {
                entry.permissions = entry.permissions.beyond(entry.permissions.beyond(all(OF_RULES)));
                self.objects.entry(rule.uuid()).or_insert_with(|| (None, Vec::new())).1.push(entry);
            }
            (project, Some(task), None) => {
                // Whoever sees a task does not see all of its project.
                entry.permissions = on_project(entry.permissions).beyond(all(&["project.*"]));
                self.objects.entry(task.uuid()).or_insert_with(|| (project, Vec::new())).1.push(entry);
            }
            (Some(project), None, None) => {
                entry.permissions = on_project(entry.permissions);
                self.projects.entry(project).or_default().push(entry);
            }
            (None, None, None) => self.workspace.push(entry),
        }
    }
}

/// What of these permissions an assignment on a project is about.
pub(crate) fn on_project(permissions: Permissions) -> Permissions {
    permissions.beyond(all(OF_THE_WORKSPACE).and(all(OF_RULES)))
}

fn all(names: &[&str]) -> Permissions {
    names.iter().filter_map(|name| Permissions::named(name)).fold(Permissions::default(), Permissions::and)
}

/// The roles of a workspace, by name in assignments: a default one's word, or a custom one's id.
pub struct Roles(HashMap<RoleId, (Vec<String>, Permissions)>);

impl Roles {
    /// Reads them.
    pub async fn read(rx: &mut Rx, workspace: WorkspaceId) -> Result<Self> {
        let rows: Vec<Custom> = rx.all(ROLES, (workspace,)).await?;
        let words = |text: &str| serde_json::from_str::<Vec<String>>(text).unwrap_or_default();
        let own = |text: &str| {
            let named = words(text).into_iter().filter_map(|name| Permissions::named(&name));
            named.fold(Permissions::default(), Permissions::and)
        };
        Ok(Self(rows.iter().map(|row| (row.id, (words(&row.inherits), own(&row.permissions)))).collect()))
    }

    /// What a role comes to, with all that it inherits.
    pub fn of(&self, role: &str) -> Permissions {
        let (mut sum, mut seen, mut open) = (Permissions::default(), HashSet::new(), vec![role.to_owned()]);
        // A circle is refused when it is saved; here it would only be walked once.
        while let Some(role) = open.pop() {
            match role.parse::<RoleId>() {
                Ok(id) if seen.insert(id.uuid()) => {
                    if let Some((inherits, own)) = self.0.get(&id) {
                        sum = sum.and(*own);
                        open.extend(inherits.iter().cloned());
                    }
                }
                Ok(_) => {}
                Err(_) => sum = sum.and(Permissions::of_role(Role::from(role.as_str()))),
            }
        }
        sum
    }

    /// Whether `role` is `to`, or inherits from it in the end.
    pub(crate) fn leads(&self, role: &str, to: RoleId) -> bool {
        let (mut seen, mut open) = (HashSet::new(), vec![role.to_owned()]);
        while let Some(id) = open.pop() {
            let Ok(id) = id.parse::<RoleId>() else { continue };
            if id == to {
                return true;
            }
            if seen.insert(id.uuid()) {
                open.extend(self.0.get(&id).into_iter().flat_map(|(inherits, _)| inherits).cloned());
            }
        }
        false
    }

    /// How many roles stand above one another up to `role`, itself included; a default role is none. Roles do not go in
    /// circles, but if they did, this would stop a little above [`MAX_DEPTH`].
    pub(crate) fn depth(&self, role: &str) -> usize {
        fn down(roles: &Roles, role: &str, left: usize) -> usize {
            let Some((inherits, _)) = role.parse().ok().and_then(|id: RoleId| roles.0.get(&id)) else { return 0 };
            if left == 0 {
                return 1;
            }
            1 + inherits.iter().map(|next| down(roles, next, left - 1)).max().unwrap_or_default()
        }
        down(self, role, MAX_DEPTH + 1)
    }
}
