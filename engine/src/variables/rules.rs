//! Variables as rules see them.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use trackside_rules::{Compiled, Facts, Names, Rule};

use super::store;
use crate::access::{self, Actor, ProjectView, Who};
use crate::db::Rx;
use crate::handle::Handle;
use crate::ids::{ProjectId, UserId, WorkspaceId};
use crate::projects::{self, Project};
use crate::{Class, Result, secrets};

/// The variables of a workspace: what `vars` is, for each of its projects.
#[derive(Debug, Default)]
pub struct Variables {
    workspace: Arc<Value>,
    /// By id and by key; only projects that have variables of their own.
    projects: HashMap<String, (ProjectId, Arc<Value>)>,
}

impl Variables {
    /// What `vars` is for a rule that acts on these facts.
    pub fn of(&self, rule: &Rule, facts: &Facts) -> Arc<Value> {
        let own = place_of(rule, facts).and_then(|project| self.projects.get(project));
        own.map_or(&self.workspace, |(_, own)| own).clone()
    }

    /// The same for a rule of somebody who may not see all projects: those that are not there for them have none.
    pub(crate) async fn seen_by(self: Arc<Self>, rx: &mut Rx, owner: Option<&Actor>) -> Result<Arc<Self>> {
        let mut projects = HashMap::new();
        for (name, (id, own)) in &self.projects {
            let seen = match owner {
                Some(owner) => visible(rx, owner, &Handle::Id(*id)).await?.is_some(),
                None => false,
            };
            if seen {
                projects.insert(name.clone(), (*id, own.clone()));
            }
        }
        if projects.len() == self.projects.len() {
            return Ok(self);
        }
        Ok(Arc::new(Self { workspace: self.workspace.clone(), projects }))
    }

    fn made(rows: Vec<store::Keyed>) -> Result<Self> {
        let (mut workspace, mut projects) =
            (Map::new(), HashMap::<(ProjectId, Option<String>), Map<String, Value>>::new());
        for (project, key, name, value) in rows {
            let fields = match project {
                None => &mut workspace,
                Some(id) => projects.entry((id, key)).or_default(),
            };
            fields.insert(name, value.read()?);
        }
        let mut all = Self { workspace: Arc::new(Value::Object(workspace.clone())), projects: HashMap::new() };
        for ((id, key), own) in projects {
            let fields: Map<_, _> = workspace.clone().into_iter().chain(own).collect();
            let fields = Arc::new(Value::Object(fields));
            all.projects.extend(key.map(|key| (key, (id, fields.clone()))));
            all.projects.insert(id.to_string(), (id, fields));
        }
        Ok(all)
    }
}

/// The project whose variables and secrets count: the one that the event happened in, and where it happened in none the
/// only one that the rule is for.
fn place_of<'a>(rule: &'a Rule, facts: &'a Facts) -> Option<&'a str> {
    let of_event = facts.json()["project"]["id"].as_str();
    of_event.or(match rule.scope.projects.as_slice() {
        [only] => Some(only.as_str()),
        _ => None,
    })
}

/// Whose rule is run, and when: what they may not see at that moment is not there for it.
#[derive(Clone, Copy)]
pub(crate) struct Whose {
    pub workspace: WorkspaceId,
    pub owner: UserId,
    pub at: DateTime<Utc>,
}

/// The project whose variables and secrets count for a run, if its rule's owner may see it.
pub(crate) async fn project_of(rx: &mut Rx, whose: Whose, rule: &Rule, facts: &Facts) -> Result<Option<Project>> {
    let Some(Ok(handle)) = place_of(rule, facts).map(str::parse::<Handle<ProjectId>>) else { return Ok(None) };
    let who = Who::User { id: whose.owner };
    match access::service::acting(rx, who, whose.workspace, whose.owner, whose.at).await? {
        Some(owner) => visible(rx, &owner, &handle).await,
        None => Ok(None),
    }
}

