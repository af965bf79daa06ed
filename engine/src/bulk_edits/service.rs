//! The public verbs of bulk edits. Each task asks for its own permission; the filter finds what the actor may see.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::model::{BulkEdit, Changed, Conflict, Item, MAX_TASKS, NewBulkEdit, UNDO_WITHIN, Undone};
use super::store;
use crate::access::{Granted, Reach, Sight as _, TaskEdit, TaskView};
use crate::cx::Cx;
use crate::db::{Db, Tx};
use crate::handle::Handle;
use crate::ids::{BulkEditId, TaskId, UserId};
use crate::tasks::{self, Task, TaskPatch};
use crate::{Class, Error, Result, projects};

/// Changes all tasks that the filter finds, or, for a dry run, tells what that would come to. More than [`MAX_TASKS`] are refused as
/// `too_many_tasks`.
pub async fn edit(db: &Db, cx: &Cx, may: &Granted<TaskView, Reach>, new: NewBulkEdit) -> Result<Changed> {
    let query = new.filter.query("/filter", false, cx.actor.user())?;
    let patch = serde_json::to_string(&new.patch)
        .map_err(|error| Error::internal("a patch cannot be written as JSON").caused_by(error))?;
    if new.patch == TaskPatch::default() {
        return Err(Error::field("/patch", "changes nothing; name at least one field"));
    }
    // Also where nothing is found, and for a dry run: what is wrong in itself is said at once.
    tasks::service::check_patch(&new.patch).map_err(|error| error.under("/patch"))?;
    let user = person(cx)?;
    let found = tasks::service::ids(&mut *db.read().await?, may, &query, MAX_TASKS + 1).await?;
    let matched = i64::try_from(found.len()).unwrap_or(i64::MAX);
    if matched > MAX_TASKS {
        let detail = format!("the filter finds more than {MAX_TASKS} tasks; narrow it, and do it in parts");
        return Err(Error::conflict("too_many_tasks", detail));
    }
    if found.is_empty() {
        return Ok(Changed { id: None, matched, changed: 0, failed: Vec::new() });
    }
    if new.dry_run {
        let outcomes = change_each(db, cx, None, found.clone(), new.patch).await;
        return told(None, matched, found, outcomes);
    }
    let edit = BulkEdit {
        id: cx.new_id(),
        workspace_id: may.workspace(),
        user_id: user,
        filter: new.filter.text(),
        patch,
        changed: 0,
        undone_at: None,
        created_at: cx.now(),
    };
    let (id, workspace, written) = (edit.id, edit.workspace_id, edit);
    db.write(async move |tx: &mut Tx| {
        store::sweep(tx, workspace, written.created_at - UNDO_WITHIN).await?;
        store::insert(tx, &written).await
    })
    .await?;
    let outcomes = change_each(db, cx, Some(id), found.clone(), new.patch).await;
    let changed = count(&outcomes);
    db.write(async move |tx: &mut Tx| match changed {
        0 => store::delete(tx, workspace, id).await,
        _ => store::set_changed(tx, workspace, id, changed).await,
    })
    .await?;
    told((changed > 0).then_some(id), matched, found, outcomes)
}

fn count(outcomes: &[Result<bool>]) -> i64 {
    let changed = outcomes.iter().filter(|outcome| matches!(outcome, Ok(true))).count();
    i64::try_from(changed).unwrap_or(i64::MAX)
}

fn told(id: Option<BulkEditId>, matched: i64, found: Vec<TaskId>, outcomes: Vec<Result<bool>>) -> Result<Changed> {
    let changed = count(&outcomes);
    let mut failed: Vec<(TaskId, Error)> = std::iter::zip(found, outcomes)
        .filter_map(|(task, outcome)| outcome.err().map(|error| (task, error)))
        .collect();
    // Whoever may change none of them is told so, as for one.
    if changed == 0 && !failed.is_empty() && failed.iter().all(|(_, error)| error.class == Class::Denied) {
        return Err(failed.swap_remove(0).1);
    }
    Ok(Changed { id, matched, changed, failed })
}

/// The code of the error that takes back what a dry run changed.
const TRIED: &str = "tried";

