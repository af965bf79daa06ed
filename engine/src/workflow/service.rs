//! The public verbs of workflows and types.

use std::collections::{BTreeMap, BTreeSet};

use super::events::{Moved, TypesChanged, WorkflowChanged};
use super::model::{
    CustomType, MAX_NAME, MAX_STATUSES, MAX_TYPES, NewType, NewWorkflow, Transitions, TypeInfo, TypePatch, Workflow,
    own_types,
};
use super::store;
use crate::access::{Granted, ProjectEdit, TaskView};
use crate::cx::Cx;
use crate::db::{One, Rx, Tx};
use crate::events::emit;
use crate::ids::WorkspaceId;
use crate::projects::{self, Project, ProjectRef};
use crate::tasks::{Category, TaskStatus, TaskType};
use crate::{Error, Result, analytics, planning};

/// The workflow of a project: its own, or the usual one.
pub fn workflow(may: &Granted<TaskView, Project>) -> Result<Workflow> {
    of(may.resource())
}

fn of(project: &Project) -> Result<Workflow> {
    project.workflow.as_ref().map_or_else(|| Ok(Workflow::usual()), |own| own.read())
}

/// Gives a project another workflow. `expected` is the state that the caller saw, as the answer's `ETag` had it. Where
/// tasks stand in a status that goes away and `replace` does not say where they go, the answer is the conflict
/// `status_in_use`.
pub async fn set_workflow(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<ProjectEdit, Project>,
    expected: Option<i64>,
    new: NewWorkflow,
) -> Result<(Workflow, i64)> {
    projects::service::refuse_archived(may.resource())?;
    let NewWorkflow { statuses, transitions, initial, replace } = new;
    let after = Workflow { statuses, transitions, initial };
    check(&after, &replace)?;
    let project = projects::service::lock(tx, may.resource()).await?;
    refuse_stale(&project, expected)?;
    let before = of(&project)?;
    if before == after && replace.is_empty() {
        return Ok((after, project.setup));
    }
    let moved = move_tasks(tx, cx, &project, &before, &after, &replace).await?;
    let text = if after == Workflow::usual() { None } else { Some(json(&after)?) };
    store::set_workflow(tx, project.workspace_id, project.id, text.as_deref()).await?;
    projects::service::touch_setup(tx, &project).await?;
    analytics::record::moved_many(tx, cx, &project).await?;
    // What is done or cancelled takes other time, so dates may move.
    planning::replan::moved(tx, cx, project.id).await?;
    emit(tx, cx, &WorkflowChanged { project: &ProjectRef::from(&project), workflow: &after, moved: &moved }).await?;
    Ok((after, project.setup + 1))
}

/// Moves tasks out of statuses that go away, and brings the others in line with what their statuses mean now.
async fn move_tasks(
    tx: &mut Tx,
    cx: &Cx,
    project: &Project,
    before: &Workflow,
    after: &Workflow,
    replace: &BTreeMap<TaskStatus, TaskStatus>,
) -> Result<Vec<Moved>> {
    let places: BTreeMap<_, _> = after.places().collect();
    let earlier: BTreeMap<_, _> = before.places().collect();
    let standing = store::count_by_status(tx, project.workspace_id, project.id).await?;
    let lost = standing.iter().filter(|(status, _)| !places.contains_key(status) && !replace.contains_key(status));
    let lost: Vec<String> = lost.map(|(status, tasks)| format!("{tasks} in `{status}`")).collect();
    if !lost.is_empty() {
        let message =
            format!("tasks stand in statuses that go away ({}); say in `replace` where they go", lost.join(", "));
        return Err(Error::conflict("status_in_use", message.clone()).and_field("/replace", message));
    }
    let (within, now) = ((project.workspace_id, project.id), cx.now());
    let mut moved = Vec::new();
    for (status, _) in standing {
        match (places.get(&status), replace.get(&status)) {
            (Some(place), _) if earlier.get(&status).map(|earlier| earlier.category) == Some(place.category) => {
                store::set_rank(tx, project.workspace_id, project.id, status, place.rank).await?;
            }
            // It means something else from now on.
            (Some(place), _) => drop(store::move_tasks(tx, within, status, status, *place, now).await?),
            (None, Some(to)) => {
                let tasks = store::move_tasks(tx, within, status, *to, places[to], now).await?;
                moved.push(Moved { from: status.to_string(), to: to.to_string(), tasks });
            }
            (None, None) => {}
        }
    }
    Ok(moved)
}