/// A project that somebody may see.
async fn visible(rx: &mut Rx, actor: &Actor, handle: &Handle<ProjectId>) -> Result<Option<Project>> {
    let found = match projects::service::find(rx, actor.workspace, handle).await {
        Ok(project) => actor.may::<ProjectView, _>(project),
        Err(error) => Err(error),
    };
    match found {
        Ok(may) => Ok(Some(may.into_resource())),
        Err(error) if matches!(error.class, Class::NotFound | Class::Denied) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The variables of every workspace, for the book of rules.
pub(crate) async fn of_all(rx: &mut Rx) -> Result<HashMap<WorkspaceId, Arc<Variables>>> {
    let mut rows = HashMap::<WorkspaceId, Vec<store::Keyed>>::new();
    for (workspace, project, key, name, value) in store::of_all(rx).await? {
        rows.entry(workspace).or_default().push((project, key, name, value));
    }
    rows.into_iter().map(|(workspace, rows)| Ok((workspace, Arc::new(Variables::made(rows)?)))).collect()
}

/// The variables that a rule is judged with; none when it asks for none.
pub(crate) async fn for_judging(
    rx: &mut Rx,
    workspace: WorkspaceId,
    owner: Option<&Actor>,
    rule: &Compiled,
) -> Result<Arc<Variables>> {
    if !rule.asks("vars") {
        return Ok(Arc::default());
    }
    let all = Arc::new(Variables::made(store::of_workspace(rx, workspace).await?)?);
    all.seen_by(rx, owner).await
}

/// What `vars` is for a run of a rule, as it is now.
pub(crate) async fn for_run(rx: &mut Rx, whose: Whose, rule: &Rule, facts: &Facts) -> Result<Arc<Value>> {
    let project = project_of(rx, whose, rule, facts).await?.map(|project| project.id);
    let mut rows = store::of_place(rx, whose.workspace, project).await?;
    // A project's come last and hide the workspace's.
    rows.sort_by_key(|(_, _, project)| project.is_some());
    let fields: Result<Map<_, _>> = rows.into_iter().map(|(name, value, _)| Ok((name, value.read()?))).collect();
    Ok(Arc::new(Value::Object(fields?)))
}

/// Whether a rule may name variables or secrets: one that does not need not be held against those there are.
pub fn mentions(rule: &Rule) -> bool {
    let text = serde_json::to_string(rule).unwrap_or_default();
    text.contains("vars") || text.contains("secrets")
}

/// A variable that is about to be set: in which project, its name, its value.
pub type Planned = (Option<ProjectId>, String, Value);

/// The variables and secrets that a rule may name, as far as the actor may see its projects; none for a rule that names none,
/// or that is for a project which is not there to see. `more` are variables that are about to be set.
///
/// # Errors
/// Those of the database.
pub async fn known(rx: &mut Rx, actor: &Actor, rule: &Rule, more: &[Planned]) -> Result<Option<Names>> {
    if !mentions(rule) {
        return Ok(None);
    }
    let mut scope: Vec<ProjectId> = Vec::new();
    for project in &rule.scope.projects {
        let Ok(handle) = project.parse::<Handle<ProjectId>>() else { return Ok(None) };
        match visible(rx, actor, &handle).await? {
            Some(project) => scope.push(project.id),
            None => return Ok(None),
        }
    }
    let mut names = Names::default();
    let mut variables = HashMap::<String, Vec<(Option<ProjectId>, Value)>>::new();
    for (project, _, name, value) in store::of_workspace(rx, actor.workspace).await? {
        let planned = more.iter().any(|(place, known, _)| *place == project && *known == name);
        if !planned {
            variables.entry(name).or_default().push((project, value.read()?));
        }
    }
    for (project, name, value) in more {
        variables.entry(name.clone()).or_default().push((*project, value.clone()));
    }
    for (name, set) in variables {
        let places: Vec<_> = set.iter().map(|(project, _)| *project).collect();
        let Some(everywhere) = reaches(&scope, &places) else { continue };
        for (project, value) in &set {
            if project.is_none_or(|project| scope.is_empty() || scope.contains(&project)) {
                names.add_variable(&name, value, everywhere);
            }
        }
    }
    for (name, places) in secrets::service::places(rx, actor.workspace).await? {
        if let Some(everywhere) = reaches(&scope, &places) {
            names.add_secret(&name, everywhere);
        }
    }
    Ok(Some(names))
}

/// Whether what is set in these places is there wherever a rule for `scope` is at work; nothing when it is nowhere.
fn reaches(scope: &[ProjectId], places: &[Option<ProjectId>]) -> Option<bool> {
    if places.contains(&None) {
        return Some(true);
    }
    if scope.is_empty() {
        return Some(false);
    }
    let there = scope.iter().filter(|project| places.contains(&Some(**project))).count();
    (there > 0).then_some(there == scope.len())
}