/// Changes the tasks, each for itself; whether each was changed. Without an id each is tried and taken back.
async fn change_each(
    db: &Db,
    cx: &Cx,
    id: Option<BulkEditId>,
    found: Vec<TaskId>,
    patch: TaskPatch,
) -> Vec<Result<bool>> {
    let (count, shared, cx) = (found.len(), Arc::new((found, patch)), cx.clone());
    let outcomes = db.write_each(
        count,
        Arc::new(move |tx: &mut Tx, at| {
            let (cx, shared) = (cx.clone(), shared.clone());
            Box::pin(async move {
                match change(tx, &cx, id, shared.0[at], &shared.1).await? {
                    true if id.is_none() => Err(Error::conflict(TRIED, "this was a dry run")),
                    changed => Ok(changed),
                }
            })
        }),
    );
    let tried = |outcome: Result<bool>| match outcome {
        Err(error) if error.code == TRIED => Ok(true),
        outcome => outcome,
    };
    outcomes.await.into_iter().map(tried).collect()
}

async fn change(tx: &mut Tx, cx: &Cx, id: Option<BulkEditId>, task: TaskId, patch: &TaskPatch) -> Result<bool> {
    let handle = Handle::Id(task);
    let project = projects::service::find_of_task(tx, cx.actor.workspace, &handle).await?;
    let may = cx.actor.may::<TaskEdit, _>(project)?;
    let before = tasks::service::current(tx, &may, &handle).await?;
    let after = tasks::service::update(tx, cx, &may, &handle, None, patch.clone()).await;
    let after = after.map_err(|error| if error.fields.is_empty() { error } else { error.under("/patch") })?;
    if after.version == before.version {
        return Ok(false);
    }
    let Some(id) = id else { return Ok(true) };
    // As it was read before: what is sensitive is kept in no second place, and not put back.
    let after = tasks::service::current(tx, &may, &handle).await?;
    let named = named(patch)?;
    let text = |task: &Task| Ok::<_, Error>(Value::Object(fields(task, &named)?).to_string());
    store::insert_item(tx, cx.actor.workspace, id, task, &text(&before)?, &text(&after)?).await?;
    Ok(true)
}

/// Puts back what one's own last bulk edit changed. It is undone when all of it is: whoever was interrupted asks again,
/// and the rest is put back.
pub async fn undo(db: &Db, cx: &Cx, id: BulkEditId) -> Result<Undone> {
    let (user, workspace, now) = (person(cx)?, cx.actor.workspace, cx.now());
    let claim = async move |tx: &mut Tx| {
        let found = store::find_for_update(tx, workspace, id).await?;
        let edit = found.ok_or_else(|| Error::not_found("bulk_edit", id))?;
        if edit.user_id != user {
            return Err(Error::denied("only whoever made a bulk edit can undo it; ask them, or change the tasks"));
        }
        if edit.undone_at.is_some() {
            return Err(Error::conflict("bulk_edit_undone", "this bulk edit was undone before"));
        }
        if now - edit.created_at > UNDO_WITHIN {
            let hours = UNDO_WITHIN.num_hours();
            return Err(Error::conflict("bulk_edit_too_old", format!("a bulk edit can be undone for {hours} hours")));
        }
        if store::last(tx, workspace, user).await? != Some(id) {
            let detail = "you have made another bulk edit since; only the last one can be undone";
            return Err(Error::conflict("bulk_edit_not_last", detail));
        }
        store::items(tx, workspace, id).await
    };
    let items = Arc::new(db.write(claim).await?);
    let (count, shared, cx) = (items.len(), items.clone(), cx.clone());
    let outcomes = db
        .write_each(
            count,
            Arc::new(move |tx: &mut Tx, at| {
                let (cx, items) = (cx.clone(), shared.clone());
                Box::pin(async move {
                    // Two at the same moment put each back once.
                    if store::take_item(tx, workspace, id, items[at].task_id).await? {
                        restore(tx, &cx, &items[at]).await
                    } else {
                        Ok((false, Vec::new()))
                    }
                })
            }),
        )
        .await;
    db.write(async move |tx: &mut Tx| store::set_undone(tx, workspace, id, now).await).await?;
    let mut undone = Undone { id, restored: 0, conflicts: Vec::new() };
    for (item, outcome) in std::iter::zip(items.iter(), outcomes) {
        match outcome {
            Ok((restored, conflicts)) => {
                undone.restored += i64::from(restored);
                undone.conflicts.extend(conflicts);
            }
            Err(error) => {
                let (task, detail) = (item.task_id, error.detail.clone());
                undone.conflicts.push(Conflict { task, key: None, field: None, now: Value::Null, detail });
            }
        }
    }
    Ok(undone)
}