/// The types of a project: the usual ones, and its own in the order they were made.
pub fn types(may: &Granted<TaskView, Project>) -> Result<Vec<TypeInfo>> {
    own_types(may.resource()).map(|own| all(&own))
}

fn all(own: &[CustomType]) -> Vec<TypeInfo> {
    let usual = TaskType::USUAL.iter().map(|key| {
        let mut name = key.to_string();
        name[..1].make_ascii_uppercase();
        TypeInfo { key: *key, name, builtin: true }
    });
    usual.chain(own.iter().map(|own| TypeInfo { key: own.key, name: own.name.clone(), builtin: false })).collect()
}

/// Gives a project another type. A key that is in use answers the conflict `type_key_taken`.
pub async fn create_type(tx: &mut Tx, cx: &Cx, may: &Granted<ProjectEdit, Project>, new: NewType) -> Result<TypeInfo> {
    projects::service::refuse_archived(may.resource())?;
    check_name("/name", &new.name)?;
    let project = projects::service::lock(tx, may.resource()).await?;
    let mut own = own_types(&project)?;
    if new.key.is_usual() || own.iter().any(|known| known.key == new.key) {
        let message = format!("{} has a type {} already; choose another key", project.key, new.key);
        return Err(Error::conflict("type_key_taken", message.clone()).and_field("/key", message));
    }
    if own.len() >= MAX_TYPES {
        let detail =
            format!("{} has {MAX_TYPES} types of its own, the most that there may be; delete one first", project.key);
        return Err(Error::conflict("too_many_types", detail));
    }
    own.push(CustomType { key: new.key, name: new.name.clone() });
    write_types(tx, cx, &project, &own, &[]).await?;
    Ok(TypeInfo { key: new.key, name: new.name, builtin: false })
}

/// Changes the name of a type of a project's own.
pub async fn update_type(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<ProjectEdit, Project>,
    key: &str,
    patch: TypePatch,
) -> Result<TypeInfo> {
    projects::service::refuse_archived(may.resource())?;
    let project = projects::service::lock(tx, may.resource()).await?;
    let (mut own, at) = own_type(&project, key)?;
    if let Some(name) = patch.name.required("/name")? {
        check_name("/name", &name)?;
        if own[at].name != name {
            own[at].name = name;
            write_types(tx, cx, &project, &own, &[]).await?;
        }
    }
    let CustomType { key, name } = own.swap_remove(at);
    Ok(TypeInfo { key, name, builtin: false })
}

/// Deletes a type of a project's own. Where tasks have it, `replacement` says what they become; without, the answer is
/// the conflict `type_in_use`.
pub async fn delete_type(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<ProjectEdit, Project>,
    key: &str,
    replacement: Option<TaskType>,
) -> Result<()> {
    projects::service::refuse_archived(may.resource())?;
    let project = projects::service::lock(tx, may.resource()).await?;
    let (mut own, at) = own_type(&project, key)?;
    let gone = own.remove(at);
    let in_use = store::count_of_type(tx, project.workspace_id, project.id, gone.key).await?;
    let mut moved = Vec::new();
    if let Some(to) = replacement {
        if !to.is_usual() && !own.iter().any(|known| known.key == to) {
            let detail = format!("`replacement` must be another type of {}; `{to}` is none", project.key);
            return Err(Error::invalid("invalid_parameter", detail));
        }
        let within = (project.workspace_id, project.id);
        let tasks = store::retype(tx, within, gone.key, to, cx.now()).await?;
        moved.push(Moved { from: gone.key.to_string(), to: to.to_string(), tasks });
    } else if in_use > 0 {
        let detail = format!("{in_use} tasks are of the type {}; say with `?replacement=` what they become", gone.key);
        return Err(Error::conflict("type_in_use", detail));
    }
    write_types(tx, cx, &project, &own, &moved).await
}

/// Refuses words that no project of the workspace knows, as filters of lists: they are most likely mistakes.
pub(crate) async fn check_words(
    rx: &mut Rx,
    workspace: WorkspaceId,
    statuses: &[TaskStatus],
    types: &[TaskType],
) -> Result<()> {
    if !statuses.iter().all(|status| status.is_usual()) {
        let mut known: BTreeSet<TaskStatus> = TaskStatus::USUAL.iter().copied().collect();
        for One(text) in store::list_workflows(rx, workspace).await? {
            known.extend(read::<Workflow>(&text)?.statuses.into_iter().map(|status| status.key));
        }
        refuse_unknown("status", statuses, &known)?;
    }
    if !types.iter().all(|kind| kind.is_usual()) {
        let mut known: BTreeSet<TaskType> = TaskType::USUAL.iter().copied().collect();
        for One(text) in store::list_types(rx, workspace).await? {
            known.extend(read::<Vec<CustomType>>(&text)?.into_iter().map(|own| own.key));
        }
        refuse_unknown("type", types, &known)?;
    }
    Ok(())
}

