//! What a caller is told who changes a version that is no longer the newest: what stands there now, and what was changed
//! since by whom, as the log tells it. Only refused changes pay for it.

use serde_json::Value;

use super::model::{Task, TaskPatch};
use crate::db::Rx;
use crate::events::activity;
use crate::ids::WorkspaceId;
use crate::{Error, Result};

/// The most fields that one answer tells of.
const MAX_FIELDS: usize = 50;

pub(super) async fn stale(
    rx: &mut Rx,
    workspace: WorkspaceId,
    task: &Task,
    expected: i64,
    patch: Option<&TaskPatch>,
) -> Result<Error> {
    let mut error = Error::stale(format!(
        "you saw version {expected} of {}, which is at version {} since {}; read it again and repeat your change",
        task.key,
        task.version,
        task.updated_at.to_rfc3339(),
    ));
    let changes = activity::changes_since(rx, workspace, task.id, expected).await?;
    // The newest change of each field.
    let last = |pointer: &str| changes.iter().find(|change| change.fields.iter().any(|field| field == pointer));
    let standing = patch.map(|patch| standing(task, patch)).unwrap_or_default();
    for (pointer, now) in &standing {
        let shown: String = now.to_string().chars().take(200).collect();
        let mut message = format!("is {shown} at version {}", task.version);
        if let Some(change) = last(pointer) {
            message.push_str(&format!(", changed by {} at version {}", change.by, change.version));
        }
        error = error.and_field(pointer.clone(), message);
    }
    let mut told: Vec<&str> = standing.iter().map(|(pointer, _)| pointer.as_str()).collect();
    for change in &changes {
        for pointer in &change.fields {
            if told.len() < MAX_FIELDS && !told.contains(&pointer.as_str()) {
                told.push(pointer);
                let message = format!("was changed by {} at version {}", change.by, change.version);
                error = error.and_field(pointer.clone(), message);
            }
        }
    }
    Ok(error)
}

/// What the patch wants to change, with what stands there now, where that differs. A patch and a task name their fields
/// alike. Of custom fields only those that the patch names are told.
fn standing(task: &Task, patch: &TaskPatch) -> Vec<(String, Value)> {
    let (Ok(Value::Object(wanted)), Ok(current)) = (serde_json::to_value(patch), serde_json::to_value(task)) else {
        return Vec::new();
    };
    let mut standing = Vec::new();
    for (name, wanted) in wanted {
        let now = &current[&name];
        match (name.as_str(), &wanted) {
            ("custom", Value::Object(fields)) => {
                let differing = fields.iter().filter(|(key, wanted)| now[key.as_str()] != **wanted);
                let told = differing.map(|(key, _)| (format!("/custom/{key}"), now[key.as_str()].clone()));
                standing.extend(told.take(MAX_FIELDS));
            }
            ("custom", _) => {}
            _ if *now != wanted => standing.push((format!("/{name}"), now.clone())),
            _ => {}
        }
    }
    standing
}