/// Puts the fields of a task back that are as they were left; whether any was, and what was not.
async fn restore(tx: &mut Tx, cx: &Cx, item: &Item) -> Result<(bool, Vec<Conflict>)> {
    let handle = Handle::Id(item.task_id);
    let project = projects::service::find_of_task(tx, cx.actor.workspace, &handle).await?;
    let may = cx.actor.may::<TaskEdit, _>(project)?;
    let task = tasks::service::current(tx, &may, &handle).await?;
    let (before, after) = (read(&item.before)?, read(&item.after)?);
    let now = fields(&task, &after)?;
    let (mut back, mut conflicts) = (Map::new(), Vec::new());
    let mut conflict = |field: String, now: Value| {
        let detail = "somebody changed it since; it stays as it is".to_owned();
        conflicts.push(Conflict { task: task.id, key: Some(task.key.clone()), field: Some(field), now, detail });
    };
    for (name, left) in &after {
        let (old, is) = (before.get(name).unwrap_or(&Value::Null), now.get(name).unwrap_or(&Value::Null));
        if name != "custom" {
            if left == is {
                back.insert(name.clone(), old.clone());
            } else {
                conflict(name.clone(), is.clone());
            }
            continue;
        }
        // Fields of the workspace's own are put back one by one: others may have changed beside them.
        let (old, left, is) = (object(old), object(left), object(is));
        let mut own = Map::new();
        for field in left
            .keys()
            .chain(old.keys().filter(|field| !left.contains_key(*field)))
            .filter(|field| old.get(*field) != left.get(*field))
        {
            if left.get(field) == is.get(field) {
                own.insert(field.clone(), old.get(field).cloned().unwrap_or(Value::Null));
            } else {
                conflict(format!("custom.{field}"), is.get(field).cloned().unwrap_or(Value::Null));
            }
        }
        if !own.is_empty() {
            back.insert(name.clone(), Value::Object(own));
        }
    }
    if back.is_empty() {
        return Ok((false, conflicts));
    }
    match tasks::service::update(tx, cx, &may, &handle, None, patch_of(back.clone())?).await {
        Ok(restored) => return Ok((restored.version > task.version, conflicts)),
        // Whether a parent closes a circle is seen only when it is written: then nothing of it may stay.
        Err(error) if !is_refusal(&error) || back.contains_key("parent") || back.len() == 1 => return Err(error),
        Err(_) => {}
    }
    // One of the fields cannot be as it was; the others can.
    let mut restored = false;
    for (name, value) in back {
        let alone = patch_of(Map::from_iter([(name.clone(), value)]))?;
        match tasks::service::update(tx, cx, &may, &handle, None, alone).await {
            Ok(_) => restored = true,
            Err(error) if is_refusal(&error) => {
                let now = now.get(&name).cloned().unwrap_or(Value::Null);
                let (key, detail) = (Some(task.key.clone()), error.detail.clone());
                conflicts.push(Conflict { task: task.id, key, field: Some(name), now, detail });
            }
            Err(error) => return Err(error),
        }
    }
    Ok((restored, conflicts))
}

/// Whether the change itself was refused, before anything was written.
fn is_refusal(error: &Error) -> bool {
    matches!(error.class, Class::Conflict | Class::Invalid)
}

fn patch_of(fields: Map<String, Value>) -> Result<TaskPatch> {
    serde_json::from_value(Value::Object(fields))
        .map_err(|error| Error::internal("what a task was is no patch").caused_by(error))
}

/// The fields that a patch names.
fn named(patch: &TaskPatch) -> Result<Map<String, Value>> {
    match serde_json::to_value(patch) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(Error::internal("a patch is no object")),
    }
}

/// These fields of a task: a patch and a task name them alike.
fn fields(task: &Task, named: &Map<String, Value>) -> Result<Map<String, Value>> {
    let Ok(Value::Object(mut all)) = serde_json::to_value(task) else {
        return Err(Error::internal("a task is no object"));
    };
    all.retain(|name, _| named.contains_key(name));
    Ok(all)
}

fn read(text: &str) -> Result<Map<String, Value>> {
    serde_json::from_str(text).map_err(|error| Error::internal("what a task was cannot be read").caused_by(error))
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn person(cx: &Cx) -> Result<UserId> {
    cx.actor.user().ok_or_else(|| Error::denied("only a person can do this; sign in as one"))
}