fn refuse_unknown<W: Ord + std::fmt::Display>(name: &str, given: &[W], known: &BTreeSet<W>) -> Result<()> {
    let Some(unknown) = given.iter().find(|word| !known.contains(word)) else {
        return Ok(());
    };
    let words: Vec<String> = known.iter().map(W::to_string).collect();
    let detail = format!("`{name}` cannot be `{unknown}`: no project has that; there are {}", words.join(", "));
    Err(Error::invalid("invalid_parameter", detail))
}

async fn write_types(tx: &mut Tx, cx: &Cx, project: &Project, own: &[CustomType], moved: &[Moved]) -> Result<()> {
    let text = if own.is_empty() { None } else { Some(json(&own)?) };
    store::set_types(tx, project.workspace_id, project.id, text.as_deref()).await?;
    projects::service::touch_setup(tx, project).await?;
    emit(tx, cx, &TypesChanged { project: &ProjectRef::from(project), types: &all(own), moved }).await?;
    Ok(())
}

fn own_type(project: &Project, key: &str) -> Result<(Vec<CustomType>, usize)> {
    let own = own_types(project)?;
    match own.iter().position(|known| known.key.as_str() == key) {
        Some(at) => Ok((own, at)),
        None if TaskType::USUAL.iter().any(|usual| usual.as_str() == key) => {
            Err(Error::conflict("type_is_builtin", format!("every project has the type {key}; it stays as it is")))
        }
        None => Err(Error::not_found("type", key.chars().take(64).collect::<String>())),
    }
}

fn refuse_stale(project: &Project, expected: Option<i64>) -> Result<()> {
    match expected.filter(|expected| *expected != project.setup) {
        None => Ok(()),
        Some(expected) => Err(Error::stale(format!(
            "you saw state {expected} of the workflow of {}, which is at state {}; read it again and repeat your change",
            project.key, project.setup
        ))),
    }
}

fn check(workflow: &Workflow, replace: &BTreeMap<TaskStatus, TaskStatus>) -> Result<()> {
    let Workflow { statuses, transitions, initial } = workflow;
    if statuses.is_empty() || statuses.len() > MAX_STATUSES {
        return Err(Error::field("/statuses", format!("must be 1 to {MAX_STATUSES}")));
    }
    for (at, status) in statuses.iter().enumerate() {
        check_name(&format!("/statuses/{at}/name"), &status.name)?;
        if statuses[..at].iter().any(|earlier| earlier.key == status.key) {
            return Err(Error::field(format!("/statuses/{at}/key"), "stands there twice; name each status once"));
        }
    }
    if !statuses.iter().any(|status| status.category == Category::Done) {
        return Err(Error::field("/statuses", "must have one of category `done` at least, so that work can end"));
    }
    let knows = |key: &TaskStatus| statuses.iter().any(|status| status.key == *key);
    let unknown =
        |pointer: String, key: &TaskStatus| Err(Error::field(pointer, format!("`{key}` is none of `statuses`")));
    if !knows(initial) {
        return unknown("/initial".into(), initial);
    }
    if let Transitions::Only(ways) = transitions {
        for (at, way) in ways.iter().enumerate() {
            for (name, key) in [("from", &way.from), ("to", &way.to)] {
                if !knows(key) {
                    return unknown(format!("/transitions/{at}/{name}"), key);
                }
            }
            if way.from == way.to || ways[..at].contains(way) {
                let message = "must lead to another status, and stand there once";
                return Err(Error::field(format!("/transitions/{at}"), message));
            }
        }
    }
    for (from, to) in replace {
        if knows(from) {
            return Err(Error::field("/replace", format!("`{from}` does not go away; name those that do")));
        }
        if !knows(to) {
            return unknown("/replace".into(), to);
        }
    }
    Ok(())
}

fn check_name(pointer: &str, name: &str) -> Result<()> {
    if name.trim().is_empty() || name.chars().count() > MAX_NAME {
        return Err(Error::field(pointer, format!("must be 1 to {MAX_NAME} characters")));
    }
    if name.contains('\0') {
        return Err(Error::field(pointer, "must not contain the character U+0000"));
    }
    Ok(())
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Error::internal("A workflow cannot be written as JSON.").caused_by(error))
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| Error::internal("A workflow in the database does not read.").caused_by(error))
}
